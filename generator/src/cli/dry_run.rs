//! A flag of ccoctl's that has nothing to do here.

use crate::voice::say;
use clap::{Arg, ArgAction, ArgMatches, Command};

const NAME: &str = "dry-run";

/// The program, with `--dry-run` taken by the commands that make something: scripts written for ccoctl give it.
pub(super) fn taken_by(program: Command) -> Command {
    program.mut_subcommands(|command| {
        if !command.get_name().starts_with("create-") {
            return command;
        }
        command.arg(Arg::new(NAME).long(NAME).action(ArgAction::SetTrue).hide(true))
    })
}

/// Whether the flag was given to a command that takes it.
pub(super) fn is_asked(matches: &ArgMatches) -> bool {
    let command = matches.subcommand().map(|(_, given)| given);
    command.is_some_and(|given| matches!(given.try_get_one(NAME), Ok(Some(true))))
}

/// Says what the flag is worth.
pub(super) fn tell() {
    say("note: --dry-run changes nothing: this program never does anything but write files");
}
