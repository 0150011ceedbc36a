//! The public bucket that serves the issuer's documents.

use super::{Files, cluster_tags, json};
use sts_schemas::aws::BucketName;
use sts_schemas::cli_input::{
    CreateBucket, PutBucketPolicy, PutBucketTagging, PutObject, PutPublicAccessBlock, TagSet, tag_list,
};
use sts_schemas::cluster::Cluster;
use sts_schemas::layout;
use sts_schemas::policy::{OneOrMany, PolicyDocument, Principal, Statement};
use sts_schemas::resource::{PublicAccessBlock, Tags};

/// Both documents are JSON. Source: `OpenID` Connect Discovery 1.0, section 4.2, and RFC 7517, section 8.5;
/// servers in the field read `application/json` for both.
const CONTENT_TYPE: &str = "application/json";

/// The files of a public bucket and of the metadata of its two objects.
pub(super) fn public_bucket(cluster: &Cluster, bucket: &BucketName, extra: &Tags) -> Files {
    let tags = cluster_tags(&cluster.name, extra);
    let tagging = PutBucketTagging { bucket: bucket.clone(), tagging: TagSet { tag_set: tag_list(&tags) } };
    let block = PutPublicAccessBlock {
        bucket: bucket.clone(),
        public_access_block_configuration: PublicAccessBlock {
            block_public_acls: true,
            ignore_public_acls: true,
            block_public_policy: false,
            restrict_public_buckets: false,
        },
    };
    let policy = PutBucketPolicy { bucket: bucket.clone(), policy: anyone_may_read(cluster, bucket) };
    let object = |key: &str| {
        json(&PutObject {
            bucket: bucket.clone(),
            key: key.to_owned(),
            content_type: CONTENT_TYPE.into(),
            tagging: tags.clone(),
        })
    };
    Files::from([
        (layout::BUCKET.into(), json(&CreateBucket::of(bucket, &cluster.region))),
        (layout::BUCKET_TAGGING.into(), json(&tagging)),
        (layout::BUCKET_PUBLIC_ACCESS_BLOCK.into(), json(&block)),
        (layout::BUCKET_POLICY.into(), json(&policy)),
        (layout::DISCOVERY_OBJECT.into(), object(layout::DISCOVERY_KEY)),
        (layout::KEYS_OBJECT.into(), object(layout::KEYS_KEY)),
    ])
}

fn anyone_may_read(cluster: &Cluster, bucket: &BucketName) -> PolicyDocument {
    let objects = format!("arn:{}:s3:::{bucket}/*", cluster.partition);
    PolicyDocument::of(vec![Statement {
        sid: Some("AllowReadPublicAccess".into()),
        principal: Some(Principal::Everyone("*".into())),
        action: Some(OneOrMany::Many(vec!["s3:GetObject".into()])),
        resource: Some(OneOrMany::Many(vec![objects])),
        ..Statement::allow()
    }])
}
