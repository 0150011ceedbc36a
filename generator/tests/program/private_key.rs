//! The cluster's private key: left out of a bundle, or in it under a passphrase, or in it for all to read.

use crate::author::{Author, CLUSTER, REQUESTS, Ran};
use std::fs;
use sts_schemas::contents::PrivateKeyForm;
use sts_schemas::layout::{PRIVATE_KEY, TLS_KEY};

/// An author whose directory has a key pair of the cluster's, and no bundle yet.
fn prepared() -> Author {
    let author = Author::new();
    let args = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out"];
    author.run(&[&args[..], &CLUSTER, &["--signing-key", "author.key"]].concat()).exits(0);
    author.put("pass", "correct horse\n");
    author
}

fn pack(author: &Author, flags: &[&str]) -> Ran {
    let args = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key"];
    author.run(&[&args[..], flags].concat())
}

fn private_keys(author: &Author, bundle: &str) -> Vec<(String, PrivateKeyForm)> {
    author.verify(bundle).private_keys().clone().into_iter().collect()
}

#[test]
fn by_default_no_private_key_leaves_the_directory() {
    let author = prepared();
    for flags in [&[][..], &["--private-key", "omit"]] {
        let run = pack(&author, flags).exits(0);
        assert_eq!(private_keys(&author, &run.stdout), [], "{flags:?}");
        let run = run.says(&["no private key is in the bundle"]);
        assert!(!run.stderr.contains("WARNING"), "{}", run.stderr);
        let names = author.shell(&format!("tar -tzf {}", run.stdout.trim_end()));
        assert!(!names.contains("private") && !names.contains("tls/"), "{names}");
    }
}

#[test]
fn under_a_passphrase_openssl_opens_what_was_packed_and_nobody_else() {
    let author = prepared();
    let with_file = ["--private-key-passphrase-file", "pass"];
    let run =
        pack(&author, &with_file).exits(0).says(&["private key is in the bundle, under its passphrase"]);
    let bundle = run.stdout.trim_end();
    assert_eq!(private_keys(&author, bundle), [(PRIVATE_KEY.to_owned(), PrivateKeyForm::Encrypted)]);
    author.shell(&format!("tar -xzf {bundle} --strip-components 1 --one-top-level=unpacked"));
    let sealed = format!("unpacked/{PRIVATE_KEY}");
    let text = fs::read_to_string(author.path(&sealed)).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
    let kdf = author.shell(&format!("openssl asn1parse -in {sealed}"));
    assert!(kdf.contains("scrypt") && kdf.contains("aes-256-cbc"), "{kdf}");
    // What the installer wants comes out to the byte.
    author.shell(&format!("openssl pkey -in {sealed} -passin file:pass -traditional | cmp - out/{TLS_KEY}"));
    author.put("wrong", "battery staple\n");
    author.shell(&format!("! openssl pkey -in {sealed} -passin file:wrong"));
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains("in this bundle, under a passphrase"), "{review}");
    assert_eq!(author.tree(".")[bundle].0, 0o600, "a bundle with a key in it is for its owner");

    let named = pack(&author, &[&["--private-key", "encrypted"][..], &with_file].concat()).exits(0);
    assert_ne!(named.stdout, run.stdout, "the salt is random, and so is the digest");
    pack(&author, &["--private-key", "encrypted"]).exits(64).says(&["needs a passphrase"]);
    for mode in ["omit", "plaintext"] {
        let both = [&["--private-key", mode][..], &with_file].concat();
        pack(&author, &both).exits(64).says(&[mode, "contradict"]);
    }
}

#[test]
fn in_plain_text_it_is_loud_on_every_side() {
    let author = prepared();
    let run = pack(&author, &["--private-key", "plaintext"]).exits(0).says(&["WARNING", "IN PLAIN TEXT"]);
    let bundle = run.stdout.trim_end();
    let found = [PRIVATE_KEY, TLS_KEY].map(|path| (path.to_owned(), PrivateKeyForm::Plaintext));
    assert_eq!(private_keys(&author, bundle), found);
    assert_eq!(author.tree(".")[bundle].0, 0o600);
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains("**IN THIS BUNDLE, in the clear**"), "{review}");
    author.run(&["create-signing-key", "--output", "reviewer.key"]).exits(0);
    author.run(&["sign", bundle, "--signing-key", "reviewer.key"]).exits(0).says(&["IN PLAIN TEXT"]);
    assert_eq!(author.tree(".")[bundle].0, 0o600, "signing leaves the mode as it was");
}

#[test]
fn a_private_key_that_is_not_the_clusters_is_refused_by_file() {
    let author = prepared();
    author.run(&["create-key-pair", "--output-dir", "another"]).exits(0);
    fs::copy(author.path(&format!("another/{PRIVATE_KEY}")), author.path(&format!("out/{PRIVATE_KEY}")))
        .unwrap();
    pack(&author, &["--private-key", "plaintext"]).exits(1).says(&[PRIVATE_KEY, "does not belong to"]);
    pack(&author, &["--private-key-passphrase-file", "pass"])
        .exits(1)
        .says(&[PRIVATE_KEY, "does not belong to"]);
    author.put(&format!("out/{PRIVATE_KEY}"), "no key\n");
    pack(&author, &["--private-key", "plaintext"]).exits(1).says(&[PRIVATE_KEY, "no RSA private key"]);
    pack(&author, &["--private-key-passphrase-file", "pass"])
        .exits(1)
        .says(&[PRIVATE_KEY, "no RSA private key"]);
    fs::remove_file(author.path(&format!("out/{PRIVATE_KEY}"))).unwrap();
    pack(&author, &["--private-key", "plaintext"]).exits(1).says(&["there is no out", PRIVATE_KEY]);
    pack(&author, &[]).exits(0);
}
