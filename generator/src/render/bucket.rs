//! The bucket that serves the issuer's documents: public, private, or shared.

use super::{Files, cluster_tags, json};
use sts_schemas::aws::BucketName;
use sts_schemas::cli_input::{
    CreateBucket, PutBucketPolicy, PutBucketTagging, PutObject, PutPublicAccessBlock, TagSet, tag_list,
};
use sts_schemas::cluster::{Cluster, IssuerPath};
use sts_schemas::layout;
use sts_schemas::policy::PolicyDocument;
use sts_schemas::resource::{BucketStatement, Object, PublicAccessBlock, Tags};

/// Both documents are JSON. Source: `OpenID` Connect Discovery 1.0, section 4.2, and RFC 7517, section 8.5;
/// servers in the field read `application/json` for both.
const CONTENT_TYPE: &str = Object::CONTENT_TYPE;

/// The files of a public bucket and of the metadata of its two objects.
pub(super) fn public_bucket(cluster: &Cluster, bucket: &BucketName, extra: &Tags) -> Files {
    // The policy below is public: S3 must not block it.
    let block = PublicAccessBlock {
        block_public_policy: false,
        restrict_public_buckets: false,
        ..PublicAccessBlock::ALL
    };
    let mut files = own_bucket(cluster, bucket, block, extra);
    files.insert(
        layout::BUCKET_POLICY.into(),
        policy(bucket, BucketStatement::public_policy(cluster, bucket)),
    );
    files
}

/// The files of a private bucket, which blocks everything public, and of the metadata of its two objects.
pub(super) fn private_bucket(cluster: &Cluster, bucket: &BucketName, extra: &Tags) -> Files {
    let mut files = own_bucket(cluster, bucket, PublicAccessBlock::ALL, extra);
    let statement = BucketStatement::for_distribution(cluster, bucket);
    files.insert(layout::BUCKET_POLICY.into(), policy(bucket, statement.policy()));
    files
}

/// The files of a path in a bucket that somebody else has: a statement for its policy, and two objects.
pub(super) fn shared_bucket(
    cluster: &Cluster,
    bucket: &BucketName,
    path: &IssuerPath,
    extra: &Tags,
) -> Files {
    let statement = BucketStatement::for_path(cluster, bucket, path);
    let mut files = objects(cluster, bucket, extra);
    files.insert(layout::BUCKET_POLICY.into(), policy(bucket, statement.policy()));
    files
}

fn own_bucket(cluster: &Cluster, bucket: &BucketName, block: PublicAccessBlock, extra: &Tags) -> Files {
    let tags = cluster_tags(&cluster.name, extra);
    let tagging = PutBucketTagging { bucket: bucket.clone(), tagging: TagSet { tag_set: tag_list(&tags) } };
    let block = PutPublicAccessBlock { bucket: bucket.clone(), public_access_block_configuration: block };
    let mut files = objects(cluster, bucket, extra);
    files.insert(layout::BUCKET.into(), json(&CreateBucket::of(bucket, &cluster.region)));
    files.insert(layout::BUCKET_TAGGING.into(), json(&tagging));
    files.insert(layout::BUCKET_PUBLIC_ACCESS_BLOCK.into(), json(&block));
    files
}

fn objects(cluster: &Cluster, bucket: &BucketName, extra: &Tags) -> Files {
    let object = |document: &str| {
        json(&PutObject {
            bucket: bucket.clone(),
            key: cluster.hosting.key(document),
            content_type: CONTENT_TYPE.into(),
            tagging: cluster_tags(&cluster.name, extra),
        })
    };
    Files::from([
        (layout::DISCOVERY_OBJECT.into(), object(layout::DISCOVERY_KEY)),
        (layout::KEYS_OBJECT.into(), object(layout::KEYS_KEY)),
    ])
}

fn policy(bucket: &BucketName, policy: PolicyDocument) -> Vec<u8> {
    json(&PutBucketPolicy { bucket: bucket.clone(), policy })
}
