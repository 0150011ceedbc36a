//! The whole way once, over HTTP: requests, bundle, plan, account, and back to nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::path::Path;
use sts_tests::handoff::{self, Handoff, with_credentials};
use sts_tests::programs::Run;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/account.json");
const NO_FLAGS: [&str; 0] = [];

/// Puts the bystanders into the expectation: an apply leaves them as they were.
fn with(mut account: Value, others: &Value) -> Value {
    for kind in ["buckets", "providers", "roles"] {
        let theirs = others[kind].as_object().unwrap().clone();
        account[kind].as_object_mut().unwrap().extend(theirs);
    }
    account
}

/// What the account must hold; `STS_WRITE_GOLDEN` in the environment writes it down anew, for review.
#[expect(clippy::disallowed_methods, reason = "a person asks for new expectations through the environment")]
fn expected(found: &Value) -> Value {
    if std::env::var("STS_WRITE_GOLDEN").is_ok() {
        std::fs::write(GOLDEN, format!("{}\n", serde_json::to_string_pretty(found).unwrap())).unwrap();
    }
    serde_json::from_str(&std::fs::read_to_string(GOLDEN).unwrap()).unwrap()
}

fn without(mut account: Value, others: &Value) -> Value {
    for kind in ["buckets", "providers", "roles"] {
        for name in others[kind].as_object().unwrap().keys() {
            account[kind].as_object_mut().unwrap().remove(name);
        }
    }
    account
}

#[test]
fn requests_become_an_account_and_the_account_becomes_as_it_was() {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::prepare();

    let _ = sts_tests::programs::Run::of(&mut story.executor("verify")).exits(0);
    let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(2);
    assert_eq!(account.dump(), before, "planning writes nothing");

    let receipt = story.path("receipt.json");
    let flags = ["--yes".as_ref(), "--receipt".as_ref(), receipt.as_os_str()];
    let _ = story.run(at, "apply", &flags).exits(0);
    let applied = account.dump();
    let unmarked = account.dump_without_mark();
    assert_eq!(unmarked, with(expected(&without(unmarked.clone(), &before)), &before));
    let receipt = read_json(&receipt);
    assert_eq!(receipt["complete"], true);
    assert_eq!(receipt["roles"].as_object().unwrap().len(), 7);

    let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(0);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    assert_eq!(account.dump(), applied, "applying again changes nothing");
    let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);

    let _ = story.run(at, "delete", &["--yes"]).exits(0);
    assert_eq!(account.dump(), before, "nothing of ours is left, and nothing else is touched");
    let _ = story.run(at, "delete", &["--yes"]).exits(0);
    let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(2);
}

#[test]
fn a_plan_is_applied_only_with_the_approval_of_its_own_digest() {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::prepare();

    let _ = story.run(at, "apply", &NO_FLAGS).exits(4);
    let _ = story.run(at, "apply", &["--approve", &"0".repeat(64)]).exits(4);
    assert_eq!(account.dump(), before, "nothing is written without approval");

    let plan = story.run(at, "plan", &["--format", "json"]).exits(0);
    let approved = story.path("approved.json");
    std::fs::write(&approved, &plan.stdout).unwrap();
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let digest = plan["digest"].as_str().unwrap();
    std::fs::write(story.path("forged.json"), plan.to_string().replace("harbour-oidc", "harbour-evil"))
        .unwrap();
    let _ = story.run(at, "apply", &["--approved-plan", "forged.json"]).exits(1).says("holds no plan");
    let _ = story.run(at, "apply", &["--approved-plan".as_ref(), approved.as_os_str()]).exits(0);
    let policy = serde_json::json!([["s3", "delete_bucket_policy", {"Bucket": "harbour-oidc"}]]);
    account.call(&policy);
    let moved = account.dump();
    let by_digest = || story.run(at, "apply", &["--approve", digest]).exits(4).shows("bucket policy");
    let _ = by_digest().says("bucket/harbour-oidc: to update now; to create was approved");
    let kept = |home: &str| story.path(home).join(format!("sts-executor/plans/{digest}.json"));
    let text = std::fs::read_to_string(kept(".local/state")).unwrap();
    std::fs::write(kept(".local/state"), text.replace("harbour-oidc", "harbour-evil")).unwrap();
    let lost = "no plan with the approved digest was printed on this machine lately";
    let run = by_digest().says(lost);
    assert!(!run.stderr.contains("evil"), "what was forged is not told: {}", run.stderr);
    std::fs::create_dir_all(kept("state").parent().unwrap()).unwrap();
    std::fs::write(kept("state"), text).unwrap();
    let mut elsewhere = story.executor("apply");
    with_credentials(&mut elsewhere, at)
        .args(["--approve", digest])
        .env("XDG_STATE_HOME", story.path("state"));
    let _ = Run::of(&mut elsewhere).exits(4).says("what moved:");
    let _ = story
        .run(at, "apply", &["--approved-plan".as_ref(), approved.as_os_str()])
        .exits(4)
        .says("bucket/harbour-oidc: to update now; to create was approved")
        .says("role/harbour-example-backup-backup-credentials: nothing is to be done now");
    assert_eq!(account.dump(), moved, "the approval was for an account that has moved since");
}

#[test]
fn a_bundle_for_another_account_is_refused_before_anything_is_written() {
    let emulator = sts_tests::emulator::Emulator::start_as("999988887777");
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::prepare();
    let run = story.run(emulator.address(), "apply", &["--yes"]);
    assert_ne!(run.code, 0);
    let _ = run.says("123456789012").says("999988887777");
    assert_eq!(account.dump(), before);
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
