//! Why there can be no plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use sts_schemas::aws::{AccountId, BucketName, Partition, Region, RoleName};
use sts_schemas::cluster::ClusterName;
use sts_schemas::moment::utc;
use sts_schemas::resource::Address;
use sts_schemas::state::{Leftovers, Observed};

/// A bundle and an account for which no plan could be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefused {
    /// The credentials belong to an account the bundle is not for.
    #[error(
        "cluster {cluster} belongs to account {wanted} in partition {wanted_partition}, and the credentials are for account {actual} in partition {actual_partition}"
    )]
    WrongAccount {
        /// The cluster.
        cluster: ClusterName,
        /// The account it is for.
        wanted: AccountId,
        /// That account's partition.
        wanted_partition: Partition,
        /// The account of the credentials.
        actual: AccountId,
        /// Its partition.
        actual_partition: Partition,
    },
    /// A newer bundle has been applied before.
    #[error(
        "the bundle is of generation {bundle} ({}), and the account already holds the newer generation {applied} ({})",
        utc(*bundle),
        utc(*applied)
    )]
    Older {
        /// The bundle's, in seconds since 1970.
        bundle: u64,
        /// The account's, likewise.
        applied: u64,
    },
    /// Another bundle of the same generation has been applied before: neither outranks the other.
    #[error("the account already holds the bundle {applied}, of the same generation as this one, {bundle}")]
    OfOneGeneration {
        /// The first digits of the bundle's digest.
        bundle: String,
        /// Those of the account's, likewise.
        applied: String,
    },
    /// Settings differ that AWS never lets anybody change.
    #[error("AWS cannot change what differs:{}", list(settings))]
    Immovable {
        /// All of them.
        settings: Vec<Immovable>,
    },
    /// The cluster of this name is in another region than the one that was named.
    #[error("the cluster's bucket {bucket} is, or was, in {found}, and {named} was named")]
    OtherRegion {
        /// The bucket.
        bucket: BucketName,
        /// Where it is.
        found: Region,
        /// What the bundle or the flag says.
        named: Region,
    },
    /// Addresses to adopt that the bundle does not want.
    #[error("the bundle has nothing at these addresses, so nothing there can be adopted:{}", list(addresses))]
    AdoptUnwanted {
        /// All of them.
        addresses: Vec<Address>,
    },
    /// Buckets in which the cluster has something may not be looked at.
    #[error("AWS denies to show what may be the cluster's, without saying whose it is:{}", list(addresses))]
    Veiled {
        /// All of them.
        addresses: Vec<Address>,
    },
    /// Buckets that would have to go are the origin of distributions that would go on serving.
    #[error(
        "a bucket to be deleted is the origin of a distribution that ccoctl made for the cluster and did not tag as its own:{}",
        list_living(living)
    )]
    Fronted {
        /// The cluster.
        cluster: ClusterName,
        /// The distributions' ids, by bucket.
        living: BTreeMap<BucketName, Vec<String>>,
    },
    /// Roles that would have to go are in instance profiles, and IAM deletes no such role.
    #[error("AWS deletes no role that is in an instance profile:{}", list_lent(lent))]
    Lent {
        /// The names of the instance profiles, by role.
        lent: BTreeMap<RoleName, BTreeSet<String>>,
    },
    /// Buckets that would have to go hold things nobody asked for.
    #[error("a bucket to be deleted holds what the cluster did not put there:{}", list_leftovers(leftovers))]
    Leftovers {
        /// What, by bucket.
        leftovers: BTreeMap<BucketName, Leftovers>,
    },
}

/// A setting that is fixed for the life of a resource, and is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {setting} of {address} is {actual}, and {wanted} is wanted")]
pub struct Immovable {
    /// The resource.
    pub address: Address,
    /// The setting's name.
    pub setting: &'static str,
    /// As it is.
    pub actual: String,
    /// As the bundle wants it.
    pub wanted: String,
}

fn list(items: &[impl std::fmt::Display]) -> String {
    items.iter().fold(String::new(), |mut text, item| {
        let _ = write!(text, "\n  {item}");
        text
    })
}

fn list_living(living: &BTreeMap<BucketName, Vec<String>>) -> String {
    let lines: Vec<_> = living
        .iter()
        .map(|(bucket, ids)| {
            format!(
                "bucket/{bucket}: {}; whoever makes a bucket of that name next would be the issuer",
                ids.join(", ")
            )
        })
        .collect();
    list(&lines)
}

fn list_lent(lent: &BTreeMap<RoleName, BTreeSet<String>>) -> String {
    let line = |(role, profiles): (&RoleName, _)| format!("role/{role} is in {}", joined(profiles));
    list(&lent.iter().map(line).collect::<Vec<_>>())
}

/// Names in a row.
pub(super) fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn list_leftovers(leftovers: &BTreeMap<BucketName, Leftovers>) -> String {
    let lines: Vec<_> = leftovers
        .iter()
        .map(|(bucket, left)| {
            let named = |words: &str, keys: &[String]| {
                let keys: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
                if keys.is_empty() { String::new() } else { format!("{words}{}", keys.join(", ")) }
            };
            let shown = named(", among them ", &left.keys);
            let hidden = named(", and only as old versions or delete markers ", &left.hidden);
            format!(
                "bucket/{bucket}: objects, old versions and delete markers: {}{shown}{hidden}",
                left.count
            )
        })
        .collect();
    list(&lines)
}

/// The account that was looked at must be the cluster's.
pub(super) fn check_account(
    cluster: &ClusterName,
    account: &AccountId,
    partition: Partition,
    observed: &Observed,
) -> Result<(), PlanRefused> {
    if (account, partition) == (&observed.account, observed.partition) {
        return Ok(());
    }
    Err(PlanRefused::WrongAccount {
        cluster: cluster.clone(),
        wanted: account.clone(),
        wanted_partition: partition,
        actual: observed.account.clone(),
        actual_partition: observed.partition,
    })
}
