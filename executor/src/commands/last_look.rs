//! Whether the account ended as it was to: looked at once more, after everything was done.
//!
//! Of two executors that change one account at once, the one that begins its last look later sees what both of them
//! left. So either the account is as one of them wants it, or that one says that it is not.

use super::carry_out::tell_of_stop;
use super::refusal;
use crate::account::{Account, AccountError, Runtime, Scope};
use crate::apply::{Stop, until_stopped};
use crate::plan::PlanRefused;
use std::collections::BTreeSet;
use std::time::Duration;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::{Plan, Purpose};
use sts_schemas::state::Observed;

/// How often to look: IAM tells the truth with a delay of seconds.
const LOOKS: u32 = 6;

/// The pause before the second look; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
enum Unsettled {
    #[error("after the delete these are still there: {0}")]
    Left(String),
    #[error("all steps were done, and the account could not be looked at once more")]
    Unseen(#[source] AccountError),
    #[error("after the apply these are not, or no longer, as the bundle wants them: {0}")]
    Moved(String),
}

/// Looks again, and plans again with `plan`, until nothing is left to do, within bounds.
///
/// # Errors
/// When something still is to be done at the last look, or nobody could look.
pub(super) fn confirm(
    runtime: &Runtime,
    account: &dyn Account,
    (scope, limit): (&Scope, Duration),
    plan: impl Fn(&Observed) -> Result<Plan, PlanRefused>,
) -> Result<(), Failure> {
    let stop = Stop::default();
    let look = async || {
        let observed = account.observe(scope).await.map_err(unseen)?;
        plan(&observed).map_err(refusal::of_plan)
    };
    let watch = async {
        let (mut plan, mut pause) = (look().await?, FIRST_PAUSE);
        for _ in 1..LOOKS {
            if left(&plan).is_empty() || stop.is_requested() {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            plan = look().await?;
        }
        judge(&plan)
    };
    runtime
        .block_on(until_stopped(&stop, limit, tell_of_stop, watch))
        .unwrap_or_else(|error| Err(Failure::new(Exit::Failed, error)))
}

/// All was done, and nobody saw it: the receipt is not complete, and so the run is not either.
fn unseen(error: AccountError) -> Failure {
    Failure::new(Exit::PartlyApplied, Unsettled::Unseen(error))
        .hint("run the same command again: it looks, and does what is left")
}

/// What there still is to do, by address. A delete leaves what is not the cluster's where it is.
fn left(plan: &Plan) -> BTreeSet<String> {
    let steps = plan.steps.iter().map(|step| step.address().to_string());
    let in_the_way = plan.foreign.keys().filter(|_| plan.purpose == Purpose::Apply).map(ToString::to_string);
    steps.chain(in_the_way).gather()
}

fn judge(plan: &Plan) -> Result<(), Failure> {
    let left = left(plan);
    if left.is_empty() {
        return Ok(());
    }
    let addresses = left.into_iter().collect::<Vec<_>>().join(", ");
    let (error, hint) = match plan.purpose {
        Purpose::Delete => (Unsettled::Left(addresses), "run the same command again in a minute"),
        Purpose::Apply => (
            Unsettled::Moved(addresses),
            "somebody else may be changing this account, or AWS is slow to show what was done; `plan` shows what \
             differs, and the same command does it",
        ),
    };
    Err(Failure::new(Exit::PartlyApplied, error).hint(hint))
}
