//! A plan: the difference between what is wanted and what is there, and its digest.

use crate::aws::{AccountId, BucketName, Partition, Region};
use crate::cluster::ClusterName;
use crate::digest::Sha256;
use crate::manifest::SchemaVersion;
use crate::oidc::TokenKey;
use crate::open::{Bound, OpenValue};
use crate::resource::{Address, Bucket, Resource};
use crate::state::Leftovers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What would be done to an account, and all that was found on the way.
///
/// Made by a pure function; two runs over the same bundle and account give the same plan and so the same
/// [`Plan::digest`]. It is shown, never read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// Whether the bundle is to be made so, or to be gone.
    pub purpose: Purpose,
    /// The digest of the bundle's manifest; none when a cluster is deleted by name.
    pub bundle: Option<Sha256>,
    /// The cluster.
    pub cluster: ClusterName,
    /// The account this was planned for.
    pub account: AccountId,
    /// The partition the caller's credentials belong to.
    pub partition: Partition,
    /// The region.
    pub region: Region,
    /// The values that take the places the bundle left open, as far as they are known.
    #[serde(default, skip_serializing_if = "Bound::is_empty")]
    pub bound: Bound,
    /// What the bundle leaves open and is not known yet: in the steps a stand-in takes its place, `000000000001` for the
    /// account and `known-after-apply.invalid` for the issuer, which is never written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenValue>,
    /// The keys that tokens of the cluster may be signed with; none where the cluster goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_keys: Vec<TokenKey>,
    /// What to do, in the order of the addresses.
    pub steps: Vec<Step>,
    /// Resources at wanted addresses that are not the cluster's; while there are any, nothing is done.
    pub foreign: BTreeMap<Address, String>,
    /// Resources of the cluster's that the bundle no longer wants and that stay.
    pub orphans: Vec<Address>,
    /// What lies in the cluster's buckets that nobody asked for.
    pub leftovers: BTreeMap<BucketName, Leftovers>,
    /// What the person who approves should know, each a sentence.
    pub notes: Vec<String>,
}

/// A plan with its digest: what is printed for programs, and what a later run can be held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The plan's digest.
    pub digest: Sha256,
    /// The plan.
    pub plan: Plan,
    /// What AWS would refuse of it for certain, each a clause; no part of what is approved, since it may pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<String>,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Make the account hold what the bundle says.
    Apply,
    /// Make the account hold nothing of the cluster's.
    Delete,
}

/// One thing to do to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a plan has few steps, and each is looked at once")]
pub enum Step {
    /// Nothing is there; make it.
    Create {
        /// The resource to make.
        after: Resource,
    },
    /// It is there and differs; bring it in line.
    Update {
        /// As it was seen.
        before: Resource,
        /// As it shall be.
        after: Resource,
        /// The settings that differ, by name.
        changes: BTreeMap<String, Change>,
    },
    /// It is there and shall not be.
    Delete {
        /// As it was seen.
        before: Resource,
    },
    /// A bucket that shall not be holds what nobody asked for: remove all that lies in it, with all versions.
    Empty {
        /// The bucket, as it was seen.
        before: Bucket,
        /// What was seen in it.
        leftovers: Leftovers,
    },
}

/// One setting's old and new value; absent where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The value that was seen.
    pub old: Option<Value>,
    /// The value that is wanted.
    pub new: Option<Value>,
}

impl Step {
    /// The word for what goes.
    pub const DELETE: &str = "delete";

    /// The address it touches.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Create { after } | Self::Update { after, .. } => after.address(),
            Self::Delete { before } => before.address(),
            Self::Empty { before, .. } => Address::Bucket(before.name.clone()),
        }
    }

    /// Its word in tables and receipts.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Delete { .. } => Self::DELETE,
            Self::Empty { .. } => "empty",
        }
    }
}

impl Plan {
    /// Whether the account already is as wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What an approval names: the SHA-256 of this plan's compact JSON.
    ///
    /// # Panics
    /// Never: every part of a plan has a JSON form.
    #[must_use]
    #[expect(clippy::expect_used, reason = "all map keys of a plan are strings")]
    pub fn digest(&self) -> Sha256 {
        Sha256::of(&serde_json::to_vec(self).expect("a plan has a JSON form"))
    }
}
