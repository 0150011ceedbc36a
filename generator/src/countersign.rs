//! One more signature on a bundle that is there; not a byte of anything else changes.

use crate::pack::{AppendError, append};
use std::io::{self, Read, Write};
use sts_schemas::archive::{BLOCK, END_BLOCKS, GzipWriter};
use sts_schemas::bundle::{Entries, RawEntry, VerifyError};
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{self, Place};

/// A signature that could not be put into a bundle.
#[derive(Debug, thiserror::Error)]
pub enum CountersignError {
    /// What was read is no bundle.
    #[error("the archive inside it is not that of a bundle")]
    NotABundle(#[from] VerifyError),
    /// A file of it, or the signature, does not get into the archive.
    #[error("the bundle cannot be packed")]
    Append(#[from] AppendError),
    /// What was to be written to took no more.
    #[error("the bundle cannot be written")]
    Write(#[from] io::Error),
}

/// Copies a bundle with this signature in its place, instead of one that stands there under the same key id. One of its
/// files is in memory at a time.
///
/// Whether the bundle is in order is for a reader to say, of what comes out too.
///
/// # Errors
/// When the bytes are not in the form of a bundle, or cannot be written.
pub fn with_signature(
    bundle: &mut dyn Read,
    key: &Sha256,
    token: &str,
    to: &mut dyn Write,
) -> Result<(), CountersignError> {
    let path = layout::signature(key.as_str());
    let comes_later = |entry: &RawEntry| match entry.place {
        Place::Manifest => false,
        Place::Signature { .. } => entry.path > path,
        _ => true,
    };
    let mut entries = Entries::open(bundle)?;
    let mut signed = GzipWriter::new(to)?;
    let mut pending = Some(token);
    while let Some(entry) = entries.next_entry()? {
        if comes_later(&entry)
            && let Some(token) = pending.take()
        {
            append(&mut signed, entries.top(), &path, token.as_bytes())?;
        }
        if entry.path != path {
            append(&mut signed, entries.top(), &entry.path, &entry.bytes)?;
        }
    }
    if let Some(token) = pending {
        append(&mut signed, entries.top(), &path, token.as_bytes())?;
    }
    entries.finish()?;
    signed.write_all(&[0; END_BLOCKS * BLOCK])?;
    signed.finish()?;
    Ok(())
}
