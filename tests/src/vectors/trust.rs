//! Bundles for readers who trust more keys than one, or ask for more signatures than one.
//!
//! Such a case has a file `trust` beside its bundle: the threshold on the first line, then the name of a key file
//! in the folder of the cases on each.

use super::signed::{claims, signature, stranger};
use super::{Case, Sound};
use crate::adversary::File;
use sts_schemas::layout;

pub(super) const CASES: &[Case] = &[
    Case { name: "threshold-not-met", verdict: "untrusted", damage: |sound| sound.bundle.clone() },
    Case { name: "threshold-met", verdict: "verified", damage: threshold_met },
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
        "key-listed-twice" => Some("2\ntrusted.pub\ntrusted.pub\n"),
        _ => None,
    }
}

/// The second key that some cases trust, as PEM.
pub(super) fn second_key() -> String {
    stranger().public_key().to_pem()
}

fn with_second_signature(sound: &Sound, bytes: Vec<u8>) -> Vec<u8> {
    let folder = format!("{}{}/", sound.top(), layout::SIGNATURES);
    let path = format!("{}{}", sound.top(), layout::signature(stranger().public_key().id().as_str()));
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
