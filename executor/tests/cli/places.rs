//! What a run may write over: what an earlier run wrote, and nothing else.

use super::{Desk, Run};
use std::path::Path;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::Exit;
use sts_schemas::report::Report;

const TRUSTED: [&str; 3] = ["BUNDLE", "--trusted-key", "author.pub"];

fn writing(desk: &Desk, command: &str, flag: &str, target: &str) -> Run {
    desk.run(&[&[command], &TRUSTED[..], &[flag, target]].concat())
}

/// All that lies in a folder, by name.
fn all_in(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let mut all: Vec<_> =
        files.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn no_file_of_others_gives_way_to_a_receipt_a_report_or_a_log() {
    let desk = Desk::new();
    std::fs::write(desk.path("key.json"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    std::fs::write(desk.path("other.json"), "{\"schema_version\": \"1.0\"}\n").unwrap();
    std::fs::write(desk.path("r.json.jws"), "somebody's own\n").unwrap();
    std::os::unix::fs::symlink("/dev/full", desk.path("device.json")).unwrap();
    std::os::unix::fs::symlink(desk.path("nowhere"), desk.path("link.json")).unwrap();
    std::fs::create_dir(desk.path("folder.json")).unwrap();
    let before = all_in(desk.folder.path());
    for (command, flag, noun) in [
        ("verify", "--report", "the report"),
        ("rehearse", "--receipt", "the receipt"),
        ("apply", "--receipt", "the receipt"),
        ("delete", "--receipt", "the receipt"),
        ("plan", "--log", "the log of calls"),
        ("apply", "--log", "the log of calls"),
        ("delete", "--log", "the log of calls"),
    ] {
        for (target, exit, why) in [
            ("BUNDLE", Exit::Usage, "this run reads it as the bundle"),
            ("author.pub", Exit::Usage, "this run reads it as a trusted key"),
            ("stranger.pub", Exit::Failed, "another file is there"),
            ("key.json", Exit::Failed, "another file is there"),
            ("other.json", Exit::Failed, "another file is there"),
            ("device.json", Exit::Failed, "a symbolic link"),
            ("link.json", Exit::Failed, "a symbolic link"),
            ("folder.json", Exit::Failed, "a folder"),
            ("/dev/full", Exit::Failed, "a device"),
        ] {
            let run = writing(&desk, command, flag, target);
            assert_eq!((run.exit, run.out.as_str()), (exit, ""), "{command} {flag} {target}: {}", run.err);
            for words in [&format!("Error: {noun} cannot be written to "), why, "nothing was changed; give "]
            {
                assert!(run.err.contains(words), "{words:?} of {command} {flag} {target}: {}", run.err);
            }
        }
    }
    let beside = writing(&desk, "rehearse", "--receipt", "r.json");
    assert_eq!(beside.exit, Exit::Failed, "without a key the signature of an older receipt goes");
    assert!(beside.err.contains("the receipt's signature cannot be written to"), "{}", beside.err);
    let one = desk.run(&[&["apply"], &TRUSTED[..], &["--log", "one.json", "--receipt", "one.json"]].concat());
    assert_eq!(one.exit, Exit::Usage, "{}", one.err);
    assert!(one.err.contains("this run also writes the log of calls there"), "{}", one.err);
    assert_eq!(all_in(desk.folder.path()), before);
}

#[test]
fn what_an_earlier_run_wrote_and_what_is_empty_is_replaced() {
    let desk = Desk::new();
    for name in ["report.json", "report.txt", "receipt.json"] {
        std::fs::write(desk.path(name), "").unwrap();
    }
    for _ in 0..2 {
        for report in ["report.json", "report.txt"] {
            assert_eq!(writing(&desk, "verify", "--report", report).exit, Exit::Done);
            let rejected = ["verify", "BUNDLE", "--trusted-key", "stranger.pub", "--report", report];
            assert_eq!(desk.run(&rejected).exit, Exit::BundleRejected);
            assert!(std::fs::read_to_string(desk.path(report)).unwrap().to_uppercase().contains("REJECTED"));
        }
        assert_eq!(writing(&desk, "rehearse", "--receipt", "receipt.json").exit, Exit::Done);
    }
    let mixed = writing(&desk, "rehearse", "--receipt", "report.json");
    assert_eq!(mixed.exit, Exit::Failed, "a report is no receipt: {}", mixed.err);
}

#[test]
fn a_file_without_end_is_rejected_at_once_and_reported_as_far_as_a_bundle_goes() {
    const FORMAT: u64 = 256 << 20;
    let desk = Desk::new();
    std::fs::remove_file(desk.bundle()).unwrap();
    std::os::unix::fs::symlink("/dev/zero", desk.bundle()).unwrap();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "author.pub"]);
    assert_eq!(run.exit, Exit::BundleRejected, "{}", run.err);
    assert_eq!(writing(&desk, "verify", "--report", "report.txt").exit, Exit::BundleRejected);
    assert_eq!(writing(&desk, "verify", "--report", "report.json").exit, Exit::BundleRejected);
    let text = std::fs::read_to_string(desk.path("report.txt")).unwrap();
    assert!(text.contains("the file goes on behind them, longer than any bundle"), "{text}");
    let report: Report =
        serde_json::from_str(&std::fs::read_to_string(desk.path("report.json")).unwrap()).unwrap();
    assert!(report.file.goes_on && report.file.length > FORMAT, "{:?}", report.file);
    assert!(report.file.length < FORMAT + (1 << 20), "{:?}", report.file);
    let zeros = vec![0; usize::try_from(report.file.length).unwrap()];
    assert_eq!(report.file.sha256, Sha256::of(&zeros));
}
