//! `--quiet` and `--verbose`: what is left out, what never is, and what is added; the result is the same in any case.

use std::path::Path;
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{GENERATION, Handoff, REQUESTS, with_credentials};
use sts_tests::programs::Run;
use sts_tests::proxy::Proxy;

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const SECRETS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAQZ3SENTINELKEYID"),
    ("AWS_SECRET_ACCESS_KEY", "sentinel/secret+key/of/forty/characters"),
    ("AWS_SESSION_TOKEN", "sentinel-session-token"),
];

/// What the generator says and prints as it makes a bundle of these requests, with more flags.
fn create_all(story: &Handoff, requests: &str, flags: &[&str]) -> Run {
    let mut generator = story.generator();
    generator.args(["create-all", "--name", "harbour", "--region", "eu-central-1", "--account-id"]);
    generator.args([Emulator::ACCOUNT, "--credentials-requests-dir", requests]);
    generator.args(["--signing-key", "author.key", "--output-dir", "again", "--bundle-dir", "again-bundles"]);
    Run::of(generator.env("SOURCE_DATE_EPOCH", GENERATION.to_string()).args(flags)).exits(0)
}

#[test]
fn a_quiet_author_hears_of_dangers_and_of_nothing_else() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let key = sts_tests::handoff::CLUSTER_KEY;
    let usual = create_all(&story, REQUESTS, &["--public-key-file", key]);
    assert!(usual.stderr.contains("lint: warning ") && usual.stderr.contains("bundle digest "));
    let quiet = create_all(&story, REQUESTS, &["--public-key-file", key, "--quiet"]);
    assert_eq!(quiet.stdout, usual.stdout);
    let lines: Vec<_> = quiet.stderr.lines().collect();
    let dangers = lines.iter().all(|line| line.starts_with("lint: danger ["));
    assert!(dangers && lines.len() == 2, "{lines:?}");
    let unsigned =
        Run::of(story.generator().args(["create-bundle", "--output-dir", "again", "--unsigned", "-q"]))
            .exits(0);
    assert_eq!(unsigned.stderr.lines().filter(|line| line.starts_with("UNSIGNED: ")).count(), 1);
    let refused =
        Run::of(story.generator().args(["-q", "create-bundle", "--output-dir", "nowhere", "--unsigned"]))
            .exits(1);
    assert!(refused.stderr.starts_with("Error: "), "{}", refused.stderr);
}

#[test]
fn a_private_key_in_plain_text_and_an_expired_signature_are_named_however_quiet() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let key = Run::of(story.generator().args(["-q", "create-key-pair", "--output-dir", "again"])).exits(0);
    assert_eq!((key.stdout.as_str(), key.stderr.as_str()), ("", ""));
    // Made in 2023, for a day.
    let flags = ["-q", "--private-key", "plaintext", "--expires", "1d"];
    let made = create_all(&story, ONE_REQUEST, &flags).says("IN PLAIN TEXT");
    assert_eq!(made.stderr.lines().count(), 1, "{}", made.stderr);
    let bundle = story.path(made.stdout.trim_end());
    let refused = Run::of(story.executor_on(&bundle, "verify").arg("--quiet")).exits(3);
    assert!(refused.stdout.is_empty() && refused.stderr.starts_with("Error: "), "{}", refused.stderr);
    let verified =
        Run::of(story.executor_on(&bundle, "verify").args(["--quiet", "--allow-expired"])).exits(0);
    let _ = verified.says("WARNING: EXPIRED: ").says("private key in plain text").shows("Verified.");
}

#[test]
fn a_quiet_admin_gets_the_same_results_and_hears_nothing_while_all_is_well() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let at = emulator.address();
    for (task, flags) in [
        ("verify", &[][..]),
        ("inspect", &[]),
        ("rehearse", &[]),
        ("plan", &[]),
        ("apply", &["--yes"]),
        ("status", &[]),
        ("apply", &["--yes"]),
        ("delete", &["--yes"]),
    ] {
        let usual = matches!(task, "verify" | "inspect" | "plan" | "status");
        let spoken = usual.then(|| story.run(at, task, flags).exits(0));
        let quiet = story.run(at, task, &[flags, &["--quiet"]].concat()).exits(0);
        // Plan and apply are still warned: calls do not go to AWS, and the simulator cannot be asked there.
        let chatter: Vec<_> = quiet.stderr.lines().filter(|line| !line.starts_with("Note: ")).collect();
        assert!(chatter.is_empty(), "{task}: {chatter:?}");
        if let Some(spoken) = spoken {
            assert_eq!(quiet.stdout, spoken.stdout, "{task}");
        }
    }
}

#[test]
fn a_failed_step_is_named_however_quiet() {
    use sts_tests::proxy::{Fault, When};
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let rules = vec![(When::Holds("Action=CreateRole".into()), Fault::Denied)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, rules);
    let run = story.run(proxy.address(), "apply", &["--yes", "-q"]).exits(6);
    let _ = run.says("  FAILED to create role/harbour-").says("Error: ").shows("Receipt: ");
}

#[test]
fn a_verbose_admin_sees_keys_certificates_and_every_call_but_no_secret() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, Vec::new());
    for (task, flags) in [("plan", &["-v"][..]), ("apply", &["--verbose", "--yes"]), ("status", &["-v"])] {
        let mut command = story.executor(task);
        let run = Run::of(with_credentials(&mut command, proxy.address()).envs(SECRETS).args(flags)).exits(0);
        let calls = proxy.take_traffic().calls.len();
        let services = ["sts:", "iam:", "s3:"];
        let is_call = |line: &&str| services.iter().any(|service| line.starts_with(service));
        let shown: Vec<_> = run.stderr.lines().filter(is_call).collect();
        assert!(shown.iter().all(|line| line.ends_with(" ms")), "{task}: {shown:?}");
        assert_eq!(shown.len(), calls, "{task}: a line to each call:\n{}", run.stderr);
        for (_, secret) in SECRETS {
            assert!(!run.stderr.contains(secret), "{task}: {secret} is said");
        }
        let run = run.says("Reading the bundle ").says("Trusted keys given: 1.").says("Verified it: ");
        let _ = run
            .says("Trusting the certificates that this machine trusts.")
            .says(&format!("sts:GetCallerIdentity {}: 200, ", proxy.address()))
            .says("The whole run: ");
    }
    let usual = Run::of(&mut story.executor("verify")).exits(0);
    let verbose = Run::of(story.executor("verify").arg("-v")).exits(0);
    assert_eq!((verbose.stdout, usual.stderr.as_str()), (usual.stdout, ""));
}

#[test]
fn a_verbose_author_sees_what_was_read_and_how_long_each_piece_took_but_no_key() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let usual = create_all(&story, ONE_REQUEST, &[]);
    let verbose = create_all(&story, ONE_REQUEST, &["-v"]);
    assert_eq!(verbose.stdout, usual.stdout);
    let verbose = verbose.says("reading author.key").says("backup.yaml, ").says("by SOURCE_DATE_EPOCH");
    let verbose = verbose.says("reading requests: ").says("packing: ").says("the whole run: ");
    for key in ["author.key", "again/serviceaccount-signer.private"] {
        let pem = std::fs::read_to_string(story.path(key)).unwrap();
        for line in pem.lines() {
            assert!(!verbose.stderr.contains(line), "a line of {key} is said");
        }
    }
}

#[test]
fn nobody_can_ask_for_more_and_for_less_at_once() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let _ = Run::of(story.executor("verify").args(["-q", "-v"])).exits(64).says("contradict each other");
    let words = ["--quiet", "create-signing-key", "--output", "other.key", "-v"];
    let _ = Run::of(story.generator().args(words)).exits(64).says("contradict each other");
    assert!(!story.path("other.key").exists());
}
