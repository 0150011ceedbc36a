//! The cluster a bundle is for, and where its OIDC issuer lives.

mod former;
mod hosting;

pub use former::FormerIssuer;
pub use hosting::{CLOUDFRONT_SUFFIX, Hosting, IssuerPath, has_cloudfront, is_named_by_aws};

use crate::aws::{AccountId, Arn, BucketName, Partition, Region};
use crate::text::{InvalidText, checked_text};
use serde::{Deserialize, Serialize};

checked_text!(
    /// The name of a cluster on AWS: what `--name` gives, and every resource bears.
    ///
    /// At most 58 characters, so that the bucket `<name>-oidc` stays within S3's 63.
    ClusterName, "cluster name", check_cluster
);

fn check_cluster(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.len() > ClusterName::MAX_LENGTH {
        return Err(format!(
            "at most {} characters leave room for the bucket <name>-oidc, these are {}",
            ClusterName::MAX_LENGTH,
            text.len()
        ));
    }
    format!("{text}-oidc")
        .parse::<BucketName>()
        .map(|_| ())
        .map_err(|error| format!("the bucket <name>-oidc could not exist: {}", error.rule))
}

impl ClusterName {
    /// S3's 63 characters less those of `-oidc`.
    pub const MAX_LENGTH: usize = 58;

    /// The key of the tag that marks what belongs to this cluster; its value is [`OWNED`].
    ///
    /// Source: ccoctl (openshift/cloud-credential-operator), so that either program finds the other's work.
    #[must_use]
    pub fn ownership_tag(&self) -> String {
        format!("{OWNERSHIP_PREFIX}{self}")
    }

    /// The bucket ccoctl would use for this cluster.
    ///
    /// # Panics
    /// Never: the name was checked for just this.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the check of ClusterName is that this name is valid")]
    pub fn default_bucket(&self) -> BucketName {
        format!("{self}-oidc").parse().expect("a cluster's name makes a valid bucket name")
    }
}

/// How the key of every cluster's ownership tag begins; the cluster's name follows. Source: ccoctl.
pub const OWNERSHIP_PREFIX: &str = "openshift.io/cloud-credential-operator/";

/// The value of the tag that [`ClusterName::ownership_tag`] names.
pub const OWNED: &str = "owned";

checked_text!(
    /// The URL of an OIDC issuer: `https://`, a host, perhaps a path; no port, query, fragment or trailing slash.
    ///
    /// Source: `OpenID` Connect Discovery 1.0, section 3, and IAM API Reference, `CreateOpenIDConnectProvider`
    /// (at most 255 characters, no port, no query).
    IssuerUrl, "issuer URL", check_issuer
);

fn check_issuer(text: &str) -> Result<(), String> {
    let Some(rest) = text.strip_prefix("https://") else {
        return Err("it must begin with https://".into());
    };
    if text.len() > 255 {
        return Err(format!("IAM takes at most 255 characters, these are {}", text.len()));
    }
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // The last label of a name is never a number. Source: RFC 3696, section 2.
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    if !(host.contains('.') && host.split('.').all(label)) || host.rsplit('.').next().is_some_and(is_number) {
        return Err("the host must be a lower-case DNS name with no port".into());
    }
    let segment = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    };
    match path {
        Some(path) if !path.split('/').all(segment) => {
            Err("a path holds letters, digits and -._~ between slashes, and does not end in one".into())
        }
        _ => Ok(()),
    }
}

impl IssuerUrl {
    /// The issuer of a public bucket, as ccoctl names it.
    ///
    /// # Errors
    /// When bucket, region and suffix make no valid URL; for checked names that cannot be.
    pub fn of_bucket(
        bucket: &BucketName,
        region: &Region,
        partition: Partition,
    ) -> Result<Self, InvalidText> {
        format!("https://{bucket}.s3.{region}.{}", partition.dns_suffix()).parse()
    }

    /// The bucket and the region of a public bucket's issuer; `None` where something else serves it.
    #[must_use]
    pub fn bucket_and_region(&self) -> Option<(BucketName, Region)> {
        let (bucket, rest) = self.host_and_path().split_once(".s3.")?;
        let region = rest.split('.').next()?.parse().ok()?;
        let (bucket, partition) = (bucket.parse().ok()?, Partition::of_region(&region)?);
        (Self::of_bucket(&bucket, &region, partition).ok()? == *self).then_some((bucket, region))
    }

    /// The URL without `https://`: what provider ARNs and condition keys are made of.
    #[must_use]
    pub fn host_and_path(&self) -> &str {
        self.as_str().trim_start_matches("https://")
    }

    /// Where the JWKS is served. Source: ccoctl's discovery document.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        format!("{self}/keys.json")
    }
}

/// The cluster a bundle is for: everything about it that its resources depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "ClusterWire")]
pub struct Cluster {
    /// The cluster's name.
    pub name: ClusterName,
    /// The account its resources live in, or `${account}` where it is open.
    #[serde(with = "crate::open::account")]
    #[schemars(with = "String")]
    pub account: AccountId,
    /// The partition of that account.
    pub partition: Partition,
    /// The region of the bucket and the cluster.
    pub region: Region,
    /// Who serves the issuer's documents.
    pub hosting: Hosting,
    /// The issuer in every token the cluster signs, or `https://${issuer}` where it is open.
    #[serde(with = "crate::open::issuer")]
    #[schemars(with = "String")]
    pub issuer: IssuerUrl,
    /// The issuer that it is moved away from; absent where it is not moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<FormerIssuer>,
}

/// A [`Cluster`] as it stands in a file, before its parts were held against each other.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cluster")]
struct ClusterWire {
    name: ClusterName,
    /// The account its resources live in, or `${account}` where it is open.
    #[serde(with = "crate::open::account")]
    #[schemars(with = "String")]
    account: AccountId,
    partition: Partition,
    region: Region,
    hosting: Hosting,
    /// The issuer in every token the cluster signs, or `https://${issuer}` where it is open.
    #[serde(with = "crate::open::issuer")]
    #[schemars(with = "String")]
    issuer: IssuerUrl,
    /// The issuer that it is moved away from; absent where it is not moved.
    #[serde(default)]
    former: Option<FormerIssuer>,
}

impl TryFrom<ClusterWire> for Cluster {
    type Error = InvalidText;

    fn try_from(wire: ClusterWire) -> Result<Self, InvalidText> {
        let ClusterWire { name, account, partition, region, hosting, issuer, former } = wire;
        Self { name, account, partition, region, hosting, issuer, former }.checked()
    }
}

impl Cluster {
    /// Holds the parts against each other: region against partition, issuer against bucket, both against a former one.
    ///
    /// # Errors
    /// Says which two disagree.
    pub fn checked(self) -> Result<Self, InvalidText> {
        if Partition::of_region(&self.region).is_some_and(|known| known != self.partition) {
            let rule = format!("it does not belong to partition {}", self.partition);
            return Err(InvalidText::new("region of this cluster", self.region.as_str(), rule));
        }
        hosting::check(&self)?;
        former::check(&self)?;
        Ok(self)
    }

    /// The bucket that serves the issuer's documents, where there is one.
    #[must_use]
    pub fn bucket(&self) -> Option<&BucketName> {
        self.hosting.bucket()
    }

    /// The ARN of the IAM OIDC provider that stands for the issuer.
    #[must_use]
    pub fn provider_arn(&self) -> Arn {
        Arn::oidc_provider(self.partition, &self.account, self.issuer.host_and_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_make_an_impossible_bucket_are_refused() {
        for name in ["", "Bad_Name!", "a.b", "-a", &"x".repeat(59)] {
            assert!(name.parse::<ClusterName>().is_err(), "{name}");
        }
        assert_eq!("demo".parse::<ClusterName>().unwrap().default_bucket().as_str(), "demo-oidc");
        assert!("x".repeat(58).parse::<ClusterName>().is_ok());
    }

    #[test]
    fn only_the_issuer_of_a_public_bucket_tells_bucket_and_region() {
        let told = |url: &str| url.parse::<IssuerUrl>().unwrap().bucket_and_region();
        let home = |region: &str| Some(("a-oidc".parse().unwrap(), region.parse().unwrap()));
        assert_eq!(told("https://a-oidc.s3.us-gov-west-1.amazonaws.com"), home("us-gov-west-1"));
        assert_eq!(told("https://a-oidc.s3.cn-north-1.amazonaws.com.cn"), home("cn-north-1"));
        for url in [
            "https://a-oidc.s3.cn-north-1.amazonaws.com",
            "https://a-oidc.s3.eu-north-1.amazonaws.com/path",
            "https://a-oidc.s3.example.com",
            "https://d123.cloudfront.net",
        ] {
            assert_eq!(told(url), None, "{url}");
        }
    }

    #[test]
    fn issuers_are_https_without_port_query_or_trailing_slash() {
        for url in [
            "http://a.example",
            "https://a.example/",
            "https://a.example:8443",
            "https://a.example/x?y",
            "https://A.example",
            "https://localhost",
            "https://127.0.0.1",
            "https://a.example/../b",
            "https://a.example//b",
        ] {
            assert!(url.parse::<IssuerUrl>().is_err(), "{url}");
        }
        let url: IssuerUrl = "https://oidc.example.org/clusters/demo".parse().unwrap();
        assert_eq!(url.host_and_path(), "oidc.example.org/clusters/demo");
    }

    #[test]
    fn a_cluster_whose_region_is_of_another_partition_is_refused() {
        let text = r#"{"name":"demo","account":"123456789012","partition":"aws","region":"us-gov-west-1",
            "hosting":{"kind":"elsewhere"},"issuer":"https://oidc.example.org"}"#;
        let error = serde_json::from_str::<Cluster>(text).unwrap_err().to_string();
        assert!(error.contains("us-gov-west-1") && error.contains("partition aws"), "{error}");
    }
}
