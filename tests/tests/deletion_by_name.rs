//! Deleting by a name alone: where the tags lead, and what is said where nothing leads.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use sts_tests::account::Account;
use sts_tests::emulator::Emulator;
use sts_tests::guard::Guard;
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION, with_credentials};
use sts_tests::programs::{Run, command, program, unwrapped};
use sts_tests::proxy::{Fault, Proxy, When};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");

fn delete_by_name(story: &Handoff, at: SocketAddr, region: &str, flags: &[&str]) -> Run {
    let mut executor = command(&program("sts-executor"));
    executor.current_dir(story.path("")).env("HOME", story.path(""));
    executor.args(["delete", "--name", CLUSTER, "--region", region]);
    Run::of(with_credentials(&mut executor, at).args(flags))
}

#[test]
fn the_tags_lead_to_a_path_in_a_shared_bucket_and_to_private_and_public_buckets_of_other_names() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let everything = || (account.dump(), account.fronts());
    let before = everything();
    for (hosting, doomed) in [
        (
            ["--bucket-name", "bystander-files", "--issuer-path", "clusters/harbour"].as_slice(),
            "delete object/bystander-files/clusters/harbour/keys.json",
        ),
        (
            &["--create-private-s3-bucket", "--bucket-name", "a-name-of-its-own"],
            "delete bucket/a-name-of-its-own",
        ),
        (&["--bucket-name", "a-name-of-its-own"], "delete bucket/a-name-of-its-own"),
    ] {
        let story = Handoff::of(Path::new(ONE_REQUEST), hosting);
        let _ = story.run(at, "apply", &["--yes"]).exits(0);
        assert_ne!(everything(), before);
        let asked = delete_by_name(&story, at, REGION, &[]).exits(4).shows(doomed);
        let words = unwrapped(&asked.stdout);
        assert!(
            words.contains("every role, provider, distribution and bucket. Not looked for: a path"),
            "{words}"
        );
        // The names alone and what they lead to are enough for these.
        let asked = delete_by_name(&story, at, REGION, &["--names-only"]).exits(4).shows(doomed);
        let words = unwrapped(&asked.stdout);
        assert!(words.contains("Not looked for: roles and buckets of other names, so that some"), "{words}");
        let _ = delete_by_name(&story, at, REGION, &["--yes"]).exits(0);
        assert_eq!(everything(), before, "{hosting:?}");
    }
}

#[test]
fn what_could_not_be_looked_at_is_said_and_another_regions_path_is_pointed_out() {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let shared = ["--bucket-name", "bystander-files", "--issuer-path", "clusters/harbour"];
    let story = Handoff::of(Path::new(ONE_REQUEST), &shared);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let words = unwrapped(&delete_by_name(&story, at, "eu-west-1", &[]).exits(4).stdout);
    assert!(words.contains("its documents are found with --region eu-central-1"), "{words}");
    let _ = delete_by_name(&story, at, REGION, &["--yes"]).exits(0);

    let denied = vec![(When::Holds("login.example.org".into()), Fault::Denied)];
    let proxy = Proxy::start(at, Duration::ZERO, denied);
    let run = delete_by_name(&story, proxy.address(), REGION, &["--yes"]).exits(1).says("Nothing to do");
    let _ = run
        .says("may not look at provider/login.example.org: whether it is the cluster's is not known")
        .says("nobody can say that nothing of harbour is left: 1 could not be looked at, provider/login.example.org");
    let run = delete_by_name(&story, proxy.address(), REGION, &["--yes", "--names-only"]).exits(0);
    let _ = run
        .says("may not look at provider/login.example.org: whether it is the cluster's is not known")
        .says("Not looked for: roles and buckets of other names");
}

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A role and a bucket that bear the cluster's tag, and whose names say nothing of it.
fn make_strays(account: &Account) {
    let tags =
        json!([{"Key": format!("openshift.io/cloud-credential-operator/{CLUSTER}"), "Value": "owned"}]);
    account.call(&json!([
        ["iam", "create_role", {"RoleName": "stray", "AssumeRolePolicyDocument": TRUST, "Tags": tags}],
        ["s3", "create_bucket",
            {"Bucket": "stray-files", "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}],
        ["s3", "put_bucket_tagging", {"Bucket": "stray-files", "Tagging": {"TagSet": tags}}],
    ]));
}

#[test]
fn what_bears_the_tag_goes_whatever_its_name_unless_names_alone_are_looked_at() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = account.dump();
    make_strays(&account);
    let strays = account.dump();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let run = delete_by_name(&story, at, REGION, &["--names-only", "--yes"]).exits(0);
    let _ = run.says("so that some may be left whatever the exit code (without --names-only they are)");
    assert_eq!(account.dump(), strays, "names lead to neither");
    let run = delete_by_name(&story, at, REGION, &["--yes"]).exits(0);
    let _ = run.says("deleted role/stray").says("deleted bucket/stray-files");
    assert_eq!(account.dump(), before);
}

#[test]
fn where_something_may_not_be_looked_at_the_rest_goes_and_the_exit_code_says_that_nobody_knows() {
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    for (call, hidden) in [
        ("Action=GetRole&Version=2010-05-08&RoleName=bystander", "role/bystander"),
        ("/bystander-files/?location", "bucket/bystander-files"),
        ("/bystander-files/?tagging", "bucket/bystander-files"),
    ] {
        let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
        make_strays(&account);
        let denied = vec![(When::Holds(call.to_owned()), Fault::Denied)];
        let proxy = Proxy::start(emulator.address(), Duration::ZERO, denied);
        let at = proxy.address();
        let run = delete_by_name(&story, at, REGION, &["--yes"]).exits(6).says("deleted role/stray");
        let words = unwrapped(&run.stderr);
        for said in [
            format!(
                "nobody can say that nothing of harbour is left: 1 could not be looked at, {hidden} among them"
            ),
            "--names-only looks only where names tell".to_owned(),
        ] {
            assert!(words.contains(&said), "{said}: {words}");
        }
        assert_eq!(account.dump(), before, "{call}");
        let receipt = std::fs::read_to_string(story.path("harbour-delete-receipt.json")).unwrap_or_default();
        let receipt: Value = serde_json::from_str(&receipt).unwrap_or_default();
        assert_eq!(receipt["complete"], false, "{receipt}");
        // What is left to say is said again, and by a look that sees all: nothing.
        let _ = delete_by_name(&story, at, REGION, &["--yes"]).exits(1).says("Nothing to do").says(hidden);
        let _ = delete_by_name(&story, emulator.address(), REGION, &["--yes"]).exits(0);
    }
    // A role that is the cluster's by its tag is read whole or not at all.
    make_strays(&account);
    let strays = account.dump();
    let denied = vec![(
        When::Holds("Action=ListRolePolicies&Version=2010-05-08&RoleName=stray".into()),
        Fault::Denied,
    )];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, denied);
    let run = delete_by_name(&story, proxy.address(), REGION, &["--yes"]).exits(1);
    let _ = run.says("iam:ListRolePolicies on role/stray failed");
    assert_eq!(account.dump(), strays, "nothing was deleted");
}

#[test]
fn looking_for_tags_needs_what_the_help_of_permissions_says_besides_and_no_less() {
    let emulator = Emulator::start_guarded();
    let (guard, account) = (Guard::of(emulator.address()), handoff::account(&emulator));
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let printed = Run::of(story.executor("permissions").args(["--for", "delete"])).exits(0).stdout;
    let besides = ["iam:GetRole", "s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetBucketTagging"];
    let policy = |left_out: &str| {
        let mut policy: Value = serde_json::from_str(&printed).unwrap_or_default();
        let actions: Vec<_> = besides.iter().filter(|action| **action != left_out).collect();
        let more = json!({"Sid": "Besides", "Effect": "Allow", "Action": actions, "Resource": ["*"]});
        policy["Statement"].as_array_mut().into_iter().for_each(|all| all.push(more.clone()));
        policy
    };
    let key = guard.user();
    let delete = |left_out: &str| {
        guard.free();
        let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
        guard.allow(&policy(left_out));
        let mut executor = command(&program("sts-executor"));
        executor.current_dir(story.path("")).env("HOME", story.path(""));
        executor.args(["delete", "--name", CLUSTER, "--region", REGION, "--yes"]);
        with_credentials(&mut executor, emulator.address());
        Run::of(executor.env("AWS_ACCESS_KEY_ID", &key.id).env("AWS_SECRET_ACCESS_KEY", &key.secret))
    };
    account.call(&json!([
        ["iam", "create_role", {"RoleName": "bystander", "AssumeRolePolicyDocument": TRUST}],
        ["s3", "create_bucket",
            {"Bucket": "bystander-files", "CreateBucketConfiguration": {"LocationConstraint": REGION}}],
    ]));
    let _ = delete("").exits(0);
    let _ = delete("iam:GetRole").exits(6).says("role/bystander");
    let _ = delete("s3:ListAllMyBuckets").exits(1).says("s3:ListAllMyBuckets");
    let _ = delete("s3:GetBucketLocation").exits(6).says("bucket/bystander-files");
    let _ = delete("s3:GetBucketTagging").exits(6).says("bucket/bystander-files");
}

#[test]
fn another_regions_name_deletes_nothing_even_where_only_the_provider_is_left() {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let bucket = format!("{CLUSTER}-oidc");
    let gone = |key: &str| json!(["s3", "delete_object", { "Bucket": bucket, "Key": key }]);
    handoff::account(&emulator).call(&json!([
        gone("keys.json"),
        gone(".well-known/openid-configuration"),
        ["s3", "delete_bucket", { "Bucket": bucket }],
    ]));
    let refused = delete_by_name(&story, at, "eu-west-1", &["--yes"]).exits(1);
    let _ = refused.says("is, or was, in eu-central-1, and eu-west-1 was named").says("nothing was deleted");
    let _ = delete_by_name(&story, at, REGION, &["--yes"]).exits(0).says("deleted provider/");
}

#[test]
fn a_bucket_that_s3_only_denies_is_never_taken_for_a_strangers() {
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let full = account.dump();
    // Denials without a word about why, as S3 gives them to other accounts' callers.
    let denying = |calls: &[&str]| {
        let rules = calls.iter().map(|call| (When::Holds((*call).to_owned()), Fault::Denied)).collect();
        Proxy::start(emulator.address(), Duration::ZERO, rules)
    };
    let veiled = denying(&["/harbour-oidc/?location", "x-id=ListBuckets"]);
    let at = veiled.address();
    let by_names = delete_by_name(&story, at, REGION, &["--yes", "--names-only"]);
    for run in [story.run(at, "delete", &["--yes"]), by_names] {
        let run =
            run.exits(1).says("AWS denies to show what may be the cluster's").says("bucket/harbour-oidc");
        let _ = run.says("`sts-executor permissions BUNDLE --for delete`");
    }
    let run = delete_by_name(&story, at, REGION, &["--yes"]).exits(1).says("s3:ListAllMyBuckets");
    let _ = run.says("--names-only looks only where names tell");
    let _ = story.run(at, "apply", &["--yes"]).exits(5).says("bucket/harbour-oidc");
    for call in ["/harbour-oidc/?location", "/harbour-oidc/?tagging"] {
        let proxy = denying(&[call]);
        let run = story.run(proxy.address(), "delete", &["--yes"]).exits(1);
        assert!(run.stderr.contains("on bucket/harbour-oidc failed"), "{call}: {}", run.stderr);
    }
    assert_eq!(account.dump(), full, "nothing was deleted");
}

#[test]
fn a_shared_bucket_that_is_not_there_shows_before_anything_is_written() {
    let emulator = handoff::inhabited();
    let (at, account) = (emulator.address(), handoff::account(&emulator));
    let before = account.dump();
    let story =
        Handoff::of(Path::new(ONE_REQUEST), &["--bucket-name", "not-made-yet", "--issuer-path", "harbour"]);
    let words =
        "the bundle wants the path harbour in the bucket not-made-yet, and there is no bucket of that name";
    let _ = story.run(at, "plan", &[] as &[&str]).exits(1).says("Obstacle: ").says(words);
    let _ = story.run(at, "apply", &["--yes"]).exits(1).says(words).says("nothing was changed");
    assert_eq!(account.dump(), before);
    let make: Value = json!([["s3", "create_bucket",
        {"Bucket": "not-made-yet", "CreateBucketConfiguration": {"LocationConstraint": REGION}}]]);
    account.call(&make);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
}
