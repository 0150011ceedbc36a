//! The note in a directory of the bundle that it was packed into last.

use crate::directory::{Directory, FileError};
use sts_schemas::digest::Sha256;

/// Where the note stands: the bundle's name in its first line, its digest in the second.
pub(crate) const BUNDLED: &str = ".bundled";

/// A bundle that a directory was packed into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundled {
    /// Its name, which is that of its file but for the ending.
    pub(crate) name: String,
    /// The digest of its manifest, by which it is known whoever signed it; early notes had none.
    pub(crate) digest: Option<Sha256>,
}

impl Bundled {
    /// The note of this directory; none where it was never packed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(directory: &Directory) -> Result<Option<Self>, FileError> {
        let Some(bytes) = directory.read(BUNDLED)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let name = lines.next().unwrap_or_default().trim().to_owned();
        let digest = lines.next().and_then(|line| line.parse().ok());
        Ok(Some(Self { name, digest }).filter(|note| !note.name.is_empty()))
    }

    /// Leaves it in the directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn note(&self, directory: &Directory) -> Result<(), FileError> {
        let digest = self.digest.as_ref().map_or_else(String::new, |digest| format!("{digest}\n"));
        directory.write(BUNDLED, format!("{}\n{digest}", self.name).as_bytes()).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_left_and_an_early_one_too() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::claim(folder.path()).unwrap();
        assert_eq!(Bundled::of(&directory).unwrap(), None);
        for digest in [None, Some(Sha256::of(b"a manifest"))] {
            let note = Bundled { name: "demo-0123456789ab".into(), digest };
            note.note(&directory).unwrap();
            assert_eq!(Bundled::of(&directory).unwrap(), Some(note));
        }
        directory.write(BUNDLED, b"\n").unwrap();
        assert_eq!(Bundled::of(&directory).unwrap(), None);
    }
}
