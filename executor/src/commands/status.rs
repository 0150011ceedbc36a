//! `status`: is the account as the bundle wants it?

use super::account::{self, AccountArgs};
use super::binding::Look;
use super::bundle::BundleArgs;
use super::refusal;
use crate::cli::Format;
use crate::plan::{PlanOptions, RollBack, compared};
use crate::preflight::unreadable_issuer;
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
    // Nothing is to be written, so that only what keeps the cluster from working is of interest.
    let nothing = |_: &_| Vec::new();
    let (look, survey) = Look::ahead(&aws, &runtime, &bundle, (args.account.search(), nothing))?;
    let Look { contents, observed } = look;
    let desired = &contents.desired;
    // Looking is never a roll-back: nothing is carried out.
    let options = PlanOptions { roll_back: RollBack::Allowed, ..PlanOptions::default() };
    let mut found = compared(desired, &observed, &options).map_err(refusal::of_plan)?;
    found.notes.extend(unreadable_issuer(desired, &survey).map(|why| format!("OBSTACLE: {why}.")));
    let standings = standings(Some(bundle.digest()), desired, &observed, found);
    match format {
        Format::Text => session.data(&text(&standings, session.surroundings.paint))?,
        Format::Json => session.json(&standings)?,
    }
    Ok(if args.detailed_exitcode && !standings.in_step { Exit::ChangesPending } else { Exit::Done })
}
