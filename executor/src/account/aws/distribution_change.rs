//! Distributions: making, changing, disabling and deleting them.

use super::access_control::{MOVED, READINGS, still_moving};
use super::answer::Answer;
use super::distribution::{Known, find, of_bucket};
use super::patience::{patiently, until_seen};
use super::{Aws, access_control, access_identity};
use crate::account::{AccountError, AccountErrorKind};
use aws_sdk_cloudfront::error::BuildError;
use aws_sdk_cloudfront::types::{
    Aliases, DefaultCacheBehavior, DistributionConfig, DistributionConfigWithTags, MinimumProtocolVersion,
    Origin, Origins, S3OriginConfig, SslSupportMethod, Tag, Tags as TagList, ViewerCertificate,
    ViewerProtocolPolicy,
};
use std::collections::BTreeSet;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Distribution};

/// What CloudFront says when there is none.
const ABSENT: [&str; 1] = ["NoSuchDistribution"];

/// Makes a distribution; one of the cluster's for the same bucket is brought in line instead.
pub(super) async fn create(aws: &Aws, after: &Distribution) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:CreateDistributionWithTags";
    if let Some(known) = find(aws, after).await? {
        return change(aws, &known, after).await;
    }
    let control = control_id(aws, after).await?;
    let unfit = |error: BuildError| failed(CALL, after, error.to_string());
    let (config, tags) = (config(after, &control).map_err(unfit)?, tag_list(after).map_err(unfit)?);
    let with_tags = DistributionConfigWithTags::builder().distribution_config(config).tags(tags).build();
    let ask = aws.cloudfront.create_distribution_with_tags().distribution_config_with_tags(with_tags);
    // An access control that was just made may not be known everywhere.
    let answer = patiently(&[("InvalidOriginAccessControl", "")], || ask.clone().send()).await;
    // Where the answer of an attempt was lost, the next one meets its own caller reference.
    if answer.or_absent(CALL, &on(after), &["DistributionAlreadyExists"])?.is_some() {
        return Ok(());
    }
    if let Some(known) = until_seen(async || find(aws, after).await).await? {
        return change(aws, &known, after).await;
    }
    let message = format!(
        "AWS has a distribution with the caller reference {}, and none in front of the bucket bears the cluster's tag",
        after.caller_reference
    );
    Err(AccountError { kind: AccountErrorKind::Foreign, ..failed(CALL, after, message) })
}

/// Changes what differs.
pub(super) async fn update(aws: &Aws, after: &Distribution) -> Result<(), AccountError> {
    match find(aws, after).await? {
        Some(known) => change(aws, &known, after).await,
        None => Box::pin(create(aws, after)).await,
    }
}

async fn change(aws: &Aws, known: &Known, after: &Distribution) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:UpdateDistribution";
    let there = &known.distribution;
    let same = Distribution {
        tags: there.tags.clone(),
        domain: there.domain.clone(),
        guards: there.guards.clone(),
        caller_reference: there.caller_reference.clone(),
        ..after.clone()
    };
    if same != *there {
        let control = control_id(aws, after).await?;
        let wanted = config(after, &control).map_err(|error| failed(CALL, after, error.to_string()))?;
        // What the bundle does not speak of stays as somebody set it.
        rewrite(aws, known, after, |now| {
            now.origins.clone_from(&wanted.origins);
            now.comment.clone_from(&wanted.comment);
            now.enabled = wanted.enabled;
            now.aliases.clone_from(&wanted.aliases);
            now.viewer_certificate.clone_from(&wanted.viewer_certificate);
            now.default_cache_behavior.clone_from(&wanted.default_cache_behavior);
            // These would serve something else than the bucket.
            now.cache_behaviors = None;
            now.origin_groups = None;
            now.custom_error_responses = None;
        })
        .await?;
    }
    let mut tags = there.tags.clone();
    tags.extend(after.tags.clone());
    if tags == there.tags {
        return Ok(());
    }
    let list = tag_list(after).map_err(|error| failed("cloudfront:TagResource", after, error.to_string()))?;
    let ask = aws.cloudfront.tag_resource().resource(&known.arn).tags(list);
    ask.send().await.or_error("cloudfront:TagResource", &on(after)).map(drop)
}

/// Takes it out of service, and others of the cluster's beside it: only then can it be deleted, minutes later.
pub(super) async fn disable(aws: &Aws, before: &Distribution) -> Result<(), AccountError> {
    for known in of_bucket(aws, &before.bucket, &before.tags).await? {
        if known.distribution.enabled {
            rewrite(aws, &known, before, |now| now.enabled = false).await?;
        }
    }
    Ok(())
}

/// Deletes one that is disabled, others of the cluster's beside it, and the access identities that ccoctl made for them.
///
/// An identity goes only when no distribution uses it. One that none uses any more goes first: a run that is cut behind
/// that leaves the distribution, which names it. One that is in use goes last: the bucket's policy still names it.
pub(super) async fn delete(aws: &Aws, before: &Distribution) -> Result<(), AccountError> {
    let whose = (&before.tags, on(before));
    let all = of_bucket(aws, &before.bucket, &before.tags).await?;
    let fronts = || all.iter().map(|known| &known.distribution).chain([before]);
    let used: BTreeSet<&str> = fronts().filter_map(Distribution::identity_in_use).gather();
    let former: BTreeSet<&str> = fronts().filter_map(Distribution::identity).gather();
    for id in former.difference(&used) {
        access_identity::delete(aws, id, &whose).await?;
    }
    for known in &all {
        delete_itself(aws, known, before).await?;
    }
    for id in used {
        access_identity::delete(aws, id, &whose).await?;
    }
    Ok(())
}

async fn delete_itself(aws: &Aws, known: &Known, before: &Distribution) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:DeleteDistribution";
    for _ in 0..READINGS {
        let Some((_, etag)) = current(aws, known, before).await? else { return Ok(()) };
        let ask = aws.cloudfront.delete_distribution().id(&known.id).if_match(etag);
        let answer = patiently(&[("DistributionNotDisabled", "")], || ask.clone().send()).await;
        // One that is gone is not found when it is read again.
        let settled = [ABSENT.as_slice(), &MOVED].concat();
        if answer.or_absent(CALL, &on(before), &settled)?.is_some() {
            return Ok(());
        }
    }
    Err(still_moving(CALL, &on(before)))
}

/// The configuration as it is, and the tag that a change must name.
async fn current(
    aws: &Aws,
    known: &Known,
    about: &Distribution,
) -> Result<Option<(DistributionConfig, String)>, AccountError> {
    let answer = aws.cloudfront.get_distribution_config().id(&known.id).send().await;
    let answer = answer.or_absent("cloudfront:GetDistributionConfig", &on(about), &ABSENT)?;
    Ok(answer.and_then(|answer| answer.distribution_config.zip(answer.e_tag)))
}

/// Writes what `change` makes of the configuration; where somebody else wrote since it was read, of theirs.
async fn rewrite(
    aws: &Aws,
    known: &Known,
    about: &Distribution,
    change: impl Fn(&mut DistributionConfig),
) -> Result<(), AccountError> {
    const CALL: &str = "cloudfront:UpdateDistribution";
    for _ in 0..READINGS {
        let Some((mut now, etag)) = current(aws, known, about).await? else { return Ok(()) };
        change(&mut now);
        let ask = aws.cloudfront.update_distribution().id(&known.id).if_match(etag).distribution_config(now);
        if ask.send().await.or_absent(CALL, &on(about), &MOVED)?.is_some() {
            return Ok(());
        }
    }
    Err(still_moving(CALL, &on(about)))
}

/// The id of the access control that the distribution shall use.
async fn control_id(aws: &Aws, after: &Distribution) -> Result<String, AccountError> {
    let known = access_control::list(aws).await?;
    let known = known.into_iter().find(|known| known.control.bucket == after.bucket);
    known.map(|known| known.id).ok_or_else(|| {
        let message = "its access control is not there".to_owned();
        failed("cloudfront:ListOriginAccessControls", after, message)
    })
}

fn config(after: &Distribution, control: &str) -> Result<DistributionConfig, BuildError> {
    let origin = Origin::builder()
        .id(after.bucket.as_str())
        .domain_name(&after.origin)
        .origin_access_control_id(control)
        .s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build())
        .build()?;
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id(after.bucket.as_str())
        .viewer_protocol_policy(ViewerProtocolPolicy::from(after.viewer_protocol.as_str()))
        .cache_policy_id(&after.cache_policy)
        .build()?;
    let aliases: Vec<String> = after.alias.iter().map(|alias| alias.host.clone()).collect();
    let count = i32::try_from(aliases.len()).unwrap_or_default();
    let certificate = match &after.alias {
        Some(alias) => ViewerCertificate::builder()
            .acm_certificate_arn(alias.certificate.as_str())
            .ssl_support_method(SslSupportMethod::SniOnly)
            .minimum_protocol_version(MinimumProtocolVersion::TlSv122021),
        None => ViewerCertificate::builder().cloud_front_default_certificate(true),
    };
    DistributionConfig::builder()
        .caller_reference(&after.caller_reference)
        .aliases(Aliases::builder().quantity(count).set_items(Some(aliases)).build()?)
        .origins(Origins::builder().quantity(1).items(origin).build()?)
        .default_cache_behavior(behavior)
        .comment(&after.comment)
        .enabled(after.enabled)
        .viewer_certificate(certificate.build())
        .build()
}

fn tag_list(after: &Distribution) -> Result<TagList, BuildError> {
    let tags: Result<Vec<Tag>, BuildError> =
        after.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    Ok(TagList::builder().set_items(Some(tags?)).build())
}

fn on(distribution: &Distribution) -> String {
    Address::Distribution(distribution.bucket.clone()).to_string()
}

fn failed(call: &str, about: &Distribution, message: String) -> AccountError {
    AccountError::unanswered(call, on(about), AccountErrorKind::Other, message)
}
