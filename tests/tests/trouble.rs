//! Accounts that are not as they should be, and calls that fail.

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const BACKUP: &str = "harbour-example-backup-backup-credentials";
const INGRESS: &str = "harbour-example-ingress-dns-credentials";

#[test]
fn a_role_of_somebody_elses_at_our_address_stops_everything() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    account.call(&json!([["iam", "create_role", {"RoleName": BACKUP, "AssumeRolePolicyDocument": trust}]]));
    let before = account.dump();
    let story = Handoff::prepare();
    let run = story.run(emulator.address(), "apply", &["--yes"]).exits(5);
    let words = format!("{}{}", run.stdout, run.stderr);
    assert!(words.contains(BACKUP), "the message names the role:\n{words}");
    assert_eq!(account.dump(), before);
}

#[test]
fn every_drift_shows_in_the_plan_by_name_and_is_repaired() {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let applied = account.dump();
    let bucket = format!("{CLUSTER}-oidc");
    let provider = format!("arn:aws:iam::123456789012:oidc-provider/{bucket}.s3.{REGION}.amazonaws.com");
    let owner = format!("openshift.io/cloud-credential-operator/{CLUSTER}");
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let open = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let drifts = [
        (
            "trust policy",
            json!([["iam", "update_assume_role_policy", {"RoleName": BACKUP, "PolicyDocument": open}]]),
        ),
        (
            "inline policy",
            json!([["iam", "put_role_policy",
                {"RoleName": INGRESS, "PolicyName": INGRESS, "PolicyDocument": all}]]),
        ),
        (
            "inline policy smuggled",
            json!([["iam", "put_role_policy",
                {"RoleName": INGRESS, "PolicyName": "smuggled", "PolicyDocument": all}]]),
        ),
        ("description", json!([["iam", "update_role", {"RoleName": BACKUP, "Description": "changed"}]])),
        ("tag Name", json!([["iam", "untag_role", {"RoleName": BACKUP, "TagKeys": ["Name"]}]])),
        // Client ids would be next, but the emulator has no call to change those of a provider that exists.
        (
            "tag Name",
            json!([["iam", "untag_open_id_connect_provider",
                {"OpenIDConnectProviderArn": provider, "TagKeys": ["Name"]}]]),
        ),
        (
            "tag Name",
            json!([["s3", "put_bucket_tagging",
                {"Bucket": bucket, "Tagging": {"TagSet": [{"Key": owner, "Value": "owned"}]}}]]),
        ),
        ("public access block", json!([["s3", "delete_public_access_block", {"Bucket": bucket}]])),
        ("bucket policy", json!([["s3", "delete_bucket_policy", {"Bucket": bucket}]])),
        (
            "content",
            json!([["s3", "put_object", {"Bucket": bucket, "Key": "keys.json", "Body": r#"{"keys":[]}"#,
                "ContentType": "application/json", "Tagging": format!("{owner}=owned&Name={CLUSTER}")}]]),
        ),
    ];
    for (setting, calls) in drifts {
        account.call(&calls);
        assert_ne!(account.dump(), applied, "{setting}: the drift took place");
        let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(2).shows(setting);
        let _ = story.run(at, "apply", &["--yes"]).exits(0);
        assert_eq!(account.dump(), applied, "{setting}: repaired");
    }
    let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(0);
}

#[test]
fn what_fails_in_the_middle_is_told_truly_and_finished_by_the_next_run() {
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::prepare();
    let denied = vec![(When::Holds("Action=CreateOpenIDConnectProvider".into()), Fault::Denied)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, denied);
    let receipt = story.path("receipt.json");
    let flags = ["--yes".as_ref(), "--receipt".as_ref(), receipt.as_os_str()];
    let run = story.run(proxy.address(), "apply", &flags).exits(6).says("CreateOpenIDConnectProvider");
    let hint = run.stderr.lines().last().unwrap();
    assert!(
        hint.starts_with("Hint: have whoever made the denial of iam:CreateOpenIDConnectProvider"),
        "{hint}"
    );
    assert!(hint.contains("`sts-executor permissions BUNDLE --for apply`"), "{hint}");

    let told: Value = serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    assert_eq!(told["complete"], false);
    let results: Vec<_> = told["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let kind = step["address"].as_str().unwrap().split('/').next().unwrap().to_owned();
            (kind, step["outcome"]["result"].as_str().unwrap().to_owned())
        })
        .collect();
    let all_of = |kind: &str, result: &str| results.iter().all(|(k, r)| k != kind || r == result);
    assert!(all_of("bucket", "done") && all_of("object", "done"), "{results:?}");
    assert!(all_of("provider", "failed") && all_of("role", "not-reached"), "{results:?}");
    let half = account.dump();
    assert_eq!(half["roles"], before["roles"], "what was not reached is not there");
    assert!(half["buckets"].get(format!("{CLUSTER}-oidc")).is_some(), "what was done is there");

    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let _ = story.run(emulator.address(), "plan", &["--detailed-exitcode"]).exits(0);
    let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
    assert_eq!(account.dump(), before);
}

#[test]
fn faults_that_pass_are_ridden_out() {
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let passing = vec![
        (When::Nth(2), Fault::Throttled),
        (When::Nth(4), Fault::Internal),
        (When::Nth(9), Fault::Reset),
        (When::Nth(15), Fault::AnswerLost),
        (When::Nth(20), Fault::AnswerLost),
    ];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, passing);
    let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(0);
    let calls = proxy.take_traffic().calls;
    assert!(calls.len() >= 20 + 4, "every fault befell a call, and one more was made for most: {calls:#?}");
    let _ = story.run(emulator.address(), "plan", &["--detailed-exitcode"]).exits(0);
    assert_eq!(account.dump()["roles"].as_object().unwrap().len(), 7 + 2);
}

#[test]
fn the_advice_at_the_end_is_for_what_went_wrong() {
    let emulator = Emulator::start();
    let story = Handoff::prepare();
    for (fault, words) in [
        (Fault::Expired, "log in again where they expired; then run the command again"),
        (
            Fault::QuotaUsedUp,
            "ask AWS to raise the quota, or remove what the account no longer needs; then run",
        ),
    ] {
        let rules = vec![(When::Holds("Action=CreateRole".into()), fault)];
        let proxy = Proxy::start(emulator.address(), Duration::ZERO, rules);
        let run = story.run(proxy.address(), "apply", &["--yes"]).exits(6).says(words);
        assert!(!run.stderr.contains("sts-executor permissions"), "{}", run.stderr);
    }
}

#[test]
fn a_role_in_an_instance_profile_is_told_with_the_way_out() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    account.call(&json!([
        ["iam", "create_instance_profile", {"InstanceProfileName": "lent"}],
        ["iam", "add_role_to_instance_profile", {"InstanceProfileName": "lent", "RoleName": BACKUP}],
    ]));
    let lent = account.dump();
    let out = format!("aws iam remove-role-from-instance-profile --role-name {BACKUP}");
    let run = story.run(emulator.address(), "delete", &["--yes"]).exits(5);
    let _ = run.says(&format!("role/{BACKUP} is in lent")).says(&out);
    assert_eq!(account.dump(), lent, "nothing was deleted");

    // Somebody who lends it after the plan is told of by the failure itself.
    let unseen = Proxy::editing(emulator.address(), |call, body| {
        let (head, rest) = body.split_once("<InstanceProfiles>")?;
        let (_, tail) = rest.rsplit_once("</InstanceProfiles>")?;
        call.contains("ListInstanceProfilesForRole").then(|| format!("{head}<InstanceProfiles/>{tail}"))
    });
    let run = story.run(unseen.address(), "delete", &["--yes"]).exits(6);
    let _ = run.says(&out).says("Hint: take it out of whatever uses it; then run the command again");
    account.call(&json!([["iam", "remove_role_from_instance_profile",
        {"InstanceProfileName": "lent", "RoleName": BACKUP}]]));
    let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
}

#[test]
fn what_stands_before_a_bucket_is_made_once_though_the_answer_was_lost() {
    // The second emulator lets two access controls have one name, which is what such a retry left on AWS's like.
    for emulator in [Emulator::start_guarded(), Emulator::start()] {
        let account = handoff::account(&emulator);
        let before = account.fronts();
        let story = Handoff::of(Path::new(ONE_REQUEST), &["--create-private-s3-bucket"]);
        for call in ["POST /2020-05-31/origin-access-control", "POST /2020-05-31/distribution"] {
            let rules = vec![(When::FirstHolds(call.into()), Fault::AnswerLost)];
            let proxy = Proxy::start(emulator.address(), Duration::ZERO, rules);
            let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(0);
            let again = |line: &str| line.starts_with(call);
            assert_eq!(proxy.take_traffic().calls.iter().filter(|line| again(line)).count(), 2, "{call}");
            let _ = story.run(emulator.address(), "plan", &["--detailed-exitcode"]).exits(0);
            let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
            assert_eq!(account.fronts(), before, "{call}");
        }
    }
}
