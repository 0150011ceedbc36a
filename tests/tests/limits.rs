//! Time, retries and quotas have an end, and what was done until then is told truly.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, Handoff};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");

fn story() -> (Emulator, Handoff) {
    (Emulator::start(), Handoff::of(Path::new(ONE_REQUEST), &[]))
}

/// What became of the steps of a kind, as the receipt in `receipt.json` tells.
fn results(story: &Handoff, kind: &str) -> Vec<String> {
    let told: Value =
        serde_json::from_str(&std::fs::read_to_string(story.path("receipt.json")).unwrap()).unwrap();
    let steps = told["steps"].as_array().unwrap().iter();
    let alike = steps.filter(|step| step["address"].as_str().unwrap().starts_with(kind));
    alike.map(|step| step["outcome"]["result"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_retry_budget_that_is_used_up_ends_the_run_and_the_receipt_is_true() {
    let (emulator, story) = (Emulator::start(), Handoff::prepare());
    let failing = vec![(When::Holds("Action=CreateRole".into()), Fault::Internal)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, failing);
    let flags = ["--yes", "--receipt", "receipt.json", "--call-attempts", "5", "--retry-budget", "1"];
    let run = story.run(proxy.address(), "apply", &flags).exits(6);
    let _ = run.says("7 of 11 steps were not done").says("AWS was too busy at every attempt");
    let calls = proxy.take_traffic().calls;
    let attempts = calls.iter().filter(|call| call.contains("Action=CreateRole")).count();
    // Seven roles would take 35 on a budget that is not used up. The seven begin together and share one attempt more,
    // and one comes back every second: most end at their first, and a few may go on to their fifth.
    assert!((8..28).contains(&attempts), "{attempts} attempts");
    assert_eq!(results(&story, "role"), ["failed"; 7]);
    for kind in ["bucket", "object", "provider"] {
        assert!(results(&story, kind).iter().all(|result| result == "done"), "{kind}");
    }
    let account = handoff::account(&emulator).dump();
    assert_eq!(account["roles"], json!({}), "what failed is not there");
    assert_eq!(account["providers"].as_object().unwrap().len(), 1, "what is said to be done is");
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
}

static SLOWED: AtomicBool = AtomicBool::new(false);

/// The first change to the bucket takes longer than the whole run may.
fn slow_once(call: &str, _: &str) -> Option<String> {
    if call.starts_with("PUT /harbour-oidc") && !SLOWED.swap(true, Ordering::SeqCst) {
        std::thread::sleep(Duration::from_secs(7));
    }
    None
}

#[test]
fn nothing_new_begins_once_the_time_for_the_run_is_up() {
    let (emulator, story) = story();
    // What is asked first of an emulator takes long: it loads the service then.
    let _ = handoff::account(&emulator).dump();
    let silent = vec![(When::Holds("Action=ListRoles".into()), Fault::Silence)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, silent);
    let run = story.run(proxy.address(), "plan", &["--run-timeout", "1"]).exits(1);
    let _ = run.says("it was not done after 1 seconds; --run-timeout gives it more");

    let proxy = Proxy::editing(emulator.address(), slow_once);
    let flags = ["--yes", "--receipt", "receipt.json", "--run-timeout", "5"];
    let run = story.run(proxy.address(), "apply", &flags).exits(6);
    let _ = run.says("The time of --run-timeout is up: what is under way finishes, nothing new begins.");
    assert_eq!(results(&story, "bucket"), ["done"], "what was under way was finished");
    for kind in ["object", "provider", "role"] {
        assert!(results(&story, kind).iter().all(|result| result == "not-reached"), "{kind}");
    }
    let account = handoff::account(&emulator).dump();
    assert_eq!((&account["roles"], &account["providers"]), (&json!({}), &json!({})));
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
}

/// An account in which no role can be made any more.
fn full_of_roles(call: &str, answer: &str) -> Option<String> {
    let quota = "<key>RolesQuota</key>";
    let (before, rest) = answer.split_once(quota).filter(|_| call.contains("Action=GetAccountSummary"))?;
    let (_, after) = rest.split_once("</value>")?;
    Some(format!("{before}{quota}<value>0</value>{after}"))
}

#[test]
fn a_quota_that_is_used_up_stops_an_apply_before_its_first_write() {
    let (emulator, story) = story();
    let account = handoff::account(&emulator);
    let providers = (0..100).map(|number| {
        let url = format!("https://{number}.example.org");
        json!(["iam", "create_open_id_connect_provider",
            {"Url": url, "ClientIDList": ["x"], "ThumbprintList": ["0".repeat(40)]}])
    });
    account.call(&providers.collect());
    let before = account.dump();
    let words = "the plan makes an OIDC provider, and the account has 100 of at most 100";
    let at = emulator.address();
    let _ = story.run(at, "plan", &[] as &[&str]).exits(1).says("Obstacle: ").says(words);
    let _ = story.run(at, "apply", &["--yes"]).exits(1).says(words).says("nothing was changed");
    let roles = Proxy::editing(at, full_of_roles);
    let words = "the plan makes 1 roles, and the account has ";
    let run = story.run(roles.address(), "apply", &["--yes", "--provider-quota", "101"]).exits(1);
    let run = run.says(words).says(" of at most 0: ");
    assert!(!run.stderr.contains("OIDC provider"), "{}", run.stderr);
    assert_eq!(account.dump(), before);
    let _ = story.run(at, "apply", &["--yes", "--provider-quota", "101"]).exits(0);
}

#[test]
fn manifests_that_cannot_be_written_fail_the_run_and_the_account_and_the_receipt_stand() {
    let (emulator, story) = story();
    std::fs::create_dir(story.path("final")).unwrap();
    std::fs::write(story.path("final/manifests"), "not a folder").unwrap();
    let flags = ["--yes", "--receipt", "receipt.json", "--output-dir", "final"];
    let run = story.run(emulator.address(), "apply", &flags).exits(1);
    let run = run.says("the installer's manifest cannot be written to final/manifests/");
    let _ = run.says("Hint: nothing was changed");
    std::fs::remove_dir_all(story.path("final")).unwrap();
    // A link to nowhere hides what stands in the way until something is written.
    std::os::unix::fs::symlink("nowhere/deeper", story.path("final")).unwrap();
    let run = story.run(emulator.address(), "apply", &flags).exits(1);
    let run = run.says("manifests");
    let _ = run.says("Hint: the account is as wanted; run the same command again");
    assert!(results(&story, "").iter().all(|result| result == "done"));
    let names = |folder: &str| -> Vec<_> {
        let entries = std::fs::read_dir(story.path(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert!(!story.path("nowhere").exists(), "nothing half written");
    let _ = story.run(emulator.address(), "status", &["--detailed-exitcode"]).exits(0);
    std::fs::remove_file(story.path("final")).unwrap();
    let _ = story.run(emulator.address(), "apply", &flags).exits(0).says("2 installer manifests written");
    assert_eq!(names("final/manifests").len(), 2);
}

#[test]
fn manifests_are_not_written_through_a_link_to_another_folder() {
    let (emulator, story) = story();
    std::fs::create_dir_all(story.path("elsewhere")).unwrap();
    std::fs::create_dir_all(story.path("final")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", story.path("final/manifests")).unwrap();
    let flags = ["--yes", "--output-dir", "final"];
    let run = story.run(emulator.address(), "apply", &flags).exits(1);
    let _ = run.says("the installer's manifests cannot be written to final/manifests").says("symbolic link");
    assert_eq!(std::fs::read_dir(story.path("elsewhere")).unwrap().count(), 0);
}

/// More than AWS ever answers.
fn endless(call: &str, _: &str) -> Option<String> {
    call.contains("Action=ListRoles").then(|| "<a>".repeat(6 << 20))
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let (emulator, story) = story();
    let proxy = Proxy::editing(emulator.address(), endless);
    let run = story.run(proxy.address(), "plan", &["--call-attempts", "1"]).exits(1);
    let _ = run.says("iam:ListRoles").says("the answer is longer than any of AWS's");
}
