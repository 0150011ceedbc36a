//! The command line of both programs as a person meets it: what `--version` says, and all of the help.

use sts_schemas::manifest::SchemaVersion;
use sts_tests::programs::{Run, command, program};

const PROGRAMS: [&str; 2] = ["sts-generator", "sts-executor"];

/// What a program prints where a terminal has 80 columns.
fn printed(name: &str, words: &[&str]) -> String {
    Run::of(command(&program(name)).env("COLUMNS", "80").args(words)).exits(0).stdout
}

#[test]
fn the_version_tells_commit_and_bundle_format_and_owns_to_not_knowing_the_commit() {
    for name in PROGRAMS {
        let said = printed(name, &["--version"]);
        let rest = said.strip_prefix(&format!("{name} {} (commit ", env!("CARGO_PKG_VERSION"))).unwrap();
        let (commit, rest) = rest.split_once(',').unwrap();
        assert_eq!(rest, format!(" bundle format {})\n", SchemaVersion::CURRENT), "{said}");
        let digits = commit.trim_end_matches("+changes").chars().all(|c| c.is_ascii_hexdigit());
        assert!(commit == "unknown" || digits && commit.len() >= 7, "{said}");
    }
}
