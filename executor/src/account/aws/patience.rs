//! IAM and S3 tell all their parts of a change by and by; what was just made may not be known everywhere yet.
//!
//! Source: IAM User Guide, "Changes that I make are not always immediately visible".

use crate::account::AccountError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::time::Duration;

/// An answer that means "not yet": an error code, and words that its message must hold.
pub(super) type NotYet = (&'static str, &'static str);

/// IAM has not heard of the role or provider everywhere.
pub(super) const ENTITY_UNKNOWN: NotYet = ("NoSuchEntity", "");
/// A policy names a principal that was just made.
pub(super) const PRINCIPAL_UNKNOWN: NotYet = ("MalformedPolicyDocument", "rincipal");
/// Two changes to one thing met.
pub(super) const BUSY: NotYet = ("ConcurrentModification", "");
/// A policy that was just taken away still counts. What else may be in the way of a delete does not go by itself.
pub(super) const STILL_ATTACHED: NotYet = ("DeleteConflict", "polic");
/// S3 has not heard of the bucket everywhere.
pub(super) const BUCKET_UNKNOWN: NotYet = ("NoSuchBucket", "");
/// Another change to the bucket is under way.
pub(super) const BUCKET_BUSY: NotYet = ("OperationAborted", "");

/// How long to wait before each further attempt: 20 seconds in all, several times what IAM usually takes.
const PAUSES: [Duration; 8] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(4),
    Duration::from_secs(4),
    Duration::from_secs(4),
];

/// Makes the call again for as long as its answer is one of `not_yet`, within bounds.
pub(super) async fn patiently<T, E, C>(
    not_yet: &[NotYet],
    mut call: impl FnMut() -> C,
) -> Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata,
    C: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    for pause in PAUSES {
        match call().await {
            Err(error) if is_not_yet(&error, not_yet) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    call().await
}

/// Looks until there is something to see, within the same bounds: lists learn late of what was just made.
pub(super) async fn until_seen<T>(
    look: impl AsyncFn() -> Result<Option<T>, AccountError>,
) -> Result<Option<T>, AccountError> {
    for pause in PAUSES {
        if let Some(seen) = look().await? {
            return Ok(Some(seen));
        }
        tokio::time::sleep(pause).await;
    }
    look().await
}

fn is_not_yet(error: &impl ProvideErrorMetadata, not_yet: &[NotYet]) -> bool {
    let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    not_yet.iter().any(|(known, words)| code == *known && message.contains(words))
}
