//! Whose a resource is that stands at an address of the cluster's.

use super::refused::joined;
use sts_schemas::aws::Region;
use sts_schemas::cluster::ClusterName;
use sts_schemas::resource::{Address, Bucket, Resource};
use sts_schemas::state::{Observed, Unseen};

/// Why an address outside this account cannot be had.
pub const TAKEN: &str = "another AWS account holds this name";

/// Why nothing can be said of an address.
pub(super) const VEILED: &str = "S3 denies to show it: another AWS account holds this name, or the credentials lack s3:GetBucketLocation on it";

/// What stands at an address.
pub(super) enum Standing<'a> {
    /// Nothing.
    Free,
    /// Something of another account's, of which no more can be seen.
    TakenElsewhere,
    /// What AWS denies to show, be it the cluster's or not.
    Veiled,
    /// The cluster's.
    Owned(&'a Resource),
    /// A bucket that an earlier run made and had no time to tag.
    Unfinished(&'a Resource),
    /// Somebody else's in this account.
    Foreign(&'a Resource),
}

/// What stands at `address`, as far as the cluster is concerned.
pub(super) fn standing<'a>(address: &Address, cluster: &ClusterName, observed: &'a Observed) -> Standing<'a> {
    if observed.taken.contains(address) {
        return Standing::TakenElsewhere;
    }
    if observed.unseen.get(address) == Some(&Unseen::Denied) {
        return Standing::Veiled;
    }
    let Some(resource) = observed.resources.get(address) else { return Standing::Free };
    if resource.is_owned_by(cluster) || lies_in_own_bucket(address, cluster, observed) {
        return Standing::Owned(resource);
    }
    match resource {
        Resource::Bucket(bucket) if is_unfinished(bucket, observed) => Standing::Unfinished(resource),
        _ => Standing::Foreign(resource),
    }
}

/// The cluster's bucket is the cluster's to its last object: one that lost its tags there has drifted.
fn lies_in_own_bucket(address: &Address, cluster: &ClusterName, observed: &Observed) -> bool {
    let Address::Object(bucket, _) = address else { return false };
    let bucket = observed.resources.get(&Address::Bucket(bucket.clone()));
    bucket.is_some_and(|bucket| bucket.is_owned_by(cluster))
}

/// S3 makes a bucket in one call and tags it in the next; a run that ends between leaves just this.
fn is_unfinished(bucket: &Bucket, observed: &Observed) -> bool {
    let holds_objects = observed
        .resources
        .keys()
        .any(|address| matches!(address, Address::Object(name, _) if *name == bucket.name));
    let holds_others = observed.leftovers.contains_key(&bucket.name);
    let holds_remains = observed
        .remains
        .iter()
        .any(|address| matches!(address, Address::Object(name, _) if *name == bucket.name));
    let holds_nothing = !holds_objects && !holds_others && !holds_remains;
    bucket.tags.is_empty() && bucket.policy.is_none() && holds_nothing
}

/// Why an orphan must not be removed, though that was asked for.
///
/// Whatever leads to a bucket that stays, or that nobody could look at, stays with it: without it nothing would.
pub(super) fn kept(orphan: &Resource, region: &Region, observed: &Observed) -> Option<String> {
    let bucket = match orphan {
        Resource::Role(role) => {
            let profiles = observed.lent.get(&role.name)?;
            return Some(format!(
                "AWS deletes no role that is in an instance profile, as in {}",
                joined(profiles)
            ));
        }
        Resource::Provider(provider) => match provider.issuer.bucket_and_region() {
            Some((bucket, other)) if other != *region => {
                return Some(format!("it leads to bucket/{bucket} in {other}, where nobody looked"));
            }
            place => place?.0,
        },
        Resource::Distribution(front) => front.bucket.clone(),
        other => other.address().bucket()?.clone(),
    };
    if observed.leftovers.contains_key(&bucket) {
        return Some(format!("bucket/{bucket} holds objects that nobody asked for"));
    }
    let is_denied = observed.unseen.get(&Address::Bucket(bucket.clone())) == Some(&Unseen::Denied);
    is_denied.then(|| format!("it leads to bucket/{bucket}, which the credentials may not look at"))
}

/// Why a resource is foreign, in words that name the tag.
pub(super) fn reason(resource: &Resource, cluster: &ClusterName) -> String {
    let tag = cluster.ownership_tag();
    match resource.tags().get(&tag) {
        Some(value) => format!("its tag {tag} is {value:?}, not \"owned\""),
        None => format!("it lacks the tag {tag}"),
    }
}
