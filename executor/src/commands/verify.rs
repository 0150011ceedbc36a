//! `verify`: is this bundle whole, and from somebody trusted?

mod evidence;

use super::bundle::BundleArgs;
use super::place::{self, Kind, Neighbours};
use crate::cli::Format;
use crate::session::Session;
use crate::show::verification::Verification;
use evidence::Received;
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};

/// Verify a bundle: no AWS, no credentials.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor verify BUNDLE --trusted-key author.key.pub
Example, where two people must have signed, with a report to file:
  sts-executor verify BUNDLE --trusted-key author.key.pub \\
      --trusted-key reviewer.key.pub --threshold 2 --report report.txt")]
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
    if let Some(path) = &args.report {
        let mut neighbours = Neighbours::default();
        args.bundle.name(&mut neighbours);
        place::check(Kind::Report, path, &neighbours)?;
    }
    let mut received = Received::open(&args.bundle)?;
    let result = args.bundle.verified_from(&mut received, session);
    // Without a report nobody asks what the rest of a file is that was rejected.
    let wanted = args.report.is_some() || (format == Format::Json && result.is_ok());
    let report = if wanted { evidence::report(received, &result, &args.bundle, session)? } else { None };
    if let (Some(path), Some(report)) = (&args.report, &report) {
        evidence::write(report, path)?;
    }
    let bundle = result?;
    if let (Format::Json, Some(report)) = (format, report) {
        session.json(&report)?;
    } else {
        let found = Verification::of(&bundle, args.bundle.trust.threshold());
        session.data(&found.text(session.surroundings.paint))?;
    }
    Ok(Exit::Done)
}
