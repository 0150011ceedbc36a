//! `completions`: what a shell needs to complete this program's words.

use crate::session::Session;
use clap_complete::Shell;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::program::EXECUTOR;

/// Print a script that lets a shell complete commands and flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example, for the bash that this is typed into:
  source <(sts-executor completions bash)
Example, for every bash from the next one on, with bash-completion:
  dir=~/.local/share/bash-completion/completions; mkdir -p $dir
  sts-executor completions bash > $dir/sts-executor")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(
    args: &Args,
    mut program: clap::Command,
    session: &mut Session<'_>,
) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, EXECUTOR.name, &mut script);
    session.data(&EXECUTOR.completion(&String::from_utf8_lossy(&script)))?;
    Ok(Exit::Done)
}
