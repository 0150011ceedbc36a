//! The inputs of CloudFront's calls. Source: the request syntax of each in the Amazon CloudFront API Reference.

use super::{Tag, tag_list};
use crate::aws::{Arn, BucketName};
use crate::resource::{ACCESS_CONTROL_REFERENCE, AccessControl, Distribution};
use serde::{Deserialize, Serialize};

/// Input of `cloudfront create-origin-access-control`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateOriginAccessControl {
    /// All of it.
    pub origin_access_control_config: OriginAccessControlConfig,
}

/// An access control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginAccessControlConfig {
    /// Its name, the bucket's.
    pub name: BucketName,
    /// Whose it is.
    pub description: String,
    /// `sigv4`.
    pub signing_protocol: String,
    /// `always`.
    pub signing_behavior: String,
    /// `s3`.
    pub origin_access_control_origin_type: String,
}

impl CreateOriginAccessControl {
    /// The input that makes this access control.
    #[must_use]
    pub fn of(control: &AccessControl) -> Self {
        Self {
            origin_access_control_config: OriginAccessControlConfig {
                name: control.bucket.clone(),
                description: control.description.clone(),
                signing_protocol: "sigv4".into(),
                signing_behavior: "always".into(),
                origin_access_control_origin_type: "s3".into(),
            },
        }
    }
}

/// Input of `cloudfront create-distribution-with-tags`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateDistribution {
    /// All of it.
    pub distribution_config_with_tags: DistributionConfigWithTags,
}

/// A distribution and its tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DistributionConfigWithTags {
    /// The distribution.
    pub distribution_config: DistributionConfig,
    /// The tags.
    pub tags: Items<Tag>,
}

/// A list as CloudFront wraps it, where it does not want it counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
}

/// A list as CloudFront wraps it elsewhere: counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Counted<T> {
    /// How many there are.
    pub quantity: usize,
    /// The items.
    pub items: Vec<T>,
}

impl<T> From<Vec<T>> for Counted<T> {
    fn from(items: Vec<T>) -> Self {
        Self { quantity: items.len(), items }
    }
}

/// A distribution with the settings this project asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DistributionConfig {
    /// The name of the request that makes it.
    pub caller_reference: String,
    /// Hosts of the author's that it answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aliases: Option<Counted<String>>,
    /// The one origin, the bucket.
    pub origins: Counted<Origin>,
    /// What is done with every request.
    pub default_cache_behavior: DefaultCacheBehavior,
    /// What it is for.
    pub comment: String,
    /// Whether it serves.
    pub enabled: bool,
    /// The certificate of the alias; CloudFront's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewer_certificate: Option<ViewerCertificate>,
}

/// Where a distribution fetches from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Origin {
    /// Its name within the distribution, the bucket's.
    pub id: String,
    /// The bucket's host.
    pub domain_name: String,
    /// The id of the access control, which [`ACCESS_CONTROL_REFERENCE`] stands for.
    pub origin_access_control_id: String,
    /// An S3 origin.
    pub s3_origin_config: S3OriginConfig,
}

/// What makes an origin one of S3's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct S3OriginConfig {
    /// Empty: an access control is used instead.
    pub origin_access_identity: String,
}

/// What is done with every request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DefaultCacheBehavior {
    /// The origin's name.
    pub target_origin_id: String,
    /// `https-only`.
    pub viewer_protocol_policy: String,
    /// [`CACHING_DISABLED`](crate::resource::CACHING_DISABLED): keys must be gone when they are taken out.
    pub cache_policy_id: String,
}

/// The certificate of an alias.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ViewerCertificate {
    /// The certificate.
    #[serde(rename = "ACMCertificateArn")]
    pub acm_certificate_arn: Arn,
    /// `sni-only`: a dedicated address costs extra and serves clients of before 2010.
    #[serde(rename = "SSLSupportMethod")]
    pub ssl_support_method: String,
    /// `TLSv1.2_2021`.
    pub minimum_protocol_version: String,
}

impl CreateDistribution {
    /// The input that makes this distribution.
    #[must_use]
    pub fn of(distribution: &Distribution) -> Self {
        let bucket = distribution.bucket.to_string();
        let origin = Origin {
            id: bucket.clone(),
            domain_name: distribution.origin.clone(),
            origin_access_control_id: ACCESS_CONTROL_REFERENCE.into(),
            s3_origin_config: S3OriginConfig { origin_access_identity: String::new() },
        };
        let alias = distribution.alias.as_ref();
        let config = DistributionConfig {
            caller_reference: distribution.caller_reference.clone(),
            aliases: alias.map(|alias| vec![alias.host.clone()].into()),
            origins: vec![origin].into(),
            default_cache_behavior: DefaultCacheBehavior {
                target_origin_id: bucket,
                viewer_protocol_policy: distribution.viewer_protocol.clone(),
                cache_policy_id: distribution.cache_policy.clone(),
            },
            comment: distribution.comment.clone(),
            enabled: distribution.enabled,
            viewer_certificate: alias.map(|alias| ViewerCertificate {
                acm_certificate_arn: alias.certificate.clone(),
                ssl_support_method: "sni-only".into(),
                minimum_protocol_version: "TLSv1.2_2021".into(),
            }),
        };
        Self {
            distribution_config_with_tags: DistributionConfigWithTags {
                distribution_config: config,
                tags: Items { items: tag_list(&distribution.tags) },
            },
        }
    }
}
