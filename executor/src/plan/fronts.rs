//! What a person should know of the distributions in front of a cluster's bucket before they approve.

use super::PlanRefused;
use super::former::former;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::BucketName;
use sts_schemas::cluster::ClusterName;
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::{Purpose, Step};
use sts_schemas::resource::{Address, Bucket, OriginAccess, Resource, identities_let_in};
use sts_schemas::state::{Desired, Maker, Observed, OtherFronts};

/// How a distribution that ccoctl made is taken over without its issuer being cut off meanwhile.
pub(super) fn of_takeover(before: &Resource, after: &Resource) -> Option<String> {
    let (Resource::Distribution(before), Resource::Distribution(after)) = (before, after) else {
        return None;
    };
    let (OriginAccess::Identity { id }, OriginAccess::Control { .. }) = (&before.access, &after.access)
    else {
        return None;
    };
    let address = Address::Distribution(before.bucket.clone());
    Some(format!(
        "{address} reads its bucket by the origin access identity {id}, as ccoctl made it. Its access control is let in \
         beside that one first, and what the bucket's policy said before goes when the change has been deployed: the \
         issuer can be read all the while. The identity itself stays, unused, until the cluster is deleted."
    ))
}

/// What stands beside the distributions that these steps are about.
pub(super) fn beside(purpose: Purpose, cluster: &ClusterName, observed: &Observed) -> Vec<String> {
    let of_cluster = observed.fronts.iter().filter(|(bucket, _)| {
        let front = observed.resources.get(&Address::Distribution((*bucket).clone()));
        front.is_some_and(|front| front.is_owned_by(cluster))
    });
    let doubles = of_cluster.filter(|(_, others)| !others.doubles.is_empty());
    let notes = doubles.map(|(bucket, others)| {
        let fate = match purpose {
            Purpose::Apply => "where one is deleted, all are",
            Purpose::Delete => "all of them go",
        };
        let (address, ids) = (Address::Distribution(bucket.clone()), named(&others.doubles));
        format!("{address} is several distributions, each with the cluster's tag: {ids}; {fate}.")
    });
    notes.chain(guarded(cluster, observed).filter(|_| purpose == Purpose::Apply)).collect()
}

/// Why nobody can tell which distribution is the issuer's, where several in front of one bucket bear the cluster's tag.
///
/// AWS names the issuer by it, so that another one would be another issuer. A bucket that only a former issuer is
/// served from counts too; one that the bundle has no part in does not.
#[must_use]
pub fn doubled(desired: &Desired, observed: &Observed) -> Vec<String> {
    let cluster = &desired.cluster;
    let former = former(cluster);
    let doubles = observed.fronts.iter().filter(|(bucket, others)| {
        let address = Address::Distribution((*bucket).clone());
        let is_used = desired.resources.contains_key(&address) || former.contains(&address);
        is_used && !others.doubles.is_empty()
    });
    let sentence = |(bucket, others): (&BucketName, &OtherFronts)| {
        format!(
            "{} distributions in front of the bucket {bucket} bear the cluster's tag {}, and which of them serves the \
             issuer cannot be told: {}. Find the one that the cluster uses, by the host of its issuer; take the tag from \
             the other, or disable and delete it",
            others.doubles.len(),
            cluster.name.ownership_tag(),
            named(&others.doubles)
        )
    };
    doubles.map(sentence).collect()
}

/// Distributions by id, each with its host.
fn named(doubles: &BTreeMap<String, String>) -> String {
    let each: Vec<_> = doubles.iter().map(|(id, host)| format!("{id} ({host})")).collect();
    each.join(", ")
}

/// What stands between the cluster's distributions and AWS by the account's own rules.
fn guarded(cluster: &ClusterName, observed: &Observed) -> impl Iterator<Item = String> {
    let own = observed.resources.values().filter(|resource| resource.is_owned_by(cluster));
    let fronts = own.filter_map(|resource| match resource {
        Resource::Distribution(front) if !front.guards.is_empty() => Some((resource.address(), front)),
        _ => None,
    });
    fronts.map(|(address, front)| {
        format!(
            "{address} stands behind {}: that may turn away AWS, which reads the keys, or answer in its place. The bundle \
             says nothing of it, and it stays.",
            front.guards.join(" and ")
        )
    })
}

/// What deleting a bucket and its distribution leaves to be known.
///
/// # Errors
/// When a distribution that ccoctl made for the cluster, and did not tag, would go on serving from a name that
/// anybody could then take.
pub(super) fn of_delete(
    cluster: &ClusterName,
    steps: &[Step],
    observed: &Observed,
) -> Result<Vec<String>, PlanRefused> {
    let mut notes = beside(Purpose::Delete, cluster, observed);
    let mut living = BTreeMap::new();
    for step in steps {
        match step {
            Step::Delete { before: Resource::Distribution(front) } => {
                notes.extend(front.identity().map(|id| {
                    let address = Address::Distribution(front.bucket.clone());
                    let fate = match observed.identities.get(id) {
                        Some(Maker::Ccoctl) => format!("which ccoctl made for {address}, goes with it"),
                        Some(Maker::Unknown) => {
                            format!(
                                "which {address} names, is not what ccoctl made for the cluster, and stays"
                            )
                        }
                        None => {
                            format!(
                                "which {address} names, goes with it where ccoctl made it for the cluster"
                            )
                        }
                    };
                    format!("The origin access identity {id}, {fate}.")
                }));
            }
            Step::Delete { before: Resource::Bucket(bucket) } => {
                notes.extend(forgotten(bucket, steps, observed));
                let Some(others) = observed.fronts.get(&bucket.name) else { continue };
                let of_ccoctl: Vec<_> = ids(others, Maker::Ccoctl);
                if !of_ccoctl.is_empty() {
                    living.insert(bucket.name.clone(), of_ccoctl);
                }
                let strangers = ids(others, Maker::Unknown);
                if !strangers.is_empty() {
                    notes.push(format!(
                        "bucket/{} is the origin of the distribution {} too, which is not the cluster's and stays: whoever \
                         makes a bucket of that name next will speak through it.",
                        bucket.name,
                        strangers.join(", ")
                    ));
                }
            }
            _ => {}
        }
    }
    if living.is_empty() { Ok(notes) } else { Err(PlanRefused::Fronted { cluster: cluster.clone(), living }) }
}

/// What is said of origin access identities that a bucket lets in, and of which no distribution is left that used them.
fn forgotten(bucket: &Bucket, steps: &[Step], observed: &Observed) -> Vec<String> {
    let used: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Delete { before: Resource::Distribution(front) } => front.identity(),
            _ => None,
        })
        .gather();
    let named = bucket.policy.iter().flat_map(identities_let_in);
    let forgotten = named.filter(|id| !used.contains(id.as_str()));
    let sentence = |id: String| {
        let fate = match observed.identities.get(&id) {
            Some(Maker::Ccoctl) => "ccoctl made it for the cluster, and it goes too",
            Some(Maker::Unknown) => "it is not what ccoctl made for the cluster, and stays",
            None => "where ccoctl made it for the cluster, it goes too",
        };
        format!("bucket/{} lets in the origin access identity {id}: {fate}.", bucket.name)
    };
    forgotten.map(sentence).collect()
}

/// The ids of those without the cluster's tag that serve.
fn ids(others: &OtherFronts, maker: Maker) -> Vec<String> {
    let serving = others.untagged.iter().filter(|front| front.enabled && front.maker == maker);
    serving.map(|front| front.id.clone()).collect()
}
