//! Somebody else writes an issuer's document while the executor is about to.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use sts_tests::account::Account;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, GENERATION, Handoff, REGION, REQUESTS, with_credentials};
use sts_tests::programs::Run;
use sts_tests::proxy::{Fault, Proxy, When};

const KEYS: &str = "keys.json";

/// What the other person is about to do: where, and after how many more looks at the document.
static OTHER: Mutex<Option<(String, usize)>> = Mutex::new(None);

/// An answer that passes; the other person writes behind the last look there is to be.
fn pass(call: &str, _: &str) -> Option<String> {
    if call.starts_with("GET ") && call.contains(KEYS) && !call.contains("tagging") {
        let mut other = OTHER.lock().unwrap();
        if let Some((endpoint, looks)) = other.as_mut() {
            *looks -= 1;
            if *looks == 0 {
                write(&Account::at(endpoint, REGION), r#"{"keys":["somebody's"]}"#);
                *other = None;
            }
        }
    }
    None
}

fn write(account: &Account, body: &str) {
    let owner = format!("openshift.io/cloud-credential-operator/{CLUSTER}=owned&Name={CLUSTER}");
    account.call(&json!([["s3", "put_object", {"Bucket": format!("{CLUSTER}-oidc"), "Key": KEYS,
        "Body": body, "ContentType": "application/json", "Tagging": owner}]]));
}

fn keys(account: &Account) -> Value {
    account.dump()["buckets"][format!("{CLUSTER}-oidc")]["objects"][KEYS]["body"].clone()
}

#[test]
fn what_somebody_else_wrote_after_the_plan_is_told_and_not_lost() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let proxy = Proxy::editing(emulator.address(), pass);
    // Nothing is there when it is planned, and something when it is made.
    *OTHER.lock().unwrap() = None;
    let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(0);
    let right = keys(&account);
    for looks in [1, 2] {
        write(&account, r#"{"keys":[]}"#);
        *OTHER.lock().unwrap() = Some((emulator.endpoint(), looks));
        let run = story.run(proxy.address(), "apply", &["--yes"]).exits(6);
        let run = run.says("somebody else changed it since this was planned");
        assert!(run.stderr.contains(&format!("object/{CLUSTER}-oidc/{KEYS}")), "{}", run.stderr);
        assert_eq!(keys(&account), r#"{"keys":["somebody's"]}"#, "written behind look {looks}");
    }
    account.call(&json!([["s3", "delete_object", {"Bucket": format!("{CLUSTER}-oidc"), "Key": KEYS}]]));
    *OTHER.lock().unwrap() = Some((emulator.endpoint(), 1));
    let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(6).says("somebody else changed it");
    assert_eq!(keys(&account), r#"{"keys":["somebody's"]}"#, "written where nothing had been");

    // Whoever plans again sees what is there, and may write over it once they say that a key goes.
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(4).says("--retire-live-key");
    let _ = story.run(emulator.address(), "apply", &["--yes", "--retire-live-key"]).exits(0);
    assert_eq!(keys(&account), right);
}

#[test]
fn a_write_whose_answer_was_lost_or_that_met_a_harmless_one_is_no_quarrel() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let right = keys(&account);
    for fault in [Fault::AnswerLost, Fault::Overtaken] {
        write(&account, r#"{"keys":[]}"#);
        let put = format!("PUT /{CLUSTER}-oidc/{KEYS}");
        let proxy =
            Proxy::start(emulator.address(), Duration::ZERO, vec![(When::FirstHolds(put.clone()), fault)]);
        let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(0);
        let puts = proxy.take_traffic().calls.into_iter().filter(|call| call.contains(&put)).count();
        assert_eq!((keys(&account), puts), (right.clone(), 2), "{fault:?}");
    }
}

#[test]
fn keys_that_nobody_can_see_go_only_when_that_is_said_and_the_bundle_that_was_applied_mends_its_own() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let bucket = format!("{CLUSTER}-oidc");
    let lose = || account.call(&json!([["s3", "delete_object", {"Bucket": bucket, "Key": KEYS}]]));
    lose();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);

    // Another bundle may serve other keys than those that were there.
    lose();
    let next = story.create_all(Path::new(REQUESTS), GENERATION + 1, &[]);
    let apply = |flags: &[&str]| {
        let mut apply = story.executor_on(&next, "apply");
        Run::of(with_credentials(&mut apply, emulator.address()).args(flags))
    };
    let refused = apply(&["--yes"]).exits(4).says("keys.json, which is missing").says("--retire-live-key");
    let _ = refused.shows("A LIVE KEY GOES");
    let _ = apply(&["--yes", "--retire-live-key"]).exits(0);

    // Nor can anybody see what is served where the other document leads elsewhere.
    let key = ".well-known/openid-configuration";
    let there = account.dump()["buckets"][&bucket]["objects"][key]["body"].as_str().unwrap().to_owned();
    let elsewhere = there.replace("/keys.json", "/other.json");
    assert_ne!(there, elsewhere);
    account.call(&json!([["s3", "put_object",
        {"Bucket": bucket, "Key": key, "Body": elsewhere, "ContentType": "application/json"}]]));
    let _ = apply(&["--yes"]).exits(4).says("whatever keys https://").says("/other.json serves");
    let _ = apply(&["--yes", "--retire-live-key"]).exits(0);
}
