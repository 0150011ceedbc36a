//! `sts-generator completions`: what a shell needs to complete this program's command line.

use clap::Args;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::program::GENERATOR;

/// Print a completion script for a shell on stdout.
#[derive(Debug, Args)]
#[command(after_help = "Example, for the bash that this is typed into:
  source <(sts-generator completions bash)
Example, for every bash from the next one on, with bash-completion:
  dir=~/.local/share/bash-completion/completions; mkdir -p $dir
  sts-generator completions bash > $dir/sts-generator")]
pub struct Completions {
    /// The shell.
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn run(self, command: &mut clap::Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, GENERATOR.name, &mut script);
        let script = GENERATOR.completion(&String::from_utf8_lossy(&script));
        std::io::Write::write_all(&mut std::io::stdout().lock(), script.as_bytes())
            .map_err(|error| Failure::new(Exit::Failed, error))
    }
}
