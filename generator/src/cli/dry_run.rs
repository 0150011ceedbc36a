//! A flag of ccoctl's that has nothing to do here.

use crate::voice::say;
use clap::{Arg, ArgAction, ArgMatches};

const NAME: &str = "dry-run";

/// Takes `--dry-run`, which scripts written for ccoctl give to its commands that make something.
pub(super) fn flag() -> Arg {
    Arg::new(NAME).long(NAME).action(ArgAction::SetTrue).hide(true)
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
