//! Origin access identities: ccoctl makes one for a private cluster, and this project only takes them away.

use super::Aws;
use super::access_control::{MOVED, READINGS, still_moving};
use super::answer::Answer;
use super::patience::patiently;
use crate::account::{AccountError, Scope};
use aws_sdk_cloudfront::operation::get_cloud_front_origin_access_identity::GetCloudFrontOriginAccessIdentityOutput;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::cluster::{OWNED, OWNERSHIP_PREFIX};
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Bucket, Resource, Tags, identities_let_in};
use sts_schemas::state::{Maker, State};

/// What CloudFront says when there is none.
const ABSENT: [&str; 1] = ["NoSuchCloudFrontOriginAccessIdentity"];

/// Deletes an identity that ccoctl made for the cluster that these tags name; `whose` also says what it was for.
///
/// One of somebody else's stays, and one that is gone is no error.
pub(super) async fn delete(aws: &Aws, id: &str, whose: &(&Tags, String)) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:DeleteCloudFrontOriginAccessIdentity";
    let (tags, on) = whose;
    for _ in 0..READINGS {
        let answer = aws.cloudfront.get_cloud_front_origin_access_identity().id(id).send().await;
        let answer = answer.or_absent("cloudfront:GetCloudFrontOriginAccessIdentity", on, &ABSENT)?;
        let Some(answer) = answer.filter(|answer| is_of_cluster(answer, tags)) else { return Ok(()) };
        let Some(etag) = answer.e_tag else { return Ok(()) };
        let ask = aws.cloudfront.delete_cloud_front_origin_access_identity().id(id).if_match(etag);
        let answer = patiently(&[("CloudFrontOriginAccessIdentityInUse", "")], || ask.clone().send()).await;
        let settled = [ABSENT.as_slice(), &MOVED].concat();
        if answer.or_absent(CALL, on, &settled)?.is_some() {
            return Ok(());
        }
    }
    Err(still_moving(CALL, on))
}

/// Who made each origin access identity that something of the cluster's names; of one that is gone, or may not be
/// looked at, nothing is told.
pub(super) async fn makers(aws: &Aws, scope: &Scope, found: &State) -> BTreeMap<String, Maker> {
    let own = found.values().filter(|resource| resource.is_owned_by(&scope.cluster));
    let ids: BTreeSet<String> = own
        .flat_map(|resource| match resource {
            Resource::Distribution(front) => front.identity().map(str::to_owned).into_iter().collect(),
            Resource::Bucket(bucket) => bucket.policy.iter().flat_map(identities_let_in).collect(),
            _ => Vec::new(),
        })
        .gather();
    let tags = Tags::from([(scope.cluster.ownership_tag(), OWNED.to_owned())]);
    let mut makers = BTreeMap::new();
    for id in ids {
        if let Ok(answer) = aws.cloudfront.get_cloud_front_origin_access_identity().id(&id).send().await {
            let maker = if is_of_cluster(&answer, &tags) { Maker::Ccoctl } else { Maker::Unknown };
            makers.insert(id, maker);
        }
    }
    makers
}

/// Whether ccoctl made an identity for the cluster whose tags these are: it is called by the cluster's name, or its
/// comment names the cluster's tag. One that somebody made for more than this stays.
fn is_of_cluster(identity: &GetCloudFrontOriginAccessIdentityOutput, tags: &Tags) -> bool {
    let config = identity
        .cloud_front_origin_access_identity()
        .and_then(|identity| identity.cloud_front_origin_access_identity_config());
    let owner = |key: &String| key.strip_prefix(OWNERSHIP_PREFIX).map(str::to_owned);
    let cluster = tags.iter().filter(|(_, value)| *value == OWNED).find_map(|(key, _)| owner(key));
    config.zip(cluster).is_some_and(|(config, cluster)| {
        config.caller_reference() == cluster || config.comment() == format!("{OWNERSHIP_PREFIX}{cluster}")
    })
}

/// Deletes a bucket, after the identities that its policy lets in: what a cut run left of them, the policy still names.
pub(super) async fn delete_with_bucket(aws: &Aws, bucket: &Bucket) -> Result<(), AccountError> {
    let whose = (&bucket.tags, Address::Bucket(bucket.name.clone()).to_string());
    for id in bucket.policy.iter().flat_map(identities_let_in) {
        delete(aws, &id, &whose).await?;
    }
    aws.bucket_client(&bucket.name, &bucket.region).delete().await
}
