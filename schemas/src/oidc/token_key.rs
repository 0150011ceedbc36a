//! The keys whose tokens an issuer vouches for, named for people.

use super::Jwk;
use crate::digest::{Sha256, hexadecimal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A key that tokens of the cluster may be signed with: whoever has its private half can be any service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenKey {
    /// Its id in tokens and in the JWKS: base64url of its fingerprint.
    pub kid: String,
    /// Its fingerprint: SHA-256 of the SubjectPublicKeyInfo, what
    /// `openssl pkey -pubin -in serviceaccount-signer.public -outform DER | sha256sum` prints.
    pub sha256: Sha256,
}

impl TokenKey {
    /// A key of a JWKS, or `None` where its kid is no SHA-256 and so not its own.
    #[must_use]
    pub fn of(jwk: &Jwk) -> Option<Self> {
        let digest = URL_SAFE_NO_PAD.decode(&jwk.kid).ok()?;
        Some(Self { kid: jwk.kid.clone(), sha256: Sha256::try_from(hexadecimal(&digest)).ok()? })
    }
}

impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SHA-256 {})", self.kid, self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_fingerprint_in_two_alphabets() {
        let jwk = |kid: &str| Jwk {
            usage: "sig".into(),
            kty: "RSA".into(),
            kid: kid.into(),
            alg: "RS256".into(),
            n: String::new(),
            e: String::new(),
        };
        // SHA-256 of nothing. Source: NIST, Cryptographic Standards and Guidelines, "Example Values".
        let key = TokenKey::of(&jwk("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")).unwrap();
        assert_eq!(key.sha256.as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(TokenKey::of(&jwk("a")), None);
    }
}
