//! Public keys: whom a reader may trust.

use super::algorithm::{KeyKind, kind_of};
use super::{Holder, KeyError, crypto};
use crate::digest::Sha256;
use crate::pem;
use spki::SubjectPublicKeyInfoRef;
use spki::der::Document;
use std::fmt;

/// A public key: whom a reader may trust.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    der: Document,
    id: Sha256,
    holder: Option<Holder>,
}

/// Two keys are one when their bytes are, whoever their files say holds them.
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der.as_bytes() == other.der.as_bytes()
    }
}

impl Eq for PublicKey {}

impl PublicKey {
    /// The smallest RSA modulus taken, in bits. Source: RFC 7518, section 3.3.
    pub const SMALLEST_RSA: u32 = 2048;

    /// Reads a `PUBLIC KEY` PEM (SubjectPublicKeyInfo); lines before it are comments, and may name a holder.
    ///
    /// # Errors
    /// When it is no such PEM, damaged, unsupported or too small.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        match pem::label(text).ok_or(KeyError::NotPem)? {
            "PUBLIC KEY" => {
                if let blocks @ 2.. = pem::count(text) {
                    return Err(KeyError::Several { blocks });
                }
                let (_, der) = Document::from_pem(pem::block(text).ok_or(KeyError::NotPem)?)
                    .map_err(|_| KeyError::Damaged)?;
                Ok(Self { holder: Holder::of_key_file(text), ..Self::from_document(der)? })
            }
            found => Err(KeyError::WrongLabel { found: found.to_owned(), wanted: "PUBLIC KEY" }),
        }
    }

    pub(super) fn from_document(der: Document) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::try_from(der.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let kind = kind_of(&info.algorithm)?;
        let usual = crypto::checked_public(kind, der.as_bytes())?;
        if usual.as_bytes() != der.as_bytes() {
            return Err(KeyError::UnusualForm);
        }
        let id = Sha256::of(der.as_bytes());
        Ok(Self { kind, der, id, holder: None })
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

    /// Who its file says holds it: a claim, which nobody vouches for.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        self.holder.as_ref()
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
