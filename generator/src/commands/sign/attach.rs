//! A signature made elsewhere, and what it was made over.

use super::bundle_of;
use sts_schemas::signature::{
    Algorithm, Claims, PublicKey, SignatureError, assemble as put_together, signing_input,
};

/// A signature that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttachError {
    #[error(
        "it is no signature of this key over what --to-be-signed writes for this bundle; it must be bytes, not text"
    )]
    NotOver(#[source] SignatureError),
    #[error("it is a signature over {}", bundle_of(found))]
    AnotherBundle { found: Box<Claims> },
}

/// Every algorithm a key may sign with.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384, Algorithm::Ps256, Algorithm::Rs256];

/// What the key may have been given to sign: the algorithm stands in it, and an RSA key has two.
pub(super) fn possible_inputs(chosen: Option<Algorithm>, key: &PublicKey, claims: &Claims) -> Vec<String> {
    let of_key = ALGORITHMS.into_iter().filter(|algorithm| algorithm.key_kind() == key.kind());
    of_key
        .filter(|algorithm| chosen.is_none_or(|chosen| chosen == *algorithm))
        .filter_map(|algorithm| signing_input(algorithm, key, claims).ok())
        .collect()
}

/// What the key was given to sign, as --to-be-signed wrote it.
pub(super) fn given_input(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

/// The token of the first of these inputs that the signature is over.
pub(super) fn assemble(
    inputs: &[String],
    key: &PublicKey,
    signature: &[u8],
) -> Result<(String, Claims), AttachError> {
    let mut refused = SignatureError::Malformed("the key signs with another algorithm".into());
    for input in inputs {
        match put_together(input, key, signature) {
            Ok(found) => return Ok(found),
            Err(error) => refused = error,
        }
    }
    Err(AttachError::NotOver(refused))
}
