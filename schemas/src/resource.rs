//! The AWS resources a bundle can ask for, each at its address.

mod address;
mod cloudfront;
mod statement;

pub use address::Address;
pub use cloudfront::{
    ACCESS_CONTROL_REFERENCE, AccessControl, Alias, CACHING_DISABLED, Distribution, OriginAccess,
    identities_let_in,
};
pub use statement::{BucketStatement, DISTRIBUTION_REFERENCE};

use crate::aws::{Arn, BucketName, Region, RoleName, RolePath};
use crate::cluster::{ClusterName, IssuerUrl, OWNED};
use crate::policy::PolicyDocument;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Tags as AWS has them: keys with values.
pub type Tags = BTreeMap<String, String>;

/// How the tags that this project gives a meaning begin; whose a resource is says ccoctl's.
pub const OWN_TAG_PREFIX: &str = "sts-handoff/";

/// The tag on the OIDC provider that tells the generation last applied, in seconds since 1970.
pub const GENERATION_TAG: &str = "sts-handoff/generation";
/// The tag that the executor puts beside it: `<generation>/<first digits of the bundle's digest>`. Of bundles of one
/// generation it tells which was applied. What applies a bundle otherwise knows nothing of it, and leaves it stale: it
/// counts only where its generation is that of [`GENERATION_TAG`].
pub const APPLIED_TAG: &str = "sts-handoff/applied";

/// On a distribution that was taken over from ccoctl: the id of the origin access identity it no longer uses.
pub const FORMER_IDENTITY_TAG: &str = "sts-handoff/former-identity";

/// One AWS resource, whole: as wanted by a bundle or as seen in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Resource {
    /// The bucket that serves the issuer's documents.
    Bucket(Bucket),
    /// How the distribution proves to the bucket who it is.
    AccessControl(AccessControl),
    /// The distribution in front of a private bucket.
    Distribution(Distribution),
    /// A statement in the policy of a bucket whose policy has, or may have, others.
    BucketStatement(BucketStatement),
    /// One of those documents.
    Object(Object),
    /// The IAM OIDC provider that makes AWS trust the issuer.
    Provider(Provider),
    /// A role that a component of the cluster takes on.
    Role(Role),
}

/// An S3 bucket with the settings this project cares for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The bucket's name.
    pub name: BucketName,
    /// The region it is in.
    pub region: Region,
    /// Its tags.
    pub tags: Tags,
    /// What is blocked for the public; `None` where S3 has no such configuration for the bucket.
    pub public_access_block: Option<PublicAccessBlock>,
    /// The bucket policy.
    pub policy: Option<PolicyDocument>,
}

/// S3's four switches against public access. Source: Amazon S3 API Reference, `PutPublicAccessBlock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "S3 has four switches with these names")]
pub struct PublicAccessBlock {
    /// Refuse new public access control lists.
    pub block_public_acls: bool,
    /// Ignore existing ones.
    pub ignore_public_acls: bool,
    /// Refuse policies that make the bucket public.
    pub block_public_policy: bool,
    /// Let only AWS services and the account in, if the policy is public.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// Everything public is blocked.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };
}

/// An S3 object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// The bucket it lies in.
    pub bucket: BucketName,
    /// Its key.
    pub key: String,
    /// Its media type.
    pub content_type: String,
    /// Its content, byte for byte.
    pub body: String,
    /// What keeps others from reading that, by what it is called: a key of KMS's it is encrypted with, an encoding of its
    /// content. Nothing is wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub barriers: BTreeMap<String, String>,
    /// Its tags.
    pub tags: Tags,
}

/// What an object's media type is called among its settings.
pub const CONTENT_TYPE: &str = "content type";

impl Object {
    /// The media type of both documents. Source: `OpenID` Connect Discovery 1.0, section 4.2.
    pub const CONTENT_TYPE: &str = "application/json";
}

/// An IAM OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The issuer it stands for.
    pub issuer: IssuerUrl,
    /// The audiences it takes tokens for.
    pub client_ids: BTreeSet<String>,
    /// SHA-1 thumbprints of the issuer's certificate authority; wanted empty, AWS finds and fills in its own.
    pub thumbprints: BTreeSet<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Provider {
    /// The most characters of a client id. Source: IAM API Reference, `CreateOpenIDConnectProvider`.
    pub const LONGEST_CLIENT_ID: usize = 255;
}

/// An IAM role with all its policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub name: RoleName,
    /// Its path.
    pub path: RolePath,
    /// What it is for.
    pub description: String,
    /// Who may take it on.
    pub trust: PolicyDocument,
    /// The permissions boundary, as an ARN.
    pub boundary: Option<Arn>,
    /// How long a session may last, in seconds.
    pub max_session_seconds: u32,
    /// Its tags.
    pub tags: Tags,
    /// Its inline permissions policies by name.
    pub inline: BTreeMap<String, PolicyDocument>,
    /// The ARNs of managed policies attached to it.
    pub attached: BTreeSet<String>,
}

impl Role {
    /// What IAM takes when nothing is asked for. Source: IAM API Reference, `CreateRole`.
    pub const DEFAULT_SESSION_SECONDS: u32 = 3600;

    /// The most characters of an inline policy's name. Source: IAM API Reference, `PutRolePolicy`.
    pub const LONGEST_POLICY_NAME: usize = 128;

    /// The most characters of a description. Source: IAM API Reference, `CreateRole`.
    pub const LONGEST_DESCRIPTION: usize = 1000;

    /// The most characters of all inline policies of a role, white space aside.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas", as for the next two.
    pub const LONGEST_INLINE_POLICIES: usize = 10_240;

    /// The most characters of a trust policy, white space aside, unless an account's quota was raised.
    pub const USUAL_TRUST_POLICY: usize = 2048;

    /// The most characters of a trust policy that the quota can be raised to.
    pub const LONGEST_TRUST_POLICY: usize = 4096;
}

impl Resource {
    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Bucket(bucket) => Address::Bucket(bucket.name.clone()),
            Self::AccessControl(control) => Address::AccessControl(control.bucket.clone()),
            Self::Distribution(distribution) => Address::Distribution(distribution.bucket.clone()),
            Self::BucketStatement(one) => Address::BucketStatement(one.bucket.clone(), one.sid.clone()),
            Self::Object(object) => Address::Object(object.bucket.clone(), object.key.clone()),
            Self::Provider(provider) => Address::Provider(provider.issuer.host_and_path().to_owned()),
            Self::Role(role) => Address::Role(role.name.clone()),
        }
    }

    /// Its tags.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        match self {
            Self::Bucket(bucket) => &bucket.tags,
            Self::AccessControl(control) => &control.tags,
            Self::Distribution(distribution) => &distribution.tags,
            Self::BucketStatement(one) => &one.tags,
            Self::Object(object) => &object.tags,
            Self::Provider(provider) => &provider.tags,
            Self::Role(role) => &role.tags,
        }
    }

    /// Its tags, to be changed.
    pub fn tags_mut(&mut self) -> &mut Tags {
        match self {
            Self::Bucket(bucket) => &mut bucket.tags,
            Self::AccessControl(control) => &mut control.tags,
            Self::Distribution(distribution) => &mut distribution.tags,
            Self::BucketStatement(one) => &mut one.tags,
            Self::Object(object) => &mut object.tags,
            Self::Provider(provider) => &mut provider.tags,
            Self::Role(role) => &mut role.tags,
        }
    }

    /// Whether it bears the tag that makes it the cluster's.
    #[must_use]
    pub fn is_owned_by(&self, cluster: &ClusterName) -> bool {
        self.tags().get(&cluster.ownership_tag()).is_some_and(|value| value == OWNED)
    }

    /// Everything about it that can differ, by the name people know it by, reduced to its meaning.
    #[must_use]
    pub fn settings(&self) -> BTreeMap<String, Value> {
        let mut settings = match self {
            Self::Bucket(bucket) => bucket_settings(bucket),
            Self::AccessControl(control) => cloudfront::access_control_settings(control),
            Self::Distribution(distribution) => cloudfront::distribution_settings(distribution),
            Self::BucketStatement(one) => statement::settings(one),
            Self::Object(object) => object_settings(object),
            Self::Provider(provider) => provider_settings(provider),
            Self::Role(role) => role_settings(role),
        };
        for (key, value) in self.tags() {
            settings.insert(format!("tag {key}"), value.as_str().into());
        }
        settings
    }
}

fn bucket_settings(bucket: &Bucket) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::from([("region".to_owned(), json!(bucket.region))]);
    if let Some(block) = &bucket.public_access_block {
        settings.insert("public access block".into(), json!(block));
    }
    if let Some(policy) = &bucket.policy {
        settings.insert("bucket policy".into(), policy.meaning());
    }
    settings
}

fn object_settings(object: &Object) -> BTreeMap<String, Value> {
    // Documents are compared as JSON: white space and member order mean nothing to their readers.
    let body = serde_json::from_str::<Value>(&object.body)
        .map_or_else(|_| Value::from(object.body.as_str()), |value| sorted_members(&value));
    let mut settings = BTreeMap::from([
        (CONTENT_TYPE.to_owned(), object.content_type.as_str().into()),
        ("content".to_owned(), body),
    ]);
    settings.extend(object.barriers.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    settings
}

fn provider_settings(provider: &Provider) -> BTreeMap<String, Value> {
    BTreeMap::from([
        ("issuer".to_owned(), json!(provider.issuer)),
        ("client ids".to_owned(), json!(provider.client_ids)),
        ("thumbprints".to_owned(), json!(provider.thumbprints)),
    ])
}

fn role_settings(role: &Role) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::from([
        ("path".to_owned(), json!(role.path)),
        ("description".to_owned(), json!(role.description)),
        ("trust policy".to_owned(), role.trust.meaning()),
        ("maximum session".to_owned(), json!(role.max_session_seconds)),
    ]);
    if let Some(boundary) = &role.boundary {
        settings.insert("permissions boundary".into(), json!(boundary));
    }
    for (name, policy) in &role.inline {
        settings.insert(format!("inline policy {name}"), policy.meaning());
    }
    if !role.attached.is_empty() {
        settings.insert("attached policies".into(), json!(role.attached));
    }
    settings
}

fn sorted_members(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> =
                map.iter().map(|(key, value)| (key.clone(), sorted_members(value))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(values) => values.iter().map(sorted_members).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_compared_by_what_its_json_says() {
        let object = |body: &str| {
            Resource::Object(Object {
                bucket: "demo-oidc".parse().unwrap(),
                key: "keys.json".into(),
                content_type: "application/json".into(),
                body: body.into(),
                barriers: BTreeMap::new(),
                tags: Tags::new(),
            })
        };
        assert_eq!(object(r#"{"a":1,"b":2}"#).settings(), object("{ \"b\": 2,\n\"a\": 1 }").settings());
        assert_ne!(object(r#"{"a":1}"#).settings(), object(r#"{"a":2}"#).settings());
    }
}
