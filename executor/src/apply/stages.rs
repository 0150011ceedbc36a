//! Applying where AWS takes minutes: a distribution is waited for, and what it names is bound, between stages.

use super::stage::{Stage, Stages, doomed};
use super::{Pace, Progress, Until, apply};
use crate::account::{Account, AccountError, AccountErrorKind, Deployment};
use crate::plan::answers_elsewhere;
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
    /// What became of each step, in the plan's order.
    pub steps: Vec<StepReport>,
    /// What failed between the steps, each a sentence; no step can then have been carried out behind it.
    pub problems: Vec<String>,
    /// The host that AWS gave the distribution, where it was waited for.
    pub front: Option<String>,
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
    let outcomes = vec![Outcome::NotReached; plan.steps.len()];
    let (steps, problems) = (plan.steps.clone(), Vec::new());
    let mut walk = Walk {
        account,
        plan,
        pace,
        settling,
        progress,
        steps,
        outcomes,
        problems,
        front: None,
        stopped: false,
    };
    let contents = walk.all(contents.cloned()).await;
    let Walk { steps, outcomes, problems, front, .. } = walk;
    let steps = steps.iter().zip(outcomes);
    let report = |(step, outcome): (&Step, _)| StepReport {
        address: step.address(),
        action: step.verb().into(),
        outcome,
    };
    Staged { steps: steps.map(report).collect(), problems, front, contents }
}

struct Walk<'a> {
    account: &'a dyn Account,
    plan: &'a Plan,
    pace: &'a Pace,
    settling: &'a Settling,
    progress: &'a mut dyn Progress,
    /// The plan's steps, with what AWS named on the way in its places.
    steps: Vec<Step>,
    outcomes: Vec<Outcome>,
    problems: Vec<String>,
    front: Option<String>,
    /// Whether something failed, so that nothing further may begin.
    stopped: bool,
}

impl Walk<'_> {
    async fn all(&mut self, mut contents: Option<Contents>) -> Option<Contents> {
        let made = contents.as_ref().and_then(distribution_of);
        let doomed: Vec<(usize, Distribution)> =
            self.steps.iter().enumerate().filter_map(|(at, step)| Some((at, doomed(step)?))).collect();
        if (made.is_none() && doomed.is_empty()) || self.steps.is_empty() {
            self.carry_out((0..self.steps.len()).collect()).await;
            return contents;
        }
        let stages = Stages::of(&self.steps);
        // The longest wait begins first: what goes is out of service while all else is done.
        for (at, distribution) in &doomed {
            self.disable(*at, distribution).await;
        }
        self.carry_out(stages.places(Stage::Ahead)).await;
        self.carry_out(stages.places(Stage::Front)).await;
        let behind = stages.places(Stage::Behind);
        if let Some(distribution) = made.filter(|_| !behind.is_empty() && !self.stopped) {
            contents = self.settle_and_bind(&distribution, contents, &behind).await;
        }
        self.carry_out(behind).await;
        for (at, distribution) in &doomed {
            if !self.stopped
                && let Err(error) = self.settled(distribution, Until::Disabled).await
            {
                self.fail(*at, &error);
            }
        }
        self.carry_out(stages.places(Stage::Last)).await;
        for (at, distribution) in &doomed {
            if self.outcomes[*at] == Outcome::UnderWay {
                self.fail(*at, &only_disabled(distribution));
            }
        }
        contents
    }

    /// Takes a distribution that shall go out of service, which is the beginning of its step.
    async fn disable(&mut self, at: usize, distribution: &Distribution) {
        if self.stopped || self.pace.stop.is_requested() {
            return;
        }
        self.outcomes[at] = Outcome::UnderWay;
        self.progress.started(&self.steps[at]);
        if let Err(error) = self.account.disable(distribution).await {
            self.fail(at, &error);
        }
    }

    /// Waits for the distribution, and puts the host that AWS gave it into the steps that are `behind` it.
    async fn settle_and_bind(
        &mut self,
        distribution: &Distribution,
        contents: Option<Contents>,
        behind: &[usize],
    ) -> Option<Contents> {
        let deployment = match self.settled(distribution, Until::Deployed).await {
            Ok(Some(deployment)) => deployment,
            Ok(None) => {
                self.fail_between(&unseen(distribution));
                return contents;
            }
            Err(error) => {
                self.fail_between(&error);
                return contents;
            }
        };
        self.front = Some(deployment.domain.clone());
        match contents.as_ref().map(|contents| bind(contents, &deployment)) {
            None => contents,
            Some(Err(error)) => {
                self.fail_between(&error);
                contents
            }
            Some(Ok(bound)) => {
                for &at in behind {
                    self.steps[at] = bound_step(self.steps[at].clone(), &bound);
                }
                Some(bound)
            }
        }
    }

    /// Applies some of the steps; none of them once something has failed or was asked to stop.
    async fn carry_out(&mut self, places: Vec<usize>) {
        if self.stopped || places.is_empty() {
            return;
        }
        let steps = places.iter().map(|&at| self.steps[at].clone()).collect();
        let plan = Plan { steps, ..self.plan.clone() };
        let reports = apply(self.account, &plan, self.pace, self.progress).await;
        self.stopped = reports.iter().any(|report| report.outcome != Outcome::Done);
        for (at, report) in places.into_iter().zip(reports) {
            // What was begun before, and was not come back to, stays begun.
            if report.outcome != Outcome::NotReached {
                self.outcomes[at] = report.outcome;
            }
        }
    }

    /// A step failed outside of its stage.
    fn fail(&mut self, at: usize, error: &AccountError) {
        self.stopped = true;
        self.progress.finished(&self.steps[at], Err(error));
        self.outcomes[at] = Outcome::Failed { error: error.to_string() };
    }

    /// Something failed that is part of no step.
    fn fail_between(&mut self, error: &AccountError) {
        self.stopped = true;
        self.progress.failed(error);
        self.problems.push(error.to_string());
    }

    /// Waits until the distribution's last change has reached every place; `None` where it is gone.
    async fn settled(
        &mut self,
        distribution: &Distribution,
        until: Until,
    ) -> Result<Option<Deployment>, AccountError> {
        let on = Address::Distribution(distribution.bucket.clone());
        let (mut waited, mut pause) = (Duration::ZERO, self.settling.first_pause);
        loop {
            match self.account.deployment(distribution).await? {
                Some(deployment) if !deployment.is_deployed => {}
                settled => return Ok(settled),
            }
            let is_stopped = self.pace.stop.is_requested();
            if waited >= self.settling.limit || is_stopped {
                return Err(unsettled(&on, waited, is_stopped));
            }
            self.progress.waiting(&on, until, waited);
            let nap = pause.min(self.settling.limit.saturating_sub(waited));
            waited += self.nap(nap).await;
            pause = (pause * 2).min(self.settling.longest_pause);
        }
    }

    /// Sleeps so long, or until it is asked to stop; tells how long it was.
    async fn nap(&self, length: Duration) -> Duration {
        let mut slept = Duration::ZERO;
        while slept < length && !self.pace.stop.is_requested() {
            let doze = length.saturating_sub(slept).min(LONGEST_DOZE);
            tokio::time::sleep(doze).await;
            slept += doze;
        }
        slept
    }
}

/// How late a wish to stop may be noticed during a wait.
const LONGEST_DOZE: Duration = Duration::from_millis(200);

fn unsettled(on: &Address, waited: Duration, is_stopped: bool) -> AccountError {
    let stopped = if is_stopped { ", when the run was asked to stop" } else { "" };
    let message = format!(
        "its change is still on its way after {} seconds{stopped}; run this again later",
        waited.as_secs()
    );
    AccountError::unanswered(DEPLOYMENT, on.to_string(), AccountErrorKind::Other, message)
}

/// It was made, or seen before, and CloudFront does not tell of it: without it nobody can read the issuer.
fn unseen(distribution: &Distribution) -> AccountError {
    let on = Address::Distribution(distribution.bucket.clone()).to_string();
    let message = "the distribution is gone, or not to be seen yet; nothing that waits for it was written; run this \
                   again";
    AccountError::unanswered(DEPLOYMENT, on, AccountErrorKind::Other, message)
}

fn only_disabled(distribution: &Distribution) -> AccountError {
    let on = Address::Distribution(distribution.bucket.clone()).to_string();
    let message = "it is out of service, and was not deleted before the run ended";
    AccountError::unanswered("cloudfront:DeleteDistribution", on, AccountErrorKind::Other, message)
}

fn distribution_of(contents: &Contents) -> Option<Distribution> {
    contents.desired.resources.values().find_map(|resource| match resource {
        Resource::Distribution(distribution) => Some(distribution.clone()),
        _ => None,
    })
}

/// The contents with the host that AWS gave the distribution, if the issuer was waiting for one.
fn bind(contents: &Contents, deployment: &Deployment) -> Result<Contents, AccountError> {
    let unfit = |message: String| {
        AccountError::unanswered(DEPLOYMENT, "the issuer", AccountErrorKind::Other, message)
    };
    let cluster = &contents.desired.cluster;
    if !cluster.open().contains(&OpenValue::Issuer) {
        let elsewhere = answers_elsewhere(cluster, &deployment.domain);
        return elsewhere.map_or_else(|| Ok(contents.clone()), |why| Err(unfit(why)));
    }
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
