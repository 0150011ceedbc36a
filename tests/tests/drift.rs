//! `status` compares everything, whatever else stands in the way of bringing it in step.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, GENERATION, Handoff, with_credentials};
use sts_tests::programs::{Run, unwrapped};

const FOREIGN: &str = "harbour-example-backup-backup-credentials";
const DRIFTED: &str = "harbour-example-ingress-dns-credentials";
const ANY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn standings(story: &Handoff, emulator: &Emulator) -> Value {
    let json = story.run(emulator.address(), "status", &["--format", "json", "--detailed-exitcode"]).exits(2);
    serde_json::from_str(&json.stdout).unwrap()
}

#[test]
fn one_foreign_resource_blinds_nobody_to_what_drifted_beside_it() {
    let emulator = Emulator::start();
    let at = emulator.address();
    let story = Handoff::prepare();
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let tag = format!("openshift.io/cloud-credential-operator/{CLUSTER}");
    handoff::account(&emulator).call(&json!([
        ["iam", "untag_role", {"RoleName": FOREIGN, "TagKeys": [tag]}],
        ["iam", "put_role_policy", {"RoleName": DRIFTED, "PolicyName": "smuggled", "PolicyDocument": ANY}],
    ]));
    let text = story.run(at, "status", &["--detailed-exitcode"]).exits(2);
    let _ = text.shows(&format!("foreign role/{FOREIGN}\n")).shows(&format!("drifted role/{DRIFTED}\n"));
    let status = standings(&story, &emulator);
    let of = |standing: &str| {
        let addresses = status["addresses"].as_object().unwrap();
        addresses.values().filter(|one| one["standing"] == standing).count()
    };
    let all = status["addresses"].as_object().unwrap().len();
    assert_eq!((of("foreign"), of("drifted"), of("in-step")), (1, 1, all - 2));
    let plan = story.run(at, "plan", &[] as &[&str]).exits(5);
    let words = unwrapped(&plan.stdout);
    assert!(
        words.contains(&format!("Held up behind what is not the cluster's: update role/{DRIFTED}.")),
        "{words}"
    );
}

#[test]
fn a_gate_opens_once_every_component_has_what_it_wants_though_an_older_role_is_left() {
    let emulator = Emulator::start();
    let at = emulator.address();
    let story = Handoff::prepare();
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let one = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request"));
    let next = story.create_all(one, GENERATION + 5, &[]);
    let run = |command: &str, flags: &[&str]| {
        let mut executor = story.executor_on(&next, command);
        Run::of(with_credentials(&mut executor, at).args(flags))
    };
    let json = |run: Run| serde_json::from_str::<Value>(&run.stdout).unwrap();
    // That another bundle was applied last is nothing to a component.
    let marked = run("status", &["--gate"]).exits(0);
    let words = unwrapped(&marked.stdout);
    assert!(words.contains("sts-handoff/generation"), "{words}");
    assert!(words.contains("What drifted only describes and marks."), "{words}");
    let role = format!("{CLUSTER}-example-backup-backup-credentials");
    handoff::account(&emulator)
        .call(&json!([["iam", "delete_role_policy", {"RoleName": role, "PolicyName": role}]]));
    let before = json(run("status", &["--gate", "--format", "json"]).exits(2));
    assert_eq!((&before["provides"], &before["in_step"]), (&json!(false), &json!(false)));
    let _ = run("apply", &["--yes"]).exits(0);
    let after = json(run("status", &["--gate", "--format", "json"]).exits(0));
    assert_eq!((&after["provides"], &after["in_step"]), (&json!(true), &json!(false)));
    let text = run("status", &["--detailed-exitcode"]).exits(2);
    let _ = text.shows("All that components need is there. What is orphaned stays until --prune.\n");
    let _ = run("status", &["--gate", "--detailed-exitcode"]).exits(64);
    handoff::account(&emulator)
        .call(&json!([["s3", "delete_object", {"Bucket": format!("{CLUSTER}-oidc"), "Key": "keys.json"}]]));
    let _ = run("status", &["--gate"]).exits(2);
}

#[test]
fn what_aws_cannot_change_has_drifted_and_the_rest_is_compared() {
    let emulator = Emulator::start();
    let at = emulator.address();
    let story = Handoff::prepare();
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let tags =
        json!([{"Key": format!("openshift.io/cloud-credential-operator/{CLUSTER}"), "Value": "owned"}]);
    handoff::account(&emulator).call(&json!([
        ["iam", "delete_role_policy", {"RoleName": FOREIGN, "PolicyName": FOREIGN}],
        ["iam", "delete_role", {"RoleName": FOREIGN}],
        ["iam", "create_role",
            {"RoleName": FOREIGN, "Path": "/old/", "AssumeRolePolicyDocument": TRUST, "Tags": tags}],
        ["iam", "update_role", {"RoleName": DRIFTED, "Description": "changed"}],
    ]));
    let text = story.run(at, "status", &["--detailed-exitcode"]).exits(2);
    let _ = text.shows(&format!("drifted role/{FOREIGN}\n")).shows(&format!("drifted role/{DRIFTED}\n"));
    let status = standings(&story, &emulator);
    assert_eq!(status["addresses"][format!("role/{FOREIGN}")]["changes"]["path"]["old"], "/old/");
    assert!(status["notes"][0].as_str().unwrap().contains("AWS cannot change this: the path of role/"));
    let _ = story.run(at, "plan", &[] as &[&str]).exits(1).says("AWS cannot change what differs");
}

#[test]
fn a_document_that_nobody_can_read_is_missed_and_put_back_and_its_media_type_is_nothing_to_a_component() {
    let emulator = Emulator::start();
    let at = emulator.address();
    let story = Handoff::prepare();
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let account = handoff::account(&emulator);
    let bucket = format!("{CLUSTER}-oidc");
    let keys = std::fs::read_to_string(story.path("out-eu-central-1-1700000000/03-keys.json")).unwrap();
    let tag = format!("openshift.io%2Fcloud-credential-operator%2F{CLUSTER}=owned&Name={CLUSTER}");
    let put = |how: &Value| {
        let mut parameters = json!({"Bucket": bucket, "Key": "keys.json", "Body": keys, "Tagging": tag});
        for (name, value) in how.as_object().unwrap() {
            parameters[name] = value.clone();
        }
        account.call(&json!([["s3", "put_object", parameters]]));
    };
    let json = "application/json";
    for (how, setting) in [
        (json!({"ContentType": json, "ServerSideEncryption": "aws:kms"}), "encryption"),
        (json!({"ContentType": json, "ContentEncoding": "gzip"}), "content encoding"),
    ] {
        put(&how);
        let _ = story.run(at, "status", &["--gate"]).exits(2).shows(setting);
        let _ = story.run(at, "apply", &["--yes"]).exits(0);
        let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);
    }
    put(&json!({"ContentType": "binary/octet-stream"}));
    let _ = story.run(at, "status", &["--gate"]).exits(0).shows("content type");
    let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(2);

    // The very bundle that was applied last knows which keys were served.
    account.call(&json!([["s3", "delete_object", {"Bucket": bucket, "Key": "keys.json"}]]));
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
}
