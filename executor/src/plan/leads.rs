//! Where a cluster has more than its name tells: what bears its tag leads there.

use super::Target;
use std::collections::BTreeSet;
use sts_schemas::aws::{BucketName, Region};
use sts_schemas::layout::{DISCOVERY_KEY, KEYS_KEY};
use sts_schemas::resource::{Address, BucketStatement};
use sts_schemas::state::Observed;

/// What the providers, distributions and access controls with the cluster's tag say of where the rest is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leads {
    /// Addresses to look at.
    pub addresses: BTreeSet<Address>,
    /// What cannot be followed from here, each a sentence.
    pub notes: Vec<String>,
}

/// Follows the tag from what was seen of a cluster to its buckets, and to its path in a bucket of others'.
#[must_use]
pub fn leads(target: &Target, observed: &Observed) -> Leads {
    let mut found = Leads::default();
    let owned = observed.resources.iter().filter(|(_, resource)| resource.is_owned_by(&target.cluster));
    for (address, _) in owned {
        match address {
            Address::Distribution(bucket) | Address::AccessControl(bucket) => {
                found.addresses.extend(private_bucket(target, bucket));
            }
            Address::Provider(issuer) => found.follow(target, issuer),
            Address::Bucket(_) | Address::BucketStatement(..) | Address::Object(..) | Address::Role(_) => {}
        }
    }
    found
}

impl Leads {
    /// From an issuer that S3 serves to what serves it.
    fn follow(&mut self, target: &Target, issuer: &str) {
        let (host, path) = issuer.split_once('/').unwrap_or((issuer, ""));
        let suffix = format!(".{}", target.partition.dns_suffix());
        let parts = host.strip_suffix(&suffix).and_then(|host| host.rsplit_once(".s3."));
        let parts = parts.and_then(|(bucket, region)| {
            Some((bucket.parse::<BucketName>().ok()?, region.parse::<Region>().ok()?))
        });
        match parts {
            Some((_, region)) if region != target.region => self.notes.push(format!(
                "The issuer of provider/{issuer} is in {region}: its documents are found with --region {region}."
            )),
            Some((bucket, _)) if path.is_empty() => self.addresses.extend(public_bucket(&bucket)),
            Some((bucket, _)) => {
                let document = |key: &str| Address::Object(bucket.clone(), format!("{path}/{key}"));
                let sid = BucketStatement::sid(&target.cluster, &bucket, &format!("{path}/*"));
                self.addresses.extend([document(DISCOVERY_KEY), document(KEYS_KEY)]);
                self.addresses.insert(Address::BucketStatement(bucket, sid));
            }
            // Of CloudFront, where the distribution leads on, or of a server that is nobody's here.
            None => {}
        }
    }
}

/// A bucket of the cluster's own and the issuer's two documents in it.
#[must_use]
pub fn public_bucket(bucket: &BucketName) -> BTreeSet<Address> {
    let document = |key: &str| Address::Object(bucket.clone(), key.to_owned());
    BTreeSet::from([Address::Bucket(bucket.clone()), document(DISCOVERY_KEY), document(KEYS_KEY)])
}

/// The same behind a distribution, with what lets that one in.
#[must_use]
pub fn private_bucket(target: &Target, bucket: &BucketName) -> BTreeSet<Address> {
    let sid = BucketStatement::sid(&target.cluster, bucket, "*");
    let mut addresses = public_bucket(bucket);
    addresses.extend([
        Address::Distribution(bucket.clone()),
        Address::AccessControl(bucket.clone()),
        Address::BucketStatement(bucket.clone(), sid),
    ]);
    addresses
}
