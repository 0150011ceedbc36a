//! Being asked to stop, and not being alone.
#![expect(clippy::disallowed_methods, reason = "a test of signals starts programs and waits for them")]

use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, Handoff, with_credentials};
use sts_tests::programs::Run;
use sts_tests::proxy::Proxy;

const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_signal_lets_nothing_begin_and_what_is_under_way_end() {
    let emulator = Emulator::start();
    let story = Handoff::prepare();
    let receipt = story.path("receipt.json");
    for signal in ["INT", "TERM"] {
        let proxy = Proxy::start(emulator.address(), Duration::from_millis(300), Vec::new());
        let mut command = story.executor("apply");
        with_credentials(&mut command, proxy.address()).args(["--yes", "--receipt"]).arg(&receipt);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while !proxy.has_seen("PUT /harbour-oidc") {
            assert!(begun.elapsed() < PATIENCE, "the bucket was never begun");
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = Run::of(Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string())).exits(0);
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(6), "{words}");
        assert!(words.contains("nothing new begins"), "{words}");

        let told: Value = serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
        let results = |kind: &str| -> Vec<String> {
            let steps = told["steps"].as_array().unwrap().iter();
            let alike = steps.filter(|step| step["address"].as_str().unwrap().starts_with(kind));
            alike.map(|step| step["outcome"]["result"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(results("bucket"), ["done"], "what was under way was finished");
        for kind in ["object", "provider", "role"] {
            assert!(results(kind).iter().all(|result| result == "not-reached"), "{kind}: {told:#}");
        }
        assert!(!proxy.has_seen("Action=Create"), "no provider and no role was begun");
        assert!(!proxy.has_seen("PUT /harbour-oidc/keys.json"), "no object was begun");
        let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
        let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
    }
}

#[test]
fn two_executors_at_once_end_in_one_and_the_same_account() {
    let emulator = handoff::inhabited();
    let mut watch = handoff::account(&emulator).watch();
    let story = Handoff::prepare();
    let empty = watch.dump();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let full = watch.dump();
    let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
    // The second begins so many call times after the first: from side by side to one behind the other.
    for lag in [0, 2, 5] {
        for (task, goal) in [("apply", &full), ("delete", &empty)] {
            let delay = Duration::from_millis(40);
            let proxy = Proxy::start(emulator.address(), delay, Vec::new());
            let start = |receipt: &str| {
                let mut command = story.executor(task);
                let receipt = story.path(receipt);
                with_credentials(&mut command, proxy.address()).args(["--yes", "--receipt"]).arg(receipt);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            };
            let first = start("first.json");
            std::thread::sleep(delay * lag);
            let second = start("second.json");
            for child in [first, second] {
                let output = child.wait_with_output().unwrap();
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                // A step that the other one overtook fails, says so, and leaves the rest to the next run.
                assert!(matches!(output.status.code(), Some(0 | 6)), "{task}, lag {lag}: {words}");
            }
            assert_eq!(watch.dump(), *goal, "{task}, lag {lag}: as one alone would have left it");
        }
    }
}

#[test]
fn an_apply_beside_a_delete_ends_as_one_of_them_wants_or_is_told_of() {
    let emulator = handoff::inhabited();
    let mut watch = handoff::account(&emulator).watch();
    let story = Handoff::prepare();
    let empty = watch.dump();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let full = watch.dump();
    let delay = Duration::from_millis(40);
    // Who begins first, and so many call times before the other.
    for (first, second, lag) in [("apply", "delete", 0), ("delete", "apply", 5), ("apply", "delete", 7)] {
        let proxy = Proxy::start(emulator.address(), delay, Vec::new());
        let start = |task: &str| {
            let mut command = story.executor(task);
            let receipt = story.path(&format!("{task}.json"));
            with_credentials(&mut command, proxy.address()).args(["--yes", "--receipt"]).arg(receipt);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let one = start(first);
        std::thread::sleep(delay * lag);
        let other = start(second);
        let ends: Vec<_> = [one, other]
            .into_iter()
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
            })
            .collect();
        let left = watch.dump();
        let settled = left == empty || left == full;
        let told = ends.iter().any(|(code, words)| *code != Some(0) && words.contains("Hint: "));
        assert!(settled || told, "{first} and {second}, lag {lag}: neither was told of the other: {ends:#?}");
        for (code, words) in &ends {
            assert!(matches!(code, Some(0 | 1 | 6)), "{first} and {second}, lag {lag}: {code:?} {words}");
        }
        // Whatever came of it, the next run alone finishes either way.
        let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
        assert_eq!(watch.dump(), empty, "{first} and {second}, lag {lag}");
        let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
        assert_eq!(watch.dump(), full, "{first} and {second}, lag {lag}");
    }
}
