//! `permissions`: the least IAM policy.

use super::bundle::BundleArgs;
use crate::cli::Format;
use crate::permissions::{Errand, MANAGED_POLICY_LENGTH, counted_length, least_policy};
use crate::session::Session;
use sts_schemas::failure::{Exit, Failure};

/// Print the least IAM policy for working with a bundle, scoped to the names in it. Needs no AWS.
///
/// The policy is for a plain plan, status, apply or delete. The flag --thorough reads every role, provider and
/// bucket of the account and needs more; so do --prune and --adopt for what they remove or take over. What
/// `plan` and `apply` look at beforehand, if they may, is not in it: iam:GetAccountSummary,
/// iam:SimulatePrincipalPolicy and s3:GetAccountPublicAccessBlock. The command `delete --name` asks CloudFront
/// whatever the hosting and reads providers of any name: it needs cloudfront:ListDistributions,
/// cloudfront:ListOriginAccessControls and cloudfront:ListTagsForResource besides.
///
/// What may be deleted must bear the cluster's tag. IAM takes 6,144 characters in a managed policy; where there are
/// so many roles that it is more, this is said.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// What shall be done; plan covers status too.
    #[arg(long = "for", value_name = "COMMAND", value_enum)]
    errand: Errand,
}

pub(crate) fn run(args: &Args, _: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let bundle = args.bundle.verified(session)?;
    // A policy is JSON in either format: that is what IAM takes.
    let policy = least_policy(bundle.outline(), args.errand);
    session.json(&policy)?;
    let length = counted_length(&policy);
    if length > MANAGED_POLICY_LENGTH {
        session.warn(&format!(
            "Note: this policy has {length} characters as IAM counts them, and a managed policy takes {MANAGED_POLICY_LENGTH}: \
             give its statements, and the resources of one that is too long alone, to several policies."
        ));
    }
    Ok(Exit::Done)
}
