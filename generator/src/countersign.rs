//! One more signature on a bundle that is there; not a byte of anything else changes.

use crate::pack::append;
use sts_schemas::archive::{PathTooLong, gzip, spans, ungzip};
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{self, Place};
use zeroize::Zeroizing;

/// A signature that could not be put into a bundle.
#[derive(Debug, thiserror::Error)]
pub enum CountersignError {
    /// The bytes are no bundle that a reader has found in order.
    #[error("the archive inside it is not that of a bundle")]
    NotABundle,
    /// The signature's path does not fit the archive.
    #[error("the signature cannot be packed")]
    Path(#[from] PathTooLong),
}

/// The bundle with this signature in its place, instead of one that stands there under the same key id.
///
/// The bundle must be one that a reader has found in order.
///
/// # Errors
/// When the bytes are no such bundle.
pub fn with_signature(
    bundle: &[u8],
    key: &Sha256,
    token: &str,
) -> Result<Zeroizing<Vec<u8>>, CountersignError> {
    let archive = Zeroizing::new(ungzip(bundle).ok_or(CountersignError::NotABundle)?);
    let spans = spans(&archive).ok_or(CountersignError::NotABundle)?;
    let manifest = spans.first().ok_or(CountersignError::NotABundle)?;
    let (top, _) = manifest.path.split_once('/').ok_or(CountersignError::NotABundle)?;
    let path = layout::signature(key.as_str());

    let below = |full: &str| full.split_once('/').map_or_else(String::new, |(_, below)| below.to_owned());
    let is_before = |full: &str| match Place::of(&below(full)) {
        Some(Place::Manifest) => true,
        Some(Place::Signature { .. }) => below(full) < path,
        _ => false,
    };
    let before = spans.iter().take_while(|span| is_before(&span.path)).last();
    let at = before.ok_or(CountersignError::NotABundle)?.range.end;
    let replaced = spans.iter().find(|span| below(&span.path) == path);
    let rest = replaced.map_or(at, |span| span.range.end);

    let mut signed = Zeroizing::new(Vec::with_capacity(archive.len() + ROOM));
    signed.extend_from_slice(&archive[..at]);
    append(&mut signed, top, &path, token.as_bytes())?;
    signed.extend_from_slice(&archive[rest..]);
    Ok(Zeroizing::new(gzip(&signed)))
}

/// More bytes than a signature takes with its header and padding. Source: `FORMAT.md`, section 1.5.
const ROOM: usize = 16 << 10;
