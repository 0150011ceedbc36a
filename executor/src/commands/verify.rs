//! `verify`: is this bundle whole, and from somebody trusted?

mod evidence;

use super::bundle::BundleArgs;
use crate::cli::Format;
use crate::session::Session;
use crate::show::verification::Verification;
use evidence::Received;
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};

/// Verify a bundle: no AWS, no credentials.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Also write down what was checked, against which keys, and what came of it, verified or rejected.
    ///
    /// As text where the name ends in .txt, else as JSON (schemas/json/report.schema.json).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let mut received = Received::open(&args.bundle)?;
    let result = args.bundle.verified_from(&mut received, session);
    let report = evidence::report(received, &result, &args.bundle, session)?;
    if let (Some(path), Some(report)) = (&args.report, &report) {
        evidence::write(report, path)?;
    }
    let bundle = result?;
    if let (Format::Json, Some(report)) = (format, report) {
        session.json(&report)?;
    } else {
        let found = Verification::of(&bundle, args.bundle.trust.threshold(), session.now());
        session.data(&found.text(session.surroundings.paint))?;
    }
    Ok(Exit::Done)
}
