//! Origin access controls: reading, making and deleting them.

use super::Aws;
use super::answer::Answer;
use super::patience::{patiently, until_seen};
use crate::account::{AccountError, AccountErrorKind, owned_alike};
use aws_sdk_cloudfront::types::{
    OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    OriginAccessControlSigningProtocols,
};
use sts_schemas::resource::{AccessControl, Address};

/// An access control with the id AWS gave it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) control: AccessControl,
}

/// What CloudFront says when there is none.
const ABSENT: [&str; 1] = ["NoSuchOriginAccessControl"];

/// What CloudFront says when somebody changed a thing since it was read.
///
/// Source: Amazon CloudFront API Reference, `UpdateDistribution`, errors.
pub(super) const MOVED: [&str; 2] = ["PreconditionFailed", "InvalidIfMatchVersion"];

/// How often a thing is read at most to change it: who is overtaken that often is told.
pub(super) const READINGS: usize = 4;

/// Somebody else changed it each time between being read and being written.
pub(super) fn still_moving(call: &str, on: &str) -> AccountError {
    let message = "somebody changed it at the same time, again and again; run this again".to_owned();
    AccountError::unanswered(call, on, AccountErrorKind::Other, message)
}

/// All access controls of the account that are named like a bucket.
pub(super) async fn list(aws: &Aws) -> Result<Vec<Known>, AccountError> {
    let mut known = Vec::new();
    let mut marker = None;
    loop {
        let answer = aws.cloudfront.list_origin_access_controls().set_marker(marker).send().await;
        let answer = answer.or_error("cloudfront:ListOriginAccessControls", "the account")?;
        let Some(page) = answer.origin_access_control_list() else { return Ok(known) };
        known.extend(page.items().iter().filter_map(|item| {
            let bucket = item.name().parse().ok()?;
            let control = AccessControl::described(&bucket, item.description());
            Some(Known { id: item.id().to_owned(), control })
        }));
        marker = page.next_marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(known);
        }
    }
}

/// Makes an access control; one of the cluster's that is there already will do.
pub(super) async fn create(aws: &Aws, after: &AccessControl) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:CreateOriginAccessControl";
    let on = Address::AccessControl(after.bucket.clone()).to_string();
    let failed = |kind, message: String| AccountError::unanswered(CALL, &on, kind, message);
    let foreign = || {
        let message = "an access control of this name has appeared that is not the cluster's".to_owned();
        failed(AccountErrorKind::Foreign, message)
    };
    if let Some(there) = named(aws, after).await?.first() {
        return if is_ours(there, after) { Ok(()) } else { Err(foreign()) };
    }
    let ask = aws.cloudfront.create_origin_access_control().origin_access_control_config(
        config(after).map_err(|error| failed(AccountErrorKind::Other, error.to_string()))?,
    );
    // Where the answer of an attempt was lost, the next one finds what that made.
    if ask.send().await.or_absent(CALL, &on, &["OriginAccessControlAlreadyExists"])?.is_some() {
        return Ok(());
    }
    let there = until_seen(async || Ok(named(aws, after).await?.into_iter().next())).await?;
    if there.is_some_and(|there| is_ours(&there, after)) { Ok(()) } else { Err(foreign()) }
}

/// All that are named like the bucket. AWS lets only one be, but whoever made two must be rid of both.
async fn named(aws: &Aws, control: &AccessControl) -> Result<Vec<Known>, AccountError> {
    let mut known = list(aws).await?;
    known.retain(|known| known.control.bucket == control.bucket);
    Ok(known)
}

fn is_ours(there: &Known, wanted: &AccessControl) -> bool {
    owned_alike(&there.control.tags, &wanted.tags)
}

/// Changes what differs: the description alone can.
pub(super) async fn update(aws: &Aws, after: &AccessControl) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:UpdateOriginAccessControl";
    let on = Address::AccessControl(after.bucket.clone()).to_string();
    let Some(there) = named(aws, after).await?.into_iter().next() else { return create(aws, after).await };
    let config = config(after)
        .map_err(|error| AccountError::unanswered(CALL, &on, AccountErrorKind::Other, error.to_string()))?;
    for _ in 0..READINGS {
        let Some(etag) = etag(aws, &there.id, &on).await? else { return create(aws, after).await };
        let ask = aws.cloudfront.update_origin_access_control().id(&there.id).if_match(etag);
        let answer = ask.origin_access_control_config(config.clone()).send().await;
        if answer.or_absent(CALL, &on, &MOVED)?.is_some() {
            return Ok(());
        }
    }
    Err(still_moving(CALL, &on))
}

/// Deletes every access control of this name that is the cluster's, once no distribution uses it any more.
pub(super) async fn delete(aws: &Aws, before: &AccessControl) -> Result<(), AccountError> {
    for there in named(aws, before).await?.iter().filter(|there| is_ours(there, before)) {
        delete_one(aws, there).await?;
    }
    Ok(())
}

async fn delete_one(aws: &Aws, there: &Known) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:DeleteOriginAccessControl";
    let on = Address::AccessControl(there.control.bucket.clone()).to_string();
    for _ in 0..READINGS {
        let Some(etag) = etag(aws, &there.id, &on).await? else { return Ok(()) };
        let ask = aws.cloudfront.delete_origin_access_control().id(&there.id).if_match(etag);
        // The distribution that was just deleted may still count as its user.
        let answer = patiently(&[("OriginAccessControlInUse", "")], || ask.clone().send()).await;
        // One that is gone is not found when it is read again.
        if answer.or_absent(CALL, &on, &[ABSENT.as_slice(), &MOVED].concat())?.is_some() {
            return Ok(());
        }
    }
    Err(still_moving(CALL, &on))
}

async fn etag(aws: &Aws, id: &str, on: &str) -> Result<Option<String>, AccountError> {
    let answer = aws.cloudfront.get_origin_access_control().id(id).send().await;
    let answer = answer.or_absent("cloudfront:GetOriginAccessControl", on, &ABSENT)?;
    Ok(answer.and_then(|answer| answer.e_tag))
}

fn config(after: &AccessControl) -> Result<OriginAccessControlConfig, aws_sdk_cloudfront::error::BuildError> {
    OriginAccessControlConfig::builder()
        .name(after.bucket.as_str())
        .description(&after.description)
        .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(OriginAccessControlSigningBehaviors::Always)
        .origin_access_control_origin_type(OriginAccessControlOriginTypes::S3)
        .build()
}
