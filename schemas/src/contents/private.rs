//! Whether the files for a private bucket's distribution make just the one that serves the issuer.

use super::{ContentsReader, Parsed};
use crate::aws::BucketName;
use crate::cli_input::{CreateDistribution, CreateOriginAccessControl, origin_of};
use crate::cluster::Hosting;
use crate::layout;
use crate::resource::{AccessControl, Alias, Resource};
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
    let origin = origin_of(bucket, &reader.cluster.region, reader.cluster.partition);
    let wanted = input.expected(bucket, origin, alias(reader), tags);
    let made = CreateDistribution::of(&wanted);
    if input.distribution_config_with_tags.distribution_config
        != made.distribution_config_with_tags.distribution_config
    {
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

/// The host that the distribution answers for besides its own, if the cluster's issuer is one.
fn alias(reader: &ContentsReader) -> Option<Alias> {
    match &reader.cluster.hosting {
        Hosting::PrivateBucket { certificate: Some(certificate), .. } => Some(Alias {
            host: reader.cluster.issuer.host_and_path().to_owned(),
            certificate: certificate.clone(),
        }),
        _ => None,
    }
}
