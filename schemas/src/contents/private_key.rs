//! Whether a private key among the files is the cluster's, and in a form that belongs there.

use super::{ContentsReader, Parsed};
use crate::layout;
use crate::oidc::Jwk;
use crate::{pem, sealed};
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _, LineEnding};

/// How a private key lies in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateKeyForm {
    /// Under a passphrase.
    Encrypted,
    /// For whoever reads the bundle.
    Plaintext,
}

/// What is kept of a private key that was looked at: never the key.
#[derive(Debug)]
pub(super) enum PrivateKey {
    /// Whose it is cannot be told without the passphrase.
    Encrypted,
    /// Its public half.
    Plaintext(Jwk),
}

impl PrivateKey {
    /// Looks at a private key; what is wrong comes out as a sentence.
    pub(super) fn read(path: &str, bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let label = pem::label(text).ok_or("it is no PEM file")?;
        if let blocks @ 2.. = pem::count(text) {
            return Err(format!("it holds {blocks} PEM blocks, and one private key is needed"));
        }
        if label == sealed::LABEL {
            if path != layout::PRIVATE_KEY {
                return Err(format!("an encrypted key belongs in {}, and nowhere else", layout::PRIVATE_KEY));
            }
            return sealed::check(text).map(|()| Self::Encrypted).map_err(|error| error.to_string());
        }
        let key = match label {
            "RSA PRIVATE KEY" => rsa::PrivateKey::from_pkcs1_pem(text).ok(),
            "PRIVATE KEY" => rsa::PrivateKey::from_pkcs8_pem(text).ok(),
            other => return Err(format!("its PEM block is {other}, and an RSA private key is needed")),
        };
        let public = key.and_then(|key| key.to_public_key().to_public_key_pem(LineEnding::LF).ok());
        let public = public.ok_or("the RSA private key inside it is damaged")?;
        Jwk::of_pem(&public).map(Self::Plaintext).map_err(|error| error.to_string())
    }

    pub(super) fn form(&self) -> PrivateKeyForm {
        match self {
            Self::Encrypted => PrivateKeyForm::Encrypted,
            Self::Plaintext(_) => PrivateKeyForm::Plaintext,
        }
    }
}

pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed) {
    both_places(reader, parsed);
    // A public key that is missing or damaged has been named already.
    let Some(Ok(public)) = parsed.public_key.as_deref().map(Jwk::of_pem) else { return };
    for (path, key) in &parsed.private_keys {
        if matches!(key, PrivateKey::Plaintext(found) if *found != public) {
            reader.problem(path, format!("it does not belong to {}", layout::PUBLIC_KEY));
        }
    }
}

/// A key in plain text stands for both who sign with it: the installer looks in the one place, people in the other.
fn both_places(reader: &mut ContentsReader, parsed: &Parsed) {
    let plain = |path: &str| matches!(parsed.private_keys.get(path), Some(PrivateKey::Plaintext(_)));
    for (path, other) in [(layout::PRIVATE_KEY, layout::TLS_KEY), (layout::TLS_KEY, layout::PRIVATE_KEY)] {
        if plain(path) && !plain(other) {
            reader.problem(path, format!("a key in plain text: the same key must stand in {other}, too"));
        }
    }
}
