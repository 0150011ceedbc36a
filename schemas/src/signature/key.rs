//! Signing keys and public keys, read from and written as PEM.

use super::crypto;
use crate::digest::Sha256;
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::der::Decode as _;
use pkcs8::{EncodePrivateKey as _, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spki::SubjectPublicKeyInfoRef;
use spki::der::Document;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A kind of key: what a key file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on NIST's curve P-256.
    P256,
    /// ECDSA on NIST's curve P-384.
    P384,
    /// RSA, 2048 bits or more.
    Rsa,
}

/// A signature algorithm by its JOSE name. Source: RFC 7518, section 3.1, and RFC 8037, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// Ed25519, the default.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
}

impl Algorithm {
    /// The kind of key it is made with.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::EdDsa => KeyKind::Ed25519,
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Rs256 | Self::Ps256 => KeyKind::Rsa,
        }
    }

    /// The algorithm a key of this kind signs with when nothing else is asked for.
    #[must_use]
    pub fn default_for(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Ed25519 => Self::EdDsa,
            KeyKind::P256 => Self::Es256,
            KeyKind::P384 => Self::Es384,
            KeyKind::Rsa => Self::Ps256,
        }
    }
}

impl FromStr for Algorithm {
    type Err = crate::InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "ed25519" | "eddsa" => Ok(Self::EdDsa),
            "es256" => Ok(Self::Es256),
            "es384" => Ok(Self::Es384),
            "rs256" => Ok(Self::Rs256),
            "ps256" => Ok(Self::Ps256),
            _ => Err(crate::InvalidText::new(
                "signature algorithm",
                text,
                "known are ed25519, es256, es384, rs256 and ps256",
            )),
        }
    }
}

/// A key that could not be read or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not PEM.
    #[error("it is no PEM file")]
    NotPem,
    /// The PEM is of another kind than what was asked for.
    #[error("it holds a {found}, and a {wanted} is needed")]
    WrongLabel {
        /// The label of the PEM block.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The key inside the PEM is of no kind this program signs or verifies with.
    #[error("it holds a key of a kind that is not supported; Ed25519, P-256, P-384 and RSA are")]
    Unsupported,
    /// The key is damaged.
    #[error("the key inside it is damaged")]
    Damaged,
    /// An RSA key that is too small.
    #[error("it holds an RSA key of {bits} bits, and at least {} are needed", PublicKey::SMALLEST_RSA)]
    TooSmall {
        /// How many bits the modulus has.
        bits: u32,
    },
    /// The key is encrypted and no passphrase was given.
    #[error("it is encrypted, and no passphrase was given")]
    PassphraseMissing,
    /// The passphrase does not open the key.
    #[error("the passphrase does not open it")]
    PassphraseWrong,
    /// The source of randomness failed.
    #[error("the system gave no randomness")]
    NoRandomness,
}

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const CURVE_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const CURVE_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

fn kind_of(algorithm: &spki::AlgorithmIdentifierRef<'_>) -> Result<KeyKind, KeyError> {
    match algorithm.oid {
        ED25519 => Ok(KeyKind::Ed25519),
        RSA => Ok(KeyKind::Rsa),
        EC => match algorithm.parameters_oid() {
            Ok(CURVE_P256) => Ok(KeyKind::P256),
            Ok(CURVE_P384) => Ok(KeyKind::P384),
            _ => Err(KeyError::Unsupported),
        },
        _ => Err(KeyError::Unsupported),
    }
}

/// The label of the first PEM block of a text.
fn label(pem: &str) -> Result<&str, KeyError> {
    let start = pem.find("-----BEGIN ").ok_or(KeyError::NotPem)? + "-----BEGIN ".len();
    let end = pem[start..].find("-----").ok_or(KeyError::NotPem)?;
    Ok(&pem[start..start + end])
}

/// The block itself, without comments before it.
fn block(pem: &str) -> Result<&str, KeyError> {
    Ok(&pem[pem.find("-----BEGIN ").ok_or(KeyError::NotPem)?..])
}

/// A private key that signs bundles or receipts: PKCS#8, in memory that is wiped.
///
/// It has no `Debug`, no `Clone` and no accessor for its bytes but the PEM it is stored as.
pub struct SigningKey {
    algorithm: Algorithm,
    der: SecretDocument,
    public: PublicKey,
}

impl SigningKey {
    /// Makes a key of a kind that plain randomness makes; RSA keys are made elsewhere and come in as DER.
    ///
    /// `fill` fills a buffer with randomness or says that it cannot.
    ///
    /// # Errors
    /// When `fill` cannot, or for RSA.
    pub fn generate(algorithm: Algorithm, fill: &mut dyn FnMut(&mut [u8]) -> bool) -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new([0_u8; 48]);
        loop {
            if !fill(secret.as_mut_slice()) {
                return Err(KeyError::NoRandomness);
            }
            let der = match algorithm.key_kind() {
                KeyKind::Ed25519 => {
                    let mut secret_key = Zeroizing::new([0_u8; 32]);
                    secret_key.copy_from_slice(&secret[..32]);
                    // Without the public half: OpenSSL before 3.2 reads no other form.
                    KeypairBytes { secret_key: *secret_key, public_key: None }.to_pkcs8_der().ok()
                }
                KeyKind::P256 => {
                    p256::SecretKey::from_slice(&secret[..32]).ok().and_then(|k| k.to_pkcs8_der().ok())
                }
                KeyKind::P384 => {
                    p384::SecretKey::from_slice(&secret[..]).ok().and_then(|k| k.to_pkcs8_der().ok())
                }
                KeyKind::Rsa => return Err(KeyError::Unsupported),
            };
            // A scalar outside the curve's order is as good as never drawn; draw again.
            if let Some(der) = der {
                return Self::from_document(der, Some(algorithm));
            }
        }
    }

    /// Takes in a key as PKCS#8 DER; `algorithm` chooses between those its kind can do.
    ///
    /// # Errors
    /// When it is damaged, unsupported or too small.
    pub fn from_pkcs8_der(der: &[u8], algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        Self::from_document(SecretDocument::try_from(der).map_err(|_| KeyError::Damaged)?, algorithm)
    }

    /// Reads a PKCS#8 PEM, encrypted or not.
    ///
    /// # Errors
    /// When it is no such PEM, or the passphrase is missing or wrong, or as [`SigningKey::from_pkcs8_der`].
    pub fn from_pem(pem: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let der = match (label(pem)?, passphrase) {
            ("PRIVATE KEY", _) => SecretDocument::from_pem(block(pem)?).map_err(|_| KeyError::Damaged)?.1,
            ("ENCRYPTED PRIVATE KEY", None) => return Err(KeyError::PassphraseMissing),
            ("ENCRYPTED PRIVATE KEY", Some(passphrase)) => {
                let (_, sealed) = SecretDocument::from_pem(block(pem)?).map_err(|_| KeyError::Damaged)?;
                pkcs8::EncryptedPrivateKeyInfoRef::from_der(sealed.as_bytes())
                    .map_err(|_| KeyError::Damaged)?
                    .decrypt(passphrase)
                    .map_err(|_| KeyError::PassphraseWrong)?
            }
            (found, _) => {
                return Err(KeyError::WrongLabel { found: found.to_owned(), wanted: "PKCS#8 PRIVATE KEY" });
            }
        };
        Self::from_document(der, None)
    }

    fn from_document(der: SecretDocument, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(der.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let kind = kind_of(&info.algorithm)?;
        let algorithm = algorithm.unwrap_or_else(|| Algorithm::default_for(kind));
        if algorithm.key_kind() != kind {
            return Err(KeyError::Unsupported);
        }
        let public = PublicKey::from_document(crypto::public_half(kind, der.as_bytes())?)?;
        Ok(Self { algorithm, der, public })
    }

    /// The key as PKCS#8 PEM; with a passphrase under PBES2 with scrypt and AES-256. The text wipes itself.
    ///
    /// # Errors
    /// When there is no randomness to encrypt with.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, KeyError> {
        let ending = pkcs8::LineEnding::LF;
        match passphrase {
            None => self.der.to_pem("PRIVATE KEY", ending).map_err(|_| KeyError::Damaged),
            Some(passphrase) => PrivateKeyInfoRef::from_der(self.der.as_bytes())
                .and_then(|info| info.encrypt(passphrase).map_err(|_| pkcs8::der::ErrorKind::Failed.into()))
                .map_err(|_: pkcs8::der::Error| KeyError::NoRandomness)?
                .to_pem("ENCRYPTED PRIVATE KEY", ending)
                .map_err(|_| KeyError::Damaged),
        }
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn der(&self) -> &[u8] {
        self.der.as_bytes()
    }
}

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
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        match label(pem)? {
            "PUBLIC KEY" => {
                let (_, der) = Document::from_pem(block(pem)?).map_err(|_| KeyError::Damaged)?;
                Self::from_document(der)
            }
            found => Err(KeyError::WrongLabel { found: found.to_owned(), wanted: "PUBLIC KEY" }),
        }
    }

    fn from_document(der: Document) -> Result<Self, KeyError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: Algorithm) -> SigningKey {
        SigningKey::generate(algorithm, &mut |bytes| {
            bytes.fill(9);
            true
        })
        .unwrap()
    }

    #[test]
    fn keys_survive_their_pem_with_and_without_a_passphrase() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
            let key = key(algorithm);
            let plain = SigningKey::from_pem(&key.to_pem(None).unwrap(), None).unwrap();
            assert_eq!(plain.public_key(), key.public_key());
            assert_eq!(PublicKey::from_pem(&key.public_key().to_pem()).unwrap(), *key.public_key());
        }
        let key = key(Algorithm::EdDsa);
        let sealed = key.to_pem(Some(b"correct horse")).unwrap();
        assert!(SigningKey::from_pem(&sealed, Some(b"correct horse")).is_ok());
        assert!(matches!(SigningKey::from_pem(&sealed, Some(b"wrong")), Err(KeyError::PassphraseWrong)));
        assert!(matches!(SigningKey::from_pem(&sealed, None), Err(KeyError::PassphraseMissing)));
    }

    #[test]
    fn a_public_key_may_have_comments_before_it() {
        let key = key(Algorithm::EdDsa);
        let text = format!("# Ada, platform team\n{}", key.public_key().to_pem());
        assert_eq!(PublicKey::from_pem(&text).unwrap(), *key.public_key());
    }

    #[test]
    fn what_is_no_key_of_the_right_kind_is_refused_by_what_it_is() {
        let key = key(Algorithm::EdDsa);
        let private = key.to_pem(None).unwrap();
        let error = PublicKey::from_pem(&private).unwrap_err();
        assert_eq!(error.to_string(), "it holds a PRIVATE KEY, and a PUBLIC KEY is needed");
        let error = SigningKey::from_pem(&key.public_key().to_pem(), None).err().unwrap();
        assert!(matches!(error, KeyError::WrongLabel { .. }));
        assert!(matches!(PublicKey::from_pem("hello"), Err(KeyError::NotPem)));
        let damaged = key.public_key().to_pem().replace("MCow", "MCoA");
        assert!(PublicKey::from_pem(&damaged).is_err());
    }
}
