//! Whether the discovery document, the JWKS and the cluster's public key agree.

use super::{ContentsReader, Parsed};
use crate::json;
use crate::layout;
use crate::oidc::{DiscoveryDocument, Jwk, Jwks, SMALLEST_CLUSTER_KEY, TokenKey};
use serde_json::{Map, Value};

/// The most keys a JWKS may list: the one in use, and during a rotation the next.
const MOST_KEYS: usize = 2;

/// Checks all of it, and names the keys that tokens may be signed with.
pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed) -> Vec<TokenKey> {
    match &parsed.discovery {
        Some(text) => discovery(reader, text),
        None => reader.missing(layout::DISCOVERY),
    }
    let jwks = if let Some(text) = &parsed.keys {
        jwks(reader, text)
    } else {
        reader.missing(layout::KEYS);
        None
    };
    match &parsed.public_key {
        Some(pem) => public_key(reader, pem, jwks.as_ref()),
        None => reader.missing(layout::PUBLIC_KEY),
    }
    jwks.iter().flat_map(|jwks| &jwks.keys).filter_map(TokenKey::of).collect()
}

fn discovery(reader: &mut ContentsReader, text: &str) {
    match json::from_str::<DiscoveryDocument>(text) {
        Ok(document) => {
            let wanted = DiscoveryDocument::of(&reader.cluster.issuer);
            let mut faults = document.differences(&wanted);
            faults.extend(unknown_members(text, &wanted));
            if faults.is_empty() {
                return;
            }
            let faults = faults.join("; ");
            let what = format!("it is not the discovery document of {}: {faults}", reader.cluster.issuer);
            reader.problem(layout::DISCOVERY, what);
        }
        Err(error) => reader.problem(layout::DISCOVERY, error.to_string()),
    }
}

/// A sentence for each member beyond the wanted ones: the document of a server of one's own may have such, no bundle's.
fn unknown_members(text: &str, wanted: &DiscoveryDocument) -> Vec<String> {
    let found = serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let known = serde_json::to_value(wanted).unwrap_or_default();
    let unknown = found.keys().filter(|name| known.get(name.as_str()).is_none());
    unknown.map(|name| format!("its {name} must not be there")).collect()
}

fn jwks(reader: &mut ContentsReader, text: &str) -> Option<Jwks> {
    let jwks = match json::from_str::<Jwks>(text) {
        Ok(jwks) => jwks,
        Err(error) => {
            reader.problem(layout::KEYS, error.to_string());
            return None;
        }
    };
    if jwks.keys.is_empty() || jwks.keys.len() > MOST_KEYS {
        let what = format!("it lists {} keys; one is usual, two during a rotation", jwks.keys.len());
        reader.problem(layout::KEYS, what);
    }
    for (index, key) in jwks.keys.iter().enumerate() {
        if !key.is_sound() {
            let what = format!(
                "key {} is no RSA key of {SMALLEST_CLUSTER_KEY} bits or more under the kid that is its own",
                index + 1
            );
            reader.problem(layout::KEYS, what);
        }
        if jwks.keys[..index].contains(key) {
            reader.problem(layout::KEYS, format!("key {} stands there already", index + 1));
        }
    }
    Some(jwks)
}

fn public_key(reader: &mut ContentsReader, pem: &str, jwks: Option<&Jwks>) {
    match Jwk::of_pem(pem) {
        Ok(jwk) => {
            let Some(keys) = jwks.map(|jwks| &jwks.keys).filter(|keys| keys.first() != Some(&jwk)) else {
                return;
            };
            let what = format!("the key of {} (kid {})", layout::PUBLIC_KEY, jwk.kid);
            let what = if keys.contains(&jwk) {
                format!("{what} must be the first in it, and another comes before it")
            } else {
                format!("{what} is not in it")
            };
            reader.problem(layout::KEYS, what);
        }
        Err(error) => reader.problem(layout::PUBLIC_KEY, error.to_string()),
    }
}
