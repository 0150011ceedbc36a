//! The distribution in front of a private bucket, and how it proves to the bucket who it is.

use super::generation::caller_reference;
use super::{Files, cluster_tags, json};
use sts_schemas::aws::BucketName;
use sts_schemas::cli_input::{CreateDistribution, CreateOriginAccessControl};
use sts_schemas::cluster::Cluster;
use sts_schemas::layout;
use sts_schemas::resource::{AccessControl, Distribution, Tags};

/// The files of a distribution and its access control; with a certificate it answers for the issuer's host.
pub(super) fn distribution(cluster: &Cluster, bucket: &BucketName, extra: &Tags, generation: u64) -> Files {
    let control = AccessControl::of(bucket, &cluster.name);
    let caller_reference = caller_reference(bucket, generation);
    let comment = format!("OIDC issuer of OpenShift cluster {}", cluster.name);
    let tags = cluster_tags(&cluster.name, extra);
    let distribution = Distribution::of(cluster, bucket, (caller_reference, comment), tags);
    Files::from([
        (layout::ACCESS_CONTROL.into(), json(&CreateOriginAccessControl::of(&control))),
        (layout::DISTRIBUTION.into(), json(&CreateDistribution::of(&distribution))),
    ])
}
