//! Whether the cluster's distribution answers by the issuer's name, where that is one that AWS gave a distribution.

use sts_schemas::cluster::{Cluster, Hosting, is_named_by_aws};
use sts_schemas::resource::{Address, Resource};
use sts_schemas::state::{Desired, Observed};

/// What is wrong with the distribution of an issuer that AWS named: its address, and why the issuer is not there.
///
/// AWS names a distribution's host when it makes it, and never gives a name again: no step mends this.
#[must_use]
pub fn misnamed(desired: &Desired, observed: &Observed) -> Option<(Address, String)> {
    let cluster = &desired.cluster;
    let Hosting::PrivateBucket { bucket, .. } = &cluster.hosting else { return None };
    let address = Address::Distribution(bucket.clone());
    let reason = match observed.resources.get(&address) {
        Some(Resource::Distribution(front)) => answers_elsewhere(cluster, front.domain.as_deref()?)?,
        _ if has_named_issuer(cluster) => format!(
            "the bundle's issuer {} is a name that AWS once gave a distribution, {address} is not there, and AWS would give \
             another name to one that is made now. {ADVICE}",
            cluster.issuer
        ),
        _ => return None,
    };
    Some((address, reason))
}

/// Why nobody finds the issuer at the distribution of this host.
pub(crate) fn answers_elsewhere(cluster: &Cluster, host: &str) -> Option<String> {
    (has_named_issuer(cluster) && cluster.issuer.host_and_path() != host).then(|| {
        format!(
            "the distribution in front of the bucket answers for {host}, a name that AWS gave it, and not for the bundle's \
             issuer {}: nobody would find that one. {ADVICE}",
            cluster.issuer
        )
    })
}

/// Whether the issuer is fixed, and a host that AWS gave a distribution.
fn has_named_issuer(cluster: &Cluster) -> bool {
    // The stand-in of an issuer that is open is no host of AWS's.
    matches!(cluster.hosting, Hosting::PrivateBucket { certificate: None, .. })
        && is_named_by_aws(&cluster.issuer)
}

const ADVICE: &str = "The way back is a bundle whose issuer is open: let the author make it with `create-all`, \
                      --public-key-file and --create-private-s3-bucket, without --previous; the cluster must then be told \
                      the issuer that AWS names";
