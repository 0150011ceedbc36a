//! `sts-generator create-key-pair`: the key that signs the cluster's service-account tokens.

use super::{in_file, say, warn};
use crate::cli::OutputArgs;
use crate::directory::{Directory, FileError, Readers, write_new};
use crate::key::{Cores, make_cluster_key_pair, read_private};
use crate::progress::Stage;
use clap::Args;
use std::path::Path;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::oidc::{ClusterKeyError, Jwk};
use zeroize::Zeroizing;

/// Make the cluster's RSA-4096 key pair, and the copy the installer wants in tls/.
///
/// A key pair that is there already is kept: it is never overwritten.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator create-key-pair --output-dir demo
Then create-identity-provider with the same --output-dir. A cluster that lives
already keeps its key: leave this command out, and give its public key as
--public-key-file.")]
pub struct CreateKeyPair {
    #[command(flatten)]
    output: OutputArgs,
}

impl CreateKeyPair {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        existing_or_new(&self.output.claim()?, Cores::All).map(drop)
    }
}

/// The public key of the pair in the directory; where there is none, a pair is made.
pub(crate) fn existing_or_new(directory: &Directory, cores: Cores) -> Result<Jwk, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let private = directory.read(layout::PRIVATE_KEY).map_err(failed)?.map(Zeroizing::new);
    let public = directory.read(layout::PUBLIC_KEY).map_err(failed)?;
    match (private, public) {
        (None, None) => {
            let stage = Stage::begin("making an RSA-4096 key pair");
            let pair = make_cluster_key_pair(cores).map_err(|error| Failure::new(Exit::Failed, error))?;
            drop(stage);
            // The private key first: whoever finds a public key can rely on the private one being there.
            let private = directory.path().join(layout::PRIVATE_KEY);
            write_new(&private, pair.private.as_bytes(), 0o600).map_err(failed)?;
            directory.write(layout::TLS_KEY, pair.private.as_bytes()).map_err(failed)?;
            directory.write(layout::PUBLIC_KEY, pair.public.as_bytes()).map_err(failed)?;
            say(&format!("{}: a new RSA-4096 key pair", directory.path().display()));
            jwk(&directory.path().join(layout::PUBLIC_KEY), pair.public.as_bytes())
        }
        (private, Some(public)) => {
            let jwk = jwk(&directory.path().join(layout::PUBLIC_KEY), &public)?;
            let what = if let Some(private) = private {
                matching(directory, &private, &public)?;
                keep_secret(directory)?;
                directory.write(layout::TLS_KEY, &private).map_err(failed)?;
                "key pair that is there"
            } else {
                "public key that is there; no private key is"
            };
            say(&format!("{}: using the {what}", directory.path().display()));
            Ok(jwk)
        }
        (Some(private), None) => {
            let public = public_half(directory, &private)?;
            // One too short is refused before anything is written.
            let jwk = jwk(&directory.path().join(layout::PRIVATE_KEY), public.as_bytes())?;
            keep_secret(directory)?;
            directory.write(layout::TLS_KEY, &private).map_err(failed)?;
            directory.write(layout::PUBLIC_KEY, public.as_bytes()).map_err(failed)?;
            say(&format!("{}: wrote the public half of the key that is there", directory.path().display()));
            Ok(jwk)
        }
    }
}

/// Takes the private key away from other readers: ccoctl leaves it to the umask.
fn keep_secret(directory: &Directory) -> Result<(), Failure> {
    let readers = directory.narrow(layout::PRIVATE_KEY).map_err(|error| Failure::new(Exit::Failed, error))?;
    if readers == Readers::Others {
        warn(&format!(
            "WARNING: others could read {}; its mode is 0600 from now on",
            directory.path().join(layout::PRIVATE_KEY).display()
        ));
    }
    Ok(())
}

/// The public key in the directory, which must be there.
pub(crate) fn existing(directory: &Directory) -> Result<Jwk, Failure> {
    let path = directory.path().join(layout::PUBLIC_KEY);
    let bytes = super::read_input(&path).map_err(|failure| {
        failure.hint("run create-key-pair first, or give --public-key-file for a cluster that has its key")
    })?;
    jwk(&path, &bytes)
}

/// A private key file that cannot be used.
#[derive(Debug, thiserror::Error)]
enum PrivateKeyError {
    #[error("it is no RSA private key in PKCS#1 or PKCS#8 PEM")]
    NotRsa,
    #[error("it does not belong to {}", layout::PUBLIC_KEY)]
    OtherPair,
}

fn public_half(directory: &Directory, private: &[u8]) -> Result<String, Failure> {
    use spki::EncodePublicKey as _;
    let text = std::str::from_utf8(private).unwrap_or_default();
    read_private(text)
        .and_then(|key| key.to_public_key().to_public_key_pem(pkcs1::LineEnding::LF).ok())
        .ok_or_else(|| in_file(&directory.path().join(layout::PRIVATE_KEY), PrivateKeyError::NotRsa))
}

/// Whether the directory's private key belongs to this public one.
pub(crate) fn matching(directory: &Directory, private: &[u8], public: &[u8]) -> Result<(), Failure> {
    let path = directory.path().join(layout::PUBLIC_KEY);
    let ours = jwk(&directory.path().join(layout::PRIVATE_KEY), public_half(directory, private)?.as_bytes())?;
    if ours == jwk(&path, public)? {
        return Ok(());
    }
    Err(in_file(&directory.path().join(layout::PRIVATE_KEY), PrivateKeyError::OtherPair)
        .hint("move one of the two away; a cluster's key is never replaced here"))
}

/// A given public key, put into the directory; nothing is ever made.
pub(crate) fn given(directory: &Directory, path: &Path) -> Result<Jwk, Failure> {
    let bytes = super::read_input(path)?;
    kept(directory, path, &bytes)
}

/// A public key from this path, put into the directory where no other is.
pub(crate) fn kept(directory: &Directory, path: &Path, bytes: &[u8]) -> Result<Jwk, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let jwk = jwk(path, bytes)?;
    let there = directory.path().join(layout::PUBLIC_KEY);
    if let Some(known) = directory.read(layout::PUBLIC_KEY).map_err(failed)?
        && self::jwk(&there, &known)? != jwk
    {
        return Err(Failure::new(
            Exit::Failed,
            format!("{} holds another key than {}", there.display(), path.display()),
        )
        .hint("use another --output-dir, or move the file away; a cluster's key is never replaced here"));
    }
    if let Some(private) = directory.read(layout::PRIVATE_KEY).map_err(failed)?.map(Zeroizing::new) {
        matching(directory, &private, bytes)?;
        keep_secret(directory)?;
    }
    directory.write(layout::PUBLIC_KEY, bytes).map_err(failed)?;
    Ok(jwk)
}

/// The public key in a file.
pub(crate) fn read_public(path: &Path) -> Result<Jwk, Failure> {
    jwk(path, &super::read_input(path)?)
}

fn jwk(path: &Path, pem: &[u8]) -> Result<Jwk, Failure> {
    let text = std::str::from_utf8(pem).map_err(|_| in_file(path, ClusterKeyError::NotPem))?;
    Jwk::of_pem(text).map_err(|error| {
        in_file(path, error)
            .hint("a cluster signs with RSA: give the PUBLIC KEY PEM of an RSA key of 2048 bits or more")
    })
}
