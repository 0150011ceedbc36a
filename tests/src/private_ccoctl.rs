//! A private cluster as ccoctl leaves it in an account: a bucket that lets in one origin access identity.

use crate::account::Account;
use crate::handoff::{CLUSTER, REGION};
use serde_json::{Value, json};

/// The identity's id, as `cloudfront_edge.py` foretells it.
pub const IDENTITY: &str = "EHARBOUR";

/// What ccoctl names its things by, and what its `--dry-run` writes into comments.
pub const OWNERSHIP: &str = "openshift.io/cloud-credential-operator/harbour";

/// The tags of what ccoctl makes itself.
#[must_use]
pub fn tags() -> Value {
    json!([{"Key": OWNERSHIP, "Value": "owned"}, {"Key": "Name", "Value": CLUSTER}])
}

/// The statement that lets the identity in.
#[must_use]
pub fn policy() -> Value {
    json!({"Version": "2008-10-17", "Id": "PolicyForCloudFrontPrivateContent", "Statement": [{
        "Sid": "1", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::harbour-oidc/*",
        "Principal": {"AWS": format!("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {IDENTITY}")},
    }]})
}

/// A distribution of the cluster's bucket, with these tags, by the identity.
#[must_use]
pub fn distribution(reference: &str, tags: &Value) -> Value {
    let host = format!("harbour-oidc.s3.{REGION}.amazonaws.com");
    let identity = format!("origin-access-identity/cloudfront/{IDENTITY}");
    let origin =
        json!({"Id": host, "DomainName": host, "S3OriginConfig": {"OriginAccessIdentity": identity}});
    json!({"DistributionConfigWithTags": {
        "DistributionConfig": {
            "CallerReference": reference, "Comment": OWNERSHIP, "Enabled": true,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": host, "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            },
        },
        "Tags": {"Items": tags},
    }})
}

/// Makes identity, bucket and distribution, and the provider; the distribution bears these tags. Gives its id.
#[must_use]
pub fn make(account: &Account, front_tags: &Value) -> String {
    let identity =
        json!({"CloudFrontOriginAccessIdentityConfig": {"CallerReference": CLUSTER, "Comment": OWNERSHIP}});
    let blocked = json!({
        "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true,
    });
    account.call(&json!([
        ["cloudfront", "create_cloud_front_origin_access_identity", identity],
        ["s3", "create_bucket",
            {"Bucket": "harbour-oidc", "CreateBucketConfiguration": {"LocationConstraint": REGION}}],
        ["s3", "put_bucket_tagging", {"Bucket": "harbour-oidc", "Tagging": {"TagSet": tags()}}],
        ["s3", "put_public_access_block",
            {"Bucket": "harbour-oidc", "PublicAccessBlockConfiguration": blocked}],
        ["s3", "put_bucket_policy", {"Bucket": "harbour-oidc", "Policy": policy().to_string()}],
        ["s3", "put_object", {"Bucket": "harbour-oidc", "Key": "keys.json", "Body": "{}"}],
        ["cloudfront", "create_distribution_with_tags", distribution(CLUSTER, front_tags)],
    ]));
    let fronts = account.fronts()["distributions"].clone();
    let (id, front) = fronts
        .as_object()
        .and_then(|fronts| fronts.iter().next())
        .unwrap_or_else(|| panic!("no distribution was made: {fronts}"));
    let host = front["domain"].as_str().unwrap_or_default();
    account.call(&json!([["iam", "create_open_id_connect_provider", {
        "Url": format!("https://{host}"), "ClientIDList": ["openshift"], "ThumbprintList": ["0".repeat(40)],
        "Tags": tags(),
    }]]));
    id.clone()
}
