//! What the account as a whole allows: looked at beside its resources, as far as the credentials may.

use super::AccountError;
use std::collections::BTreeSet;
use sts_schemas::resource::PublicAccessBlock;

/// What could be found out, or why not.
pub type Known<T> = Result<T, AccountError>;

/// What stands in the way of writing, for the account as a whole.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// What S3 blocks for every bucket of the account; nothing where there is no such configuration.
    pub public_access: Option<Known<Option<PublicAccessBlock>>>,
    /// How many roles there are and may be.
    pub quotas: Option<Known<Quotas>>,
    /// What IAM says the caller may not do.
    pub denied: Option<Known<BTreeSet<Denied>>>,
}

/// How much of an account's quotas is used. Source: IAM API Reference, `GetAccountSummary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Roles there are.
    pub roles: u32,
    /// Roles there may be; unknown where IAM does not say.
    pub most_roles: Option<u32>,
    /// OIDC providers there are.
    pub providers: u32,
}

/// One thing that the caller may not do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// The action, like `iam:CreateRole`.
    pub action: String,
    /// To what, as an ARN.
    pub resource: String,
}

/// Actions that shall be possible, on these ARNs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The actions.
    pub actions: Vec<String>,
    /// What they shall be possible on.
    pub resources: Vec<String>,
}
