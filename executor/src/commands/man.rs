//! `man`: the manual, as `man -l -` takes it.

use crate::session::Session;
use clap::Command;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::manual;
use sts_schemas::program::EXECUTOR;

/// Print a manual page: of the program, or of one command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor man apply | man -l -")]
pub(crate) struct Args {
    /// The command; the whole program where absent.
    command: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no page {0}")]
struct NoSuchPage(String);

pub(crate) fn run(args: &Args, mut program: Command, session: &mut Session<'_>) -> Result<Exit, Failure> {
    // Names of commands in their own pages come from here, as in `sts-executor-apply`.
    program.build();
    let title = args.command.iter().fold(EXECUTOR.name.to_owned(), |title, word| title + "-" + word);
    let mut command = titled(&mut program, &title)
        .map(std::mem::take)
        .ok_or_else(|| Failure::new(Exit::Usage, NoSuchPage(title)))?;
    let usage = command.render_usage().to_string();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let page = clap_mangen::Man::new(command).source(concat!("sts-executor ", env!("CARGO_PKG_VERSION")));
    let mut rendered = Vec::new();
    page.render(&mut rendered).map_err(|error| Failure::new(Exit::Failed, error))?;
    session.data(&manual::page(&String::from_utf8_lossy(&rendered), &usage, &examples))?;
    Ok(Exit::Done)
}

/// The command whose page has this title: all the words that lead to it, with hyphens between them.
fn titled<'a>(command: &'a mut Command, title: &str) -> Option<&'a mut Command> {
    if command.get_display_name().unwrap_or_else(|| command.get_name()) == title {
        return Some(command);
    }
    command.get_subcommands_mut().find_map(|below| titled(below, title))
}
