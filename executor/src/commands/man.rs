//! `man`: the manual, as `man -l -` takes it.

use crate::session::Session;
use sts_schemas::failure::{Exit, Failure};

/// Print a manual page: of the program, or of one command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command; the whole program where absent.
    command: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no command {0:?}")]
struct NoSuchCommand(String);

pub(crate) fn run(
    args: &Args,
    mut program: clap::Command,
    session: &mut Session<'_>,
) -> Result<Exit, Failure> {
    // Names of commands in their own pages come from here, as in `sts-executor-apply`.
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::new(Exit::Usage, NoSuchCommand(name.clone())))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(|error| Failure::new(Exit::Failed, error))?;
    session.data(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
