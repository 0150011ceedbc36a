//! How much of anything a bundle may have, looked at before the thing itself.

use super::error::VerifyError;
use crate::cluster::Cluster;
use crate::layout::Place;

/// The limits of a reader. Each is far above what an honest bundle of 10,000 requests needs.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the archive: 10,000 requests make about 80 MB, mostly headers and padding.
    pub archive: u64,
    /// Entries of the archive: four files and the request itself, for 10,000 requests, with room.
    pub entries: u64,
    /// Bytes of the manifest: about 170 for each entry.
    pub manifest: u64,
    /// Bytes of any other file. The longest honest one is REVIEW.md.
    pub file: u64,
    /// Bytes of a file that is parsed and kept: a policy ends at 10,240 characters, fifty tags at 20,000.
    pub kept_file: u64,
    /// Bytes of all that are kept: a request makes 1,600, and twice as many where values are open, since such files
    /// are kept to be read once more.
    pub kept: u64,
    /// Bytes of one signature: an RSA-4096 one has about 1,100.
    pub signature: u64,
    /// How many signatures.
    pub signatures: usize,
}

impl Limits {
    /// The limits that `FORMAT.md` sets.
    pub const FORMAT: Self = Self {
        archive: 256 << 20,
        entries: 65_536,
        manifest: 16 << 20,
        file: 16 << 20,
        kept_file: 1 << 20,
        kept: 32 << 20,
        signature: 8 << 10,
        signatures: 32,
    };
}

/// Counts what is kept of the files while they come.
pub(super) struct Tally {
    limits: Limits,
    copies: u64,
    bytes: u64,
}

impl Tally {
    pub(super) fn new(limits: Limits, cluster: &Cluster) -> Self {
        Self { limits, copies: if cluster.open().is_empty() { 1 } else { 2 }, bytes: 0 }
    }

    /// The most bytes that the file at this path may have, which says it has so many.
    ///
    /// # Errors
    /// When there is no room for it beside what is kept already.
    pub(super) fn most(&mut self, path: &str, length: u64) -> Result<u64, VerifyError> {
        if matches!(Place::of(path), Some(Place::Request | Place::Review | Place::ApplyScript)) {
            return Ok(self.limits.file);
        }
        let most = self.limits.kept_file;
        self.bytes = self.bytes.saturating_add(self.copies.saturating_mul(length.min(most)));
        if self.bytes > self.limits.kept {
            return Err(VerifyError::limit("bytes in files to be kept", self.limits.kept));
        }
        Ok(most)
    }
}
