//! Requests that no cluster in AWS needs, alone in their files: they travel with the others, and stop nothing.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, PROGRAM, PROVIDER, ran};
use std::fs;

const OTHER_CLOUD: &str = "requests/azure.yaml";
const TAKEN_AWAY: &str = "requests/gone.yaml";

/// An author whose folder has one file with another cloud's request alone, one with a request that is taken away, and
/// one of another kind.
fn author() -> Author {
    let author = Author::new();
    author.copy_requests("requests");
    let request = fs::read_to_string(author.path("requests/70_backup.yaml")).unwrap();
    author.put(OTHER_CLOUD, &request.replace("AWSProviderSpec", "AzureProviderSpec"));
    let away = "metadata:\n  annotations:\n    release.openshift.io/delete: \"true\"\n";
    author.put(TAKEN_AWAY, &request.replacen("metadata:\n", away, 1));
    author.put("requests/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    author
}

fn travel(author: &Author, out: &str) {
    for path in [OTHER_CLOUD, TAKEN_AWAY] {
        assert_eq!(
            fs::read(author.path(&format!("{out}/{path}"))).unwrap(),
            fs::read(author.path(path)).unwrap(),
            "{path}"
        );
    }
    assert!(!author.path(&format!("{out}/requests/other.yaml")).exists());
}

#[test]
fn files_with_skipped_requests_alone_are_bundled_by_create_all_and_in_its_upgrades() {
    let author = author();
    let run = author.create_all_of("requests", "out", &[]).exits(0);
    travel(&author, "out");
    let bundle = run.stdout.trim_end();
    assert_eq!(author.verify(bundle).outline().resources.len(), 11, "seven roles and what serves the issuer");
    let previous = ["--previous", bundle, "--trusted-key", "author.key.pub"];
    let mut next = author.command(PROGRAM);
    next.env("SOURCE_DATE_EPOCH", "1700000001").args([
        "create-all",
        "--credentials-requests-dir",
        "requests",
    ]);
    next.args(CLUSTER).args(["--output-dir", "next", "--public-key-file", CLUSTER_KEY]);
    ran(next.args(["--signing-key", "author.key"]).args(previous)).exits(0);
    travel(&author, "next");
}

#[test]
fn files_with_skipped_requests_alone_are_bundled_by_the_single_commands() {
    let author = author();
    let issuer = ["create-identity-provider", "--output-dir", "out", "--public-key-file", CLUSTER_KEY];
    author.run(&[&issuer[..], &CLUSTER].concat()).exits(0);
    let roles = ["create-iam-roles", "--output-dir", "out", "--credentials-requests-dir", "requests"];
    let of = ["--name", "harbour", "--region", "eu-central-1", "--identity-provider-arn", PROVIDER];
    author.run(&[&roles[..], &of].concat()).exits(0);
    travel(&author, "out");
    author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]).exits(0);
}

#[test]
fn a_file_without_a_request_is_still_no_part_of_a_bundle() {
    let author = author();
    author.create_all_of("requests", "out", &[]).exits(0);
    author.put("out/requests/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    author
        .run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"])
        .exits(1)
        .says(&["requests/other.yaml", "no request is in it"]);
}

#[test]
fn a_private_key_in_a_request_is_found_before_anything_is_written() {
    let author = author();
    author.put("requests/key.yaml", "# -----BEGIN RSA PRIVATE KEY-----\nkind: ConfigMap\n");
    author.create_all_of("requests", "out", &[]).exits(0);
    let request = fs::read_to_string(author.path(OTHER_CLOUD)).unwrap();
    author.put(OTHER_CLOUD, &format!("# -----BEGIN RSA PRIVATE KEY-----\n{request}"));
    author
        .create_all_of("requests", "next", &[])
        .exits(1)
        .says(&["azure.yaml: it holds a private key (RSA PRIVATE KEY)"]);
    assert!(!author.path("next").exists());
}

#[test]
fn roles_that_only_move_up_are_not_told_as_removed() {
    let author = author();
    author.create_all_of("requests", "out", &[]).exits(0);
    fs::remove_file(author.path("requests/10_block-storage.yaml")).unwrap();
    let run = author.create_all_of("requests", "out", &[]).exits(0);
    let run = run.says(&["12 of those written are under another number than before"]);
    let removed: Vec<_> = run.stderr.lines().filter(|line| line.starts_with("  removed ")).collect();
    assert_eq!(removed.len(), 4, "{removed:?}");
    assert!(removed.iter().all(|line| line.contains("block-storage")), "{removed:?}");
}
