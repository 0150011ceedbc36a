//! What is written can be used as it is: nothing is left for a person to fill in.

use crate::author::{Author, CLUSTER, PROVIDER, REQUESTS, Tree};
use serde_json::Value;
use sts_schemas::layout::Place;

/// What other tools leave behind for a person to fill in.
const PLACEHOLDERS: [&str; 6] =
    ["<enter", "_here>", "\\u003c", "POPULATE", "DELETE THIS LINE", "\"Federated\": \"\""];

fn check(tree: &Tree) {
    // The program's own note, of which no bundle has any.
    for (path, (mode, bytes)) in tree.iter().filter(|(path, _)| *path != ".bundled") {
        let place = Place::of(path).unwrap_or_else(|| panic!("{path} has no place in a bundle"));
        assert_eq!(*mode, place.mode(), "{path}");
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(!text.is_empty() && text.ends_with('\n'), "{path}");
        for mark in PLACEHOLDERS {
            assert!(!text.contains(mark), "{path} holds {mark:?}");
        }
        if path.ends_with(".json") {
            let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            no_empty_text(path, &value);
        }
        if path.starts_with("manifests/") {
            yaml(path, text);
        }
    }
}

fn no_empty_text(path: &str, value: &Value) {
    match value {
        Value::String(text) => {
            assert!(!text.is_empty(), "{path} holds an empty text");
            if text.starts_with('{') {
                no_empty_text(path, &serde_json::from_str(text).unwrap());
            }
        }
        Value::Array(values) => {
            assert!(!values.is_empty(), "{path} holds an empty list");
            for value in values {
                no_empty_text(path, value);
            }
        }
        Value::Object(map) => map.values().for_each(|value| no_empty_text(path, value)),
        _ => {}
    }
}

/// A manifest is YAML to its last line, and its Secret is a file of `key = value` lines without empty values.
fn yaml(path: &str, text: &str) {
    let value: Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    if path.ends_with("cluster-authentication-02-config.yaml") {
        assert!(value["spec"]["serviceAccountIssuer"].as_str().unwrap().starts_with("https://"));
        return;
    }
    let credentials = value["stringData"]["credentials"].as_str().unwrap();
    for line in credentials.lines().skip(1) {
        let (key, value) = line.split_once(" = ").unwrap_or_else(|| panic!("{path}: {line:?}"));
        assert!(!key.trim().is_empty() && !value.trim().is_empty(), "{path}: {line:?}");
    }
    assert!(credentials.contains("role_arn = arn:") && credentials.contains("web_identity_token_file = /"));
}

#[test]
fn no_file_holds_a_placeholder_an_empty_value_or_a_line_that_does_not_belong() {
    let author = Author::new();
    let elsewhere =
        ["--issuer-url", "https://oidc.example.org/clusters/harbour", "--role-path", "/clusters/"];
    for (out, flags) in
        [("plain", &[][..]), ("elsewhere", &elsewhere[..]), ("tagged", &["--tag", "team=a b"])]
    {
        author.create_all(out, flags).exits(0);
        check(&author.tree(out));
    }
    assert_eq!(
        author.tree("plain").len(),
        7 * 4 + 8 + 5 + 1,
        "seven requests, the issuer, five more, and the note"
    );
}

#[test]
fn every_role_names_the_provider_and_every_secret_its_role() {
    let author = Author::new();
    author.create_all("out", &["--role-path", "/clusters/"]).exits(0);
    let tree = author.tree("out");
    let roles = tree.iter().filter(|(path, _)| path.starts_with("05-"));
    for (path, (_, bytes)) in roles {
        let role: Value = serde_json::from_slice(bytes).unwrap();
        let trust: Value = serde_json::from_str(role["AssumeRolePolicyDocument"].as_str().unwrap()).unwrap();
        assert_eq!(trust["Statement"][0]["Principal"]["Federated"], PROVIDER, "{path}");
        let arn = format!(
            "role_arn = arn:aws:iam::123456789012:role/clusters/{}\n",
            role["RoleName"].as_str().unwrap()
        );
        let holds = |text: &[u8]| String::from_utf8_lossy(text).contains(&arn);
        let secrets = tree.iter().filter(|(path, (_, bytes))| path.starts_with("manifests/") && holds(bytes));
        assert_eq!(secrets.count(), 1, "{arn}");
    }
}

#[test]
fn a_private_key_stays_beside_the_bundle() {
    let author = Author::new();
    author.run(&["create-key-pair", "--output-dir", "out"]).exits(0);
    let args = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out"];
    let bundle =
        author.run(&[&args[..], &CLUSTER, &["--signing-key", "author.key"]].concat()).exits(0).stdout;
    for key in ["serviceaccount-signer.private", "tls/bound-service-account-signing-key.key"] {
        std::fs::remove_file(author.path(&format!("out/{key}"))).unwrap();
    }
    let args = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key"];
    assert_eq!(author.run(&args).exits(0).stdout, bundle, "a private key makes no difference to the bundle");
    let verified = author.verify(&bundle);
    assert!(verified.private_keys().is_empty());
    let listed: Vec<_> = verified.manifest().files.iter().map(|file| file.path.as_str()).collect();
    assert!(
        listed.contains(&"serviceaccount-signer.public")
            && !listed.iter().any(|path| path.contains("private"))
    );
}
