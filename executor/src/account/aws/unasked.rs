//! What a distribution does that nobody asked for: whoever serves an issuer's keys can be any of its service accounts.

use aws_sdk_cloudfront::types::{
    Aliases, CacheBehaviors, CustomErrorResponses, DefaultCacheBehavior, DistributionSummary,
    FunctionAssociations, LambdaFunctionAssociations, Origin, OriginGroups, Origins, Restrictions,
    TrustedKeyGroups, TrustedSigners,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::Alias;

/// What makes a distribution serve something else than its bucket, or to others than everybody, by what it is called.
///
/// Empty where it does just what is asked of it. Source of the parts: Amazon CloudFront API Reference, `DistributionSummary`.
pub(super) fn unasked(
    summary: &DistributionSummary,
    origin: &Origin,
    alias: Option<&Alias>,
) -> BTreeMap<String, Value> {
    let origins = summary.origins().map(Origins::items).unwrap_or_default();
    let others = origins.iter().filter(|other| other.id() != origin.id());
    let groups = summary.origin_groups().map(OriginGroups::items).unwrap_or_default();
    let behaviors = summary.cache_behaviors().map(CacheBehaviors::items).unwrap_or_default();
    let errors = summary.custom_error_responses().map(CustomErrorResponses::items).unwrap_or_default();
    let hosts = summary.aliases().map(Aliases::items).unwrap_or_default();
    let behavior = summary.default_cache_behavior();
    let target = behavior.map(DefaultCacheBehavior::target_origin_id).filter(|id| *id != origin.id());
    let path = origin.origin_path().filter(|path| !path.is_empty());
    let lists = [
        ("other origins", others.map(|other| other.domain_name().to_owned()).collect()),
        ("origin groups", groups.iter().map(|group| group.id().to_owned()).collect()),
        (
            "other cache behaviors",
            behaviors
                .iter()
                .map(|it| format!("{} from {}", it.path_pattern(), it.target_origin_id()))
                .collect(),
        ),
        ("error responses", errors.iter().map(|error| error.error_code().to_string()).collect()),
        (
            "other hosts",
            hosts.iter().filter(|host| alias.is_none_or(|alias| alias.host != **host)).cloned().collect(),
        ),
        ("functions", behavior.map(functions).unwrap_or_default()),
        ("viewers", behavior.map(viewers).unwrap_or_default()),
    ];
    let lists = lists.into_iter().filter(|(_, list): &(_, Vec<String>)| !list.is_empty());
    let lists = lists.map(|(name, list)| (name, json!(list)));
    let texts = [("default origin", target), ("origin path", path)];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, json!(text?))));
    lists.chain(texts).map(|(name, value)| (name.to_owned(), value)).gather()
}

/// The code that runs at every request.
fn functions(behavior: &DefaultCacheBehavior) -> Vec<String> {
    let lambda = behavior.lambda_function_associations().map(LambdaFunctionAssociations::items);
    let own = behavior.function_associations().map(FunctionAssociations::items);
    let lambda = lambda.unwrap_or_default().iter().map(|it| it.lambda_function_arn().to_owned());
    lambda.chain(own.unwrap_or_default().iter().map(|it| it.function_arn().to_owned())).collect()
}

/// Who alone is served.
fn viewers(behavior: &DefaultCacheBehavior) -> Vec<String> {
    let signers = behavior.trusted_signers().filter(|signers| signers.enabled());
    let groups = behavior.trusted_key_groups().filter(|groups| groups.enabled());
    let signers = signers.map(TrustedSigners::items).unwrap_or_default();
    let groups = groups.map(TrustedKeyGroups::items).unwrap_or_default();
    [signers, groups].concat()
}

/// What stands between a distribution and its viewers by its owner's own rules: it stays, and a person should know.
pub(super) fn guards(summary: &DistributionSummary) -> Vec<String> {
    let acl = Some(summary.web_acl_id()).filter(|id| !id.is_empty()).map(|id| format!("the web ACL {id}"));
    let places = summary.restrictions().and_then(Restrictions::geo_restriction);
    let places = places.filter(|places| places.restriction_type().as_str() != "none");
    let places = places.map(|places| {
        let countries = places.items().join(", ");
        format!("the geographic {} {countries}", places.restriction_type().as_str())
    });
    acl.into_iter().chain(places).collect()
}
