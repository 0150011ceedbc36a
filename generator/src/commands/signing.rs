//! Flags that say who signs, and how long that counts.

use super::passphrase;
use super::{Person, Surroundings, in_file, read_input, say, warn};
use crate::cli::Lifetime;
use clap::Args;
use std::path::{Path, PathBuf};
use sts_schemas::failure::Failure;
use sts_schemas::signature::{Algorithm, KeyError, SigningKey};

/// Who signs a new bundle, and where it goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct SigningArgs {
    /// The author's signing key, as create-signing-key makes it, or another PKCS#8 PEM.
    ///
    /// PKCS#8 PEM: Ed25519, ECDSA on P-256 or P-384, or RSA of 2048 bits or more, as create-signing-key, `openssl
    /// genpkey` and `ssh-keygen -m PKCS8` (RSA and ECDSA only) make it. Encrypted, it is PBES2 with AES-CBC and scrypt
    /// or PBKDF2 with SHA-2: what these three do when not told otherwise. Not read: OpenSSH's own form, `EC PRIVATE KEY`,
    /// `RSA PRIVATE KEY`, RSA-PSS keys, triple DES.
    #[arg(long, value_name = "FILE", required_unless_present = "unsigned")]
    pub(crate) signing_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) manner: SigningManner,
    /// Leave the bundle UNSIGNED: sts-generator sign adds what a token or a key service signed elsewhere.
    #[arg(long, conflicts_with_all = ["signing_key", "passphrase_file", "algorithm", "expires"])]
    pub(crate) unsigned: bool,
    /// Directory for the bundle.
    #[arg(long, value_name = "DIR", default_value = BUNDLE_DIR)]
    pub(crate) bundle_dir: PathBuf,
}

/// Where bundles go when nothing else is said.
pub(crate) const BUNDLE_DIR: &str = "bundles";

/// How a key signs.
#[derive(Debug, Clone, Args)]
pub(crate) struct SigningManner {
    /// File whose first line is the passphrase of the signing key; else a terminal is asked for it.
    #[arg(long, value_name = "FILE", requires = "signing_key")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// What an RSA key signs with, ps256 or rs256; other kinds of keys have one algorithm each.
    #[arg(long)]
    pub(crate) algorithm: Option<Algorithm>,
    /// How long the signature counts, like 90d or 12h; without it, it does not end.
    #[arg(long, value_name = "DURATION")]
    pub(crate) expires: Option<Lifetime>,
}

/// Who signs.
pub(crate) enum Signing {
    /// This key, until the second since 1970, if one is given.
    Key(SigningKey, Option<u64>),
    /// A key kept elsewhere, later.
    Elsewhere,
}

impl SigningArgs {
    /// Reads the signing key.
    pub(crate) fn open(&self, surroundings: Surroundings) -> Result<Signing, Failure> {
        let Some(path) = &self.signing_key else {
            return Ok(Signing::Elsewhere);
        };
        let key = self.manner.key(path, surroundings.person)?;
        Ok(Signing::Key(key, self.manner.end(surroundings)))
    }
}

impl SigningManner {
    /// When a signature made now ends to count, in seconds since 1970.
    pub(crate) fn end(&self, surroundings: Surroundings) -> Option<u64> {
        self.expires.map(|lifetime| lifetime.end(surroundings.time.seconds()))
    }

    /// Reads a signing key, and asks for its passphrase where no file has it.
    pub(crate) fn key(&self, path: &Path, person: Person) -> Result<SigningKey, Failure> {
        let refused = |error: KeyError| {
            in_file(path, error).hint(
                "a signing key is a PKCS#8 PEM: create-signing-key, openssl genpkey and ssh-keygen -m PKCS8 \
                 make one; an encrypted one needs --passphrase-file, or a terminal to type at",
            )
        };
        let bytes = zeroize::Zeroizing::new(read_input(path)?);
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let given = self.passphrase_file.as_deref().map(passphrase::read).transpose()?;
        let opened = match SigningKey::from_pem(text, given.as_deref().map(Vec::as_slice)) {
            Err(KeyError::PassphraseMissing) => {
                let asked = passphrase::ask(&path.display().to_string(), person)?;
                SigningKey::from_pem(text, asked.as_deref().map(Vec::as_slice))
            }
            opened => opened,
        };
        let key = opened.map_err(refused)?;
        match self.algorithm {
            Some(algorithm) => key.with_algorithm(algorithm).map_err(refused),
            None => Ok(key),
        }
    }
}

impl Signing {
    /// Says whose signature the bundle bears.
    pub(crate) fn tell(&self) {
        match self {
            Self::Key(key, end) => {
                say(&format!("signed by {}", key.public_key().id()));
                if let Some(end) = end {
                    say(&format!("the signature counts until {}", sts_schemas::moment::utc(*end)));
                }
            }
            Self::Elsewhere => {
                warn(
                    "UNSIGNED: nobody vouches for this bundle, and sts-executor refuses it. Sign it with \
                 `sts-generator sign --to-be-signed` and `--attach`, or `--signing-key`",
                );
            }
        }
    }
}
