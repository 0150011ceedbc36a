//! A run that is killed, by strace, between any two of its files: what it leaves is never signed unnoticed.
#![cfg(target_os = "linux")]

use crate::author::{Author, CLUSTER, CLUSTER_KEY, PROGRAM, PROVIDER, REQUESTS, Tree};
use std::fs;
use std::io::Write as _;

/// An author with a whole directory `out`, made from one request that stays and one that another takes the place of.
fn author() -> Author {
    let author = Author::new();
    for (folder, name, text) in [("old", "99_parrot.yaml", PARROT), ("new", "10_block-storage.yaml", "")] {
        author.put(&format!("{folder}/{name}"), text);
        for name in ["10_block-storage.yaml", "70_backup.yaml"].iter().skip(usize::from(folder == "old")) {
            fs::copy(format!("{REQUESTS}/{name}"), author.path(&format!("{folder}/{name}"))).unwrap();
        }
    }
    author.create_all_of("old", "out", &[]).exits(0);
    author
}

const PARROT: &str = "apiVersion: cloudcredential.openshift.io/v1
kind: CredentialsRequest
metadata: {name: parrot}
spec:
  serviceAccountNames: [parrot-operator]
  secretRef: {name: parrot-creds, namespace: openshift-parrot}
  providerSpec:
    kind: AWSProviderSpec
    statementEntries: [{effect: Allow, action: [s3:GetObject], resource: 'arn:aws:s3:::parrot/*'}]
";

/// What counts of a directory: all but what is derived from it, and this program's notes.
fn content(author: &Author) -> Tree {
    let mut tree = author.tree("out");
    tree.retain(|path, _| !path.starts_with('.') && !["REVIEW.md", "apply.sh"].contains(&path.as_str()));
    tree
}

fn create_iam_roles() -> Vec<&'static str> {
    let args = ["create-iam-roles", "--credentials-requests-dir", "new", "--output-dir", "out"];
    [&args[..], &CLUSTER[..4], &["--identity-provider-arn", PROVIDER]].concat()
}

fn create_all() -> Vec<&'static str> {
    let args = ["create-all", "--credentials-requests-dir", "new", "--output-dir", "out"];
    let keys = ["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key"];
    [&args[..], &CLUSTER, &keys, &["--tag", "team=a"]].concat()
}

/// Runs the program and kills it as it makes the nth of these calls; whether there was one, `None` without strace.
fn killed(author: &Author, call: &str, nth: usize, args: &[&str]) -> Option<bool> {
    let mut strace = author.command("strace");
    let inject = format!("inject=/^{call}:signal=SIGKILL:when={nth}");
    strace.args(["-f", "-qq", "-o", "calls", "-e", &inject, PROGRAM]).args(args);
    let output = strace.output().ok()?;
    if output.status.success() {
        return Some(false);
    }
    let calls = fs::read_to_string(author.path("calls")).unwrap_or_default();
    calls.contains("killed by SIGKILL").then_some(true)
}

/// Kills a command at each of its files in turn, and holds what `create-bundle` makes of what is left.
fn kill_everywhere(args: &[&str]) {
    let command = args[0];
    let whole = author();
    whole.run(args).exits(0);
    let finished = content(&whole);
    let mut refused = 0;
    for call in ["rename", "unlink"] {
        for nth in 1.. {
            let author = author();
            let before = content(&author);
            match killed(&author, call, nth, args) {
                Some(true) => {}
                Some(false) => break,
                None => {
                    let line = format!("NOT PROVEN: strace did not kill {command}\n");
                    std::io::stderr().write_all(line.as_bytes()).unwrap();
                    return;
                }
            }
            let left = content(&author);
            let bundle = author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]);
            let left_whole = |other: &Tree| {
                left.keys().eq(other.keys()) && {
                    let differ = |path: &&String| left.get(*path) != other.get(*path);
                    // The generation comes first, and a bundle is later than it.
                    other.keys().filter(differ).all(|path| path == "04-iam-identity-provider.json")
                }
            };
            if bundle.code == 0 {
                assert!(
                    left_whole(&before) || left_whole(&finished),
                    "{command}, {call} {nth}: {}",
                    bundle.stderr
                );
            } else {
                bundle.exits(1).says(&["is half written", &format!("run {command} again")]);
                refused += 1;
            }
            author.run(args).exits(0);
            assert_eq!(content(&author), finished, "{command}, {call} {nth}");
            author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]).exits(0);
        }
    }
    assert!(refused > 8, "{refused} of its cuts were refused");
}

#[test]
fn roles_that_are_cut_between_two_files_are_not_signed() {
    kill_everywhere(&create_iam_roles());
}

#[test]
fn a_whole_directory_that_is_cut_between_two_files_is_not_signed() {
    kill_everywhere(&create_all());
}
