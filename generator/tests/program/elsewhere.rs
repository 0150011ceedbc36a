//! Keys that never come near this program: OpenSSL signs in place of a token or a key service.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, NOW, REQUESTS};
use std::fs;

/// An unsigned bundle, made once and copied for each case.
fn unsigned(author: &Author) -> Vec<u8> {
    let args = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out", "--unsigned"];
    let flags = ["--public-key-file", CLUSTER_KEY];
    let bundle = author.run(&[&args[..], &CLUSTER, &flags].concat()).exits(0).stdout;
    fs::read(author.path(bundle.trim_end())).unwrap()
}

/// Kinds of keys, and how OpenSSL signs `input` into `signature` with `key` as the algorithm wants it.
const CASES: [(&str, &str, &str); 5] = [
    ("ed25519", "-algorithm ed25519", "openssl pkeyutl -sign -rawin -inkey key -in input -out signature"),
    (
        "es256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "openssl dgst -sha256 -sign key -out signature input",
    ),
    (
        "es384",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "openssl dgst -sha384 -sign key -out signature input",
    ),
    (
        "rs256",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "openssl dgst -sha256 -sign key -out signature input",
    ),
    (
        "ps256",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sign key -out signature input",
    ),
];

#[test]
fn what_openssl_signed_elsewhere_becomes_a_signature_of_the_bundle() {
    let author = Author::new();
    let bundle = unsigned(&author);
    for (algorithm, kind, signing) in CASES {
        fs::write(author.path("b.tar.gz"), &bundle).unwrap();
        author
            .shell(&format!("openssl genpkey {kind} -out key && openssl pkey -in key -pubout -out key.pub"));
        let step = ["sign", "b.tar.gz", "--public-key", "key.pub"];
        let run = author.run(&[&step[..], &["--to-be-signed", "input", "--algorithm", algorithm]].concat());
        let id = author.fingerprint("key.pub");
        run.exits(0).says(&["cluster     harbour", &format!("to be signed by {id} with {algorithm}")]);
        assert!(fs::read(author.path("b.tar.gz")).unwrap() == bundle, "the first step changed the bundle");
        author.shell(signing);
        author
            .run(&[&step[..], &["--attach", "signature"]].concat())
            .exits(0)
            .says(&[&format!("signed by {id}")]);
        let read = author.read("b.tar.gz", &author.trust(&["key.pub"], 1), NOW).unwrap();
        assert_eq!(read.signers()[0].key.as_str(), id, "{algorithm}");
        author.run(&[&step[..], &["--attach", "signature"]].concat()).exits(0).says(&["nothing to do"]);
    }
}

#[test]
fn a_signature_that_does_not_hold_is_never_written() {
    let author = Author::new();
    let bundle = unsigned(&author);
    fs::write(author.path("b.tar.gz"), &bundle).unwrap();
    for name in ["key", "other"] {
        author.shell(&format!("openssl genpkey -algorithm ed25519 -out {name}"));
        author.shell(&format!("openssl pkey -in {name} -pubout -out {name}.pub"));
    }
    let step = ["sign", "b.tar.gz", "--public-key", "key.pub"];
    author.run(&[&step[..], &["--to-be-signed", "input"]].concat()).exits(0);
    author.shell("openssl pkeyutl -sign -rawin -inkey key -in input -out right");
    author.shell("openssl pkeyutl -sign -rawin -inkey other -in input -out by-another");
    author.shell("echo x >> input; openssl pkeyutl -sign -rawin -inkey key -in input -out over-another");
    author.shell("base64 right > as-text; : > empty");
    for signature in ["by-another", "over-another", "as-text", "empty", "b.tar.gz"] {
        let run = author.run(&[&step[..], &["--attach", signature]].concat());
        run.exits(1).says(&[signature, "no signature of this key"]);
        assert!(fs::read(author.path("b.tar.gz")).unwrap() == bundle, "{signature} was written");
    }
    author
        .run(&[&step[..], &["--to-be-signed", "i", "--algorithm", "es256"]].concat())
        .exits(1)
        .says(&["key.pub", "ECDSA P-256"]);
    author
        .run(&["sign", "b.tar.gz", "--public-key", "key", "--attach", "right"])
        .exits(1)
        .says(&["PRIVATE KEY"]);
    author.run(&[&step[..], &["--attach", "right"]].concat()).exits(0);
}

#[test]
fn an_end_of_the_signature_travels_with_what_was_signed() {
    let author = Author::new();
    let bundle = unsigned(&author);
    fs::write(author.path("b.tar.gz"), &bundle).unwrap();
    author.shell("openssl genpkey -algorithm ed25519 -out key; openssl pkey -in key -pubout -out key.pub");
    let step = ["sign", "b.tar.gz", "--public-key", "key.pub"];
    let first = author.run(&[&step[..], &["--to-be-signed", "input", "--expires", "12h"]].concat());
    first.exits(0).says(&["counts until 2023-11-15 10:13:20 UTC", "--signed input"]);
    author.shell("openssl pkeyutl -sign -rawin -inkey key -in input -out signature");
    author
        .run(&[&step[..], &["--attach", "signature"]].concat())
        .exits(1)
        .says(&["no signature of this key"]);
    author.run(&[&step[..], &["--attach", "signature", "--signed", "input"]].concat()).exits(0);
    let trust = author.trust(&["key.pub"], 1);
    assert_eq!(author.read("b.tar.gz", &trust, NOW).unwrap().signers()[0].expires, Some(NOW + 43_200));

    // The same signature, put on a bundle that it does not speak of.
    let other = author.create_all("other", &["--tag", "made=later"]).exits(0).stdout;
    let attach =
        ["sign", other.trim_end(), "--public-key", "key.pub", "--attach", "signature", "--signed", "input"];
    author.run(&attach).exits(1).says(&["signature", "over bundle", "cluster harbour"]);
}
