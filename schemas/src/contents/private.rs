//! Whether the files for a private bucket's distribution make just the one that serves the issuer.

use super::{ContentsReader, Parsed};
use crate::aws::BucketName;
use crate::cli_input::{CreateDistribution, CreateOriginAccessControl};
use crate::layout;
use crate::resource::{AccessControl, Distribution, Resource};
use crate::state::State;

/// The most bytes of a distribution's comment and caller reference.
/// Source: Amazon CloudFront API Reference, `DistributionConfig`.
const LONGEST_TEXT: usize = 128;

pub(super) fn check(
    reader: &mut ContentsReader,
    parsed: &Parsed,
    bucket: &BucketName,
    resources: &mut State,
) {
    let control = AccessControl::of(bucket, &reader.cluster.name);
    match &parsed.access_control {
        Some(input) if *input == CreateOriginAccessControl::of(&control) => {}
        Some(_) => {
            let what =
                format!("it does not make the access control {bucket} of cluster {}", reader.cluster.name);
            reader.problem(layout::ACCESS_CONTROL, what);
        }
        None => reader.missing(layout::ACCESS_CONTROL),
    }
    reader.place(layout::ACCESS_CONTROL, Resource::AccessControl(control), resources);
    match &parsed.distribution {
        Some(input) => distribution(reader, input, bucket, resources),
        None => reader.missing(layout::DISTRIBUTION),
    }
}

fn distribution(
    reader: &mut ContentsReader,
    input: &CreateDistribution,
    bucket: &BucketName,
    resources: &mut State,
) {
    let tags = reader.owned_tags(layout::DISTRIBUTION, &input.distribution_config_with_tags.tags.items);
    let config = &input.distribution_config_with_tags.distribution_config;
    let texts = (config.caller_reference.clone(), config.comment.clone());
    let wanted = Distribution::of(&reader.cluster, bucket, texts, tags);
    let made = CreateDistribution::of(&wanted);
    if *config != made.distribution_config_with_tags.distribution_config {
        let what = format!(
            "it must make a distribution of the bucket {bucket} alone, over HTTPS only, without a cache, with the \
             access control {bucket} and the alias and certificate of the manifest"
        );
        reader.problem(layout::DISTRIBUTION, what);
    }
    for text in [&wanted.comment, &wanted.caller_reference] {
        if text.is_empty() || text.len() > LONGEST_TEXT {
            let what = format!("CloudFront takes 1 to {LONGEST_TEXT} bytes, {text:?} has {}", text.len());
            reader.problem(layout::DISTRIBUTION, what);
        }
    }
    reader.place(layout::DISTRIBUTION, Resource::Distribution(wanted), resources);
}
