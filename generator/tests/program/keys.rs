//! The cluster's keys: never overwritten, never made unasked, never readable by others, and refused by what they are.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, PROGRAM, REQUESTS, ran};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

const PRIVATE: &str = "serviceaccount-signer.private";
const PUBLIC: &str = "serviceaccount-signer.public";
const TLS: &str = "tls/bound-service-account-signing-key.key";

#[test]
fn private_keys_are_for_their_owner_alone_whatever_the_umask_and_public_ones_as_it_says() {
    for (umask, public) in [("000", 0o644), ("022", 0o644), ("077", 0o600)] {
        let author = Author::new();
        let line = format!(
            "umask {umask}; '{PROGRAM}' create-signing-key --output s.key && '{PROGRAM}' create-key-pair --output-dir out"
        );
        ran(author.command("sh").args(["-c", &line])).exits(0);
        let tree = author.tree("");
        for (file, mode) in
            [("s.key", 0o600), (&format!("out/{PRIVATE}"), 0o600), (&format!("out/{TLS}"), 0o600)]
        {
            assert_eq!(tree[file].0, mode, "{file} under umask {umask}");
        }
        assert_eq!(tree[&format!("out/{PUBLIC}")].0, public, "umask {umask}");
        assert_eq!(tree[&format!("out/{PRIVATE}")].1, tree[&format!("out/{TLS}")].1);
        let begin = String::from_utf8_lossy(&tree[&format!("out/{PRIVATE}")].1);
        assert!(begin.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "the installer wants PKCS#1");
    }
}

#[test]
fn a_key_pair_that_is_there_is_kept_to_the_byte() {
    let author = Author::new();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0);
    let before = author.tree("out");
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0).says(&["using the key pair"]);
    assert_eq!(author.tree("out"), before);
    let args = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out"];
    author.run(&[&args[..], &CLUSTER, &["--signing-key", "author.key"]].concat()).exits(0);
    for file in [PRIVATE, PUBLIC, TLS] {
        assert_eq!(author.tree("out")[file], before[file], "{file}");
    }
    author.create_all("out", &[]).exits(1).says(&["holds another key than", "never replaced"]);
    for file in [PRIVATE, PUBLIC, TLS] {
        assert_eq!(author.tree("out")[file], before[file], "{file}");
    }
}

#[test]
fn a_lost_public_half_is_written_again_from_the_private_one() {
    let author = Author::new();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0);
    let before = author.tree("out");
    fs::remove_file(author.path(&format!("out/{PUBLIC}"))).unwrap();
    fs::remove_file(author.path(&format!("out/{TLS}"))).unwrap();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0);
    assert_eq!(author.tree("out"), before);
    fs::copy(CLUSTER_KEY, author.path(&format!("out/{PUBLIC}"))).unwrap();
    let run = author.run(&["create-key-pair", "--output-dir", "out"]).exits(1);
    run.says(&[PRIVATE, "does not belong to"]);
}

#[test]
fn with_a_public_key_no_key_is_ever_made() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let tree = author.tree("out");
    assert!(!tree.contains_key(PRIVATE) && !tree.contains_key(TLS));
    assert_eq!(tree[PUBLIC].1, fs::read(CLUSTER_KEY).unwrap());
    let args = ["create-identity-provider", "--output-dir", "empty"];
    author.run(&[&args[..], &CLUSTER].concat()).exits(1).says(&[PUBLIC, "create-key-pair"]);
    assert!(!author.path("empty").exists(), "no key is made where one is expected");
}

#[test]
fn a_signing_key_is_never_overwritten() {
    let author = Author::new();
    let before = author.tree("");
    author.run(&["create-signing-key", "--output", "author.key"]).exits(1).says(&["is there already"]);
    assert_eq!(author.tree(""), before);
}

#[test]
fn a_key_that_a_cluster_cannot_sign_with_is_refused_by_what_it_is() {
    let author = Author::new();
    let openssl = |line: &str| {
        let run = ran(author.command("sh").args(["-c", line]));
        assert_eq!(run.code, 0, "this test needs openssl: {}", run.stderr);
    };
    openssl("openssl ecparam -name prime256v1 -genkey -noout | openssl pkey -pubout -out ec.pub");
    openssl("openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out ed25519.pub");
    openssl("openssl genrsa 1024 | openssl pkey -pubout -out small.pub");
    openssl("openssl genrsa -traditional -out private.key 2048");
    openssl("openssl rsa -in private.key -RSAPublicKey_out -out pkcs1.pub");
    openssl("openssl rsa -in private.key -pubout -outform DER -out public.der");
    author.put("text.pub", "ssh-rsa AAAAB3NzaC1yc2E=\n");
    author.put("cut.pub", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n");
    for (file, what) in [
        ("ec.pub", "an EC public key"),
        ("ed25519.pub", "an Ed25519 public key"),
        ("small.pub", "an RSA key of 1024 bits"),
        ("private.key", "RSA PRIVATE KEY"),
        ("pkcs1.pub", "RSA PUBLIC KEY"),
        ("public.der", "no PEM"),
        ("text.pub", "no PEM"),
        ("cut.pub", "damaged"),
    ] {
        let args = ["create-identity-provider", "--output-dir", "out", "--public-key-file", file];
        author.run(&[&args[..], &CLUSTER].concat()).exits(1).says(&[file, what]);
        assert!(!author.path("out").exists(), "nothing is written for {file}");
    }
}

#[test]
fn a_private_key_whose_tokens_the_published_keys_do_not_verify_stops_the_packing() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let before = author.tree("bundles");
    author.run(&["create-key-pair", "--output-dir", "other"]).exits(0);
    let create_bundle =
        || author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]);
    for file in [PRIVATE, TLS] {
        let there = author.path(&format!("out/{file}"));
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::copy(author.path(&format!("other/{PRIVATE}")), &there).unwrap();
        create_bundle().exits(1).says(&[file, "which is not among the published ones", "Hint: "]);
        fs::remove_file(there).unwrap();
    }
    assert_eq!(author.tree("bundles"), before, "nothing was packed");
    create_bundle().exits(0);
}

#[test]
fn runs_at_once_in_one_directory_make_one_key_pair_between_them() {
    let author = Author::new();
    let start = || {
        let mut command = author.command(PROGRAM);
        command.args(["create-key-pair", "--output-dir", "out"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let (one, other) = (start(), start());
    let said = [one, other].map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    });
    let made = said.iter().filter(|text| text.contains("a new RSA-4096 key pair")).count();
    let used = said.iter().filter(|text| text.contains("using the key pair that is there")).count();
    assert_eq!((made, used), (1, 1), "{said:?}");
}

#[test]
fn a_private_key_that_others_can_read_is_taken_away_from_them() {
    let author = Author::new();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0);
    let key = author.path("out/serviceaccount-signer.private");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0).says(&["WARNING: others could read"]);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_private_key_of_another_pair_stops_before_anything_is_written() {
    let author = Author::new();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0);
    let before = author.tree("out");
    author.create_all("out", &[]).exits(1).says(&["another key"]);
    fs::remove_file(author.path("out/serviceaccount-signer.public")).unwrap();
    author.create_all("out", &[]).exits(1).says(&["does not belong to"]);
    let mut after = author.tree("out");
    let mut before = before;
    for tree in [&mut before, &mut after] {
        tree.remove("serviceaccount-signer.public");
    }
    assert_eq!(after, before);
}

#[test]
fn a_private_key_that_is_too_short_is_refused_before_anything_is_written() {
    let author = Author::new();
    fs::create_dir(author.path("out")).unwrap();
    author.shell("openssl genrsa -out out/serviceaccount-signer.private 1024 2>&1");
    let before = author.tree("out");
    let run = author.run(&["create-key-pair", "--output-dir", "out"]).exits(1);
    run.says(&["serviceaccount-signer.private", "1024"]);
    assert_eq!(author.tree("out"), before);
}

#[test]
fn a_second_cluster_in_one_directory_is_warned_of_the_key_it_would_share() {
    let author = Author::new();
    let one = author.create_all("out", &[]).exits(0);
    assert!(!one.stderr.contains("another cluster's directory"), "{}", one.stderr);
    let mut line = vec!["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out"];
    line.extend(["--name", "haven", "--region", "eu-west-1", "--account-id", "123456789012"]);
    line.extend(["--signing-key", "author.key"]);
    author.run(&line).exits(0).says(&["another cluster's directory", "haven gets the same key"]);
}
