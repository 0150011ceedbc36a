//! With a clock that runs on: what does not change keeps its generation, and what does is of a later one.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, NOW, PROGRAM, PROVIDER, REQUESTS, Ran, ran};
use std::fs;
use sts_schemas::layout;

/// Runs the program by the machine's own clock.
fn by_the_clock(author: &Author, args: &[&str]) -> Ran {
    ran(author.command(PROGRAM).env_remove("SOURCE_DATE_EPOCH").args(args))
}

fn create_all(author: &Author, requests: &str, flags: &[&str]) -> Ran {
    let mut args = vec!["create-all", "--credentials-requests-dir", requests, "--output-dir", "out"];
    args.extend(CLUSTER);
    args.extend(["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key"]);
    args.extend(flags);
    by_the_clock(author, &args)
}

fn create_bundle(author: &Author, flags: &[&str]) -> Ran {
    let args = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key"];
    by_the_clock(author, &[&args[..], flags].concat())
}

fn create_issuer(author: &Author, flags: &[&str]) -> Ran {
    let args = ["create-identity-provider", "--public-key-file", CLUSTER_KEY, "--output-dir", "out"];
    by_the_clock(author, &[&args[..], &CLUSTER, flags].concat())
}

fn generation(author: &Author, bundle: &Ran) -> u64 {
    author.verify(&bundle.stdout).manifest().generation
}

/// Moves the directory's generation a minute back, as if it had been made then, and bundles it anew.
fn a_minute_ago(author: &Author) -> Ran {
    let tag = fs::read_to_string(author.path("out/04-iam-identity-provider.json")).unwrap();
    let made: u64 = tag.split('"').find_map(|word| word.parse().ok().filter(|n| *n > NOW)).unwrap();
    let mut command = author.command(PROGRAM);
    command.env("SOURCE_DATE_EPOCH", (made - 60).to_string());
    ran(command.args(["create-bundle", "--output-dir", "out", "--signing-key", "author.key"])).exits(0)
}

#[test]
fn the_same_inputs_later_change_neither_the_directory_nor_the_bundle() {
    let author = Author::new();
    create_all(&author, REQUESTS, &[]).exits(0);
    let first = a_minute_ago(&author);
    let (before, bundles) = (author.tree("out"), author.tree("bundles"));
    let whole = create_all(&author, REQUESTS, &[]).exits(0);
    let whole = whole.says(&["0 files written, 0 changed, 0 removed", "is there already"]);
    create_issuer(&author, &[]).exits(0).says(&["0 files written, 0 changed"]);
    let packed = create_bundle(&author, &[]).exits(0).says(&["is there already"]);
    assert!(author.tree("out") == before && author.tree("bundles") == bundles, "something changed");
    assert_eq!((&whole.stdout, &packed.stdout), (&first.stdout, &first.stdout));

    // One that was carried away is made again, just so.
    let path = author.path(first.stdout.trim_end());
    fs::remove_file(&path).unwrap();
    assert_eq!(create_all(&author, REQUESTS, &[]).exits(0).stdout, first.stdout);
    assert!(author.tree("out") == before && author.tree("bundles") == bundles, "something changed");
}

#[test]
fn a_bundle_that_goes_elsewhere_is_the_same_until_a_file_is_edited() {
    let author = Author::new();
    create_all(&author, REQUESTS, &[]).exits(0);
    a_minute_ago(&author);
    let bytes = |run: &Ran| fs::read(author.path(run.stdout.trim_end())).unwrap();
    let (first, before) = (create_bundle(&author, &[]).exits(0), author.tree("out"));
    let elsewhere = ["--bundle-dir", "elsewhere"];
    for again in
        [create_bundle(&author, &elsewhere), create_all(&author, REQUESTS, &["--bundle-dir", "third"])]
    {
        assert!(bytes(&again.exits(0)) == bytes(&first) && author.tree("out") == before, "something changed");
    }
    let policy = "out/06-6-harbour-example-backup-backup-credentials-policy.json";
    author.edit(policy, "s3:PutObject", "s3:GetObject");
    let edited = create_bundle(&author, &["--bundle-dir", "fourth"]).exits(0);
    assert!(generation(&author, &edited) > generation(&author, &first));
    author.edit(policy, "s3:GetObject", "s3:PutObject");
    let back = create_bundle(&author, &["--bundle-dir", "fifth"]).exits(0);
    assert!(generation(&author, &back) > generation(&author, &edited));
}

#[test]
fn what_changes_is_said_and_is_of_a_later_generation_within_the_same_second_too() {
    let author = Author::new();
    author.copy_requests("requests");
    let first = create_all(&author, "requests", &[]).exits(0);
    author.edit("requests/10_block-storage.yaml", "ec2:AttachVolume", "ec2:DescribeVolumes");
    let second = create_all(&author, "requests", &[]).exits(0);
    let second =
        second.says(&["changed 04-iam-identity-provider.json", "changed 06-0-", "changed REVIEW.md"]);
    author.edit(
        "out/06-6-harbour-example-backup-backup-credentials-policy.json",
        "s3:PutObject",
        "s3:GetObject",
    );
    let third = create_bundle(&author, &[]).exits(0);
    let third = third.says(&["changed 04-iam-identity-provider.json, REVIEW.md, apply.sh (generation"]);
    // What create-all makes of it again is neither the second nor the third.
    let fourth = create_all(&author, "requests", &[]).exits(0);
    let [first, second, third, fourth] =
        [&first, &second, &third, &fourth].map(|bundle| generation(&author, bundle));
    assert!(first < second && second < third && third < fourth, "{first} {second} {third} {fourth}");
}

#[test]
fn a_time_that_is_told_is_taken_as_it_is() {
    let author = Author::new();
    create_all(&author, REQUESTS, &[]).exits(0);
    let told =
        author.create_all("out", &[]).exits(0).says(&["1 changed", "changed 04-iam-identity-provider"]);
    assert_eq!(generation(&author, &told), NOW);
    let fresh = author.create_all("fresh", &["--bundle-dir", "other"]).exits(0);
    assert_eq!(author.tree("out"), author.tree("fresh"));
    let bytes = |run: &Ran| fs::read(author.path(run.stdout.trim_end())).unwrap();
    assert!(bytes(&told) == bytes(&fresh), "the bundles differ");
}

#[test]
fn a_distribution_gets_the_same_generation_by_whatever_way_it_is_made() {
    let author = Author::new();
    let private = ["--create-private-s3-bucket"];
    create_issuer(&author, &private).exits(0);
    let arn = "arn:aws:iam::123456789012:oidc-provider/${issuer}";
    let roles = ["create-iam-roles", "--credentials-requests-dir", REQUESTS, "--identity-provider-arn", arn];
    author.run(&[&roles[..], &CLUSTER[..4], &["--output-dir", "out"]].concat()).exits(0);
    create_bundle(&author, &[]).exits(0);
    let before = author.tree("out");
    create_issuer(&author, &private).exits(0).says(&["0 files written, 0 changed"]);
    create_all(&author, REQUESTS, &private).exits(0).says(&["0 files written, 0 changed"]);
    assert_eq!(author.tree("out"), before);
}

#[test]
fn signatures_of_others_stay_and_one_of_ones_own_is_not_made_twice() {
    let author = Author::new();
    author.run(&["create-signing-key", "--output", "reviewer.key"]).exits(0);
    let first = create_all(&author, REQUESTS, &[]).exits(0).stdout;
    author.run(&["sign", first.trim_end(), "--signing-key", "reviewer.key"]).exits(0);
    let both = author.trust(&["author.key.pub", "reviewer.key.pub"], 2);
    let bundles = author.tree("bundles");
    assert_eq!(create_bundle(&author, &[]).exits(0).stdout, first);
    assert_eq!(create_bundle(&author, &["--bundle-dir", "bundles"]).exits(0).stdout, first);
    assert_eq!(author.tree("bundles"), bundles);
    // One that ends takes the place of the author's own, and of no other.
    assert_eq!(create_bundle(&author, &["--expires", "90d"]).exits(0).stdout, first);
    let signers = author.read(&first, &both, NOW).unwrap().signers().to_vec();
    assert_eq!(signers.iter().filter(|signer| signer.expires.is_some()).count(), 1);
    let unsigned = ["create-bundle", "--output-dir", "out", "--unsigned"];
    let unsigned = by_the_clock(&author, &unsigned).exits(0).says(&["signatures in it: 2"]);
    assert_eq!(unsigned.stdout, first);
}

#[test]
fn what_follows_a_bundle_is_later_than_it_whatever_the_clock_says() {
    let author = Author::new();
    let mut command = author.command(PROGRAM);
    command.env("SOURCE_DATE_EPOCH", "7000000000");
    let args = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "first"];
    let keys = ["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key"];
    let first = ran(command.args([&args[..], &CLUSTER, &keys].concat())).exits(0);
    let previous = ["--previous", first.stdout.trim_end(), "--trusted-key", "author.key.pub"];
    let second = create_all(&author, REQUESTS, &previous).exits(0);
    assert_eq!(generation(&author, &second), 7_000_000_001);
    let before = author.tree("out");
    assert_eq!(create_all(&author, REQUESTS, &previous).exits(0).stdout, second.stdout);
    assert_eq!(author.tree("out"), before);
    // Its own directory holds the bundle that is followed: that generation is taken.
    let own = ["--previous", second.stdout.trim_end(), "--trusted-key", "author.key.pub"];
    let third = create_all(&author, REQUESTS, &own).exits(0);
    assert_eq!(generation(&author, &third), 7_000_000_002);
}

#[test]
fn piece_by_piece_a_second_run_changes_nothing() {
    let author = Author::new();
    create_issuer(&author, &[]).exits(0);
    let roles = ["create-iam-roles", "--identity-provider-arn", PROVIDER, "--output-dir", "out"];
    let roles = [&roles[..], &CLUSTER[..4], &["--credentials-requests-dir", REQUESTS]].concat();
    by_the_clock(&author, &roles).exits(0);
    let bundle = create_bundle(&author, &[]).exits(0).stdout;
    let before = author.tree("out");
    create_issuer(&author, &[]).exits(0);
    by_the_clock(&author, &roles).exits(0);
    assert_eq!(create_bundle(&author, &[]).exits(0).stdout, bundle);
    assert_eq!(author.tree("out"), before);
    assert!(before.contains_key(layout::REVIEW));
}
