//! A signature under a trusted key's id: a whole token, or header and claims that the key really signed.
//!
//! An input that begins with `S` is header, newline, claims; anything else is a token.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use sts_schemas::signature::{Algorithm, Claims, PublicKey, SigningKey, sign, signed_key_id, verify};

/// What the keys of this target are made of: no secret.
const SEED: u8 = 7;

static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let make = |algorithm| {
        SigningKey::generate(algorithm, &mut |bytes| {
            bytes.fill(SEED);
            true
        })
    };
    [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384].map(|a| make(a).expect("a key")).into()
});

fuzz_target!(|data: &[u8]| {
    match data {
        [b'S', parts @ ..] => signed(parts),
        token => {
            if let Ok(token) = std::str::from_utf8(token) {
                received(token);
            }
        }
    }
});

/// Nothing is taken whose header and claims the key did not sign; seeds hold the tokens it did.
fn received(token: &str) {
    let _ = signed_key_id(token);
    for key in KEYS.iter() {
        if let Ok(claims) = verify::<Claims>(token, key.public_key(), Some(0)) {
            let ours = sign(key, &claims).expect("claims that were read");
            let input = |token: &str| token.rsplit_once('.').map(|(input, _)| input.to_owned());
            assert_eq!(input(token), input(&ours), "taken, and not as it is written");
        }
    }
}

/// Whatever the key signs: what is taken has exactly the header and the claims of the format.
fn signed(parts: &[u8]) {
    let mut parts = parts.splitn(2, |&byte| byte == b'\n');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = ed25519_dalek::SigningKey::from_bytes(&[SEED; 32]).sign(input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
    let key: &PublicKey = KEYS[0].public_key();
    if let Ok(taken) = verify::<Claims>(&token, key, None) {
        let header: serde_json::Value = serde_json::from_slice(header).expect("it was read");
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(header["kid"], key.id().as_str());
        assert_eq!(header.as_object().map(serde_json::Map::len), Some(3));
        let claims: Claims = serde_json::from_slice(claims).expect("they were read");
        assert_eq!(claims, taken);
    }
}
