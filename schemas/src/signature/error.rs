//! What can be wrong with a key file.

use super::{Algorithm, KeyKind, PublicKey};

/// A key that could not be read or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not PEM.
    #[error("it is no PEM file")]
    NotPem,
    /// The PEM is of another kind than what was asked for.
    #[error("its PEM block is {found}, and {wanted} is needed")]
    WrongLabel {
        /// The label of the PEM block.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// More than one PEM block: which of them is meant, nobody could tell.
    #[error("it holds {blocks} PEM blocks, and one key is needed: give each key a file of its own")]
    Several {
        /// How many.
        blocks: usize,
    },
    /// The key inside the PEM is of no kind this program signs or verifies with.
    #[error("it holds a key of a kind that is not supported; Ed25519, P-256, P-384 and RSA are")]
    Unsupported,
    /// An algorithm that another kind of key is for.
    #[error("it holds a key of the kind {kind}, and {algorithm} signs with {}", algorithm.key_kind())]
    OtherKind {
        /// What was asked for.
        algorithm: Algorithm,
        /// What the file holds.
        kind: KeyKind,
    },
    /// The key is damaged.
    #[error("the key inside it is damaged")]
    Damaged,
    /// A good key, but not written the usual way, so that its id would not be the key's.
    #[error(
        "the key inside it is written in an unusual form, such as a compressed point; write it anew with `openssl pkey -pubin -in FILE -ec_conv_form uncompressed`"
    )]
    UnusualForm,
    /// An RSA key that is too small.
    #[error("it holds an RSA key of {bits} bits, and at least {} are needed", PublicKey::SMALLEST_RSA)]
    TooSmall {
        /// How many bits the modulus has.
        bits: u32,
    },
    /// The key is encrypted and no passphrase was given.
    #[error("it is encrypted, and no passphrase was given")]
    PassphraseMissing,
    /// Encrypted by what this program does not know.
    #[error(
        "it is encrypted by a scheme that is not supported; AES in CBC mode with scrypt or with PBKDF2 and SHA-2 is (PBES2), as `openssl pkcs8 -topk8 -v2 aes-256-cbc` makes it"
    )]
    UnsupportedEncryption,
    /// The passphrase does not open the key.
    #[error("the passphrase does not open it")]
    PassphraseWrong,
    /// The source of randomness failed.
    #[error("the system gave no randomness")]
    NoRandomness,
}
