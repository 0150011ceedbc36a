//! Bundles for readers who trust more keys than one, or ask for more signatures than one.
//!
//! Such a case has a file `trust` beside its bundle: the threshold on the first line, then the name of a key file
//! in the folder of the cases on each.

use super::signed::{claims, signature, stranger};
use super::{Case, Sound};
use crate::adversary::File;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sts_schemas::layout;
use sts_schemas::signature::{Algorithm, SigningKey};

pub(super) const CASES: &[Case] = &[
    Case { name: "threshold-not-met", verdict: "untrusted", damage: |sound| sound.bundle.clone() },
    Case { name: "threshold-met", verdict: "verified", damage: threshold_met },
    Case { name: "es256", verdict: "verified", damage: by_es256 },
    Case { name: "es256-of-the-other-form", verdict: "bad-signature", damage: by_es256_of_the_other_form },
    Case { name: "key-listed-twice", verdict: "threshold-too-high", damage: |sound| sound.bundle.clone() },
    Case { name: "one-signature-under-two-ids", verdict: "bad-signature", damage: under_two_ids },
];

/// Whom the reader of a case trusts, where that is not the one key alone.
#[must_use]
pub fn of_case(name: &str) -> Option<&'static str> {
    match name {
        "threshold-not-met" | "threshold-met" | "one-signature-under-two-ids" => {
            Some("2\ntrusted.pub\nsecond.pub\n")
        }
        "es256" | "es256-of-the-other-form" => Some("1\nes256.pub\n"),
        "key-listed-twice" => Some("2\ntrusted.pub\ntrusted.pub\n"),
        _ => None,
    }
}

/// The second key that some cases trust, as PEM.
pub(super) fn second_key() -> String {
    stranger().public_key().to_pem()
}

/// A key of the kind P-256 that some cases trust.
fn es256() -> SigningKey {
    let made = SigningKey::generate(Algorithm::Es256, &mut |bytes| {
        bytes.fill(6);
        true
    });
    made.unwrap_or_else(|error| panic!("no key: {error}"))
}

/// Its public half, as PEM.
pub(super) fn es256_key() -> String {
    es256().public_key().to_pem()
}

fn by_es256(sound: &Sound) -> Vec<u8> {
    with_signature_of(sound, &es256(), signature(&es256(), &claims(sound)))
}

/// Anybody can make it of the signature, and every usual library takes it.
fn by_es256_of_the_other_form(sound: &Sound) -> Vec<u8> {
    let token = String::from_utf8_lossy(&signature(&es256(), &claims(sound))).into_owned();
    let (input, numbers) = token.rsplit_once('.').unwrap_or_default();
    let mut numbers = URL_SAFE_NO_PAD.decode(numbers).unwrap_or_default();
    let mut borrow = 0;
    for (digit, byte) in ORDER_OF_P256.iter().zip(&mut numbers[32..]).rev() {
        let less = i16::from(*digit) - i16::from(*byte) - borrow;
        borrow = i16::from(less < 0);
        *byte = u8::try_from(less.rem_euclid(256)).unwrap_or_default();
    }
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(numbers));
    with_signature_of(sound, &es256(), token.into_bytes())
}

/// How many points the curve has. Source: NIST SP 800-186, section 3.2.1.3.
const ORDER_OF_P256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn with_second_signature(sound: &Sound, bytes: Vec<u8>) -> Vec<u8> {
    with_signature_of(sound, &stranger(), bytes)
}

/// The bundle with one more signature, under the id of this key.
fn with_signature_of(sound: &Sound, key: &SigningKey, bytes: Vec<u8>) -> Vec<u8> {
    let folder = format!("{}{}/", sound.top(), layout::SIGNATURES);
    let path = format!("{}{}", sound.top(), layout::signature(key.public_key().id().as_str()));
    sound.with_files(|files| {
        let before = |file: &File| file.path.starts_with(&folder) && file.path < path;
        let place = files.iter().rposition(before).unwrap_or_default() + 1;
        files.insert(place, File { path, bytes });
    })
}

fn threshold_met(sound: &Sound) -> Vec<u8> {
    with_second_signature(sound, signature(&stranger(), &claims(sound)))
}

/// The author's signature once more, as if the second key had made it.
fn under_two_ids(sound: &Sound) -> Vec<u8> {
    let bytes = sound.files[sound.signature()].bytes.clone();
    with_second_signature(sound, bytes)
}
