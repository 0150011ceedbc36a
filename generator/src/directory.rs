//! Writing files whole or not at all: each beside its place first, then moved there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use sts_schemas::layout::Place;

/// A folder that a command writes into, made with all folders above it when first written to.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {}", path.display())]
pub struct FileError {
    verb: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl FileError {
    /// Says what was attempted on which path.
    #[must_use]
    pub fn new(verb: &'static str, path: &Path, source: io::Error) -> Self {
        Self { verb, path: path.to_owned(), source }
    }
}

/// What writing a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The file is new.
    New,
    /// The file had another content or mode.
    Changed,
    /// The file was there just so.
    Unchanged,
}

impl Directory {
    /// The directory at this path, which need not exist.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file of a bundle's layout, with the mode of its place.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<Written, FileError> {
        let mode = Place::of(path).map_or(0o600, |place| place.mode());
        write_whole(&self.root.join(path), bytes, mode)
    }

    /// Reads a file, `None` where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FileError> {
        let path = self.root.join(path);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::new("read", &path, error)),
        }
    }

    /// Removes a file of an earlier run; one that is not there is no error.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, path: &str) -> Result<(), FileError> {
        let path = self.root.join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::new("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Every file in it, sorted, as paths with `/`; links and the like are listed as files.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn files(&self) -> Result<Vec<String>, FileError> {
        let mut found = Vec::new();
        let mut folders = vec![(self.root.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let failed = |error| FileError::new("list", &folder, error);
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if entry.file_type().map_err(failed)?.is_dir() {
                    folders.push((entry.path(), format!("{name}/")));
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Writes a file whole or not at all: beside its place, with its mode from the first byte, then moved.
///
/// # Errors
/// When the file system refuses.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<Written, FileError> {
    let failed = |error| FileError::new("write", path, error);
    let known = fs::read(path).ok();
    let same_mode = || fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o777 == mode);
    if known.as_deref() == Some(bytes) && same_mode() {
        return Ok(Written::Unchanged);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.part", std::process::id()));
    let result = create(&beside, folder, mode)
        .and_then(|file| fill(file, bytes, mode))
        .and_then(|()| fs::rename(&beside, path));
    if let Err(error) = result {
        // The half-written file is of no use; that it cannot be removed changes nothing about the error.
        let _ = fs::remove_file(&beside);
        return Err(failed(error));
    }
    Ok(if known.is_some() { Written::Changed } else { Written::New })
}

/// The mode of files that only their owner may read.
const SECRET: u32 = 0o600;

/// Opens a new file; its folder is made only where it turns out to be missing, which is rare among many files.
fn create(path: &Path, folder: &Path, mode: u32) -> io::Result<File> {
    let open = || OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            open()
        }
        opened => opened,
    }
}

fn fill(mut file: File, bytes: &[u8], mode: u32) -> io::Result<()> {
    // The umask may have taken bits away that others need, as with apply.sh.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    // What is public can be made again from the same inputs; a key that is lost is lost.
    if mode == SECRET { file.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_with_its_mode_and_a_second_writing_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::at(&folder.path().join("nested/deeper"));
        let key = sts_schemas::layout::PRIVATE_KEY;
        assert_eq!(directory.write(key, b"secret").unwrap(), Written::New);
        assert_eq!(directory.write(key, b"secret").unwrap(), Written::Unchanged);
        assert_eq!(directory.write(key, b"another").unwrap(), Written::Changed);
        let mode = fs::metadata(directory.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(directory.files().unwrap(), [key], "nothing is left beside it");
    }
}
