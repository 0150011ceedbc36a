//! What a private bucket needs besides: a distribution, and an access control for it.

use super::{FORMER_IDENTITY_TAG, Tags};
use crate::aws::{Arn, BucketName, Partition, Region};
use crate::cluster::{Cluster, ClusterName, Hosting, OWNED};
use crate::gather::Gather as _;
use crate::policy::{PolicyDocument, Principal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Stands in a distribution's origin for the id of the access control of the same bundle, which AWS names.
pub const ACCESS_CONTROL_REFERENCE: &str = "${origin-access-control}";

/// `CloudFront`'s own cache policy `CachingDisabled`.
///
/// Source: Amazon CloudFront Developer Guide, "Use managed cache policies".
pub const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// How a distribution proves to a bucket who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessControl {
    /// The bucket it is for, and named after.
    pub bucket: BucketName,
    /// What it is for. `CloudFront` has no tags for these: the description bears what the tag would say.
    pub description: String,
    /// Tags read from the description.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

impl AccessControl {
    /// The access control of a cluster's bucket.
    #[must_use]
    pub fn of(bucket: &BucketName, cluster: &ClusterName) -> Self {
        Self::described(bucket, &format!("{}={OWNED}", cluster.ownership_tag()))
    }

    /// The access control of a bucket that bears this description.
    #[must_use]
    pub fn described(bucket: &BucketName, description: &str) -> Self {
        let tags = description.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self { bucket: bucket.clone(), description: description.to_owned(), tags: tags.into_iter().collect() }
    }
}

/// A `CloudFront` distribution in front of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// The bucket it serves.
    pub bucket: BucketName,
    /// What `CloudFront` calls a request to make it, so that the same one is not made twice.
    pub caller_reference: String,
    /// What it is for.
    pub comment: String,
    /// The host of the bucket.
    pub origin: String,
    /// How it proves to the bucket who it is.
    pub access: OriginAccess,
    /// The host that it is also known by.
    pub alias: Option<Alias>,
    /// Whether plain HTTP is served too; `https-only` is wanted.
    pub viewer_protocol: String,
    /// The cache policy's id; [`CACHING_DISABLED`] is wanted.
    pub cache_policy: String,
    /// Whether it serves at all.
    pub enabled: bool,
    /// What it does besides, by what `CloudFront` calls it, like serving a path from elsewhere; nothing is wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unasked: BTreeMap<String, Value>,
    /// What its owner's rules put between it and its viewers, each a fragment like `the web ACL ID`; a bundle says nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<String>,
    /// The host AWS gave it; none where it is yet to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Distribution {
    /// The distribution that serves a cluster's issuer from this bucket: HTTPS only, nothing cached, by the
    /// bucket's access control, and by the issuer's own host where the hosting has a certificate for it.
    #[must_use]
    pub fn of(
        cluster: &Cluster,
        bucket: &BucketName,
        (caller_reference, comment): (String, String),
        tags: Tags,
    ) -> Self {
        let alias = match &cluster.hosting {
            Hosting::PrivateBucket { certificate: Some(certificate), .. } => Some(Alias {
                host: cluster.issuer.host_and_path().to_owned(),
                certificate: certificate.clone(),
            }),
            _ => None,
        };
        Self {
            bucket: bucket.clone(),
            caller_reference,
            comment,
            origin: origin_of(bucket, &cluster.region, cluster.partition),
            access: OriginAccess::Control { name: bucket.to_string() },
            alias,
            viewer_protocol: "https-only".into(),
            cache_policy: CACHING_DISABLED.into(),
            enabled: true,
            unasked: BTreeMap::new(),
            guards: Vec::new(),
            domain: None,
            tags,
        }
    }
}

impl Distribution {
    /// The id of the origin access identity that it uses.
    #[must_use]
    pub fn identity_in_use(&self) -> Option<&str> {
        if let OriginAccess::Identity { id } = &self.access { Some(id) } else { None }
    }

    /// The id of the origin access identity that ccoctl made for it, whether it still uses that one or did before.
    #[must_use]
    pub fn identity(&self) -> Option<&str> {
        self.identity_in_use().or_else(|| self.tags.get(FORMER_IDENTITY_TAG).map(String::as_str))
    }
}

/// The ids of the origin access identities that a bucket's policy lets in.
///
/// Source of the form: Amazon CloudFront Developer Guide, "Use an origin access identity (legacy, not recommended)".
#[must_use]
pub fn identities_let_in(policy: &PolicyDocument) -> BTreeSet<String> {
    const USER: &str = ":iam::cloudfront:user/CloudFront Origin Access Identity ";
    let principals = policy.statement.iter().filter_map(|statement| statement.principal.as_ref());
    let names = principals.flat_map(Principal::names);
    names.filter_map(|name| name.split_once(USER).map(|(_, id)| id.trim().to_owned())).gather()
}

/// The host by which CloudFront reaches a bucket.
///
/// Source: Amazon CloudFront Developer Guide, "Use various origins with CloudFront distributions".
fn origin_of(bucket: &BucketName, region: &Region, partition: Partition) -> String {
    format!("{bucket}.s3.{region}.{}", partition.dns_suffix())
}

/// How a distribution proves to its bucket who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OriginAccess {
    /// By an access control of this name, as this project makes them.
    Control {
        /// The name.
        name: String,
    },
    /// By an origin access identity, as ccoctl makes them.
    Identity {
        /// The identity's id.
        id: String,
    },
    /// Not at all.
    None,
    /// The answer does not say. AWS's always does; emulators may leave it out.
    Untold,
}

/// A host of the author's that a distribution answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The host.
    pub host: String,
    /// Its certificate, in us-east-1 as `CloudFront` wants it.
    pub certificate: Arn,
}

pub(super) fn access_control_settings(control: &AccessControl) -> BTreeMap<String, Value> {
    BTreeMap::from([("description".to_owned(), control.description.as_str().into())])
}

pub(super) fn distribution_settings(distribution: &Distribution) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::from([
        ("comment".to_owned(), json!(distribution.comment)),
        ("origin".to_owned(), json!(distribution.origin)),
        ("origin access".to_owned(), json!(distribution.access)),
        ("viewer protocol".to_owned(), json!(distribution.viewer_protocol)),
        ("cache policy".to_owned(), json!(distribution.cache_policy)),
        ("enabled".to_owned(), json!(distribution.enabled)),
    ]);
    settings.extend(distribution.unasked.clone());
    if let Some(alias) = &distribution.alias {
        settings.insert("alias".into(), json!(alias.host));
        settings.insert("certificate".into(), json!(alias.certificate));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_identities_in_one_text_or_in_many() {
        let named = |principal: &str| {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"*"}}]}}"#
            );
            identities_let_in(&serde_json::from_str(&text).unwrap()).into_iter().collect::<Vec<_>>()
        };
        let user = |id: &str| format!("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {id}");
        assert_eq!(named(&format!(r#"{{"AWS":"{}"}}"#, user("E1"))), ["E1"]);
        assert_eq!(named(&format!(r#"{{"AWS":["{}","{}"]}}"#, user("E2"), user("E1"))), ["E1", "E2"]);
        for other in [r#""*""#, r#"{"Service":"cloudfront.amazonaws.com"}"#, r#"{"AWS":"AIDAEXAMPLE"}"#] {
            assert!(named(other).is_empty(), "{other}");
        }
    }
}
