//! Whether the files for the bucket and its objects fit the cluster's hosting.

use super::{ContentsReader, Parsed, private};
use crate::aws::BucketName;
use crate::cli_input::{CreateBucket, PutObject};
use crate::cluster::Hosting;
use crate::layout;
use crate::policy::PolicyDocument;
use crate::resource::{Bucket, BucketStatement, Object, PublicAccessBlock, Resource};
use crate::state::State;

/// The most tags an S3 object takes. Source: Amazon S3 User Guide, "Categorizing your objects using tags".
const MOST_OBJECT_TAGS: usize = 10;

pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed, resources: &mut State) {
    let hosting = reader.cluster.hosting.clone();
    absent(reader, parsed, &hosting);
    match &hosting {
        Hosting::PublicBucket { bucket } => own_bucket(reader, parsed, bucket, resources),
        Hosting::PrivateBucket { bucket, .. } => {
            own_bucket(reader, parsed, bucket, resources);
            let wanted = BucketStatement::for_distribution(&reader.cluster, bucket);
            statement(reader, parsed, wanted, resources);
            private::check(reader, parsed, bucket, resources);
        }
        Hosting::SharedBucket { bucket, path } => {
            let wanted = BucketStatement::for_path(&reader.cluster, bucket, path);
            statement(reader, parsed, wanted, resources);
        }
        Hosting::Elsewhere => return,
    }
    let Some(bucket) = hosting.bucket() else { return };
    let objects = [
        (layout::DISCOVERY_OBJECT, &parsed.discovery_object, layout::DISCOVERY_KEY, &parsed.discovery),
        (layout::KEYS_OBJECT, &parsed.keys_object, layout::KEYS_KEY, &parsed.keys),
    ];
    for (file, input, key, body) in objects {
        match (input, body) {
            (Some(input), Some(body)) => {
                object(reader, file, input, (bucket, &hosting.key(key), body), resources);
            }
            (None, _) => reader.missing(file),
            (Some(_), None) => {}
        }
    }
}

/// Files that have no business with this hosting.
fn absent(reader: &mut ContentsReader, parsed: &Parsed, hosting: &Hosting) {
    let serves = hosting.bucket().is_some();
    let own = serves && !matches!(hosting, Hosting::SharedBucket { .. });
    let private = matches!(hosting, Hosting::PrivateBucket { .. });
    let present = [
        (layout::BUCKET, parsed.bucket.is_some(), own),
        (layout::BUCKET_TAGGING, parsed.bucket_tagging.is_some(), own),
        (layout::BUCKET_PUBLIC_ACCESS_BLOCK, parsed.public_access_block.is_some(), own),
        (layout::BUCKET_POLICY, parsed.bucket_policy.is_some(), serves),
        (layout::DISCOVERY_OBJECT, parsed.discovery_object.is_some(), serves),
        (layout::KEYS_OBJECT, parsed.keys_object.is_some(), serves),
        (layout::ACCESS_CONTROL, parsed.access_control.is_some(), private),
        (layout::DISTRIBUTION, parsed.distribution.is_some(), private),
    ];
    let why = match hosting {
        Hosting::Elsewhere => "the issuer is hosted elsewhere, so nothing of S3 is made",
        Hosting::SharedBucket { .. } => {
            "the bucket is shared, so only a path and a statement of its policy are made"
        }
        _ => "the bucket is public, so no distribution is made",
    };
    for (file, ..) in present.into_iter().filter(|(_, present, wanted)| *present && !wanted) {
        reader.problem(file, why);
    }
}

/// The cluster's own bucket: its tags, its switches, and its policy where that is the whole of it.
fn own_bucket(reader: &mut ContentsReader, parsed: &Parsed, bucket: &BucketName, resources: &mut State) {
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
    let public = matches!(reader.cluster.hosting, Hosting::PublicBucket { .. });
    let made = Bucket {
        name: bucket.clone(),
        region: reader.cluster.region.clone(),
        tags,
        public_access_block: block(reader, parsed, bucket),
        policy: if public { public_policy(reader, parsed, bucket) } else { None },
    };
    reader.place(layout::BUCKET, Resource::Bucket(made), resources);
}

fn block(reader: &mut ContentsReader, parsed: &Parsed, bucket: &BucketName) -> Option<PublicAccessBlock> {
    let Some(input) = &parsed.public_access_block else {
        reader.missing(layout::BUCKET_PUBLIC_ACCESS_BLOCK);
        return None;
    };
    same_bucket(reader, layout::BUCKET_PUBLIC_ACCESS_BLOCK, &input.bucket, bucket);
    let block = input.public_access_block_configuration;
    let public = matches!(reader.cluster.hosting, Hosting::PublicBucket { .. });
    if public && (block.block_public_policy || block.restrict_public_buckets) {
        let what =
            "AWS could not read the issuer's documents: a public bucket must not block public policies";
        reader.problem(layout::BUCKET_PUBLIC_ACCESS_BLOCK, what);
    }
    if public && !(block.block_public_acls && block.ignore_public_acls) {
        reader.problem(layout::BUCKET_PUBLIC_ACCESS_BLOCK, "a public bucket blocks access control lists");
    }
    if !public && block != PublicAccessBlock::ALL {
        reader.problem(layout::BUCKET_PUBLIC_ACCESS_BLOCK, "a private bucket blocks everything public");
    }
    Some(block)
}

fn public_policy(
    reader: &mut ContentsReader,
    parsed: &Parsed,
    bucket: &BucketName,
) -> Option<PolicyDocument> {
    let Some(input) = &parsed.bucket_policy else {
        reader.missing(layout::BUCKET_POLICY);
        return None;
    };
    same_bucket(reader, layout::BUCKET_POLICY, &input.bucket, bucket);
    let wanted = BucketStatement::public_policy(&reader.cluster, bucket);
    just(reader, &input.policy, &wanted);
    Some(input.policy.clone())
}

/// The policy file must be this one statement and nothing else: it stands beside what others wrote.
fn statement(reader: &mut ContentsReader, parsed: &Parsed, wanted: BucketStatement, resources: &mut State) {
    let Some(input) = &parsed.bucket_policy else {
        reader.missing(layout::BUCKET_POLICY);
        return;
    };
    same_bucket(reader, layout::BUCKET_POLICY, &input.bucket, &wanted.bucket);
    just(reader, &input.policy, &wanted.policy());
    reader.place(layout::BUCKET_POLICY, Resource::BucketStatement(wanted), resources);
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
    if input.content_type != Object::CONTENT_TYPE {
        let what =
            format!("its ContentType is {:?}, and must be {}", input.content_type, Object::CONTENT_TYPE);
        reader.problem(file, what);
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
        barriers: std::collections::BTreeMap::new(),
        tags: input.tagging.clone(),
    };
    reader.place(file, Resource::Object(made), resources);
}

/// A policy file that must be just this policy, however its lists are written.
fn just(reader: &mut ContentsReader, found: &PolicyDocument, wanted: &PolicyDocument) {
    if found.meaning() != wanted.meaning() {
        let what = format!("it must be this and nothing else: {}", wanted.canonical());
        reader.problem(layout::BUCKET_POLICY, what);
    }
}

fn same_bucket(reader: &mut ContentsReader, file: &str, found: &BucketName, wanted: &BucketName) {
    if found != wanted {
        reader.problem(file, format!("its Bucket is {found}, and the cluster's is {wanted}"));
    }
}
