//! A folder that a command works in, alone.

mod file;

pub use file::{FileError, Written, write_by, write_new, write_whole};

use crate::bundled::BUNDLED;
use crate::progress::Stage;
use crate::unfinished::UNFINISHED;
use file::{SECRET, is_half_written, is_just_so};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use sts_schemas::bundle::Limits;
use sts_schemas::layout::{self, Place};

/// A folder that a command writes into, and no other run of this program at the same time.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// Held open for its lock; none where the file system knows no locks.
    lock: Option<File>,
    /// Whether this run made it.
    is_new: bool,
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.is_new {
            // It goes only while it is empty: a run that was refused leaves nothing.
            let _ = fs::remove_dir(&self.root);
        }
    }
}

/// Who could read a secret file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// As it should be.
    OwnerOnly,
    /// Its group or everybody, until now.
    Others,
}

impl Directory {
    /// The directory at this path, to be read only.
    #[must_use]
    pub fn to_read(root: &Path) -> Self {
        Self { root: root.to_owned(), lock: None, is_new: false }
    }

    /// Claims the directory at this path, and makes it where it is missing.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn claim(root: &Path) -> Result<Self, FileError> {
        let is_new = !root.exists();
        fs::create_dir_all(root).map_err(|error| FileError::new("make", root, error))?;
        let mut directory = Self::claim_existing(root)?;
        directory.is_new = is_new;
        Ok(directory)
    }

    /// Claims a directory that must be there: waits for another run that works in it, and removes what a run that
    /// was cut left half-written.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn claim_existing(root: &Path) -> Result<Self, FileError> {
        let folder = File::open(root).map_err(|error| FileError::new("open", root, error))?;
        let lock = locked(folder, root, "waiting for another run in this directory")?;
        let directory = Self { root: root.to_owned(), lock, is_new: false };
        if directory.lock.is_some() {
            directory.remove_leftovers()?;
        }
        Ok(directory)
    }

    /// Whoever holds the lock is alone: what is half-written is nobody's any more.
    fn remove_leftovers(&self) -> Result<(), FileError> {
        let top = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let failed = |error| FileError::new("list", &self.root, error);
        let entries: Vec<String> =
            fs::read_dir(&self.root).map_err(failed)?.filter_map(Result::ok).map(top).collect();
        entries.iter().filter(|name| is_half_written(name)).try_for_each(|name| self.remove(name))?;
        for folder in [layout::MANIFESTS, layout::REQUESTS, TLS] {
            if !self.root.join(folder).is_dir() {
                continue;
            }
            let within = self.files_below(&format!("{folder}/"))?;
            within.iter().filter(|path| is_half_written(path)).try_for_each(|path| self.remove(path))?;
        }
        Ok(())
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
        let mode = Place::of(path).map_or(SECRET, |place| place.mode());
        self.refuse_links(path)?;
        write_whole(&self.root.join(path), bytes, mode)
    }

    /// Whether [`Directory::write`] would change nothing.
    #[must_use]
    pub fn has(&self, path: &str, bytes: &[u8]) -> bool {
        is_just_so(&self.root.join(path), bytes, Place::of(path).map_or(SECRET, |place| place.mode()))
    }

    /// A folder of the directory that is a link leads out of it.
    fn refuse_links(&self, path: &str) -> Result<(), FileError> {
        for (end, _) in path.match_indices('/') {
            let folder = self.root.join(&path[..end]);
            if folder.is_symlink() {
                let error = io::Error::new(io::ErrorKind::NotADirectory, "it is a link, and leads elsewhere");
                return Err(FileError::new("write into", &folder, error));
            }
        }
        Ok(())
    }

    /// Takes a secret file away from everybody but its owner; says whether anybody else could read it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn narrow(&self, path: &str) -> Result<Readers, FileError> {
        let path = self.root.join(path);
        let failed = |error| FileError::new("look at", &path, error);
        let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
        if mode & (0o777 - SECRET) == 0 {
            return Ok(Readers::OwnerOnly);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(SECRET)).map_err(failed)?;
        Ok(Readers::Others)
    }

    /// Reads a file that a link may not stand for, nor for its folder; `None` where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read, or is behind a link.
    pub fn read_own(&self, path: &str) -> Result<Option<Vec<u8>>, FileError> {
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        if let Some(link) = folders.chain([path]).find(|path| self.is_link(path)) {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is a link, and leads elsewhere");
            return Err(FileError::new("read", &self.root.join(link), error));
        }
        self.read(path)
    }

    /// Reads a file of no more bytes than a bundle takes of it, `None` where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FileError> {
        let most = most_bytes(path);
        let path = self.root.join(path);
        // What is no file at all, as a pipe that nobody writes to, would be waited for.
        let is_other = fs::metadata(&path).is_ok_and(|found| !found.is_file());
        if is_other {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
            return Err(FileError::new("read", &path, error));
        }
        let read = || {
            let file = File::open(&path)?;
            let length = file.metadata()?.len().min(most);
            // With room for all of it from the start: a buffer that grows would leave copies of a key behind.
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
            file.take(most + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > most {
                let what = format!("it is longer than {most} bytes, and no bundle takes that");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
            }
            Ok(bytes)
        };
        match read() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let error = io::Error::new(io::ErrorKind::NotFound, "a link is there, and leads to nothing");
                Err(FileError::new("read", &path, error))
            }
            Err(error) => Err(FileError::new("read", &path, error)),
        }
    }

    /// Whether a link stands at this path, which leads out of the directory or into it.
    #[must_use]
    pub fn is_link(&self, path: &str) -> bool {
        fs::symlink_metadata(self.root.join(path)).is_ok_and(|found| found.is_symlink())
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

    /// Every file in it but the two notes of its own (`.bundled`, `.unfinished`), sorted, as paths with `/`; links and the like are listed as files.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn files(&self) -> Result<Vec<String>, FileError> {
        let mut files = self.files_below("")?;
        files.retain(|path| !NOTES.contains(&path.as_str()));
        Ok(files)
    }

    fn files_below(&self, top: &str) -> Result<Vec<String>, FileError> {
        let mut found = Vec::new();
        let mut folders = vec![(self.root.join(top), top.to_owned())];
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

/// Locks what is open, and says so while it waits for another run; none where the file system knows no locks.
fn locked(file: File, path: &Path, waiting: &str) -> Result<Option<File>, FileError> {
    let failed = |error| FileError::new("lock", path, error);
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let _stage = Stage::begin(waiting);
            file.lock().map_err(failed)?;
            Ok(Some(file))
        }
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Opens a file that is about to be replaced, and locks it: of several runs that replace it, each waits for the one
/// before, and finds what that wrote.
///
/// # Errors
/// When the file system refuses, also because the file is gone.
pub(crate) fn open_alone(path: &Path) -> Result<File, FileError> {
    loop {
        let open = || File::open(path).map_err(|error| FileError::new("open", path, error));
        let file = open()?;
        let lock = file.try_clone().map_err(|error| FileError::new("open", path, error))?;
        let lock = locked(lock, path, "waiting for another run that changes this file")?;
        // Who had the lock before may have put another file in this one's place.
        let same =
            |one: &fs::Metadata, other: &fs::Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
        let is_it = fs::metadata(path).and_then(|there| Ok(same(&there, &file.metadata()?)));
        if lock.is_none() || is_it.map_err(|error| FileError::new("open", path, error))? {
            return Ok(file);
        }
    }
}

/// The most bytes that are read of a file: what a bundle may have of it, and notes have a line for each file.
fn most_bytes(path: &str) -> u64 {
    match Place::of(path) {
        None | Some(Place::Request | Place::Review | Place::ApplyScript | Place::Manifest) => {
            Limits::FORMAT.file
        }
        Some(_) => Limits::FORMAT.kept_file,
    }
}

/// What this program keeps in a directory for itself; a bundle has none of it.
const NOTES: [&str; 2] = [UNFINISHED, BUNDLED];

/// The folder of [`layout::TLS_KEY`].
const TLS: &str = "tls";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_with_its_mode_and_a_second_writing_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::claim(&folder.path().join("nested/deeper")).unwrap();
        let key = sts_schemas::layout::PRIVATE_KEY;
        assert_eq!(directory.write(key, b"secret").unwrap(), Written::New);
        assert_eq!(directory.write(key, b"secret").unwrap(), Written::Unchanged);
        assert_eq!(directory.write(key, b"another").unwrap(), Written::Changed);
        let mode = fs::metadata(directory.path().join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(directory.files().unwrap(), [key], "nothing is left beside it");
    }

    #[test]
    fn what_a_run_that_was_cut_left_goes_and_what_only_looks_like_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("manifests")).unwrap();
        let cut = [".03-keys.json.1234.part", "manifests/.a.yaml.7.part"];
        let kept = [".part", ".a.part", ".a.b.part", "a.1.part", "manifests/a.yaml"];
        for name in cut.iter().chain(&kept) {
            fs::write(root.join(name), "").unwrap();
        }
        let mut kept = kept.map(str::to_owned);
        kept.sort();
        assert_eq!(Directory::claim(root).unwrap().files().unwrap(), kept);
    }

    #[test]
    fn nothing_is_written_through_a_folder_that_is_a_link() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("manifests")).unwrap();
        let directory = Directory::claim(folder.path()).unwrap();
        assert!(directory.write("manifests/a.yaml", b"x").is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
