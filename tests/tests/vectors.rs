//! Every damaged bundle that is kept gets the verdict that stands beside it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use sts_schemas::bundle::{Expiry, UnverifiedBundle, VerifyError};
use sts_schemas::open::{Bound, OpenValue};
use sts_schemas::signature::{Algorithm, PublicKey, SigningKey, TrustError, TrustStore};
use sts_tests::adversary::{archive, files, pack, unpack};
use sts_tests::handoff::GENERATION;
use sts_tests::vectors::{BUNDLE, FOLDER, REASONS, TRUST, TRUSTED_KEY, VERDICT, cases, name};

fn trust() -> TrustStore {
    trust_in(&[TRUSTED_KEY], NonZeroUsize::MIN).unwrap()
}

fn trust_in(keys: &[&str], threshold: NonZeroUsize) -> Result<TrustStore, TrustError> {
    let pem = |key: &&str| std::fs::read_to_string(Path::new(FOLDER).join(key)).unwrap();
    TrustStore::new(keys.iter().map(|key| PublicKey::from_pem(&pem(key)).unwrap()).collect(), threshold)
}

/// Whom the reader of a case trusts: whom its file says, or else the one key.
fn trust_of(case: &str) -> Result<TrustStore, TrustError> {
    match std::fs::read_to_string(Path::new(FOLDER).join(case).join(TRUST)) {
        Err(_) => Ok(trust()),
        Ok(text) => {
            let (threshold, keys) = text.split_once('\n').unwrap();
            trust_in(&keys.lines().collect::<Vec<_>>(), threshold.parse().unwrap())
        }
    }
}

fn kept() -> Vec<(String, String, Vec<u8>)> {
    let folders = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    folders
        .filter(|path| path.is_dir())
        .map(|path| {
            let case = path.file_name().unwrap().to_string_lossy().into_owned();
            let verdict = std::fs::read_to_string(path.join(VERDICT)).unwrap();
            (case, verdict.trim().to_owned(), std::fs::read(path.join(BUNDLE)).unwrap())
        })
        .collect()
}

#[test]
fn each_case_is_judged_as_its_verdict_says() {
    let wrong: Vec<_> = kept()
        .into_iter()
        .filter_map(|(case, verdict, bundle)| {
            let (found, words) = match trust_of(&case) {
                Err(error @ TrustError::NoKey) => ("no-key", error.to_string()),
                Err(error @ TrustError::ThresholdTooHigh { .. }) => ("threshold-too-high", error.to_string()),
                Ok(trust) => {
                    match UnverifiedBundle::new(bundle.as_slice())
                        .verify(&trust, Expiry::Enforced(GENERATION))
                    {
                        Ok(_) => ("verified", String::new()),
                        Err(error) => (name(&error), error.to_string()),
                    }
                }
            };
            let (wanted, says) = verdict.split_once(": ").unwrap_or((&verdict, ""));
            let right = found == wanted && words.contains(says);
            (!right).then(|| format!("{case}: {verdict} wanted, {found} found: {words}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_taken_with_open_values_is_taken_with_values_in_their_places() {
    let account = "123456789012".parse().unwrap();
    let issuer = "https://d111111abcdef8.cloudfront.net".parse().unwrap();
    let all = Bound { account: Some(account), issuer: Some(issuer) };
    let mut open = BTreeSet::new();
    for (case, _, bundle) in kept().into_iter().filter(|(_, verdict, _)| verdict == "verified") {
        let expiry = Expiry::Enforced(GENERATION);
        let bundle =
            UnverifiedBundle::new(bundle.as_slice()).verify(&trust_of(&case).unwrap(), expiry).unwrap();
        let values = bundle.outline().cluster.open();
        let mut bound = all.clone();
        bound.account.take_if(|_| !values.contains(&OpenValue::Account));
        bound.issuer.take_if(|_| !values.contains(&OpenValue::Issuer));
        let contents = bundle.bind(&bound).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(contents.desired.cluster.open(), [], "{case}");
        open.extend(values);
    }
    assert_eq!(open.into_iter().collect::<Vec<_>>(), OpenValue::ALL, "a case for each");
}

#[test]
fn every_reason_to_reject_a_bundle_has_a_case() {
    let name =
        |verdict: String| verdict.split_once(": ").map_or(verdict.clone(), |(name, _)| name.to_owned());
    let verdicts: BTreeSet<_> = kept().into_iter().map(|(_, verdict, _)| name(verdict)).collect();
    let lacking: Vec<_> = REASONS.iter().filter(|reason| !verdicts.contains(**reason)).collect();
    assert!(lacking.is_empty(), "no case for {lacking:?}");
}

#[test]
fn the_cases_that_are_kept_are_those_that_are_made() {
    let kept: BTreeSet<_> = kept().into_iter().map(|(case, verdict, _)| (case, verdict)).collect();
    let made: BTreeSet<_> = cases().map(|case| (case.name.to_owned(), case.verdict.to_owned())).collect();
    for (case, _) in &kept {
        let trust = std::fs::read_to_string(Path::new(FOLDER).join(case).join(TRUST)).ok();
        assert_eq!(trust.as_deref(), sts_tests::vectors::trust::of_case(case), "{case}");
    }
    assert_eq!(kept, made, "run `cargo run --package sts-tests --bin make-vectors`");
}

#[test]
fn a_source_that_fails_says_nothing_about_the_bundle() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the stick was pulled"))
        }
    }
    let result = UnverifiedBundle::new(Failing).verify(&trust(), Expiry::Enforced(GENERATION));
    assert!(matches!(result, Err(VerifyError::Unreadable(_))));
}

#[test]
fn one_signature_never_counts_for_two() {
    let folder = Path::new(FOLDER);
    let author = PublicKey::from_pem(&std::fs::read_to_string(folder.join(TRUSTED_KEY)).unwrap()).unwrap();
    let two = NonZeroUsize::new(2).unwrap();
    let twice = TrustStore::new(vec![author.clone(), author.clone()], two);
    assert!(matches!(twice, Err(TrustError::ThresholdTooHigh { threshold: 2, keys: 1 })));

    let other = SigningKey::generate(Algorithm::EdDsa, &mut |bytes| {
        bytes.fill(5);
        true
    });
    let other = other.unwrap().public_key().clone();
    let mut all = files(&unpack(&std::fs::read(folder.join("sound").join(BUNDLE)).unwrap()));
    let mut copied = all[1].clone();
    copied.path = copied.path.replace(author.id().as_str(), other.id().as_str());
    all.insert(1 + usize::from(copied.path > all[1].path), copied);
    let bundle = pack(&archive(&all));
    let verify = |keys, threshold| {
        let trust = TrustStore::new(keys, threshold).unwrap();
        UnverifiedBundle::new(bundle.as_slice()).verify(&trust, Expiry::Enforced(GENERATION)).map(drop)
    };
    let forged = verify(vec![author.clone(), other.clone()], two);
    assert!(matches!(forged, Err(VerifyError::BadSignature { key, .. }) if key == *other.id()));
    // Where nobody trusts the other key, its signature is nobody's, right or wrong.
    assert!(verify(vec![author], NonZeroUsize::MIN).is_ok());
}
