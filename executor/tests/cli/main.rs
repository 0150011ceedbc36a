//! The command line, as far as it goes without AWS: exit codes, streams, and what is said.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bundle;
mod page;
mod places;
mod signers;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use sts_executor::cli::run;
use sts_executor::session::{Person, Session, Surroundings};
use sts_executor::show::Paint;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::Exit;
use sts_schemas::receipt::Receipt;
use sts_schemas::report::{Report, ReportVerdict};
use sts_schemas::verbosity::Verbosity;

/// A folder with a bundle and its author's key, and an empty configuration folder.
struct Desk {
    folder: tempfile::TempDir,
}

/// How a run ended and what it said.
struct Run {
    exit: Exit,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let key = bundle::signing_key(7);
        bundle::write(&desk.bundle(), &key);
        std::fs::write(desk.path("author.pub"), key.public_key().to_pem()).unwrap();
        std::fs::write(desk.path("stranger.pub"), bundle::signing_key(8).public_key().to_pem()).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bundle(&self) -> PathBuf {
        self.path("demo.tar.gz")
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = arguments.iter().map(|argument| match *argument {
            "BUNDLE" => self.bundle().into_os_string(),
            name if [".pub", ".json", ".txt"].iter().any(|end| name.ends_with(end)) => {
                self.path(name).into_os_string()
            }
            other => OsString::from(other),
        });
        let mut session = Session {
            out: &mut out,
            err: &mut err,
            input: &mut std::io::empty(),
            surroundings: Surroundings {
                plans: None,
                clock: || bundle::GENERATION + 60,
                configuration: Some(self.path("configuration")),
                ca_bundle: None,
                proxies: Vec::new(),
                profile: None,
                person: Person::Absent,
                paint: Paint::Plain,
                paint_err: Paint::Plain,
                verbosity: Verbosity::default(),
            },
        };
        let exit = run(std::iter::once(OsString::from("sts-executor")).chain(arguments), &mut session);
        Run { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn a_wrong_command_line_exits_64_and_help_exits_0() {
    let desk = Desk::new();
    let wrong: [&[&str]; 10] = [
        &[],
        &["plan"],
        &["fly", "BUNDLE"],
        &["plan", "BUNDLE", "--adopt", "queue/x"],
        &["apply", "BUNDLE", "--yes", "--approve", "0123456789abcdef"],
        &["delete"],
        &["delete", "--name", "demo"],
        &["delete", "BUNDLE", "--name", "demo", "--region", "eu-west-1"],
        &["delete", "BUNDLE", "--names-only"],
        &["delete", "--name", "demo", "--region", "eu-west-1", "--names-only", "--thorough"],
    ];
    for arguments in wrong {
        let run = desk.run(arguments);
        assert_eq!(run.exit, Exit::Usage, "{arguments:?}: {}", run.err);
        assert!(run.out.is_empty() && !run.err.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["--version"], &["apply", "--help"], &["man"], &["man", "apply"]] {
        let run = desk.run(arguments);
        assert_eq!(run.exit, Exit::Done, "{arguments:?}");
        assert!(run.out.contains("sts-executor") && run.err.is_empty(), "{arguments:?}: {}", run.out);
    }
    assert_eq!(desk.run(&["man", "fly"]).exit, Exit::Usage);
    let page = desk.run(&["man", "apply"]).out.replace("\\-", "-");
    let footer = format!(".TH sts-executor-apply 1  \"sts-executor {}\"", env!("CARGO_PKG_VERSION"));
    let usage = "\n.SH SYNOPSIS\n.nf\n\\&sts-executor apply [OPTIONS] <\\fIBUNDLE\\fR>\n.fi\n";
    for text in
        [&footer, usage, "\n.SH EXAMPLES\n.in 0\n.nf\n", "\n\\&  sts-executor apply BUNDLE --trusted-key"]
    {
        assert!(page.contains(text), "{text} is not in:\n{page}");
    }
    assert!(desk.run(&["completions", "bash"]).out.contains("rehearse"));
}

#[test]
fn a_wrong_command_line_gets_advice_that_is_right() {
    let desk = Desk::new();
    let said = |words: &[&str]| desk.run(words).err;
    for flags in [&["plan", "BUNDLE", "--threshold", "0"][..], &["plan", "BUNDLE", "--run-timeout", "0"]] {
        let said = said(flags);
        assert!(said.contains("at least 1 is needed") && !said.contains("non-zero"), "{said}");
    }
    assert!(said(&["plan", "BUNDLE", "--receipt", "x"]).contains("unexpected argument '--receipt'"));
    assert!(!said(&["plan", "BUNDLE", "--receipt", "x"]).contains("as a value"));
    for command in ["create-all", "create-iam-roles", "sign", "finalize", "rotate-keys"] {
        let said = said(&[command, "--name", "demo"]);
        assert!(said.contains(&format!("`{command}` is a command of sts-generator")), "{said}");
    }
}

#[test]
fn a_bundle_from_somebody_trusted_is_verified_and_reported() {
    let desk = Desk::new();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub", "--report", "report.json"]);
    assert_eq!(run.exit, Exit::Done, "{}", run.err);
    assert!(run.out.starts_with("Verified.\n") && run.out.contains("2023-11-14 22:13:20 UTC"), "{}", run.out);
    let written = std::fs::read_to_string(desk.path("report.json")).unwrap();
    let report: Report = serde_json::from_str(&written).unwrap();
    assert_eq!(report.verdict, ReportVerdict::Verified);
    let bundle = std::fs::read(desk.bundle()).unwrap();
    assert_eq!((report.file.length, &report.file.sha256), (bundle.len() as u64, &Sha256::of(&bundle)));
    let key = bundle::signing_key(7);
    assert_eq!((&report.trusted_keys[0].key, report.trusted_keys[0].signed), (key.public_key().id(), true));
    assert_eq!(report.verified_at, bundle::GENERATION + 60);
    assert!(report.bundle.is_some_and(|bundle| bundle.resources.len() == 5 && !bundle.files.is_empty()));
    let printed = desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub", "--format", "json"]);
    assert_eq!(json(&printed.out), json(&written));
    let args = ["verify", "BUNDLE", "--trusted-key", "author.pub", "--allow-expired", "--report"];
    assert_eq!(desk.run(&[&args[..], &["report.txt"]].concat()).exit, Exit::Done);
    let text = std::fs::read_to_string(desk.path("report.txt")).unwrap();
    for words in ["VERIFIED\n", key.public_key().id().as_str(), bundle::ROLE, "2023-11-14"] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
    // Nothing had expired, so nothing was let pass.
    assert!(!text.contains("--allow-expired"), "{text}");
    bundle::write_until(&desk.bundle(), &key, Some(bundle::GENERATION));
    assert_eq!(desk.run(&[&args[..], &["report.txt"]].concat()).exit, Exit::Done);
    let text = std::fs::read_to_string(desk.path("report.txt")).unwrap();
    assert!(text.contains("let pass --allow-expired"), "{text}");
}

#[test]
fn a_rejection_is_reported_too_and_a_report_that_cannot_be_written_fails() {
    let desk = Desk::new();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "stranger.pub", "--report", "report.json"]);
    assert_eq!((run.exit, run.out.as_str()), (Exit::BundleRejected, ""));
    let report: Report =
        serde_json::from_str(&std::fs::read_to_string(desk.path("report.json")).unwrap()).unwrap();
    assert_eq!((report.verdict, report.trusted_keys[0].signed), (ReportVerdict::Rejected, false));
    assert!(report.rejected.unwrap()[0].starts_with("0 of the 1 trusted signatures"));
    assert!(report.checks.is_empty() && report.bundle.is_none());
    let bundle = std::fs::read(desk.bundle()).unwrap();
    assert_eq!(report.file.sha256, Sha256::of(&bundle), "of all of it, however much of it was looked at");
    let nowhere =
        desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub", "--report", "no/report.json"]);
    assert_eq!(nowhere.exit, Exit::Failed);
    assert!(nowhere.err.contains("the report cannot be written"), "{}", nowhere.err);
}

#[test]
fn keys_in_the_configuration_folder_are_trusted_unless_others_are_given() {
    let desk = Desk::new();
    let folder = desk.path("configuration").join("trusted-keys");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(desk.path("author.pub"), folder.join("author.pub")).unwrap();
    std::fs::write(folder.join("README"), "not a key").unwrap();
    assert_eq!(desk.run(&["verify", "BUNDLE"]).exit, Exit::Done);
    let other = desk.run(&["verify", "BUNDLE", "--trusted-key", "stranger.pub"]);
    assert_eq!(other.exit, Exit::BundleRejected);
}

#[cfg(unix)]
#[test]
fn a_trusted_key_that_others_may_exchange_is_refused_in_the_folder_and_warned_of_where_it_was_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let configuration = desk.path("configuration");
    let folder = configuration.join("trusted-keys");
    std::fs::create_dir_all(&folder).unwrap();
    let key = folder.join("author.pub");
    std::fs::copy(desk.path("author.pub"), &key).unwrap();
    let usual = [(configuration.as_path(), 0o755), (folder.as_path(), 0o700), (key.as_path(), 0o644)];
    for (exposed, mode) in
        [(None, 0), (Some(&configuration), 0o775), (Some(&folder), 0o777), (Some(&key), 0o646)]
    {
        for (path, mode) in &usual {
            allow(path, *mode);
        }
        let Some(exposed) = exposed else {
            assert_eq!(desk.run(&["verify", "BUNDLE"]).exit, Exit::Done);
            continue;
        };
        allow(exposed, mode);
        let run = desk.run(&["verify", "BUNDLE"]);
        assert_eq!((run.exit, run.out.as_str()), (Exit::Failed, ""), "{}", run.err);
        let advice = format!("`chmod go-w {}`", exposed.display());
        assert!(run.err.contains("may be written by others") && run.err.contains(&advice), "{}", run.err);
    }
    for (path, mode) in &usual {
        allow(path, *mode);
    }
    // A folder above all that, where everybody may put another in the place of the configuration; not where only the
    // owner may, as in /tmp.
    for (mode, exit) in [(0o777, Exit::Failed), (0o1777, Exit::Done), (0o700, Exit::Done)] {
        allow(desk.folder.path(), mode);
        let run = desk.run(&["verify", "BUNDLE"]);
        assert_eq!(run.exit, exit, "{mode:o}: {}", run.err);
    }
    // Only root can give a file away.
    if std::os::unix::fs::chown(&key, Some(12_345), None).is_ok() {
        let run = desk.run(&["verify", "BUNDLE"]);
        assert_eq!(run.exit, Exit::Failed);
        assert!(run.err.contains("belongs to user 12345") && run.err.contains("`chown "), "{}", run.err);
    }
    allow(&desk.path("author.pub"), 0o664);
    let named = desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub"]);
    assert_eq!(named.exit, Exit::Done, "{}", named.err);
    assert!(
        named.err.contains("WARNING: ") && named.err.contains("may be written by others"),
        "{}",
        named.err
    );
}

#[test]
fn every_command_rejects_a_bundle_it_cannot_trust_before_it_looks_at_aws() {
    let desk = Desk::new();
    for command in ["verify", "plan", "apply", "status", "delete", "rehearse"] {
        let nobody = desk.run(&[command, "BUNDLE"]);
        assert_eq!(nobody.exit, Exit::BundleRejected, "{command}");
        assert!(nobody.err.contains("--trusted-key"), "{}", nobody.err);
        let stranger = desk.run(&[command, "BUNDLE", "--trusted-key", "stranger.pub"]);
        assert_eq!(stranger.exit, Exit::BundleRejected, "{command}");
        assert!(stranger.err.starts_with("Error: 0 of the 1 trusted signatures"), "{}", stranger.err);
        assert!(nobody.out.is_empty() && stranger.out.is_empty());
    }
    let trusted = ["--trusted-key", "author.pub", "--trusted-key", "stranger.pub", "--threshold"];
    let two = desk.run(&[&["verify", "BUNDLE"][..], &trusted, &["2"]].concat());
    assert_eq!(two.exit, Exit::BundleRejected);
    let three = desk.run(&[&["verify", "BUNDLE"][..], &trusted, &["3"]].concat());
    assert_eq!(three.exit, Exit::Usage);
}

#[test]
fn what_is_no_bundle_is_rejected_and_what_is_not_there_fails() {
    let desk = Desk::new();
    std::fs::write(desk.bundle(), "no bundle").unwrap();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub"]);
    assert_eq!(run.exit, Exit::BundleRejected);
    assert!(run.err.starts_with("Error: this is no bundle") && run.err.contains("Hint: "), "{}", run.err);
    std::fs::remove_file(desk.bundle()).unwrap();
    assert_eq!(desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub"]).exit, Exit::Failed);
}

#[test]
fn a_file_that_is_no_public_key_is_named() {
    let desk = Desk::new();
    std::fs::write(desk.path("bad.pub"), "no key").unwrap();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "bad.pub"]);
    assert_eq!(run.exit, Exit::Failed);
    assert!(run.err.contains("bad.pub") && run.err.contains("Caused by: "), "{}", run.err);
}

#[test]
fn inspecting_without_a_trusted_key_begins_with_the_warning() {
    let desk = Desk::new();
    let run = desk.run(&["inspect", "BUNDLE"]);
    assert_eq!(run.exit, Exit::Done, "{}", run.err);
    assert!(run.out.starts_with("UNVERIFIED"), "{}", run.out);
    let trusted = desk.run(&["inspect", "BUNDLE", "--trusted-key", "author.pub"]);
    assert!(!trusted.out.contains("UNVERIFIED") && trusted.out.contains(bundle::ROLE), "{}", trusted.out);
    // What a role may do is named in a terminal too.
    assert!(
        trusted.out.contains("      1. allow route53:ListHostedZones\n          on *\n"),
        "{}",
        trusted.out
    );
    let data = json(&desk.run(&["inspect", "BUNDLE", "--format", "json"]).out);
    assert!(data["findings"].is_array() && data["private_keys"].is_object(), "{data:#}");
    assert_eq!((&data["trust"], data["resources"].as_array().map(Vec::len)), (&"unverified".into(), Some(5)));
}

#[test]
fn a_rehearsal_makes_everything_and_takes_it_all_away_again() {
    let desk = Desk::new();
    let trusted = ["--trusted-key", "author.pub"];
    let run = desk.run(&[&["rehearse", "BUNDLE", "--receipt", "receipt.json"], &trusted[..]].concat());
    assert_eq!(run.exit, Exit::Done, "{}{}", run.out, run.err);
    for line in
        ["Plan: 5 to create, 0 to update, 0 to delete.", "Plan: nothing to do", "deleted bucket/demo-oidc"]
    {
        assert!(run.out.contains(line), "{line} in {}", run.out);
    }
    for line in run.out.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    let receipt = receipt(&desk.path("receipt.json"));
    assert!(receipt.complete && receipt.steps.len() == 5);
    let arn = format!("arn:aws:iam::123456789012:role/{}", bundle::ROLE);
    assert_eq!(receipt.roles.into_values().map(String::from).collect::<Vec<_>>(), [arn]);
    let data = json(&desk.run(&[&["rehearse", "BUNDLE", "--format", "json"], &trusted[..]].concat()).out);
    assert_eq!((&data["left"], &data["second_plan"]["steps"]), (&0.into(), &serde_json::json!([])));
}

#[test]
fn a_receipt_that_could_not_be_written_stops_the_run_before_anything_is_done() {
    let desk = Desk::new();
    let run = desk.run(&["rehearse", "BUNDLE", "--trusted-key", "author.pub", "--receipt", "no/folder.json"]);
    assert_eq!(run.exit, Exit::Failed);
    assert!(run.out.is_empty() && run.err.contains("folder.json"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn a_receipt_can_be_read_by_everybody_and_replaces_an_older_one() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let line = ["rehearse", "BUNDLE", "--trusted-key", "author.pub", "--receipt", "receipt.json"];
    desk.run(&line);
    let mut older = receipt(&desk.path("receipt.json"));
    older.complete = false;
    std::fs::write(desk.path("receipt.json"), older.to_bytes()).unwrap();
    desk.run(&line);
    assert!(receipt(&desk.path("receipt.json")).complete);
    let mode = std::fs::metadata(desk.path("receipt.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o700, 0o600);
    assert_eq!(mode & 0o111, 0);
}

fn receipt(path: &Path) -> Receipt {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
