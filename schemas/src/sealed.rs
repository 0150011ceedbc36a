//! Private keys under a passphrase: PKCS#8 with PBES2, as `openssl pkey` reads it.
//!
//! What is written is scrypt (N 16384, r 8, p 1: the most that OpenSSL takes without being told to) and
//! AES-256-CBC, with a salt of its own each time. What is read may use PBKDF2 and AES-128 or AES-192 too.

use crate::pem;
use crate::signature::KeyError;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode as _, Reader as _, SliceReader};
use pkcs8::spki;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

/// The label of a PEM block that holds one. Source: RFC 7468, section 11.
pub const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Puts a key, given as PKCS#8 DER, under a passphrase. Salt and vector are random: no two results are alike.
///
/// # Errors
/// When it is no such key, or there is no randomness.
pub fn seal(pkcs8: &[u8], passphrase: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).map_err(|_| KeyError::Damaged)?;
    let sealed = info.encrypt(passphrase).map_err(|_| KeyError::NoRandomness)?;
    sealed.to_pem(LABEL, LineEnding::LF).map_err(|_| KeyError::Damaged)
}

/// The key under a passphrase, as PKCS#8 DER.
///
/// # Errors
/// When the text is no such PEM, or the passphrase is another.
pub fn open(text: &str, passphrase: &[u8]) -> Result<SecretDocument, KeyError> {
    use pkcs8::pkcs5;
    let document = document(text)?;
    info(&document)?.decrypt(passphrase).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) => KeyError::PassphraseWrong,
        pkcs8::Error::EncryptedPrivateKey(_) => KeyError::UnsupportedEncryption,
        // The wrong passphrase may by chance end in the right padding.
        _ => KeyError::PassphraseWrong,
    })
}

/// Whether a text holds a key under a passphrase, as far as can be told without it.
///
/// # Errors
/// When it is no such PEM, or not encrypted by PBES2.
pub fn check(text: &str) -> Result<(), KeyError> {
    let document = document(text)?;
    info(&document)?.encryption_algorithm.pbes2().map(drop).ok_or(KeyError::UnsupportedEncryption)
}

/// The two parts of an encrypted key: how it is encrypted, and the rest.
fn info(document: &SecretDocument) -> Result<EncryptedPrivateKeyInfoRef<'_>, KeyError> {
    let der = document.as_bytes();
    EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| {
        let parts = SliceReader::new(der).and_then(|mut reader| {
            reader.sequence(|reader| {
                spki::AlgorithmIdentifierRef::decode(reader)?;
                <&OctetStringRef>::decode(reader).map(drop)
            })
        });
        // Whole, and so by a scheme that is unknown here.
        if parts.is_ok() { KeyError::UnsupportedEncryption } else { KeyError::Damaged }
    })
}

fn document(text: &str) -> Result<SecretDocument, KeyError> {
    let block = pem::block(text).ok_or(KeyError::NotPem)?;
    let (label, document) = SecretDocument::from_pem(block).map_err(|_| KeyError::Damaged)?;
    if label != LABEL {
        return Err(KeyError::WrongLabel { found: label.to_owned(), wanted: LABEL });
    }
    Ok(document)
}
