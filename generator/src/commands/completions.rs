//! `sts-generator completions`: what a shell needs to complete this program's command line.

use clap::Args;
use sts_schemas::failure::{Exit, Failure};

/// Print a completion script for a shell on stdout.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn run(self, command: &mut clap::Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "sts-generator", &mut script);
        std::io::Write::write_all(&mut std::io::stdout().lock(), &script)
            .map_err(|error| Failure::new(Exit::Failed, error))
    }
}
