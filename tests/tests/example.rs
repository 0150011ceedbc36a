//! The bundle in `bundles/example` is what its inputs make, to the byte, and holds under the key beside it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use sts_tests::example::{self, AUTHOR_KEY, CLUSTER_KEY_FILE};
use sts_tests::handoff::{CLUSTER_KEY, Handoff};
use sts_tests::programs::{Run, command, program};

const REMEDY: &str = "if the generator is meant to write other bytes now, run \
    `cargo build --workspace && cargo run -p sts-tests --bin make-example`, and look at the difference";

fn only_bundle() -> std::path::PathBuf {
    let mut stored = example::stored().unwrap();
    assert_eq!(stored.len(), 1, "{stored:?}");
    stored.remove(0)
}

#[test]
fn its_inputs_make_the_same_bundle_again_but_for_the_signature() {
    let stored = only_bundle();
    let story = Handoff::prepare();
    let content = |path: &Path| example::signed_content(&std::fs::read(path).unwrap());
    let (theirs, ours) = (content(&stored), content(story.bundle()));
    for (theirs, ours) in theirs.iter().zip(&ours).skip(1) {
        let below = |path: &str| path.split_once('/').unwrap().1.to_owned();
        assert_eq!(below(&theirs.path), below(&ours.path), "{REMEDY}");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&theirs.bytes), text(&ours.bytes), "{}: {REMEDY}", theirs.path);
    }
    assert!(theirs == ours, "the manifests differ: {REMEDY}");
    assert_eq!(stored.file_name(), story.bundle().file_name(), "the name tells the digest");
    let key = std::fs::read(example::path(CLUSTER_KEY_FILE)).unwrap();
    assert!(key == std::fs::read(CLUSTER_KEY).unwrap(), "the cluster's public key lies beside it");
}

#[test]
fn it_holds_under_the_key_beside_it_and_no_private_key_is_in_the_folder() {
    let verify = |key: &Path| {
        let mut executor = command(&program("sts-executor"));
        executor.arg("verify").arg(only_bundle()).arg("--trusted-key").arg(key);
        Run::of(&mut executor)
    };
    let _ = verify(&example::path(AUTHOR_KEY)).exits(0).shows("Verified.");
    let _ = verify(&Handoff::prepare().public_key()).exits(3);
    for entry in std::fs::read_dir(example::FOLDER).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let private = String::from_utf8_lossy(&bytes).contains("PRIVATE KEY");
            assert!(!private, "{} holds a private key", entry.path().display());
        }
    }
}
