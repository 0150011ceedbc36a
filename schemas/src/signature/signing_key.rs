//! Signing keys, read from and written as PKCS#8 PEM.

use super::algorithm::{Algorithm, KeyKind, kind_of};
use super::public_key::PublicKey;
use super::{KeyError, crypto};
use crate::{pem, sealed};
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::der::Decode as _;
use pkcs8::{EncodePrivateKey as _, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

/// The comment that keeps an algorithm which the key itself does not tell.
const ALGORITHM: &str = "algorithm";

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

    /// Reads a PKCS#8 PEM, encrypted or not; a comment before it may choose the algorithm of an RSA key.
    ///
    /// # Errors
    /// When it is no such PEM, or the passphrase is missing or wrong, or as [`SigningKey::from_pkcs8_der`].
    pub fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let blocks = pem::count(text);
        let der = match (pem::label(text).ok_or(KeyError::NotPem)?, passphrase) {
            ("PRIVATE KEY" | sealed::LABEL, _) if blocks > 1 => return Err(KeyError::Several { blocks }),
            ("PRIVATE KEY", _) => {
                SecretDocument::from_pem(pem::block(text).ok_or(KeyError::NotPem)?)
                    .map_err(|_| KeyError::Damaged)?
                    .1
            }
            (sealed::LABEL, None) => return Err(KeyError::PassphraseMissing),
            (sealed::LABEL, Some(passphrase)) => sealed::open(text, passphrase)?,
            (found, _) => {
                return Err(KeyError::WrongLabel { found: found.to_owned(), wanted: "PKCS#8 PRIVATE KEY" });
            }
        };
        let chosen = pem::comment(text, ALGORITHM).and_then(|name| name.parse::<Algorithm>().ok());
        Self::from_document(der, chosen)
    }

    /// The same key, to sign with this algorithm.
    ///
    /// # Errors
    /// When the algorithm is for another kind of key.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        let kind = self.public.kind();
        if algorithm.key_kind() != kind {
            return Err(KeyError::OtherKind { algorithm, kind });
        }
        Ok(Self { algorithm, ..self })
    }

    fn from_document(der: SecretDocument, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let info = PrivateKeyInfoRef::from_der(der.as_bytes()).map_err(|_| KeyError::Damaged)?;
        let kind = kind_of(&info.algorithm)?;
        let algorithm = algorithm.unwrap_or_else(|| Algorithm::default_for(kind));
        if algorithm.key_kind() != kind {
            return Err(KeyError::OtherKind { algorithm, kind });
        }
        let public = PublicKey::from_document(crypto::public_half(kind, der.as_bytes())?)?;
        Ok(Self { algorithm, der, public })
    }

    /// The key as PKCS#8 PEM; with a passphrase as [`sealed::seal`] writes it. The text wipes itself.
    ///
    /// An algorithm that is not the one its kind has by default stands in a comment before it.
    ///
    /// # Errors
    /// When there is no randomness to encrypt with.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, KeyError> {
        let mut text = Zeroizing::new(String::new());
        if self.algorithm != Algorithm::default_for(self.public.kind()) {
            text.push_str(&pem::to_comment(ALGORITHM, &self.algorithm.to_string()));
        }
        let block = match passphrase {
            None => self.der.to_pem("PRIVATE KEY", pkcs8::LineEnding::LF).map_err(|_| KeyError::Damaged)?,
            Some(passphrase) => sealed::seal(self.der.as_bytes(), passphrase)?,
        };
        // All of it at once: a text that grows leaves its earlier copies behind.
        text.reserve_exact(block.len());
        text.push_str(&block);
        Ok(text)
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
        assert_eq!(error.to_string(), "its PEM block is PRIVATE KEY, and PUBLIC KEY is needed");
        let twice = key.public_key().to_pem().repeat(2);
        let error = PublicKey::from_pem(&twice).unwrap_err();
        assert!(matches!(error, KeyError::Several { blocks: 2 }), "{error}");
        assert!(matches!(SigningKey::from_pem(&private.repeat(2), None), Err(KeyError::Several { .. })));
        let error = SigningKey::from_pem(&key.public_key().to_pem(), None).err().unwrap();
        assert!(matches!(error, KeyError::WrongLabel { .. }));
        assert!(matches!(PublicKey::from_pem("hello"), Err(KeyError::NotPem)));
        let damaged = key.public_key().to_pem().replace("MCow", "MCoA");
        assert!(PublicKey::from_pem(&damaged).is_err());
    }
}
