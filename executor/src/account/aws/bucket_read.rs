//! Buckets as S3 tells of them.

use super::answer::Answer;
use super::bucket::Client;
use super::statement::StoredPolicy;
use crate::account::AccountError;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use std::collections::BTreeSet;
use sts_schemas::aws::Region;
use sts_schemas::resource::{Bucket, PublicAccessBlock, Tags};
use sts_schemas::state::Leftovers;

/// A bucket, and the first page of what lies in it.
pub(super) struct Settings {
    /// Its policy without the statements that have addresses of their own.
    pub(super) bucket: Bucket,
    /// The whole of its policy.
    pub(super) policy: Option<StoredPolicy>,
    pub(super) first: ListObjectVersionsOutput,
}

impl Settings {
    /// Whether the bucket is as one that was made and not touched since: no tags, no policy, nothing in it.
    pub(super) fn is_bare(&self) -> bool {
        let empty = self.first.versions().is_empty() && self.first.delete_markers().is_empty();
        empty && self.bucket.tags.is_empty() && self.policy.is_none()
    }
}

/// What S3 says when there is no such bucket, or no such setting of it.
pub(super) const ABSENT: [&str; 4] =
    ["NoSuchBucket", "NoSuchTagSet", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration"];

impl Client {
    /// The bucket as it is, in one round trip; `None` where there is none.
    pub(super) async fn read_settings(&self, region: &Region) -> Result<Option<Settings>, AccountError> {
        let (tags, public_access_block, policy, first) = tokio::try_join!(
            self.read_tags(),
            self.read_block(),
            self.stored_policy(),
            self.versions_page(None, None)
        )?;
        let Some(first) = first else { return Ok(None) };
        let (name, region) = (self.name.clone(), region.clone());
        let policy_of_others = policy.as_ref().and_then(StoredPolicy::of_others);
        let bucket = Bucket { name, region, tags, public_access_block, policy: policy_of_others };
        Ok(Some(Settings { bucket, policy, first }))
    }

    async fn read_tags(&self) -> Result<Tags, AccountError> {
        let ask = self.s3.get_bucket_tagging().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let answer = ask.send().await.or_absent("s3:GetBucketTagging", &self.on(), &ABSENT)?;
        let list =
            answer.as_ref().map(aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput::tag_set);
        let list = list.unwrap_or_default();
        Ok(list.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
    }

    async fn read_block(&self) -> Result<Option<PublicAccessBlock>, AccountError> {
        let ask = self.s3.get_public_access_block().bucket(self.name.as_str());
        let answer = ask.expected_bucket_owner(&self.owner).send().await;
        let answer = answer.or_absent("s3:GetBucketPublicAccessBlock", &self.on(), &ABSENT)?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.as_ref().map(read_block))
    }

    /// One page of the bucket's objects with all their versions; `None` where there is no bucket.
    pub(super) async fn versions_page(
        &self,
        prefix: Option<&str>,
        after: Option<&ListObjectVersionsOutput>,
    ) -> Result<Option<ListObjectVersionsOutput>, AccountError> {
        let ask =
            self.s3.list_object_versions().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let ask = ask
            .set_prefix(prefix.map(str::to_owned))
            .set_key_marker(after.and_then(ListObjectVersionsOutput::next_key_marker).map(str::to_owned))
            .set_version_id_marker(
                after.and_then(ListObjectVersionsOutput::next_version_id_marker).map(str::to_owned),
            );
        ask.send().await.or_absent("s3:ListBucketVersions", &self.on(), &ABSENT)
    }

    /// This page of the bucket's versions, and all that follow it.
    pub(super) async fn versions_from(
        &self,
        prefix: Option<&str>,
        first: Option<ListObjectVersionsOutput>,
    ) -> Result<Vec<ListObjectVersionsOutput>, AccountError> {
        let mut pages: Vec<ListObjectVersionsOutput> = first.into_iter().collect();
        while pages.last().is_none_or(|page| page.is_truncated() == Some(true)) {
            match self.versions_page(prefix, pages.last()).await? {
                Some(page) => pages.push(page),
                None => break,
            }
        }
        Ok(pages)
    }

    /// What lies in the bucket beside the objects with these keys, and of which of these only remains are left.
    pub(super) async fn leftovers(
        &self,
        first: ListObjectVersionsOutput,
        expected: &BTreeSet<String>,
    ) -> Result<Contents, AccountError> {
        let pages = self.versions_from(None, Some(first)).await?;
        Ok(count(&pages, expected))
    }
}

/// The four switches; one that S3 does not name is off.
pub(super) fn read_block(block: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    let on = |switch: Option<bool>| switch.unwrap_or_default();
    PublicAccessBlock {
        block_public_acls: on(block.block_public_acls),
        ignore_public_acls: on(block.ignore_public_acls),
        block_public_policy: on(block.block_public_policy),
        restrict_public_buckets: on(block.restrict_public_buckets),
    }
}

/// What lies in a bucket beside the objects that were expected and are there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) leftovers: Leftovers,
    /// Expected keys of which only old versions or delete markers are there.
    pub(super) remains: BTreeSet<String>,
}

/// What these pages hold beside the objects with the expected keys, which count with all their versions.
fn count(pages: &[ListObjectVersionsOutput], expected: &BTreeSet<String>) -> Contents {
    let versions = pages.iter().flat_map(ListObjectVersionsOutput::versions);
    let versions = versions.map(|version| (version.key(), version.is_latest()));
    let markers =
        pages.iter().flat_map(ListObjectVersionsOutput::delete_markers).map(|marker| (marker.key(), None));
    let mut contents = Contents::default();
    let mut standing = BTreeSet::new();
    for (key, latest) in versions.chain(markers) {
        let Some(key) = key else { continue };
        let stands = latest == Some(true);
        if expected.contains(key) {
            let seen = if stands { &mut standing } else { &mut contents.remains };
            seen.insert(key.to_owned());
            continue;
        }
        contents.leftovers.count += 1;
        if stands && contents.leftovers.keys.len() < Leftovers::SHOWN {
            contents.leftovers.keys.push(key.to_owned());
        }
    }
    contents.remains.retain(|key| !standing.contains(key));
    contents
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

    fn version(key: &str, latest: bool) -> ObjectVersion {
        ObjectVersion::builder().key(key).is_latest(latest).build()
    }

    #[test]
    fn remains_of_an_expected_object_are_told_from_what_others_put_there() {
        let page = ListObjectVersionsOutput::builder()
            .versions(version("keys.json", true))
            .versions(version("keys.json", false))
            .versions(version("gone.json", false))
            .versions(version("other", true))
            .delete_markers(DeleteMarkerEntry::builder().key("gone.json").is_latest(true).build())
            .build();
        let expected = ["keys.json".to_owned(), "gone.json".to_owned()].into();
        let leftovers = Leftovers { keys: vec!["other".to_owned()], count: 1 };
        assert_eq!(
            count(&[page], &expected),
            Contents { leftovers, remains: ["gone.json".to_owned()].into() }
        );
    }

    #[test]
    fn only_some_keys_are_named_and_all_are_counted() {
        let names: Vec<String> = (0..Leftovers::SHOWN + 5).map(|n| format!("key-{n}")).collect();
        let versions = names.iter().map(|name| version(name, true)).collect();
        let page = ListObjectVersionsOutput::builder().set_versions(Some(versions)).build();
        let leftovers = count(&[page], &BTreeSet::new()).leftovers;
        assert_eq!((leftovers.keys.len(), leftovers.count), (Leftovers::SHOWN, names.len() as u64));
    }
}
