//! `man`: the manual, as `man -l -` takes it.

use crate::session::Session;
use clap::Command;
use sts_schemas::command_line::{PageError, manual_page};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::program::EXECUTOR;

/// Print a manual page: of the program, or of one command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor man apply | man -l -")]
pub(crate) struct Args {
    /// The command; the whole program where absent.
    command: Vec<String>,
}

pub(crate) fn run(args: &Args, program: Command, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let page = manual_page(program, &EXECUTOR, &args.command).map_err(|error| {
        let exit = if matches!(error, PageError::Unknown(_)) { Exit::Usage } else { Exit::Failed };
        Failure::new(exit, error)
    })?;
    session.data(&page)?;
    Ok(Exit::Done)
}
