//! Kinds of keys, and the signature algorithms they are for.

use super::KeyError;
use pkcs8::ObjectIdentifier;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A kind of key: what a key file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on NIST's curve P-256.
    P256,
    /// ECDSA on NIST's curve P-384.
    P384,
    /// RSA, 2048 bits or more.
    Rsa,
}

/// What people call it, as `openssl` and RFCs do.
impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "ECDSA P-256",
            Self::P384 => "ECDSA P-384",
            Self::Rsa => "RSA",
        })
    }
}

/// A signature algorithm by its JOSE name. Source: RFC 7518, section 3.1, and RFC 8037, section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// Ed25519, the default.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
}

impl Algorithm {
    /// The kind of key it is made with.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::EdDsa => KeyKind::Ed25519,
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Rs256 | Self::Ps256 => KeyKind::Rsa,
        }
    }

    /// The algorithm a key of this kind signs with when nothing else is asked for.
    #[must_use]
    pub fn default_for(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Ed25519 => Self::EdDsa,
            KeyKind::P256 => Self::Es256,
            KeyKind::P384 => Self::Es384,
            KeyKind::Rsa => Self::Ps256,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EdDsa => "ed25519",
            Self::Es256 => "es256",
            Self::Es384 => "es384",
            Self::Rs256 => "rs256",
            Self::Ps256 => "ps256",
        })
    }
}

impl FromStr for Algorithm {
    type Err = crate::InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "ed25519" | "eddsa" => Ok(Self::EdDsa),
            "es256" => Ok(Self::Es256),
            "es384" => Ok(Self::Es384),
            "rs256" => Ok(Self::Rs256),
            "ps256" => Ok(Self::Ps256),
            _ => Err(crate::InvalidText::new(
                "signature algorithm",
                text,
                "known are ed25519, es256, es384, rs256 and ps256",
            )),
        }
    }
}

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const CURVE_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const CURVE_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The kind of key that an `AlgorithmIdentifier` names. Source: RFC 5912 and RFC 8410.
pub(super) fn kind_of(algorithm: &spki::AlgorithmIdentifierRef<'_>) -> Result<KeyKind, KeyError> {
    match algorithm.oid {
        ED25519 => Ok(KeyKind::Ed25519),
        RSA => Ok(KeyKind::Rsa),
        EC => match algorithm.parameters_oid() {
            Ok(CURVE_P256) => Ok(KeyKind::P256),
            Ok(CURVE_P384) => Ok(KeyKind::P384),
            _ => Err(KeyError::Unsupported),
        },
        _ => Err(KeyError::Unsupported),
    }
}
