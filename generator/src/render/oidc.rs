//! The issuer: its documents, the provider that makes AWS trust it, and the manifest that names it.

use super::{Files, bucket, cloudfront, cluster_tags, json};
use sts_schemas::cli_input::{CreateOpenIdConnectProvider, tag_list};
use sts_schemas::cluster::{Cluster, Hosting};
use sts_schemas::installer_manifest::authentication;
use sts_schemas::layout;
use sts_schemas::oidc::{DiscoveryDocument, Jwk, Jwks};
use sts_schemas::resource::{GENERATION_TAG, Tags};

/// The audiences of service-account tokens: the cluster's own, and STS's. Source: ccoctl.
pub const CLIENT_IDS: [&str; 2] = ["openshift", "sts.amazonaws.com"];

/// Everything about the issuer: documents, provider, Authentication manifest, and its bucket if it has one.
#[must_use]
pub fn identity_provider(
    cluster: &Cluster,
    key: &Jwk,
    thumbprints: &[String],
    extra: &Tags,
    generation: u64,
) -> Files {
    let mut tags = cluster_tags(&cluster.name, extra);
    tags.insert(GENERATION_TAG.into(), generation.to_string());
    let provider = CreateOpenIdConnectProvider {
        url: cluster.issuer.clone(),
        client_id_list: CLIENT_IDS.map(str::to_owned).to_vec(),
        thumbprint_list: thumbprints.to_vec(),
        tags: tag_list(&tags),
    };
    let mut files = Files::from([
        (layout::DISCOVERY.into(), json(&DiscoveryDocument::of(&cluster.issuer))),
        (layout::KEYS.into(), json(&Jwks { keys: vec![key.clone()] })),
        (layout::PROVIDER.into(), json(&provider)),
        (layout::AUTHENTICATION.into(), authentication(&cluster.issuer).into_bytes()),
    ]);
    match &cluster.hosting {
        Hosting::PublicBucket { bucket } => files.extend(bucket::public_bucket(cluster, bucket, extra)),
        Hosting::PrivateBucket { bucket, .. } => {
            files.extend(bucket::private_bucket(cluster, bucket, extra));
            files.extend(cloudfront::distribution(cluster, bucket, extra, generation));
        }
        Hosting::SharedBucket { bucket, path } => {
            files.extend(bucket::shared_bucket(cluster, bucket, path, extra));
        }
        Hosting::Elsewhere => {}
    }
    files
}
