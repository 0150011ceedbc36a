//! Writing files whole or not at all: each beside its place first, then moved there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

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

/// Writes a file whole or not at all: beside its place, with its mode from the first byte, then moved.
///
/// # Errors
/// When the file system refuses.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<Written, FileError> {
    if is_just_so(path, bytes, mode) {
        return Ok(Written::Unchanged);
    }
    let is_new = !path.exists();
    write_beside(path, mode, |file| fill(path, file, bytes, mode), |beside| fs::rename(beside, path))?;
    Ok(if is_new { Written::New } else { Written::Changed })
}

pub(super) fn is_just_so(path: &Path, bytes: &[u8], mode: u32) -> bool {
    // What is no file or has another length need not be read, nor waited for.
    let fits = fs::metadata(path).is_ok_and(|found| {
        found.is_file() && found.len() == bytes.len() as u64 && is_as_wanted(found.permissions().mode(), mode)
    });
    fits && fs::read(path).is_ok_and(|known| known == bytes)
}

/// Whether a file's mode gives its owner what is wanted, and nobody more: the umask decides about all others.
fn is_as_wanted(found: u32, wanted: u32) -> bool {
    const OWNER: u32 = 0o700;
    found & 0o777 & !wanted == 0 && found & OWNER == wanted & OWNER
}

/// Writes a file as [`write_whole`] does, but in the place of nothing: what is there, a link to nowhere too, stays.
///
/// # Errors
/// When something is there, or the file system refuses.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    write_beside(path, mode, |file| fill(path, file, bytes, mode), |beside| rename_to_nothing(beside, path))
}

/// Writes a file as [`write_whole`] does, by a function that is given it open, to be read back too. Where that fails,
/// what was there stays.
///
/// # Errors
/// The function's, or when the file system refuses.
pub fn write_by<E: From<FileError>>(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&File) -> Result<(), E>,
) -> Result<(), E> {
    write_beside(path, mode, |file| write(&file), |beside| fs::rename(beside, path))
}

/// What stands between being looked for and being renamed is not overwritten either, where the file system can tell.
fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Source: rename(2): file systems without this flag answer so.
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_ok() => Err(Errno::EXIST.into()),
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        answer => Ok(answer?),
    }
}

fn write_beside<E: From<FileError>>(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(File) -> Result<(), E>,
    put: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}{HALF_WRITTEN}", std::process::id()));
    let failed = |error| FileError::new("write", path, error);
    let write = || {
        fill(create(&beside, folder, mode).map_err(failed)?)?;
        Ok(put(&beside).map_err(failed)?)
    };
    write().inspect_err(|_| {
        // The half-written file is of no use; that it cannot be removed changes nothing about the error.
        let _ = fs::remove_file(&beside);
    })
}

/// How the name of a file ends that is being written.
const HALF_WRITTEN: &str = ".part";

/// Whether this is `.NAME.PID.part`, as [`write_beside`] calls a file until it is whole.
pub(super) fn is_half_written(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let number = name.strip_prefix('.').and_then(|name| name.strip_suffix(HALF_WRITTEN));
    let number = number.and_then(|name| name.rsplit_once('.')).map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The mode of files that only their owner may read.
pub(super) const SECRET: u32 = 0o600;

/// Opens a new file; its folder is made only where it turns out to be missing, which is rare among many files.
fn create(path: &Path, folder: &Path, mode: u32) -> io::Result<File> {
    let open = || OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            open()
        }
        opened => opened,
    }
}

fn fill(path: &Path, mut file: File, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let written = file.write_all(bytes);
    // What is public can be made again from the same inputs; a key that is lost is lost.
    let kept = written.and_then(|()| if mode == SECRET { file.sync_all() } else { Ok(()) });
    kept.map_err(|error| FileError::new("write", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_fits_that_gives_its_owner_what_is_wanted_and_nobody_more() {
        for (found, wanted, fits) in [
            (0o100_644, 0o644, true),
            (0o100_600, 0o644, true),
            (0o100_700, 0o755, true),
            (0o100_644, 0o600, false),
            (0o100_400, 0o600, false),
            (0o100_664, 0o644, false),
        ] {
            assert_eq!(is_as_wanted(found, wanted), fits, "{found:o} for {wanted:o}");
        }
    }

    #[test]
    fn a_new_file_takes_nothings_place_and_not_that_of_a_link_to_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, b"first", 0o600).unwrap();
        assert!(write_new(&path, b"second", 0o600).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert!(write_new(&link, b"second", 0o600).is_err());
        assert!(link.is_symlink() && !folder.path().join("nowhere").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside them");
    }
}
