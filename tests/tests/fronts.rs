//! Distributions that were there before: ccoctl's, two of one bucket's, and one without the cluster's tag.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use sts_tests::account::Account;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION, with_credentials};
use sts_tests::private_ccoctl::{self as ccoctl, IDENTITY};
use sts_tests::programs::{Run, command, program, unwrapped};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const NO_FLAGS: [&str; 0] = [];

fn private() -> Handoff {
    Handoff::of(Path::new(ONE_REQUEST), &["--create-private-s3-bucket"])
}

fn everything(account: &Account) -> (Value, Value) {
    (account.dump(), account.fronts())
}

/// Deletes the cluster by its name.
fn delete_by_name(story: &Handoff, at: std::net::SocketAddr) -> Run {
    let mut delete = command(&program("sts-executor"));
    delete.current_dir(story.path("")).env("HOME", story.path(""));
    delete.args(["delete", "--name", CLUSTER, "--region", REGION, "--yes"]);
    Run::of(with_credentials(&mut delete, at))
}

/// Whom the bucket's policy lets in, statement by statement.
fn let_in(account: &Account) -> Vec<&'static str> {
    let dump = account.dump();
    let statements = dump["buckets"]["harbour-oidc"]["policy"]["Statement"].as_array().unwrap().clone();
    let who = |statement: &Value| {
        if statement["Principal"].to_string().contains(IDENTITY) { "identity" } else { "control" }
    };
    statements.iter().map(who).collect()
}

#[test]
fn taking_over_ccoctls_private_cluster_never_shuts_its_distribution_out() {
    let emulator = Emulator::start_slow(3);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = everything(&account);
    let _ = ccoctl::make(&account, &ccoctl::tags());
    let story = private();
    let planned = story.run(at, "plan", &NO_FLAGS).exits(0).stdout;
    let planned = unwrapped(&planned);
    for words in ["EHARBOUR, as ccoctl made it", "the issuer can be read all the while"] {
        assert!(planned.contains(words), "{words}: {planned}");
    }

    let proxy = Proxy::start(at, Duration::ZERO, Vec::new());
    let flags = |limit| ["--yes", "--retire-live-key", "--deployment-timeout", limit];
    let _ = story.run(proxy.address(), "apply", &flags("0")).exits(6).says("still on its way");
    let calls = proxy.take_traffic().calls;
    let place = |what: &str, of: &str| {
        let found = calls.iter().position(|call| call.starts_with(what) && call.contains(of));
        found.unwrap_or_else(|| panic!("{what}, {of}: {calls:#?}"))
    };
    let policy = place("PUT /harbour-oidc", "?policy");
    let front = place("PUT /2020-05-31/distribution/", "/config");
    assert!(policy < front, "the new right comes before it is used: {calls:#?}");
    assert_eq!(let_in(&account), ["identity", "control"], "cut before the change was everywhere");

    let _ = story.run(at, "apply", &flags("60")).exits(0);
    assert_eq!(let_in(&account), ["control"]);
    let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);

    let proxy = Proxy::start(at, Duration::ZERO, Vec::new());
    let told = story.run(proxy.address(), "delete", &NO_FLAGS).exits(4).stdout;
    let told = unwrapped(&told);
    assert!(told.contains("identity EHARBOUR, which ccoctl made"), "{told}");
    let _ = story.run(proxy.address(), "delete", &["--yes"]).exits(0);
    assert_eq!(everything(&account), before);
    let calls = proxy.take_traffic().calls;
    let gone = calls.iter().any(|call| call.starts_with("DELETE") && call.contains("/EHARBOUR"));
    assert!(gone, "the identity went with it: {calls:#?}");
}

#[test]
fn an_identity_that_ccoctl_made_goes_wherever_the_delete_before_was_cut() {
    let identity = "DELETE /2020-05-31/origin-access-identity/cloudfront/EHARBOUR";
    for was_taken_over in [false, true] {
        for cut in ["DELETE /2020-05-31/distribution/", identity] {
            let emulator = Emulator::start_slow(0);
            let (at, account) = (emulator.address(), handoff::account(&emulator));
            let before = everything(&account);
            let _ = ccoctl::make(&account, &ccoctl::tags());
            let story = private();
            if was_taken_over {
                let _ = story.run(at, "apply", &["--yes", "--retire-live-key"]).exits(0);
            }
            let rules = vec![(When::FirstHolds(cut.into()), Fault::Denied)];
            let proxy = Proxy::start(at, Duration::ZERO, rules);
            let _ = delete_by_name(&story, proxy.address()).exits(6);
            let first = proxy.take_traffic().calls;
            let _ = delete_by_name(&story, proxy.address()).exits(0);
            let second = proxy.take_traffic().calls;
            let calls = first.iter().chain(&second).filter(|call| call.starts_with(identity)).count();
            // Once it was refused, and once it was not.
            assert_eq!(calls, if cut == identity { 2 } else { 1 }, "{was_taken_over} {cut}: {second:#?}");
            assert_eq!(everything(&account), before, "{was_taken_over} {cut}");
        }
    }
}

#[test]
fn two_distributions_of_the_clusters_are_told_of_and_go_together() {
    let emulator = Emulator::start_slow(1);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = everything(&account);
    let first = ccoctl::make(&account, &ccoctl::tags());
    account.call(&json!([[
        "cloudfront",
        "create_distribution_with_tags",
        ccoctl::distribution("again", &ccoctl::tags()),
    ]]));
    let ids: Vec<String> = account.fronts()["distributions"].as_object().unwrap().keys().cloned().collect();
    assert!(ids.len() == 2 && ids.contains(&first), "{ids:?}");
    let story = private();
    let run = delete_by_name(&story, at).exits(0);
    let told: Value =
        serde_json::from_str(&std::fs::read_to_string(story.path("harbour-delete-receipt.json")).unwrap())
            .unwrap();
    let notes = told["notes"].to_string();
    assert!(ids.iter().all(|id| notes.contains(id.as_str())) && notes.contains("all of them go"), "{notes}");
    assert_eq!(everything(&account), before, "{}", run.stderr);
}

#[test]
fn an_apply_that_two_distributions_of_the_clusters_wait_for_is_not_begun_until_one_is_left() {
    let emulator = Emulator::start_slow(1);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = everything(&account);
    let used = ccoctl::make(&account, &ccoctl::tags());
    account.call(&json!([[
        "cloudfront",
        "create_distribution_with_tags",
        ccoctl::distribution("again", &ccoctl::tags()),
    ]]));
    let fronts = account.fronts()["distributions"].as_object().unwrap().clone();
    let other = fronts.keys().find(|id| **id != used).unwrap();
    let made = everything(&account);
    let story = private();
    for (command, flags) in [("plan", NO_FLAGS.as_slice()), ("apply", &["--yes", "--retire-live-key"])] {
        let run = story.run(at, command, flags).exits(1).says("nothing was changed");
        let run =
            run.says("Obstacle: 2 distributions").says("take the tag from the other").says(ccoctl::OWNERSHIP);
        for (id, front) in &fronts {
            let host = front["domain"].as_str().unwrap();
            assert!(run.stderr.contains(&format!("{id} ({host})")), "{command}: {}", run.stderr);
        }
        assert_eq!(everything(&account), made, "{command}");
    }
    let plan = story.run(at, "plan", &["--format", "json"]).exits(1).stdout;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let obstacle = plan["obstacles"][0].as_str().unwrap();
    assert!(obstacle.contains(&used) && obstacle.contains(other.as_str()), "{obstacle}");
    let status = story.run(at, "status", &NO_FLAGS).exits(0).stdout;
    assert!(unwrapped(&status).contains("OBSTACLE: 2 distributions"), "{status}");

    let arn = format!("arn:aws:cloudfront::123456789012:distribution/{other}");
    let untag = json!({"Resource": arn, "TagKeys": {"Items": [ccoctl::OWNERSHIP]}});
    account.call(&json!([["cloudfront", "untag_resource", untag]]));
    let _ = story.run(at, "apply", &["--yes", "--retire-live-key"]).exits(0);
    let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);

    // With the tag again, the cluster's account is in step, and still two could be its issuer; a delete takes both.
    let tag = json!({"Resource": arn, "Tags": {"Items": ccoctl::tags()}});
    account.call(&json!([["cloudfront", "tag_resource", tag]]));
    let applied = everything(&account);
    let again = story.run(at, "apply", &["--yes", "--retire-live-key"]).exits(1);
    let _ = again.says("Obstacle: 2 distributions");
    assert_eq!(everything(&account), applied);
    let told = unwrapped(&story.run(at, "delete", &NO_FLAGS).exits(4).stdout);
    assert!(told.contains("is several distributions") && told.contains("all of them go"), "{told}");
    let _ = story.run(at, "delete", &["--yes"]).exits(0);
    assert_eq!(everything(&account), before);
}

#[test]
fn a_delete_that_takes_one_of_two_distributions_does_not_end_well_and_the_next_takes_the_other() {
    let emulator = Emulator::start_slow(1);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = everything(&account);
    let first = ccoctl::make(&account, &ccoctl::tags());
    account.call(&json!([[
        "cloudfront",
        "create_distribution_with_tags",
        ccoctl::distribution("again", &ccoctl::tags()),
    ]]));
    let fronts = account.fronts()["distributions"].as_object().unwrap().clone();
    let last = fronts.keys().max().unwrap();
    assert!(fronts.len() == 2 && fronts.contains_key(&first));
    let story = private();
    let rules = vec![(When::FirstHolds(format!("DELETE /2020-05-31/distribution/{last}")), Fault::Denied)];
    let proxy = Proxy::start(at, Duration::ZERO, rules);
    let _ = delete_by_name(&story, proxy.address()).exits(6);
    let left = account.fronts()["distributions"].as_object().unwrap().clone();
    assert!(left.len() == 1 && left.contains_key(last), "{left:?}");
    let _ = delete_by_name(&story, at).exits(0);
    assert_eq!(everything(&account), before);
}

#[test]
fn a_bucket_is_not_freed_under_a_living_distribution_of_ccoctls_without_its_tag() {
    let emulator = Emulator::start_slow(0);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = everything(&account);
    let id = ccoctl::make(&account, &json!([{"Key": "Name", "Value": CLUSTER}]));
    let made = everything(&account);
    let story = private();
    let refused = delete_by_name(&story, at).exits(5).says(&id);
    let _ = refused.says("aws cloudfront tag-resource");
    assert_eq!(everything(&account), made, "nothing was deleted");

    let arn = format!("arn:aws:cloudfront::123456789012:distribution/{id}");
    account
        .call(&json!([["cloudfront", "tag_resource", {"Resource": arn, "Tags": {"Items": ccoctl::tags()}}]]));
    let _ = delete_by_name(&story, at).exits(0);
    assert_eq!(everything(&account), before);
}

#[test]
fn a_distribution_that_serves_something_else_besides_is_drift_and_is_mended() {
    let emulator = Emulator::start_slow(1);
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let story = private();
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let host = |bucket: &str| format!("{bucket}.s3.{REGION}.amazonaws.com");
    let origin = |id: &str, bucket: &str, path: &str| {
        let no_identity = json!({"OriginAccessIdentity": ""});
        json!({"Id": id, "DomainName": host(bucket), "OriginPath": path, "S3OriginConfig": no_identity})
    };
    let behavior = json!({
        "PathPattern": "keys.json", "TargetOriginId": "theirs", "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": sts_schemas::resource::CACHING_DISABLED,
    });
    let own = origin("harbour-oidc", "harbour-oidc", "");
    let cases = [
        (json!({"CacheBehaviors": {"Quantity": 1, "Items": [behavior]}}), "other cache behaviors"),
        (
            json!({"Origins": {"Quantity": 2, "Items": [own, origin("theirs", "theirs", "")]}}),
            "other origins",
        ),
        // Theirs first, as it stands there by the name of the bucket that is looked for.
        (
            json!({"Origins": {"Quantity": 2, "Items": [origin("theirs", "theirs", ""), own]}}),
            "other origins",
        ),
        (
            json!({"Origins": {"Quantity": 1, "Items": [origin("harbour-oidc", "harbour-oidc", "/theirs")]}}),
            "origin path",
        ),
    ];
    for (members, words) in cases {
        account.redo_fronts("harbour-oidc", &members);
        for command in ["status", "plan"] {
            let run = story.run(at, command, &["--detailed-exitcode"]).exits(2);
            assert!(run.stdout.contains(words), "{command} says {words}: {}", run.stdout);
        }
        let _ = story.run(at, "apply", &["--yes"]).exits(0);
        let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);
    }

    // What the account's owner put before it stays, and is told.
    account.redo_fronts(
        "harbour-oidc",
        &json!({"WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/1"}),
    );
    for command in ["plan", "status"] {
        let run = story.run(at, command, &["--detailed-exitcode"]).exits(0);
        assert!(unwrapped(&run.stdout).contains("stands behind the web ACL arn:aws:wafv2"), "{}", run.stdout);
    }
}
