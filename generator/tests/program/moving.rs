//! Another issuer for a living cluster: three bundles that change whom roles trust and what follows from it.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, NOW, PROGRAM, REQUESTS, Ran, ran};
use std::collections::BTreeMap;
use sts_schemas::layout;

const PUBLIC: &str = "https://harbour-oidc.s3.eu-central-1.amazonaws.com";
const CUSTOM: &str = "https://oidc.example.org/harbour";

type Tree = BTreeMap<String, String>;

/// An author with a bundle made with these flags.
fn installed(flags: &[&str]) -> (Author, String) {
    let author = Author::new();
    let fixed = ["create-all", "--name", "harbour", "--region", "eu-central-1", "--output-dir", "out"];
    let inputs = ["--credentials-requests-dir", REQUESTS, "--public-key-file", CLUSTER_KEY];
    let signed = ["--signing-key", "author.key"];
    let bundle = author.run(&[&fixed[..], &inputs, &signed, flags].concat()).exits(0).stdout;
    (author, bundle.trim_end().to_owned())
}

/// Runs a command that takes a previous bundle, so many seconds after the first.
fn later(author: &Author, seconds: u64, command: &[&str], previous: &str, flags: &[&str]) -> Ran {
    let mut program = author.command(PROGRAM);
    program.env("SOURCE_DATE_EPOCH", (NOW + seconds).to_string());
    program.args(command).args(["--previous", previous, "--signing-key", "author.key"]);
    ran(program.args(["--trusted-key", "author.key.pub"]).args(flags))
}

fn moved(author: &Author, seconds: u64, step: &str, previous: &str, flags: &[&str]) -> String {
    let run = later(author, seconds, &["move-issuer", step], previous, flags).exits(0);
    run.stdout.trim_end().to_owned()
}

/// A bundle's files but for manifest and signatures.
fn unpacked(author: &Author, bundle: &str, into: &str) -> Tree {
    author.shell(&format!("mkdir {into} && tar -xzf {bundle} -C {into} --strip-components=1"));
    let text = |(path, (_, bytes)): (String, (u32, Vec<u8>))| (path, String::from_utf8(bytes).unwrap());
    let tree = author.tree(into).into_iter().map(text);
    tree.filter(|(path, _)| path != layout::MANIFEST && !path.starts_with(layout::SIGNATURES)).collect()
}

/// The paths at which two trees differ.
fn differing(one: &Tree, other: &Tree) -> Vec<String> {
    let all: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    all.into_iter().filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}

#[test]
fn each_bundle_changes_whom_roles_trust_and_where_the_issuer_is_and_nothing_else() {
    let flags = ["--any-account", "--trust-audience", "openshift", "--tag", "team=a"];
    let (author, first) = installed(&flags);
    let added = moved(&author, 1, "add", &first, &["--issuer-url", CUSTOM]);
    let switched = moved(&author, 2, "switch", &added, &[]);
    let removed = moved(&author, 3, "remove", &switched, &[]);
    let [a, b, c, d] = [("a", &first), ("b", &added), ("c", &switched), ("d", &removed)]
        .map(|(name, bundle)| unpacked(&author, bundle, name));

    let changed = differing(&a, &b);
    let is_expected = |path: &String| {
        ["01-", "02-", "03-keys-object", "04-", "05-"].iter().any(|start| path.starts_with(start))
            || [layout::REVIEW, layout::APPLY_SCRIPT].contains(&path.as_str())
    };
    assert!(changed.iter().all(is_expected), "{changed:?}");
    assert_eq!(b[layout::AUTHENTICATION], a[layout::AUTHENTICATION], "the cluster uses what it used");
    assert!(b[layout::PROVIDER].contains("\"team\"") && b[layout::PROVIDER].contains(CUSTOM));
    let review = b[layout::REVIEW].replace(r"\_", "_");
    for told in ["**TWO ISSUERS: ", "| **former issuer, still trusted** |", "| the cluster's tokens are of |"]
    {
        assert!(review.contains(told), "{told}: {review}");
    }
    let of_account = |issuer: &str| {
        format!("arn:aws:iam::${{account}}:oidc-provider/{}", issuer.trim_start_matches("https://"))
    };
    for (path, role) in b.iter().filter(|(path, _)| path.starts_with("05-")) {
        for part in [of_account(PUBLIC), of_account(CUSTOM)] {
            assert_eq!(role.matches(&part).count(), 1, "{path}: {role}");
        }
        assert_eq!(role.matches(":aud").count(), 2, "{path}: {role}");
    }

    assert_eq!(differing(&b, &c), [layout::PROVIDER, layout::REVIEW, layout::AUTHENTICATION]);
    assert!(c[layout::AUTHENTICATION].contains(CUSTOM));
    let changed = differing(&c, &d);
    assert!(changed.iter().all(is_expected) && !changed.contains(&layout::AUTHENTICATION.to_owned()));
    assert!(
        d.iter().filter(|(path, _)| path.starts_with("05-")).all(|(_, role)| !role.contains("harbour-oidc"))
    );

    let cluster = |bundle: &str| author.verify(bundle).manifest().cluster.clone();
    let former = cluster(&added).former.clone().unwrap();
    assert_eq!((former.issuer.as_str(), &former.hosting), (PUBLIC, &cluster(&first).hosting));
    assert_eq!((cluster(&switched), cluster(&removed).former), (cluster(&added), None));

    // What a move leaves behind is a bundle like any other.
    let (fresh, alone) = installed(&[&flags[..], &["--issuer-url", CUSTOM]].concat());
    let generation = |text: &String| text.replace(&(NOW + 3).to_string(), &NOW.to_string());
    let alone = unpacked(&fresh, &alone, "alone");
    let same = |path: &&String| !path.starts_with(layout::REVIEW) && !path.starts_with(layout::APPLY_SCRIPT);
    for path in d.keys().filter(same) {
        assert_eq!(Some(&generation(&d[path])), alone.get(path), "{path}");
    }
}

/// The exit code, how many seconds later, which step on which bundle, with which flags, and what is said.
type Case<'a> = (i32, u64, &'a str, &'a str, &'a [&'a str], &'a [&'a str]);

#[test]
fn a_bundle_on_its_way_is_for_nothing_else_and_every_refusal_says_what_to_do() {
    let (author, first) = installed(&["--account-id", "123456789012"]);
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out new.key 2>&1");
    author.shell("openssl pkey -in new.key -pubout -out new.pub");
    let staged = later(&author, 1, &["rotate-keys", "stage"], &first, &["--public-key-file", "new.pub"]);
    let staged = staged.exits(0).stdout.trim_end().to_owned();
    later(&author, 1, &["move-issuer", "add"], &first, &["--issuer-url", CUSTOM])
        .exits(1)
        .says(&["is later"]);
    let added = moved(&author, 1, "add", &first, &["--issuer-url", CUSTOM, "--leave-out-later"]);
    let switched = moved(&author, 2, "switch", &added, &[]);
    let again = later(&author, 4, &["rotate-keys", "stage"], &first, &["--public-key-file", "new.pub"]);
    again.exits(1).says(&["is later", "--leave-out-later"]);
    let bundles = author.tree("bundles");
    let elsewhere = ["--issuer-url", CUSTOM];
    let private = ["--create-private-s3-bucket"];
    let cases: [Case<'_>; 9] = [
        (64, 3, "add", &first, &[], &["it is the cluster's issuer", "--issuer-url for a server of yours"]),
        (64, 3, "add", &first, &private, &["its bucket harbour-oidc would serve", "--bucket-name"]),
        (1, 3, "add", &added, &elsewhere, &["is being moved already", PUBLIC, "`move-issuer switch`"]),
        (1, 3, "add", &staged, &elsewhere, &["it serves 2 keys", "rotate-keys retire"]),
        (1, 3, "switch", &first, &[], &["it names no former issuer", "move-issuer add"]),
        (1, 3, "switch", &switched, &[], &["already", "move-issuer remove"]),
        (1, 3, "remove", &first, &[], &["it names no former issuer"]),
        (1, 3, "remove", &added, &[], &["its tokens would not count", "move-issuer switch"]),
        (1, 1, "switch", &added, &[], &["which is no later"]),
    ];
    for (code, seconds, step, previous, flags, words) in cases {
        later(&author, seconds, &["move-issuer", step], previous, flags).exits(code).says(words);
    }
    let moving = ["the cluster is being moved away from", PUBLIC, "`move-issuer switch`"];
    let new = ["--public-key-file", "new.pub"];
    later(&author, 3, &["rotate-keys", "stage"], &added, &new).exits(1).says(&moving);
    let upgrade = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "next"];
    later(&author, 3, &[&upgrade[..], &CLUSTER, &elsewhere].concat(), &added, &[]).exits(1).says(&moving);
    for format in ["cloudformation", "terraform"] {
        let render = ["render", &added, "--trusted-key", "author.key.pub", "--format", format];
        author.run(&render).exits(1).says(&[
            "which",
            "would remove while it is still in use",
            "sts-executor",
        ]);
    }
    assert_eq!(author.tree("bundles"), bundles, "none of it made a bundle");
    let script = unpacked(&author, &added, "added")[layout::APPLY_SCRIPT].clone();
    assert!(script.contains("exit 1") && !script.contains("create-role"), "{script}");
}
