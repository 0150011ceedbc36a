//! Damage to what is signed: by whoever has no key, a key of their own, or the author's.

use super::{Case, Sound};
use crate::adversary::{File, archive, pack};
use sts_schemas::digest::Sha256;
use sts_schemas::layout;
use sts_schemas::manifest::Manifest;
use sts_schemas::signature::{Algorithm, Claims, SigningKey, sign};

pub(super) const CASES: &[Case] = &[
    Case { name: "unsigned", verdict: "unsigned", damage: unsigned },
    Case { name: "signed-by-a-stranger", verdict: "untrusted", damage: by_a_stranger },
    Case { name: "stranger-under-a-trusted-id", verdict: "bad-signature", damage: under_a_trusted_id },
    Case { name: "algorithm-none", verdict: "bad-signature", damage: algorithm_none },
    Case { name: "signature-cut", verdict: "bad-signature", damage: signature_cut },
    Case { name: "signature-is-no-text", verdict: "bad-signature", damage: signature_is_no_text },
    Case {
        name: "expired",
        verdict: "bad-signature",
        damage: |s| by_author(s, |claims| claims.exp = Some(1)),
    },
    Case { name: "signature-of-another-bundle", verdict: "other-manifest", damage: of_another_bundle },
    Case { name: "manifest-changed", verdict: "other-manifest", damage: manifest_changed },
    Case { name: "manifest-with-a-new-member", verdict: "bad-manifest", damage: new_member },
    Case { name: "manifest-in-one-line", verdict: "bad-manifest", damage: in_one_line },
    Case { name: "manifest-unsorted", verdict: "bad-manifest", damage: unsorted },
    Case { name: "format-of-the-future", verdict: "unsupported", damage: of_the_future },
    Case { name: "claims-another-account", verdict: "claims-differ", damage: another_account },
    Case { name: "claims-another-generation", verdict: "claims-differ", damage: another_generation },
    Case { name: "top-folder-renamed", verdict: "wrong-top", damage: top_renamed },
    Case {
        name: "file-changed",
        verdict: "files-differ",
        damage: |s| s.with_files(|f| last(f).bytes[0] ^= 1),
    },
    Case {
        name: "file-longer",
        verdict: "files-differ",
        damage: |s| s.with_files(|f| last(f).bytes.push(0)),
    },
    Case { name: "file-missing", verdict: "files-differ", damage: |s| s.with_files(|f| drop(f.pop())) },
    Case { name: "file-extra", verdict: "files-differ", damage: file_extra },
    Case { name: "provider-of-another-issuer", verdict: "inconsistent", damage: another_issuer },
    Case { name: "trust-for-everybody", verdict: "inconsistent", damage: trust_for_everybody },
];

fn last(files: &mut [File]) -> &mut File {
    let last = files.len() - 1;
    &mut files[last]
}

fn unsigned(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| drop(files.remove(sound.signature())))
}

fn claims(sound: &Sound) -> Claims {
    Claims {
        manifest_sha256: Sha256::of(&sound.files[0].bytes),
        cluster: sound.manifest.cluster.name.clone(),
        account: sound.manifest.cluster.account.clone(),
        generation: sound.manifest.generation,
        exp: None,
    }
}

fn signature(key: &SigningKey, claims: &Claims) -> Vec<u8> {
    sign(key, claims).unwrap_or_else(|error| panic!("no signature: {error}")).into_bytes()
}

/// A key of somebody nobody trusts; what it is made of is no secret.
fn stranger() -> SigningKey {
    let made = SigningKey::generate(Algorithm::EdDsa, &mut |bytes| {
        bytes.fill(5);
        true
    });
    made.unwrap_or_else(|error| panic!("no key: {error}"))
}

fn with_signature(sound: &Sound, bytes: Vec<u8>) -> Vec<u8> {
    sound.with_files(|files| files[sound.signature()].bytes = bytes)
}

fn by_a_stranger(sound: &Sound) -> Vec<u8> {
    let key = stranger();
    sound.with_files(|files| {
        let file = &mut files[sound.signature()];
        file.path = format!("{}{}", sound.top(), layout::signature(key.public_key().id().as_str()));
        file.bytes = signature(&key, &claims(sound));
    })
}

fn under_a_trusted_id(sound: &Sound) -> Vec<u8> {
    with_signature(sound, signature(&stranger(), &claims(sound)))
}

/// The header `{"alg":"none"}`, the author's claims, and no signature: the oldest trick there is.
fn algorithm_none(sound: &Sound) -> Vec<u8> {
    let token = String::from_utf8_lossy(&sound.files[sound.signature()].bytes).into_owned();
    let claims = token.split('.').nth(1).unwrap_or_default();
    with_signature(sound, format!("eyJhbGciOiJub25lIn0.{claims}.").into_bytes())
}

fn signature_cut(sound: &Sound) -> Vec<u8> {
    let mut bytes = sound.files[sound.signature()].bytes.clone();
    bytes.truncate(bytes.len() - 4);
    with_signature(sound, bytes)
}

fn signature_is_no_text(sound: &Sound) -> Vec<u8> {
    with_signature(sound, vec![0xff; 64])
}

fn by_author(sound: &Sound, change: impl FnOnce(&mut Claims)) -> Vec<u8> {
    let mut claims = claims(sound);
    change(&mut claims);
    with_signature(sound, signature(&sound.key, &claims))
}

fn of_another_bundle(sound: &Sound) -> Vec<u8> {
    by_author(sound, |claims| claims.manifest_sha256 = Sha256::of(b"another"))
}

fn manifest_changed(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let text = String::from_utf8_lossy(&files[0].bytes).replace("harbour", "arbours");
        files[0].bytes = text.into_bytes();
    })
}

/// The bundle with a manifest of other bytes, signed by the author.
fn with_manifest(sound: &Sound, files: &[File], bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::of(&bytes);
    let top = format!("{}-{}/", sound.manifest.cluster.name, digest.short());
    let mut files = files.to_vec();
    files[0].bytes = bytes;
    let claims = Claims { manifest_sha256: digest, ..claims(sound) };
    files[sound.signature()].bytes = signature(&sound.key, &claims);
    for file in &mut files {
        file.path = file.path.replacen(sound.top(), &top, 1);
    }
    pack(&archive(&files))
}

fn manifest_text(sound: &Sound, change: impl FnOnce(String) -> String) -> Vec<u8> {
    let text = String::from_utf8_lossy(&sound.files[0].bytes).into_owned();
    with_manifest(sound, &sound.files, change(text).into_bytes())
}

fn new_member(sound: &Sound) -> Vec<u8> {
    manifest_text(sound, |text| text.replacen('{', "{\n  \"surprise\": 1,", 1))
}

fn in_one_line(sound: &Sound) -> Vec<u8> {
    manifest_text(sound, |text| text.replace('\n', ""))
}

fn unsorted(sound: &Sound) -> Vec<u8> {
    let mut manifest = sound.manifest.clone();
    manifest.files.reverse();
    with_manifest(sound, &sound.files, manifest.to_bytes())
}

fn of_the_future(sound: &Sound) -> Vec<u8> {
    manifest_text(sound, |text| text.replacen("\"1.0\"", "\"2.0\"", 1))
}

fn another_account(sound: &Sound) -> Vec<u8> {
    let other = "000000000000".parse();
    by_author(sound, |claims| claims.account = other.unwrap_or_else(|error| panic!("{error}")))
}

fn another_generation(sound: &Sound) -> Vec<u8> {
    by_author(sound, |claims| claims.generation += 1)
}

fn top_renamed(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        for file in files {
            file.path = file.path.replacen(sound.top(), "harbour-000000000000/", 1);
        }
    })
}

fn file_extra(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let path = format!("{}{}/zzz.yaml", sound.top(), layout::REQUESTS);
        let place = files.iter().rposition(|file| file.path < path).map_or(0, |before| before + 1);
        files.insert(place, File { path, bytes: b"surprise".to_vec() });
    })
}

/// The bundle with one file changed by the author, listed and signed as it should be.
fn authored(sound: &Sound, pick: impl Fn(&str) -> bool, old: &str, new: &str) -> Vec<u8> {
    let mut files = sound.files.clone();
    let mut manifest: Manifest = sound.manifest.clone();
    let top = sound.top().to_owned();
    for file in files.iter_mut().filter(|file| pick(file.path.trim_start_matches(&top))) {
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        assert!(text.contains(old), "{} holds no {old:?}", file.path);
        file.bytes = text.replace(old, new).into_bytes();
        let path = file.path.trim_start_matches(&top);
        for entry in manifest.files.iter_mut().filter(|entry| entry.path == path) {
            entry.length = file.bytes.len() as u64;
            entry.sha256 = Sha256::of(&file.bytes);
        }
    }
    with_manifest(sound, &files, manifest.to_bytes())
}

fn another_issuer(sound: &Sound) -> Vec<u8> {
    authored(sound, |path| path == layout::PROVIDER, "harbour-oidc.s3", "arbours-oidc.s3")
}

fn trust_for_everybody(sound: &Sound) -> Vec<u8> {
    authored(sound, |path| path.starts_with("05-"), "StringEquals", "StringLike")
}
