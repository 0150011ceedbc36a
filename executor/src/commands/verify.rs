//! `verify`: is this bundle whole, and from somebody trusted?

use super::bundle::BundleArgs;
use crate::cli::Format;
use crate::session::Session;
use crate::show::verification::Verification;
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};

/// Verify a bundle: no AWS, no credentials.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Also write what was found to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written to {path}")]
struct Unwritable {
    path: String,
    #[source]
    source: std::io::Error,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let bundle = args.bundle.verified(session)?;
    let report = Verification::of(&bundle, args.bundle.trust.threshold(), session.now());
    if let Some(path) = &args.report {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Failure::new(Exit::Failed, error))?;
        std::fs::write(path, text + "\n").map_err(|source| {
            Failure::new(Exit::Failed, Unwritable { path: path.display().to_string(), source })
        })?;
    }
    match format {
        Format::Text => session.data(&report.text(session.surroundings.paint))?,
        Format::Json => session.json(&report)?,
    }
    Ok(Exit::Done)
}
