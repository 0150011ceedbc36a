//! The files that say whom a reader trusts.

use super::exposure::{Exposure, exposure, exposure_of_file};
use super::{KeyError, PublicKey};
use std::fs::File;
use std::io::{self, Read as _};
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
    /// A file or folder that is trusted without being named, and that others may change.
    #[error("{0}, who could put a key of theirs there")]
    Exposed(Exposure),
}

impl KeyFileError {
    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Exposed(exposure) => {
                format!("look whether the keys are those you put there, then `{}`", exposure.remedy())
            }
            Self::Unreadable { .. } | Self::NoKey { .. } => {
                "give the FILE.pub that `sts-generator create-signing-key --output FILE` wrote".into()
            }
        }
    }
}

/// The keys that a person trusts, each once.
#[derive(Debug, Default)]
pub struct TrustedKeys {
    /// The keys, in the order of their files.
    pub keys: Vec<PublicKey>,
    /// A sentence for each file whose key another file has already given.
    pub repeated: Vec<String>,
}

/// The most bytes of a file with one public key: RSA of 8192 bits has 1,500, and the rest is for comments.
const MOST_BYTES: u64 = 64 << 10;

/// Below the user's configuration folder of this project: a file `*.pub` for each key that may sign bundles.
pub const KEY_FOLDER: &str = "trusted-keys";

/// The keys in the files given; where none is given, those of the user's configuration folder.
///
/// A file that was given is taken as it is; see [`exposed`].
///
/// # Errors
/// When a file or the folder cannot be read, or holds something else than public keys; and when a key in the folder, or
/// a folder on the way to it, belongs to somebody else or may be written by others, as `ssh` refuses such files.
pub fn trusted_keys(given: &[PathBuf], configuration: Option<&Path>) -> Result<TrustedKeys, KeyFileError> {
    match configuration {
        Some(configuration) if given.is_empty() => {
            let folder = configuration.join(KEY_FOLDER);
            let paths = keys_in(&folder)?;
            if let Some(exposed) = paths.iter().find_map(|path| exposure(path)) {
                return Err(KeyFileError::Exposed(exposed));
            }
            // Nobody may ever write into a pipe that lies there.
            if let Some(path) = paths.iter().find(|path| path.metadata().is_ok_and(|found| !found.is_file()))
            {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
                return Err(KeyFileError::Unreadable { path: path.display().to_string(), source });
            }
            each_once(&paths)
        }
        _ => each_once(given),
    }
}

/// The keys in these files. Who reads two files of one key has still one key, whatever the files say of its holder.
fn each_once(paths: &[PathBuf]) -> Result<TrustedKeys, KeyFileError> {
    let mut found = TrustedKeys::default();
    let mut files: Vec<&PathBuf> = Vec::new();
    for path in paths {
        let key = read_key(path)?;
        match found.keys.iter().position(|known| *known == key) {
            None => {
                found.keys.push(key);
                files.push(path);
            }
            Some(known) => found.repeated.push(format!(
                "{} and {} hold the same key {}, which counts once.",
                files[known].display(),
                path.display(),
                key.id()
            )),
        }
    }
    Ok(found)
}

/// What to tell of files that were named as trusted, and that others than their owner may write to.
#[must_use]
pub fn exposed(given: &[PathBuf]) -> Vec<String> {
    let warning = |exposure: Exposure| {
        format!("{exposure}, who could put a key of theirs there; `{}`", exposure.remedy())
    };
    given.iter().filter_map(|path| exposure_of_file(path)).map(warning).collect()
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
    let unreadable = |source| KeyFileError::Unreadable { path: name(), source };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    if text.len() as u64 > MOST_BYTES {
        let long = format!("it is longer than the {MOST_BYTES} bytes that a public key may have");
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, long)));
    }
    read.map_err(unreadable)?;
    PublicKey::from_pem(&text).map_err(|source| KeyFileError::NoKey { path: name(), source })
}
