//! Damage to what is signed: by whoever has no key, a key of their own, or the author's.

use super::{Case, Sound};
use crate::adversary::{File, archive, pack};
use sts_schemas::digest::Sha256;
use sts_schemas::layout;
use sts_schemas::moment::LAST_MOMENT;
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
    Case { name: "manifest-with-a-member-twice", verdict: "bad-manifest", damage: member_twice },
    Case { name: "manifest-lists-a-place-of-nobody", verdict: "bad-manifest", damage: lists_nobody },
    Case { name: "manifest-lists-itself", verdict: "bad-manifest", damage: lists_itself },
    Case {
        name: "manifest-region-of-another-partition",
        verdict: "bad-manifest",
        damage: |s| in_region(s, "us-gov-west-1"),
    },
    Case {
        name: "generation-in-the-year-10000",
        verdict: "bad-manifest: no moment before the year 10000",
        damage: |s| manifest_text(s, |text| text.replace("1700000000", "253402300800")),
    },
    Case {
        name: "tool-without-a-name",
        verdict: "bad-manifest: 1 to 128 characters",
        damage: |s| manifest_text(s, |text| text.replace("\"sts-generator\"", "\"\"")),
    },
    Case {
        name: "tool-with-a-long-version",
        verdict: "bad-manifest: 1 to 128 characters",
        damage: |s| manifest_text(s, |text| text.replace("\"0.1.0\"", &format!("\"{}\"", "0".repeat(129)))),
    },
    Case { name: "names-differ-by-case", verdict: "bad-manifest", damage: differ_by_case },
    Case {
        name: "folders-differ-by-case",
        verdict: "bad-manifest: folders that differ only by case",
        damage: |s| lists_both(s, ["requests/Nested/a.yaml", "requests/nested/b.yaml"]),
    },
    Case {
        name: "file-that-is-a-folder-too",
        verdict: "bad-manifest: has it for a folder",
        damage: |s| lists_both(s, ["requests/a", "requests/a/b.yaml"]),
    },
    Case {
        name: "file-that-is-a-folder-in-other-letters",
        verdict: "bad-manifest: has it for a folder",
        damage: |s| lists_both(s, ["requests/A", "requests/a/b.yaml"]),
    },
    Case { name: "format-of-the-future", verdict: "unsupported", damage: of_the_future },
    Case { name: "claims-another-cluster", verdict: "claims-differ", damage: another_cluster },
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
];

fn last(files: &mut [File]) -> &mut File {
    let last = files.len() - 1;
    &mut files[last]
}

fn unsigned(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| drop(files.remove(sound.signature())))
}

pub(super) fn claims(sound: &Sound) -> Claims {
    Claims {
        manifest_sha256: Sha256::of(&sound.files[0].bytes),
        cluster: sound.manifest.cluster.name.clone(),
        account: sound.manifest.cluster.account.clone(),
        generation: sound.manifest.generation,
        exp: None,
    }
}

pub(super) fn signature(key: &SigningKey, claims: &Claims) -> Vec<u8> {
    sign(key, claims).unwrap_or_else(|error| panic!("no signature: {error}")).into_bytes()
}

/// A key of somebody nobody trusts; what it is made of is no secret.
pub(super) fn stranger() -> SigningKey {
    let made = SigningKey::generate(Algorithm::EdDsa, &mut |bytes| {
        bytes.fill(5);
        true
    });
    made.unwrap_or_else(|error| panic!("no key: {error}"))
}

pub(super) fn with_signature(sound: &Sound, bytes: Vec<u8>) -> Vec<u8> {
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

pub(super) fn by_author(sound: &Sound, change: impl FnOnce(&mut Claims)) -> Vec<u8> {
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
pub(super) fn with_manifest(sound: &Sound, files: &[File], bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::of(&bytes);
    let top = format!("{}-{}/", sound.manifest.cluster.name, digest.short());
    let mut files = files.to_vec();
    files[0].bytes = bytes;
    let generation = serde_json::from_slice::<serde_json::Value>(&files[0].bytes)
        .ok()
        .and_then(|manifest| manifest["generation"].as_u64())
        .filter(|generation| *generation <= LAST_MOMENT)
        .unwrap_or(sound.manifest.generation);
    let claims = Claims { manifest_sha256: digest, generation, ..claims(sound) };
    files[sound.signature()].bytes = signature(&sound.key, &claims);
    for file in &mut files {
        file.path = file.path.replacen(sound.top(), &top, 1);
    }
    pack(&archive(&files))
}

pub(super) fn manifest_text(sound: &Sound, change: impl FnOnce(String) -> String) -> Vec<u8> {
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

fn member_twice(sound: &Sound) -> Vec<u8> {
    manifest_text(sound, |text| text.replacen('{', "{\n  \"generation\": 1,", 1))
}

/// The manifest lists one more file, under this path, of the same bytes as the last.
fn lists(sound: &Sound, path: &str) -> Vec<u8> {
    lists_all(sound, &[path])
}

fn lists_both(sound: &Sound, paths: [&str; 2]) -> Vec<u8> {
    lists_all(sound, &paths)
}

fn lists_all(sound: &Sound, paths: &[&str]) -> Vec<u8> {
    let mut manifest = sound.manifest.clone();
    for path in paths {
        let mut entry = manifest.files[manifest.files.len() - 1].clone();
        (*path).clone_into(&mut entry.path);
        let place = manifest.files.partition_point(|listed| listed.path < entry.path);
        manifest.files.insert(place, entry);
    }
    with_manifest(sound, &sound.files, manifest.to_bytes())
}

fn lists_nobody(sound: &Sound) -> Vec<u8> {
    lists(sound, "bin/sh")
}

fn lists_itself(sound: &Sound) -> Vec<u8> {
    lists(sound, layout::MANIFEST)
}

fn differ_by_case(sound: &Sound) -> Vec<u8> {
    lists(sound, "requests/BACKUP.yaml")
}

fn in_region(sound: &Sound, region: &str) -> Vec<u8> {
    manifest_text(sound, |text| text.replace("\"eu-central-1\"", &format!("\"{region}\"")))
}

fn of_the_future(sound: &Sound) -> Vec<u8> {
    manifest_text(sound, |text| text.replacen("\"1.0\"", "\"2.0\"", 1))
}

fn another_cluster(sound: &Sound) -> Vec<u8> {
    let other = "arbours".parse();
    by_author(sound, |claims| claims.cluster = other.unwrap_or_else(|error| panic!("{error}")))
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
