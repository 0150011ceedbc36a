//! Who serves the issuer's two documents.

use super::{Cluster, IssuerUrl};
use crate::aws::{Arn, BucketName, Partition};
use crate::open::OpenValue;
use crate::text::{InvalidText, checked_text};
use serde::{Deserialize, Serialize};
use std::fmt;

checked_text!(
    /// The path of one cluster's documents in a bucket that several clusters share.
    ///
    /// What stands before it in the issuer's URL and in the objects' keys is a `/`; it has none at either end.
    IssuerPath, "issuer path", check_path
);

fn check_path(text: &str) -> Result<(), String> {
    let segment = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    if text.len() <= 128 && text.split('/').all(segment) {
        return Ok(());
    }
    Err("it is made of letters, digits and -._~ between slashes, begins with no dot, and has at most 128"
        .into())
}

/// Who serves the issuer's two documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Hosting {
    /// A bucket of the cluster's own that anyone may read.
    PublicBucket {
        /// The bucket's name, `<cluster>-oidc` unless chosen otherwise.
        bucket: BucketName,
    },
    /// A bucket of the cluster's own that only its own `CloudFront` distribution may read.
    PrivateBucket {
        /// The bucket's name, as above.
        bucket: BucketName,
        /// The certificate of the issuer's host, where that is an alias; else AWS names the host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Arn>,
    },
    /// A path in a bucket that is somebody else's.
    SharedBucket {
        /// The bucket's name.
        bucket: BucketName,
        /// The path of this cluster's documents in it.
        path: IssuerPath,
    },
    /// A web server of the author's own; nothing of S3 is made.
    Elsewhere,
}

/// The end of the host names that `CloudFront` gives. Source: Amazon CloudFront Developer Guide, "Distribution
/// settings reference", domain name.
pub const CLOUDFRONT_SUFFIX: &str = ".cloudfront.net";

impl Hosting {
    /// The bucket that serves the documents, where there is one.
    #[must_use]
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::PublicBucket { bucket }
            | Self::PrivateBucket { bucket, .. }
            | Self::SharedBucket { bucket, .. } => Some(bucket),
            Self::Elsewhere => None,
        }
    }

    /// The key of one of the issuer's documents in the bucket, from its place below the issuer.
    #[must_use]
    pub fn key(&self, document: &str) -> String {
        match self {
            Self::SharedBucket { path, .. } => format!("{path}/{document}"),
            _ => document.to_owned(),
        }
    }
}

impl fmt::Display for Hosting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicBucket { bucket } => write!(f, "the public bucket {bucket}"),
            Self::SharedBucket { bucket, path } => write!(f, "the path {path} in the bucket {bucket}"),
            Self::PrivateBucket { bucket, certificate: None } => {
                write!(f, "the private bucket {bucket} behind CloudFront")
            }
            Self::PrivateBucket { bucket, certificate: Some(certificate) } => {
                write!(f, "the private bucket {bucket} behind CloudFront with {certificate}")
            }
            Self::Elsewhere => f.write_str("a web server of the author's"),
        }
    }
}

/// Whether a partition's regions have `CloudFront`.
///
/// Source: AWS General Reference, "Amazon CloudFront endpoints and quotas"; in the isolated partitions and the
/// European Sovereign Cloud it is not confirmed.
#[must_use]
pub fn has_cloudfront(partition: Partition) -> bool {
    matches!(partition, Partition::Aws | Partition::AwsCn)
}

/// Holds the issuer against who serves it.
pub(super) fn check(cluster: &Cluster) -> Result<(), InvalidText> {
    let wrong = |rule: String| InvalidText::new("issuer of this cluster", cluster.issuer.as_str(), rule);
    let is_open = cluster.open().contains(&OpenValue::Issuer);
    match &cluster.hosting {
        Hosting::PublicBucket { bucket } => {
            let served = IssuerUrl::of_bucket(bucket, &cluster.region, cluster.partition)?;
            if served != cluster.issuer {
                return Err(wrong(format!("the bucket {bucket} is served as {served}")));
            }
        }
        Hosting::SharedBucket { bucket, path } => {
            let served = IssuerUrl::of_bucket(bucket, &cluster.region, cluster.partition)?;
            if format!("{served}/{path}") != cluster.issuer.as_str() {
                return Err(wrong(format!(
                    "the path {path} in the bucket {bucket} is served as {served}/{path}"
                )));
            }
        }
        Hosting::PrivateBucket { certificate, .. } => {
            if !has_cloudfront(cluster.partition) {
                return Err(wrong(format!("partition {} has no CloudFront", cluster.partition)));
            }
            check_private(cluster, certificate.as_ref(), is_open).map_err(wrong)?;
        }
        Hosting::Elsewhere if is_open => {
            return Err(wrong("whoever serves it elsewhere knows its name".into()));
        }
        Hosting::Elsewhere => {}
    }
    Ok(())
}

fn check_private(cluster: &Cluster, certificate: Option<&Arn>, is_open: bool) -> Result<(), String> {
    // Source: Amazon CloudFront in China, "Feature availability and implementation differences": it serves no host of
    // its own, and certificates are IAM's, which a distribution names by an id that is in no ARN.
    if cluster.partition == Partition::AwsCn {
        return Err("in China CloudFront serves only hosts with a certificate that IAM alone can name".into());
    }
    let host = cluster.issuer.host_and_path();
    if let Some(certificate) = certificate {
        check_certificate(cluster, certificate)?;
        return match (is_open, host.contains('/')) {
            (true, _) => Err("a certificate is for a host that is known beforehand".into()),
            (_, true) => Err("a distribution serves it at the root of its host, not below a path".into()),
            _ => Ok(()),
        };
    }
    if is_open || is_named_by_aws(&cluster.issuer) {
        Ok(())
    } else {
        Err("without a certificate AWS names its host, below cloudfront.net".into())
    }
}

/// Whether an issuer is a host that `CloudFront` gives a distribution: one label below its domain, and no path.
#[must_use]
pub fn is_named_by_aws(issuer: &IssuerUrl) -> bool {
    let label = issuer.host_and_path().strip_suffix(CLOUDFRONT_SUFFIX);
    label.is_some_and(|label| !label.is_empty() && !label.contains(['.', '/']))
}

/// Where `CloudFront` looks for certificates. Source: Amazon CloudFront Developer Guide, "Requirements for using
/// SSL/TLS certificates with CloudFront".
const CERTIFICATES: &str = "us-east-1";

/// Refuses a certificate that the distribution could not use.
fn check_certificate(cluster: &Cluster, certificate: &Arn) -> Result<(), String> {
    let any_account = cluster.open().contains(&OpenValue::Account);
    let fits = certificate.partition() == cluster.partition
        && certificate.service() == "acm"
        && certificate.region() == CERTIFICATES
        && certificate.resource().starts_with("certificate/")
        && (any_account || certificate.account() == cluster.account.as_str());
    if fits {
        return Ok(());
    }
    let account = if any_account { "ACCOUNT" } else { cluster.account.as_str() };
    Err(format!(
        "CloudFront cannot use the certificate {certificate}: it takes the account's own in {CERTIFICATES}, \
         arn:{}:acm:{CERTIFICATES}:{account}:certificate/ID",
        cluster.partition
    ))
}
