//! `plan`: what would change?

use super::account::{self, AccountArgs};
use super::approval;
use super::binding::Look;
use super::bundle::{BundleArgs, ahead_of_the_clock, expired};
use super::place::Neighbours;
use super::refusal;
use crate::account::{Account, Departing, Reach, Runtime};
use crate::cli::Format;
use crate::plan::{Orphans, PlanOptions, PlanRefused, RollBack, TAKEN, plan};
use crate::preflight::{Preflight, USUAL_PROVIDERS, preflight, wishes};
use crate::session::Session;
use crate::show::{printable, utc};
use std::collections::BTreeSet;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::Plan;
use sts_schemas::resource::Address;
use sts_schemas::state::{Desired, Observed};

/// Show what applying a bundle would change, and the plan's digest. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor plan BUNDLE --trusted-key author.key.pub
Example, a plan that somebody else approves, for apply --approved-plan:
  sts-executor plan BUNDLE --trusted-key author.key.pub \\
      --format json > plan.json")]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Exit 2 when there is something to change.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// What the person asks for beyond the bundle.
#[derive(Debug, clap::Args)]
pub(crate) struct ChoiceArgs {
    /// Remove what bears the cluster's tag and the bundle no longer wants.
    #[arg(long)]
    prune: bool,
    /// Take over the foreign resource at this address, like role/NAME; can be given more than once.
    #[arg(long, value_name = "ADDRESS")]
    adopt: Vec<Address>,
    /// Let an older bundle follow a newer one.
    #[arg(long)]
    roll_back: bool,
    /// Take a bundle that says it was made more than two days later than the clock here says it is.
    ///
    /// Every bundle with a right date is older than it from then on, and needs --roll-back. The plan and the receipt say
    /// so.
    #[arg(long)]
    allow_future: bool,
    /// How many OIDC providers the account may have, where AWS has raised its quota.
    #[arg(long, value_name = "N", default_value_t = USUAL_PROVIDERS)]
    provider_quota: u32,
}

impl ChoiceArgs {
    /// What a bundle wants of the account as it was seen, with what the person asks for beyond it.
    pub(super) fn plan(
        &self,
        bundle: &VerifiedBundle,
        desired: &Desired,
        observed: &Observed,
    ) -> Result<Plan, PlanRefused> {
        plan(Some(bundle.digest()), desired, observed, &self.options())
    }

    /// The same, with all that a person should know before they approve it.
    fn whole_plan(&self, bundle: &VerifiedBundle, look: &Look) -> Result<Plan, Failure> {
        self.check_clock(bundle)?;
        let plan = self.plan(bundle, &look.contents.desired, &look.observed);
        let mut plan = plan.map_err(refusal::of_plan)?;
        // What a person overrode to come this far is part of what is approved.
        plan.notes.extend(expired(bundle));
        if bundle.is_ahead_of_the_clock() {
            plan.notes.push(format!("{} It is taken because of --allow-future.", ahead_of_the_clock(bundle)));
        }
        Ok(plan)
    }

    /// How far to look for such a plan.
    pub(super) fn reach(&self, account: &AccountArgs) -> Reach {
        account.reach(if self.prune { Departing::Unwanted } else { Departing::Nothing })
    }

    /// Once applied, a bundle from the future stands above every bundle that is made until then.
    fn check_clock(&self, bundle: &VerifiedBundle) -> Result<(), Failure> {
        if !bundle.is_ahead_of_the_clock() || self.allow_future {
            return Ok(());
        }
        let made = utc(bundle.manifest().generation);
        Err(Failure::new(Exit::BundleRejected, FromTheFuture { made }).hint(
            "look at the clock here, and ask the author for a bundle with a right date; if this one is meant all the \
             same, say so with --allow-future",
        ))
    }

    fn options(&self) -> PlanOptions {
        PlanOptions {
            orphans: if self.prune { Orphans::Prune } else { Orphans::Keep },
            adopt: self.adopt.iter().cloned().gather::<BTreeSet<_>>(),
            roll_back: if self.roll_back { RollBack::Allowed } else { RollBack::Refused },
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the bundle says it was made at {made}, and by the clock here that is more than two days ahead")]
struct FromTheFuture {
    made: String,
}

/// Looks at the account, plans, and looks ahead; also tells what the bundle wants of this account.
pub(super) fn make(
    runtime: &Runtime,
    aws: &dyn Account,
    bundle: &VerifiedBundle,
    (account, choice): (&AccountArgs, &ChoiceArgs),
) -> Result<(Plan, Preflight, Look), Failure> {
    choice.check_clock(bundle)?;
    let (look, survey) = Look::ahead(aws, runtime, bundle, (choice.reach(account), wishes))?;
    let plan = choice.whole_plan(bundle, &look)?;
    let Look { contents, observed } = &look;
    let ahead = preflight((&contents.desired, observed), &plan, (&survey, choice.provider_quota));
    Ok((plan, ahead, look))
}

/// Looks at the account and plans once more, without the look ahead.
pub(super) fn make_again(
    runtime: &Runtime,
    aws: &dyn Account,
    bundle: &VerifiedBundle,
    (account, choice): (&AccountArgs, &ChoiceArgs),
) -> Result<Plan, Failure> {
    choice.whole_plan(bundle, &Look::at(aws, runtime, bundle, choice.reach(account))?)
}

/// Tells what a look ahead found.
pub(super) fn tell(ahead: &Preflight, session: &mut Session<'_>) {
    for obstacle in &ahead.obstacles {
        session.warn(&format!("Obstacle: {}", printable(obstacle)));
    }
    for warning in &ahead.warnings {
        session.warn(&format!("Note: {}", printable(warning)));
    }
}

/// A plan that AWS will refuse in the middle is not begun, and an account in step is not called so while nobody can
/// read the issuer.
pub(super) fn unhindered(plan: &Plan, ahead: &Preflight) -> Result<(), Failure> {
    let error = match ahead.obstacles.len() {
        0 => return Ok(()),
        count if plan.is_empty() => Hindered::Vain { count },
        count => Hindered::Refused { count },
    };
    Err(Failure::new(Exit::Failed, error).hint("nothing was changed"))
}

#[derive(Debug, thiserror::Error)]
enum Hindered {
    #[error("the plan is not to be begun, for the reasons above: {count}")]
    Refused { count: usize },
    #[error(
        "the account holds what the bundle wants, and the cluster cannot rely on it, for the reasons above: {count}"
    )]
    Vain { count: usize },
}

/// While anything foreign stands in the way, a plan to apply cannot be carried out.
pub(super) fn unobstructed(plan: &Plan) -> Result<(), Failure> {
    if plan.foreign.is_empty() {
        return Ok(());
    }
    let addresses: Vec<_> = plan.foreign.keys().map(ToString::to_string).collect();
    let elsewhere = plan.foreign.values().all(|reason| *reason == TAKEN);
    let hint = if elsewhere {
        "nothing was changed; names of buckets are shared by all accounts of AWS, so ask the author for a bundle with \
         another --bucket-name or --name"
    } else {
        "nothing was changed; choose another cluster name, remove what is in the way, or take it over with --adopt ADDRESS"
    };
    Err(Failure::new(Exit::Foreign, Obstructed { addresses: addresses.join(", ") }).hint(hint))
}

#[derive(Debug, thiserror::Error)]
#[error("not the cluster's, and in the way: {addresses}")]
struct Obstructed {
    addresses: String,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let mut neighbours = Neighbours::default();
    args.bundle.name(&mut neighbours);
    args.account.name(&mut neighbours);
    args.account.check_log(&neighbours)?;
    let bundle = args.bundle.verified(session)?;
    let runtime = account::runtime()?;
    let aws = args.account.open(&runtime, &bundle.outline().cluster.region, session)?;
    let (plan, ahead, _) = make(&runtime, &aws, &bundle, (&args.account, &args.choice))?;
    approval::print_with(&plan, &ahead.obstacles, format, session)?;
    tell(&ahead, session);
    unobstructed(&plan)?;
    unhindered(&plan, &ahead)?;
    Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::ChangesPending } else { Exit::Done })
}
