//! From signer to account: fingerprints, thresholds, generations, and what was overridden, through both programs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use sts_schemas::moment::LAST_MOMENT;
use sts_schemas::oidc::Jwk;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, GENERATION, Handoff, REGION, REQUESTS};
use sts_tests::programs::{Run, command, program, unwrapped};
use sts_tests::vectors;

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The notes of a receipt, one after the other.
fn notes(receipt: &Path) -> String {
    read_json(receipt)["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

/// Runs the executor on a bundle against the emulator's account.
fn run(story: &Handoff, emulator: &Emulator, subcommand: &str, bundle: &Path, flags: &[&str]) -> Run {
    let mut executor = story.executor_on(bundle, subcommand);
    Run::of(handoff::with_credentials(&mut executor, emulator.address()).args(flags))
}

#[test]
fn an_older_bundle_follows_a_newer_one_only_when_somebody_says_so_and_that_is_recorded() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let story = Handoff::prepare();
    let old = story.bundle().to_owned();
    let new = story.create_all(Path::new(REQUESTS), GENERATION + 1000, &["--tag", "made=later"]);
    let _ = run(&story, &emulator, "apply", &new, &["--yes"]).exits(0);
    let newer = account.dump();

    for command in [&["plan"][..], &["apply", "--yes"]] {
        let refused = run(&story, &emulator, command[0], &old, &command[1..]).exits(3);
        let _ = refused.says("generation 1700000000").says("1700001000").says("--roll-back");
    }
    assert_eq!(account.dump(), newer, "a refusal writes nothing");

    let plan = run(&story, &emulator, "plan", &old, &["--roll-back"]).exits(0);
    let _ = plan.shows("ROLLING BACK: the account holds generation 1700001000");
    let receipt = story.path("back.json");
    let flags = ["--roll-back", "--yes", "--receipt", receipt.to_str().unwrap()];
    let back = run(&story, &emulator, "apply", &old, &flags).exits(0).shows("ROLLING BACK");
    let (warned, first) = (back.stderr.find("WARNING: ROLLING BACK"), back.stderr.find("  updated "));
    assert!(warned.is_some() && warned < first, "{}", back.stderr);
    assert!(notes(&receipt).contains("ROLLING BACK"), "{}", notes(&receipt));
    assert_ne!(account.dump(), newer);
    let _ = run(&story, &emulator, "plan", &old, &["--detailed-exitcode"]).exits(0);

    // Forward again needs no word, and comes to where it was.
    let receipt = story.path("forward.json");
    let flags = ["--yes", "--receipt", receipt.to_str().unwrap()];
    let _ = run(&story, &emulator, "apply", &new, &flags).exits(0);
    assert!(!notes(&receipt).contains("ROLLING BACK"));

    // Of two bundles of one generation neither outranks the other.
    let twin = story.create_all(Path::new(REQUESTS), GENERATION + 1000, &["--tag", "made=again"]);
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let refused = run(&story, &emulator, command[0], &twin, &command[1..]).exits(3);
        let _ = refused.says("of the same generation as this one").says("--roll-back");
    }
    let receipt = story.path("twin.json");
    let flags = ["--roll-back", "--yes", "--receipt", receipt.to_str().unwrap()];
    let _ = run(&story, &emulator, "apply", &twin, &flags).exits(0).says("WARNING: ROLLING BACK");
    assert!(notes(&receipt).contains("ROLLING BACK"));
    let _ = run(&story, &emulator, "plan", &twin, &["--detailed-exitcode"]).exits(0);
}

#[test]
fn a_bundle_from_the_future_is_applied_only_when_somebody_says_so_and_there_is_a_way_back() {
    /// The year 2096, which is to come whenever this runs.
    const FUTURE: u64 = 4_000_000_000;
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::prepare();
    let bundle = story.create_all(Path::new(REQUESTS), FUTURE, &[]);
    let verified = Run::of(&mut story.executor_on(&bundle, "verify")).exits(0);
    let _ = verified.says("WARNING: AHEAD OF THE CLOCK: the bundle says it was made at 2096-10-02");
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let refused = run(&story, &emulator, command[0], &bundle, &command[1..]).exits(3);
        let _ = refused.says("more than two days ahead").says("--allow-future");
    }
    assert_eq!(account.dump(), before, "a refusal writes nothing");

    let receipt = story.path("ahead.json");
    let flags = ["--allow-future", "--yes", "--receipt", receipt.to_str().unwrap()];
    let _ = run(&story, &emulator, "apply", &bundle, &flags).exits(0);
    assert!(notes(&receipt).contains("--allow-future"), "{}", notes(&receipt));
    let refused = run(&story, &emulator, "plan", story.bundle(), &[]).exits(3);
    let _ = refused.says("the newer generation 4000000000 (2096-10-02").says("--roll-back");
    let _ = run(&story, &emulator, "apply", story.bundle(), &["--roll-back", "--yes"]).exits(0);
    let _ = run(&story, &emulator, "plan", story.bundle(), &["--detailed-exitcode"]).exits(0);
}

#[test]
fn the_last_generation_there_is_has_none_after_it_and_a_way_out() {
    let story = Handoff::prepare();
    let last = story.create_all(Path::new(REQUESTS), LAST_MOMENT, &[]);
    let mut follow = story.generator();
    follow.args(["create-all", "--name", "harbour", "--region", REGION, "--account-id", Emulator::ACCOUNT]);
    follow.args([
        "--credentials-requests-dir",
        REQUESTS,
        "--signing-key",
        "author.key",
        "--output-dir",
        "next",
    ]);
    follow.arg("--previous").arg(&last).args(["--trusted-key", "author.key.pub"]);
    let refused = Run::of(follow.env_remove("SOURCE_DATE_EPOCH")).exits(1);
    let _ = refused.says("of the last generation there is").says("--roll-back");
    let mut beyond = story.generator();
    beyond.env("SOURCE_DATE_EPOCH", (LAST_MOMENT + 1).to_string()).args([
        "create-key-pair",
        "--output-dir",
        "x",
    ]);
    let _ = Run::of(&mut beyond).exits(64).says("at most 253402300799");
}

#[test]
fn an_expired_signature_counts_only_when_somebody_says_so_and_that_is_recorded_everywhere() {
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Handoff::prepare();
    // Made in 2023, so that it has ended whenever this runs.
    let bundle = story.create_all(Path::new(REQUESTS), GENERATION, &["--expires", "90d"]);
    for command in ["verify", "plan", "apply"] {
        let refused =
            Run::of(handoff::with_credentials(&mut story.executor_on(&bundle, command), emulator.address()));
        let _ = refused.exits(3).says("expired");
    }
    assert_eq!(account.dump(), before);

    let report = story.path("report.json");
    let flags = ["--allow-expired", "--report", report.to_str().unwrap()];
    let verified = Run::of(story.executor_on(&bundle, "verify").args(flags)).exits(0);
    let _ = verified.says("WARNING: EXPIRED").shows("EXPIRED 2024-02-12 22:13:20 UTC");
    assert_eq!(read_json(&report)["trusted_keys"][0]["expired"], true);

    let receipt = story.path("receipt.json");
    let flags = ["--allow-expired", "--yes", "--receipt", receipt.to_str().unwrap()];
    let _ = run(&story, &emulator, "apply", &bundle, &flags).exits(0).says("WARNING: EXPIRED");
    assert!(notes(&receipt).contains("--allow-expired"), "{}", notes(&receipt));
}

/// The id that follows a word in what a program said.
fn id_after(text: &str, word: &str) -> String {
    let after = text.split_once(word).unwrap_or_else(|| panic!("no {word:?} in:\n{text}")).1.trim_start();
    after.chars().take_while(char::is_ascii_hexdigit).collect()
}

#[test]
fn a_key_has_one_fingerprint_in_everything_that_both_programs_print() {
    let story = Handoff::prepare();
    let made = Run::of(story.generator().args(["create-signing-key", "--output", "reviewer.key"]).args([
        "--name",
        "Grace Hopper",
        "--contact",
        "grace@example.org",
    ]))
    .exits(0);
    let id = id_after(&made.stderr, "fingerprint:");
    let sign = |key: &str| {
        let mut generator = story.generator();
        Run::of(generator.arg("sign").arg(story.bundle()).args(["--signing-key", key])).exits(0)
    };
    let reviewed = sign("reviewer.key");
    assert_eq!(id_after(&reviewed.stderr, "signed by"), id);

    // Both keys in the configuration folder, and the author's twice: it counts once.
    let folder = story.path(".config/sts-handoff/trusted-keys");
    std::fs::create_dir_all(&folder).unwrap();
    for (from, to) in
        [("author.key.pub", "author.pub"), ("author.key.pub", "again.pub"), ("reviewer.key.pub", "r.pub")]
    {
        std::fs::copy(story.path(from), folder.join(to)).unwrap();
    }
    let without_flags = |command: &str, flags: &[&str]| {
        let mut executor = sts_tests::programs::command(&sts_tests::programs::program("sts-executor"));
        executor.env("HOME", story.path("")).arg(command).arg(story.bundle());
        Run::of(executor.args(flags))
    };
    for command in ["verify", "inspect"] {
        let shown = without_flags(command, &["--threshold", "2"]).exits(0);
        let _ = shown.shows(&id).shows("claimed    name Grace Hopper").shows("contact grace@example.org");
    }
    let _ = without_flags("verify", &["--threshold", "3"]).exits(64).says("only 2 distinct trusted keys");
    let report = without_flags("verify", &["--format", "json"]).exits(0);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let keys = report["trusted_keys"].as_array().unwrap();
    let signer = keys.iter().find(|signer| signer["key"] == id.as_str()).unwrap();
    assert_eq!(signer["claimed_holder"]["name"], "Grace Hopper");

    // One signature of two is not two, whatever the flags repeat.
    let author = ["--trusted-key", "author.key.pub"];
    let twice = [&author[..], &author, &["--threshold", "2"]].concat();
    let mut executor = story.executor_on(story.bundle(), "verify");
    let _ = Run::of(executor.args(twice)).exits(64).says("only 1 distinct trusted key");
}

#[test]
fn a_private_key_in_plain_text_is_pointed_at_by_the_program_that_never_needs_it() {
    let story = Handoff::prepare();
    let create_all = |flags: &[&str]| -> PathBuf {
        let mut generator = story.generator();
        generator
            .args(["create-all", "--name", "harbour", "--region", "eu-central-1"])
            .args(["--account-id", Emulator::ACCOUNT, "--credentials-requests-dir", REQUESTS])
            .args([
                "--signing-key",
                "author.key",
                "--output-dir",
                "with-key",
                "--bundle-dir",
                "with-key-bundles",
            ])
            .args(flags);
        story.path(Run::of(&mut generator).exits(0).stdout.trim_end())
    };
    let rehearse = |bundle: &Path| Run::of(&mut story.executor_on(bundle, "rehearse")).exits(0);
    let plain = create_all(&["--private-key", "plaintext"]);
    let _ = rehearse(&plain)
        .says("WARNING: PRIVATE KEY INSIDE: the bundle carries the cluster's private key in plain text");
    for name in ["report.txt", "report.json"] {
        let report = story.path(name);
        let _ = Run::of(story.executor_on(&plain, "verify").arg("--report").arg(&report)).exits(0);
        let evidence = unwrapped(&std::fs::read_to_string(&report).unwrap());
        assert!(
            evidence.contains("private key in plain text, in serviceaccount-signer.private and in tls/bound")
        );
    }
    for (flags, before) in [
        (&["verify"][..], "Whoever can read the bundle"),
        (&["inspect"], "AWS resources"),
        (&["inspect", "--format", "markdown"], "| bundle |"),
        (&["inspect", "--format", "html"], "<dl>"),
    ] {
        let run = Run::of(story.executor_on(&plain, flags[0]).args(&flags[1..])).exits(0);
        let text = unwrapped(&run.stdout);
        let alarm = text.find("PRIVATE KEY INSIDE: the bundle carries").unwrap_or_else(|| panic!("{text}"));
        assert!(alarm < text.find(before).unwrap(), "{text}");
    }
    let page = Run::of(story.executor_on(&plain, "inspect").args(["--format", "html"])).exits(0);
    let _ = page.shows("<p class=\"banner alarm\">PRIVATE KEY INSIDE: ");
    std::fs::write(story.path("pass"), "correct horse\n").unwrap();
    let sealed = create_all(&["--private-key-passphrase-file", "pass"]);
    let run = rehearse(&sealed).says("private key in serviceaccount-signer.private, encrypted");
    assert!(!run.stderr.contains("WARNING"), "{}", run.stderr);
    let omitted = rehearse(&create_all(&[]));
    assert!(!omitted.stderr.contains("private key"), "{}", omitted.stderr);
    for bundle in [&sealed, story.bundle()] {
        let verified = Run::of(&mut story.executor_on(bundle, "verify")).exits(0);
        assert!(!verified.stdout.contains("PRIVATE KEY"), "{}", verified.stdout);
    }
}

#[test]
fn a_report_says_open_where_the_bundle_is_and_shows_no_stand_in() {
    let vectors = Path::new(vectors::FOLDER);
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in
        [("report.txt", "provider/(open: the issuer)"), ("report.json", "provider/${issuer}")]
    {
        let report = folder.path().join(name);
        let mut executor = command(&program("sts-executor"));
        executor.arg("verify").arg(vectors.join("all-open").join(vectors::BUNDLE)).arg("--trusted-key");
        let _ =
            Run::of(executor.arg(vectors.join(vectors::TRUSTED_KEY)).arg("--report").arg(&report)).exits(0);
        let text = std::fs::read_to_string(&report).unwrap();
        assert!(text.contains(words), "{text}");
        for stand_in in ["000000000001", "known-after-apply"] {
            assert!(!text.contains(stand_in), "{stand_in}: {text}");
        }
    }
}

/// The key ids that a JWKS lists.
fn key_ids(jwks: &Path) -> Vec<String> {
    let keys = read_json(jwks)["keys"].take();
    keys.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_key_that_tokens_may_be_signed_with_is_named_and_a_second_one_loudly() {
    const LOUD: &str = "TWO KEYS: tokens signed with either of these are accepted";
    let vectors = Path::new(vectors::FOLDER);
    let run = |case: &str, flags: &[&str]| {
        let mut executor = command(&program("sts-executor"));
        executor.arg(flags[0]).arg(vectors.join(case).join(vectors::BUNDLE));
        let executor =
            executor.args(&flags[1..]).arg("--trusted-key").arg(vectors.join(vectors::TRUSTED_KEY));
        let run = Run::of(executor).exits(0);
        (unwrapped(&run.stdout), run.stderr)
    };
    let (inspected, _) = run("keys-two", &["inspect", "--format", "json"]);
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let keys = inspected["token_keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);

    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.txt");
    let with_report = ["verify", "--report", report.to_str().unwrap()];
    for flags in [
        &["inspect"][..],
        &["inspect", "--format", "markdown"],
        &["inspect", "--format", "html"],
        &with_report,
        &["rehearse"],
    ] {
        let (shown, told) = run("keys-two", flags);
        // Markdown escapes what it could take for emphasis.
        let shown = shown.replace('\\', "");
        assert!(shown.contains(LOUD), "{flags:?}: {shown}");
        assert!(told.contains("WARNING: TWO KEYS"), "{flags:?}: {told}");
        for key in keys {
            let (kid, digest) = (key["kid"].as_str().unwrap(), key["sha256"].as_str().unwrap());
            assert!(shown.contains(kid) && shown.contains(digest), "{flags:?}: {kid} is not in {shown}");
        }
        let (shown, told) = run("sound", flags);
        let first = keys[0]["kid"].as_str().unwrap();
        let shown = shown.replace('\\', "");
        assert!(shown.contains(first) && !shown.contains("TWO KEYS"), "{flags:?}: {shown}");
        assert!(!told.contains("TWO KEYS"), "{flags:?}: {told}");
    }
    let written = std::fs::read_to_string(&report).unwrap();
    assert!(written.contains(keys[0]["kid"].as_str().unwrap()), "{written}");
}

#[test]
fn the_review_names_a_second_key_and_the_bundles_own_must_be_the_first() {
    let story = Handoff::prepare();
    let out = story.path(&format!("out-{REGION}-{GENERATION}"));
    let review = || std::fs::read_to_string(out.join("REVIEW.md")).unwrap();
    let jwks = out.join("03-keys.json");
    let first = key_ids(&jwks);
    assert!(review().contains(&format!("| tokens are signed with | {} (SHA-256 ", first[0])), "{}", review());
    assert!(!review().contains("TWO KEYS"), "{}", review());

    let _ = Run::of(story.generator().args(["create-key-pair", "--output-dir", "other"])).exits(0);
    let mut both = read_json(&jwks);
    let stranger = jwk_of(&story.path("other/serviceaccount-signer.public"));
    both["keys"].as_array_mut().unwrap().push(stranger.clone());
    std::fs::write(&jwks, both.to_string()).unwrap();
    let pack = || {
        let mut generator = story.generator();
        generator.args(["create-bundle", "--signing-key", "author.key", "--output-dir"]).arg(&out);
        Run::of(generator.env("SOURCE_DATE_EPOCH", GENERATION.to_string()))
    };
    let _ = pack().exits(0);
    assert!(review().contains("**TWO KEYS: tokens signed with either of these"), "{}", review());
    assert!(review().contains(stranger["kid"].as_str().unwrap()), "{}", review());

    both["keys"].as_array_mut().unwrap().reverse();
    std::fs::write(&jwks, both.to_string()).unwrap();
    let _ = pack()
        .exits(1)
        .says("03-keys.json: the key of serviceaccount-signer.public")
        .says("must be the first");
}

/// The JWK of a cluster's public key.
fn jwk_of(path: &Path) -> Value {
    let pem = std::fs::read_to_string(path).unwrap();
    serde_json::to_value(Jwk::of_pem(&pem).unwrap()).unwrap()
}
