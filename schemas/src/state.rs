//! Desired and observed state: one type, a sorted map from address to resource.

use crate::aws::{AccountId, Arn, BucketName, Partition, Region, RoleName};
use crate::cluster::Cluster;
use crate::digest::{Sha256, Sha256Hasher};
use crate::gather::Gather as _;
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
        roles.gather()
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
    /// All that bear the cluster's tag, where these are several: the host of each by its id.
    pub doubles: BTreeMap<String, String>,
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
    /// The SHA-256 of all of them ([`Leftovers::listing`]), named or not; none where nobody listed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<Sha256>,
}

/// One object, old version or delete marker among leftovers.
///
/// Source: Amazon S3 API Reference, `ListObjectVersions`. A marker has an empty `ETag` and no bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Leftover<'a> {
    /// Its key.
    pub key: &'a str,
    /// The id of the version, which is `null` where the bucket has no versions.
    pub version: &'a str,
    /// The `ETag` as S3 lists it: another content has another one.
    pub etag: &'a str,
    /// How many bytes.
    pub size: u64,
}

impl Leftovers {
    /// How many keys of a kind are named; the count is always whole.
    pub const SHOWN: usize = 20;

    /// The SHA-256 over all of these, ordered by key and version: each as compact JSON and a line feed.
    #[must_use]
    pub fn listing(mut all: Vec<Leftover<'_>>) -> Sha256 {
        all.sort_unstable();
        let mut digest = Sha256Hasher::default();
        for one in all {
            // Texts and a number always have a JSON form.
            digest.update(serde_json::to_string(&one).unwrap_or_default().as_bytes());
            digest.update(b"\n");
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_another_once_anything_came_changed_or_went_whatever_its_order() {
        let one = |key, etag, size| Leftover { key, version: "null", etag, size };
        let all = vec![one("a", "\"1\"", 1), one("b", "\"2\"", 2)];
        let listing = Leftovers::listing(all.clone());
        assert_eq!(listing, Leftovers::listing(all.iter().rev().cloned().collect()));
        let lines = "{\"key\":\"a\",\"version\":\"null\",\"etag\":\"\\\"1\\\"\",\"size\":1}\n\
                     {\"key\":\"b\",\"version\":\"null\",\"etag\":\"\\\"2\\\"\",\"size\":2}\n";
        assert_eq!(listing, Sha256::of(lines.as_bytes()));
        for other in [
            vec![one("a", "\"1\"", 1)],
            vec![one("a", "\"1\"", 1), one("b", "\"3\"", 2)],
            vec![one("a", "\"1\"", 1), one("b", "\"2\"", 3)],
            vec![one("a", "\"1\"", 1), one("c", "\"2\"", 2)],
            vec![one("a", "\"1\"", 1), Leftover { version: "7", ..one("b", "\"2\"", 2) }],
            [all.clone(), vec![one("c", "\"2\"", 2)]].concat(),
        ] {
            assert_ne!(listing, Leftovers::listing(other));
        }
    }
}
