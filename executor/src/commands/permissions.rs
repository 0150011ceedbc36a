//! `permissions`: the least IAM policy.

use super::at_least_one;
use super::bundle::BundleArgs;
use crate::cli::Format;
use crate::permissions::{Errand, MANAGED_POLICY_LENGTH, least_policy, parts};
use crate::session::Session;
use std::num::NonZero;
use sts_schemas::failure::{Exit, Failure};

/// Print the least IAM policy for working with a bundle, scoped to the names in it. Needs no AWS.
///
/// The policy is for a plain plan, status, apply or delete. The flag --thorough reads every role, provider and
/// bucket of the account and needs more; so do --prune and --adopt for what they remove or take over. What
/// `plan` and `apply` look at beforehand, if they may, is not in it: iam:GetAccountSummary,
/// iam:SimulatePrincipalPolicy and s3:GetAccountPublicAccessBlock. The command `delete --name` asks CloudFront
/// whatever the hosting and reads providers of any name: it needs cloudfront:ListDistributions,
/// cloudfront:ListOriginAccessControls and cloudfront:ListTagsForResource besides. Without --names-only it looks for the
/// cluster's tag on roles and buckets of any name: that needs s3:ListAllMyBuckets, and iam:GetRole,
/// s3:GetBucketLocation and s3:GetBucketTagging on *, and what is found needs the actions of the policy on it.
///
/// Roles and the provider may be deleted only while they bear the cluster's tag; buckets, objects and distributions go by
/// their names and ids alone, for AWS knows no such condition on them. IAM takes 6,144 characters in a managed policy; where there are
/// so many roles that it is more, this is said, and --part prints it in pieces that fit, to be attached together.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor permissions BUNDLE --trusted-key author.key.pub \\
      --for apply > policy.json")]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// What shall be done; plan covers status too.
    #[arg(long = "for", value_name = "COMMAND", value_enum)]
    errand: Errand,
    /// Print only this one, from 1, of the policies that together make up one that is too long.
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZero<usize>>)]
    part: Option<NonZero<usize>>,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no part {wanted}: the policy has {count} in all")]
struct NoSuchPart {
    wanted: NonZero<usize>,
    count: usize,
}

pub(crate) fn run(args: &Args, _: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let bundle = args.bundle.verified(session)?;
    // A policy is JSON in either format: that is what IAM takes.
    let policy = least_policy(bundle.outline(), args.errand);
    let length = policy.counted_length();
    let Some(wanted) = args.part else {
        session.json(&policy)?;
        if length > MANAGED_POLICY_LENGTH {
            session.warn(&format!(
                "Note: this policy has {length} characters as IAM counts them, and a managed policy takes \
                 {MANAGED_POLICY_LENGTH}: `--part 1` to `--part {}` print it as policies that fit; attach them all.",
                parts(policy).len()
            ));
        }
        return Ok(Exit::Done);
    };
    let parts = parts(policy);
    let Some(part) = parts.get(wanted.get() - 1) else {
        return Err(Failure::new(Exit::Failed, NoSuchPart { wanted, count: parts.len() }));
    };
    session.json(part)?;
    Ok(Exit::Done)
}
