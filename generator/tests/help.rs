//! The help teaches: by examples, and by examples that hold.

use clap::{Command, CommandFactory as _};
use sts_generator::cli::Cli;

/// The lines of a text that run this program, put together where they go on.
fn lines_of_ours(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    whole
        .lines()
        .map(|line| line.split(['>', '|']).next().unwrap_or(line).trim())
        .map(|line| line.trim_start_matches("source <(").trim_end_matches(')'))
        .filter(|line| line.starts_with("sts-generator "))
        .map(str::to_owned)
        .collect()
}

fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    lines_of_ours(&text)
}

/// The program and all its commands, those below others too.
fn commands(command: Command) -> Vec<Command> {
    let below: Vec<_> = command.get_subcommands().cloned().flat_map(commands).collect();
    std::iter::once(command).chain(below).collect()
}

#[test]
fn every_command_is_taught_by_an_example() {
    for command in commands(Cli::command()) {
        let name = command.get_name();
        assert!(
            examples(&command).iter().any(|line| line.contains(name)),
            "{name} shows no example of itself"
        );
    }
}

#[test]
fn every_example_is_a_command_line_that_the_program_takes() {
    for command in commands(Cli::command()) {
        for line in examples(&command) {
            let words = line.split_whitespace();
            let parsed = Cli::command().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{}: {line}\n{}", command.get_name(), parsed.unwrap_err());
        }
    }
}

#[test]
fn no_example_is_wrapped_where_a_terminal_has_80_columns() {
    for command in commands(Cli::command()) {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
        }
    }
}

#[test]
fn a_usage_that_was_written_by_hand_names_all_that_is_required() {
    for command in commands(Cli::command()) {
        let Some(usage) = command.get_overridden_usage().map(ToString::to_string) else { continue };
        let required = command.get_arguments().filter(|one| one.is_required_set());
        for name in required.filter_map(|one| one.get_long()) {
            assert!(usage.contains(&format!("--{name} <")), "--{name}: {usage}");
        }
    }
}
