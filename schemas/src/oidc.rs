//! The issuer's two documents: the discovery document and the JWKS.

mod token_key;

pub use token_key::TokenKey;

use crate::cluster::IssuerUrl;
use crate::gather::Gather as _;
use crate::pem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::traits::PublicKeyParts as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use spki::{DecodePublicKey as _, EncodePublicKey as _};

/// The two documents that an issuer's URL serves, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerDocuments {
    /// The discovery document.
    pub discovery: String,
    /// The JWKS.
    pub keys: String,
}

/// The discovery document at `<issuer>/.well-known/openid-configuration`.
///
/// Source: `OpenID` Connect Discovery 1.0, section 3; the values are those ccoctl serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryDocument {
    /// The issuer, as tokens name it.
    pub issuer: IssuerUrl,
    /// Where the JWKS is.
    pub jwks_uri: String,
    /// Always `id_token`.
    pub response_types_supported: Vec<String>,
    /// Always `public`.
    pub subject_types_supported: Vec<String>,
    /// Always RS256.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The claims in a service account's token.
    pub claims_supported: Vec<String>,
}

impl DiscoveryDocument {
    /// The document of this issuer.
    #[must_use]
    pub fn of(issuer: &IssuerUrl) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            issuer: issuer.clone(),
            jwks_uri: issuer.jwks_uri(),
            response_types_supported: texts(&["id_token"]),
            subject_types_supported: texts(&["public"]),
            id_token_signing_alg_values_supported: texts(&["RS256"]),
            // ccoctl names `sub` twice; readers take a set, and the same document keeps a plan empty.
            claims_supported: texts(&["aud", "exp", "sub", "iat", "iss", "sub"]),
        }
    }
}

impl DiscoveryDocument {
    /// The members that are not as in another document, each with both values.
    #[must_use]
    pub fn differences(&self, wanted: &Self) -> Vec<String> {
        let members = |document: &Self| serde_json::to_value(document).unwrap_or_default();
        let (found, wanted) = (members(self), members(wanted));
        let names = wanted.as_object().into_iter().flat_map(serde_json::Map::keys);
        names
            .filter(|name| found[name.as_str()] != wanted[name.as_str()])
            .map(|name| {
                format!("its {name} is {}, and must be {}", found[name.as_str()], wanted[name.as_str()])
            })
            .gather()
    }
}

/// The JWKS at `<issuer>/keys.json`. Source: RFC 7517, section 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwks {
    /// The keys that tokens may be signed with; the first is the one whose public half is in the bundle.
    pub keys: Vec<Jwk>,
}

/// One RSA key for signatures. Source: RFC 7517, section 4, and RFC 7518, section 6.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Always `RSA`.
    pub kty: String,
    /// The key's id, as kube-apiserver computes it: base64url of SHA-256 of the SubjectPublicKeyInfo.
    pub kid: String,
    /// Always `RS256`.
    pub alg: String,
    /// The modulus, base64url of its big-endian bytes.
    pub n: String,
    /// The exponent, likewise.
    pub e: String,
}

/// A text that is no RSA public key a cluster could sign with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterKeyError {
    /// No PEM at all.
    #[error("it is no PEM file")]
    NotPem,
    /// A PEM of something else.
    #[error("its PEM block is {0}, and PUBLIC KEY is needed")]
    WrongLabel(String),
    /// More than one PEM block.
    #[error("it holds {0} PEM blocks, and one key is needed")]
    Several(usize),
    /// A public key of another kind, by its name or its object identifier.
    #[error("it holds an {0} public key, and clusters sign with RSA")]
    NotRsa(String),
    /// Something is wrong within the PEM.
    #[error("it holds a damaged public key")]
    Damaged,
    /// Too small to be safe.
    #[error("it holds an RSA key of {0} bits, and at least {SMALLEST_CLUSTER_KEY} are needed")]
    TooSmall(u32),
}

/// The smallest RSA key taken for a cluster, in bits. Source: RFC 7518, section 3.3.
pub const SMALLEST_CLUSTER_KEY: u32 = 2048;

/// Source: RFC 8017, appendix A.1.
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";

/// What people call a kind of key. Source: RFC 5480, RFC 8410, RFC 4055 and RFC 3279.
fn kind_of_key(oid: &str) -> String {
    match oid {
        "1.2.840.10045.2.1" => "EC",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.3.101.110" => "X25519",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.10040.4.1" => "DSA",
        unknown => return format!("unknown ({unknown})"),
    }
    .to_owned()
}

impl Jwk {
    /// The JWK of a cluster's public key, given as `PUBLIC KEY` PEM.
    ///
    /// # Errors
    /// When the text is no such key; the error says what it is instead.
    pub fn of_pem(pem: &str) -> Result<Self, ClusterKeyError> {
        let label = pem::label(pem).ok_or(ClusterKeyError::NotPem)?;
        if let several @ 2.. = pem::count(pem) {
            return Err(ClusterKeyError::Several(several));
        }
        let block = pem::block(pem).ok_or(ClusterKeyError::NotPem)?;
        if label != "PUBLIC KEY" {
            return Err(ClusterKeyError::WrongLabel(label.to_owned()));
        }
        let damaged = |_| ClusterKeyError::Damaged;
        let (_, der) = spki::der::Document::from_pem(block).map_err(damaged)?;
        let info =
            spki::SubjectPublicKeyInfoRef::try_from(der.as_bytes()).map_err(|_| ClusterKeyError::Damaged)?;
        if info.algorithm.oid.to_string() != RSA_ENCRYPTION {
            return Err(ClusterKeyError::NotRsa(kind_of_key(&info.algorithm.oid.to_string())));
        }
        let key =
            rsa::PublicKey::from_public_key_der(der.as_bytes()).map_err(|_| ClusterKeyError::Damaged)?;
        let bits = key.n().bit_width();
        if bits < SMALLEST_CLUSTER_KEY {
            return Err(ClusterKeyError::TooSmall(bits));
        }
        Ok(Self {
            usage: "sig".into(),
            kty: "RSA".into(),
            kid: URL_SAFE_NO_PAD.encode(Sha256::digest(der.as_bytes())),
            alg: "RS256".into(),
            n: URL_SAFE_NO_PAD.encode(key.n_bytes()),
            e: URL_SAFE_NO_PAD.encode(key.e_bytes()),
        })
    }

    /// Whether its members are those of one key that a cluster may sign with.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.made_anew().as_ref() == Some(self)
    }

    /// The key as `PUBLIC KEY` PEM.
    ///
    /// # Errors
    /// When modulus and exponent make no key.
    pub fn to_pem(&self) -> Result<String, ClusterKeyError> {
        self.pem().ok_or(ClusterKeyError::Damaged)
    }

    /// The JWK of the key that modulus and exponent make.
    fn made_anew(&self) -> Option<Self> {
        Self::of_pem(&self.pem()?).ok()
    }

    fn pem(&self) -> Option<String> {
        let number = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let bits = u32::try_from(bytes.len().checked_mul(8)?).ok()?;
            rsa::BoxedUint::from_be_slice(&bytes, bits).ok()
        };
        let key = rsa::PublicKey::new(number(&self.n)?, number(&self.e)?).ok()?;
        key.to_public_key_pem(spki::der::pem::LineEnding::LF).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rsa_public_key_is_refused_by_what_it_is() {
        assert_eq!(Jwk::of_pem("ssh-rsa AAAA"), Err(ClusterKeyError::NotPem));
        let private = "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(Jwk::of_pem(private), Err(ClusterKeyError::WrongLabel("RSA PRIVATE KEY".into())));
        let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert_eq!(Jwk::of_pem(ed25519), Err(ClusterKeyError::NotRsa("Ed25519".into())));
    }

    #[test]
    fn the_discovery_document_names_its_issuer_and_keys() {
        let document = DiscoveryDocument::of(&"https://oidc.example.org/demo".parse().unwrap());
        assert_eq!(document.jwks_uri, "https://oidc.example.org/demo/keys.json");
        let other = DiscoveryDocument { claims_supported: vec!["sub".into()], ..document.clone() };
        let fault = "its claims_supported is [\"sub\"], and must be [\"aud\",\"exp\",\"sub\",\"iat\",\"iss\",\"sub\"]";
        assert_eq!(other.differences(&document), [fault]);
    }
}
