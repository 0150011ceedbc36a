//! The log of calls: whole, in order, and without anything secret.

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{Handoff, with_credentials};
use sts_tests::programs::{Run, command};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const ROLE: &str = "RoleName=harbour-example-backup-backup-credentials";
const SECRETS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAQZ3SENTINELKEYID"),
    ("AWS_SECRET_ACCESS_KEY", "sentinel/secret+key/of/forty/characters"),
    ("AWS_SESSION_TOKEN", "sentinel-session-token"),
];

#[test]
fn every_attempt_at_every_call_stands_in_the_log_and_no_secret_does() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let log = story.path("calls.jsonl");
    let rules = vec![
        (When::Is(format!("POST / Action=CreateRole {ROLE}"), 1), Fault::Throttled),
        (When::Is("POST / Action=ListOpenIDConnectProviders".into(), 1), Fault::Reset),
    ];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, rules);
    let mut calls = 0;
    for task in ["plan", "apply", "status", "delete"] {
        let mut command = story.executor(task);
        with_credentials(&mut command, proxy.address()).envs(SECRETS).arg("--log").arg(&log);
        if task == "apply" || task == "delete" {
            command.arg("--yes");
        }
        let _ = Run::of(&mut command).exits(0);
        calls += proxy.take_traffic().calls.len();
    }
    let text = std::fs::read_to_string(&log).unwrap();
    for (_, secret) in SECRETS {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    for content in ["Signature", "Statement", "Federated", "jwks_uri", "X-Amz"] {
        assert!(!text.contains(content), "content of requests is in the log: {content}");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    assert_eq!(with("answered").len(), calls, "one line to each attempt:\n{text}");
    for line in with("answered") {
        assert!(line["ms"].is_u64() && line["time"].is_u64() && line["attempt"].is_u64(), "{line}");
        assert!(line["status"].is_u64() || line["error"] == "no answer", "{line}");
    }
    for line in with("sent") {
        let call = line["call"].as_str().unwrap();
        assert!(!call.contains(":Get") && !call.contains(":List"), "{line}");
    }
    let role: Vec<_> = with("answered").into_iter().filter(|line| line["call"] == "iam:CreateRole").collect();
    assert_eq!(role.len(), 2, "{text}");
    assert_eq!((&role[0]["attempt"], &role[0]["error"]), (&1.into(), &"Throttling".into()));
    assert_eq!((&role[1]["attempt"], &role[1]["status"]), (&2.into(), &200.into()));
    assert_eq!(role[1]["on"], ROLE);
    assert!(role[1]["request_id"].is_string(), "{}", role[1]);
}

#[test]
fn nothing_secret_in_an_endpoint_is_shown_or_logged() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let log = story.path("secret.jsonl");
    for (endpoint, exit) in [
        (format!("http://user:sentinel@{}", emulator.address()), None),
        (format!("http://{}/?key=sentinel", emulator.address()), None),
        ("http://user:sentinel@127.0.0.1:9/?key=sentinel".to_owned(), Some(1)),
        ("http://user:sentinel@aws.example/?key=sentinel".to_owned(), Some(1)),
    ] {
        let mut command = story.executor("plan");
        with_credentials(&mut command, emulator.address()).args(["-v", "--call-attempts", "1", "--log"]);
        let run = Run::of(command.arg(&log).env("AWS_ENDPOINT_URL", &endpoint));
        let run = if let Some(code) = exit { run.exits(code) } else { run };
        let logged = std::fs::read_to_string(&log).unwrap_or_default();
        for text in [&run.stdout, &run.stderr, &logged] {
            assert!(!text.contains("sentinel"), "{endpoint}:\n{text}");
        }
    }
}

#[test]
fn where_receipt_or_log_cannot_be_written_nothing_is_changed() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, Vec::new());
    let folder = story.path("a-folder");
    std::fs::create_dir(&folder).unwrap();
    let nowhere = story.path("no-such-folder").join("file");
    for (flag, path, words) in [
        ("--receipt", &nowhere, "the receipt cannot be written"),
        ("--receipt", &folder, "the receipt cannot be written"),
        ("--log", &nowhere, "the log of calls cannot be written"),
        ("--log", &folder, "the log of calls cannot be written"),
    ] {
        let flags = ["--yes".as_ref(), flag.as_ref(), path.as_os_str()];
        let _ = story.run(proxy.address(), "apply", &flags).exits(1).says(words).says("nothing was changed");
        let calls = proxy.take_traffic().calls;
        let writes = |call: &&String| call.starts_with("PUT") || call.contains("Action=Create");
        assert_eq!(calls.iter().find(writes), None, "{flag} {}", path.display());
    }
}

#[test]
fn a_line_that_an_earlier_run_was_cut_off_in_is_ended_before_the_next() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let log = story.path("calls.jsonl");
    let flags = ["--log".as_ref(), log.as_os_str()];
    let _ = story.run(emulator.address(), "plan", &flags).exits(0);
    let whole = std::fs::read_to_string(&log).unwrap();
    let (lines, half) = (whole.lines().count(), &whole[..whole.len() - 20]);
    std::fs::write(&log, half).unwrap();
    let _ = story.run(emulator.address(), "plan", &flags).exits(0);
    let text = std::fs::read_to_string(&log).unwrap();
    let broken = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).count();
    assert_eq!((broken, text.lines().count()), (1, 2 * lines), "{text}");
}

/// The executor where a file may have 512 bytes, which is how a full disk looks to it.
fn on_a_full_disk(story: &Handoff, emulator: &Emulator, task: &str) -> Command {
    let executor = story.executor(task);
    let mut shell = command(Path::new("/bin/sh"));
    shell.args(["-c", r#"trap "" XFSZ; ulimit -f 1; exec "$@""#, "sh"]).arg(executor.get_program());
    shell.args(executor.get_args()).current_dir(story.path("")).env("HOME", story.path(""));
    with_credentials(&mut shell, emulator.address());
    shell
}

#[test]
fn a_full_disk_under_the_log_is_told_as_that() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let mut plan = on_a_full_disk(&story, &emulator, "plan");
    let run = Run::of(plan.arg("--log").arg(story.path("calls.jsonl"))).exits(1);
    let run = run.says("the log of calls cannot be written to").says("make room where the log is");
    assert!(!run.stderr.contains("HTTPS_PROXY"), "{}", run.stderr);
}

#[test]
fn a_full_disk_under_the_receipt_loses_no_word_of_what_was_done() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let receipt = story.path("receipt.json");
    let mut apply = on_a_full_disk(&story, &emulator, "apply");
    let run = Run::of(apply.arg("--yes").arg("--receipt").arg(&receipt)).exits(1);
    let _ = run.says("Receipt: 5 done, 0 failed, 0 not reached.").says("the receipt cannot be written to");
    assert!(!receipt.exists(), "a receipt that tells half is worse than none");
    let _ = story.run(emulator.address(), "plan", &["--detailed-exitcode"]).exits(0);
}

#[test]
fn so_many_attempts_as_nobody_can_count_are_refused() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    for number in ["0", "101", "4294967295"] {
        let run = Run::of(story.executor("plan").args(["--call-attempts", number])).exits(64);
        let _ = run.says("a number from 1 to 100 is needed");
    }
}
