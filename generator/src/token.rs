//! The proof that what a cluster signs is what its issuer publishes: one token, made and checked.
//!
//! Both halves of a pair may look right and yet not belong together; a cluster installed with them could get
//! no credentials at all. So the private key, where it is at hand, signs a token as the cluster would, and the
//! token is checked as STS would: with nothing but the files that get published.

use crate::key::read_private;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use rsa::Pkcs1v15Sign;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier as _;
use rsa::traits::SignatureScheme as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use spki::EncodePublicKey as _;
use sts_schemas::oidc::{Jwk, Jwks};

/// A private key whose tokens the published keys do not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The private key cannot be read.
    #[error("it is no RSA private key in PKCS#1 or PKCS#8 PEM")]
    NotRsa,
    /// What is published cannot be read.
    #[error("the published keys or the discovery document are damaged")]
    Unpublished,
    /// No published key has the id that the cluster would name in its tokens.
    #[error("the cluster would sign with the key {kid}, which is not among the published ones")]
    OtherKey {
        /// The id, as kube-apiserver computes it.
        kid: String,
    },
    /// A published key bears the id and is another.
    #[error("a token signed with it does not verify with the published key {kid}")]
    DoesNotVerify {
        /// The key's id.
        kid: String,
    },
}

/// Signs a token of this issuer with the cluster's private key, as the cluster would.
///
/// # Errors
/// When that is no RSA key.
pub fn sign(private_key: &str, issuer: &str) -> Result<String, TokenError> {
    token(&read_private(private_key).ok_or(TokenError::NotRsa)?, issuer)
}

/// The issuer that a discovery document names. It is taken as it stands there: it may be open, and then is none yet.
///
/// # Errors
/// When the document cannot be read.
pub fn issuer(discovery: &[u8]) -> Result<String, TokenError> {
    let discovery: Value = serde_json::from_slice(discovery).map_err(|_| TokenError::Unpublished)?;
    discovery["issuer"].as_str().map(str::to_owned).ok_or(TokenError::Unpublished)
}

/// A service account's token, as far as its verification goes. Source: RFC 7515, section 3.1.
fn token(key: &rsa::PrivateKey, issuer: &str) -> Result<String, TokenError> {
    let der = key.to_public_key().to_public_key_der().map_err(|_| TokenError::NotRsa)?;
    let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(der.as_bytes()));
    let header = json!({"alg": "RS256", "kid": kid});
    let claims = json!({"iss": issuer, "aud": ["openshift"], "sub": "system:serviceaccount:proof:proof"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    // Not blinded, which is a third of the work: blinding is against those who choose what is signed and time it, and
    // this text is the program's own, the same at every run, and nobody is handed the signature.
    let unblinded = None::<&mut SysRng>;
    let digest = Sha256::digest(signed.as_bytes());
    let signature =
        Pkcs1v15Sign::new::<Sha256>().sign(unblinded, key, &digest).map_err(|_| TokenError::NotRsa)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Verifies a token as STS would, with nothing but what is published: the issuer of the discovery document, and its keys.
///
/// # Errors
/// When the key that signed it is not among the published ones, or the token is another issuer's.
pub fn verify(token: &str, issuer: &str, keys: &[u8]) -> Result<(), TokenError> {
    let keys: Jwks = serde_json::from_slice(keys).map_err(|_| TokenError::Unpublished)?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Unpublished);
    let value = |text: &str| -> Result<Value, TokenError> {
        serde_json::from_slice(&decoded(text)?).map_err(|_| TokenError::Unpublished)
    };
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Unpublished)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Unpublished)?;
    let kid = value(header)?["kid"].as_str().unwrap_or_default().to_owned();
    let Some(jwk) = keys.keys.iter().find(|jwk| jwk.kid == kid) else {
        return Err(TokenError::OtherKey { kid });
    };
    let signature = decoded(signature)?;
    let holds = Signature::try_from(signature.as_slice()).is_ok_and(|signature| {
        public(jwk).is_some_and(|key| key.verify(signed.as_bytes(), &signature).is_ok())
    });
    let same_issuer = value(claims)?["iss"] == issuer;
    if holds && same_issuer && jwk.alg == "RS256" { Ok(()) } else { Err(TokenError::DoesNotVerify { kid }) }
}

fn public(jwk: &Jwk) -> Option<VerifyingKey<Sha256>> {
    let number = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(rsa::BoxedUint::from_be_slice_vartime(&bytes))
    };
    Some(VerifyingKey::new(rsa::PublicKey::new(number(&jwk.n)?, number(&jwk.e)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
    use sts_schemas::oidc::DiscoveryDocument;

    /// A private key, and the JWK of its public half.
    fn pair() -> (String, Jwk) {
        let key = crate::key::make_rsa(2048).unwrap();
        let public = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        (key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string(), Jwk::of_pem(&public).unwrap())
    }

    #[test]
    fn a_token_verifies_with_the_keys_of_its_pair_and_with_no_others() {
        let issuer = "https://oidc.example.org".parse().unwrap();
        let discovery = serde_json::to_vec(&DiscoveryDocument::of(&issuer)).unwrap();
        let ((private, ours), (_, theirs)) = (pair(), pair());
        let issuer = super::issuer(&discovery).unwrap();
        let token = sign(&private, &issuer).unwrap();
        let proof = |keys: &[&Jwk]| {
            let keys = Jwks { keys: keys.iter().map(|&key| key.clone()).collect() };
            verify(&token, &issuer, &serde_json::to_vec(&keys).unwrap())
        };
        assert_eq!(proof(&[&ours]), Ok(()));
        assert_eq!(proof(&[&theirs, &ours]), Ok(()));
        let kid = ours.kid.clone();
        assert_eq!(proof(&[&theirs]), Err(TokenError::OtherKey { kid: kid.clone() }));
        let disguised = Jwk { kid: kid.clone(), ..theirs };
        assert_eq!(proof(&[&disguised]), Err(TokenError::DoesNotVerify { kid }));
        assert_eq!(sign("no key", "https://oidc.example.org"), Err(TokenError::NotRsa));
    }
}
