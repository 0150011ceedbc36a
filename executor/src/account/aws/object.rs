//! Objects of a bucket: reading, making and deleting them.

use super::answer::Answer;
use super::bucket::{Client, NOT_YET};
use super::patience::patiently;
use crate::account::AccountError;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::primitives::ByteStream;
use futures_util::future::try_join_all;
use sts_schemas::cli_input::tags_as_query;
use sts_schemas::resource::{Address, Object, Tags};

/// The most of an object that is read. The documents of an issuer are a few kilobytes.
const MAX_BODY: i64 = 1024 * 1024;

const ABSENT: [&str; 2] = ["NoSuchKey", "NoSuchBucket"];

impl Client {
    /// Reads an object with its tags, in one round trip; `None` where there is none.
    pub(super) async fn read_object(&self, key: &str) -> Result<Option<Object>, AccountError> {
        let (content, tags) = tokio::try_join!(self.read_content(key), self.read_object_tags(key))?;
        Ok(content.map(|(content_type, body)| Object {
            bucket: self.name.clone(),
            key: key.to_owned(),
            content_type,
            body,
            tags,
        }))
    }

    /// Media type and content.
    async fn read_content(&self, key: &str) -> Result<Option<(String, String)>, AccountError> {
        const CALL: &str = "s3:GetObject";
        let ask = self.s3.get_object().bucket(self.name.as_str()).key(key).expected_bucket_owner(&self.owner);
        let Some(answer) = ask.send().await.or_absent(CALL, &self.on_object(key), &ABSENT)? else {
            return Ok(None);
        };
        let content_type = answer.content_type().unwrap_or_default().to_owned();
        let length = answer.content_length().unwrap_or_default();
        if length > MAX_BODY {
            // Differs from whatever is wanted, and so gets replaced.
            return Ok(Some((content_type, format!("({length} bytes, more than this program reads)"))));
        }
        let body = answer.body.collect().await.map_err(|error| {
            let message = format!("the content broke off: {error}");
            AccountError { on: self.on_object(key), ..self.failed(CALL, message) }
        })?;
        Ok(Some((content_type, String::from_utf8_lossy(&body.into_bytes()).into_owned())))
    }

    async fn read_object_tags(&self, key: &str) -> Result<Tags, AccountError> {
        let ask = self.s3.get_object_tagging().bucket(self.name.as_str()).key(key);
        let answer = ask.expected_bucket_owner(&self.owner).send().await;
        let answer = answer.or_absent("s3:GetObjectTagging", &self.on_object(key), &ABSENT)?;
        let list = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(list.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// Puts an object with its tags; those it had before stay, unless they are set anew.
    pub(super) async fn put_object(&self, before: Option<&Tags>, after: &Object) -> Result<(), AccountError> {
        let mut tags = before.cloned().unwrap_or_default();
        tags.extend(after.tags.clone());
        let ask = || {
            self.s3
                .put_object()
                .bucket(self.name.as_str())
                .key(&after.key)
                .expected_bucket_owner(&self.owner)
                .content_type(&after.content_type)
                .tagging(tags_as_query::encode(&tags))
                .body(ByteStream::from(after.body.clone().into_bytes()))
                .send()
        };
        let answer = patiently(&NOT_YET, ask).await;
        answer.or_error("s3:PutObject", &self.on_object(&after.key)).map(drop)
    }

    /// Deletes an object with all its versions, the current one last, so that it is there until all else is gone.
    pub(super) async fn delete_object(&self, key: &str) -> Result<(), AccountError> {
        let pages = self.versions_from(Some(key), None).await?;
        let versions = pages.iter().flat_map(ListObjectVersionsOutput::versions);
        let versions = versions.map(|version| (version.key(), version.version_id(), version.is_latest()));
        let markers = pages.iter().flat_map(ListObjectVersionsOutput::delete_markers);
        let markers = markers.map(|marker| (marker.key(), marker.version_id(), marker.is_latest()));
        let all: Vec<_> = versions.chain(markers).filter(|(of, ..)| *of == Some(key)).collect();
        let older = all.iter().filter(|(.., latest)| *latest != Some(true));
        try_join_all(older.map(|(_, version, _)| self.delete_version(key, *version))).await?;
        match all.iter().find(|(.., latest)| *latest == Some(true)) {
            Some((_, version, _)) => {
                // An unversioned bucket calls its only version "null"; plain deleting needs fewer permissions.
                self.delete_version(key, version.filter(|version| *version != "null")).await
            }
            None => Ok(()),
        }
    }

    /// Deletes this version; without one the only version of an unversioned bucket, called "null".
    async fn delete_version(&self, key: &str, version: Option<&str>) -> Result<(), AccountError> {
        let on = self.on_object(key);
        let delete = async |version: Option<&str>| {
            let ask = self.s3.delete_object().bucket(self.name.as_str()).key(key);
            let ask = ask.expected_bucket_owner(&self.owner).set_version_id(version.map(str::to_owned));
            let call = if version.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
            ask.send().await.or_absent(call, &on, &ABSENT)
        };
        let answer = delete(version).await?;
        let marker = answer.filter(|answer| version.is_none() && answer.delete_marker() == Some(true));
        let Some(marker) = marker else { return Ok(()) };
        // The bucket is versioned after all: it put a marker over the version instead of deleting it.
        delete(Some("null")).await?;
        match marker.version_id() {
            Some(version) if version != "null" => delete(Some(version)).await.map(drop),
            _ => Ok(()),
        }
    }

    fn on_object(&self, key: &str) -> String {
        Address::Object(self.name.clone(), key.to_owned()).to_string()
    }
}
