//! Writing into the installer's directory: all of it or nothing, and nothing over what is there unasked.

use super::Overwrite;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file to be put in place.
pub(super) struct File {
    /// Its path below the installer's directory.
    pub(super) path: String,
    /// Its bytes; one of them is the private key.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Who may read it.
    pub(super) mode: Mode,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everybody.
    Public,
    /// Its owner.
    Private,
}

impl Mode {
    fn bits(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Private => 0o600,
        }
    }
}

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}")]
pub(super) struct WriteError {
    path: String,
    #[source]
    source: std::io::Error,
}

/// Leaves out what is in place already; what is in the way goes to `problems`.
pub(super) fn plan(
    install_dir: &Path,
    files: Vec<File>,
    overwrite: Overwrite,
    problems: &mut Vec<String>,
) -> Vec<File> {
    let mut pending = Vec::new();
    let mut elsewhere = BTreeSet::new();
    for file in files {
        let path = install_dir.join(&file.path);
        // What is written through a link lands outside of the installer's directory.
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != install_dir);
        let links: Vec<_> = folders.filter(|folder| folder.is_symlink()).map(Path::to_owned).collect();
        if !links.is_empty() {
            elsewhere.extend(links);
            continue;
        }
        match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => pending.push(file),
            Err(error) => problems.push(format!("{} cannot be looked at: {error}", path.display())),
            Ok(metadata) if !metadata.is_file() => {
                problems.push(format!("{} is there and is no regular file", path.display()));
            }
            Ok(metadata) => {
                let same = fs::read(&path).is_ok_and(|there| *Zeroizing::new(there) == *file.bytes);
                if same && metadata.permissions().mode() & 0o777 == file.mode.bits() {
                    continue;
                }
                if !same && overwrite == Overwrite::Refuse {
                    problems
                        .push(format!("{} is there with other content; --force replaces it", path.display()));
                }
                pending.push(file);
            }
        }
    }
    problems.extend(
        elsewhere.iter().map(|folder| format!("{} is a link, and leads elsewhere", folder.display())),
    );
    pending
}

/// Writes the files, each in one step.
pub(super) fn write(install_dir: &Path, files: Vec<File>) -> Result<Vec<PathBuf>, WriteError> {
    let mut written = Vec::new();
    for file in files {
        let path = install_dir.join(&file.path);
        write_one(&path, &file).map_err(|source| WriteError { path: path.display().to_string(), source })?;
        written.push(path);
    }
    Ok(written)
}

fn write_one(path: &Path, file: &File) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    // A temporary file is 0600 from its first byte; it takes the wider mode only once it is whole.
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(&file.bytes)?;
    temporary.as_file().set_permissions(Permissions::from_mode(file.mode.bits()))?;
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
}
