//! Applying where AWS takes minutes: a distribution is waited for, and what it names is bound, between stages.

use super::{Pace, Progress, apply};
use crate::account::{Account, AccountError, AccountErrorKind, Deployment};
use std::time::Duration;
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::contents::Contents;
use sts_schemas::open::{Bound, OpenValue};
use sts_schemas::plan::{Plan, Step};
use sts_schemas::receipt::{Outcome, StepReport};
use sts_schemas::resource::{Address, Distribution, Resource};

/// The call that tells of a deployment.
const DEPLOYMENT: &str = "cloudfront:GetDistribution";

/// How long and how often to ask whether a distribution's change has reached every place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settling {
    /// The pause before the second look; each further one is twice as long, up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause between two looks.
    pub longest_pause: Duration,
    /// When to give up. Nothing is lost then: the next run goes on from there.
    pub limit: Duration,
}

impl Settling {
    /// In seconds. AWS speaks of minutes; half an hour is several times what it usually takes.
    pub const LIMIT_SECONDS: u32 = 1800;
}

impl Default for Settling {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            limit: Duration::from_secs(Self::LIMIT_SECONDS.into()),
        }
    }
}

/// What became of a plan, and of the bundle's contents when all that AWS names is bound.
#[derive(Debug)]
pub struct Staged {
    /// What became of each step.
    pub steps: Vec<StepReport>,
    /// The contents, bound as far as it came; none when nothing of a bundle was made.
    pub contents: Option<Contents>,
}

/// Applies a plan; where a distribution is made or deleted, in stages with its deployment waited for in between.
///
/// A plan without one is applied in a single stage.
pub async fn apply_in_stages(
    account: &dyn Account,
    plan: &Plan,
    contents: Option<&Contents>,
    (pace, settling): (&Pace, &Settling),
    progress: &mut dyn Progress,
) -> Staged {
    let mut walk = Walk { account, plan, pace, settling, progress, reports: Vec::new(), stopped: false };
    let contents = walk.all(contents.cloned()).await;
    Staged { steps: walk.reports, contents }
}

struct Walk<'a> {
    account: &'a dyn Account,
    plan: &'a Plan,
    pace: &'a Pace,
    settling: &'a Settling,
    progress: &'a mut dyn Progress,
    reports: Vec<StepReport>,
    /// Whether something failed, so that nothing further may begin.
    stopped: bool,
}

impl Walk<'_> {
    async fn all(&mut self, contents: Option<Contents>) -> Option<Contents> {
        let made = contents.as_ref().and_then(distribution_of);
        let doomed: Vec<Distribution> = self.plan.steps.iter().filter_map(doomed).collect();
        if (made.is_none() && doomed.is_empty()) || self.plan.steps.is_empty() {
            self.stage(self.plan.steps.clone()).await;
            return contents;
        }
        let steps = self.plan.steps.clone();
        let (last, steps): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| comes_last(step, &doomed));
        let (first, mut rest): (Vec<_>, Vec<_>) = steps.into_iter().partition(comes_first);
        let mut contents = contents;
        // The longest wait begins first: what goes is out of service while all else is done.
        for distribution in &doomed {
            let result = self.account.disable(distribution).await;
            self.unless_failed(result, &last);
        }
        self.stage(first).await;
        if let Some(distribution) = made.filter(|_| !rest.is_empty() && !self.stopped) {
            let settled = self.settled(&distribution).await;
            if let Some(deployment) = self.unless_failed(settled, &rest).flatten() {
                let bound = contents.as_ref().map(|contents| bind(contents, &deployment));
                if let Some(bound) = bound.and_then(|bound| self.unless_failed(bound, &rest)) {
                    rest = rest.into_iter().map(|step| bound_step(step, &bound)).collect();
                    contents = Some(bound);
                }
            }
        }
        self.stage(rest).await;
        for distribution in doomed {
            if self.stopped {
                break;
            }
            let settled = self.settled(&distribution).await;
            self.unless_failed(settled, &last);
        }
        self.stage(last).await;
        contents
    }

    /// Applies some of the steps; none of them once something has failed or was asked to stop.
    async fn stage(&mut self, steps: Vec<Step>) {
        // Steps of which a failed wait has been reported stand in the reports already.
        let known: Vec<_> = self.reports.iter().map(|report| report.address.clone()).collect();
        let steps: Vec<Step> = steps.into_iter().filter(|step| !known.contains(&step.address())).collect();
        if self.stopped {
            self.reports.extend(steps.iter().map(|step| report(step, Outcome::NotReached)));
            return;
        }
        let plan = Plan { steps, ..self.plan.clone() };
        let reports = apply(self.account, &plan, self.pace, self.progress).await;
        self.stopped = reports.iter().any(|report| report.outcome != Outcome::Done);
        self.reports.extend(reports);
    }

    /// Takes a failure between stages down as that of the next step, so that the receipt tells of it.
    fn unless_failed<T>(&mut self, result: Result<T, AccountError>, next: &[Step]) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        self.stopped = true;
        if let Some(step) = next.first() {
            self.progress.finished(step, Err(&error));
            self.reports.push(report(step, Outcome::Failed { error: error.to_string() }));
        }
        None
    }

    /// Waits until the distribution's last change has reached every place; `None` where it is gone.
    async fn settled(&mut self, distribution: &Distribution) -> Result<Option<Deployment>, AccountError> {
        let on = Address::Distribution(distribution.bucket.clone());
        let (mut waited, mut pause) = (Duration::ZERO, self.settling.first_pause);
        loop {
            match self.account.deployment(distribution).await? {
                Some(deployment) if !deployment.is_deployed => {}
                settled => return Ok(settled),
            }
            if waited >= self.settling.limit || self.pace.stop.is_requested() {
                return Err(unsettled(&on, waited));
            }
            self.progress.waiting(&on, waited);
            let nap = pause.min(self.settling.limit.saturating_sub(waited));
            tokio::time::sleep(nap).await;
            waited += nap;
            pause = (pause * 2).min(self.settling.longest_pause);
        }
    }
}

fn unsettled(on: &Address, waited: Duration) -> AccountError {
    let message =
        format!("its change is still on its way after {} seconds; run this again later", waited.as_secs());
    AccountError::unanswered(DEPLOYMENT, on.to_string(), AccountErrorKind::Other, message)
}

fn distribution_of(contents: &Contents) -> Option<Distribution> {
    contents.desired.resources.values().find_map(|resource| match resource {
        Resource::Distribution(distribution) => Some(distribution.clone()),
        _ => None,
    })
}

fn doomed(step: &Step) -> Option<Distribution> {
    match step {
        Step::Delete { before: Resource::Distribution(distribution) } => Some(distribution.clone()),
        _ => None,
    }
}

/// What the distribution is made of, and itself.
fn comes_first(step: &Step) -> bool {
    let part =
        matches!(step.address(), Address::Bucket(_) | Address::AccessControl(_) | Address::Distribution(_));
    part && matches!(step, Step::Create { .. } | Step::Update { .. })
}

/// A distribution that goes, and what it leans on.
fn comes_last(step: &Step, doomed: &[Distribution]) -> bool {
    let Step::Delete { before } = step else { return false };
    match before.address() {
        Address::Distribution(bucket) | Address::AccessControl(bucket) | Address::Bucket(bucket) => {
            doomed.iter().any(|distribution| distribution.bucket == bucket)
        }
        _ => false,
    }
}

/// The contents with the host that AWS gave the distribution, if the issuer was waiting for one.
fn bind(contents: &Contents, deployment: &Deployment) -> Result<Contents, AccountError> {
    if !contents.desired.cluster.open().contains(&OpenValue::Issuer) {
        return Ok(contents.clone());
    }
    let unfit = |message: String| {
        AccountError::unanswered(DEPLOYMENT, "the issuer", AccountErrorKind::Other, message)
    };
    let issuer: IssuerUrl =
        format!("https://{}", deployment.domain).parse().map_err(|error| unfit(format!("{error}")))?;
    contents
        .bind(&Bound { account: None, issuer: Some(issuer) })
        .map_err(|error| unfit(format!("the issuer cannot be bound: {error}")))
}

/// A step towards what the bundle wants now that its issuer is known.
fn bound_step(step: Step, contents: &Contents) -> Step {
    let bound = |after: Resource| {
        let address = match after.address() {
            Address::Provider(issuer) if issuer == OpenValue::Issuer.stand_in() => {
                Address::Provider(contents.desired.cluster.issuer.host_and_path().to_owned())
            }
            other => other,
        };
        let Some(known) = contents.desired.resources.get(&address) else { return after };
        let mut known = known.clone();
        // Tags of others that the plan keeps are kept.
        for (key, value) in after.tags() {
            known.tags_mut().entry(key.clone()).or_insert_with(|| value.clone());
        }
        known
    };
    match step {
        Step::Create { after } => Step::Create { after: bound(after) },
        Step::Update { before, after, changes } => Step::Update { before, after: bound(after), changes },
        gone @ (Step::Delete { .. } | Step::Empty { .. }) => gone,
    }
}

fn report(step: &Step, outcome: Outcome) -> StepReport {
    StepReport { address: step.address(), action: step.verb().into(), outcome }
}
