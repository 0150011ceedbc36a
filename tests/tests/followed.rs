//! What an older bundle left under another name is found by its tag: when deleting, when pruning, and against replay.

use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sts_tests::handoff::{self, GENERATION, Handoff, with_credentials};
use sts_tests::programs::{Run, unwrapped};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const OTHER_BUCKET: &[&str] = &["--bucket-name", "a-name-of-its-own"];
const OTHER_ISSUER: &[&str] = &["--issuer-url", "https://oidc.example.com/harbour"];
const PRIVATE: &[&str] = &["--create-private-s3-bucket"];

/// Two bundles of one cluster, the older first.
struct Pair {
    story: Handoff,
    newer: PathBuf,
}

impl Pair {
    fn of(older: &[&str], newer: &[&str]) -> Self {
        let story = Handoff::of(Path::new(ONE_REQUEST), older);
        let newer = story.create_all(Path::new(ONE_REQUEST), GENERATION + 1, newer);
        Self { story, newer }
    }

    fn older(&self, at: SocketAddr, task: &str, flags: &[&str]) -> Run {
        self.story.run(at, task, flags)
    }

    fn newer(&self, at: SocketAddr, task: &str, flags: &[&str]) -> Run {
        Run::of(with_credentials(&mut self.story.executor_on(&self.newer, task), at).args(flags))
    }
}

#[test]
fn a_bundle_is_deleted_with_what_bundles_before_it_left_elsewhere() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let everything = || (account.dump(), account.fronts());
    let before = everything();
    for (older, newer, doomed) in [
        (OTHER_BUCKET, [].as_slice(), "delete bucket/a-name-of-its-own"),
        (&[], OTHER_BUCKET, "delete object/harbour-oidc/keys.json"),
        (OTHER_ISSUER, &[], "delete provider/oidc.example.com/harbour"),
    ] {
        let pair = Pair::of(older, newer);
        let _ = pair.older(at, "apply", &["--yes"]).exits(0);
        // Another issuer is nothing that an approval alone lets come about.
        let refused = pair.newer(at, "apply", &["--yes"]).exits(4).says("every key of https://");
        let _ = refused.says("--retire-live-key").shows("THE ISSUER CHANGES");
        let _ = pair.newer(at, "apply", &["--yes", "--retire-live-key"]).exits(0);
        let asked = pair.newer(at, "delete", &[]).exits(4).shows(doomed);
        assert!(unwrapped(&asked.stdout).contains("Not looked for: roles and buckets of other names"));
        let _ = pair.newer(at, "delete", &["--yes"]).exits(0);
        assert_eq!(everything(), before, "{older:?}");
        let again = pair.newer(at, "delete", &["--yes"]).exits(0).says("Not looked for: ");
        let _ = again.says("Nothing to do: nothing of the cluster's was found where it was looked for.");
    }
    let pair = Pair::of(&[], PRIVATE);
    let _ = pair.newer(at, "apply", &["--yes"]).exits(0);
    let _ = pair.older(at, "delete", &["--yes"]).exits(0).says("deleted distribution/harbour-oidc");
    assert_eq!(everything(), before, "a private bucket's distribution");
}

#[test]
fn where_cloudfront_may_not_be_asked_a_public_bucket_is_deleted_all_the_same_and_that_is_said() {
    let emulator = handoff::inhabited();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let denied = vec![(When::Holds("/2020-05-31/".into()), Fault::Denied)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, denied);
    let asked = story.run(proxy.address(), "delete", &[] as &[&str]).exits(4);
    let words = unwrapped(&asked.stdout);
    assert!(words.contains("CloudFront's distributions could not be looked at"), "{words}");
    let _ = story.run(proxy.address(), "delete", &["--yes"]).exits(0);
}

#[test]
fn an_older_issuer_is_pruned_with_its_documents_and_its_bucket() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    for (older, newer) in [([].as_slice(), OTHER_BUCKET), (OTHER_BUCKET, &[])] {
        let pair = Pair::of(older, newer);
        let _ = pair.newer(at, "apply", &["--yes"]).exits(0);
        let alone = account.dump();
        let _ = pair.newer(at, "delete", &["--yes"]).exits(0);

        let _ = pair.older(at, "apply", &["--yes"]).exits(0);
        let kept = pair.newer(at, "apply", &["--yes", "--retire-live-key"]).exits(0);
        let _ = pair.newer(at, "status", &["--detailed-exitcode"]).exits(2).shows("orphaned object/");
        drop(kept);
        let _ = pair.newer(at, "apply", &["--yes", "--prune"]).exits(0);
        assert_eq!(account.dump(), alone, "{older:?}");
        let _ = pair.newer(at, "delete", &["--yes"]).exits(0);
    }
}

#[test]
fn an_older_bundle_is_refused_whatever_the_issuer_of_the_newer_one_is() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let pair = Pair::of(&[], OTHER_ISSUER);
    let _ = pair.newer(at, "apply", &["--yes"]).exits(0);
    let newer: Value = account.dump();
    let words = format!("the account already holds the newer generation {}", GENERATION + 1);
    for task in ["plan", "apply"] {
        let _ = pair.older(at, task, if task == "plan" { &[] } else { &["--yes"] }).exits(3).says(&words);
    }
    // Where the one provider that tells cannot be read, nothing is assumed.
    let denied = vec![(When::Holds("oidc.example.com".into()), Fault::Denied)];
    let proxy = Proxy::start(at, Duration::ZERO, denied);
    let refused = pair.older(proxy.address(), "apply", &["--yes"]).exits(1);
    let _ = refused.says("iam:GetOpenIDConnectProvider on provider/oidc.example.com/harbour failed");
    assert_eq!(account.dump(), newer, "nothing was rolled back");
    let plan = pair.older(at, "plan", &["--roll-back"]).exits(0).shows("ROLLING BACK");
    let _ = plan.shows("? provider/oidc.example.com/harbour");
}
