//! `sts-generator man`: the manual, in the form that `man` reads.

use clap::Args;
use sts_schemas::failure::{Exit, Failure};

/// Print the manual page of this program, or of one command, on stdout.
#[derive(Debug, Args)]
pub struct Man {
    /// The command; the program itself where none is given.
    command: Option<String>,
}

impl Man {
    pub(crate) fn run(self, program: &clap::Command) -> Result<(), Failure> {
        let page = match &self.command {
            None => program.clone(),
            Some(name) => {
                let known = program.find_subcommand(name).cloned();
                known.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no command {name:?}")))?
            }
        };
        clap_mangen::Man::new(page)
            .render(&mut std::io::stdout().lock())
            .map_err(|error| Failure::new(Exit::Failed, error))
    }
}
