//! `sts-generator man`: the manual, in the form that `man` reads.

use clap::{Args, Command};
use std::io::Write as _;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::manual;
use sts_schemas::program::GENERATOR;

/// Print the manual page of this program, or of one command, on stdout.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator man create-all | man -l -
  sts-generator man rotate-keys stage | man -l -")]
pub struct Man {
    /// The command; the program itself where none is given.
    command: Vec<String>,
}

impl Man {
    pub(crate) fn run(self, mut program: Command) -> Result<(), Failure> {
        // Names of commands in their own pages come from here, as in `sts-generator-create-all`.
        program.build();
        let title = self.command.iter().fold(GENERATOR.name.to_owned(), |title, word| title + "-" + word);
        let mut command = titled(&mut program, &title)
            .map(std::mem::take)
            .ok_or_else(|| Failure::new(Exit::Usage, format!("there is no page {title}")))?;
        let usage = command.render_usage().to_string();
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let page =
            clap_mangen::Man::new(command).source(concat!("sts-generator ", env!("CARGO_PKG_VERSION")));
        let failed = |error| Failure::new(Exit::Failed, error);
        let mut rendered = Vec::new();
        page.render(&mut rendered).map_err(failed)?;
        let page = manual::page(&String::from_utf8_lossy(&rendered), &usage, &examples);
        std::io::stdout().lock().write_all(page.as_bytes()).map_err(failed)
    }
}

/// The command whose page has this title: all the words that lead to it, with hyphens between them.
fn titled<'a>(command: &'a mut Command, title: &str) -> Option<&'a mut Command> {
    if command.get_display_name().unwrap_or_else(|| command.get_name()) == title {
        return Some(command);
    }
    command.get_subcommands_mut().find_map(|below| titled(below, title))
}
