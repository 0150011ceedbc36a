//! Signatures on a bundle that is there: added in place, nothing else touched, and never without a look at it.

use crate::author::{Author, CLUSTER_KEY, NOW, PROVIDER, Ran, at_a_terminal};
use flate2::read::GzDecoder;
use std::fs;
use std::io::Read as _;
use std::ops::Range;
use sts_schemas::archive::gzip;
use sts_schemas::bundle::VerifyError;
use sts_schemas::signature::SignatureError;

/// An author with a bundle, and a reviewer's key.
fn prepared() -> (Author, String) {
    let author = Author::new();
    author.run(&["create-signing-key", "--output", "reviewer.key"]).exits(0);
    let bundle = author.create_all("out", &[]).exits(0).stdout.trim_end().to_owned();
    (author, bundle)
}

fn sign(author: &Author, bundle: &str, key: &str, flags: &[&str]) -> Ran {
    author.run(&[&["sign", bundle, "--signing-key", key][..], flags].concat())
}

/// The archive inside a bundle, as any program unpacks it.
fn unpacked(bundle: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    GzDecoder::new(bundle).read_to_end(&mut archive).unwrap();
    archive
}

/// Where each entry of an archive is, from its header to the end of its padding.
fn spans(archive: &[u8]) -> Vec<(String, Range<usize>)> {
    let mut entries = tar::Archive::new(archive);
    let place = |entry: std::io::Result<tar::Entry<&[u8]>>| {
        let entry = entry.unwrap();
        let start = usize::try_from(entry.raw_header_position()).unwrap();
        let blocks = usize::try_from(entry.size()).unwrap().div_ceil(512);
        (entry.path().unwrap().to_str().unwrap().to_owned(), start..start + (1 + blocks) * 512)
    };
    entries.entries().unwrap().map(place).collect()
}

/// The entries of a bundle by path, each with every byte of its header, content and padding.
fn entries(author: &Author, bundle: &str) -> Vec<(String, Vec<u8>)> {
    let archive = unpacked(&fs::read(author.path(bundle)).unwrap());
    spans(&archive).into_iter().map(|(path, range)| (path, archive[range].to_vec())).collect()
}

const BOTH: [&str; 2] = ["author.key.pub", "reviewer.key.pub"];

#[test]
fn a_second_signature_changes_nothing_but_itself_and_meets_a_threshold_of_two() {
    let (author, bundle) = prepared();
    let before = entries(&author, &bundle);
    let trust = author.trust(&BOTH, 2);
    let lacking = author.read(&bundle, &trust, NOW).unwrap_err();
    assert!(matches!(lacking, VerifyError::Untrusted { trusted: 1, threshold: 2, .. }), "{lacking}");

    let run = sign(&author, &bundle, "reviewer.key", &[]).exits(0);
    assert_eq!(run.stdout.trim_end(), bundle);
    let ids = BOTH.map(|key| author.fingerprint(key));
    run.says(&[
        &format!("signature   by {}, not checked here", ids[0]),
        &format!("signed by {}", ids[1]),
        "cluster     harbour",
        "account     123456789012 in eu-central-1 (aws)",
        "generation  1700000000 (2023-11-14 22:13:20 UTC)",
        &author.shell(&format!(
            "tar -xzOf {bundle} --wildcards '*/manifest.json' | sha256sum | cut -d ' ' -f 1"
        )),
    ]);
    let mut after = entries(&author, &bundle);
    let added = after.iter().position(|(path, _)| path.contains(&ids[1])).unwrap();
    after.remove(added);
    assert_eq!(before, after);
    let signers = author
        .read(&bundle, &trust, NOW)
        .unwrap()
        .signers()
        .iter()
        .map(|s| s.key.to_string())
        .collect::<Vec<_>>();
    let mut sorted = ids.to_vec();
    sorted.sort();
    assert_eq!(signers, sorted);
}

#[test]
fn who_signs_first_makes_no_difference_to_a_single_byte() {
    let (author, bundle) = prepared();
    let args =
        ["create-bundle", "--output-dir", "out", "--signing-key", "reviewer.key", "--bundle-dir", "other"];
    let other = author.run(&args).exits(0).stdout.trim_end().to_owned();
    sign(&author, &bundle, "reviewer.key", &[]).exits(0);
    sign(&author, &other, "author.key", &[]).exits(0);
    let bytes = |path: &str| fs::read(author.path(path)).unwrap();
    assert!(bytes(&bundle) == bytes(&other), "the order of signing shows");
    sign(&author, &bundle, "author.key", &[])
        .exits(0)
        .says(&["nothing to do", "has signed this bundle already"]);
    assert!(bytes(&bundle) == bytes(&other), "signing again changed something");
}

#[test]
fn a_bundle_that_a_reader_would_refuse_is_not_signed_and_not_touched() {
    let (author, bundle) = prepared();
    let sound = fs::read(author.path(&bundle)).unwrap();
    let mut archive = unpacked(&sound);
    let (_, last) = spans(&archive).pop().unwrap();
    archive[last.start + 512] ^= 1;
    let mut tail = sound.clone();
    tail.push(0);
    for (bytes, why) in [
        (gzip(&archive), "not the bytes that were signed"),
        (tail, "follows the end"),
        (b"x".to_vec(), "no bundle"),
    ] {
        fs::write(author.path(&bundle), &bytes).unwrap();
        sign(&author, &bundle, "reviewer.key", &[]).exits(3).says(&[&bundle, why, "nothing was signed"]);
        assert!(fs::read(author.path(&bundle)).unwrap() == bytes, "it was touched: {why}");
    }
    sign(&author, "missing.tar.gz", "reviewer.key", &[]).exits(1).says(&["missing.tar.gz"]);
    fs::write(author.path(&bundle), sound).unwrap();
    sign(&author, &bundle, "missing.key", &[]).exits(1).says(&["missing.key"]);
    author.run(&["sign", &bundle]).exits(64);
    author.run(&["sign", &bundle, "--attach", "x"]).exits(64).says(&["--public-key"]);
    author.run(&["sign", &bundle, "--attach", "x", "--signing-key", "author.key"]).exits(64);
}

#[test]
fn a_signature_that_somebody_put_under_the_signers_id_is_not_covered_up() {
    let (author, bundle) = prepared();
    let ids = BOTH.map(|key| author.fingerprint(key));
    let archive = unpacked(&fs::read(author.path(&bundle)).unwrap());
    let forged: Vec<u8> = {
        // Of the same length and so at the same place: only the name changes, and the header's checksum.
        let (path, range) = spans(&archive).into_iter().find(|(path, _)| path.contains(&ids[0])).unwrap();
        let path = path.replace(&ids[0], &ids[1]);
        let content = archive[range.start + 512..].iter().take_while(|byte| **byte != 0).count();
        let header = sts_schemas::archive::header(&path, 0o644, content as u64).unwrap();
        let mut changed = archive.clone();
        changed[range.start..range.start + 512].copy_from_slice(header.as_bytes());
        changed
    };
    fs::write(author.path(&bundle), gzip(&forged)).unwrap();
    sign(&author, &bundle, "reviewer.key", &[]).exits(3).says(&[&ids[1], "this key did not make"]);
}

#[test]
fn a_signature_ends_to_count_when_its_signer_said_so_and_can_be_made_anew() {
    let (author, bundle) = prepared();
    let args =
        ["create-bundle", "--output-dir", "out", "--signing-key", "author.key", "--bundle-dir", "short"];
    let run = author.run(&[&args[..], &["--expires", "90d"]].concat()).exits(0);
    let short = run.stdout.trim_end().to_owned();
    run.says(&["counts until 2024-02-12 22:13:20 UTC"]);
    let (trust, end) = (author.trust(&["author.key.pub"], 1), NOW + 90 * 86_400);
    assert_eq!(author.read(&short, &trust, end - 1).unwrap().signers()[0].expires, Some(end));
    let expired = author.read(&short, &trust, end).unwrap_err();
    let VerifyError::BadSignature { source: SignatureError::Expired { expired, .. }, .. } = expired else {
        panic!("{expired}")
    };
    assert_eq!(expired, end);

    sign(&author, &short, "author.key", &[]).exits(0).says(&["signed already, until 2024-02-12", "for good"]);
    assert!(fs::read(author.path(&short)).unwrap() == fs::read(author.path(&bundle)).unwrap());
    sign(&author, &short, "reviewer.key", &["--expires", "12h"]).exits(0);
    author.read(&short, &author.trust(&BOTH, 2), NOW + 43_199).unwrap();
    assert!(author.read(&short, &author.trust(&BOTH, 2), NOW + 43_200).is_err());
    for (duration, rule) in [("11h", "at least 12 hours"), ("90", "like 90d"), ("100000d", "ten years")] {
        author.create_all("never", &["--expires", duration]).exits(64).says(&[duration, rule]);
    }
    assert!(!author.path("never").exists());
}

#[test]
fn an_unsigned_bundle_says_so_and_is_worth_nothing_until_it_is_signed() {
    let author = Author::new();
    let args = ["create-all", "--credentials-requests-dir", crate::author::REQUESTS, "--output-dir", "out"];
    let unsigned =
        [&args[..], &crate::author::CLUSTER, &["--public-key-file", CLUSTER_KEY, "--unsigned"]].concat();
    author.run(&[&unsigned[..], &["--signing-key", "author.key"]].concat()).exits(64);
    author.run(&[&args[..], &crate::author::CLUSTER].concat()).exits(64).says(&["--signing-key"]);
    let run = author.run(&unsigned).exits(0).says(&["UNSIGNED", "refuses it"]);
    let bundle = run.stdout.trim_end();
    let trust = author.trust(&["author.key.pub"], 1);
    assert!(matches!(author.read(bundle, &trust, NOW), Err(VerifyError::Unsigned)));
    sign(&author, bundle, "author.key", &[]).exits(0).says(&["signatures  none yet"]);
    assert_eq!(
        author.read(bundle, &trust, NOW).unwrap().outline().cluster.provider_arn().to_string(),
        PROVIDER
    );
    let whole = author.create_all("out", &["--bundle-dir", "whole"]).exits(0).stdout;
    assert!(fs::read(author.path(bundle)).unwrap() == fs::read(author.path(whole.trim_end())).unwrap());
}

#[test]
fn a_reviewer_who_names_a_key_signs_only_what_its_holder_signed() {
    let (author, bundle) = prepared();
    let before = fs::read(author.path(&bundle)).unwrap();
    author.run(&["create-signing-key", "--output", "stranger.key", "--name", "S. Tranger"]).exits(0);
    let trusting = |key: &'static str| ["--trusted-key", key];

    sign(&author, &bundle, "reviewer.key", &trusting("stranger.key.pub"))
        .exits(3)
        .says(&["0 of the 1 trusted signatures needed", "nothing was signed; ask the author"]);
    sign(&author, &bundle, "reviewer.key", &trusting("missing.pub")).exits(1).says(&["missing.pub"]);
    let elsewhere = ["sign", &bundle, "--public-key", "reviewer.key.pub", "--to-be-signed", "input"];
    author.run(&[&elsewhere[..], &trusting("stranger.key.pub")].concat()).exits(3);
    assert!(!author.path("input").exists());
    assert!(fs::read(author.path(&bundle)).unwrap() == before, "it was touched");

    let author_id = author.fingerprint("author.key.pub");
    let either = [trusting("stranger.key.pub"), trusting("author.key.pub")].concat();
    let run = sign(&author, &bundle, "reviewer.key", &either).exits(0);
    let run = run.says(&[&format!("signature   by {author_id}, which holds")]);
    assert!(!run.stderr.contains("WARNING"), "{}", run.stderr);
    author.read(&bundle, &author.trust(&BOTH, 2), NOW).unwrap();

    let short = author.create_all("out", &["--expires", "12h", "--bundle-dir", "short"]).exits(0).stdout;
    let mut late = author.command(crate::author::PROGRAM);
    late.env("SOURCE_DATE_EPOCH", (NOW + 43_200).to_string()).args(["sign", short.trim_end()]);
    late.args(["--signing-key", "reviewer.key"]).args(trusting("author.key.pub"));
    crate::author::ran(&mut late).exits(3).says(&["expired"]);
}

#[test]
fn a_reviewer_who_names_no_key_is_told_that_nobody_checked_who_signed() {
    let (author, bundle) = prepared();
    let told = "WARNING: the signatures on this bundle were not checked";
    sign(&author, &bundle, "reviewer.key", &[]).exits(0).says(&[told]);
}

#[test]
fn a_person_at_a_terminal_sees_what_they_vouch_for_and_only_a_whole_yes_signs_it() {
    let (author, bundle) = prepared();
    let before = fs::read(author.path(&bundle)).unwrap();
    let line = format!("sign {bundle} --signing-key reviewer.key --trusted-key author.key.pub");
    for answer in ["no", "y", ""] {
        at_a_terminal(&author, &line, &[answer]).exits(4).says(&[
            "account     123456789012",
            "which holds",
            "Type yes: ",
            "left as it was",
        ]);
        assert!(fs::read(author.path(&bundle)).unwrap() == before, "{answer:?} signed it");
    }
    at_a_terminal(&author, &line, &["yes"]).exits(0).says(&["signed by"]);
    let both = author.trust(&BOTH, 2);
    author.read(&bundle, &both, NOW).unwrap();

    fs::write(author.path(&bundle), before).unwrap();
    let run = at_a_terminal(&author, &format!("{line} --yes"), &[]).exits(0);
    assert!(!run.stderr.contains("Type yes"), "{}", run.stderr);
    author.read(&bundle, &both, NOW).unwrap();
}

#[test]
fn a_signature_whose_time_has_ended_is_told_of_and_makes_nothing_new_whatever_the_told_time_says() {
    let author = Author::new();
    // Made when `SOURCE_DATE_EPOCH` says, years ago by the clock.
    let bundle = author.create_all("out", &["--expires", "90d"]).exits(0).stdout.trim_end().to_owned();
    let trusted = ["--trusted-key", "author.key.pub"];
    let told = "WARNING: EXPIRED: the signature of the key";
    author.run(&[&["diff", &bundle, "out"][..], &trusted].concat()).exits(0).says(&[told]);
    author.put("cluster.json", "{\"kind\":\"List\",\"items\":[]}");
    let check = ["check-cluster", "--bundle", &bundle, "cluster.json"];
    author.run(&[&check[..], &trusted].concat()).says(&[told]);
    let upgrade = ["--previous", &bundle, "--output-dir", "next"];
    author.create_all("next", &[&upgrade[..2], &trusted].concat()).exits(1).says(&[told]);
    let render = ["render", &bundle, "--format", "cloudformation"];
    author
        .run(&[&render[..], &trusted].concat())
        .exits(3)
        .says(&["does not hold", "it expired at 2024-02-12 22:13:20 UTC"]);
    let sign = ["sign", &bundle, "--public-key", "author.key.pub", "--to-be-signed", "input"];
    author.run(&[&sign[..], &trusted].concat()).exits(3);
    author.run(&sign).exits(0);
}
