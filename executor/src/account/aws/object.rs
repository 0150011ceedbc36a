//! Objects of a bucket: reading and deleting them.

use super::answer::Answer;
use super::bucket::Client;
use super::patience::{BUCKET_BUSY, patiently};
use super::versions::{Version, fits_xml};
use crate::account::{AccountError, AccountErrorKind};
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier, ServerSideEncryption};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Object, Tags};
use sts_schemas::state::Leftovers;

/// The most of an object that is read. The documents of an issuer are a few kilobytes.
const MAX_BODY: i64 = 1024 * 1024;

const ABSENT: [&str; 2] = ["NoSuchKey", "NoSuchBucket"];

/// The permission for all ways to delete a version; several at once take `s3:DeleteObject` too.
const DELETE_VERSION: &str = "s3:DeleteObjectVersion";

/// The most that S3 lists or deletes at once. Source: Amazon S3 API Reference, `DeleteObjects`.
const MOST_AT_ONCE: usize = 1000;

/// What S3 says when a version is not there any more.
const GONE: [&str; 3] = ["NoSuchKey", "NoSuchVersion", "NoSuchBucket"];

/// An object as it was read, and what S3 calls this content of it.
pub(super) struct Reading {
    pub(super) object: Object,
    /// Another content has another one; empty where none was given, which no later content has.
    pub(super) etag: String,
}

/// What keeps whoever has no credentials, or takes the bytes as they are, from reading an object.
///
/// Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys": anonymous requests cannot read such
/// objects; Amazon S3 API Reference, `GetObject`, `Content-Encoding`.
fn barriers(answer: &GetObjectOutput) -> BTreeMap<String, String> {
    let encryption = answer.server_side_encryption().map(ServerSideEncryption::as_str);
    let encryption = encryption.filter(|kind| kind.starts_with("aws:kms")).map(|kind| ("encryption", kind));
    // The second is the SDKs' own, of the way there; S3 is to take it off.
    let plain = |encoding: &&str| ["", "identity", "aws-chunked"].contains(encoding);
    let encoding = answer.content_encoding().filter(|encoding| !plain(encoding));
    let both = encryption.into_iter().chain(encoding.map(|encoding| ("content encoding", encoding)));
    both.map(|(name, value)| (name.to_owned(), value.to_owned())).gather()
}

impl Client {
    /// Reads an object with its tags, in one round trip; `None` where there is none.
    pub(super) async fn read_object(&self, key: &str) -> Result<Option<Reading>, AccountError> {
        let (content, tags) = tokio::try_join!(self.read_content(key), self.read_object_tags(key))?;
        Ok(content.map(|Reading { object, etag }| Reading { object: Object { tags, ..object }, etag }))
    }

    /// All but the tags.
    async fn read_content(&self, key: &str) -> Result<Option<Reading>, AccountError> {
        const CALL: &str = "s3:GetObject";
        let ask = self.s3.get_object().bucket(self.name.as_str()).key(key).expected_bucket_owner(&self.owner);
        let Some(answer) = ask.send().await.or_absent(CALL, &self.on_object(key), &ABSENT)? else {
            return Ok(None);
        };
        let content_type = answer.content_type().unwrap_or_default().to_owned();
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        let barriers = barriers(&answer);
        let of = |body: String| {
            let (bucket, key) = (self.name.clone(), key.to_owned());
            let object = Object { bucket, key, content_type, body, barriers, tags: Tags::new() };
            Some(Reading { object, etag })
        };
        let length = answer.content_length().unwrap_or_default();
        if length > MAX_BODY {
            // Differs from whatever is wanted, and so gets replaced.
            return Ok(of(format!("({length} bytes, more than this program reads)")));
        }
        let body = answer.body.collect().await.map_err(|error| {
            let message = format!("the content broke off: {error}");
            AccountError { on: self.on_object(key), ..self.failed(CALL, message) }
        })?;
        Ok(of(String::from_utf8_lossy(&body.into_bytes()).into_owned()))
    }

    async fn read_object_tags(&self, key: &str) -> Result<Tags, AccountError> {
        let ask = self.s3.get_object_tagging().bucket(self.name.as_str()).key(key);
        let answer = ask.expected_bucket_owner(&self.owner).send().await;
        let answer = answer.or_absent("s3:GetObjectTagging", &self.on_object(key), &ABSENT)?;
        let list = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(list.into_iter().map(|tag| (tag.key, tag.value)).gather())
    }

    /// Deletes an object with all its versions, the current one last, so that it is there until all else is gone.
    pub(super) async fn delete_object(&self, key: &str) -> Result<(), AccountError> {
        let pages = self.versions_from(Some(key), None).await?;
        let all = pages.iter().flat_map(|page| &page.versions).filter(|version| version.key == key);
        let (latest, older): (Vec<&Version>, Vec<&Version>) = all.partition(|version| version.is_latest);
        for some in older.chunks(MOST_AT_ONCE) {
            self.delete_versions(some).await?;
        }
        try_join_all(latest.iter().map(|version| self.delete_version(version))).await.map(drop)
    }

    /// Deletes this version of an object.
    ///
    /// Always by its name, which is "null" in a bucket without versioning: a plain delete would put a marker
    /// over the object where the bucket is versioned after all.
    async fn delete_version(&self, version: &Version) -> Result<(), AccountError> {
        let ask = self.s3.delete_object().bucket(self.name.as_str()).key(&version.key);
        let ask = ask.expected_bucket_owner(&self.owner).version_id(&version.id);
        let answer = patiently(&[BUCKET_BUSY], || ask.clone().send()).await;
        answer.or_absent(DELETE_VERSION, &self.on_object(&version.key), &GONE).map(drop)
    }

    /// Removes what was seen in the bucket beside the objects with these keys, with all versions; fails before it removes
    /// anything where something else lies there now.
    pub(super) async fn empty(
        &self,
        seen: &Leftovers,
        besides: &BTreeSet<String>,
    ) -> Result<(), AccountError> {
        let left = self.versions_beside(besides).await?;
        if left.is_empty() {
            return Ok(());
        }
        let now = Leftovers::listing(left.iter().map(Version::left).collect());
        if seen.listing != Some(now) {
            return Err(AccountError::overtaken("s3:ListBucketVersions", self.on()));
        }
        for some in left.iter().collect::<Vec<_>>().chunks(MOST_AT_ONCE) {
            self.delete_versions(some).await?;
        }
        Ok(())
    }

    /// All versions of all objects but those with these keys.
    async fn versions_beside(&self, keys: &BTreeSet<String>) -> Result<Vec<Version>, AccountError> {
        let pages = self.versions_from(None, None).await?;
        let all = pages.into_iter().flat_map(|page| page.versions);
        Ok(all.filter(|version| !keys.contains(&version.key)).collect())
    }

    /// Deletes these versions, at most [`MOST_AT_ONCE`], in one call; those of keys that cannot stand in its body one by
    /// one. Fails if one of them stays.
    async fn delete_versions(&self, some: &[&Version]) -> Result<(), AccountError> {
        let (some, odd): (Vec<_>, Vec<_>) = some.iter().copied().partition(|version| fits_xml(&version.key));
        for version in odd {
            self.delete_version(version).await?;
        }
        if some.is_empty() {
            return Ok(());
        }
        let unusable = |error: BuildError| self.failed(DELETE_VERSION, error.to_string());
        let named = some
            .iter()
            .map(|version| ObjectIdentifier::builder().key(&version.key).version_id(&version.id).build());
        let named: Vec<_> = named.collect::<Result<_, _>>().map_err(unusable)?;
        let delete = Delete::builder().set_objects(Some(named)).quiet(true).build().map_err(unusable)?;
        let ask = self.s3.delete_objects().bucket(self.name.as_str()).delete(delete);
        let ask = ask.expected_bucket_owner(&self.owner);
        let answer = patiently(&[BUCKET_BUSY], || ask.clone().send()).await;
        let Some(answer) = answer.or_absent(DELETE_VERSION, &self.on(), &GONE)? else { return Ok(()) };
        let refused = answer.errors().iter().find(|error| !GONE.contains(&error.code().unwrap_or_default()));
        refused.map_or(Ok(()), |error| Err(self.stays(error)))
    }

    /// A version that S3 did not delete among others that it may have deleted.
    fn stays(&self, error: &aws_sdk_s3::types::Error) -> AccountError {
        let [key, message, code] =
            [error.key(), error.message(), error.code()].map(Option::unwrap_or_default);
        let stays = format!("{key} stays: {message} ({code})");
        if code != "AccessDenied" {
            return self.failed(DELETE_VERSION, stays);
        }
        let message = format!("{stays}; several at once take s3:DeleteObject and {DELETE_VERSION}");
        AccountError { kind: AccountErrorKind::AccessDenied, ..self.failed(DELETE_VERSION, message) }
    }

    pub(super) fn on_object(&self, key: &str) -> String {
        Address::Object(self.name.clone(), key.to_owned()).to_string()
    }
}
