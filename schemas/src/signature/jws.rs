//! One signature: a compact JWS over a statement, as the claims that bind a manifest are one.

use super::{Algorithm, PublicKey, SigningKey, crypto};
use crate::aws::AccountId;
use crate::cluster::ClusterName;
use crate::digest::Sha256;
use crate::manifest::Manifest;
#[cfg(doc)]
use crate::moment::LAST_MOMENT;
use crate::moment::moment;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// What a key can sign here. Each kind has a `typ` of its own, so that no signature passes for another kind's.
pub trait Statement: Serialize + DeserializeOwned {
    /// The `typ` in the header. Source: RFC 7515, section 4.1.9, and RFC 8725, section 3.11.
    const TYPE: &'static str;

    /// When the signature ends to count, in seconds since 1970; never, unless the statement says so.
    fn expires(&self) -> Option<u64> {
        None
    }
}

/// What a signature says: this manifest, for this cluster in this account, of this generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// SHA-256 of the bytes of `manifest.json`.
    pub manifest_sha256: Sha256,
    /// The cluster.
    pub cluster: ClusterName,
    /// The account, or `${account}` where the bundle is for any.
    #[serde(with = "crate::open::account")]
    #[schemars(with = "String")]
    pub account: AccountId,
    /// The bundle's generation, in seconds since 1970, at most [`LAST_MOMENT`].
    #[serde(deserialize_with = "moment")]
    #[schemars(range(max = 253_402_300_799_u64))]
    pub generation: u64,
    /// When the signature ends to count, in seconds since 1970; never, where absent.
    #[serde(default, deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    moment(from).map(Some)
}

impl Statement for Claims {
    const TYPE: &'static str = "sts-handoff-bundle";

    fn expires(&self) -> Option<u64> {
        self.exp
    }
}

impl Claims {
    /// What is signed of a bundle: its manifest with this digest, until `exp` in seconds since 1970, if ever.
    #[must_use]
    pub fn of(manifest: &Manifest, digest: &Sha256, exp: Option<u64>) -> Self {
        Self {
            manifest_sha256: digest.clone(),
            cluster: manifest.cluster.name.clone(),
            account: manifest.cluster.account.clone(),
            generation: manifest.generation,
            exp,
        }
    }
}

/// The protected header, and nothing but: no `crit`, no embedded key, no URL to fetch one from.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectedHeader {
    typ: String,
    alg: Algorithm,
    kid: Sha256,
}

/// A signature that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is no compact JWS with exactly the header this format knows.
    #[error("it is no signature of this format: {0}")]
    Malformed(String),
    /// Its header asks for an algorithm that the key is not for.
    #[error("it claims to be made with {}, which is not what the key {key} is for", jose_name(*claimed))]
    WrongAlgorithm {
        /// What the header says.
        claimed: Algorithm,
        /// The key's id.
        key: Sha256,
    },
    /// The mathematics say no: another key, or other bytes.
    #[error("it was not made by the key {key} over these bytes")]
    Forged {
        /// The key's id.
        key: Sha256,
    },
    /// It holds, but its header names another key than the one that made it.
    #[error("the key {key} made it, and its header names the key {named}")]
    OtherKeyId {
        /// The key's id.
        key: Sha256,
        /// What the header says.
        named: Sha256,
    },
    /// It holds, but is not the one form that an ECDSA signature has here.
    #[error(
        "it is the other form of a signature by the key {key}: its second number is above half of the curve's order"
    )]
    OtherForm {
        /// The key's id.
        key: Sha256,
    },
    /// It ended to count.
    #[error("it expired at {}, and it is {} now", crate::moment::utc(*expired), crate::moment::utc(*now))]
    Expired {
        /// When it ended.
        expired: u64,
        /// The time of the check.
        now: u64,
    },
}

/// Signs a statement with a key.
///
/// # Errors
/// When the primitive fails, as without randomness for PS256.
pub fn sign<S: Statement>(key: &SigningKey, statement: &S) -> Result<String, SignatureError> {
    crypto::install();
    let mut header = Header::new(jose(key.algorithm()));
    header.typ = Some(S::TYPE.into());
    header.kid = Some(key.public_key().id().to_string());
    let encoding_key = match key.algorithm() {
        Algorithm::EdDsa => EncodingKey::from_ed_der(key.der()),
        Algorithm::Es256 | Algorithm::Es384 => EncodingKey::from_ec_der(key.der()),
        Algorithm::Rs256 | Algorithm::Ps256 => EncodingKey::from_rsa_der(key.der()),
    };
    let token = jsonwebtoken::encode(&header, statement, &encoding_key)
        .map_err(|error| SignatureError::Malformed(error.to_string()))?;
    Ok(in_one_form(&token, key.public_key()).unwrap_or(token))
}

/// The token with the other form of its signature, where that is the one which this format takes.
fn in_one_form(token: &str, key: &PublicKey) -> Option<String> {
    let (input, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let lower = crypto::in_one_form(key.kind(), &signature)?;
    (lower != signature).then(|| format!("{input}.{}", URL_SAFE_NO_PAD.encode(lower)))
}

/// The bytes that a key kept elsewhere must sign, and that [`sign`] would sign with this algorithm.
///
/// # Errors
/// When the statement has no JSON form; for a valid one that cannot be.
pub fn signing_input<S: Statement>(
    algorithm: Algorithm,
    key: &PublicKey,
    statement: &S,
) -> Result<String, SignatureError> {
    let malformed = |error: serde_json::Error| SignatureError::Malformed(error.to_string());
    let header = ProtectedHeader { typ: S::TYPE.into(), alg: algorithm, kid: key.id().clone() };
    let header = serde_json::to_vec(&header).map_err(malformed)?;
    let statement = serde_json::to_vec(statement).map_err(malformed)?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(statement)))
}

/// Which key a bundle's signature says it was made with; nothing to trust, only where to look.
///
/// # Errors
/// When it is no signature of this format.
pub fn signed_key_id(token: &str) -> Result<Sha256, SignatureError> {
    key_id_of::<Claims>(token)
}

/// The same of a signature over another kind of statement.
///
/// # Errors
/// When it is no signature over one.
pub fn key_id_of<S: Statement>(token: &str) -> Result<Sha256, SignatureError> {
    Ok(protected_header(token, S::TYPE)?.kid)
}

/// Checks a signature with a key the reader trusts, and gives what it says.
///
/// `now` in seconds since 1970 is held against `exp`; `None` does not ask when the signature ends.
///
/// # Errors
/// As [`SignatureError`] tells.
pub fn verify<S: Statement>(token: &str, key: &PublicKey, now: Option<u64>) -> Result<S, SignatureError> {
    crypto::install();
    let header = protected_header(token, S::TYPE)?;
    let of_its_id = header.kid == *key.id();
    if header.alg.key_kind() != key.kind() {
        if !of_its_id {
            return Err(SignatureError::Forged { key: key.id().clone() });
        }
        return Err(SignatureError::WrongAlgorithm { claimed: header.alg, key: key.id().clone() });
    }
    let decoding_key = match header.alg {
        Algorithm::EdDsa => DecodingKey::from_ed_der(key.der()),
        Algorithm::Es256 | Algorithm::Es384 => DecodingKey::from_ec_der(key.der()),
        Algorithm::Rs256 | Algorithm::Ps256 => DecodingKey::from_rsa_der(key.der()),
    };
    let mut validation = Validation::new(jose(header.alg));
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let statement = jsonwebtoken::decode::<S>(token, &decoding_key, &validation)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => {
                SignatureError::Forged { key: key.id().clone() }
            }
            _ => SignatureError::Malformed(error.to_string()),
        })?
        .claims;
    if !of_its_id {
        return Err(SignatureError::OtherKeyId { key: key.id().clone(), named: header.kid });
    }
    if in_one_form(token, key).is_some() {
        return Err(SignatureError::OtherForm { key: key.id().clone() });
    }
    match (statement.expires(), now) {
        (Some(expired), Some(now)) if expired <= now => Err(SignatureError::Expired { expired, now }),
        _ => Ok(statement),
    }
}

/// The name of an algorithm in headers.
fn jose_name(algorithm: Algorithm) -> String {
    serde_json::to_value(algorithm).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

fn jose(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
    }
}

/// The header, read more strictly than `jsonwebtoken` would: known members, each once, and the right `typ`.
fn protected_header(token: &str, typ: &str) -> Result<ProtectedHeader, SignatureError> {
    let malformed = |why: &str| SignatureError::Malformed(why.to_owned());
    if token.matches('.').count() != 2 {
        return Err(malformed("three parts between dots are needed"));
    }
    let encoded = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| malformed("its header is no base64url"))?;
    let header: ProtectedHeader = serde_json::from_slice(&bytes)
        .map_err(|error| SignatureError::Malformed(format!("its header is wrong: {error}")))?;
    if header.typ != typ {
        return Err(SignatureError::Malformed(format!("its typ is {:?}, not {typ:?}", header.typ)));
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = Claims::TYPE;

    fn key(algorithm: Algorithm, seed: u8) -> SigningKey {
        SigningKey::generate(algorithm, &mut |bytes| {
            bytes.fill(seed);
            true
        })
        .unwrap()
    }

    fn claims() -> Claims {
        Claims {
            manifest_sha256: Sha256::of(b"manifest"),
            cluster: "demo".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            generation: 1_700_000_000,
            exp: None,
        }
    }

    /// A token with this header and the claims above, signed over exactly that.
    fn token_with_header(key: &SigningKey, header: &str) -> String {
        let good = sign(key, &claims()).unwrap();
        let parts: Vec<_> = good.split('.').collect();
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), parts[1], parts[2])
    }

    #[test]
    fn every_algorithm_signs_what_it_verifies_and_nothing_else() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384] {
            let (ours, theirs) = (key(algorithm, 7), key(algorithm, 8));
            let token = sign(&ours, &claims()).unwrap();
            assert_eq!(verify::<Claims>(&token, ours.public_key(), None).unwrap(), claims());
            assert!(matches!(
                verify::<Claims>(&token, theirs.public_key(), None),
                Err(SignatureError::Forged { .. })
            ));
            let input = signing_input(algorithm, ours.public_key(), &claims()).unwrap();
            assert!(token.starts_with(&format!("{input}.")), "what a token elsewhere must sign");
        }
    }

    #[test]
    fn a_header_that_asks_for_anything_else_is_refused() {
        let key = key(Algorithm::EdDsa, 7);
        let kid = key.public_key().id();
        for header in [
            format!(r#"{{"typ":"{TYPE}","alg":"none","kid":"{kid}"}}"#),
            format!(r#"{{"typ":"{TYPE}","alg":"HS256","kid":"{kid}"}}"#),
            format!(r#"{{"typ":"JWT","alg":"EdDSA","kid":"{kid}"}}"#),
            format!(r#"{{"typ":"{TYPE}","alg":"EdDSA","kid":"{kid}","crit":["x"],"x":1}}"#),
            format!(r#"{{"typ":"{TYPE}","alg":"EdDSA","alg":"EdDSA","kid":"{kid}"}}"#),
            format!(r#"{{"typ":"{TYPE}","alg":"EdDSA","kid":"{kid}","jku":"https://x.example"}}"#),
            format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        ] {
            let token = token_with_header(&key, &header);
            let error = verify::<Claims>(&token, key.public_key(), None).unwrap_err();
            assert!(matches!(error, SignatureError::Malformed(_)), "{header}: {error}");
        }
        let confused = token_with_header(&key, &format!(r#"{{"typ":"{TYPE}","alg":"ES256","kid":"{kid}"}}"#));
        assert!(matches!(
            verify::<Claims>(&confused, key.public_key(), None),
            Err(SignatureError::WrongAlgorithm { claimed: Algorithm::Es256, .. })
        ));
    }

    #[test]
    fn any_changed_character_is_refused() {
        let key = key(Algorithm::EdDsa, 7);
        let token = sign(&key, &claims()).unwrap();
        for position in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[position] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(verify::<Claims>(&changed, key.public_key(), None).is_err(), "position {position}");
        }
        for changed in [format!("{token}="), format!("{token}."), format!(" {token}"), format!("{token}\n")] {
            assert!(verify::<Claims>(&changed, key.public_key(), None).is_err(), "{changed:?}");
        }
    }

    #[test]
    fn the_other_form_of_an_ecdsa_signature_is_refused_though_it_holds() {
        for (algorithm, order) in [
            (Algorithm::Es256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
            (
                Algorithm::Es384,
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
            ),
        ] {
            // Of so many signatures some would come out in either form.
            for seed in 1..20 {
                let key = key(algorithm, seed);
                let token = sign(&key, &claims()).unwrap();
                assert!(verify::<Claims>(&token, key.public_key(), None).is_ok());
                let other = other_form(&token, order);
                assert_eq!(
                    verify::<Claims>(&other, key.public_key(), None),
                    Err(SignatureError::OtherForm { key: key.public_key().id().clone() })
                );
            }
        }
    }

    /// The same signature with its second number taken from the curve's order, given in hexadecimal digits.
    fn other_form(token: &str, order: &str) -> String {
        let (input, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let half = bytes.len() / 2;
        let mut borrow = 0;
        for at in (0..half).rev() {
            let digit = i16::from(u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap());
            let less = digit - i16::from(bytes[half + at]) - borrow;
            borrow = i16::from(less < 0);
            bytes[half + at] = u8::try_from(less.rem_euclid(256)).unwrap();
        }
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    #[test]
    fn a_signature_ends_to_count_when_it_says_so_and_the_reader_asks() {
        let key = key(Algorithm::Es256, 7);
        let token = sign(&key, &Claims { exp: Some(2_000), ..claims() }).unwrap();
        assert!(verify::<Claims>(&token, key.public_key(), Some(1_999)).is_ok());
        assert_eq!(
            verify::<Claims>(&token, key.public_key(), Some(2_000)),
            Err(SignatureError::Expired { expired: 2_000, now: 2_000 })
        );
        assert!(verify::<Claims>(&token, key.public_key(), None).is_ok());
    }
}
