//! A CloudFront that takes its time, wants to hear what one has read, and has ccoctl's identities.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use sts_tests::account::{Account, distribution_before};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION, with_credentials};
use sts_tests::programs::{Run, command, program};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const CONTROL: &str = "DELETE /2020-05-31/origin-access-control/";
const PATIENCE: Duration = Duration::from_mins(1);

fn private() -> Handoff {
    Handoff::of(Path::new(ONE_REQUEST), &["--create-private-s3-bucket"])
}

fn everything(account: &Account) -> (Value, Value) {
    (account.dump(), account.fronts())
}

/// The id of the only distribution there is.
fn only_front(account: &Account) -> String {
    let fronts = account.fronts()["distributions"].as_object().unwrap().clone();
    assert_eq!(fronts.len(), 1, "{fronts:?}");
    fronts.keys().next().unwrap().clone()
}

#[test]
fn a_deployment_is_waited_for_before_all_eyes_up_to_its_limit_and_the_next_run_waits_on() {
    let emulator = Emulator::start_slow(4);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = everything(&account);
    let story = private();
    let receipt = story.path("receipt.json");
    let told = || serde_json::from_str::<Value>(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    let flags = |limit| ["--yes", "--receipt", receipt.to_str().unwrap(), "--deployment-timeout", limit];

    let stopped = story.run(at, "apply", &flags("0")).exits(6);
    let stopped = stopped.says("still on its way after 0 seconds; run this again later");
    assert!(
        stopped.stdout.contains("not reached  create provider/(known after apply)"),
        "{}",
        stopped.stdout
    );
    let half = told();
    assert_eq!((&half["complete"], &half["issuer"]), (&json!(false), &Value::Null));
    let step = |step: &&Value| step["address"] == "provider/(known after apply)";
    let provider = half["steps"].as_array().unwrap().iter().find(step).unwrap();
    assert_eq!(provider["outcome"]["result"], "not-reached");
    assert!(!half.to_string().contains("known-after-apply"), "{half}");
    let front = only_front(&account);
    let waited = story.run(at, "apply", &flags("60")).exits(0);
    let _ = waited.says("waiting for distribution/harbour-oidc to be deployed, 0 s so far");
    assert_eq!(told()["complete"], true);
    assert_eq!(only_front(&account), front, "the one that was begun was finished");
    let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);

    let _ = story.run(at, "delete", &flags("0")).exits(6).says("still on its way");
    assert_eq!(account.fronts()["distributions"][&front]["enabled"], false);
    let _ = story.run(at, "delete", &flags("60")).exits(0).says("waiting for distribution/harbour-oidc");
    assert_eq!(everything(&account), before);
}

#[test]
fn a_run_killed_while_it_waits_is_taken_up_by_the_next() {
    let emulator = Emulator::start_slow(4);
    let account = handoff::account(&emulator);
    let before = everything(&account);
    let story = private();
    for task in ["apply", "delete"] {
        let proxy = Proxy::start(emulator.address(), Duration::ZERO, Vec::new());
        let mut command = story.executor(task);
        with_credentials(&mut command, proxy.address()).arg("--yes");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        let waits =
            |call: &str| call.starts_with("GET /2020-05-31/distribution/") && !call.contains("/config");
        while !proxy.has_seen_one(waits) {
            assert!(begun.elapsed() < PATIENCE, "{task}: the deployment was never asked for");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        let _ = child.wait().unwrap();
        let front = only_front(&account);
        let _ = story.run(emulator.address(), task, &["--yes"]).exits(0);
        if task == "apply" {
            assert_eq!(only_front(&account), front, "the one that was begun was finished");
        }
    }
    assert_eq!(everything(&account), before);
}

#[test]
fn who_is_overtaken_reads_again_and_who_always_is_says_so() {
    let emulator = Emulator::start_slow(0);
    let account = handoff::account(&emulator);
    let before = everything(&account);
    let story = private();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let always = vec![(When::Holds("PUT /2020-05-31/distribution/".into()), Fault::Overtaken)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, always);
    account.redo_fronts("harbour-oidc", &json!({"Comment": "changed"}));
    let _ =
        story.run(proxy.address(), "apply", &["--yes"]).exits(6).says("somebody changed it at the same time");
    let puts = |proxy: &Proxy| {
        let calls = proxy.take_traffic().calls;
        calls.iter().filter(|call| call.starts_with("PUT /2020-05-31/distribution/")).count()
    };
    assert_eq!(puts(&proxy), 4);

    let once = || {
        let calls = ["PUT /2020-05-31/distribution/", "DELETE /2020-05-31/distribution/", CONTROL];
        let rules = calls.map(|call| (When::FirstHolds(call.to_owned()), Fault::Overtaken));
        Proxy::start(emulator.address(), Duration::ZERO, rules.into())
    };
    let proxy = once();
    let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(0);
    assert_eq!(puts(&proxy), 2);
    let _ = story.run(emulator.address(), "status", &["--detailed-exitcode"]).exits(0);
    let proxy = once();
    let _ = story.run(proxy.address(), "delete", &["--yes"]).exits(0);
    let calls = proxy.take_traffic().calls;
    let twice = |what: &str| calls.iter().filter(|call| call.starts_with(what)).count() == 2;
    for what in ["PUT /2020-05-31/distribution/", "DELETE /2020-05-31/distribution/", CONTROL] {
        assert!(twice(what), "{what}: {calls:#?}");
    }
    assert_eq!(everything(&account), before);
}

#[test]
fn an_access_identity_of_somebody_elses_stays_and_the_plan_and_the_receipt_say_so() {
    let emulator = Emulator::start_slow(1);
    let account = handoff::account(&emulator);
    let tags =
        json!([{"Key": format!("openshift.io/cloud-credential-operator/{CLUSTER}"), "Value": "owned"}]);
    let identity = "origin-access-identity/cloudfront/EBYSTANDER";
    account.call(&json!([
        ["cloudfront", "create_cloud_front_origin_access_identity",
            {"CloudFrontOriginAccessIdentityConfig": {"CallerReference": "bystander", "Comment": "bystander"}}],
        ["cloudfront", "create_distribution_with_tags", distribution_before("harbour-oidc", identity, &tags)],
    ]));
    let story = private();
    let words = "EBYSTANDER, which distribution/harbour-oidc names, is not what ccoctl made for the cluster, and stays";
    let _ = story.run(emulator.address(), "delete", &["--yes", "--receipt", "receipt.json"]).exits(0);
    let told = std::fs::read_to_string(story.path("receipt.json")).unwrap();
    assert!(told.contains(words) && !told.contains("goes with it"), "{told}");
    account.call(&json!([["cloudfront", "get_cloud_front_origin_access_identity", {"Id": "EBYSTANDER"}]]));
}

#[test]
fn a_private_cluster_of_ccoctls_goes_with_its_access_identity() {
    let emulator = Emulator::start_slow(2);
    let account = handoff::account(&emulator);
    let before = everything(&account);
    let tags = json!([
        {"Key": format!("openshift.io/cloud-credential-operator/{CLUSTER}"), "Value": "owned"},
        {"Key": "Name", "Value": CLUSTER},
    ]);
    let identity = |name: &str| json!({"CloudFrontOriginAccessIdentityConfig": {"CallerReference": name, "Comment": name}});
    let origin = json!({
        "Id": "one", "DomainName": format!("harbour-oidc.s3.{REGION}.amazonaws.com"),
        "S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/EHARBOUR"},
    });
    account.call(&json!([
        ["cloudfront", "create_cloud_front_origin_access_identity", identity("harbour")],
        ["cloudfront", "create_cloud_front_origin_access_identity", identity("bystander")],
        ["s3", "create_bucket",
            {"Bucket": "harbour-oidc", "CreateBucketConfiguration": {"LocationConstraint": REGION}}],
        ["s3", "put_bucket_tagging", {"Bucket": "harbour-oidc", "Tagging": {"TagSet": tags}}],
        ["s3", "put_object", {"Bucket": "harbour-oidc", "Key": "keys.json", "Body": "{}"}],
        ["cloudfront", "create_distribution_with_tags", {"DistributionConfigWithTags": {
            "DistributionConfig": {
                "CallerReference": CLUSTER, "Comment": CLUSTER, "Enabled": true,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "one", "ViewerProtocolPolicy": "https-only",
                    "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                },
            },
            "Tags": {"Items": tags},
        }}],
    ]));
    let front = only_front(&account);
    let domain = account.fronts()["distributions"][&front]["domain"].as_str().unwrap().to_owned();
    account.call(&json!([["iam", "create_open_id_connect_provider", {
        "Url": format!("https://{domain}"), "ClientIDList": ["openshift"], "ThumbprintList": ["0".repeat(40)],
        "Tags": tags,
    }]]));
    let story = private();
    let proxy = Proxy::start(
        emulator.address(),
        Duration::ZERO,
        vec![(When::FirstHolds("DELETE /2020-05-31/origin-access-identity/".into()), Fault::Overtaken)],
    );
    let mut delete = command(&program("sts-executor"));
    delete.current_dir(story.path("")).env("HOME", story.path(""));
    delete.args(["delete", "--name", CLUSTER, "--region", REGION, "--yes"]);
    let run = Run::of(with_credentials(&mut delete, proxy.address())).exits(0);
    let _ = run.says("waiting for distribution/harbour-oidc to be disabled everywhere");
    let told = std::fs::read_to_string(story.path("harbour-delete-receipt.json")).unwrap();
    assert!(
        told.contains("EHARBOUR, which ccoctl made for distribution/harbour-oidc, goes with it"),
        "{told}"
    );
    assert_eq!(everything(&account), before);
    let calls = proxy.take_traffic().calls;
    let of_identities =
        |call: &&String| call.starts_with("DELETE") && call.contains("/origin-access-identity/");
    let deleted: Vec<_> = calls.iter().filter(of_identities).collect();
    assert_eq!(deleted.len(), 2, "read again after it had changed: {calls:#?}");
    assert!(deleted.iter().all(|call| call.contains("/EHARBOUR")), "no other: {deleted:?}");
    // Who is not there cannot be got.
    account.call(&json!([["cloudfront", "get_cloud_front_origin_access_identity", {"Id": "EBYSTANDER"}]]));
}
