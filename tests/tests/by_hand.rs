//! The commands that FORMAT.md gives for checking a bundle by hand, run as they stand there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use sts_schemas::signature::{Claims, SigningKey, sign, verify};
use sts_tests::adversary::{File, archive, files, pack, unpack};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{CLUSTER_KEY, Handoff};
use sts_tests::programs::{Run, command};
use sts_tests::vectors::REQUESTS;

const FORMAT: &str = include_str!("../../schemas/FORMAT.md");

/// The one block of shell in the document.
fn commands() -> &'static str {
    let blocks: Vec<_> = FORMAT.split("```").filter_map(|block| block.strip_prefix("sh\n")).collect();
    assert_eq!(blocks.len(), 1, "one block of shell is wanted");
    blocks[0]
}

/// A bundle of a cluster named as in the document, and the author's public key.
fn bundle(story: &Handoff) -> (String, Vec<u8>, Vec<u8>) {
    let run = Run::of(
        story
            .generator()
            .args([
                "create-all",
                "--name",
                "demo",
                "--region",
                "us-east-1",
                "--account-id",
                Emulator::ACCOUNT,
            ])
            .args(["--public-key-file", CLUSTER_KEY, "--credentials-requests-dir", REQUESTS])
            .args(["--signing-key", "author.key", "--output-dir", "demo"]),
    )
    .exits(0);
    let path = story.path(run.stdout.trim_end());
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    (name, std::fs::read(&path).unwrap(), std::fs::read(story.public_key()).unwrap())
}

/// What comes of the commands in a folder with this bundle and this key.
fn check(name: &str, bundle: &[u8], key: &[u8]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bundle).unwrap();
    std::fs::write(folder.path().join("author.pub"), key).unwrap();
    Run::of(command(Path::new("sh")).current_dir(folder.path()).args(["-c", commands()]))
}

#[test]
fn the_documents_commands_take_a_sound_bundle_and_refuse_damaged_ones() {
    let (name, bundle, key) = bundle(&Handoff::of(REQUESTS.as_ref(), &[]));
    let run = check(&name, &bundle, &key).exits(0);
    assert!(run.stdout.ends_with("\nVerified.\n"), "{}", run.stdout);

    let sound = files(&unpack(&bundle));
    let signature = sound.iter().position(|file| file.path.contains("/signatures/")).unwrap();
    let top = sound[0].path.split_once('/').unwrap().0;
    let damaged = |change: &dyn Fn(&mut Vec<File>)| {
        let mut files = sound.clone();
        change(&mut files);
        pack(&archive(&files))
    };
    let stranger = Handoff::of(REQUESTS.as_ref(), &[]);
    let their_key = std::fs::read(stranger.public_key()).unwrap();
    let ways: [(&str, Vec<u8>); 9] = [
        (
            "a key of somebody's over the trusted one",
            damaged(&|files| files.insert(0, File { path: "author.pub".into(), bytes: their_key.clone() })),
        ),
        (
            "a second folder",
            damaged(&|files| {
                files.push(File { path: "demo-000000000000/manifest.json".into(), bytes: b"{}".to_vec() });
            }),
        ),
        (
            "a file with the manifest's name elsewhere",
            damaged(&|files| {
                files.push(File { path: format!("{top}/manifests/manifest.json"), bytes: b"{}".to_vec() });
            }),
        ),
        ("a changed file", damaged(&|files| files.last_mut().unwrap().bytes[30] ^= 1)),
        ("a missing file", damaged(&|files| drop(files.pop()))),
        (
            "one file more",
            damaged(&|files| {
                files.push(File { path: format!("{top}/requests/zzz.yaml"), bytes: b"more".to_vec() });
            }),
        ),
        ("a changed manifest", damaged(&|files| files[0].bytes[60] ^= 1)),
        ("a changed signature", damaged(&|files| files[signature].bytes[400] ^= 1)),
        ("no signature", damaged(&|files| drop(files.remove(signature)))),
    ];
    for (what, bundle) in ways {
        let run = check(&name, &bundle, &key);
        assert!(run.code != 0 && !run.stdout.contains("Verified."), "{what}: {}{}", run.stdout, run.stderr);
    }
    let link = sts_tests::adversary::with_first_header(&unpack(&bundle), |header| {
        header.set_entry_type(tar::EntryType::Symlink);
    });
    assert_ne!(check(&name, &pack(&link), &key).code, 0, "a link");
    let other = Handoff::of(REQUESTS.as_ref(), &[]);
    assert_ne!(check(&name, &bundle, &std::fs::read(other.public_key()).unwrap()).code, 0, "another key");
}

#[test]
fn the_documents_commands_refuse_a_signature_that_has_expired_or_says_something_else() {
    let story = Handoff::of(REQUESTS.as_ref(), &[]);
    let (name, bundle, key) = bundle(&story);
    let sound = files(&unpack(&bundle));
    let signature = sound.iter().position(|file| file.path.contains("/signatures/")).unwrap();
    let pem = std::fs::read_to_string(story.path("author.key")).unwrap();
    let signing = SigningKey::from_pem(&pem, None).unwrap();
    let token = String::from_utf8(sound[signature].bytes.clone()).unwrap();
    let claims: Claims = verify(&token, signing.public_key(), None).unwrap();
    let signed = |claims: &Claims| {
        let mut files = sound.clone();
        files[signature].bytes = sign(&signing, claims).unwrap().into_bytes();
        check(&name, &pack(&archive(&files)), &key)
    };
    let _ = signed(&Claims { exp: Some(4_000_000_000), ..claims.clone() }).exits(0);
    for other in [
        Claims { exp: Some(1_000_000_000), ..claims.clone() },
        Claims { generation: claims.generation + 1, ..claims.clone() },
        Claims { cluster: "other".parse().unwrap(), ..claims.clone() },
        Claims { account: "210987654321".parse().unwrap(), ..claims.clone() },
    ] {
        assert_ne!(signed(&other).code, 0, "{other:?}");
    }
}
