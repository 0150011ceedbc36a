//! Keys and signatures: who vouches for a bundle, and whom a reader trusts.
//!
//! A signature is a compact JWS (RFC 7515) whose claims bind the digest of the manifest. The key id in it
//! only finds the key; trust comes from the reader's own [`TrustStore`].

mod crypto;
mod jws;
mod key;
mod trust;

pub use jws::{Claims, SignatureError, sign, signed_key_id, signing_input, verify};
pub use key::{Algorithm, KeyError, KeyKind, PublicKey, SigningKey};
pub use trust::{TrustError, TrustStore};
