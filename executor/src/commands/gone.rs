//! Whether all is gone that was to go.

use super::carry_out::tell_of_stop;
use super::refusal;
use crate::account::{Account, Runtime, Scope};
use crate::apply::{Stop, until_stopped};
use crate::plan::{Target, plan_delete};
use std::time::Duration;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::Plan;

/// How often to look: IAM tells the truth with a delay of seconds.
const LOOKS: u32 = 6;

/// The pause before the second look; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
#[error("after the delete these are still there: {0}")]
struct Left(String);

/// Looks again until nothing of the cluster's is left, within bounds.
///
/// # Errors
/// When something still is there at the last look, or nobody could look.
pub(super) fn confirm(
    runtime: &Runtime,
    account: &dyn Account,
    (scope, target): (&Scope, &Target),
    limit: Duration,
) -> Result<(), Failure> {
    let stop = Stop::default();
    let look = async || {
        let observed = account.observe(scope).await.map_err(refusal::of_account)?;
        plan_delete(target, &observed).map_err(refusal::of_plan)
    };
    let watch = async {
        let (mut plan, mut pause) = (look().await?, FIRST_PAUSE);
        for _ in 1..LOOKS {
            if plan.is_empty() || stop.is_requested() {
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

fn judge(plan: &Plan) -> Result<(), Failure> {
    if plan.is_empty() {
        return Ok(());
    }
    let left: Vec<_> = plan.steps.iter().map(|step| step.address().to_string()).collect();
    Err(Failure::new(Exit::PartlyApplied, Left(left.join(", ")))
        .hint("run the same command again in a minute"))
}
