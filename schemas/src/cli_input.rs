//! The JSON that `aws ... --cli-input-json` takes, one type per AWS call, and the resources it makes.
//!
//! Each type turns into a resource's setting and back, so that the files an author reviews, the AWS CLI and
//! the executor all speak of the same thing. Source: the request syntax of each call in the Amazon S3 and
//! IAM API References.

mod cloudfront;

pub use cloudfront::{
    Counted, CreateDistribution, CreateOriginAccessControl, DefaultCacheBehavior, DistributionConfig,
    DistributionConfigWithTags, Items, Origin, OriginAccessControlConfig, S3OriginConfig, ViewerCertificate,
};

use crate::aws::{Arn, BucketName, Region, RoleName, RolePath};
use crate::cluster::IssuerUrl;
use crate::policy::PolicyDocument;
use crate::resource::{PublicAccessBlock, Tags};
use serde::{Deserialize, Serialize};

/// Input of `s3api create-bucket`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateBucket {
    /// The canned access control list, always `private`, as ccoctl asks for it.
    #[serde(rename = "ACL")]
    pub acl: String,
    /// The bucket.
    pub bucket: BucketName,
    /// The region; absent in us-east-1, which S3 insists on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_bucket_configuration: Option<CreateBucketConfiguration>,
}

/// Where a bucket is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateBucketConfiguration {
    /// The region.
    pub location_constraint: Region,
}

impl CreateBucket {
    /// S3 makes buckets without a location here, and refuses one that is named.
    /// Source: Amazon S3 API Reference, `CreateBucket`.
    pub const REGION_WITHOUT_CONSTRAINT: &str = "us-east-1";

    /// The input that makes this bucket in this region.
    #[must_use]
    pub fn of(bucket: &BucketName, region: &Region) -> Self {
        let constrained = region.as_str() != Self::REGION_WITHOUT_CONSTRAINT;
        Self {
            acl: "private".into(),
            bucket: bucket.clone(),
            create_bucket_configuration: constrained
                .then(|| CreateBucketConfiguration { location_constraint: region.clone() }),
        }
    }
}

/// Input of `s3api put-bucket-tagging`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutBucketTagging {
    /// The bucket.
    pub bucket: BucketName,
    /// The tags.
    pub tagging: TagSet,
}

/// S3's wrapping of a list of tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TagSet {
    /// The tags.
    pub tag_set: Vec<Tag>,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// Its key, at most 128 characters.
    pub key: String,
    /// Its value, at most 256 characters.
    pub value: String,
}

/// Tags as the list that AWS's calls take, sorted by key.
#[must_use]
pub fn tag_list(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Tags from such a list; a key that comes twice is an error that names it.
///
/// # Errors
/// The key that comes twice.
pub fn tags_of(list: &[Tag]) -> Result<Tags, String> {
    let mut tags = Tags::new();
    for tag in list {
        if tags.insert(tag.key.clone(), tag.value.clone()).is_some() {
            return Err(format!("the tag {:?} is given twice", tag.key));
        }
    }
    Ok(tags)
}

/// Input of `s3api put-public-access-block`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutPublicAccessBlock {
    /// The bucket.
    pub bucket: BucketName,
    /// The four switches.
    pub public_access_block_configuration: PublicAccessBlock,
}

/// Input of `s3api put-bucket-policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutBucketPolicy {
    /// The bucket.
    pub bucket: BucketName,
    /// The policy.
    #[serde(with = "document_as_text")]
    pub policy: PolicyDocument,
}

/// Input of `s3api put-object`, all but the body, which is a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutObject {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: String,
    /// The media type.
    pub content_type: String,
    /// The tags, in the form of a URL query.
    #[serde(with = "tags_as_query")]
    pub tagging: Tags,
}

/// Input of `iam create-open-id-connect-provider`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateOpenIdConnectProvider {
    /// The issuer.
    pub url: IssuerUrl,
    /// The audiences.
    #[serde(rename = "ClientIDList")]
    pub client_id_list: Vec<String>,
    /// Thumbprints, where the author insists; AWS finds its own otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thumbprint_list: Vec<String>,
    /// The tags.
    pub tags: Vec<Tag>,
}

impl CreateOpenIdConnectProvider {
    /// The most thumbprints. Source: IAM API Reference, `CreateOpenIDConnectProvider`.
    pub const MOST_THUMBPRINTS: usize = 5;
    /// What is said of more.
    pub const TOO_MANY_THUMBPRINTS: &str = "IAM takes at most 5 thumbprints";
}

/// Input of `iam create-role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateRole {
    /// The trust policy.
    #[serde(with = "document_as_text")]
    pub assume_role_policy_document: PolicyDocument,
    /// What the role is for.
    pub description: String,
    /// How long a session may last, in seconds; an hour where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_duration: Option<u32>,
    /// The path; `/` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RolePath>,
    /// The permissions boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<Arn>,
    /// The name.
    pub role_name: RoleName,
    /// The tags.
    pub tags: Vec<Tag>,
}

/// Input of `iam put-role-policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutRolePolicy {
    /// The permissions policy.
    #[serde(with = "document_as_text")]
    pub policy_document: PolicyDocument,
    /// Its name, the role's own as ccoctl has it.
    pub policy_name: String,
    /// The role.
    pub role_name: RoleName,
}

/// AWS takes policy documents as JSON within a JSON string.
mod document_as_text {
    use super::PolicyDocument;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        document: &PolicyDocument,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&document.canonical())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PolicyDocument, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::json::from_str(&text)
            .map_err(|error| D::Error::custom(format!("the policy document within it is wrong: {error}")))
    }
}

/// `PutObject` takes tags as `key=value&key=value`, percent-encoded. Source: its `x-amz-tagging` header.
pub mod tags_as_query {
    use super::Tags;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// The tags as a URL query.
    #[must_use]
    pub fn encode(tags: &Tags) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(tags).finish()
    }

    pub(super) fn serialize<S: Serializer>(tags: &Tags, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(tags))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tags, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut tags = Tags::new();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            if tags.insert(key.clone().into_owned(), value.into_owned()).is_some() {
                return Err(D::Error::custom(format!("the tag {key:?} is given twice")));
            }
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn us_east_1_is_asked_for_without_a_location() {
        let input = |region: &str| {
            serde_json::to_value(CreateBucket::of(&"demo-oidc".parse().unwrap(), &region.parse().unwrap()))
                .unwrap()
        };
        assert_eq!(input("us-east-1"), serde_json::json!({"ACL": "private", "Bucket": "demo-oidc"}));
        assert_eq!(input("eu-west-1")["CreateBucketConfiguration"]["LocationConstraint"], "eu-west-1");
    }

    #[test]
    fn a_policy_travels_as_text_within_text_and_comes_back_the_same() {
        let text = r#"{"PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"iam:GetUser\"],\"Resource\":\"*\"}]}","PolicyName":"p","RoleName":"r"}"#;
        let input: PutRolePolicy = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&input).unwrap(), text);
        assert!(serde_json::from_str::<PutRolePolicy>(&text.replace("GetUser\\\"]", "GetUser\\\"")).is_err());
    }

    #[test]
    fn object_tags_are_a_query_that_survives_slashes() {
        let tags = Tags::from([
            ("openshift.io/x/demo".to_owned(), "owned".to_owned()),
            ("Name".into(), "a&b".into()),
        ]);
        assert_eq!(tags_as_query::encode(&tags), "Name=a%26b&openshift.io%2Fx%2Fdemo=owned");
        let text = r#"{"Bucket":"demo-oidc","Key":"k","ContentType":"t","Tagging":"Name=a%26b&openshift.io%2Fx%2Fdemo=owned"}"#;
        assert_eq!(serde_json::from_str::<PutObject>(text).unwrap().tagging, tags);
    }
}
