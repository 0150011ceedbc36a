//! `sts-generator render`: a bundle's resources for other engines.

use super::trust::{Reading, TrustArgs};
use super::{in_file, print_line, warn};
use crate::engine::{Engine, rendering};
use clap::Args;
use std::path::PathBuf;
use sts_schemas::bundle::Expiry;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::terminal::printable_json;

/// Print a verified bundle's resources as a CloudFormation template or a Terraform configuration.
///
/// For whoever may not run sts-executor. What the engine cannot do is printed on stderr, as the commands that do
/// it. It makes what apply makes, with the same names and tags, in the same account and region and in no other;
/// plan and status know it afterwards. It writes no receipt.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator render demo.tar.gz --trusted-key author.key.pub \\
      --format cloudformation > demo.template.json")]
pub struct Render {
    /// The bundle.
    bundle: PathBuf,
    /// For which engine.
    #[arg(long, value_enum)]
    format: Engine,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Render {
    pub(crate) fn run(&self, reading: Reading<'_>) -> Result<(), Failure> {
        let now = Expiry::Enforced(reading.clock);
        let bundle = self.trust.verified(&self.bundle, now, reading)?;
        let rendering = rendering(bundle.outline(), self.format)
            .map_err(|error| in_file(&self.bundle, error).hint("apply it with sts-executor, which can"))?;
        let text = serde_json::to_string_pretty(&rendering.document)
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        print_line(&printable_json(&text))?;
        for step in &rendering.steps {
            warn(step);
        }
        Ok(())
    }
}
