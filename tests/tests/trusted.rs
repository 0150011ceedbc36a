//! Trust, proven end to end: tokens of the cluster's, checked by libraries nobody here wrote against the
//! documents as the account serves them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;
use sts_tests::crossing::{ACCOUNT, AUTHOR, Crossing};
use sts_tests::emulator::{Emulator, python};
use sts_tests::handoff::{self, REGION, with_credentials};
use sts_tests::programs::command;

/// What became of each case: see `trust.py`.
fn tried(story: &Crossing, emulator: &Emulator, cases: &Value) -> Value {
    let mut script = command(&python());
    let mut child = with_credentials(&mut script, emulator.address())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/trust.py"))
        .arg(story.path(AUTHOR, "out/serviceaccount-signer.private"))
        .arg(emulator.endpoint())
        .env("AWS_DEFAULT_REGION", REGION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(cases.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "trust.py failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_token_of_the_clusters_assumes_just_the_role_of_its_service_account() {
    let emulator = Emulator::start();
    let story = Crossing::of(&ACCOUNT);
    let receipt = story.apply(emulator.address());
    assert_eq!(receipt["complete"], true);

    let role = "harbour-example-ingress-dns-credentials";
    let other_role = "harbour-example-backup-backup-credentials";
    let right = "system:serviceaccount:example-ingress:ingress-names";
    let case = |subject: &str| json!({"role": role, "subject": subject, "audience": "openshift"});
    let with = |member: &str, value: Value| {
        let mut case = case(right);
        case[member] = value;
        case
    };
    let cases = json!({
        "the right service account": case(right),
        "the audience of STS": with("audience", json!("sts.amazonaws.com")),
        "another service account": case("system:serviceaccount:example-ingress:default"),
        "another namespace": case("system:serviceaccount:example-backup:ingress-names"),
        "another role": with("role", json!(other_role)),
        "another audience": with("audience", json!("kubernetes.default.svc")),
        "another issuer": with("issuer", json!("https://kubernetes.default.svc")),
        "another key": with("key", json!("another")),
        "too late": with("seconds", json!(-3600)),
    });
    let results = tried(&story, &emulator, &cases);
    for good in ["the right service account", "the audience of STS"] {
        let arn = results[good]["assumed"].as_str().unwrap_or_else(|| panic!("{good}: {results:#}"));
        assert_eq!(arn, format!("arn:aws:sts::123456789012:assumed-role/{role}/component"));
    }
    for (bad, why) in [
        ("another service account", "another sub"),
        ("another namespace", "another sub"),
        ("another role", "another sub"),
        ("another audience", "aud"),
        ("another issuer", "iss"),
        ("another key", "BadSignatureError"),
        ("too late", "ExpiredTokenError"),
    ] {
        let refused = results[bad]["refused"].as_str().unwrap_or_else(|| panic!("{bad}: {results:#}"));
        assert!(refused.contains(why), "{bad}: {refused}");
    }

    // Nobody but the bucket's policy lets AWS, which has no credentials here, read the documents.
    let account = handoff::account(&emulator);
    account.call(&json!([["s3", "delete_bucket_policy", {"Bucket": "harbour-oidc"}]]));
    let closed = tried(&story, &emulator, &json!({"closed": case(right)}));
    assert!(closed["closed"]["refused"].as_str().unwrap().contains("answers 403"), "{closed:#}");
}
