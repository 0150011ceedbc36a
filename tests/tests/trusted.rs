//! Trust, proven end to end: tokens of the cluster's, checked by libraries nobody here wrote against the
//! documents as the account serves them.

use serde_json::{Value, json};
use sts_tests::crossing::{ACCOUNT, AUTHOR, Crossing};
use sts_tests::emulator::Emulator;
use sts_tests::{handoff, tokens};

/// What became of each case, with tokens of the cluster's: see `trust.py`.
fn tried(story: &Crossing, emulator: &Emulator, cases: &Value) -> Value {
    tokens::tried(&story.path(AUTHOR, "out/serviceaccount-signer.private"), emulator, cases)
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
