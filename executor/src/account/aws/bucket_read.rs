//! Buckets as S3 tells of them.

use super::answer::Answer;
use super::bucket::Client;
use super::statement::StoredPolicy;
use super::versions::VersionsPage;
use crate::account::AccountError;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use std::collections::BTreeSet;
use sts_schemas::aws::Region;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Bucket, PublicAccessBlock, Tags};
use sts_schemas::state::Leftovers;

/// A bucket, and the first page of what lies in it.
pub(super) struct Settings {
    /// Its policy without the statements that have addresses of their own.
    pub(super) bucket: Bucket,
    /// The whole of its policy.
    pub(super) policy: Option<StoredPolicy>,
    pub(super) first: VersionsPage,
}

impl Settings {
    /// Whether the bucket is as one that was made and not touched since: no tags, no policy, nothing in it.
    pub(super) fn is_bare(&self) -> bool {
        self.first.versions.is_empty() && self.bucket.tags.is_empty() && self.policy.is_none()
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

    /// Its tags; none where it has none, or is gone.
    pub(super) async fn read_tags(&self) -> Result<Tags, AccountError> {
        let ask = self.s3.get_bucket_tagging().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let answer = ask.send().await.or_absent("s3:GetBucketTagging", &self.on(), &ABSENT)?;
        let list =
            answer.as_ref().map(aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput::tag_set);
        let list = list.unwrap_or_default();
        Ok(list.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).gather())
    }

    async fn read_block(&self) -> Result<Option<PublicAccessBlock>, AccountError> {
        let ask = self.s3.get_public_access_block().bucket(self.name.as_str());
        let answer = ask.expected_bucket_owner(&self.owner).send().await;
        let answer = answer.or_absent("s3:GetBucketPublicAccessBlock", &self.on(), &ABSENT)?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.as_ref().map(read_block))
    }

    /// What lies in the bucket beside the objects with these keys, and of which of these only remains are left.
    pub(super) async fn leftovers(
        &self,
        first: VersionsPage,
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
fn count(pages: &[VersionsPage], expected: &BTreeSet<String>) -> Contents {
    let mut contents = Contents::default();
    let mut others = Vec::new();
    let (mut standing, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for version in pages.iter().flat_map(|page| &page.versions) {
        let seen = if version.is_latest && !version.is_marker { &mut standing } else { &mut gone };
        seen.insert(version.key.as_str());
        others.extend((!expected.contains(&version.key)).then(|| version.left()));
    }
    contents.leftovers.count = others.len() as u64;
    contents.leftovers.listing = (!others.is_empty()).then(|| Leftovers::listing(others));
    let gone: BTreeSet<&str> = gone.difference(&standing).copied().gather();
    contents.remains =
        gone.iter().filter(|key| expected.contains(**key)).map(|key| (*key).to_owned()).gather();
    let named = |keys: &BTreeSet<&str>| {
        let others = keys.iter().filter(|key| !expected.contains(**key));
        others.take(Leftovers::SHOWN).map(|key| (*key).to_owned()).collect()
    };
    (contents.leftovers.keys, contents.leftovers.hidden) = (named(&standing), named(&gone));
    contents
}

#[cfg(test)]
mod tests {
    use super::super::versions::Version;
    use super::*;

    fn page(versions: &[(&str, bool, bool)]) -> VersionsPage {
        let version = |&(key, is_latest, is_marker): &(&str, bool, bool)| Version {
            key: key.to_owned(),
            id: "null".to_owned(),
            is_latest,
            is_marker,
            etag: "\"e\"".to_owned(),
            size: 1,
        };
        VersionsPage { versions: versions.iter().map(version).collect(), next: None }
    }

    #[test]
    fn remains_of_an_expected_object_are_told_from_what_others_put_there() {
        let page = page(&[
            ("keys.json", true, false),
            ("keys.json", false, false),
            ("gone.json", false, false),
            ("other", true, false),
            ("other", false, false),
            ("backup/secret.db", false, false),
            ("gone.json", true, true),
            ("backup/secret.db", true, true),
            ("only-a-marker", true, true),
        ]);
        let expected = ["keys.json".to_owned(), "gone.json".to_owned()].into();
        let leftovers = Leftovers {
            keys: vec!["other".to_owned()],
            hidden: vec!["backup/secret.db".to_owned(), "only-a-marker".to_owned()],
            count: 5,
            listing: None,
        };
        let mut seen = count(&[page], &expected);
        assert!(seen.leftovers.listing.take().is_some());
        assert_eq!(seen, Contents { leftovers, remains: ["gone.json".to_owned()].into() });
    }

    #[test]
    fn only_some_keys_are_named_and_all_are_counted() {
        let names: Vec<String> = (0..Leftovers::SHOWN + 5).map(|n| format!("key-{n:02}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), true, false)).collect();
        let hidden: Vec<_> = names.iter().map(|name| (name.as_str(), false, false)).collect();
        for (page, of_keys, of_hidden) in
            [(page(&all), Leftovers::SHOWN, 0), (page(&hidden), 0, Leftovers::SHOWN)]
        {
            let leftovers = count(&[page], &BTreeSet::new()).leftovers;
            assert_eq!((leftovers.keys.len(), leftovers.hidden.len()), (of_keys, of_hidden));
            assert_eq!(leftovers.count, names.len() as u64);
        }
    }
}
