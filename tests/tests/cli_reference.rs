//! The command line of both programs as a person meets it: what `--version` says, and all of the help.
//!
//! The help is the reference, and is written nowhere else. `tests/cli` holds it as it was last looked at, so that a
//! change of a flag is seen in a review; `UPDATE_CLI=1` in the environment writes it anew.

use std::path::{Path, PathBuf};
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::program::{EXECUTOR, GENERATOR};
use sts_tests::programs::{Run, command, program};

const PROGRAMS: [&str; 2] = ["sts-generator", "sts-executor"];
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
/// How wide the reference is: a terminal.
const COLUMNS: usize = 80;

/// What a program prints where a terminal has 80 columns.
fn printed(name: &str, words: &[&str]) -> String {
    Run::of(command(&program(name)).env("COLUMNS", COLUMNS.to_string()).args(words)).exits(0).stdout
}

/// The commands that a help lists, but for clap's own `help`.
fn listed(help: &str) -> Vec<&str> {
    let (_, list) = help.split_once("\nCommands:\n").unwrap_or_default();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").collect()
}

/// The commands below these words, each as all the words that lead to it, the words themselves first.
fn commands(program: &str, words: &[String]) -> Vec<(Vec<String>, String)> {
    let mut asked: Vec<&str> = words.iter().map(String::as_str).collect();
    asked.push("--help");
    let help = printed(program, &asked);
    let below = listed(&help).into_iter().flat_map(|name| {
        let words: Vec<_> = words.iter().cloned().chain([name.to_owned()]).collect();
        commands(program, &words)
    });
    let below: Vec<_> = below.collect();
    std::iter::once((words.to_vec(), help)).chain(below).collect()
}

/// All of a program's help, command by command.
fn reference(program: &str) -> String {
    let pages = commands(program, &[]).into_iter().map(|(words, help)| {
        let line: Vec<_> = std::iter::once(program.to_owned()).chain(words).collect();
        let help: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
        format!("$ {} --help\n\n{}\n", line.join(" "), help.join("\n"))
    });
    pages.collect::<Vec<_>>().join("\n\n")
}

fn snapshot(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cli").join(format!("{program}.txt"))
}

#[test]
fn the_reference_of_the_command_line_is_the_one_that_was_looked_at() {
    let update = std::env::var_os("UPDATE_CLI").is_some();
    for program in PROGRAMS {
        let (path, text) = (snapshot(program), reference(program));
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        let moved = known.lines().zip(text.lines()).find(|(old, new)| old != new);
        assert!(
            known == text,
            "the help of {program} is another than in {}, first at {moved:?}: look at it, then run this test with \
             UPDATE_CLI=1",
            path.display()
        );
    }
}

#[test]
fn the_help_fits_a_terminal_and_every_command_says_what_it_does() {
    for program in PROGRAMS {
        for (words, help) in commands(program, &[]) {
            for line in help.lines() {
                assert!(line.chars().count() <= COLUMNS, "{program} {words:?}: {line}");
            }
            let about = help.lines().next().unwrap_or_default();
            assert!(!about.is_empty(), "{program} {words:?}");
            assert!(!about.starts_with("Usage"), "{program} {words:?} says nothing about itself");
        }
    }
}

#[test]
fn each_program_knows_the_commands_of_the_other() {
    for program in [GENERATOR, EXECUTOR] {
        let help = printed(program.name, &["--help"]);
        let own: Vec<_> =
            listed(&help).into_iter().filter(|name| !["completions", "man"].contains(name)).collect();
        assert_eq!(own, program.commands);
    }
}

#[test]
fn the_readme_names_every_command() {
    let readme = std::fs::read_to_string(README).unwrap();
    for program in PROGRAMS {
        for (words, _) in commands(program, &[]) {
            let Some(name) = words.last() else { continue };
            let named = ["`", " "].iter().any(|end| readme.contains(&format!("`{name}{end}")));
            assert!(named, "{program} {} is not in the README", words.join(" "));
        }
    }
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
