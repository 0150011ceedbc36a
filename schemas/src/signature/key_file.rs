//! The files that say whom a reader trusts.

use super::{KeyError, PublicKey};
use std::io;
use std::path::{Path, PathBuf};

/// A file or folder of trusted keys that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file system refuses.
    #[error("cannot read the trusted keys in {path}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// What the file system says.
        #[source]
        source: io::Error,
    },
    /// What is in it is no public key.
    #[error("{path} holds no key that can be trusted")]
    NoKey {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
}

/// Below the user's configuration folder of this project: a file `*.pub` for each key that may sign bundles.
pub const KEY_FOLDER: &str = "trusted-keys";

/// The keys in the files given; where none is given, those of the user's configuration folder.
///
/// # Errors
/// When a file or the folder cannot be read, or holds something else than public keys.
pub fn trusted_keys(given: &[PathBuf], configuration: Option<&Path>) -> Result<Vec<PublicKey>, KeyFileError> {
    match configuration {
        Some(configuration) if given.is_empty() => {
            keys_in(&configuration.join(KEY_FOLDER))?.iter().map(|path| read_key(path)).collect()
        }
        _ => given.iter().map(|path| read_key(path)).collect(),
    }
}

fn keys_in(folder: &Path) -> Result<Vec<PathBuf>, KeyFileError> {
    let unreadable = |source| KeyFileError::Unreadable { path: folder.display().to_string(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(unreadable)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pub"));
    paths.sort();
    Ok(paths)
}

fn read_key(path: &Path) -> Result<PublicKey, KeyFileError> {
    let name = || path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| KeyFileError::Unreadable { path: name(), source })?;
    PublicKey::from_pem(&text).map_err(|source| KeyFileError::NoKey { path: name(), source })
}
