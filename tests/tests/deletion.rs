//! Deleting what others made, filled and versioned, page by page.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION, with_credentials};
use sts_tests::programs::{Run, command, program, unwrapped};
use sts_tests::proxy::Proxy;

const BUCKET: &str = "harbour-oidc";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}"#;

fn tags() -> Value {
    json!([
        {"Key": format!("openshift.io/cloud-credential-operator/{CLUSTER}"), "Value": "owned"},
        {"Key": "Name", "Value": CLUSTER},
    ])
}

/// A cluster as another program might have left it, in a bucket with versioning.
fn foreign_cluster(emulator: &Emulator) {
    let tagging = format!("openshift.io%2Fcloud-credential-operator%2F{CLUSTER}=owned");
    let mut calls = vec![
        json!(["s3", "create_bucket", {"Bucket": BUCKET, "CreateBucketConfiguration": {"LocationConstraint": REGION}}]),
        json!(["s3", "put_bucket_tagging", {"Bucket": BUCKET, "Tagging": {"TagSet": tags()}}]),
        // This one is from before versioning: its version is called "null".
        json!(["s3", "put_object", {"Bucket": BUCKET, "Key": "keys.json", "Body": "0", "Tagging": tagging}]),
        json!(["s3", "put_bucket_versioning", {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}]),
        json!(["iam", "create_open_id_connect_provider",
            {"Url": format!("https://{BUCKET}.s3.{REGION}.amazonaws.com"), "ClientIDList": ["openshift"],
             "ThumbprintList": ["0".repeat(40)], "Tags": tags()}]),
    ];
    for body in ["1", "2", "3"] {
        for key in ["keys.json", ".well-known/openid-configuration"] {
            calls.push(
                json!(["s3", "put_object", {"Bucket": BUCKET, "Key": key, "Body": body, "Tagging": tagging}]),
            );
        }
    }
    // Hidden by a marker, as a delete in the console leaves it.
    calls.push(json!(["s3", "delete_object", {"Bucket": BUCKET, "Key": ".well-known/openid-configuration"}]));
    for role in ["harbour-one", "harbour-two", "harbour-three"] {
        calls.push(
            json!(["iam", "create_role", {"RoleName": role, "AssumeRolePolicyDocument": TRUST, "Tags": tags()}]),
        );
        for policy in ["first", "second", "third"] {
            calls.push(json!(["iam", "put_role_policy",
                {"RoleName": role, "PolicyName": policy, "PolicyDocument": POLICY}]));
            let arn = format!("arn:aws:iam::{}:policy/{policy}", Emulator::ACCOUNT);
            calls.push(json!(["iam", "attach_role_policy", {"RoleName": role, "PolicyArn": arn}]));
        }
    }
    handoff::account(emulator).call(&Value::Array(calls));
}

/// Bystanders, some with names like the cluster's, and managed policies that anybody may attach.
fn populated() -> Emulator {
    let emulator = handoff::inhabited();
    let policies = ["first", "second", "third"]
        .map(|name| json!(["iam", "create_policy", {"PolicyName": name, "PolicyDocument": POLICY}]));
    let mut calls = policies.to_vec();
    let other = json!([{"Key": "openshift.io/cloud-credential-operator/other", "Value": "owned"}]);
    calls.push(json!(["iam", "create_role",
        {"RoleName": "harbour-other-cluster", "AssumeRolePolicyDocument": TRUST, "Tags": other}]));
    handoff::account(&emulator).call(&Value::Array(calls));
    emulator
}

fn delete_by_name(story: &Handoff, at: SocketAddr, flags: &[&str]) -> Run {
    let mut executor = command(&program("sts-executor"));
    executor.current_dir(story.path("")).env("HOME", story.path(""));
    executor.args(["delete", "--name", CLUSTER, "--region", REGION]);
    Run::of(with_credentials(&mut executor, at).args(flags))
}

#[test]
fn a_cluster_of_anybodys_goes_by_its_tag_with_all_versions_policies_and_pages() {
    let emulator = populated();
    let account = handoff::account(&emulator);
    let before = account.dump();
    foreign_cluster(&emulator);
    let story = Handoff::prepare();
    let proxy = Proxy::in_pages_of(2, emulator.address());

    let _ = delete_by_name(&story, proxy.address(), &[]).exits(4).shows("delete role/harbour-two");
    let _ = delete_by_name(&story, proxy.address(), &["--yes"]).exits(0);
    let calls = proxy.take_traffic().calls;
    let pages = |of: &str| calls.iter().filter(|call| call.contains(of)).count();
    assert!(pages("Action=ListRoles") >= 2 * 3, "several pages of roles: {calls:#?}");
    assert!(pages("Action=ListAttachedRolePolicies") >= 2 * 3, "several pages of policies: {calls:#?}");
    assert!(pages("?versions&max-keys=2") >= 5, "several pages of versions: {calls:#?}");
    assert_eq!(account.dump(), before, "nothing of the cluster's is left, and nothing else is touched");
    let _ = delete_by_name(&story, proxy.address(), &["--yes"]).exits(0).says("Nothing to do");
}

#[test]
fn what_others_put_into_the_bucket_is_listed_and_goes_only_when_that_is_asked_for() {
    let emulator = populated();
    let account = handoff::account(&emulator);
    let before = account.dump();
    foreign_cluster(&emulator);
    let strange = |key: &str| json!(["s3", "put_object", {"Bucket": BUCKET, "Key": key, "Body": "mine"}]);
    let mut calls: Vec<_> =
        ["notes.txt", "notes.txt", "pictures/cat.png", "pictures/cat.png"].map(strange).into();
    calls.push(json!(["s3", "delete_object", {"Bucket": BUCKET, "Key": "pictures/cat.png"}]));
    account.call(&Value::Array(calls));
    let full = account.dump();
    let story = Handoff::prepare();
    let proxy = Proxy::in_pages_of(2, emulator.address());

    let _ = delete_by_name(&story, proxy.address(), &["--yes"])
        .exits(5)
        .says("notes.txt")
        .says("only as old versions or delete markers \"pictures/cat.png\"")
        .says("objects, old versions and delete markers: 5")
        .says("--force-bucket");
    assert_eq!(account.dump(), full, "nothing at all was deleted");
    let _ = delete_by_name(&story, proxy.address(), &["--force-bucket"])
        .exits(4)
        .shows("empty bucket/harbour-oidc")
        .shows("notes.txt\n")
        .shows("pictures/cat.png (only old versions or delete markers)\n");
    assert_eq!(account.dump(), full, "nothing was approved");
    let _ = delete_by_name(&story, proxy.address(), &["--force-bucket", "--yes"])
        .exits(0)
        .says("emptied bucket/harbour-oidc");
    assert_eq!(account.dump(), before);
}

#[test]
fn nothing_goes_that_came_or_changed_after_the_approval_and_what_moved_is_told() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let put =
        |key: &str, body: &str| json!(["s3", "put_object", {"Bucket": BUCKET, "Key": key, "Body": body}]);
    // More than a plan names: that which is not named counts too.
    let many: Vec<_> = (0..30).map(|n| put(&format!("many/{n:02}"), "mine")).collect();
    account.call(&Value::Array(many));
    let digest = || {
        let run = story.run(emulator.address(), "delete", &["--force-bucket", "--format", "json"]).exits(4);
        let proposal: Value = serde_json::from_str(&run.stdout).unwrap();
        proposal["digest"].as_str().unwrap().to_owned()
    };
    let first = digest();
    let plans = story.path(".local/state/sts-executor/plans");
    assert!(plans.join(format!("{first}.json")).is_file(), "the plan is remembered");
    let changes = [
        put("many/29", "changed"),
        put("new", "mine"),
        json!(["s3", "delete_object", {"Bucket": BUCKET, "Key": "many/25"}]),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let approved = digest();
        account.call(&json!([change]));
        let full = account.dump();
        let flags = ["--force-bucket", "--approve", &approved];
        let _ = story
            .run(emulator.address(), "delete", &flags)
            .exits(4)
            .says("what moved:\n  bucket/harbour-oidc: it holds other things than were seen then")
            .shows("all of them: aws s3api list-object-versions --bucket harbour-oidc");
        assert_eq!(account.dump(), full, "change {at}");
    }
    assert_ne!(first, digest());
    let flags = ["--force-bucket", "--approve", &digest()];
    let _ = story
        .run(emulator.address(), "delete", &flags)
        .exits(0)
        .says("Nothing of what was looked for is left");
    assert_eq!(account.dump(), json!({"buckets": {}, "providers": {}, "roles": {}}));
}

/// From the second list of all that lies in the bucket on, there is one thing more.
fn with_a_newcomer(call: &str, answer: &str) -> Option<String> {
    static LISTS: AtomicUsize = AtomicUsize::new(0);
    let is_listing = call.contains("?versions") && !call.contains("prefix=");
    // The plan and, behind the approval, the emptying.
    let late = is_listing && LISTS.fetch_add(1, Ordering::SeqCst) >= 1;
    let newcomer = "<Version><Key>new</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>\
                    <ETag>\"e\"</ETag><Size>1</Size></Version></ListVersionsResult>";
    late.then(|| answer.replace("</ListVersionsResult>", newcomer))
}

#[test]
fn nothing_is_emptied_where_something_came_after_the_plan() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    account.call(&json!([["s3", "put_object", {"Bucket": BUCKET, "Key": "old", "Body": "mine"}]]));
    let proxy = Proxy::editing(emulator.address(), with_a_newcomer);
    let _ = story
        .run(proxy.address(), "delete", &["--force-bucket", "--yes"])
        .exits(6)
        .says("somebody else changed it since this was planned");
    let left = account.dump();
    assert!(left["buckets"][BUCKET].to_string().contains("old"), "{left:#}");
}

#[test]
fn what_another_cluster_may_need_is_told() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let role = "harbour-example-backup-backup-credentials";
    let other = json!([{"Key": "openshift.io/cloud-credential-operator/other", "Value": "owned"}]);
    let policy = json!(["iam", "create_policy", {"PolicyName": "more", "PolicyDocument": POLICY}]);
    let arn = format!("arn:aws:iam::{}:policy/more", Emulator::ACCOUNT);
    let attach = json!(["iam", "attach_role_policy", {"RoleName": role, "PolicyArn": arn}]);
    account.call(&json!([["iam", "tag_role", {"RoleName": role, "Tags": other}], policy, attach]));
    let run = story.run(emulator.address(), "delete", &[] as &[&str]).exits(4);
    let words = unwrapped(&run.stdout);
    assert!(words.contains(&format!("role/{role} also bears the tag")), "{words}");
    assert!(words.contains(&format!("detaches, and leaves, the managed policies {arn}")), "{words}");
}

/// S3 encodes keys on request; the emulator sends them as they are, which XML has no form for.
fn with_encoded_keys(call: &str, answer: &str) -> Option<String> {
    let is_listing = call.contains("?versions") && call.contains("encoding-type=url");
    let encoded = answer.replace('\u{1b}', "%1B").replace("<Name>", "<EncodingType>url</EncodingType><Name>");
    is_listing.then_some(encoded)
}

#[test]
fn a_key_that_xml_has_no_form_for_is_shown_and_goes() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let put = |key: &str| json!(["s3", "put_object", {"Bucket": BUCKET, "Key": key, "Body": "mine"}]);
    account.call(&json!([put("red \u{1b}[31m"), put("plain")]));
    let proxy = Proxy::editing(emulator.address(), with_encoded_keys);
    let _ = story.run(proxy.address(), "delete", &["--yes"]).exits(5).says("\"red \\u{1b}[31m\"");
    let _ = story.run(proxy.address(), "plan", &[] as &[&str]).exits(0).shows("  . red \\u{1b}[31m\n");
    let _ = story.run(proxy.address(), "delete", &["--yes", "--force-bucket"]).exits(0);
    assert_eq!(account.dump(), json!({"buckets": {}, "providers": {}, "roles": {}}));
}

#[test]
fn more_versions_of_an_object_than_s3_lists_or_deletes_at_once_all_go() {
    const VERSIONS: usize = 1050;
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let on = json!({"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}});
    let put = json!(["s3", "put_object", {"Bucket": BUCKET, "Key": "keys.json", "Body": "{}"}]);
    let mut calls = vec![json!(["s3", "put_bucket_versioning", on])];
    calls.extend(std::iter::repeat_n(put, VERSIONS));
    account.call(&Value::Array(calls));
    let proxy = Proxy::start(emulator.address(), std::time::Duration::ZERO, Vec::new());
    let _ = story.run(proxy.address(), "delete", &["--yes"]).exits(0);
    let calls = proxy.take_traffic().calls;
    let count = |of: &dyn Fn(&str) -> bool| calls.iter().filter(|call| of(call)).count();
    let pages = count(&|call| call.contains("?versions") && call.contains("prefix=keys.json"));
    assert!(pages >= 2, "two pages of versions: {calls:#?}");
    assert!(count(&|call| call.contains("?delete")) >= 2, "two calls to delete versions: {calls:#?}");
    assert_eq!(account.dump(), json!({"buckets": {}, "providers": {}, "roles": {}}));
}

#[test]
fn what_lost_its_tag_is_not_the_clusters_any_more_and_stays() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let role = "harbour-example-backup-backup-credentials";
    let tag = format!("openshift.io/cloud-credential-operator/{CLUSTER}");
    account.call(&json!([["iam", "untag_role", {"RoleName": role, "TagKeys": [tag]}]]));
    let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0).says(role).says("it lacks the tag");
    let left = account.dump();
    assert_eq!(left["roles"].as_object().unwrap().keys().collect::<Vec<_>>(), [role]);
    assert_eq!((&left["buckets"], &left["providers"]), (&json!({}), &json!({})));
}
