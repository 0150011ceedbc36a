//! Keys and signatures: who vouches for a bundle, and whom a reader trusts.
//!
//! A signature is a compact JWS (RFC 7515) whose claims bind the digest of the manifest. The key id in it
//! only finds the key; trust comes from the reader's own [`TrustStore`].

mod algorithm;
mod crypto;
mod detached;
mod error;
mod exposure;
mod holder;
mod jws;
mod key_file;
mod public_key;
mod signing_key;
mod trust;

pub use algorithm::{Algorithm, KeyKind};
pub use detached::assemble;
pub use error::KeyError;
pub use exposure::Exposure;
pub use holder::{Holder, HolderText};
pub use jws::{Claims, SignatureError, Statement, key_id_of, sign, signed_key_id, signing_input, verify};
pub use key_file::{KEY_FOLDER, KeyFileError, TrustedKeys, exposed, trusted_keys};
pub use public_key::PublicKey;
pub use signing_key::SigningKey;
pub use trust::{TrustError, TrustStore};
