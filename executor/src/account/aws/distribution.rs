//! Distributions as CloudFront tells of them, and what can be asked about one that is on its way.

use super::access_control::Known as Control;
use super::answer::Answer;
use super::unasked::{guards, unasked};
use super::{Aws, access_control, pages};
use crate::account::{AccountError, AccountErrorKind, Deployment, Scope, Search, owned_alike};
use aws_sdk_cloudfront::types::{DistributionSummary, Origin, Origins, S3OriginConfig};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;
use sts_schemas::aws::BucketName;
use sts_schemas::cluster::has_cloudfront;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Alias, Distribution, OriginAccess, Resource, Tags};
use sts_schemas::state::{Maker, OtherFronts, UntaggedFront};

/// How many distributions' tags are read at once. CloudFront throttles an account's readers early.
const WIDTH: usize = 4;

/// A distribution with the id and ARN AWS gave it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) distribution: Distribution,
}

/// What CloudFront holds of a cluster.
#[derive(Debug, Default)]
pub(super) struct Fronts {
    /// The cluster's distributions, one to a bucket.
    pub(super) distributions: Vec<Known>,
    /// The same as resources, and the access controls.
    pub(super) resources: Vec<Resource>,
    /// Others of the same buckets.
    pub(super) others: BTreeMap<BucketName, OtherFronts>,
}

/// The cluster's distributions and access controls, and those at wanted addresses.
///
/// CloudFront is asked only where a bundle or a person speaks of a distribution: many networks have no way to it.
pub(super) async fn observe(aws: &Aws, scope: &Scope) -> Result<Fronts, AccountError> {
    let concerns = |address: &Address| matches!(address, Address::Distribution(_));
    let asked = scope.search != Search::Named || scope.wanted.iter().any(concerns);
    if !asked || !has_cloudfront(aws.identity.partition) {
        return Ok(Fronts::default());
    }
    let (controls, summaries) = tokio::try_join!(access_control::list(aws), summaries(aws))?;
    let wanted = |bucket: &BucketName| scope.wanted.contains(&Address::Distribution(bucket.clone()));
    let covered = |_: &BucketName| scope.search != Search::Named;
    let found = with_tags(aws, &summaries, &controls, (wanted, covered)).await?;
    let (distributions, others) = by_bucket(found, scope);
    let found = distributions.iter().map(|known| Resource::Distribution(known.distribution.clone()));
    let controls = controls
        .into_iter()
        .map(|known| Resource::AccessControl(known.control))
        .filter(|control| scope.wanted.contains(&control.address()) || control.is_owned_by(&scope.cluster));
    let resources = found.chain(controls).collect();
    Ok(Fronts { distributions, resources, others })
}

/// The cluster's distributions, one of each bucket's, and what there is beside them. Which of several is the issuer's,
/// nothing here can tell: all of them are told, and no plan is begun.
fn by_bucket(found: Vec<Known>, scope: &Scope) -> (Vec<Known>, BTreeMap<BucketName, OtherFronts>) {
    let (mut first, mut others) = (Vec::<Known>::new(), BTreeMap::<_, OtherFronts>::new());
    for known in found {
        let bucket = known.distribution.bucket.clone();
        if !Resource::Distribution(known.distribution.clone()).is_owned_by(&scope.cluster) {
            others.entry(bucket).or_default().untagged.push(untagged(&known, scope));
        } else if let Some(one) = first.iter().find(|one| one.distribution.bucket == bucket) {
            others.entry(bucket).or_default().doubles.extend([one, &known].map(Known::name));
        } else {
            first.push(known);
        }
    }
    (first, others)
}

impl Known {
    /// Its id, and the host that AWS gave it.
    fn name(&self) -> (String, String) {
        (self.id.clone(), self.distribution.domain.clone().unwrap_or_default())
    }
}

/// ccoctl writes the name of its tag into the comment.
fn untagged(known: &Known, scope: &Scope) -> UntaggedFront {
    let Distribution { comment, enabled, .. } = &known.distribution;
    let maker = if *comment == scope.cluster.ownership_tag() { Maker::Ccoctl } else { Maker::Unknown };
    UntaggedFront { id: known.id.clone(), enabled: *enabled, maker }
}

/// The distributions of a bucket that belong to the cluster these tags name: one, unless somebody made more.
pub(super) async fn of_bucket(
    aws: &Aws,
    bucket: &BucketName,
    tags: &Tags,
) -> Result<Vec<Known>, AccountError> {
    let (controls, summaries) = tokio::try_join!(access_control::list(aws), summaries(aws))?;
    let mut found =
        with_tags(aws, &summaries, &controls, (|of: &BucketName| of == bucket, |_: &_| false)).await?;
    found.retain(|known| owned_alike(&known.distribution.tags, tags));
    Ok(found)
}

/// The cluster's distribution of a bucket, going by origin and tag.
///
/// # Errors
/// Also where there are several: a plan stops there, so that others than the first came since.
pub(super) async fn find(aws: &Aws, wanted: &Distribution) -> Result<Option<Known>, AccountError> {
    let mut all = of_bucket(aws, &wanted.bucket, &wanted.tags).await?;
    if all.len() < 2 {
        return Ok(all.pop());
    }
    let ids: Vec<_> = all.iter().map(|known| known.id.as_str()).collect();
    let message = format!("the cluster's tag is on several of this bucket: {}", ids.join(", "));
    let on = Address::Distribution(wanted.bucket.clone()).to_string();
    Err(AccountError::unanswered("cloudfront:ListDistributions", on, AccountErrorKind::Foreign, message))
}

/// How far it has come; with others of the cluster's beside it, all of them.
pub(super) async fn deployment(aws: &Aws, wanted: &Distribution) -> Result<Option<Deployment>, AccountError> {
    let on = Address::Distribution(wanted.bucket.clone()).to_string();
    let mut all: Option<Deployment> = None;
    for known in of_bucket(aws, &wanted.bucket, &wanted.tags).await? {
        let answer = aws.cloudfront.get_distribution().id(&known.id).send().await;
        let answer = answer.or_absent("cloudfront:GetDistribution", &on, &["NoSuchDistribution"])?;
        let Some(there) = answer.and_then(|answer| answer.distribution) else { continue };
        let is_deployed = there.status == "Deployed";
        match &mut all {
            Some(all) => all.is_deployed &= is_deployed,
            None => all = Some(Deployment { domain: there.domain_name.clone(), is_deployed }),
        }
    }
    Ok(all)
}

async fn summaries(aws: &Aws) -> Result<Vec<DistributionSummary>, AccountError> {
    const CALL: &str = "cloudfront:ListDistributions";
    let mut all = Vec::new();
    let mut marker = None;
    for _ in 0..pages::MOST {
        let answer = aws.cloudfront.list_distributions().set_marker(marker).send().await;
        let answer = answer.or_error(CALL, "the account")?;
        let Some(page) = answer.distribution_list() else { return Ok(all) };
        all.extend(page.items().iter().cloned());
        marker = page.next_marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(all);
        }
    }
    Err(pages::endless(CALL, "the account", pages::MOST))
}

/// Those of which an origin is a bucket that is wanted or else covered, with their tags, sorted by id.
async fn with_tags(
    aws: &Aws,
    summaries: &[DistributionSummary],
    controls: &[Control],
    (wanted, covered): (impl Fn(&BucketName) -> bool, impl Fn(&BucketName) -> bool),
) -> Result<Vec<Known>, AccountError> {
    let of_interest = summaries.iter().filter_map(|summary| {
        let (origin, bucket) = origin_of(summary, &wanted, &covered)?;
        Some((summary, origin, bucket))
    });
    let reads = of_interest.map(|(summary, origin, bucket)| async move {
        let tags = tags(aws, summary.arn()).await?;
        let distribution = read(summary, origin, bucket, controls, tags);
        Ok(Known { id: summary.id().to_owned(), arn: summary.arn().to_owned(), distribution })
    });
    let reads: Vec<_> = reads.collect();
    let mut found: Vec<Known> = stream::iter(reads).buffer_unordered(WIDTH).try_collect().await?;
    found.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(found)
}

async fn tags(aws: &Aws, arn: &str) -> Result<Tags, AccountError> {
    let answer = aws.cloudfront.list_tags_for_resource().resource(arn).send().await;
    let answer = answer.or_error("cloudfront:ListTagsForResource", arn)?;
    let tags = answer.tags().map(aws_sdk_cloudfront::types::Tags::items).unwrap_or_default();
    let plain: BTreeMap<_, _> =
        tags.iter().map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned())).gather();
    Ok(plain)
}

/// The origin that is a bucket asked for, or, where none is, a bucket at all.
fn origin_of(
    summary: &DistributionSummary,
    wanted: impl Fn(&BucketName) -> bool,
    covered: impl Fn(&BucketName) -> bool,
) -> Option<(&Origin, BucketName)> {
    let origins = summary.origins().map(Origins::items).unwrap_or_default();
    let buckets = || origins.iter().filter_map(|origin| Some((origin, bucket_of(origin.domain_name())?)));
    buckets().find(|(_, bucket)| wanted(bucket)).or_else(|| buckets().find(|(_, bucket)| covered(bucket)))
}

/// The bucket behind an origin's host; a host that is no bucket's has none.
fn bucket_of(domain: &str) -> Option<BucketName> {
    let (name, rest) = domain.split_once(".s3")?;
    rest.starts_with(['.', '-']).then(|| name.parse().ok())?
}

fn read(
    summary: &DistributionSummary,
    origin: &Origin,
    bucket: BucketName,
    controls: &[Control],
    tags: Tags,
) -> Distribution {
    let behavior = summary.default_cache_behavior();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let host = summary.aliases().and_then(|aliases| aliases.items().first().cloned());
    let certificate = summary.viewer_certificate().and_then(|known| known.acm_certificate_arn());
    let alias = host
        .zip(certificate)
        .and_then(|(host, certificate)| Some(Alias { host, certificate: certificate.parse().ok()? }));
    Distribution {
        bucket,
        unasked: unasked(summary, origin, alias.as_ref()),
        guards: guards(summary),
        caller_reference: String::new(),
        comment: summary.comment().to_owned(),
        origin: origin.domain_name().to_owned(),
        access: access(origin, controls),
        alias,
        viewer_protocol: text(behavior.map(|behavior| behavior.viewer_protocol_policy().as_str())),
        cache_policy: text(behavior.and_then(|behavior| behavior.cache_policy_id())),
        enabled: summary.enabled(),
        domain: Some(summary.domain_name().to_owned()),
        tags,
    }
}

fn access(origin: &Origin, controls: &[Control]) -> OriginAccess {
    let identity = origin.s3_origin_config().map(S3OriginConfig::origin_access_identity).unwrap_or_default();
    let identity = identity.rsplit('/').next().filter(|id| !id.is_empty());
    match (origin.origin_access_control_id().filter(|id| !id.is_empty()), identity) {
        (Some(id), _) => {
            let name =
                controls.iter().find(|known| known.id == id).map(|known| known.control.bucket.to_string());
            OriginAccess::Control { name: name.unwrap_or_else(|| id.to_owned()) }
        }
        (None, Some(id)) => OriginAccess::Identity { id: id.to_owned() },
        (None, None) if origin.s3_origin_config().is_none() && origin.custom_origin_config().is_none() => {
            OriginAccess::Untold
        }
        (None, None) => OriginAccess::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_tells_its_bucket_in_every_form_s3_has_for_hosts() {
        for (domain, bucket) in [
            ("demo-oidc.s3.eu-west-1.amazonaws.com", Some("demo-oidc")),
            ("demo-oidc.s3.amazonaws.com", Some("demo-oidc")),
            ("demo-oidc.s3-eu-west-1.amazonaws.com", Some("demo-oidc")),
            ("www.example.org", None),
            ("demo.s3x.example.org", None),
        ] {
            assert_eq!(bucket_of(domain).map(|name| name.to_string()).as_deref(), bucket, "{domain}");
        }
    }
}
