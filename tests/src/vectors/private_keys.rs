//! Bundles that carry a private key: the cluster's, or one that is none, or not there.
//!
//! The keys were made for these cases alone, and are no cluster's.

use super::inconsistent::authored;
use super::kin::cases_of;
use super::{Case, Sound};
use sts_schemas::layout;

/// For whoever reads the bundle.
pub(super) const PLAINTEXT: &[Case] = cases_of!("plaintext" {
    "private-key-in-plain-text", "verified", |s| s.bundle.clone();
    "private-key-only-for-the-installer", "inconsistent: the same key must stand in", |s| lacking(s, layout::PRIVATE_KEY);
    "private-key-not-for-the-installer", "inconsistent: the same key must stand in", |s| lacking(s, layout::TLS_KEY);
    "private-key-of-another-kind", "inconsistent: its PEM block is EC PRIVATE KEY",
        |s| both(s, |text| text.replace("RSA PRIVATE KEY", "EC PRIVATE KEY"));
    "private-key-that-is-public", "inconsistent: its PEM block is PUBLIC KEY", public;
    "private-key-damaged", "inconsistent: is damaged", |s| both(s, |text| text.replace("MII", "MIJ"));
    "private-key-that-is-no-pem", "inconsistent: it is no PEM file", |s| both(s, |_| "a key\n".into());
    "private-key-among-the-manifests", "inconsistent: a private key stands in it (RSA PRIVATE KEY)", |s| also_at(s, "manifests/key.yaml");
    "private-key-among-the-requests", "inconsistent: a private key stands in it (RSA PRIVATE KEY)", |s| also_at(s, "requests/key.yaml");
    "private-key-twice-in-a-file", "inconsistent: it holds 2 PEM blocks", |s| both(s, |text| text.repeat(2));
    "private-key-at-the-top", "bad-manifest", |s| also_at(s, "private.key");
});

/// Under a passphrase.
pub(super) const ENCRYPTED: &[Case] = cases_of!("encrypted" {
    "private-key-encrypted", "verified", |s| s.bundle.clone();
    "private-key-encrypted-for-the-installer", "inconsistent: an encrypted key belongs in", |s| also_at(s, layout::TLS_KEY);
    "private-key-encrypted-and-damaged", "inconsistent: it is damaged", |s| both(s, |text| text.replace("MII", "MIJ"));
});

/// A key of one bundle in another.
pub(super) const MIXED: &[Case] = &[
    Case {
        name: "private-key-in-the-review",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, layout::REVIEW, |text| format!("{text}\n{STRAY}")),
    },
    Case {
        name: "private-key-in-the-script",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, layout::APPLY_SCRIPT, |text| format!("{text}\n# {STRAY}")),
    },
    Case {
        name: "private-key-before-the-public-one",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, layout::PUBLIC_KEY, |text| format!("{STRAY}{text}")),
    },
    Case {
        name: "private-key-in-base64",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, REQUEST, |text| format!("{text}# tls.key: {STRAY_IN_BASE64}\n")),
    },
    Case {
        name: "private-key-in-base64-behind-a-comment",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, REQUEST, |text| format!("{text}# tls.key: {STRAY_IN_BASE64_BEHIND}\n")),
    },
    Case {
        name: "private-key-in-wrapped-base64",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, REQUEST, |text| format!("{text}# tls.key: |\n{STRAY_IN_LINES}")),
    },
    Case {
        name: "private-key-in-base64-with-escapes",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, REQUEST, |text| format!("{text}# {{\"tls.key\":{STRAY_IN_LINES:?}}}\n")),
    },
    Case {
        name: "private-key-as-a-jwk-in-a-text",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, REQUEST, |text| format!("{text}# {{\"jwk\":{STRAY_JWK:?}}}\n")),
    },
    Case {
        name: "private-key-as-a-jwk",
        verdict: "inconsistent: a private key stands in it",
        damage: |s| with_text(s, REQUEST, |text| format!("{text}# {STRAY_JWK}\n")),
    },
    Case {
        name: "public-key-twice-in-a-file",
        verdict: "inconsistent: it holds 2 PEM blocks",
        damage: |s| with_text(s, layout::PUBLIC_KEY, |text| text.repeat(2)),
    },
    Case {
        name: "private-key-of-another-cluster",
        verdict: "inconsistent: it does not belong to",
        damage: |s| {
            let (key, tls) = (s.kin("plaintext"), layout::TLS_KEY);
            with_files(s, &[(layout::PRIVATE_KEY, file(key, layout::PRIVATE_KEY)), (tls, file(key, tls))])
        },
    },
    Case {
        name: "private-key-encrypted-and-in-plain-text",
        verdict: "inconsistent: the same key must stand in",
        damage: |s| {
            let sealed = file(s.kin("encrypted"), layout::PRIVATE_KEY);
            with_files(s.kin("plaintext"), &[(layout::PRIVATE_KEY, sealed)])
        },
    },
];

/// What is no key and looks like one.
const STRAY: &str = "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n";
const STRAY_IN_BASE64: &str = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCm5vbmUK";
/// `#key` and a newline before the same.
const STRAY_IN_BASE64_BEHIND: &str = "I2tleQotLS0tLUJFR0lOIFBSSVZBVEUgS0VZLS0tLS0Kbm9uZQo=";
/// A comment line before the same, in lines of 20 signs: one ends within the beginning of the block.
const STRAY_IN_LINES: &str = "    IyBjbHVzdGVyIDcKLS0t\n    LS1CRUdJTiBQUklWQVRF\n    IEtFWS0tLS0tCm5vbmUK\n";
const STRAY_JWK: &str = r#"{"kty": "OKP", "crv": "Ed25519", "x": "none", "d" : "none"}"#;
const REQUEST: &str = "requests/backup.yaml";

/// A file of a bundle.
fn file(sound: &Sound, path: &str) -> Vec<u8> {
    let whole = format!("{}{path}", sound.top());
    let found = sound.files.iter().find(|file| file.path == whole);
    found.unwrap_or_else(|| panic!("no {path}")).bytes.clone()
}

fn with_files(sound: &Sound, more: &[(&str, Vec<u8>)]) -> Vec<u8> {
    authored(sound, |files, _| {
        files.extend(more.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone())));
    })
}

/// A text file changed.
fn with_text(sound: &Sound, path: &str, change: fn(&str) -> String) -> Vec<u8> {
    let text = String::from_utf8_lossy(&file(sound, path)).into_owned();
    with_files(sound, &[(path, change(&text).into_bytes())])
}

fn lacking(sound: &Sound, path: &str) -> Vec<u8> {
    authored(sound, |files, _| drop(files.remove(path)))
}

/// The private key a second time, at this path.
fn also_at(sound: &Sound, path: &str) -> Vec<u8> {
    with_files(sound, &[(path, file(sound, layout::PRIVATE_KEY))])
}

/// The private key changed, wherever it stands.
fn both(sound: &Sound, change: fn(&str) -> String) -> Vec<u8> {
    authored(sound, |files, _| {
        for path in [layout::PRIVATE_KEY, layout::TLS_KEY] {
            if let Some(bytes) = files.get_mut(path) {
                *bytes = change(&String::from_utf8_lossy(bytes)).into_bytes();
            }
        }
    })
}

fn public(sound: &Sound) -> Vec<u8> {
    let public = file(sound, layout::PUBLIC_KEY);
    with_files(sound, &[(layout::PRIVATE_KEY, public.clone()), (layout::TLS_KEY, public)])
}
