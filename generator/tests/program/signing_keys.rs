//! Signing keys: of every kind, from every tool, under a passphrase or not, with one fingerprint everywhere.

use crate::author::{Author, CLUSTER_KEY, NOW, Ran, at_a_terminal};
use std::fs;
use sts_schemas::signature::KeyKind;

/// Packs the author's directory, made before, with this key and these flags.
fn pack(author: &Author, key: &str, flags: &[&str]) -> Ran {
    let args = ["create-bundle", "--output-dir", "out", "--signing-key", key];
    author.run(&[&args[..], flags].concat())
}

/// The header of a bundle's only signature.
fn header(author: &Author, bundle: &str) -> String {
    let line = format!(
        "tar -xzOf {} --wildcards '*/signatures/*.jws' | cut -d . -f 1 | tr '_-' '/+' | sed 's/$/==/' | base64 -d 2>/dev/null || true",
        bundle.trim_end()
    );
    author.shell(&line)
}

#[test]
fn each_algorithm_makes_a_key_that_signs_with_it_and_has_openssls_fingerprint() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    for (algorithm, jose, kind) in [
        ("ed25519", "EdDSA", KeyKind::Ed25519),
        ("es256", "ES256", KeyKind::P256),
        ("es384", "ES384", KeyKind::P384),
        ("rs256", "RS256", KeyKind::Rsa),
        ("ps256", "PS256", KeyKind::Rsa),
    ] {
        let (key, public) = (format!("{algorithm}.key"), format!("{algorithm}.key.pub"));
        let made = author.run(&["create-signing-key", "--output", &key, "--algorithm", algorithm]).exits(0);
        let id = author.fingerprint(&public);
        assert!(made.stderr.contains(&format!("fingerprint: {id}")), "{}", made.stderr);
        author.shell(&format!("openssl pkey -in {key} -pubout | cmp - {public}"));
        let packed = pack(&author, &key, &["--bundle-dir", algorithm]).exits(0);
        assert!(packed.stderr.contains(&format!("signed by {id}")), "{}", packed.stderr);
        let header = header(&author, &packed.stdout);
        assert!(header.contains(&format!("\"alg\":\"{jose}\"")) && header.contains(&id), "{header}");
        let bundle = author.read(&packed.stdout, &author.trust(&[&public], 1), NOW).unwrap();
        let signer = &bundle.signers()[0];
        assert_eq!((signer.key.as_str(), signer.kind), (id.as_str(), kind));
    }
    pack(&author, "ps256.key", &["--algorithm", "es256"])
        .exits(1)
        .says(&["ps256.key", "a key of the kind RSA, and es256 signs with ECDSA P-256"]);
    let same_bundle = ["--bundle-dir", "ps256", "--algorithm", "rs256"];
    let other = pack(&author, "ps256.key", &same_bundle).exits(0).stdout;
    assert!(header(&author, &other).contains("\"alg\":\"RS256\""));
    author.run(&["create-signing-key", "--output", "x", "--algorithm", "none"]).exits(64).says(&["ed25519"]);
}

#[test]
fn a_key_under_a_passphrase_signs_with_it_and_not_without() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    author.put("pass", "correct horse\nsecond line\n");
    author.put("wrong", "battery staple\n");
    author.put("empty", "\n");
    let make = ["create-signing-key", "--output", "sealed.key", "--passphrase-file"];
    author.run(&[&make[..], &["empty"]].concat()).exits(1).says(&["first line"]);
    author.run(&[&make[..], &["pass"]].concat()).exits(0);
    let text = fs::read_to_string(author.path("sealed.key")).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
    author.shell("openssl pkey -in sealed.key -passin file:pass -pubout | cmp - sealed.key.pub");
    pack(&author, "sealed.key", &[]).exits(1).says(&["sealed.key", "no passphrase", "--passphrase-file"]);
    pack(&author, "sealed.key", &["--passphrase-file", "wrong"]).exits(1).says(&["does not open it"]);
    let bundle = pack(&author, "sealed.key", &["--passphrase-file", "pass"]).exits(0).stdout;
    author.read(&bundle, &author.trust(&["sealed.key.pub"], 1), NOW).unwrap();
}

#[test]
fn keys_that_openssl_and_ssh_keygen_made_sign_as_ours_do() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    author.put("pass", "correct horse\n");
    let scrypt = "openssl pkcs8 -topk8 -v2 aes-256-cbc -scrypt -passout file:pass";
    let pbkdf2 = "openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -passout file:pass";
    let ec = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:";
    let rsa = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let ssh = "ssh-keygen -q -m PKCS8 -f";
    for (name, line) in [
        ("o-ed25519", "openssl genpkey -algorithm ed25519 -out o-ed25519".to_owned()),
        ("o-p256", format!("{ec}P-256 -out o-p256")),
        ("o-p384", format!("{ec}P-384 -out o-p384")),
        ("o-rsa", format!("{rsa} -out o-rsa")),
        ("scrypt-ed25519", format!("{scrypt} -in o-ed25519 -out scrypt-ed25519")),
        ("scrypt-rsa", format!("{scrypt} -in o-rsa -out scrypt-rsa")),
        ("pbkdf2-p256", format!("{pbkdf2} -in o-p256 -out pbkdf2-p256")),
        ("pbkdf2-p384", format!("{pbkdf2} -in o-p384 -out pbkdf2-p384")),
        ("s-p256", format!("{ssh} s-p256 -t ecdsa -b 256 -N ''")),
        ("s-p384", format!("{ssh} s-p384 -t ecdsa -b 384 -N 'correct horse'")),
        ("s-rsa", format!("{ssh} s-rsa -t rsa -b 2048 -N ''")),
    ] {
        author.shell(&line);
        let public = format!("{name}.spki");
        author.shell(&format!("openssl pkey -in {name} -passin file:pass -pubout -out {public}"));
        let sealed = fs::read_to_string(author.path(name)).unwrap().contains("ENCRYPTED");
        let flags: &[&str] = if sealed { &["--passphrase-file", "pass"] } else { &[] };
        let packed = pack(&author, name, flags).exits(0);
        assert!(packed.stderr.contains(&author.fingerprint(&public)), "{name}: {}", packed.stderr);
        author.read(&packed.stdout, &author.trust(&[&public], 1), NOW).unwrap();
    }
}

#[test]
fn an_encryption_that_is_not_read_is_told_from_a_damaged_key_and_a_wrong_passphrase() {
    const UNKNOWN: &str = "encrypted by a scheme that is not supported";
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    author.put("pass", "correct horse\n");
    author.put("other", "battery staple\n");
    author.shell("openssl genpkey -algorithm ed25519 -out plain");
    let sealed = |flags: &str, name: &str| {
        author.shell(&format!("openssl pkcs8 -topk8 {flags} -in plain -out {name} -passout file:pass"));
    };
    for (name, flags) in [
        ("des3", "-v2 des3"),
        ("camellia", "-v2 camellia-256-cbc"),
        ("sha1", "-v2 aes-256-cbc -v2prf hmacWithSHA1"),
        ("pbe", "-v1 PBE-SHA1-3DES"),
    ] {
        sealed(flags, name);
        pack(&author, name, &["--passphrase-file", "pass"]).exits(1).says(&[name, UNKNOWN]);
    }
    for (name, flags) in [
        ("aes128", "-v2 aes-128-cbc"),
        ("aes192", "-v2 aes-192-cbc"),
        ("sha512", "-v2 aes-256-cbc -v2prf hmacWithSHA512"),
    ] {
        sealed(flags, name);
        pack(&author, name, &["--passphrase-file", "pass"]).exits(0);
        pack(&author, name, &["--passphrase-file", "other"])
            .exits(1)
            .says(&["the passphrase does not open it"]);
    }
    author.edit("aes128", "MI", "MX");
    pack(&author, "aes128", &["--passphrase-file", "pass"]).exits(1).says(&["damaged"]);
}

#[test]
fn a_key_that_cannot_sign_is_refused_by_what_it_is() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small");
    author.shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521");
    author.shell("openssl genpkey -algorithm x25519 -out x25519");
    author.shell("openssl ecparam -name prime256v1 -genkey -noout -out sec1");
    author.shell("ssh-keygen -q -t ed25519 -N '' -f openssh");
    for (key, what) in [
        ("small", "RSA key of 1024 bits"),
        ("p521", "not supported"),
        ("x25519", "not supported"),
        ("sec1", "EC PRIVATE KEY"),
        ("openssh", "OPENSSH PRIVATE KEY"),
        ("author.key.pub", "PUBLIC KEY"),
        (CLUSTER_KEY, "PUBLIC KEY"),
    ] {
        pack(&author, key, &[]).exits(1).says(&[key, what, "PKCS#8"]);
    }
}

#[test]
fn a_holder_stands_in_the_public_key_file_as_a_comment_that_openssl_passes_over() {
    let author = Author::new();
    let flags = ["--name", "Ada Lovelace, platform", "--contact", "ada@example.org"];
    author.run(&[&["create-signing-key", "--output", "ada.key"][..], &flags].concat()).exits(0);
    let text = fs::read_to_string(author.path("ada.key.pub")).unwrap();
    let comments = "# name: Ada Lovelace, platform\n# contact: ada@example.org\n-----BEGIN PUBLIC KEY-----\n";
    assert!(text.starts_with(comments), "{text}");
    author.shell("openssl pkey -in ada.key -pubout > plain.pub");
    assert_eq!(author.fingerprint("ada.key.pub"), author.fingerprint("plain.pub"));
    for name in ["two\nlines", "", &"x".repeat(200)] {
        author
            .run(&["create-signing-key", "--output", "x.key", "--name", name])
            .exits(64)
            .says(&["one line"]);
    }
    assert!(!author.path("x.key").exists());
}

#[test]
fn a_person_at_a_terminal_is_asked_for_the_passphrase_and_does_not_see_it() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let line = "create-signing-key --output typed.key";
    let differ = at_a_terminal(&author, line, &["correct horse", "another"]);
    differ.exits(1).says(&["the two passphrases differ"]);
    assert!(!author.path("typed.key").exists());
    let made = at_a_terminal(&author, line, &["correct horse", "correct horse"]).exits(0);
    let made = made.says(&["New passphrase for typed.key", "The same again", "fingerprint: "]);
    assert!(!made.stderr.contains("horse"), "{}", made.stderr);
    let pack = "create-bundle --output-dir out --signing-key typed.key";
    at_a_terminal(&author, pack, &["wrong"]).exits(1).says(&["does not open it"]);
    at_a_terminal(&author, pack, &["correct horse"]).exits(0).says(&["Passphrase of typed.key", "signed by"]);
    at_a_terminal(&author, "create-signing-key --output plain.key", &[""]).exits(0);
    at_a_terminal(&author, "create-signing-key --output free.key --no-passphrase", &[]).exits(0);
    for key in ["plain.key", "free.key"] {
        assert!(fs::read_to_string(author.path(key)).unwrap().starts_with("-----BEGIN PRIVATE KEY"), "{key}");
    }
}
