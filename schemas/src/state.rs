//! Desired and observed state: one type, a sorted map from address to resource.

use crate::aws::{AccountId, Arn, BucketName, Partition, Region, RoleName};
use crate::cluster::Cluster;
use crate::oidc::TokenKey;
use crate::open::Bound;
use crate::resource::{Address, PublicAccessBlock, Resource};
use std::collections::{BTreeMap, BTreeSet};

/// Resources by address, in creation order.
pub type State = BTreeMap<Address, Resource>;

/// What a verified bundle asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The cluster it is for.
    pub cluster: Cluster,
    /// When the bundle was made, in seconds since 1970; a newer one outranks an older one.
    pub generation: u64,
    /// Every resource the cluster needs.
    pub resources: State,
    /// The keys that tokens of the cluster may be signed with, the bundle's public key first.
    pub token_keys: Vec<TokenKey>,
    /// The values that took the places the bundle left open.
    pub bound: Bound,
}

impl Desired {
    /// The ARN of every role that the bundle asks for.
    #[must_use]
    pub fn role_arns(&self) -> BTreeMap<RoleName, Arn> {
        let roles = self.resources.values().filter_map(|resource| match resource {
            Resource::Role(role) => {
                let Cluster { partition, account, .. } = &self.cluster;
                Some((role.name.clone(), Arn::role(*partition, account, &role.path, &role.name)))
            }
            _ => None,
        });
        roles.collect()
    }
}

/// What an account was seen to hold of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account that was looked at.
    pub account: AccountId,
    /// The partition the credentials belong to.
    pub partition: Partition,
    /// What stands at the addresses that were asked for, and all else that bears the cluster's tag.
    pub resources: State,
    /// Addresses that somebody outside this account holds, as with a bucket name taken elsewhere.
    pub taken: BTreeSet<Address>,
    /// What lies in a bucket of the cluster's beside the objects in `resources`.
    pub leftovers: BTreeMap<BucketName, Leftovers>,
    /// Wanted objects that are not there, but of which old versions or delete markers are.
    pub remains: BTreeSet<Address>,
    /// Distributions in front of a bucket of the cluster's beside the one at its address.
    pub fronts: BTreeMap<BucketName, OtherFronts>,
    /// What buckets of others', in which the cluster has a path, block of what everybody may do.
    pub blocks: BTreeMap<BucketName, PublicAccessBlock>,
    /// Where buckets of others' stand, in which the cluster has a path.
    pub regions: BTreeMap<BucketName, Region>,
    /// Who made the origin access identities that the cluster's own things name, as far as that could be asked.
    pub identities: BTreeMap<String, Maker>,
    /// The instance profiles that a role is in, of those roles that may go: IAM deletes none of these.
    pub lent: BTreeMap<RoleName, BTreeSet<String>>,
    /// Buckets and providers that were looked for and not seen, and why.
    pub unseen: BTreeMap<Address, Unseen>,
}

/// Distributions of one bucket beside the one that is the cluster's by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherFronts {
    /// The ids of further ones that bear the cluster's tag.
    pub doubles: Vec<String>,
    /// Those that do not bear it.
    pub untagged: Vec<UntaggedFront>,
}

/// A distribution that does not bear the tag of the cluster whose bucket it serves from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntaggedFront {
    /// The id AWS gave it.
    pub id: String,
    /// Whether it serves.
    pub enabled: bool,
    /// Who made it.
    pub maker: Maker,
}

/// Who made a distribution or an origin access identity, going by its comment or its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// `ccoctl`, for the cluster; what its `--dry-run` writes bears no tag but `Name`.
    Ccoctl,
    /// Somebody.
    Unknown,
}

/// Why something was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// There is none.
    Absent,
    /// Another account has it.
    Elsewhere,
    /// AWS denies to show it, and nothing tells whether it is the account's, or the cluster's.
    Denied,
}

/// Things in a bucket that nobody asked for: they stand in the way of deleting it.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Leftovers {
    /// Keys of other objects, the first [`Leftovers::SHOWN`] of them.
    pub keys: Vec<String>,
    /// Keys of which only old versions or delete markers are there, the first [`Leftovers::SHOWN`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// How many other objects, old versions and delete markers there are in all.
    pub count: u64,
}

impl Leftovers {
    /// How many keys of a kind are named; the count is always whole.
    pub const SHOWN: usize = 20;
}
