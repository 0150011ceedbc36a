//! A reader written from FORMAT.md alone judges every bundle that is kept as this project's reader does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use sts_tests::emulator::python;
use sts_tests::handoff::GENERATION;
use sts_tests::programs::{Run, command};
use sts_tests::vectors::{BUNDLE, FOLDER, TRUSTED_KEY, VERDICT};

const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/second_reader.py");

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

#[test]
fn a_second_reader_takes_and_refuses_the_same_bundles() {
    let cases = cases();
    let run = Run::of(
        command(&python())
            .arg(READER)
            .arg(Path::new(FOLDER).join(TRUSTED_KEY))
            .arg(GENERATION.to_string())
            .args(cases.iter().map(|case| case.join(BUNDLE))),
    )
    .exits(0);
    let found: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found.len(), cases.len(), "one line for each bundle");
    let differ: Vec<_> = cases
        .iter()
        .zip(&found)
        .filter(|(case, found)| {
            let verified = std::fs::read_to_string(case.join(VERDICT)).unwrap().trim() == "verified";
            found["taken"] != verified
        })
        .map(|(case, found)| format!("{}: {found}", case.display()))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
