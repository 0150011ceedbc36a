//! The same inputs give the same bytes, by whatever way and however often.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, PROVIDER, REQUESTS};
use std::fs;

/// The four commands that make what `create-all` makes, into one directory.
fn piece_by_piece(author: &Author, out: &str) -> String {
    let mut issuer = vec!["create-identity-provider", "--public-key-file", CLUSTER_KEY, "--output-dir", out];
    issuer.extend(CLUSTER);
    author.run(&issuer).exits(0);
    let roles = ["create-iam-roles", "--identity-provider-arn", PROVIDER, "--output-dir", out];
    let cluster = &CLUSTER[..4];
    author.run(&[&roles[..], cluster, &["--credentials-requests-dir", REQUESTS]].concat()).exits(0);
    create_bundle(author, out).exits(0).stdout
}

fn create_bundle(author: &Author, out: &str) -> crate::author::Ran {
    author.run(&["create-bundle", "--output-dir", out, "--signing-key", "author.key"])
}

#[test]
fn the_same_inputs_and_second_give_the_same_bytes() {
    let author = Author::new();
    let first = author.create_all("one", &["--bundle-dir", "first"]).exits(0).stdout;
    let second = author.create_all("two", &["--bundle-dir", "second"]).exits(0).stdout;
    assert_eq!(author.tree("one"), author.tree("two"));
    assert!(first.trim_end().ends_with(".tar.gz") && first != second, "{first}");
    let bytes = |path: &str| fs::read(author.path(path.trim_end())).unwrap();
    assert!(bytes(&first) == bytes(&second), "two bundles of the same inputs differ");
}

#[test]
fn piece_by_piece_gives_the_directory_and_the_bundle_that_create_all_gives() {
    let author = Author::new();
    let whole = author.create_all("whole", &[]).exits(0).stdout;
    let bytes = fs::read(author.path(whole.trim_end())).unwrap();
    let pieces = piece_by_piece(&author, "pieces");
    assert_eq!(author.tree("whole"), author.tree("pieces"));
    assert_eq!(whole, pieces);
    assert!(bytes == fs::read(author.path(pieces.trim_end())).unwrap(), "the bundles differ");
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let before = author.tree("out");
    author.create_all("out", &[]).exits(0).says(&["0 files written, 0 changed"]);
    assert_eq!(author.tree("out"), before);
}

#[test]
fn a_run_with_other_inputs_removes_what_is_stale_and_names_what_changes() {
    let author = Author::new();
    author.copy_requests("requests");
    author.create_all_of("requests", "out", &[]).exits(0);
    fs::remove_file(author.path("requests/70_backup.yaml")).unwrap();
    author.edit("requests/10_block-storage.yaml", "ec2:AttachVolume", "ec2:DescribeVolumes");
    let run = author.create_all_of("requests", "out", &[]).exits(0);
    let run = run.says(&[
        "0 files written, 2 changed, 4 removed, 32 as they were",
        "changed 06-0-harbour-example-storage-drivers-block-storage-cloud-credentials-policy.json",
        "removed requests/70_backup.yaml",
        "removed manifests/example-backup-backup-credentials-credentials.yaml",
    ]);
    let fresh = author.create_all_of("requests", "fresh", &[]).exits(0);
    assert_eq!(author.tree("out"), author.tree("fresh"));
    assert_eq!(run.stdout, fresh.stdout);
}

#[test]
fn an_edited_policy_ends_in_the_bundle_and_in_what_is_derived_from_it() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let policy = "06-6-harbour-example-backup-backup-credentials-policy.json";
    author.edit(&format!("out/{policy}"), "s3:PutObject", "s3:PutObjectAcl");
    let bundle = create_bundle(&author, "out").exits(0).stdout;
    let address = "role/harbour-example-backup-backup-credentials".parse().unwrap();
    let wanted = format!("{:?}", author.verify(&bundle).outline().resources[&address]);
    assert!(wanted.contains("s3:PutObjectAcl") && !wanted.contains("\"s3:PutObject\""), "{wanted}");
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains("s3:PutObjectAcl"), "{review}");
}
