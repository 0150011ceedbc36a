//! Cut anywhere: killed after any call, or met by any fault at any call, a run is finished by the next one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "how many cases ran is part of the result")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use sts_tests::account::Watch;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, Handoff, with_credentials};
use sts_tests::programs::Run;
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
/// One attempt to a call: what befalls it ends it.
const BRITTLE: [&str; 2] = ["--call-attempts", "1"];
/// And a second for it, where nobody will answer; elsewhere a busy machine would cut calls of its own.
const HASTY: [&str; 4] = ["--call-attempts", "1", "--call-timeout", "1"];
/// Longer than any run of one role takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// An account of its own, a bundle of one role, and eyes on the account.
struct Stage {
    emulator: Emulator,
    story: Handoff,
    watch: Watch,
    receipt: PathBuf,
}

impl Stage {
    fn set() -> Self {
        let emulator = Emulator::start();
        let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
        let watch = handoff::account(&emulator).watch();
        let receipt = story.path("receipt.json");
        Self { emulator, story, watch, receipt }
    }

    fn command(&self, proxy: Option<&Proxy>, task: &str, flags: &[&str]) -> Command {
        let at = proxy.map_or(self.emulator.address(), Proxy::address);
        let mut command = self.story.executor(task);
        with_credentials(&mut command, at).args(["--yes", "--receipt"]).arg(&self.receipt).args(flags);
        command
    }

    fn proxy(&self, rules: Vec<(When, Fault)>) -> Proxy {
        Proxy::start(self.emulator.address(), Duration::ZERO, rules)
    }

    /// The calls of an undisturbed run, each with its number among those that are alike.
    fn calls(&self, task: &str) -> Vec<(String, usize)> {
        let proxy = self.proxy(Vec::new());
        let _ = Run::of(&mut self.command(Some(&proxy), task, &[])).exits(0);
        let mut alike = BTreeMap::new();
        let calls = proxy.take_traffic().calls.into_iter().map(|call| {
            let nth = alike.entry(call.clone()).or_insert(0);
            *nth += 1;
            (call, *nth)
        });
        // The order of calls side by side is chance; the cases shall not be.
        let mut calls: Vec<_> = calls.collect();
        calls.sort();
        calls
    }

    /// One case: a run that the fault befalls at this call, and the run that follows it.
    fn case(&mut self, task: &str, fault: Fault, call: &(String, usize), (before, goal): (&Value, &Value)) {
        let _ = std::fs::remove_file(&self.receipt);
        let proxy = self.proxy(vec![(When::Is(call.0.clone(), call.1), fault)]);
        let flags: &[&str] = if fault == Fault::Silence { &HASTY } else { &BRITTLE };
        let mut command = self.command(Some(&proxy), task, flags);
        let code = if fault == Fault::Freeze {
            kill_when_frozen(&mut command, &proxy)
        } else {
            Run::of(&mut command).code
        };
        let case = format!("{task}, {fault:?} at {call:?}");
        assert!([-1, 0, 1, 6].contains(&code), "{case}: exit code {code}");
        let between = self.watch.dump();
        match std::fs::read_to_string(&self.receipt) {
            Ok(text) => told_truly(&serde_json::from_str(&text).unwrap(), &between, (code, task), &case),
            Err(_) => assert!(between == *before && code != 0 && code != 6, "{case}: no receipt, {code}"),
        }
        drop(proxy);
        let again = Run::of(&mut self.command(None, task, &[]));
        assert_eq!(again.code, 0, "{case}, run again: {}\n{}", again.stdout, again.stderr);
        let after = self.watch.dump();
        assert_eq!(after, *goal, "{case}: the account after the second run");
    }
}

/// Kills the program with SIGKILL once the fault has struck; it has then got no answer any more.
fn kill_when_frozen(command: &mut Command, proxy: &Proxy) -> i32 {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !proxy.is_frozen() {
        assert!(begun.elapsed() < PATIENCE, "the call to freeze at never came");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap().code().unwrap_or(-1)
}

/// Holds a receipt against the account: what is done is there, what was not reached is as it was.
fn told_truly(receipt: &Value, account: &Value, (code, task): (i32, &str), case: &str) {
    let outcomes: Vec<_> = receipt["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["address"].as_str().unwrap(), step["outcome"]["result"].as_str().unwrap()))
        .collect();
    let complete = receipt["complete"].as_bool().unwrap();
    let unseen = receipt.get("problems").is_some();
    let all_done = outcomes.iter().all(|(_, result)| *result == "done");
    assert_eq!(complete, all_done && !unseen && code != -1, "{case}: {receipt:#}");
    assert!(complete || code == 6 || code == -1, "{case}: an incomplete receipt and exit code {code}");
    assert!(code != 6 || !complete, "{case}: a complete receipt and exit code 6");
    assert!(code == -1 || outcomes.iter().all(|(_, result)| *result != "under-way"), "{case}: {outcomes:?}");
    for (address, result) in outcomes {
        let (done_means, not_reached_means) = if task == "apply" { (true, false) } else { (false, true) };
        match result {
            "done" => {
                assert_eq!(stands(address, account), done_means, "{case}: {address} is said to be done");
            }
            "not-reached" => {
                assert_eq!(stands(address, account), not_reached_means, "{case}: {address} was not reached");
            }
            _ => {}
        }
    }
}

fn stands(address: &str, account: &Value) -> bool {
    let (kind, name) = address.split_once('/').unwrap();
    match kind {
        "bucket" => account["buckets"].get(name).is_some(),
        "object" => {
            let (bucket, key) = name.split_once('/').unwrap();
            account["buckets"][bucket]["objects"].get(key).is_some()
        }
        "provider" => {
            let arn = format!("arn:aws:iam::{}:oidc-provider/{name}", Emulator::ACCOUNT);
            account["providers"].get(arn).is_some()
        }
        _ => {
            assert_eq!(kind, "role", "an address of a new kind");
            account["roles"].get(name).is_some()
        }
    }
}

/// Every call of a whole apply and of a whole delete in turn, each met by this fault; gives the number of cases.
fn every_call_meets(fault: Fault) -> usize {
    let mut stage = Stage::set();
    let empty = stage.watch.dump();
    let apply = stage.calls("apply");
    let full = stage.watch.dump();
    let delete = stage.calls("delete");
    assert_eq!(stage.watch.dump(), empty);
    assert!(apply.len() >= 13 && delete.len() >= 20, "{apply:#?} {delete:#?}");
    for nth in 0..apply.len().max(delete.len()) {
        // Deleting is from what applying made, and the other way round: the two take turns.
        for (task, calls, accounts) in
            [("apply", &apply, (&empty, &full)), ("delete", &delete, (&full, &empty))]
        {
            match calls.get(nth) {
                Some(call) => stage.case(task, fault, call, accounts),
                None => drop(Run::of(&mut stage.command(None, task, &[])).exits(0)),
            }
        }
    }
    let cases = apply.len() + delete.len();
    println!("{fault:?}: {cases} cases over {} calls of apply and {} of delete", apply.len(), delete.len());
    cases
}

#[test]
fn a_run_cut_or_met_by_a_fault_at_any_call_is_finished_by_the_next() {
    let faults =
        [Fault::Freeze, Fault::Throttled, Fault::Internal, Fault::Reset, Fault::AnswerLost, Fault::Silence];
    let cases: usize = std::thread::scope(|scope| {
        let runs = faults.map(|fault| scope.spawn(move || every_call_meets(fault)));
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    println!("{cases} cases in all, {} faults", faults.len());
}

#[test]
fn a_fault_at_the_first_attempt_of_every_call_is_ridden_out_within_one_run() {
    for fault in [Fault::Throttled, Fault::Internal, Fault::Reset, Fault::AnswerLost] {
        let mut stage = Stage::set();
        let empty = stage.watch.dump();
        for task in ["apply", "delete"] {
            let proxy = stage.proxy(vec![(When::First, fault)]);
            let run = Run::of(&mut stage.command(Some(&proxy), task, &[]));
            assert_eq!(run.code, 0, "{task}, {fault:?}: {}", run.stderr);
            let receipt: Value =
                serde_json::from_str(&std::fs::read_to_string(&stage.receipt).unwrap()).unwrap();
            assert_eq!(receipt["complete"], true);
            let _ = Run::of(&mut stage.command(None, task, &[])).exits(0).says("Nothing to do");
        }
        assert_eq!(stage.watch.dump(), empty);
    }
}
