//! Requests that name accounts: what leads out of the cluster's is refused before anything is written, with a way out.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, REQUESTS, Ran, at_a_terminal};

const PARROT: &str = "requests/99_parrot.yaml";

/// An author with one more request, for passing this role on.
fn author(resource: &str) -> Author {
    let author = Author::new();
    author.copy_requests("requests");
    ask_for(&author, resource);
    author
}

fn ask_for(author: &Author, resource: &str) {
    let text = format!(
        "apiVersion: cloudcredential.openshift.io/v1
kind: CredentialsRequest
metadata: {{name: parrot}}
spec:
  serviceAccountNames: [parrot-operator]
  secretRef: {{name: parrot-creds, namespace: openshift-parrot}}
  providerSpec:
    kind: AWSProviderSpec
    statementEntries: [{{effect: Allow, action: ['iam:PassRole'], resource: '{resource}'}}]
"
    );
    author.put(PARROT, &text);
}

fn create(author: &Author, account: &[&str], flags: &[&str]) -> Ran {
    let args = ["create-all", "--credentials-requests-dir", "requests", "--output-dir", "out"];
    let keys = ["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key"];
    author.run(&[&args[..], &CLUSTER[..4], account, &keys, flags].concat())
}

const FIXED: [&str; 2] = ["--account-id", "123456789012"];
const OPEN: [&str; 1] = ["--any-account"];

#[test]
fn roles_of_any_account_are_taken_and_told() {
    for account in [&FIXED[..], &OPEN] {
        let author = author("arn:*:iam::*:role/*-worker");
        create(&author, account, &[]).exits(0).says(&["[any-account]"]);
    }
}

#[test]
fn roles_of_another_account_are_refused_before_anything_is_written() {
    for (account, hint) in [(&FIXED[..], "123456789012, or *"), (&OPEN, "*, for the account is open")] {
        let author = author("arn:aws:iam::999999999999:role/x");
        let run = create(&author, account, &[]).exits(1);
        run.says(&["99_parrot.yaml", "arn:aws:iam::999999999999:role/x", hint]);
        assert!(!author.path("out").exists());
        ask_for(&author, "arn:aws:iam::*:role/x");
        create(&author, account, &[]).exits(0);
    }
}

#[test]
fn a_boundary_of_an_open_account_is_bound_with_it() {
    let author = Author::new();
    author.copy_requests("requests");
    let boundary = "arn:aws:iam::123456789012:policy/bound";
    let with = |boundary| create(&author, &OPEN, &["--permissions-boundary-arn", boundary]);
    with(boundary).exits(64).says(&["account is open", "'arn:aws:iam::${account}:policy/NAME'"]);
    assert!(!author.path("out").exists());
    let bundle = with("arn:aws:iam::${account}:policy/bound").exits(0).stdout;
    let role = std::fs::read_to_string(
        author.path("out/05-0-harbour-example-storage-drivers-block-storage-cloud-credentials-role.json"),
    );
    assert!(role.unwrap().contains("\"arn:aws:iam::${account}:policy/bound\""));
    author.verify(&bundle);
    with("arn:aws:iam::aws:policy/PowerUserAccess").exits(0);
    create(&author, &FIXED, &["--permissions-boundary-arn", "arn:aws:iam::${account}:policy/x"]).exits(64);
}

#[test]
fn at_a_terminal_findings_are_told_in_lines_that_fit() {
    let author = Author::new();
    let line = format!(
        "create-iam-roles --name harbour --region eu-central-1 --credentials-requests-dir {REQUESTS} --output-dir out \
         --identity-provider-arn {}",
        crate::author::PROVIDER
    );
    let told = at_a_terminal(&author, &line, &[]).exits(0).stderr;
    let (findings, _) = told.split_once("files written").unwrap();
    assert!(findings.contains("lint: danger [pass-any-role]"), "{told}");
    for line in findings.lines().filter(|line| !line.contains("out:")) {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
}
