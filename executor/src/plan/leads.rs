//! Where a cluster has more than its name tells: what bears its tag leads there.

use crate::account::Scope;
use std::collections::BTreeSet;
use sts_schemas::aws::{BucketName, Partition, Region};
use sts_schemas::cluster::ClusterName;
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::{DISCOVERY_KEY, KEYS_KEY};
use sts_schemas::resource::{Address, BucketStatement, Distribution, Resource};
use sts_schemas::state::Observed;

/// What buckets, providers, distributions and access controls with the cluster's tag say of where the rest is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leads {
    /// Addresses to look at.
    pub addresses: BTreeSet<Address>,
    /// Whether a provider is of an issuer that a distribution may serve, and none that was seen does.
    pub distribution: bool,
    /// What cannot be followed from here, each a sentence.
    pub notes: Vec<String>,
}

/// Follows the tag from what was seen of a cluster to its buckets, and to its path in a bucket of others'.
#[must_use]
pub fn leads(scope: &Scope, observed: &Observed) -> Leads {
    let mut found = Leads::default();
    let owned = || observed.resources.iter().filter(|(_, resource)| resource.is_owned_by(&scope.cluster));
    let served: BTreeSet<&str> = owned().flat_map(|(_, resource)| hosts(resource)).gather();
    for (address, _) in owned() {
        match address {
            Address::Bucket(bucket) => found.addresses.extend(public_bucket(bucket)),
            Address::Distribution(bucket) | Address::AccessControl(bucket) => {
                found.addresses.extend(private_bucket(&scope.cluster, bucket));
            }
            Address::Provider(issuer) => match place(observed.partition, issuer) {
                Some(place) => found.follow(scope, issuer, place),
                // A wanted issuer that is not known to be of a distribution is on a server that is nobody's here.
                None => found.distribution |= !scope.wanted.contains(address) && !served.contains(&**issuer),
            },
            Address::BucketStatement(..) | Address::Object(..) | Address::Role(_) => {}
        }
    }
    found
}

/// The hosts that a distribution answers for.
fn hosts(resource: &Resource) -> impl Iterator<Item = &str> {
    let front = match resource {
        Resource::Distribution(front) => Some(front),
        _ => None,
    };
    front.into_iter().flat_map(|front| front.domain.as_deref().into_iter().chain(alias(front)))
}

fn alias(front: &Distribution) -> Option<&str> {
    front.alias.as_ref().map(|alias| alias.host.as_str())
}

/// Bucket, region and path of an issuer that S3 serves.
fn place(partition: Partition, issuer: &str) -> Option<(BucketName, Region, &str)> {
    let (host, path) = issuer.split_once('/').unwrap_or((issuer, ""));
    let (bucket, region) = host.strip_suffix(&format!(".{}", partition.dns_suffix()))?.rsplit_once(".s3.")?;
    Some((bucket.parse().ok()?, region.parse().ok()?, path))
}

impl Leads {
    /// From an issuer that S3 serves to what serves it.
    fn follow(&mut self, scope: &Scope, issuer: &str, (bucket, region, path): (BucketName, Region, &str)) {
        if region != scope.region {
            self.notes.push(format!(
                "The issuer of provider/{issuer} is in {region}: its documents are found with --region {region}."
            ));
        } else if path.is_empty() {
            self.addresses.extend(public_bucket(&bucket));
        } else {
            self.addresses.extend(path_in_bucket(&scope.cluster, &bucket, path));
        }
    }
}

/// The issuer's two documents below a path in a bucket of others', with what lets everybody read them.
pub(super) fn path_in_bucket(cluster: &ClusterName, bucket: &BucketName, path: &str) -> BTreeSet<Address> {
    let document = |key: &str| Address::Object(bucket.clone(), format!("{path}/{key}"));
    let sid = BucketStatement::sid(cluster, bucket, &format!("{path}/*"));
    BTreeSet::from([
        document(DISCOVERY_KEY),
        document(KEYS_KEY),
        Address::BucketStatement(bucket.clone(), sid),
    ])
}

/// A bucket of the cluster's own and the issuer's two documents in it.
#[must_use]
pub fn public_bucket(bucket: &BucketName) -> BTreeSet<Address> {
    let document = |key: &str| Address::Object(bucket.clone(), key.to_owned());
    BTreeSet::from([Address::Bucket(bucket.clone()), document(DISCOVERY_KEY), document(KEYS_KEY)])
}

/// The same behind a distribution, with what lets that one in.
#[must_use]
pub fn private_bucket(cluster: &ClusterName, bucket: &BucketName) -> BTreeSet<Address> {
    let sid = BucketStatement::sid(cluster, bucket, "*");
    let mut addresses = public_bucket(bucket);
    addresses.extend([
        Address::Distribution(bucket.clone()),
        Address::AccessControl(bucket.clone()),
        Address::BucketStatement(bucket.clone(), sid),
    ]);
    addresses
}
