//! Another signing key for a cluster that lives: what each of the two bundles of the exchange changes.

use crate::previous::{Previous, PreviousError};
use crate::render::{Files, json};
use sts_schemas::layout;
use sts_schemas::oidc::{Jwk, Jwks};

/// Why keys cannot be exchanged like this.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A second exchange would begin before the first has ended.
    #[error("it serves {0} keys already: an exchange of keys is under way")]
    UnderWay(usize),
    /// Nothing would change.
    #[error("the new key is the one that the cluster signs with already (kid {0})")]
    SameKey(String),
    /// The first bundle of the exchange is missing.
    #[error("it serves one key only: no other was staged that could stay")]
    NothingStaged,
    /// The key that would stay is not the one that was meant.
    #[error("the key that was staged is {staged}, and the one given is {given}")]
    OtherKey {
        /// The kid of the key in the bundle.
        staged: String,
        /// The kid of the key in the file.
        given: String,
    },
    /// The bundle's own keys cannot be read.
    #[error(transparent)]
    Previous(#[from] PreviousError),
}

/// What an exchange changes about the bundle before it.
#[derive(Debug)]
pub struct Exchange {
    /// The key that the cluster signs with when this bundle is applied.
    pub old: Jwk,
    /// The key that it shall sign with.
    pub new: Jwk,
    /// The files that change; all others stay byte for byte.
    pub files: Files,
}

/// The first step: the issuer serves the key that is in use, and the new one behind it.
///
/// # Errors
/// When it is the same key, or two are served already.
pub fn stage(previous: &Previous, new: Jwk) -> Result<Exchange, RotationError> {
    let (old, served) = (previous.signing_key()?, previous.keys()?.keys);
    if served.len() > 1 {
        return Err(RotationError::UnderWay(served.len()));
    }
    if new.n == old.n {
        return Err(RotationError::SameKey(old.kid));
    }
    let keys = json(&Jwks { keys: vec![old.clone(), new.clone()] });
    Ok(Exchange { old, new, files: Files::from([(layout::KEYS.to_owned(), keys)]) })
}

/// The second: it serves the new key only, which is the bundle's from now on; `given` says which one is meant.
///
/// # Errors
/// When no second key is served, or another than the one given.
pub fn retire(previous: &Previous, given: Option<&Jwk>) -> Result<Exchange, RotationError> {
    let (old, served) = (previous.signing_key()?, previous.keys()?.keys);
    let staged = served.into_iter().find(|key| *key != old);
    let new = staged.ok_or(RotationError::NothingStaged)?;
    if let Some(given) = given.filter(|given| **given != new) {
        return Err(RotationError::OtherKey { staged: new.kid, given: given.kid.clone() });
    }
    let pem = new.to_pem().map_err(|error| PreviousError::Keys(error.into()))?;
    let files = Files::from([
        (layout::KEYS.to_owned(), json(&Jwks { keys: vec![new.clone()] })),
        (layout::PUBLIC_KEY.to_owned(), pem.into_bytes()),
    ]);
    Ok(Exchange { old, new, files })
}
