//! Whom a reader trusts, and how many of them must have signed.

use super::PublicKey;
use std::num::NonZeroUsize;

/// The keys a reader trusts, each once, and how many must have signed.
#[derive(Debug, Clone)]
pub struct TrustStore {
    keys: Vec<PublicKey>,
    threshold: NonZeroUsize,
}

/// A trust store that could never be satisfied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// No key at all.
    #[error("no trusted key was given")]
    NoKey,
    /// More signatures asked for than there are distinct keys.
    #[error("{threshold} signatures are asked for, and there {}", only(*keys))]
    ThresholdTooHigh {
        /// What was asked for.
        threshold: usize,
        /// How many distinct keys there are.
        keys: usize,
    },
}

fn only(keys: usize) -> String {
    if keys == 1 {
        "is only 1 distinct trusted key".into()
    } else {
        format!("are only {keys} distinct trusted keys")
    }
}

impl TrustStore {
    /// Trusts these keys; a key given twice counts once.
    ///
    /// # Errors
    /// When there is no key, or fewer distinct keys than signatures asked for.
    pub fn new(keys: Vec<PublicKey>, threshold: NonZeroUsize) -> Result<Self, TrustError> {
        let mut distinct: Vec<PublicKey> = Vec::new();
        for key in keys {
            if !distinct.iter().any(|known| known.id() == key.id()) {
                distinct.push(key);
            }
        }
        if distinct.is_empty() {
            return Err(TrustError::NoKey);
        }
        if distinct.len() < threshold.get() {
            return Err(TrustError::ThresholdTooHigh { threshold: threshold.get(), keys: distinct.len() });
        }
        Ok(Self { keys: distinct, threshold })
    }

    /// The key of this id, if it is trusted.
    #[must_use]
    pub fn key(&self, id: &crate::digest::Sha256) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    /// All trusted keys.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// How many distinct trusted keys must have signed.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.threshold.get()
    }
}
