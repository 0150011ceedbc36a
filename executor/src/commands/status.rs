//! `status`: is the account as the bundle wants it?

mod folder;

use super::account::{self, AccountArgs};
use super::binding::Look;
use super::bundle::{BundleArgs, TrustArgs, ahead_of_the_clock};
use super::refusal;
use crate::account::{Account, Departing};
use crate::cli::Format;
use crate::plan::{PlanOptions, RollBack, compared, doubled, misnamed};
use crate::preflight::{shared_bucket, unreadable_issuer};
use crate::session::Session;
use crate::show::standing::{standings, text};
use std::path::PathBuf;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::standing::Standings;

/// Compare the account with a bundle: in step, drifted, missing, orphaned, foreign. Changes nothing.
///
/// With --all it is every bundle of a folder, a line for each; one that cannot be compared stops no other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor status BUNDLE --trusted-key author.key.pub
Example, a line for each bundle of a folder:
  sts-executor status --all bundles --trusted-key author.key.pub
Example, the gate before an upgrade, by its exit code:
  sts-executor status BUNDLE --trusted-key author.key.pub --gate")]
pub(crate) struct Args {
    /// The bundle, a .tar.gz made by sts-generator.
    #[arg(required_unless_present = "all")]
    bundle: Option<PathBuf>,
    /// Every .tar.gz in this folder instead; of several bundles for one cluster the latest counts.
    #[arg(long, value_name = "DIR", conflicts_with = "bundle")]
    all: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    account: AccountArgs,
    /// Exit 2 when anything is not in step.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit 2 unless every component has what the bundle wants; orphans do not count. For a gate before an upgrade.
    #[arg(long, conflicts_with = "detailed_exitcode")]
    gate: bool,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    if let Some(folder) = &args.all {
        return folder::run(folder, args, format, session);
    }
    let bundle = args.bundle_at(args.bundle.clone().unwrap_or_default()).verified(session)?;
    let runtime = account::runtime()?;
    let aws = args.account.open(&runtime, &bundle.outline().cluster.region, session)?;
    let standings = runtime.block_on(args.standings(&aws, &bundle))?;
    match format {
        Format::Text => session.data(&text(&standings, session.surroundings.paint))?,
        Format::Json => session.json(&standings)?,
    }
    Ok(args.exit(standings.in_step, standings.provides))
}

impl Args {
    /// How a run ends that could compare everything.
    fn exit(&self, in_step: bool, provides: bool) -> Exit {
        let pending = (self.detailed_exitcode && !in_step) || (self.gate && !provides);
        if pending { Exit::ChangesPending } else { Exit::Done }
    }

    fn bundle_at(&self, bundle: PathBuf) -> BundleArgs {
        BundleArgs { bundle, trust: self.trust.clone() }
    }

    async fn standings(&self, aws: &dyn Account, bundle: &VerifiedBundle) -> Result<Standings, Failure> {
        // Nothing is to be written, so that only what keeps the cluster from working is of interest.
        let nothing = |_: &_| Vec::new();
        let what = (self.account.reach(Departing::Nothing), nothing);
        let (look, survey) = Look::looking_ahead(aws, bundle, what).await?;
        let Look { contents, observed } = look;
        let desired = &contents.desired;
        // Looking is never a roll-back: nothing is carried out.
        let options = PlanOptions { roll_back: RollBack::Allowed, ..PlanOptions::default() };
        let mut found = compared(desired, &observed, &options).map_err(refusal::of_plan)?;
        let unreadable = shared_bucket(desired, &observed).or_else(|| unreadable_issuer(desired, &survey));
        let obstacles = unreadable.iter().cloned().chain(misnamed(desired, &observed).map(|(_, why)| why));
        let obstacles = obstacles.chain(doubled(desired, &observed));
        found.notes.extend(obstacles.map(|why| format!("OBSTACLE: {why}.")));
        if bundle.is_ahead_of_the_clock() {
            found.notes.push(ahead_of_the_clock(bundle));
        }
        let standings = standings(Some(bundle.digest()), desired, &observed, found);
        Ok(Standings { provides: standings.provides && unreadable.is_none(), ..standings })
    }
}
