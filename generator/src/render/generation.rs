//! Where files bear the generation of their bundle, a time in seconds since 1970.

use super::{Files, json};
use sts_schemas::aws::BucketName;
use sts_schemas::cli_input::{CreateDistribution, CreateOpenIdConnectProvider, Tag};
use sts_schemas::layout;
use sts_schemas::open::{OpenValue, stand_in_for_tokens, tokens_for_stand_ins};
use sts_schemas::resource::GENERATION_TAG;

/// The generation that files were last written or bundled with.
#[must_use]
pub fn generation_of(files: &Files) -> Option<u64> {
    let bytes = stand_in_for_tokens(files.get(layout::PROVIDER)?, &OpenValue::ALL);
    let provider: CreateOpenIdConnectProvider = serde_json::from_slice(&bytes).ok()?;
    provider.tags.iter().find(|tag| tag.key == GENERATION_TAG)?.value.parse().ok()
}

/// Puts a generation into files: into the provider's tag, and into the reference of the distribution, if there is one.
pub fn mark_generation(files: &mut Files, generation: u64) {
    mark_provider(files, generation);
    let distribution = files.get(layout::DISTRIBUTION);
    if let Some(bytes) = distribution.and_then(|bytes| distribution_of_generation(bytes, generation)) {
        files.insert(layout::DISTRIBUTION.to_owned(), bytes);
    }
}

/// Puts a generation into the provider's tag alone, which is all that every bundle needs.
pub fn mark_provider(files: &mut Files, generation: u64) {
    let provider = files.get(layout::PROVIDER);
    if let Some(bytes) = provider.and_then(|bytes| provider_of_generation(bytes, generation)) {
        files.insert(layout::PROVIDER.to_owned(), bytes);
    }
}

/// The provider's file with this generation in its tag; nothing where it is no provider.
fn provider_of_generation(bytes: &[u8], generation: u64) -> Option<Vec<u8>> {
    let open = used_tokens(bytes);
    let known = stand_in_for_tokens(bytes, &open);
    let mut provider = serde_json::from_slice::<CreateOpenIdConnectProvider>(&known).ok()?;
    provider.tags.retain(|tag| tag.key != GENERATION_TAG);
    provider.tags.push(Tag { key: GENERATION_TAG.into(), value: generation.to_string() });
    provider.tags.sort_by(|a, b| a.key.cmp(&b.key));
    Some(tokens_for_stand_ins(&json(&provider), &open))
}

/// What the author of a private bucket's distribution calls it: the generation tells one that was deleted from its
/// successor.
pub(super) fn caller_reference(bucket: &BucketName, generation: u64) -> String {
    format!("{bucket}-{generation}")
}

/// The distribution's file with this generation in its reference; nothing where a person gave it another.
fn distribution_of_generation(bytes: &[u8], generation: u64) -> Option<Vec<u8>> {
    let known = stand_in_for_tokens(bytes, &OpenValue::ALL);
    let input = serde_json::from_slice::<CreateDistribution>(&known).ok()?;
    let reference = input.distribution_config_with_tags.distribution_config.caller_reference;
    let (bucket, number) = reference.rsplit_once('-')?;
    let (bucket, _) = (bucket.parse::<BucketName>().ok()?, number.parse::<u64>().ok()?);
    let text = std::str::from_utf8(bytes).ok()?;
    let quoted = |reference: &str| format!("\"{reference}\"");
    Some(text.replace(&quoted(&reference), &quoted(&caller_reference(&bucket, generation))).into_bytes())
}

/// The values whose tokens stand in a file.
fn used_tokens(bytes: &[u8]) -> Vec<OpenValue> {
    let text = String::from_utf8_lossy(bytes);
    OpenValue::ALL.into_iter().filter(|value| text.contains(value.token())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reference_of_our_making_gets_the_generation() {
        let file = |reference: &str| {
            format!(
                r#"{{"DistributionConfigWithTags":{{"DistributionConfig":{{"CallerReference":"{reference}",
                "Origins":{{"Quantity":1,"Items":[{{"Id":"demo-oidc","DomainName":"demo-oidc.s3.eu-central-1.amazonaws.com",
                "OriginAccessControlId":"${{origin-access-control}}","S3OriginConfig":{{"OriginAccessIdentity":""}}}}]}},
                "DefaultCacheBehavior":{{"TargetOriginId":"demo-oidc","ViewerProtocolPolicy":"https-only",
                "CachePolicyId":"4135ea2d-6df8-44a3-9df3-4b5a84be39ad"}},"Comment":"demo","Enabled":true}},
                "Tags":{{"Items":[]}}}}}}"#
            )
        };
        let marked = |reference: &str| distribution_of_generation(file(reference).as_bytes(), 9);
        assert_eq!(marked("demo-oidc-5"), Some(file("demo-oidc-9").into_bytes()));
        assert_eq!(marked("a reference of mine"), None);
        assert_eq!(marked("demo-oidc"), None);
    }
}
