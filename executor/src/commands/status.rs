//! `status`: is the account as the bundle wants it?

use super::account::{self, AccountArgs};
use super::binding::Look;
use super::bundle::BundleArgs;
use super::refusal;
use crate::cli::Format;
use crate::plan::{PlanOptions, RollBack, plan};
use crate::session::Session;
use crate::show::standing::{standings, text};
use sts_schemas::failure::{Exit, Failure};

/// Compare the account with a bundle: in step, drifted, missing, orphaned, foreign. Changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    account: AccountArgs,
    /// Exit 2 when anything is not in step.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let bundle = args.bundle.verified(session)?;
    let runtime = account::runtime()?;
    let aws = args.account.open(&runtime, &bundle.outline().cluster.region, session)?;
    let Look { contents, observed } = Look::at(&aws, &runtime, &bundle, args.account.search())?;
    let desired = &contents.desired;
    // Looking is never a roll-back: the plan is not carried out.
    let options = PlanOptions { roll_back: RollBack::Allowed, ..PlanOptions::default() };
    let plan = plan(Some(bundle.digest()), desired, &observed, &options).map_err(refusal::of_plan)?;
    let standings = standings(desired, &observed, &plan);
    match format {
        Format::Text => session.data(&text(&standings, session.surroundings.paint))?,
        Format::Json => session.json(&standings)?,
    }
    Ok(if args.detailed_exitcode && !standings.in_step { Exit::ChangesPending } else { Exit::Done })
}
