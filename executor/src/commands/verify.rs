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
    /// Also write down what was checked, against which keys, and what came of it: verified, rejected, or not
    /// verified for want of a key. A report of an earlier run goes first, so that none is left where this run comes to no
    /// verdict.
    ///
    /// As text where the name ends in .txt, else as JSON (schemas/json/report.schema.json).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let Some(path) = &args.report else { return verify(args, format, session).map(|()| Exit::Done) };
    let mut neighbours = Neighbours::default();
    args.bundle.name(&mut neighbours);
    place::check(Kind::Report, path, &neighbours)?;
    // What an earlier run found must not be taken for what this one did, however this one ends.
    let had_one = evidence::remove_earlier(path)?;
    let done = verify(args, format, session);
    if had_one && !path.exists() {
        session.warn(&format!(
            "WARNING: there is no report: this run came to no verdict, and the report of an earlier run was removed \
             from {}.",
            path.display()
        ));
    }
    done.map(|()| Exit::Done)
}

fn verify(args: &Args, format: Format, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut received = Received::open(&args.bundle)?;
    let keys = args.bundle.trust.keys(session)?;
    let result = args.bundle.verified_from(&mut received, &keys, session);
    // Without a report nobody asks what the rest of a file is that was rejected.
    let wanted = args.report.is_some() || (format == Format::Json && result.is_ok());
    let report =
        if wanted { evidence::report(received, &result, &args.bundle, &keys, session)? } else { None };
    if let (Some(path), Some(report)) = (&args.report, &report) {
        evidence::write(report, path)?;
    }
    let bundle = result?;
    if let (Format::Json, Some(report)) = (format, report) {
        session.json(&report)
    } else {
        let found = Verification::of(&bundle, args.bundle.trust.threshold());
        session.data(&found.text(session.surroundings.paint))
    }
}
