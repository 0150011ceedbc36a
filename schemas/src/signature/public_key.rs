//! Public keys: whom a reader may trust.

use super::algorithm::{KeyKind, kind_of};
use super::{KeyError, crypto};
use crate::digest::Sha256;
use crate::pem;
use spki::SubjectPublicKeyInfoRef;
use spki::der::Document;
use std::fmt;

/// A public key: whom a reader may trust.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    der: Document,
    id: Sha256,
}

impl PublicKey {
    /// The smallest RSA modulus taken, in bits. Source: RFC 7518, section 3.3.
    pub const SMALLEST_RSA: u32 = 2048;

    /// Reads a `PUBLIC KEY` PEM (SubjectPublicKeyInfo); lines before it are comments.
    ///
    /// # Errors
    /// When it is no such PEM, damaged, unsupported or too small.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        match pem::label(text).ok_or(KeyError::NotPem)? {
            "PUBLIC KEY" => {
                let (_, der) = Document::from_pem(pem::block(text).ok_or(KeyError::NotPem)?)
                    .map_err(|_| KeyError::Damaged)?;
                Self::from_document(der)
            }
            found => Err(KeyError::WrongLabel { found: found.to_owned(), wanted: "PUBLIC KEY" }),
        }
    }

    pub(super) fn from_document(der: Document) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let kind = kind_of(&info.algorithm)?;
        crypto::check_public(kind, der.as_bytes())?;
        let id = Sha256::of(der.as_bytes());
        Ok(Self { kind, der, id })
    }

    pub(super) fn from_parts(public: &impl spki::EncodePublicKey) -> Result<Document, KeyError> {
        public.to_public_key_der().map_err(|_| KeyError::Damaged)
    }

    /// The key as `PUBLIC KEY` PEM.
    ///
    /// # Panics
    /// Never: a key that was read can be written.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a DER document that was read can be written as PEM")]
    pub fn to_pem(&self) -> String {
        self.der.to_pem("PUBLIC KEY", spki::der::pem::LineEnding::LF).expect("DER has a PEM form")
    }

    /// Its id: SHA-256 of the SubjectPublicKeyInfo, what `openssl pkey -pubin -outform DER | sha256sum` prints.
    #[must_use]
    pub fn id(&self) -> &Sha256 {
        &self.id
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    pub(super) fn der(&self) -> &[u8] {
        self.der.as_bytes()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?} {})", self.kind, self.id)
    }
}
