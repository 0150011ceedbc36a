//! Deleting by a name alone: where the tags lead, and what is said where nothing leads.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
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
            words.contains("Not looked for: roles and buckets of other names (--thorough does)"),
            "{words}"
        );
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
    let run = delete_by_name(&story, proxy.address(), REGION, &["--yes"]).exits(0).says("Nothing to do");
    let _ = run
        .says("may not look at provider/login.example.org: whether it is the cluster's is not known")
        .says("Not looked for: roles and buckets of other names");
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
    for run in [story.run(at, "delete", &["--yes"]), delete_by_name(&story, at, REGION, &["--yes"])] {
        let run =
            run.exits(1).says("AWS denies to show what may be the cluster's").says("bucket/harbour-oidc");
        let _ = run.says("`sts-executor permissions BUNDLE --for delete`");
    }
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
