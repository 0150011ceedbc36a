//! The files of a bundle as they lie in its archive, for who copies one that was verified.

use super::archive::ArchiveReader;
use super::error::VerifyError;
use super::limits::Limits;
use crate::layout::Place;
use std::io::Read;
use zeroize::Zeroizing;

/// The entries of a bundle in their order, one in memory at a time. Whether they are those that somebody signed is not
/// looked at: that is for [`super::UnverifiedBundle::verify`].
pub struct Entries<'a> {
    archive: ArchiveReader<&'a mut dyn Read>,
    limits: Limits,
}

/// One entry.
pub struct RawEntry {
    /// Its path below the top folder.
    pub path: String,
    /// What kind of file that path is for.
    pub place: Place,
    /// Its bytes, which may be a private key's.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl<'a> Entries<'a> {
    /// Looks at the first bytes of a source, within the limits of the format.
    ///
    /// # Errors
    /// When they are not those of a bundle.
    pub fn open(source: &'a mut dyn Read) -> Result<Self, VerifyError> {
        let limits = Limits::FORMAT;
        Ok(Self { archive: ArchiveReader::open(source, limits)?, limits })
    }

    /// The next entry, or `None` behind the last, once nothing follows it.
    ///
    /// # Errors
    /// When the archive is not as `FORMAT.md` says in section 1.
    pub fn next_entry(&mut self) -> Result<Option<RawEntry>, VerifyError> {
        let Some(entry) = self.archive.next_entry()? else { return Ok(None) };
        let bytes = Zeroizing::new(self.archive.content(&entry, self.limits.manifest)?);
        let place =
            Place::of(&entry.path).ok_or_else(|| VerifyError::BadPath { path: entry.path.clone() })?;
        Ok(Some(RawEntry { path: entry.path, place, bytes }))
    }

    /// The top folder, once the first entry was read.
    #[must_use]
    pub fn top(&self) -> &str {
        self.archive.top()
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// When something does, or the checksum is wrong.
    pub fn finish(self) -> Result<(), VerifyError> {
        self.archive.finish()
    }
}
