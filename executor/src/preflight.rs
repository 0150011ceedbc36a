//! What would go wrong if a plan were carried out now, as far as it can be known before the first write.
//!
//! None of it is part of the plan: quotas and permissions move without the account's resources moving.

use crate::account::{AccountError, AccountErrorKind, Denied, Survey, Wish};
use crate::permissions::{Errand, least_policy};
use crate::plan::{doubled, misnamed};
use std::collections::BTreeMap;
use sts_schemas::cluster::Hosting;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::policy::{OneOrMany, PolicyDocument};
use sts_schemas::resource::{Address, Resource};
use sts_schemas::state::{Desired, Observed, Unseen};

/// What a look ahead found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preflight {
    /// What AWS will refuse for certain.
    pub obstacles: Vec<String>,
    /// What it may refuse, and what could not be found out.
    pub warnings: Vec<String>,
}

impl Preflight {
    /// Notes that a look failed. Where AWS did not deny it but had no time for it, and the answer matters to the plan,
    /// nothing is begun: what was in the way before still is.
    fn unseen<'a>(
        &mut self,
        (what, error): (&'static str, &'a AccountError),
        matters: bool,
        unknown: &mut Vec<(&'static str, &'a AccountError)>,
    ) {
        if matters && [AccountErrorKind::Busy, AccountErrorKind::Unreachable].contains(&error.kind) {
            self.obstacles.push(format!("{what} could not be looked at, so run this again: {error}"));
        } else {
            unknown.push((what, error));
        }
    }
}

/// How many OIDC providers an account may have unless AWS raised it; IAM does not tell the quota.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas".
pub const USUAL_PROVIDERS: u32 = 100;

/// What applying a bundle writes, to be asked about before.
#[must_use]
pub fn wishes(desired: &Desired) -> Vec<Wish> {
    let texts = |list: &Option<OneOrMany>| {
        list.iter().flat_map(OneOrMany::iter).map(str::to_owned).collect::<Vec<_>>()
    };
    let writes = least_policy(desired, Errand::Apply).statement.into_iter();
    writes
        .filter(|statement| statement.sid.as_deref().is_some_and(|sid| sid.starts_with("Write")))
        .map(|statement| Wish {
            actions: texts(&statement.action),
            // The simulator takes an object's ARN, and no pattern.
            resources: texts(&statement.resource)
                .into_iter()
                .map(|arn| arn.strip_suffix("/*").map_or(arn.clone(), |bucket| format!("{bucket}/keys.json")))
                .collect(),
        })
        .collect()
}

/// Holds a plan against what the account as a whole allows; `most_providers` is its quota of OIDC providers.
#[must_use]
pub fn preflight(
    (desired, observed): (&Desired, &Observed),
    plan: &Plan,
    (survey, most_providers): (&Survey, u32),
) -> Preflight {
    let mut found = Preflight::default();
    found.obstacles.extend(shared_bucket(desired, observed));
    found.obstacles.extend(misnamed(desired, observed).map(|(_, why)| why));
    found.obstacles.extend(doubled(desired, observed));
    found.obstacles.extend(blocking_bucket(desired, observed, plan));
    let mut unknown = Vec::new();
    found.obstacles.extend(unreadable_issuer(desired, survey));
    if let Some(Err(error)) = &survey.public_access
        && makes_public(desired)
    {
        found.unseen(("the account's block of public buckets", error), !plan.is_empty(), &mut unknown);
    }
    match &survey.quotas {
        Some(Ok(quotas)) => {
            let roles = created(plan, |address| matches!(address, Address::Role(_)));
            if let Some(most) = quotas.most_roles.filter(|most| roles > 0 && quotas.roles + roles > *most) {
                found.obstacles.push(format!(
                    "the plan makes {roles} roles, and the account has {} of at most {most}: have the quota raised, or \
                     remove roles",
                    quotas.roles
                ));
            }
            let providers = created(plan, |address| matches!(address, Address::Provider(_)));
            if providers > 0 && quotas.providers + providers > most_providers {
                found.obstacles.push(format!(
                    "the plan makes an OIDC provider, and the account has {} of at most {most_providers}: remove some, or \
                     have the quota raised and say so with --provider-quota",
                    quotas.providers
                ));
            }
        }
        Some(Err(error)) => {
            let makes =
                created(plan, |address| matches!(address, Address::Role(_) | Address::Provider(_))) > 0;
            found.unseen(("the quotas of roles and providers", error), makes, &mut unknown);
        }
        None => {}
    }
    match &survey.denied {
        Some(Ok(denied)) => found.warnings.extend(by_action(denied)),
        Some(Err(error)) => unknown.push(("which permissions are missing", error)),
        None => {}
    }
    let reason = |kind| if kind == AccountErrorKind::AccessDenied { "" } else { " failed" };
    let unknown: Vec<_> = unknown
        .iter()
        .map(|(what, error)| format!("{what} ({}{})", error.call, reason(error.kind)))
        .collect();
    if !unknown.is_empty() {
        found.warnings.push(format!("could not be looked at beforehand: {}.", unknown.join(", ")));
    }
    found
}

/// Why nobody could read the issuer's documents, whatever its bucket says.
#[must_use]
pub fn unreadable_issuer(desired: &Desired, survey: &Survey) -> Option<String> {
    let Some(Ok(Some(block))) = &survey.public_access else { return None };
    let switches = [
        ("BlockPublicPolicy", block.block_public_policy),
        ("RestrictPublicBuckets", block.restrict_public_buckets),
    ];
    let on: Vec<_> = switches.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    (makes_public(desired) && !on.is_empty()).then(|| {
        format!(
            "the bundle wants a bucket that everybody may read, and S3 blocks that for the whole account ({}): let the \
             author serve the issuer elsewhere or from a private bucket, or have the block lifted",
            on.join(", ")
        )
    })
}

/// Why no path can be had in a bucket of others': no apply makes the bucket itself.
#[must_use]
pub fn shared_bucket(desired: &Desired, observed: &Observed) -> Option<String> {
    let Hosting::SharedBucket { bucket, path } = &desired.cluster.hosting else { return None };
    let why = match observed.unseen.get(&Address::Bucket(bucket.clone())) {
        Some(Unseen::Absent) => "there is no bucket of that name: let its owner make it first".to_owned(),
        Some(Unseen::Elsewhere) => {
            "another AWS account has it: let the author name one of this account".to_owned()
        }
        Some(Unseen::Denied) => {
            "S3 denies to show it: it is another account's, or the credentials may not look at it".to_owned()
        }
        None => {
            let (found, named) = (observed.regions.get(bucket)?, &desired.cluster.region);
            if found == named {
                return None;
            }
            format!(
                "it stands in {found}, where the issuer's URL, which names {named}, does not lead: let the author name one \
                 in {named}"
            )
        }
    };
    Some(format!("the bundle wants the path {path} in the bucket {bucket}, and {why}"))
}

/// Why nobody would read a path in a bucket of others': the bucket itself blocks what lets everybody in.
fn blocking_bucket(desired: &Desired, observed: &Observed, plan: &Plan) -> Option<String> {
    let Hosting::SharedBucket { bucket, path } = &desired.cluster.hosting else { return None };
    let block = observed.blocks.get(bucket)?;
    let writes = plan.steps.iter().any(|step| matches!(step.address(), Address::BucketStatement(..)));
    let switches = [
        ("BlockPublicPolicy", block.block_public_policy && writes),
        ("RestrictPublicBuckets", block.restrict_public_buckets),
    ];
    let on: Vec<_> = switches.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    (!on.is_empty()).then(|| {
        format!(
            "the bundle wants everybody to read the path {path} in the bucket {bucket}, and the bucket blocks that ({}): \
             let its owner lift the block, or let the author name another bucket",
            on.join(", ")
        )
    })
}

/// One line for each action that IAM says is denied.
fn by_action<'a>(denied: impl IntoIterator<Item = &'a Denied>) -> Vec<String> {
    let mut by_action = BTreeMap::<_, Vec<_>>::new();
    for Denied { action, resource } in denied {
        by_action.entry(action).or_default().push(resource.as_str());
    }
    by_action
        .into_iter()
        .map(|(action, resources)| {
            let more = match resources.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("as far as IAM tells, the credentials may not {action} on {}{more}.", resources[0])
        })
        .collect()
}

fn created(plan: &Plan, of_kind: impl Fn(&Address) -> bool) -> u32 {
    let creates =
        plan.steps.iter().filter(|step| matches!(step, Step::Create { .. }) && of_kind(&step.address()));
    u32::try_from(creates.count()).unwrap_or(u32::MAX)
}

/// Whether the bundle wants a bucket, or a path in one, whose policy lets everybody in.
fn makes_public(desired: &Desired) -> bool {
    desired.resources.values().any(|resource| match resource {
        Resource::BucketStatement(one) => one.policy().lets_everybody_in(),
        Resource::Bucket(bucket) => bucket.policy.as_ref().is_some_and(PolicyDocument::lets_everybody_in),
        _ => false,
    })
}
