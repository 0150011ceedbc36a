//! `sts-generator create-signing-key`: the identity that vouches for bundles.

use super::{Surroundings, in_file, passphrase, say};
use crate::directory::write_new;
use crate::key::make_rsa;
use clap::Args;
use pkcs8::EncodePrivateKey as _;
use std::path::{Path, PathBuf};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::signature::{Algorithm, Holder, HolderText, KeyError, KeyKind, SigningKey};

/// Make the key that signs bundles: FILE, and FILE.pub for whoever shall trust it.
///
/// Hand FILE.pub to the AWS administrator by a way of its own, and compare the fingerprint by telephone.
///
/// The key is PKCS#8 PEM, with a passphrase PBES2 of scrypt and AES-256-CBC: `openssl pkey` reads both. A key of OpenSSL or of
/// `ssh-keygen -m PKCS8` does as well; --signing-key of the commands that sign says which.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator create-signing-key --output author.key
Keep author.key; hand author.key.pub to the AWS administrator, who runs
  sts-executor verify BUNDLE --trusted-key author.key.pub")]
pub struct CreateSigningKey {
    /// Where to write the private key (PKCS#8 PEM, mode 0600); never overwritten.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// ed25519, es256, es384, rs256 or ps256.
    #[arg(long, default_value = "ed25519")]
    algorithm: Algorithm,
    /// File whose first line is the passphrase to encrypt the private key with; else a terminal is asked for one.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Encrypt nothing, and do not ask.
    #[arg(long, conflicts_with = "passphrase_file")]
    no_passphrase: bool,
    /// Who holds the key: a comment in FILE.pub that is shown as a claim and decides nothing.
    #[arg(long, value_name = "TEXT")]
    name: Option<HolderText>,
    /// How to reach them, likewise.
    #[arg(long, value_name = "TEXT")]
    contact: Option<HolderText>,
}

/// Bits of an RSA signing key. Source: NIST SP 800-57 part 1, table 2: 128 bits of security.
const RSA_BITS: u32 = 3072;

impl CreateSigningKey {
    pub(crate) fn run(&self, surroundings: Surroundings) -> Result<(), Failure> {
        let public_path = public_path(&self.output);
        for path in [&self.output, &public_path] {
            if path.symlink_metadata().is_ok() {
                return Err(Failure::new(Exit::Failed, format!("{} is there already", path.display()))
                    .hint("a signing key is never overwritten: choose another --output, or move it away"));
            }
        }
        let passphrase = match &self.passphrase_file {
            Some(path) => Some(passphrase::read(path)?),
            None if self.no_passphrase => None,
            None => passphrase::ask_new(&self.output.display().to_string(), surroundings.person)?,
        };
        let key = make(self.algorithm).map_err(|error| Failure::new(Exit::Failed, error))?;
        let pem = key
            .to_pem(passphrase.as_deref().map(Vec::as_slice))
            .map_err(|error| in_file(&self.output, error))?;
        write_new(&self.output, pem.as_bytes(), 0o600).map_err(|error| Failure::new(Exit::Failed, error))?;
        let public = key.public_key();
        let holder = Holder { name: self.name.clone(), contact: self.contact.clone() };
        let text = holder.to_comments() + &public.to_pem();
        write_new(&public_path, text.as_bytes(), 0o644).map_err(|error| Failure::new(Exit::Failed, error))?;
        say(&format!("private key: {} (keep it)", self.output.display()));
        say(&format!("public key:  {} (hand it on)", public_path.display()));
        say(&format!("fingerprint: {}", public.id()));
        Ok(())
    }
}

fn public_path(private: &Path) -> PathBuf {
    let mut name = private.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn make(algorithm: Algorithm) -> Result<SigningKey, KeyError> {
    if algorithm.key_kind() == KeyKind::Rsa {
        let key = make_rsa(RSA_BITS).map_err(|_| KeyError::NoRandomness)?;
        let der = key.to_pkcs8_der().map_err(|_| KeyError::Damaged)?;
        return SigningKey::from_pkcs8_der(der.as_bytes(), Some(algorithm));
    }
    SigningKey::generate(algorithm, &mut |bytes| getrandom::fill(bytes).is_ok())
}
