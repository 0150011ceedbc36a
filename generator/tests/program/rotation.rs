//! Another signing key for a living cluster: two bundles that change the list of keys and what follows from it.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, NOW, PROGRAM, Ran, ran};
use std::collections::BTreeMap;
use sts_schemas::layout;
use sts_schemas::oidc::{Jwk, Jwks};

/// Every way to serve the issuer, by the flags that ask for it.
const HOSTINGS: [&[&str]; 5] = [
    &["--account-id", "123456789012"],
    &["--any-account", "--create-private-s3-bucket"],
    &["--any-account", "--bucket-name", "common", "--issuer-path", "harbour"],
    &["--any-account", "--issuer-url", "https://oidc.example.org"],
    &["--account-id", "123456789012", "--private-key", "omit"],
];

/// An author with a bundle made with these flags, and the public half of another pair in `new.pub`.
fn installed(flags: &[&str]) -> (Author, String) {
    let author = Author::new();
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out new.key 2>&1");
    author.shell("openssl pkey -in new.key -pubout -out new.pub");
    let fixed = ["create-all", "--name", "harbour", "--region", "eu-central-1", "--output-dir", "out"];
    let inputs = ["--credentials-requests-dir", crate::author::REQUESTS, "--public-key-file", CLUSTER_KEY];
    let signed = ["--signing-key", "author.key"];
    let bundle = author.run(&[&fixed[..], &inputs, &signed, flags].concat()).exits(0).stdout;
    (author, bundle.trim_end().to_owned())
}

fn rotate(author: &Author, seconds: u64, step: &str, previous: &str, flags: &[&str]) -> Ran {
    let mut command = author.command(PROGRAM);
    command.env("SOURCE_DATE_EPOCH", (NOW + seconds).to_string());
    command.args(["rotate-keys", step, "--previous", previous, "--signing-key", "author.key"]);
    ran(command.args(["--trusted-key", "author.key.pub"]).args(flags))
}

/// A bundle's files but for manifest and signatures.
fn unpacked(author: &Author, bundle: &str, into: &str) -> BTreeMap<String, Vec<u8>> {
    author.shell(&format!("mkdir {into} && tar -xzf {bundle} -C {into} --strip-components=1"));
    let tree = author.tree(into).into_iter().map(|(path, (_, bytes))| (path, bytes));
    tree.filter(|(path, _)| path != layout::MANIFEST && !path.starts_with(layout::SIGNATURES)).collect()
}

fn kids(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let keys: Jwks = serde_json::from_slice(&files[layout::KEYS]).unwrap();
    keys.keys.into_iter().map(|key| key.kid).collect()
}

fn kid(pem: &[u8]) -> String {
    Jwk::of_pem(std::str::from_utf8(pem).unwrap()).unwrap().kid
}

#[test]
fn each_bundle_changes_the_keys_and_what_follows_and_nothing_else_whoever_serves_them() {
    for (index, flags) in HOSTINGS.into_iter().enumerate() {
        let (author, first) = installed(flags);
        let staged = rotate(&author, 1, "stage", &first, &["--public-key-file", "new.pub"]).exits(0);
        let staged = staged.says(&["oc replace -f -"]).stdout.trim_end().to_owned();
        let retired = rotate(&author, 2, "retire", &staged, &[]).exits(0).stdout.trim_end().to_owned();
        let [a, b, c] = [("a", &first), ("b", &staged), ("c", &retired)]
            .map(|(name, bundle)| unpacked(&author, bundle, name));
        let (old, new) = (kid(&a[layout::PUBLIC_KEY]), kid(&std::fs::read(author.path("new.pub")).unwrap()));
        assert_eq!((kids(&a), kids(&b)), (vec![old.clone()], vec![old.clone(), new.clone()]));
        assert_eq!((kids(&c), kid(&c[layout::PUBLIC_KEY])), (vec![new.clone()], new.clone()));
        let changed = |one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>| {
            assert!(one.keys().eq(other.keys()), "no file comes or goes");
            // The script names the generation where it can do the hosting, and says that it cannot elsewhere.
            let compared = one.keys().filter(|path| *path != layout::APPLY_SCRIPT);
            let paths = compared.filter(|path| one[*path] != other[*path]).cloned();
            paths.collect::<Vec<_>>()
        };
        let usual = [layout::KEYS, layout::PROVIDER, layout::REVIEW];
        assert_eq!(changed(&a, &b), usual, "{flags:?}");
        assert_eq!(changed(&b, &c), [&usual[..], &[layout::PUBLIC_KEY]].concat(), "{flags:?}");
        let review = String::from_utf8(b[layout::REVIEW].clone()).unwrap().replace(r"\_", "_");
        assert!(review.contains(&format!("| keys of tokens | {old} | {old}, {new} |")), "{review}");
        assert!(
            review.contains("Highest risk: danger.") && review.contains("Risk: danger; whoever"),
            "{review}"
        );
        for bundle in [&staged, &retired] {
            let found = author.verify(bundle);
            assert_eq!(found.manifest().cluster, author.verify(&first).manifest().cluster, "case {index}");
        }
    }
}

#[test]
fn what_came_between_is_not_undone_by_an_exchange_that_follows_an_older_bundle() {
    let (author, first) = installed(HOSTINGS[0]);
    let staged = rotate(&author, 1, "stage", &first, &["--public-key-file", "new.pub"]).exits(0).stdout;
    author.copy_requests("next");
    std::fs::remove_file(author.path("next/70_backup.yaml")).unwrap();
    let mut upgrade = author.command(PROGRAM);
    upgrade.env("SOURCE_DATE_EPOCH", (NOW + 2).to_string());
    upgrade.args(["create-all", "--credentials-requests-dir", "next", "--output-dir", "new"]).args(CLUSTER);
    upgrade.args(["--signing-key", "author.key", "--trusted-key", "author.key.pub"]);
    let upgraded = ran(upgrade.args(["--previous", staged.trim_end()])).exits(0).stdout;
    let (staged, upgraded) = (staged.trim_end(), upgraded.trim_end());
    let bundles = author.tree("bundles");
    rotate(&author, 3, "retire", staged, &[]).exits(1).says(&[
        upgraded,
        "would be undone",
        "--leave-out-later",
    ]);
    assert_eq!(author.tree("bundles"), bundles, "nothing was made");
    let retired = rotate(&author, 3, "retire", upgraded, &[]).exits(0).stdout;
    assert!(!unpacked(&author, retired.trim_end(), "r").keys().any(|path| path.contains("backup")));
    // The same once more, though the bundle of the first time is later by now.
    rotate(&author, 4, "retire", upgraded, &[]).exits(0);
    rotate(&author, 5, "retire", staged, &["--leave-out-later"]).exits(0);
}

/// How many seconds later, which step on which bundle, with which flags, and what is said.
type Case<'a> = (u64, [&'a str; 2], &'a [&'a str], &'a [&'a str]);

#[test]
fn an_exchange_that_would_lose_a_key_or_change_none_is_refused_and_makes_nothing() {
    let (author, first) = installed(HOSTINGS[0]);
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.key 2>&1");
    author.shell("openssl pkey -in small.key -pubout -out small.pub");
    let staged = rotate(&author, 1, "stage", &first, &["--public-key-file", "new.pub"]).exits(0).stdout;
    let staged = staged.trim_end();
    let bundles = author.tree("bundles");
    let cases: [Case<'_>; 7] = [
        (2, ["stage", &first], &["--public-key-file", CLUSTER_KEY], &["signs with already"]),
        (2, ["stage", &first], &["--public-key-file", "small.pub"], &["1024 bits, and at least 2048"]),
        (2, ["stage", &first], &["--public-key-file", "new.key"], &["PRIVATE KEY", "PUBLIC KEY is needed"]),
        (2, ["stage", staged], &["--public-key-file", "new.pub"], &["2 keys already", "rotate-keys retire"]),
        (2, ["retire", &first], &[], &["no other was staged", "rotate-keys stage"]),
        (2, ["retire", staged], &["--public-key-file", CLUSTER_KEY], &["the key that was staged is"]),
        (0, ["stage", &first], &["--public-key-file", "new.pub"], &["which is no later"]),
    ];
    for (seconds, [step, previous], flags, words) in cases {
        rotate(&author, seconds, step, previous, flags).exits(1).says(words);
    }
    author.run(&["create-signing-key", "--output", "stranger.key"]).exits(0);
    let mut stranger = author.command(PROGRAM);
    stranger.args(["rotate-keys", "retire", "--previous", staged, "--signing-key", "author.key"]);
    ran(stranger.args(["--trusted-key", "stranger.key.pub"])).exits(3);
    assert_eq!(author.tree("bundles"), bundles);
}
