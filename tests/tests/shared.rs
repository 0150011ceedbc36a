//! A bucket that is shared: by clusters whose executors run at once, and with an owner who blocks what is public.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER_KEY, Handoff, REGION, with_credentials};
use sts_tests::programs::Run;
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const BUCKET: &str = "bystander-files";
const NO_FLAGS: [&str; 0] = [];

fn shared() -> Handoff {
    Handoff::of(Path::new(ONE_REQUEST), &["--bucket-name", BUCKET, "--issuer-path", "clusters/harbour"])
}

/// The bundle of one more cluster in the same bucket.
fn neighbour(story: &Handoff, name: &str) -> PathBuf {
    let mut generator = story.generator();
    generator
        .args(["create-all", "--name", name, "--region", REGION, "--account-id", Emulator::ACCOUNT])
        .args(["--public-key-file", CLUSTER_KEY, "--credentials-requests-dir", ONE_REQUEST])
        .args(["--signing-key", "author.key", "--output-dir", name, "--bundle-dir", "bundles"])
        .args(["--bucket-name", BUCKET, "--issuer-path", &format!("clusters/{name}")]);
    PathBuf::from(Run::of(&mut generator).exits(0).stdout.trim_end())
}

/// Runs the executor on all bundles at once.
fn at_once(story: &Handoff, bundles: &[PathBuf], task: &str, proxy: &Proxy) {
    let start = |bundle: &PathBuf| {
        let mut command = story.executor_on(bundle, task);
        with_credentials(&mut command, proxy.address()).arg("--yes");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = bundles.iter().map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{task}: {words}");
    }
}

#[test]
fn executors_that_change_one_policy_at_once_all_keep_their_statements() {
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = shared();
    let bundles = ["ebb", "flood", "slack"].map(|name| neighbour(&story, name));
    let proxy = Proxy::start(emulator.address(), Duration::from_millis(40), Vec::new());
    at_once(&story, &bundles, "apply", &proxy);
    let policy = &account.dump()["buckets"][BUCKET]["policy"];
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 3, "{policy:#}");
    at_once(&story, &bundles, "delete", &proxy);
    assert_eq!(account.dump(), before);
}

#[test]
fn a_bucket_of_another_region_stands_in_the_way_and_in_the_status() {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let mut story = shared();
    let flags = ["--bucket-name", BUCKET, "--issuer-path", "clusters/harbour"];
    story.take(story.create_all_in("us-west-2", Path::new(ONE_REQUEST), 1_700_000_001, &flags));
    let words = "stands in eu-central-1";
    let _ = story.run(at, "plan", &NO_FLAGS).exits(1).says("Obstacle").says(words);
    let before = handoff::account(&emulator).dump();
    let _ = story.run(at, "apply", &["--yes"]).exits(1).says("nothing was changed");
    assert_eq!(handoff::account(&emulator).dump(), before);
    let status = story.run(at, "status", &["--gate"]).exits(2).stdout;
    assert!(status.contains("OBSTACLE") && status.replace('\n', " ").contains("eu-central-1"), "{status}");
}

#[test]
fn a_block_of_the_buckets_owner_stands_in_the_way_and_in_the_status() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let story = shared();
    let block = |policies: bool, buckets: bool| {
        account.call(&json!([["s3", "put_public_access_block", {
            "Bucket": BUCKET, "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true, "IgnorePublicAcls": true,
                "BlockPublicPolicy": policies, "RestrictPublicBuckets": buckets,
            },
        }]]));
    };
    block(true, false);
    let before = account.dump();
    let _ = story.run(at, "plan", &NO_FLAGS).exits(1).says("Obstacle").says("BlockPublicPolicy");
    let _ = story.run(at, "apply", &["--yes"]).exits(1).says("nothing was changed");
    assert_eq!(account.dump(), before);
    block(false, false);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    // What is written stays; new policies alone are refused.
    block(true, false);
    let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);
    block(false, true);
    let status = story.run(at, "status", &["--detailed-exitcode"]).exits(2).stdout;
    assert!(status.contains("blocked") && status.contains("RestrictPublicBuckets"), "{status}");
}

#[test]
fn a_receipt_is_complete_only_when_the_last_look_found_all_in_step() {
    let emulator = handoff::inhabited();
    let story = shared();
    let receipt = story.path("receipt.json");
    let call = "POST / Action=ListRoles".to_owned();
    // The second look at the roles is the last look at the account.
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, vec![(When::Is(call, 2), Fault::Denied)]);
    let flags = ["--yes", "--receipt", receipt.to_str().unwrap()];
    let run = story.run(proxy.address(), "apply", &flags).exits(6);
    let _ = run.says("the account could not be looked at once more");
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    assert_eq!(told["complete"], false, "{told:#}");
    assert!(told["steps"].as_array().unwrap().iter().all(|step| step["outcome"]["result"] == "done"));
    let mut finalize = story.generator();
    finalize.args([
        "finalize",
        "--output-dir",
        "out-eu-central-1-1700000000",
        "--author-key",
        "author.key.pub",
    ]);
    finalize.args(["--receipt", "receipt.json", "--bundle"]).arg(story.bundle());
    let _ = Run::of(&mut finalize).exits(1).says("could not be looked at once more");
    let _ = story.run(emulator.address(), "apply", &flags).exits(0);
    let _ = Run::of(&mut finalize).exits(0);
}
