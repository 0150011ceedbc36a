//! `sts-generator man`: the manual, in the form that `man` reads.

use clap::{Args, Command};
use std::io::Write as _;
use sts_schemas::command_line::{PageError, manual_page};
use sts_schemas::failure::{Exit, Failure};
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
    pub(crate) fn run(self, program: Command) -> Result<(), Failure> {
        let page = manual_page(program, &GENERATOR, &self.command).map_err(|error| {
            let exit = if matches!(error, PageError::Unknown(_)) { Exit::Usage } else { Exit::Failed };
            Failure::new(exit, error)
        })?;
        let printed = std::io::stdout().lock().write_all(page.as_bytes());
        printed.map_err(|error| Failure::new(Exit::Failed, error))
    }
}
