//! Carrying out a plan: dull on purpose. Everything there was to decide, the plan has decided.

mod fence;
mod stage;
mod stages;
mod stop;

pub use stages::{Settling, Staged, apply_in_stages};
pub use stop::{Reason, Stop, until_stopped};

use crate::account::{Account, AccountError, Width};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeSet;
use sts_schemas::aws::BucketName;
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::receipt::{Outcome, StepReport};
use sts_schemas::resource::Address;

/// How fast to go, and when to stop.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// How many steps may be under way at once.
    pub width: Width,
    /// Asks for no further step to be begun.
    pub stop: Stop,
}

/// Whoever wants to watch steps begin and end.
pub trait Progress {
    /// A step begins.
    fn started(&mut self, step: &Step);

    /// A step ended, well or not.
    fn finished(&mut self, step: &Step, result: Result<(), &AccountError>);

    /// Something failed that is part of no step.
    fn failed(&mut self, _error: &AccountError) {}

    /// AWS is still carrying a change to every place; it has been waited for this long.
    fn waiting(&mut self, _on: &Address, _until: Until, _waited: std::time::Duration) {}
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A distribution serves everywhere as it was last changed.
    Deployed,
    /// A distribution is out of service everywhere.
    Disabled,
}

/// Nobody watches.
impl Progress for () {
    fn started(&mut self, _step: &Step) {}

    fn finished(&mut self, _step: &Step, _result: Result<(), &AccountError>) {}
}

/// Walks the plan's steps, as wide as their order allows, and reports on each in the plan's order.
///
/// Steps of one rank run side by side. When one fails, those beside it still run, and nothing of a later rank begins.
pub async fn apply(
    account: &dyn Account,
    plan: &Plan,
    pace: &Pace,
    progress: &mut dyn Progress,
) -> Vec<StepReport> {
    let mut outcomes = vec![Outcome::NotReached; plan.steps.len()];
    for rank in ranks(&plan.steps) {
        walk_rank(account, &plan.steps, rank, pace, progress, &mut outcomes).await;
        if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed { .. })) {
            break;
        }
    }
    let reports = plan.steps.iter().zip(outcomes);
    reports
        .map(|(step, outcome)| StepReport { address: step.address(), action: step.verb().into(), outcome })
        .collect()
}

/// Runs the steps of one rank, at most as many at a time as the width allows.
async fn walk_rank(
    account: &dyn Account,
    steps: &[Step],
    rank: Vec<usize>,
    pace: &Pace,
    progress: &mut dyn Progress,
    outcomes: &mut [Outcome],
) {
    let mut waiting = rank.into_iter();
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < pace.width.now() && !pace.stop.is_requested() {
            let Some(index) = waiting.next() else { break };
            let step = &steps[index];
            progress.started(step);
            under_way.push(async move { (index, carry_out(account, steps, step).await) });
        }
        let Some((index, result)) = under_way.next().await else { return };
        progress.finished(&steps[index], result.as_ref().map(|&()| ()));
        outcomes[index] = match result {
            Ok(()) => {
                pace.width.widen();
                Outcome::Done
            }
            Err(error) => Outcome::Failed { error: error.to_string() },
        };
    }
}

/// The one place where a step goes to the account.
async fn carry_out(account: &dyn Account, steps: &[Step], step: &Step) -> Result<(), AccountError> {
    if let Step::Create { after } | Step::Update { after, .. } = step {
        fence::bound(after)?;
    }
    match step {
        Step::Create { after } => account.put(None, after).await,
        Step::Update { before, after, .. } => account.put(Some(before), after).await,
        Step::Delete { before } => account.remove(before).await,
        Step::Empty { before, leftovers } => {
            account.empty(before, leftovers, &own_keys(steps, &before.name)).await
        }
    }
}

/// The keys in a bucket that have steps of their own.
fn own_keys(steps: &[Step], bucket: &BucketName) -> BTreeSet<String> {
    let keys = steps.iter().filter_map(|step| match step.address() {
        Address::Object(within, key) if within == *bucket => Some(key),
        _ => None,
    });
    keys.gather()
}

/// The steps' places in the plan, grouped into what may run side by side, in order.
fn ranks(steps: &[Step]) -> Vec<Vec<usize>> {
    let goes = |step: &Step, is_it: fn(&Address) -> bool| {
        matches!(step, Step::Delete { .. }) && is_it(&step.address())
    };
    let is_fronted =
        steps.iter().any(|step| goes(step, |address| matches!(address, Address::Distribution(_))));
    let mut ranked = std::collections::BTreeMap::<u8, Vec<usize>>::new();
    for (index, step) in steps.iter().enumerate() {
        // A bucket outlives the distribution that serves from it: its name is not free before, and its policy still
        // tells which identity that one read it by.
        let waits = is_fronted && goes(step, |address| matches!(address, Address::Bucket(_)));
        ranked.entry(if waits { LAST } else { rank(step) }).or_default().push(index);
    }
    ranked.into_values().collect()
}

/// The rank of what goes when nothing leans on it any more.
const LAST: u8 = 6;

/// Whatever is made stands before what leans on it; deletes come after all that, the other way round.
fn rank(step: &Step) -> u8 {
    match (step, step.address()) {
        (Step::Create { .. } | Step::Update { .. }, address) => match address {
            Address::Bucket(_) | Address::AccessControl(_) => 0,
            Address::Distribution(_) => 1,
            // IAM looks at the issuer's host when a provider is made: the bucket must stand, the objects need not.
            Address::Object(..) | Address::BucketStatement(..) | Address::Provider(_) => 2,
            Address::Role(_) => 3,
        },
        // Before anything goes, and alone in its bucket: a list of versions does not go on behind one that went meanwhile.
        (Step::Empty { .. }, _) => 3,
        // What trusts goes before what is trusted, and what lies in a bucket before the bucket.
        (Step::Delete { .. }, Address::Role(_) | Address::Object(..) | Address::BucketStatement(..)) => 4,
        (Step::Delete { .. }, Address::Provider(_) | Address::Bucket(_) | Address::Distribution(_)) => 5,
        (Step::Delete { .. }, Address::AccessControl(_)) => LAST,
    }
}
