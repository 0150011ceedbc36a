//! All that lies in a bucket: objects, their old versions and delete markers, page by page.

use super::answer::Answer;
use super::bucket::Client;
use super::bucket_read::ABSENT;
use super::pages::{MOST, endless};
use crate::account::AccountError;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::EncodingType;
use sts_schemas::state::Leftover;

/// What S3 calls the only version in a bucket without versioning.
///
/// Source: Amazon S3 User Guide, "Using versioning in S3 buckets".
const UNVERSIONED: &str = "null";

/// One version of an object, or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) is_latest: bool,
    pub(super) is_marker: bool,
    /// What S3 calls its content; empty for a marker.
    pub(super) etag: String,
    /// In bytes.
    pub(super) size: u64,
}

impl Version {
    /// As it counts among leftovers.
    pub(super) fn left(&self) -> Leftover<'_> {
        Leftover { key: &self.key, version: &self.id, etag: &self.etag, size: self.size }
    }
}

/// A page of a bucket's versions and markers.
#[derive(Debug, Default)]
pub(super) struct VersionsPage {
    pub(super) versions: Vec<Version>,
    /// Key and version after which the next page begins; `None` after the last.
    pub(super) next: Option<(Option<String>, Option<String>)>,
}

impl Client {
    /// One page of the bucket's objects with all their versions; `None` where there is no bucket.
    ///
    /// A key may hold characters that XML has no form for, so that S3 is asked to encode them.
    pub(super) async fn versions_page(
        &self,
        prefix: Option<&str>,
        after: Option<&VersionsPage>,
    ) -> Result<Option<VersionsPage>, AccountError> {
        let ask =
            self.s3.list_object_versions().bucket(self.name.as_str()).expected_bucket_owner(&self.owner);
        let (key, id) = after.and_then(|page| page.next.clone()).unwrap_or_default();
        let ask = ask
            .encoding_type(EncodingType::Url)
            .set_prefix(prefix.map(str::to_owned))
            .set_key_marker(key)
            .set_version_id_marker(id);
        let answer = ask.send().await.or_absent("s3:ListBucketVersions", &self.on(), &ABSENT)?;
        Ok(answer.as_ref().map(read))
    }

    /// This page of the bucket's versions, and all that follow it.
    pub(super) async fn versions_from(
        &self,
        prefix: Option<&str>,
        first: Option<VersionsPage>,
    ) -> Result<Vec<VersionsPage>, AccountError> {
        let mut pages: Vec<VersionsPage> = first.into_iter().collect();
        while pages.last().is_none_or(|page| page.next.is_some()) {
            let Some(page) = self.versions_page(prefix, pages.last()).await? else { break };
            let repeats = page.next.is_some() && pages.last().is_some_and(|last| last.next == page.next);
            pages.push(page);
            if repeats || pages.len() > MOST {
                return Err(endless("s3:ListBucketVersions", self.on(), pages.len()));
            }
        }
        Ok(pages)
    }
}

fn read(answer: &ListObjectVersionsOutput) -> VersionsPage {
    let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
    let plain = |text: &str| if is_encoded { decoded(text) } else { text.to_owned() };
    let version = |key: Option<&str>, id: Option<&str>, latest: Option<bool>| {
        let (key, id) = (plain(key?), id.unwrap_or(UNVERSIONED).to_owned());
        let is_latest = latest == Some(true);
        Some(Version { key, id, is_latest, is_marker: false, etag: String::new(), size: 0 })
    };
    let versions = answer.versions().iter().filter_map(|one| {
        let size = one.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        let etag = one.e_tag().unwrap_or_default().to_owned();
        Some(Version { etag, size, ..version(one.key(), one.version_id(), one.is_latest())? })
    });
    let markers = answer.delete_markers().iter().filter_map(|one| {
        Some(Version { is_marker: true, ..version(one.key(), one.version_id(), one.is_latest())? })
    });
    let next = || (answer.next_key_marker().map(plain), answer.next_version_id_marker().map(str::to_owned));
    VersionsPage {
        versions: versions.chain(markers).collect(),
        next: (answer.is_truncated() == Some(true)).then(next),
    }
}

/// A key as S3 encodes it: bytes in hexadecimal after `%`, and `+` for a space.
///
/// Source: Amazon S3 API Reference, `ListObjectVersions`, `EncodingType`.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, behind @ ..] = rest {
        let hexadecimal = match behind {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        (bytes, rest) = match hexadecimal {
            Some((high, low)) => (pushed(bytes, high * 16 + low), &behind[2..]),
            None if *first == b'+' => (pushed(bytes, b' '), behind),
            None => (pushed(bytes, *first), behind),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn pushed(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

/// Whether a key can stand in the body of a call: XML has no form for most control characters.
///
/// Source: Extensible Markup Language (XML) 1.0, "Characters"; a carriage return would come back as a line feed.
pub(super) fn fits_xml(key: &str) -> bool {
    key.chars().all(|c| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

    #[test]
    fn keys_are_decoded_only_where_s3_says_that_they_are_encoded() {
        let answer = || {
            ListObjectVersionsOutput::builder()
                .versions(ObjectVersion::builder().key("a+b%2Fc%1B%C3%A9%2B%zz").is_latest(true).build())
                .delete_markers(DeleteMarkerEntry::builder().key("d%").version_id("1").build())
                .next_key_marker("x%1B")
                .is_truncated(true)
        };
        let encoded = read(&answer().encoding_type(EncodingType::Url).build());
        let keys: Vec<_> = encoded.versions.iter().map(|version| version.key.as_str()).collect();
        assert_eq!(keys, ["a b/c\u{1b}\u{e9}+%zz", "d%"]);
        assert_eq!(encoded.next, Some((Some("x\u{1b}".into()), None)), "S3 takes a marker as it is");
        let plain = read(&answer().build());
        assert_eq!(plain.versions[0].key, "a+b%2Fc%1B%C3%A9%2B%zz");
        assert!(!plain.versions[0].is_marker && plain.versions[1].is_marker);
    }

    #[test]
    fn what_xml_has_no_form_for_is_known() {
        assert!(fits_xml("caf\u{e9}/\t\u{1f600}.json"));
        assert!(["\u{1b}", "a\r", "\0", "\u{ffff}"].iter().all(|key| !fits_xml(key)));
    }
}
