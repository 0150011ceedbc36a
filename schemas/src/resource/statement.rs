//! One statement of a bucket's policy: what lets readers of the issuer's documents in, beside what others wrote.

use super::Tags;
use crate::aws::{BucketName, Region};
use crate::cluster::{Cluster, ClusterName, IssuerPath, OWNED};
use crate::digest::Sha256;
use crate::policy::{ConditionValues, OneOrMany, PolicyDocument, Principal, Scalar, Statement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Stands in a bucket's policy for the id of the distribution of the same bundle, which AWS names.
pub const DISTRIBUTION_REFERENCE: &str = "${distribution}";

/// One statement of a bucket's policy, known by its `Sid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BucketStatement {
    /// The bucket.
    pub bucket: BucketName,
    /// The region the bucket is in.
    pub region: Region,
    /// The statement's `Sid`.
    pub sid: String,
    /// The statement, `Sid` and all.
    pub statement: Statement,
    /// S3 has no tags for statements: what makes this one the cluster's is the `Sid`.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

impl BucketStatement {
    /// What every `Sid` of this project's begins with.
    pub const SID_PREFIX: &str = "StsHandoff";

    /// Lets the bundle's own distribution, and nobody else, read the bucket.
    ///
    /// Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin".
    #[must_use]
    pub fn for_distribution(cluster: &Cluster, bucket: &BucketName) -> Self {
        let (partition, account) = (cluster.partition, &cluster.account);
        let distribution =
            format!("arn:{partition}:cloudfront::{account}:distribution/{DISTRIBUTION_REFERENCE}");
        let source = ConditionValues::One(Scalar::Text(distribution));
        let service = OneOrMany::One("cloudfront.amazonaws.com".into());
        let statement = Statement {
            principal: Some(Principal::Named(BTreeMap::from([("Service".into(), service)]))),
            condition: Some(BTreeMap::from([(
                "StringEquals".into(),
                BTreeMap::from([("AWS:SourceArn".into(), source)]),
            )])),
            ..Statement::allow()
        };
        Self::reading(cluster, bucket, "*", statement)
    }

    /// Lets anyone read one cluster's path in a bucket that is shared.
    #[must_use]
    pub fn for_path(cluster: &Cluster, bucket: &BucketName, path: &IssuerPath) -> Self {
        let statement = Statement { principal: Some(Principal::Everyone("*".into())), ..Statement::allow() };
        Self::reading(cluster, bucket, &format!("{path}/*"), statement)
    }

    /// The whole policy of a public bucket: anyone may read what lies in it, and nothing more.
    ///
    /// The `Sid` is ccoctl's: the bucket is the cluster's own, and the policy is no other's.
    #[must_use]
    pub fn public_policy(cluster: &Cluster, bucket: &BucketName) -> PolicyDocument {
        PolicyDocument::of(vec![Statement {
            sid: Some("AllowReadPublicAccess".into()),
            principal: Some(Principal::Everyone("*".into())),
            action: Some(OneOrMany::Many(vec!["s3:GetObject".into()])),
            resource: Some(OneOrMany::Many(vec![format!("arn:{}:s3:::{bucket}/*", cluster.partition)])),
            ..Statement::allow()
        }])
    }

    fn reading(cluster: &Cluster, bucket: &BucketName, keys: &str, statement: Statement) -> Self {
        let sid = Self::sid(&cluster.name, bucket, keys);
        let objects = format!("arn:{}:s3:::{bucket}/{keys}", cluster.partition);
        let statement = Statement {
            sid: Some(sid.clone()),
            action: Some(OneOrMany::Many(vec!["s3:GetObject".into()])),
            resource: Some(OneOrMany::Many(vec![objects])),
            ..statement
        };
        Self {
            bucket: bucket.clone(),
            region: cluster.region.clone(),
            sid,
            statement,
            tags: Tags::from([(cluster.name.ownership_tag(), OWNED.to_owned())]),
        }
    }

    /// The `Sid` of a cluster's statement about these keys: no other cluster's, and made of letters and digits.
    #[must_use]
    pub fn sid(cluster: &ClusterName, bucket: &BucketName, keys: &str) -> String {
        let digest = Sha256::of(format!("{cluster}\n{bucket}\n{keys}").as_bytes());
        format!("{}{}", Self::SID_PREFIX, &digest.as_str()[..16])
    }

    /// The policy that consists of this statement alone.
    #[must_use]
    pub fn policy(&self) -> PolicyDocument {
        PolicyDocument::of(vec![self.statement.clone()])
    }
}

pub(super) fn settings(statement: &BucketStatement) -> BTreeMap<String, Value> {
    let meaning = statement.policy().meaning();
    BTreeMap::from([("statement".to_owned(), meaning["Statement"][0].clone())])
}
