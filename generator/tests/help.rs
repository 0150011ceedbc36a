//! The help teaches: by examples, and by examples that hold.

use clap::{Command, CommandFactory as _};
use sts_generator::cli::Cli;

/// The commands whose help ends in an example.
const TAUGHT: [&str; 9] = [
    "create-signing-key",
    "create-key-pair",
    "create-identity-provider",
    "create-iam-roles",
    "create-bundle",
    "create-all",
    "diff",
    "install",
    "rotate-keys",
];

/// The lines of a text that run this program, put together where they go on.
fn lines_of_ours(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    whole
        .lines()
        .map(|line| line.split(" > ").next().unwrap_or(line).trim())
        .filter(|line| line.starts_with("sts-generator "))
        .map(str::to_owned)
        .collect()
}

fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    lines_of_ours(&text)
}

#[test]
fn every_step_of_the_job_is_taught_by_an_example() {
    let program = Cli::command();
    for name in TAUGHT {
        let command = program.find_subcommand(name).unwrap();
        assert!(
            examples(command).iter().any(|line| line.contains(name)),
            "{name} shows no example of itself"
        );
    }
}

#[test]
fn every_example_is_a_command_line_that_the_program_takes() {
    for command in Cli::command().get_subcommands() {
        for line in examples(command) {
            let words = line.split_whitespace();
            let parsed = Cli::command().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{}: {line}\n{}", command.get_name(), parsed.unwrap_err());
        }
    }
}

#[test]
fn no_example_is_wrapped_where_a_terminal_has_80_columns() {
    for command in Cli::command().get_subcommands() {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
        }
    }
}
