//! The help teaches by examples, and by examples that hold.

use super::Cli;
use clap::{Command, CommandFactory as _};

fn text(command: &Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}

/// The program and its commands.
fn commands() -> Vec<Command> {
    let program = Cli::command();
    let below: Vec<_> = program.get_subcommands().cloned().collect();
    std::iter::once(program).chain(below).collect()
}

/// The lines of a command's examples that run this program, put together where they go on.
fn examples(command: &Command) -> Vec<String> {
    let whole = text(command).replace("\\\n", " ");
    let lines = whole.lines().map(|line| line.split(['>', '|']).next().unwrap_or(line).trim());
    let lines = lines.map(|line| line.trim_start_matches("source <(").trim_end_matches(')'));
    lines.filter(|line| line.starts_with("sts-executor ")).map(str::to_owned).collect()
}

#[test]
fn every_command_is_taught_by_an_example() {
    for command in commands() {
        let name = command.get_name();
        assert!(
            examples(&command).iter().any(|line| line.contains(name)),
            "{name} shows no example of itself"
        );
    }
}

#[test]
fn every_example_is_a_command_line_that_the_program_takes() {
    // Where a person writes a digest of their own.
    const DIGEST: &str = "b7ba97f19c87ff2e6387d5305479a0053b0b74c4ad625289c7a6baaf7f4e3ac3";
    for command in commands() {
        for line in examples(&command) {
            let line = line.replace("DIGEST", DIGEST);
            let parsed = Cli::command().try_get_matches_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{}: {line}\n{}", command.get_name(), parsed.unwrap_err());
        }
    }
}

#[test]
fn no_example_is_wrapped_where_a_terminal_has_80_columns() {
    for command in commands() {
        for line in text(&command).lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
        }
    }
}
