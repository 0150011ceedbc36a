//! `completions`: what a shell needs to complete this program's words.

use crate::session::Session;
use clap_complete::Shell;
use sts_schemas::failure::{Exit, Failure};

/// Print a script that lets a shell complete commands and flags.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(
    args: &Args,
    mut program: clap::Command,
    session: &mut Session<'_>,
) -> Result<Exit, Failure> {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    session.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
