//! The distribution in front of a private bucket, and how it proves to the bucket who it is.

use super::{Files, cluster_tags, json};
use sts_schemas::aws::{Arn, BucketName};
use sts_schemas::cli_input::{CreateDistribution, CreateOriginAccessControl, origin_of};
use sts_schemas::cluster::Cluster;
use sts_schemas::layout;
use sts_schemas::resource::{AccessControl, Alias, CACHING_DISABLED, Distribution, OriginAccess, Tags};

/// The files of a distribution and its access control; with a certificate it answers for the issuer's host.
pub(super) fn distribution(
    cluster: &Cluster,
    bucket: &BucketName,
    certificate: Option<&Arn>,
    extra: &Tags,
    generation: u64,
) -> Files {
    let control = AccessControl::of(bucket, &cluster.name);
    let alias = certificate.map(|certificate| Alias {
        host: cluster.issuer.host_and_path().to_owned(),
        certificate: certificate.clone(),
    });
    let distribution = Distribution {
        bucket: bucket.clone(),
        // The generation tells one that was deleted from its successor.
        caller_reference: format!("{bucket}-{generation}"),
        comment: format!("OIDC issuer of OpenShift cluster {}", cluster.name),
        origin: origin_of(bucket, &cluster.region, cluster.partition),
        access: OriginAccess::Control { name: bucket.to_string() },
        alias,
        viewer_protocol: "https-only".into(),
        cache_policy: CACHING_DISABLED.into(),
        enabled: true,
        domain: None,
        tags: cluster_tags(&cluster.name, extra),
    };
    Files::from([
        (layout::ACCESS_CONTROL.into(), json(&CreateOriginAccessControl::of(&control))),
        (layout::DISTRIBUTION.into(), json(&CreateDistribution::of(&distribution))),
    ])
}
