//! A bundle that follows another: what a living cluster depends on stays, and what changes is said first.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, NOW, PROGRAM, REQUESTS, Ran, ran};
use std::fs;
use sts_schemas::layout;

/// An author with a bundle of the seven requests, and a folder `next` with those of the next release.
fn installed() -> (Author, String) {
    let author = Author::new();
    author.copy_requests("next");
    author.edit(
        "next/50_machine-pool.yaml",
        "      - ec2:RunInstances\n",
        "      - ec2:RunInstances\n      - ec2:DeleteVpc\n",
    );
    let bundle = author.create_all("out", &[]).exits(0).stdout.trim_end().to_owned();
    (author, bundle)
}

const ONE_REQUEST: &str = "apiVersion: cloudcredential.openshift.io/v1
kind: CredentialsRequest
metadata: {name: one}
spec:
  secretRef: {name: creds, namespace: one}
  serviceAccountNames: [one]
  providerSpec:
    kind: AWSProviderSpec
    statementEntries:
    - {effect: Allow, action: ['ec2:DescribeVpcs'], resource: '*'}
";

/// Runs the program a second later, and trusts the author.
fn later(author: &Author, args: &[&str]) -> Ran {
    let mut command = author.command(PROGRAM);
    command.env("SOURCE_DATE_EPOCH", (NOW + 1).to_string());
    ran(command.args(args).args(["--trusted-key", "author.key.pub"]))
}

/// The upgrade to the next release's requests, in a directory of its own, with these flags about the cluster.
fn upgrade(author: &Author, bundle: &str, cluster: &[&str], flags: &[&str]) -> Ran {
    let fixed = ["create-all", "--credentials-requests-dir", "next", "--output-dir", "new"];
    let signed = ["--signing-key", "author.key", "--previous", bundle];
    later(author, &[&fixed[..], cluster, &signed, flags].concat())
}

#[test]
fn an_upgrade_keeps_keys_and_issuer_and_its_review_says_what_changes_first() {
    let (author, bundle) = installed();
    let line =
        "oc annotate cloudcredential cluster cloudcredential.openshift.io/upgradeable-to=4.17 --overwrite";
    let run = upgrade(&author, &bundle, &CLUSTER, &["--release", "4.17"]).exits(0).says(&[line]);
    let (old, new) = (author.tree("out"), author.tree("new"));
    for same in [layout::KEYS, layout::PUBLIC_KEY, layout::DISCOVERY, layout::AUTHENTICATION] {
        assert_eq!(old[same], new[same], "{same}");
    }
    assert!(!new.contains_key(layout::PRIVATE_KEY) && !new.contains_key(layout::TLS_KEY));
    let found = author.verify(&run.stdout);
    assert_eq!(found.manifest().cluster, author.verify(&bundle).manifest().cluster);
    let review = String::from_utf8(new[layout::REVIEW].1.clone()).unwrap();
    let at = |part: &str| review.find(part).unwrap_or_else(|| panic!("{part:?} is not in:\n{review}"));
    assert!(at("## What changes") < at("## Who may do what"), "{review}");
    let digest = author.verify(&bundle).digest().to_string();
    assert!(
        at(&format!("old: harbour-{}", &digest[..12])) < at("| warning | + | ec2:DeleteVpc |"),
        "{review}"
    );
    assert!(at(line) > at("sts-executor status"), "{review}");
}

#[test]
fn an_earlier_release_than_the_bundle_before_led_to_is_no_upgrade() {
    let (author, bundle) = installed();
    let first = upgrade(&author, &bundle, &CLUSTER, &["--release", "5.0"]).exits(0).stdout;
    let again = |release: &str| {
        let mut command = author.command(PROGRAM);
        command.env("SOURCE_DATE_EPOCH", (NOW + 2).to_string());
        command
            .args(["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "back"])
            .args(CLUSTER);
        command.args(["--signing-key", "author.key", "--previous", first.trim_end(), "--release", release]);
        ran(command.args(["--trusted-key", "author.key.pub"]))
    };
    again("4.20").exits(1).says(&["a later release than 4.20"]);
    again("5.0.1").exits(0);
}

#[test]
fn no_new_key_is_made_for_a_cluster_that_has_a_bundle_already() {
    let author = Author::new();
    let fixed = ["create-all", "--credentials-requests-dir", "ask", "--signing-key", "author.key"];
    let make = |cluster: &[&str], flags: &[&str]| author.run(&[&fixed[..], cluster, flags].concat());
    author.put("ask/one.yaml", ONE_REQUEST);
    let first = make(&CLUSTER, &["--output-dir", "out"]).exits(0).stdout;
    let first = first.trim_end();
    // The same with its key at hand, and under any signature.
    let again = make(&CLUSTER, &["--output-dir", "out"]).exits(0);
    assert_eq!(again.stdout.trim_end(), first);
    author.run(&["create-signing-key", "--output", "other.key"]).exits(0);
    for signing in [["--signing-key", "other.key"], ["--signing-key", "author.key"]] {
        let words = [first, "--previous", "--public-key-file", "--bundle-dir"];
        let flags = [&fixed[..3], &signing, &CLUSTER, &["--output-dir", "new"]].concat();
        author.run(&flags).exits(1).says(&words);
    }
    assert!(!author.path("new").exists(), "nothing was made");
    let key = "out/serviceaccount-signer.public";
    let elsewhere = ["--name", "harbour", "--region", "eu-central-1", "--account-id", "210987654321"];
    for (cluster, flags) in [
        (&CLUSTER, ["--output-dir", "given", "--public-key-file", key]),
        (&CLUSTER, ["--output-dir", "apart", "--bundle-dir", "apart-bundles"]),
        (&elsewhere, ["--output-dir", "account", "--expires", "9d"]),
    ] {
        make(cluster, &flags).exits(0);
    }
}

#[test]
fn what_is_no_bundle_is_refused_by_its_first_bytes_and_a_pipe_is_not_waited_for() {
    let author = Author::new();
    let made = std::process::Stdio::null();
    let fifo = author.command("mkfifo").arg(author.path("pipe")).stdout(made).status().unwrap();
    assert!(fifo.success());
    for previous in ["/dev/zero", "pipe"] {
        upgrade(&author, previous, &CLUSTER, &[]).exits(1).says(&["it is no regular file"]);
    }
    author.run(&["diff", "pipe", REQUESTS]).exits(1).says(&["it is no regular file"]);
    let fleet = ["create-all", "--fleet", "pipe", "--signing-key", "author.key"];
    let fleet = [&fleet[..], &["--credentials-requests-dir", REQUESTS]].concat();
    author.run(&fleet).exits(1).says(&["it is no regular file"]);
}

#[test]
fn a_boundary_of_whichever_account_is_told_as_the_flag_takes_it() {
    const BOUNDARY: &str = "arn:aws:iam::${account}:policy/edge";
    let author = Author::new();
    let open = ["--name", "harbour", "--region", "eu-central-1", "--any-account"];
    let rest = ["--credentials-requests-dir", REQUESTS, "--signing-key", "author.key", "--output-dir"];
    let first =
        ["first", "--public-key-file", CLUSTER_KEY, "--permissions-boundary-arn", BOUNDARY].as_slice();
    let bundle = author.run(&[&["create-all"], &open[..], &rest, first].concat()).exits(0);
    let next = ["next", "--previous", bundle.stdout.trim_end(), "--trusted-key", "author.key.pub"];
    let mut later = author.command(PROGRAM);
    later.env("SOURCE_DATE_EPOCH", (NOW + 1).to_string());
    let run = ran(later.args([&["create-all"], &open[..], &rest, &next].concat())).exits(0);
    run.says(&["all is made as in the previous bundle: --permissions-boundary-arn 'arn:aws:iam::${account}:policy/edge';"]);
}

#[test]
fn an_upgrade_makes_its_roles_as_those_before_unless_a_flag_says_otherwise() {
    const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/edge";
    const THUMBPRINT: &str = "0123456789abcdef0123456789abcdef01234567";
    let (author, _) = installed();
    let request = fs::read_to_string(author.path("next/50_machine-pool.yaml")).unwrap();
    let long = "a-namespace-that-is-long-enough-for-a-name-to-be-cut-here";
    for folder in ["next", "before"] {
        author.put(&format!("{folder}/90_long.yaml"), &request.replace("example-machine-pool", long));
    }
    author.copy_requests("before");
    let settings =
        ["--role-path", "/team/", "--permissions-boundary-arn", BOUNDARY, "--role-names", "hashed"];
    let others = ["--trust-audience", "sts.amazonaws.com", "--session-duration", "7200"];
    let marks = ["--tag", "cost center=a b", "--tag", "team=x", "--thumbprint", THUMBPRINT];
    let bundle = author.create_all_of("before", "before-out", &[&settings[..], &others, &marks].concat());
    let bundle = bundle.exits(0).stdout.trim_end().to_owned();
    let roles = |out: &str| -> Vec<(String, String)> {
        let tree = author.tree(out).into_iter().filter(|(path, _)| path.ends_with("-role.json"));
        tree.map(|(path, (_, bytes))| (path, String::from_utf8(bytes).unwrap())).collect()
    };

    let run = upgrade(&author, &bundle, &CLUSTER, &[]).exits(0);
    let run = run.says(&[
        "all is made as in the previous bundle: ",
        "--role-names hashed",
        "--tag 'cost center=a b'",
        "--tag team=x",
        "--thumbprint 0123456789abcdef0123456789abcdef01234567",
    ]);
    assert!(!run.stderr.contains("WARNING: the "), "{}", run.stderr);
    assert_eq!(roles("new"), roles("before-out"));
    let provider = String::from_utf8(author.tree("new")[layout::PROVIDER].1.clone()).unwrap();
    assert!(provider.contains("cost center") && provider.contains(THUMBPRINT), "{provider}");

    let flags = ["--role-path", "/other/", "--session-duration", "3600"];
    let run = upgrade(&author, &bundle, &CLUSTER, &flags).exits(0);
    run.says(&[
        "WARNING: the path of 8 roles is another than in the previous bundle, as of one from /team/ to /other/",
        "WARNING: the maximum session of 8 roles",
    ]);
    assert!(roles("new").iter().all(|(_, role)| role.contains("/other/") && role.contains(BOUNDARY)));

    let run = upgrade(&author, &bundle, &CLUSTER, &["--fresh-role-settings"]).exits(0);
    run.says(&["WARNING: the permissions boundary of 8 roles", "WARNING: the audience of 8 roles"]);
    assert!(roles("new").iter().all(|(_, role)| !role.contains("/team/") && !role.contains(BOUNDARY)));
    author.create_all("out", &["--fresh-role-settings"]).exits(64);

    // Where they are not alike no flag could say what each of them has.
    let (path, _) = roles("before-out").into_iter().next().unwrap();
    author.edit(
        &format!("before-out/{path}"),
        "\"MaxSessionDuration\": 7200",
        "\"MaxSessionDuration\": 3600",
    );
    let bundle = author.run(&["create-bundle", "--output-dir", "before-out", "--signing-key", "author.key"]);
    let bundle = bundle.exits(0).stdout.trim_end().to_owned();
    let run = upgrade(&author, &bundle, &CLUSTER, &[]).exits(0);
    run.says(&["not all alike (--session-duration: none, 7200)", "WARNING: the maximum session of 7 roles"]);
}

#[test]
fn an_upgrade_does_not_undo_what_a_later_bundle_did_to_keys_or_issuer() {
    let (author, bundle) = installed();
    let upgraded = upgrade(&author, &bundle, &CLUSTER, &[]).exits(0).stdout.trim_end().to_owned();
    // The same again is no news; one with other roles is told of.
    assert!(!upgrade(&author, &bundle, &CLUSTER, &[]).exits(0).stderr.contains("is later than"));
    let mut other = author.command(PROGRAM);
    other.env("SOURCE_DATE_EPOCH", (NOW + 5).to_string());
    let fixed = ["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "newer"];
    let signed = ["--signing-key", "author.key", "--trusted-key", "author.key.pub", "--previous", &bundle];
    let told = ran(other.args([&fixed[..], &CLUSTER, &signed].concat())).exits(0);
    told.says(&[&format!("WARNING: {upgraded} of the same cluster is later than the bundle")]);

    let moved = ["move-issuer", "add", "--previous", &upgraded, "--issuer-url", "https://oidc.example.org"];
    let mut command = author.command(PROGRAM);
    command.env("SOURCE_DATE_EPOCH", (NOW + 9).to_string());
    let trusted = ["--signing-key", "author.key", "--trusted-key", "author.key.pub", "--leave-out-later"];
    let moved = ran(command.args([&moved[..], &trusted].concat())).exits(0).stdout.trim_end().to_owned();
    let before = author.tree("new");
    let refused = upgrade(&author, &bundle, &CLUSTER, &[]).exits(1);
    refused.says(&[&format!("{moved} of the same cluster is later"), "--leave-out-later"]);
    assert_eq!(author.tree("new"), before, "nothing was written");
    upgrade(&author, &bundle, &CLUSTER, &["--leave-out-later"]).exits(0);
}

#[test]
fn secrets_that_the_cluster_does_not_have_yet_are_given_to_it_before_it_upgrades() {
    let (author, bundle) = installed();
    author.copy_requests("next");
    let request = fs::read_to_string(author.path("next/50_machine-pool.yaml")).unwrap();
    author.put("next/90_new.yaml", &request.replace("machine-pool", "new-pool"));
    let run = upgrade(&author, &bundle, &CLUSTER, &["--release", "4.17"]).exits(0);
    let new: Vec<_> = run.stderr.lines().filter(|line| line.contains("oc apply -f manifests/")).collect();
    assert!(matches!(new.as_slice(), [line] if line.contains("new-pool")), "{}", run.stderr);
    let review = fs::read_to_string(author.path("new/REVIEW.md")).unwrap();
    assert!(review.contains(new[0].trim()), "{review}");
}

#[test]
fn manifests_with_open_values_are_given_to_the_cluster_only_where_they_change_and_once_they_are_filled_in() {
    let author = Author::new();
    author.copy_requests("next");
    let cluster = ["--name", "harbour", "--region", "eu-central-1"];
    let rest = ["--signing-key", "author.key"];
    let key = ["--credentials-requests-dir", REQUESTS, "--public-key-file", CLUSTER_KEY];
    let request = fs::read_to_string(author.path("next/50_machine-pool.yaml")).unwrap();
    for (out, open) in [
        ("any", ["--any-account"].as_slice()),
        ("private", &["--account-id", "123456789012", "--create-private-s3-bucket"]),
    ] {
        let first = ["--output-dir", out];
        let bundle = author.run(&[&["create-all"], &cluster[..], open, &rest, &key, &first].concat());
        let bundle = bundle.exits(0).stdout.trim_end().to_owned();
        let given = |folder: &str, out: &str| -> Vec<String> {
            let next = ["--credentials-requests-dir", folder, "--output-dir", out, "--previous", &bundle];
            let run = later(&author, &[&["create-all"], &cluster[..], open, &rest, &next].concat()).exits(0);
            let lines = run.stderr.lines().map(str::trim);
            let lines = lines.filter(|line| line.starts_with("oc apply") || line.contains("finalize"));
            let lines: Vec<_> = lines.map(str::to_owned).collect();
            let review = fs::read_to_string(author.path(&format!("{out}/REVIEW.md"))).unwrap();
            assert!(lines.iter().all(|line| review.contains(line)), "{lines:?}\n{review}");
            lines
        };
        assert!(given(REQUESTS, &format!("{out}-same")).is_empty());
        author.put("next/90_new.yaml", &request.replace("machine-pool", "new-pool"));
        let new = given("next", &format!("{out}-more"));
        match new.as_slice() {
            // The account stands in a Secret, the issuer in none.
            [line] if out == "private" => assert!(line.contains("new-pool"), "{new:?}"),
            [fill, line] if out == "any" => assert!(fill.contains("finalize") && line.contains("new-pool")),
            _ => panic!("{out}: {new:?}"),
        }
    }
}

#[test]
fn a_release_nobody_named_stands_in_no_file() {
    let (author, bundle) = installed();
    let placeholder = "upgradeable-to=<version>";
    upgrade(&author, &bundle, &CLUSTER, &[]).exits(0).says(&[placeholder]);
    for (path, (_, bytes)) in author.tree("new") {
        assert!(!String::from_utf8(bytes).unwrap().contains("upgradeable-to"), "{path}");
    }
}

#[test]
fn what_a_living_cluster_depends_on_is_refused_to_change_before_anything_is_written() {
    let (author, bundle) = installed();
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key 2>&1");
    author.shell("openssl pkey -in other.key -pubout -out other.pub");
    let changed = |flag: &str, value: &'static str| {
        let mut flags = CLUSTER;
        let at = flags.iter().position(|known| *known == flag).unwrap();
        flags[at + 1] = value;
        flags
    };
    let same = CLUSTER;
    let cases: [(&[&str], &[&str], &str); 7] = [
        (&changed("--name", "quay"), &[], "name: harbour, and now quay"),
        (&changed("--region", "eu-west-1"), &[], "region: eu-central-1, and now eu-west-1"),
        (&changed("--account-id", "123456789013"), &[], "account: 123456789012, and now 123456789013"),
        (&same, &["--issuer-url", "https://oidc.example.org"], "and now https://oidc.example.org"),
        (&same, &["--bucket-name", "quay-oidc"], "hosting: "),
        (&same, &["--public-key-file", "other.pub"], "`rotate-keys stage` begins to exchange them"),
        (&same, &["--release", "next"], "two or three numbers"),
    ];
    for (cluster, flags, words) in cases {
        let run = upgrade(&author, &bundle, cluster, flags).says(&[words]);
        assert!(run.code == 1 || run.code == 64, "{words}: {}", run.code);
        assert!(!author.path("new").exists(), "{words}");
    }
    // Another key that lies in the directory is named, and stays.
    fs::create_dir_all(author.path("new")).unwrap();
    fs::copy(author.path("other.key"), author.path("new/serviceaccount-signer.private")).unwrap();
    upgrade(&author, &bundle, &CLUSTER, &[]).exits(1).says(&["does not belong to", "never replaced"]);
    assert_eq!(author.tree("new").len(), 1);
}

#[test]
fn a_previous_bundle_is_trusted_older_and_asked_for_or_refused() {
    let (author, bundle) = installed();
    author.run(&["create-signing-key", "--output", "stranger.key"]).exits(0);
    let flags = |key| ["--previous", bundle.as_str(), "--trusted-key", key];
    author.create_all("new", &flags("stranger.key.pub")).exits(3);
    author
        .create_all("new", &flags("author.key.pub"))
        .exits(1)
        .says(&["which is no later", "SOURCE_DATE_EPOCH"]);
    author.create_all("new", &["--trusted-key", "author.key.pub"]).exits(64).says(&["is for --previous"]);
    author.create_all("new", &["--release", "4.17"]).exits(64);
    assert!(!author.path("new").exists());
}

#[test]
fn a_directory_that_was_edited_follows_only_where_it_keeps_the_keys() {
    let (author, bundle) = installed();
    let pack = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key", "--previous", &bundle];
    let narrowed = author.tree("out").into_keys().find(|path| path.starts_with("06-4-")).unwrap();
    author.edit(&format!("out/{narrowed}"), r#"\"ec2:CreateTags\","#, "");
    later(&author, &pack).exits(0);
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains("| none | - | ec2:CreateTags |"), "{review}");
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key 2>&1");
    author.shell("openssl pkey -in other.key -pubout -out other.pub");
    author.shell("cp other.pub out/serviceaccount-signer.public");
    let mut provider =
        vec!["create-identity-provider", "--output-dir", "out", "--public-key-file", "other.pub"];
    provider.extend(CLUSTER);
    author.run(&provider).exits(0);
    later(&author, &pack)
        .exits(1)
        .says(&["03-keys.json would not be that of the previous bundle", "rotate-keys"]);
}
