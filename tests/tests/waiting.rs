//! Stopped or killed while CloudFront takes its time: what the receipt says then.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "a test of signals starts programs and waits for them")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use sts_tests::account::Account;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, Handoff, with_credentials};
use sts_tests::programs::Run;
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const PATIENCE: Duration = Duration::from_mins(1);

struct Stage {
    emulator: Emulator,
    account: Account,
    story: Handoff,
    receipt: PathBuf,
}

impl Stage {
    fn set() -> Self {
        let emulator = Emulator::start_slow(5);
        let account = handoff::account(&emulator);
        let story = Handoff::of(Path::new(ONE_REQUEST), &["--create-private-s3-bucket"]);
        let receipt = story.path("receipt.json");
        Self { emulator, account, story, receipt }
    }

    fn run(&self, task: &str, flags: &[&str]) -> Run {
        let all = [&["--yes", "--receipt", self.receipt.to_str().unwrap()], flags].concat();
        self.story.run(self.emulator.address(), task, &all)
    }

    /// Starts a run, sends it a signal as soon as it asks for the deployment, and waits for its end: its exit code,
    /// and what it said.
    fn cut(&self, task: &str, signal: &str) -> (Option<i32>, String) {
        let _ = std::fs::remove_file(&self.receipt);
        let proxy = Proxy::start(self.emulator.address(), Duration::ZERO, Vec::new());
        let mut command = self.story.executor(task);
        with_credentials(&mut command, proxy.address()).args(["--yes", "--receipt"]).arg(&self.receipt);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_the_wait(&proxy, &child);
        let id = child.id().to_string();
        let _ = Run::of(Command::new("kill").arg(format!("-{signal}")).arg(id)).exits(0);
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn told(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(&self.receipt).unwrap()).unwrap()
    }

    fn only_front(&self) -> Value {
        let fronts = self.account.fronts()["distributions"].as_object().unwrap().clone();
        assert_eq!(fronts.len(), 1, "{fronts:?}");
        fronts.into_iter().next().unwrap().1
    }
}

fn wait_for_the_wait(proxy: &Proxy, child: &Child) {
    let begun = Instant::now();
    let asks = |call: &str| call.starts_with("GET /2020-05-31/distribution/") && !call.contains("/config");
    while !proxy.has_seen_one(asks) {
        assert!(begun.elapsed() < PATIENCE, "{} never asked for the deployment", child.id());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The outcomes of the steps whose addresses begin so.
fn results(told: &Value, kind: &str) -> Vec<String> {
    let steps = told["steps"].as_array().unwrap().iter();
    let alike = steps.filter(|step| step["address"].as_str().unwrap().starts_with(kind));
    alike.map(|step| step["outcome"]["result"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_apply_that_is_stopped_in_the_wait_blames_no_step_and_says_what_it_waited_for() {
    let stage = Stage::set();
    for signal in ["TERM", "INT"] {
        let begun = Instant::now();
        let (code, words) = stage.cut("apply", signal);
        assert_eq!(code, Some(6), "{words}");
        assert!(begun.elapsed() < Duration::from_secs(20), "it did not wait on");
        assert!(words.contains("nothing new begins") && words.contains("still on its way"), "{words}");
        let told = stage.told();
        assert_eq!(told["complete"], false);
        assert!(told["problems"][0].as_str().unwrap().contains("still on its way"), "{told:#}");
        assert!(results(&told, "").iter().all(|result| ["done", "not-reached"].contains(&result.as_str())));
        assert!(results(&told, "provider/").iter().all(|result| result == "not-reached"), "{told:#}");
    }
    let refused = stage
        .story
        .generator()
        .args(["finalize", "--output-dir", "final"])
        .args(["--author-key", "author.key.pub", "--receipt", "receipt.json", "--bundle"])
        .arg(stage.story.bundle())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("still on its way") && !words.contains("known-after-apply"), "{words}");
    let _ = stage.run("apply", &[]).exits(0);
    assert_eq!(stage.told()["complete"], true);
}

#[test]
fn an_apply_whose_distribution_is_gone_again_writes_no_stand_in_and_the_next_run_does_all() {
    let stage = Stage::set();
    let before = (stage.account.dump(), stage.account.fronts());
    // What a fault of old left: a provider of a name that is nobody's.
    stage.account.call(&json!([["iam", "create_open_id_connect_provider", {
        "Url": "https://known-after-apply.invalid", "ClientIDList": ["openshift", "sts.amazonaws.com"],
        "ThumbprintList": ["0".repeat(40)],
        "Tags": [{"Key": "openshift.io/cloud-credential-operator/harbour", "Value": "owned"}],
    }]]));
    let rules = vec![(When::Holds("GET /2020-05-31/distribution/".into()), Fault::Gone)];
    let proxy = Proxy::start(stage.emulator.address(), Duration::ZERO, rules);
    let flags = ["--yes", "--receipt", stage.receipt.to_str().unwrap()];
    let run = stage.story.run(proxy.address(), "apply", &flags).exits(6);
    let _ = run.says("the distribution is gone, or not to be seen yet");
    let told = stage.told();
    assert_eq!((&told["complete"], &told["issuer"]), (&json!(false), &Value::Null));
    for kind in ["provider/", "role/", "object/"] {
        assert!(results(&told, kind).iter().all(|result| result == "not-reached"), "{kind}: {told:#}");
    }
    assert_eq!(stage.account.dump()["roles"], before.0["roles"], "no role trusts what is nobody's");
    let _ = stage.run("apply", &[]).exits(0);
    assert_eq!(stage.told()["complete"], true);
    let orphan = "provider/known-after-apply.invalid";
    assert!(stage.account.dump().to_string().contains("known-after-apply.invalid"));
    let _ = stage.run("apply", &["--prune"]).exits(0);
    assert_eq!(results(&stage.told(), orphan), ["done"]);
    assert!(!stage.account.dump().to_string().contains("known-after-apply"));
    let _ = stage.run("delete", &[]).exits(0);
    assert_eq!((stage.account.dump(), stage.account.fronts()), before);
}

#[test]
fn a_delete_that_is_stopped_in_the_wait_says_that_the_distribution_is_out_of_service() {
    let stage = Stage::set();
    let before = (stage.account.dump(), stage.account.fronts());
    let _ = stage.run("apply", &[]).exits(0);
    for signal in ["INT", "TERM"] {
        let (code, words) = stage.cut("delete", signal);
        assert_eq!(code, Some(6), "{words}");
        assert_eq!(stage.only_front()["enabled"], false);
        let told = stage.told();
        assert_eq!(results(&told, "distribution/"), ["failed"], "{told:#}");
        assert_eq!(results(&told, "bucket/"), ["not-reached"], "{told:#}");
        assert_eq!(results(&told, "origin-access-control/"), ["not-reached"], "{told:#}");
    }
    let _ = stage.run("delete", &[]).exits(0);
    assert_eq!((stage.account.dump(), stage.account.fronts()), before);
}

#[test]
fn a_run_that_is_killed_in_the_wait_leaves_what_it_had_begun() {
    let stage = Stage::set();
    let _ = stage.run("apply", &["--deployment-timeout", "0"]).exits(6);
    for before in ["done", "not-reached"] {
        let (code, _) = stage.cut("apply", "KILL");
        assert_eq!(code, None);
        let told = stage.told();
        assert_eq!((&told["complete"], &told["purpose"]), (&json!(false), &json!("apply")));
        // What lets the distribution in comes before the wait; after that, nothing does.
        let statement = results(&told, "bucket-statement/");
        assert!(statement.iter().all(|result| result == before), "{told:#}");
        assert!(results(&told, "provider/").iter().all(|result| result == "not-reached"), "{told:#}");
        assert_eq!(results(&told, "object/"), ["not-reached", "not-reached"], "{told:#}");
    }
    let _ = stage.run("apply", &[]).exits(0);

    for _ in 0..2 {
        let (code, _) = stage.cut("delete", "KILL");
        assert_eq!(code, None);
        let told = stage.told();
        assert_eq!(results(&told, "distribution/"), ["under-way"], "{told:#}");
        assert_eq!(results(&told, "bucket/"), ["not-reached"], "{told:#}");
        assert_eq!(stage.only_front()["enabled"], false);
    }
    let _ = stage.run("delete", &[]).exits(0);
}

#[test]
fn a_private_bucket_that_is_emptied_by_force_is_deleted_too() {
    let stage = Stage::set();
    let before = (stage.account.dump(), stage.account.fronts());
    let _ = stage.run("apply", &[]).exits(0);
    stage
        .account
        .call(&json!([["s3", "put_object", {"Bucket": "harbour-oidc", "Key": "theirs", "Body": "x"}]]));
    let _ = stage.run("delete", &[]).exits(5);
    let _ = stage.run("delete", &["--force-bucket"]).exits(0).says("deleted bucket/harbour-oidc");
    assert_eq!((stage.account.dump(), stage.account.fronts()), before);
}
