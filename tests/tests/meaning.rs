//! Policies are compared by what they mean: however AWS gives one back, the same is no drift, and another is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, Handoff};
use sts_tests::proxy::Proxy;

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const ROLE: &str = "harbour-example-backup-backup-credentials";
const BUCKET: &str = "harbour-oidc";

static ENCODED: AtomicUsize = AtomicUsize::new(0);

/// Documents as IAM gives them back: percent-encoded, to the last sign that is no letter or digit.
fn percent_encoded(_: &str, answer: &str) -> Option<String> {
    if !answer.contains("PolicyDocument>") {
        return None;
    }
    let mut answer = answer.to_owned();
    for name in ["PolicyDocument", "AssumeRolePolicyDocument"] {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let Some((before, rest)) = answer.split_once(&open) else { continue };
        let Some((text, after)) = rest.split_once(&close) else { continue };
        let plain = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&amp;", "&");
        if !plain.trim_start().starts_with('{') {
            continue;
        }
        let encoded = plain.bytes().fold(String::new(), |mut out, byte| {
            let _ = if byte.is_ascii_alphanumeric() {
                write!(out, "{}", char::from(byte))
            } else {
                write!(out, "%{byte:02X}")
            };
            out
        });
        ENCODED.fetch_add(1, Ordering::SeqCst);
        answer = format!("{before}{open}{encoded}{close}{after}");
    }
    Some(answer)
}

/// The same list another way: backwards, with its first entry a second time.
fn shuffled(list: &mut Value) {
    let mut entries = list.as_array().unwrap().clone();
    entries.reverse();
    entries.push(entries[0].clone());
    *list = entries.into();
}

/// A list of one as that one.
fn bare(list: &mut Value) {
    assert_eq!(list.as_array().unwrap().len(), 1);
    *list = list[0].clone();
}

#[test]
fn the_same_policy_written_otherwise_is_no_drift_and_another_one_is() {
    let emulator = Emulator::start();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let role = account.dump()["roles"][ROLE].clone();
    let (mut inline, mut trust) = (role["inline"][ROLE].clone(), role["trust"].clone());
    let mut public = account.dump()["buckets"][BUCKET]["policy"].clone();
    for statement in inline["Statement"].as_array_mut().unwrap() {
        shuffled(&mut statement["Action"]);
    }
    inline["Statement"].as_array_mut().unwrap().reverse();
    let statement = &mut trust["Statement"][0];
    let subjects = statement["Condition"]["StringEquals"].as_object_mut().unwrap().values_mut();
    subjects.filter(|list| list.is_array()).for_each(shuffled);
    let whole = statement.clone();
    // A single statement may stand without its list.
    trust["Statement"] = whole;
    bare(&mut public["Statement"][0]["Action"]);
    bare(&mut public["Statement"][0]["Resource"]);
    public["Statement"][0]["Principal"] = json!({"AWS": "*"});
    let put = |inline: &Value| {
        account.call(&json!([
            ["iam", "put_role_policy",
                {"RoleName": ROLE, "PolicyName": ROLE, "PolicyDocument": inline.to_string()}],
            ["iam", "update_assume_role_policy", {"RoleName": ROLE, "PolicyDocument": trust.to_string()}],
            ["s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": public.to_string()}],
        ]));
    };
    put(&inline);
    assert_ne!(account.dump()["roles"][ROLE], role, "it is written otherwise");
    let proxy = Proxy::editing(at, percent_encoded);
    for at in [at, proxy.address()] {
        let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(0);
        let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);
    }
    assert!(ENCODED.load(Ordering::SeqCst) >= 2, "documents came percent-encoded");

    inline["Statement"][0]["Action"].as_array_mut().unwrap().push(json!("iam:CreateUser"));
    put(&inline);
    let run = story.run(proxy.address(), "plan", &["--detailed-exitcode"]).exits(2);
    let _ = run.shows("-         \"iam:CreateUser\"");
}
