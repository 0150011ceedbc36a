//! The AWS resources a bundle can ask for, each at its address.

use crate::aws::{Arn, BucketName, Region, RoleName, RolePath};
use crate::cluster::{ClusterName, IssuerUrl, OWNED};
use crate::policy::PolicyDocument;
use crate::text::InvalidText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Tags as AWS has them: keys with values.
pub type Tags = BTreeMap<String, String>;

/// The tag on the OIDC provider that tells the generation last applied, in seconds since 1970.
pub const GENERATION_TAG: &str = "sts-handoff/generation";

/// Where a resource is within an account. The order of addresses is the order of creation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Address {
    /// A bucket, by its name.
    Bucket(BucketName),
    /// An object, by its bucket and key.
    Object(BucketName, String),
    /// An OIDC provider, by its issuer's host and path.
    Provider(String),
    /// A role, by its name.
    Role(RoleName),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket/{name}"),
            Self::Object(bucket, key) => write!(f, "object/{bucket}/{key}"),
            Self::Provider(issuer) => write!(f, "provider/{issuer}"),
            Self::Role(name) => write!(f, "role/{name}"),
        }
    }
}

impl FromStr for Address {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        const RULE: &str = "an address is bucket/NAME, object/BUCKET/KEY, provider/HOST or role/NAME";
        let wrong = || InvalidText::new("address", text, RULE);
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        match kind {
            "bucket" => Ok(Self::Bucket(name.parse()?)),
            "object" => {
                let (bucket, key) =
                    name.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(wrong)?;
                Ok(Self::Object(bucket.parse()?, key.to_owned()))
            }
            "provider" => {
                let issuer: IssuerUrl = format!("https://{name}").parse()?;
                Ok(Self::Provider(issuer.host_and_path().to_owned()))
            }
            "role" => Ok(Self::Role(name.parse()?)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// One AWS resource, whole: as wanted by a bundle or as seen in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Resource {
    /// The bucket that serves the issuer's documents.
    Bucket(Bucket),
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
    /// Its tags.
    pub tags: Tags,
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
            Self::Object(object) => &object.tags,
            Self::Provider(provider) => &provider.tags,
            Self::Role(role) => &role.tags,
        }
    }

    /// Its tags, to be changed.
    pub fn tags_mut(&mut self) -> &mut Tags {
        match self {
            Self::Bucket(bucket) => &mut bucket.tags,
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
    BTreeMap::from([
        ("content type".to_owned(), object.content_type.as_str().into()),
        ("content".to_owned(), body),
    ])
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
    for arn in &role.attached {
        settings.insert(format!("attached policy {arn}"), true.into());
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
    fn addresses_survive_their_text_and_sort_in_creation_order() {
        let texts = [
            "bucket/demo-oidc",
            "object/demo-oidc/.well-known/openid-configuration",
            "object/demo-oidc/keys.json",
            "provider/demo-oidc.s3.us-east-1.amazonaws.com",
            "role/demo-openshift-ingress",
        ];
        let mut addresses: Vec<Address> = texts.iter().map(|text| text.parse().unwrap()).collect();
        addresses.reverse();
        addresses.sort();
        assert_eq!(addresses.iter().map(Address::to_string).collect::<Vec<_>>(), texts);
        for text in ["", "role", "role/", "queue/x", "object/demo-oidc", "bucket/A_B", "provider/nohost"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_object_is_compared_by_what_its_json_says() {
        let object = |body: &str| {
            Resource::Object(Object {
                bucket: "demo-oidc".parse().unwrap(),
                key: "keys.json".into(),
                content_type: "application/json".into(),
                body: body.into(),
                tags: Tags::new(),
            })
        };
        assert_eq!(object(r#"{"a":1,"b":2}"#).settings(), object("{ \"b\": 2,\n\"a\": 1 }").settings());
        assert_ne!(object(r#"{"a":1}"#).settings(), object(r#"{"a":2}"#).settings());
    }
}
