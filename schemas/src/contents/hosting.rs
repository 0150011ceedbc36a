//! Whether the files for the bucket and its objects fit the cluster's hosting.

use super::{ContentsReader, Parsed};
use crate::aws::BucketName;
use crate::cli_input::{CreateBucket, PutObject};
use crate::cluster::Hosting;
use crate::layout;
use crate::resource::{Bucket, Object, Resource};
use crate::state::State;

/// The most tags an S3 object takes. Source: Amazon S3 User Guide, "Categorizing your objects using tags".
const MOST_OBJECT_TAGS: usize = 10;

pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed, resources: &mut State) {
    match reader.cluster.hosting.clone() {
        Hosting::PublicBucket { bucket } => public_bucket(reader, parsed, &bucket, resources),
        Hosting::Elsewhere => elsewhere(reader, parsed),
    }
}

fn elsewhere(reader: &mut ContentsReader, parsed: &Parsed) {
    let present = [
        (layout::BUCKET, parsed.bucket.is_some()),
        (layout::BUCKET_TAGGING, parsed.bucket_tagging.is_some()),
        (layout::BUCKET_PUBLIC_ACCESS_BLOCK, parsed.public_access_block.is_some()),
        (layout::BUCKET_POLICY, parsed.bucket_policy.is_some()),
        (layout::DISCOVERY_OBJECT, parsed.discovery_object.is_some()),
        (layout::KEYS_OBJECT, parsed.keys_object.is_some()),
    ];
    for (file, _) in present.into_iter().filter(|(_, present)| *present) {
        reader.problem(file, "the issuer is hosted elsewhere, so nothing of S3 is made");
    }
}

fn public_bucket(reader: &mut ContentsReader, parsed: &Parsed, bucket: &BucketName, resources: &mut State) {
    if let Some(input) = &parsed.bucket {
        if *input != CreateBucket::of(bucket, &reader.cluster.region) {
            let what = format!("it does not make the bucket {bucket} in {}", reader.cluster.region);
            reader.problem(layout::BUCKET, what);
        }
    } else {
        reader.missing(layout::BUCKET);
    }
    let tags = if let Some(input) = &parsed.bucket_tagging {
        same_bucket(reader, layout::BUCKET_TAGGING, &input.bucket, bucket);
        reader.owned_tags(layout::BUCKET_TAGGING, &input.tagging.tag_set)
    } else {
        reader.missing(layout::BUCKET_TAGGING);
        return;
    };
    match &parsed.public_access_block {
        Some(input) => {
            same_bucket(reader, layout::BUCKET_PUBLIC_ACCESS_BLOCK, &input.bucket, bucket);
            let block = input.public_access_block_configuration;
            if block.block_public_policy || block.restrict_public_buckets {
                let what = "AWS could not read the issuer's documents: a public bucket must not block public policies";
                reader.problem(layout::BUCKET_PUBLIC_ACCESS_BLOCK, what);
            }
        }
        None => reader.missing(layout::BUCKET_PUBLIC_ACCESS_BLOCK),
    }
    match &parsed.bucket_policy {
        Some(input) => {
            same_bucket(reader, layout::BUCKET_POLICY, &input.bucket, bucket);
            reader.check_partition(layout::BUCKET_POLICY, &input.policy);
            only_reading(reader, &input.policy);
        }
        None => reader.missing(layout::BUCKET_POLICY),
    }
    let made = Bucket {
        name: bucket.clone(),
        region: reader.cluster.region.clone(),
        tags,
        public_access_block: parsed
            .public_access_block
            .as_ref()
            .map(|input| input.public_access_block_configuration),
        policy: parsed.bucket_policy.as_ref().map(|input| input.policy.clone()),
    };
    reader.place(layout::BUCKET, Resource::Bucket(made), resources);

    let objects = [
        (layout::DISCOVERY_OBJECT, &parsed.discovery_object, layout::DISCOVERY_KEY, &parsed.discovery),
        (layout::KEYS_OBJECT, &parsed.keys_object, layout::KEYS_KEY, &parsed.keys),
    ];
    for (file, input, key, body) in objects {
        match (input, body) {
            (Some(input), Some(body)) => object(reader, file, input, (bucket, key, body), resources),
            (None, _) => reader.missing(file),
            (Some(_), None) => {}
        }
    }
}

fn object(
    reader: &mut ContentsReader,
    file: &str,
    input: &PutObject,
    (bucket, key, body): (&BucketName, &str, &str),
    resources: &mut State,
) {
    same_bucket(reader, file, &input.bucket, bucket);
    if input.key != key {
        reader.problem(file, format!("its Key is {:?}, and readers look for {key:?}", input.key));
    }
    reader.check_tags(file, &input.tagging);
    if input.tagging.len() > MOST_OBJECT_TAGS {
        let what = format!(
            "S3 takes at most {MOST_OBJECT_TAGS} tags on an object, these are {}",
            input.tagging.len()
        );
        reader.problem(file, what);
    }
    let made = Object {
        bucket: bucket.clone(),
        key: input.key.clone(),
        content_type: input.content_type.clone(),
        body: body.to_owned(),
        tags: input.tagging.clone(),
    };
    reader.place(file, Resource::Object(made), resources);
}

/// Anyone may read the documents; nobody may be let in to do anything else by this policy.
fn only_reading(reader: &mut ContentsReader, policy: &crate::policy::PolicyDocument) {
    for statement in &policy.statement {
        let reads =
            statement.action.as_ref().is_some_and(|action| action.iter().all(|a| a == "s3:GetObject"));
        let allows = statement.effect == crate::policy::Effect::Allow;
        if allows && !reads {
            reader.problem(layout::BUCKET_POLICY, "it allows more than s3:GetObject");
        }
    }
}

fn same_bucket(reader: &mut ContentsReader, file: &str, found: &BucketName, wanted: &BucketName) {
    if found != wanted {
        reader.problem(file, format!("its Bucket is {found}, and the cluster's is {wanted}"));
    }
}
