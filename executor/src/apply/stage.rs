//! In which order steps come where a distribution is waited for: the issuer can be read at every moment.

use sts_schemas::aws::BucketName;
use sts_schemas::plan::Step;
use sts_schemas::resource::{Address, Distribution, Resource};

/// When in an apply with a distribution a step has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// What the distribution is made of, and what lets it read the bucket.
    Ahead,
    /// The distribution itself.
    Front,
    /// All that waits for it to be deployed.
    Behind,
    /// A distribution that goes, and what it leans on.
    Last,
}

/// The stage of each step, in the plan's order.
pub(super) struct Stages(Vec<Stage>);

impl Stages {
    pub(super) fn of(steps: &[Step]) -> Self {
        let makes_one =
            |step: &Step| matches!((step, step.address()), (Step::Create { .. }, Address::Distribution(_)));
        let stands = !steps.iter().any(makes_one);
        let doomed: Vec<BucketName> =
            steps.iter().filter_map(doomed).map(|distribution| distribution.bucket).collect();
        Self(steps.iter().map(|step| stage_of(step, stands, &doomed)).collect())
    }

    /// Where in the plan the steps of a stage are.
    pub(super) fn places(&self, wanted: Stage) -> Vec<usize> {
        self.0.iter().enumerate().filter(|(_, stage)| **stage == wanted).map(|(at, _)| at).collect()
    }
}

/// Where the distribution `stands` already, it serves all the while: what lets it in by its new right comes before
/// it is changed to use that, and what let it in by its old one goes when the change has reached every place.
fn stage_of(step: &Step, stands: bool, doomed: &[BucketName]) -> Stage {
    match (step, step.address()) {
        (Step::Update { before, after, .. }, Address::Bucket(_)) if shuts_somebody_out(before, after) => {
            Stage::Behind
        }
        (Step::Create { .. } | Step::Update { .. }, address) => match address {
            Address::Bucket(_) | Address::AccessControl(_) => Stage::Ahead,
            Address::BucketStatement(..) if stands => Stage::Ahead,
            Address::Distribution(_) => Stage::Front,
            _ => Stage::Behind,
        },
        (
            Step::Delete { .. } | Step::Empty { .. },
            Address::Distribution(bucket) | Address::AccessControl(bucket) | Address::Bucket(bucket),
        ) if doomed.contains(&bucket) => Stage::Last,
        (Step::Delete { .. } | Step::Empty { .. }, _) => Stage::Behind,
    }
}

/// Whether a bucket loses a policy that lets some in, and not everybody.
///
/// One for everybody is of no use behind a block of public access, and S3 refuses to write it again beside another.
fn shuts_somebody_out(before: &Resource, after: &Resource) -> bool {
    match (before, after) {
        (Resource::Bucket(before), Resource::Bucket(after)) => {
            after.policy.is_none() && before.policy.as_ref().is_some_and(|policy| !policy.lets_everybody_in())
        }
        _ => false,
    }
}

/// The distribution that a step deletes.
pub(super) fn doomed(step: &Step) -> Option<Distribution> {
    match step {
        Step::Delete { before: Resource::Distribution(distribution) } => Some(distribution.clone()),
        _ => None,
    }
}
