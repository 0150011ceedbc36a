//! Signatures made elsewhere: by a PKCS#11 token, a key management service or OpenSSL.
//!
//! They come as bytes. Whoever made them was given the signing input, and gives back no more than that.

use super::jws::{self, Claims, SignatureError};
use super::{KeyKind, PublicKey, crypto};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Puts a signing input and the signature over it together, and checks what comes out.
///
/// ECDSA signatures may be the two numbers as JOSE and PKCS#11 have them, or the DER that OpenSSL and key
/// management services give; of the two forms either. What comes out has the one form that this format takes.
///
/// # Errors
/// When the signature does not hold, or the input is none of this format.
pub fn assemble(input: &str, key: &PublicKey, signature: &[u8]) -> Result<(String, Claims), SignatureError> {
    let numbers = two_numbers(key.kind(), signature);
    let numbers = numbers.as_deref().unwrap_or(signature);
    let lower = crypto::in_one_form(key.kind(), numbers);
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(lower.as_deref().unwrap_or(numbers)));
    jws::verify(&token, key, None).map(|claims| (token, claims))
}

/// An ECDSA signature in DER as the two numbers a JWS has; `None` where it is none in DER.
///
/// Source: RFC 3279, section 2.2.3, and RFC 7518, section 3.4.
fn two_numbers(kind: KeyKind, signature: &[u8]) -> Option<Vec<u8>> {
    match kind {
        KeyKind::P256 => Some(p256::ecdsa::Signature::from_der(signature).ok()?.to_bytes().to_vec()),
        KeyKind::P384 => Some(p384::ecdsa::Signature::from_der(signature).ok()?.to_bytes().to_vec()),
        KeyKind::Ed25519 | KeyKind::Rsa => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Algorithm, SigningKey, sign, signing_input};
    use super::*;
    use crate::digest::Sha256;

    fn key(algorithm: Algorithm, seed: u8) -> SigningKey {
        let mut fill = |bytes: &mut [u8]| {
            bytes.fill(seed);
            true
        };
        SigningKey::generate(algorithm, &mut fill).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            manifest_sha256: Sha256::of(b"manifest"),
            cluster: "demo".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            generation: 1_700_000_000,
            exp: Some(1_800_000_000),
        }
    }

    #[test]
    fn a_signature_of_bytes_becomes_the_token_that_signing_here_gives() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
            let key = key(algorithm, 7);
            let token = sign(&key, &claims()).unwrap();
            let (input, encoded) = token.rsplit_once('.').unwrap();
            assert_eq!(signing_input(algorithm, key.public_key(), &claims()).unwrap(), input);
            let raw = URL_SAFE_NO_PAD.decode(encoded).unwrap();
            let der = match algorithm {
                Algorithm::Es256 => {
                    p256::ecdsa::Signature::from_slice(&raw).unwrap().to_der().as_bytes().to_vec()
                }
                Algorithm::Es384 => {
                    p384::ecdsa::Signature::from_slice(&raw).unwrap().to_der().as_bytes().to_vec()
                }
                _ => raw.clone(),
            };
            // A token or key service gives either form.
            let other = match algorithm {
                Algorithm::Es256 => {
                    let (r, s) = p256::ecdsa::Signature::from_slice(&raw).unwrap().split_scalars();
                    p256::ecdsa::Signature::from_scalars(r, -s).unwrap().to_der().as_bytes().to_vec()
                }
                Algorithm::Es384 => {
                    let (r, s) = p384::ecdsa::Signature::from_slice(&raw).unwrap().split_scalars();
                    p384::ecdsa::Signature::from_scalars(r, -s).unwrap().to_bytes().to_vec()
                }
                _ => raw.clone(),
            };
            for signature in [raw, der, other] {
                let assembled = assemble(input, key.public_key(), &signature).unwrap();
                assert_eq!(assembled, (token.clone(), claims()), "{algorithm}");
            }
        }
    }

    #[test]
    fn a_signature_by_another_key_or_over_another_input_is_refused() {
        let (ours, other) = (key(Algorithm::EdDsa, 7), key(Algorithm::EdDsa, 8));
        let input = signing_input(Algorithm::EdDsa, ours.public_key(), &claims()).unwrap();
        let token = sign(&ours, &Claims { exp: None, ..claims() }).unwrap();
        let over_another = URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap();
        let forged = SignatureError::Forged { key: ours.public_key().id().clone() };
        assert_eq!(assemble(&input, ours.public_key(), &over_another).unwrap_err(), forged);
        assert_eq!(assemble(&input, ours.public_key(), &[0; 64]).unwrap_err(), forged);
        assert!(assemble(&input, other.public_key(), &over_another).is_err());
        assert!(assemble("no input", ours.public_key(), &over_another).is_err());
    }
}
