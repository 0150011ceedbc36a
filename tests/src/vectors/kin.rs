//! Bundles without fault of other kinds than the usual one: by hosting, by what is open, with a private key.

use super::Sound;
use crate::emulator::Emulator;
use crate::handoff::{CLUSTER, GENERATION, Handoff, REGION};
use crate::programs::Run;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How each hosting is asked for, with the account known or open.
const HOSTINGS: &[(&str, Account, &[&str])] = &[
    ("private", Account::Known, &["--create-private-s3-bucket"]),
    (
        "alias",
        Account::Known,
        &["--create-private-s3-bucket", "--issuer-url", ELSEWHERE, "--certificate-arn", CERTIFICATE],
    ),
    ("shared", Account::Known, &["--bucket-name", "company-issuers", "--issuer-path", "clusters/harbour"]),
    ("elsewhere", Account::Known, &["--issuer-url", ELSEWHERE]),
    ("any-account", Account::Open, &[]),
    ("all-open", Account::Open, &["--create-private-s3-bucket"]),
];

const ELSEWHERE: &str = "https://oidc.example.org";
const CERTIFICATE: &str =
    "arn:aws:acm:us-east-1:123456789012:certificate/6f7a1e9c-1f2a-4bde-8f53-000000000000";

/// Where a cluster is moved to from a public bucket.
const MOVES: &[(&str, &[&str])] = &[
    ("moving", &["--issuer-url", ELSEWHERE]),
    ("moving-open", &["--create-private-s3-bucket", "--bucket-name", "harbour-issuer"]),
];

/// How the cluster's private key is asked for. Each time it is a new one, which is no cluster's.
const PRIVATE_KEYS: &[(&str, &[&str])] = &[
    ("plaintext", &["--private-key", "plaintext"]),
    ("encrypted", &["--private-key-passphrase-file", PASSPHRASE]),
];

const PASSPHRASE: &str = "passphrase";

#[derive(Debug, Clone, Copy)]
enum Account {
    Known,
    Open,
}

/// One of each kind, all by the author of the story.
pub(super) fn of(story: &Handoff) -> BTreeMap<&'static str, Sound> {
    let requests = Path::new(super::REQUESTS);
    let hosted = HOSTINGS.iter().map(|(name, account, flags)| {
        let account: &[&str] = match account {
            Account::Known => &["--account-id", Emulator::ACCOUNT],
            Account::Open => &["--any-account"],
        };
        (*name, story.create_with(account, REGION, requests, GENERATION, flags))
    });
    let with_keys = PRIVATE_KEYS.iter().map(|(name, flags)| (*name, with_key(story, name, flags)));
    let moved = MOVES.iter().map(|(name, flags)| (*name, on_its_way(story, flags)));
    hosted.chain(with_keys).chain(moved).map(|(name, bundle)| (name, Sound::of(story, &bundle))).collect()
}

/// The story's own bundle, on its way to another issuer.
fn on_its_way(story: &Handoff, flags: &[&str]) -> PathBuf {
    let run = Run::of(
        story
            .generator()
            .args([
                "move-issuer",
                "add",
                "--leave-out-later",
                "--trusted-key",
                "author.key.pub",
                "--previous",
            ])
            .arg(story.bundle())
            .args(["--signing-key", "author.key", "--bundle-dir", "bundles"])
            .env("SOURCE_DATE_EPOCH", (GENERATION + 1).to_string())
            .args(flags),
    );
    story.path(run.exits(0).stdout.trim_end())
}

fn with_key(story: &Handoff, out: &str, flags: &[&str]) -> PathBuf {
    let written = std::fs::write(story.path(PASSPHRASE), "nothing is secret about it\n");
    written.unwrap_or_else(|error| panic!("no passphrase: {error}"));
    let run = Run::of(
        story
            .generator()
            .args(["create-all", "--name", CLUSTER, "--region", REGION])
            .args(["--account-id", Emulator::ACCOUNT, "--credentials-requests-dir", super::REQUESTS])
            .args(["--signing-key", "author.key", "--output-dir", out, "--bundle-dir"])
            .arg(format!("bundles-{out}"))
            .env("SOURCE_DATE_EPOCH", GENERATION.to_string())
            .args(flags),
    );
    story.path(run.exits(0).stdout.trim_end())
}

/// Declares cases of one kind each: a name, a verdict, and what is done to the bundle.
macro_rules! cases_of {
    ($kin:literal { $($name:literal, $verdict:literal, $damage:expr;)* }) => {
        &[$(super::Case {
            name: $name,
            verdict: $verdict,
            damage: |sound| {
                let damage: fn(&super::Sound) -> Vec<u8> = $damage;
                damage(sound.kin($kin))
            },
        },)*]
    };
}

pub(super) use cases_of;
