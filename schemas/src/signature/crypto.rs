//! The primitives behind the JWS: RustCrypto's, handed to `jsonwebtoken` as its provider.
//!
//! `jsonwebtoken`'s own RustCrypto backend brings an older generation of the same crates; see the README's
//! table of dependencies.

use super::{KeyError, KeyKind, PublicKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::signature::{Error as Refused, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _, Verifier as _};
use sha2::Sha256;
use spki::DecodePublicKey as _;
use spki::der::Document;
use std::sync::Once;

/// Makes `jsonwebtoken` use these primitives; must run before it is first used, and may run again.
pub(super) fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: signer,
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // It fails only where a provider is installed already, and then by another copy of this function.
        let _ = PROVIDER.install_default();
    });
}

/// The public half of a private key, as SubjectPublicKeyInfo.
pub(super) fn public_half(kind: KeyKind, pkcs8: &[u8]) -> std::result::Result<Document, KeyError> {
    let damaged = |_| KeyError::Damaged;
    match kind {
        KeyKind::Ed25519 => {
            let key = ed25519_dalek::SigningKey::from_pkcs8_der(pkcs8).map_err(damaged)?;
            PublicKey::from_parts(&key.verifying_key())
        }
        KeyKind::P256 => {
            let key = p256::SecretKey::from_pkcs8_der(pkcs8).map_err(damaged)?;
            PublicKey::from_parts(&key.public_key())
        }
        KeyKind::P384 => {
            let key = p384::SecretKey::from_pkcs8_der(pkcs8).map_err(damaged)?;
            PublicKey::from_parts(&key.public_key())
        }
        KeyKind::Rsa => {
            let key = rsa::PrivateKey::from_pkcs8_der(pkcs8).map_err(damaged)?;
            PublicKey::from_parts(&key.to_public_key())
        }
    }
}

/// The one usual form of a SubjectPublicKeyInfo that holds a usable key of this kind.
///
/// One key can be written in several ways, as with a compressed point; under each it would have another id.
pub(super) fn checked_public(kind: KeyKind, spki: &[u8]) -> std::result::Result<Document, KeyError> {
    let damaged = |_| KeyError::Damaged;
    match kind {
        KeyKind::Ed25519 => {
            let key = ed25519_dalek::VerifyingKey::from_public_key_der(spki).map_err(damaged)?;
            if key.is_weak() { Err(KeyError::Damaged) } else { PublicKey::from_parts(&key) }
        }
        KeyKind::P256 => PublicKey::from_parts(&p256::PublicKey::from_public_key_der(spki).map_err(damaged)?),
        KeyKind::P384 => PublicKey::from_parts(&p384::PublicKey::from_public_key_der(spki).map_err(damaged)?),
        KeyKind::Rsa => {
            let key = rsa::PublicKey::from_public_key_der(spki).map_err(damaged)?;
            let bits = rsa::traits::PublicKeyParts::n(&key).bit_width();
            if bits < PublicKey::SMALLEST_RSA {
                Err(KeyError::TooSmall { bits })
            } else {
                PublicKey::from_parts(&key)
            }
        }
    }
}

/// The one of the two forms of an ECDSA signature that this format takes, as the two numbers; `None` where it is none.
///
/// With `(r, s)` there holds `(r, n - s)`, which anybody can make of it without the key. The one with the lower `s` is
/// taken, as in BIP 62. The other kinds of keys have one form alone.
pub(super) fn in_one_form(kind: KeyKind, signature: &[u8]) -> Option<Vec<u8>> {
    match kind {
        KeyKind::P256 => {
            Some(p256::ecdsa::Signature::from_slice(signature).ok()?.normalize_s().to_bytes().to_vec())
        }
        KeyKind::P384 => {
            Some(p384::ecdsa::Signature::from_slice(signature).ok()?.normalize_s().to_bytes().to_vec())
        }
        KeyKind::Ed25519 | KeyKind::Rsa => None,
    }
}

fn invalid_key<E>(_: E) -> Error {
    ErrorKind::InvalidKeyFormat.into()
}

/// The signer for an algorithm; the key's bytes are PKCS#8 DER.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's signature is given")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let der = key.as_bytes();
    Ok(match algorithm {
        Algorithm::EdDSA => {
            Box::new(Ed25519Signer(ed25519_dalek::SigningKey::from_pkcs8_der(der).map_err(invalid_key)?))
        }
        Algorithm::ES256 => {
            Box::new(P256Signer(p256::ecdsa::SigningKey::from_pkcs8_der(der).map_err(invalid_key)?))
        }
        Algorithm::ES384 => {
            Box::new(P384Signer(p384::ecdsa::SigningKey::from_pkcs8_der(der).map_err(invalid_key)?))
        }
        Algorithm::RS256 => {
            let key = rsa::PrivateKey::from_pkcs8_der(der).map_err(invalid_key)?;
            Box::new(Rs256Signer(rsa::pkcs1v15::SigningKey::new(key)))
        }
        Algorithm::PS256 => {
            let key = rsa::PrivateKey::from_pkcs8_der(der).map_err(invalid_key)?;
            Box::new(Ps256Signer(rsa::pss::SigningKey::new(key)))
        }
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    })
}

/// The verifier for an algorithm; the key's bytes are SubjectPublicKeyInfo DER.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's signature is given")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let der = key.try_get_as_bytes()?;
    Ok(match algorithm {
        Algorithm::EdDSA => {
            let key = ed25519_dalek::VerifyingKey::from_public_key_der(der).map_err(invalid_key)?;
            Box::new(Ed25519Verifier(key))
        }
        Algorithm::ES256 => {
            Box::new(P256Verifier(p256::ecdsa::VerifyingKey::from_public_key_der(der).map_err(invalid_key)?))
        }
        Algorithm::ES384 => {
            Box::new(P384Verifier(p384::ecdsa::VerifyingKey::from_public_key_der(der).map_err(invalid_key)?))
        }
        Algorithm::RS256 => {
            let key = rsa::PublicKey::from_public_key_der(der).map_err(invalid_key)?;
            Box::new(Rs256Verifier(rsa::pkcs1v15::VerifyingKey::new(key)))
        }
        Algorithm::PS256 => {
            let key = rsa::PublicKey::from_public_key_der(der).map_err(invalid_key)?;
            Box::new(Ps256Verifier(rsa::pss::VerifyingKey::new(key)))
        }
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    })
}

/// Ties one primitive's signer and verifier to its JOSE name.
macro_rules! primitive {
    ($algorithm:expr, $signer:ident($signing:ty), $verifier:ident($verifying:ty), $signature:ty, $verify:ident) => {
        struct $signer($signing);

        impl Signer<Vec<u8>> for $signer {
            fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Refused> {
                let signature: $signature = self.0.try_sign(message).map_err(|_| Refused::new())?;
                Ok(signature.to_vec())
            }
        }

        impl JwtSigner for $signer {
            fn algorithm(&self) -> Algorithm {
                $algorithm
            }
        }

        struct $verifier($verifying);

        impl Verifier<Vec<u8>> for $verifier {
            fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Refused> {
                let signature = <$signature>::try_from(signature.as_slice()).map_err(|_| Refused::new())?;
                self.0.$verify(message, &signature).map_err(|_| Refused::new())
            }
        }

        impl JwtVerifier for $verifier {
            fn algorithm(&self) -> Algorithm {
                $algorithm
            }
        }
    };
}

primitive!(
    Algorithm::EdDSA,
    Ed25519Signer(ed25519_dalek::SigningKey),
    Ed25519Verifier(ed25519_dalek::VerifyingKey),
    ed25519_dalek::Signature,
    verify_strict
);
primitive!(
    Algorithm::ES256,
    P256Signer(p256::ecdsa::SigningKey),
    P256Verifier(p256::ecdsa::VerifyingKey),
    p256::ecdsa::Signature,
    verify
);
primitive!(
    Algorithm::ES384,
    P384Signer(p384::ecdsa::SigningKey),
    P384Verifier(p384::ecdsa::VerifyingKey),
    p384::ecdsa::Signature,
    verify
);
primitive!(
    Algorithm::RS256,
    Rs256Signer(rsa::pkcs1v15::SigningKey<Sha256>),
    Rs256Verifier(rsa::pkcs1v15::VerifyingKey<Sha256>),
    rsa::pkcs1v15::Signature,
    verify
);
primitive!(
    Algorithm::PS256,
    Ps256Signer(rsa::pss::SigningKey<Sha256>),
    Ps256Verifier(rsa::pss::VerifyingKey<Sha256>),
    rsa::pss::Signature,
    verify
);
