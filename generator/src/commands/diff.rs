//! `sts-generator diff`: what changes from one set of roles to another.

mod side;

use super::trust::{Reading, TrustArgs};
use super::{as_json, print_line};
use crate::access;
use crate::cli::SelectionArgs;
use crate::render::{difference_markdown, difference_text};
use clap::{Args, ValueEnum};
use side::Reader;
use std::path::PathBuf;
use sts_schemas::access::difference;
use sts_schemas::aws::{Partition, Region};
use sts_schemas::failure::{Exit, Failure};

/// Say what changes between two sets of roles: what comes, what goes, and how much it should worry.
///
/// Each side is a directory of requests, a directory that this program wrote, or a bundle, in any mix. Roles are
/// told apart by the Secrets that hand them on. What only a directory or a bundle tells (boundaries, names, the
/// cluster itself) is compared where both sides tell it. Risks are those of the lint, of what is gained.
/// Exit code 0: it was compared; with --detailed-exitcode 0 for no difference and 2 for some.
#[derive(Debug, Args)]
#[command(after_help = "Example, the requests of two releases:
  sts-generator diff requests-4.16 requests-4.20
Example, what an upgrade changes for a cluster that lives:
  sts-generator diff BUNDLE requests-4.20 --trusted-key author.key.pub")]
pub struct DiffArgs {
    /// What there is: a directory of requests, an output directory or a bundle.
    old: PathBuf,
    /// What is to come, likewise.
    new: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    /// AWS region, for a directory without a bucket that could tell it.
    #[arg(long)]
    region: Option<Region>,
    /// Partition that requests are for: that of the other side, or else aws.
    #[arg(long)]
    partition: Option<Partition>,
    /// Exit with 2 where there is a difference.
    #[arg(long)]
    detailed_exitcode: bool,
    /// How the difference is written to standard output.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    format: DiffFormat,
}

/// Who reads the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// People at a terminal.
    Text,
    /// Programs: see schemas/json/difference.schema.json.
    Json,
    /// People at a merge request.
    Markdown,
}

impl DiffArgs {
    pub(crate) fn run(&self, reading: Reading<'_>) -> Result<Exit, Failure> {
        let reader =
            Reader { trust: &self.trust, reading, selection: &self.selection, region: self.region.as_ref() };
        let (old, new) = reader.both(&self.old, &self.new, self.partition)?;
        let difference = difference(access::PROGRAM, (old.side, &old.access), (new.side, &new.access));
        let text = match self.format {
            DiffFormat::Text => difference_text(&difference),
            DiffFormat::Markdown => difference_markdown(&difference),
            DiffFormat::Json => as_json(&difference)?,
        };
        print_line(text.trim_end())?;
        let pending = self.detailed_exitcode && !difference.is_empty();
        Ok(if pending { Exit::ChangesPending } else { Exit::Done })
    }
}
