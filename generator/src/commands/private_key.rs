//! Whether the cluster's private key goes into the bundle, and in which form.

use super::passphrase::{self, Passphrase};
use super::{Surroundings, create_key_pair, in_file, say, warn};
use crate::directory::{Directory, FileError};
use crate::key::read_private;
use crate::render::Files;
use clap::{Args, ValueEnum};
use pkcs8::EncodePrivateKey as _;
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::sealed;
use sts_schemas::signature::KeyError;
use zeroize::Zeroizing;

/// Whether the cluster's private key goes into the bundle.
#[derive(Debug, Clone, Args)]
pub(crate) struct PrivateKeyArgs {
    /// Whether the cluster's private key goes into the bundle: omit, unless a passphrase for it is given.
    ///
    /// The executor never needs it. Encrypted, its salt is random: the same inputs no longer give the same
    /// bundle, byte for byte.
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) private_key: Option<PrivateKeyMode>,
    /// File whose first line is the passphrase to put the cluster's private key under; it is not that of the
    /// signing key, which is --passphrase-file.
    #[arg(long, value_name = "FILE")]
    pub(crate) private_key_passphrase_file: Option<PathBuf>,
}

/// How the cluster's private key goes into a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateKeyMode {
    /// It stays in the author's directory.
    Omit,
    /// Under a passphrase: PKCS#8, scrypt and AES-256.
    Encrypted,
    /// For whoever reads the bundle.
    Plaintext,
}

/// The same, with all that is needed to do it.
pub(crate) enum PrivateKey {
    Omit,
    /// There is no directory that it could come from.
    Elsewhere,
    Encrypted(Passphrase),
    Plaintext,
}

/// Flags that contradict each other.
#[derive(Debug, thiserror::Error)]
enum ModeError {
    #[error("--private-key {0} and --private-key-passphrase-file contradict each other")]
    Needless(&'static str),
    #[error("--private-key encrypted needs a passphrase")]
    NoPassphrase,
}

impl PrivateKeyArgs {
    /// What is to be done with the private key; asks for a passphrase where one is needed and none is given.
    pub(crate) fn open(&self, surroundings: Surroundings) -> Result<PrivateKey, Failure> {
        let usage = |error| Failure::new(Exit::Usage, error);
        match (self.private_key, &self.private_key_passphrase_file) {
            (None | Some(PrivateKeyMode::Encrypted), Some(path)) => {
                passphrase::read(path).map(PrivateKey::Encrypted)
            }
            (None | Some(PrivateKeyMode::Omit), None) => Ok(PrivateKey::Omit),
            (Some(PrivateKeyMode::Plaintext), None) => Ok(PrivateKey::Plaintext),
            (Some(PrivateKeyMode::Encrypted), None) => {
                let asked = passphrase::ask_new("the cluster's private key", surroundings.person)?;
                asked.map(PrivateKey::Encrypted).ok_or_else(|| {
                    usage(ModeError::NoPassphrase).hint("give --private-key-passphrase-file FILE")
                })
            }
            (Some(PrivateKeyMode::Omit), Some(_)) => Err(usage(ModeError::Needless("omit"))),
            (Some(PrivateKeyMode::Plaintext), Some(_)) => Err(usage(ModeError::Needless("plaintext"))),
        }
    }
}

impl PrivateKey {
    /// Puts the directory's private key among the bundle's files.
    pub(crate) fn add(&self, directory: &Directory, files: &mut Files) -> Result<(), Failure> {
        let path = directory.path().join(layout::PRIVATE_KEY);
        let read = || {
            let found = directory.read(layout::PRIVATE_KEY);
            let found = found.map_err(|error: FileError| Failure::new(Exit::Failed, error))?;
            found.map(Zeroizing::new).ok_or_else(|| {
                Failure::new(Exit::Failed, format!("there is no {} to put into the bundle", path.display()))
                    .hint("leave out --private-key where the cluster's key is kept elsewhere")
            })
        };
        let read = || {
            let private = read()?;
            // A bundle without a public key is refused by the rules for all bundles.
            if let Some(public) = files.get(layout::PUBLIC_KEY) {
                create_key_pair::matching(directory, &private, public)?;
            }
            Ok::<_, Failure>(private)
        };
        match self {
            Self::Omit | Self::Elsewhere => {}
            Self::Encrypted(passphrase) => {
                let sealed = seal(&read()?, passphrase).map_err(|error| in_file(&path, error))?;
                files.insert(layout::PRIVATE_KEY.to_owned(), sealed.as_bytes().to_vec());
            }
            Self::Plaintext => {
                let bytes = read()?;
                for path in [layout::PRIVATE_KEY, layout::TLS_KEY] {
                    files.insert(path.to_owned(), bytes.to_vec());
                }
            }
        }
        Ok(())
    }

    /// The mode of the bundle's file.
    pub(crate) fn bundle_mode(&self) -> u32 {
        match self {
            Self::Omit | Self::Elsewhere => 0o644,
            Self::Encrypted(_) | Self::Plaintext => 0o600,
        }
    }

    /// Says what lies in the bundle that is no business of most people's.
    pub(crate) fn tell(&self) {
        match self {
            Self::Omit => say("no private key is in the bundle: what there is of one stays in the directory"),
            Self::Elsewhere => say("no private key is in the bundle"),
            Self::Encrypted(_) => say("the cluster's private key is in the bundle, under its passphrase"),
            Self::Plaintext => warn(
                "WARNING: the cluster's private key is IN THE BUNDLE, IN PLAIN TEXT. Whoever reads the bundle can \
                 make tokens of the cluster and take on each of its roles. Nothing but the installer needs it",
            ),
        }
    }
}

fn seal(pem: &[u8], passphrase: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    let text = std::str::from_utf8(pem).map_err(|_| KeyError::NotPem)?;
    let key = read_private(text).ok_or(KeyError::Damaged)?;
    let der = key.to_pkcs8_der().map_err(|_| KeyError::Damaged)?;
    sealed::seal(der.as_bytes(), passphrase)
}
