//! Writing an object in the place of what was seen there, and of nothing else.

use super::access_control::{READINGS, still_moving};
use super::answer::Answer;
use super::bucket::{Client, NOT_YET};
use super::object::Reading;
use super::patience::patiently;
use crate::account::AccountError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use sts_schemas::cli_input::tags_as_query;
use sts_schemas::resource::Object;

const CALL: &str = "s3:PutObject";

/// What S3 says when a condition does not hold, or another write came at the same time, or the object has gone.
///
/// Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
const UNMET: [&str; 3] = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];

/// What must lie at the key for a write to happen.
enum Condition {
    /// Nothing.
    Nothing,
    /// The content that S3 calls so.
    Content(String),
}

impl Client {
    /// Puts an object with its tags where `before` lies, or nothing where that is `None`.
    ///
    /// Tags that it had stay, unless they are set anew. What somebody else put there meanwhile stays too, and is told.
    pub(super) async fn put_object(
        &self,
        before: Option<&Object>,
        after: &Object,
    ) -> Result<(), AccountError> {
        let mut after = after.clone();
        for (key, value) in before.into_iter().flat_map(|before| &before.tags) {
            after.tags.entry(key.clone()).or_insert_with(|| value.clone());
        }
        // Where nothing was seen, S3 itself looks whether that is still so.
        let mut now = if before.is_some() { self.read_object(&after.key).await? } else { None };
        for _ in 0..READINGS {
            let condition = match (now, before) {
                // An answer was lost, or an earlier run got this far.
                (Some(Reading { object, .. }), _) if object == after => return Ok(()),
                (Some(Reading { object, etag }), Some(before)) if object == *before => {
                    Condition::Content(etag)
                }
                (None, None) => Condition::Nothing,
                _ => return Err(AccountError::overtaken(CALL, self.on_object(&after.key))),
            };
            if self.put_object_if(&condition, &after).await? {
                return Ok(());
            }
            now = self.read_object(&after.key).await?;
        }
        Err(still_moving(CALL, &self.on_object(&after.key)))
    }

    /// Puts an object if the condition holds; says whether it did.
    async fn put_object_if(&self, condition: &Condition, after: &Object) -> Result<bool, AccountError> {
        let (if_match, if_none_match) = match condition {
            Condition::Nothing => (None, Some("*".to_owned())),
            Condition::Content(etag) => (Some(etag.clone()), None),
        };
        let ask = || {
            self.s3
                .put_object()
                .bucket(self.name.as_str())
                .key(&after.key)
                .expected_bucket_owner(&self.owner)
                .content_type(&after.content_type)
                // Whatever the bucket's default: what a key of KMS's encrypts nobody reads without credentials.
                .server_side_encryption(ServerSideEncryption::Aes256)
                .tagging(tags_as_query::encode(&after.tags))
                .set_if_match(if_match.clone())
                .set_if_none_match(if_none_match.clone())
                .body(ByteStream::from(after.body.clone().into_bytes()))
                .send()
        };
        let answer = patiently(&NOT_YET, ask).await;
        answer.or_absent(CALL, &self.on_object(&after.key), &UNMET).map(|put| put.is_some())
    }
}
