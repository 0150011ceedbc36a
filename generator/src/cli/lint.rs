//! The flag that makes the lint a gate.

use clap::Args;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::lint::{Finding, Level};

/// How bad a finding may be.
#[derive(Debug, Clone, Args)]
pub struct LintArgs {
    /// Fail when the permissions give a finding of this level or above: info, warning or danger.
    #[arg(long, value_name = "LEVEL")]
    pub deny_lint: Option<Level>,
}

impl LintArgs {
    /// Lets findings pass that are below the level that was given.
    ///
    /// # Errors
    /// Says how many are not.
    pub(crate) fn judge(&self, findings: &[Finding]) -> Result<(), Failure> {
        let Some(level) = self.deny_lint else { return Ok(()) };
        let denied = findings.iter().filter(|finding| finding.level >= level).count();
        if denied == 0 {
            return Ok(());
        }
        Err(Failure::new(Exit::Failed, format!("findings of level {level} or above: {denied}"))
            .hint("narrow the permissions, or raise --deny-lint"))
    }
}
