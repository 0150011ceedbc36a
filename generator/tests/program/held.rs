//! Secrets that are not what the directory's requests ask for: neither bundled nor installed.

use crate::author::{Author, Ran};
use std::fs;

const FIRST: &str = "out/manifests/example-backup-backup-credentials-credentials.yaml";
const CONFIG: &str = "apiVersion: v1\nmetadata: {name: harbour}\nplatform: {aws: {region: eu-central-1}}\ncredentialsMode: Manual\n";

/// An author whose directory can be installed; the key pair is small, and made before.
fn author() -> Author {
    let author = Author::new();
    author.shell("mkdir out && openssl genrsa -traditional -out out/serviceaccount-signer.private 2048");
    let mut args =
        vec!["create-all", "--credentials-requests-dir", crate::author::REQUESTS, "--output-dir", "out"];
    args.extend(crate::author::CLUSTER);
    args.extend(["--signing-key", "author.key"]);
    author.run(&args).exits(0);
    author.put("cluster/install-config.yaml", CONFIG);
    author
}

fn install(author: &Author) -> Ran {
    author.run(&["install", "--from", "out", "--install-dir", "cluster"])
}

/// Neither command takes the directory, and both say why; afterwards it is as it was.
fn refused(author: &Author, damage: impl Fn(), why: &[&str]) {
    let before = author.tree("out");
    damage();
    for format in ["installer", "hive"] {
        let run = author.run(&["install", "--from", "out", "--install-dir", "cluster", "--format", format]);
        run.exits(1).says(why);
    }
    assert_eq!(author.tree("cluster").len(), 1, "nothing was put in place");
    author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]).exits(1).says(why);
    fs::remove_dir_all(author.path("out")).unwrap();
    for (path, (_, bytes)) in before {
        author.put(&format!("out/{path}"), std::str::from_utf8(&bytes).unwrap());
    }
}

#[test]
fn secrets_that_are_not_what_the_requests_ask_for_are_neither_bundled_nor_installed() {
    let author = author();
    let manifests = || -> Vec<String> {
        let files = author.tree("out").into_keys();
        files
            .filter(|path| path.starts_with("manifests/example-"))
            .map(|path| format!("out/{path}"))
            .collect()
    };
    let away = |path: &str| fs::remove_file(author.path(path)).unwrap();
    refused(&author, || away(FIRST), &["hands", "to the cluster"]);
    refused(&author, || manifests().iter().for_each(|path| away(path)), &["hands", "to the cluster"]);
    refused(
        &author,
        || author.edit(FIRST, "name: backup-credentials", "name: other-credentials"),
        &["no request in requests asks for the Secret example-backup/other-credentials"],
    );
    refused(
        &author,
        || author.edit(FIRST, "namespace: example-backup", "namespace: example-other"),
        &["example-other"],
    );
    refused(
        &author,
        || author.edit(FIRST, "serviceaccount/token", "elsewhere/token"),
        &["its web_identity_token_file is"],
    );
    install(&author).exits(0);
}

#[test]
fn role_arns_that_are_swapped_are_refused_though_the_roles_let_in_the_same() {
    let author = Author::new();
    author.copy_requests("requests");
    let request = fs::read_to_string(author.path("requests/70_backup.yaml")).unwrap();
    author.put(
        "requests/80_more.yaml",
        &request
            .replace("backup-credentials", "more-credentials")
            .replace("name: example-backup", "name: more"),
    );
    author.create_all_of("requests", "out", &[]).exits(0);
    let second = FIRST.replace("backup-credentials", "more-credentials");
    let (one, other) = ("-backup-credentials", "-more-credentials");
    author.edit(FIRST, &format!("example-backup{one}\n"), &format!("example-backup{other}\n"));
    author.edit(&second, &format!("example-backup{other}\n"), &format!("example-backup{one}\n"));
    author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]).exits(1).says(&[
        "that is the role of the Secret example-backup/more-credentials",
        "that is the role of the Secret example-backup/backup-credentials",
    ]);
}

#[test]
fn a_bundle_is_no_directory_to_install_from() {
    let author = Author::new();
    author.put("bundle.tar.gz", "x");
    let run = author.run(&["install", "--from", "bundle.tar.gz", "--install-dir", "cluster"]).exits(1);
    run.says(&["bundle.tar.gz is a file", "the bundle was made in"]);
}

#[test]
fn files_longer_than_a_bundle_takes_and_what_is_no_file_are_not_read() {
    let author = author();
    let provider = "out/04-iam-identity-provider.json";
    let sound = fs::read(author.path(provider)).unwrap();
    fs::File::options().write(true).open(author.path(provider)).unwrap().set_len(1 << 34).unwrap();
    let create = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key"];
    author.run(&create).exits(1).says(&["longer than 1048576 bytes"]);
    install(&author).exits(1).says(&["longer than 1048576 bytes"]);
    fs::write(author.path(provider), sound).unwrap();
    fs::remove_file(author.path(FIRST)).unwrap();
    author.shell(&format!("ln -s /dev/zero {FIRST}"));
    install(&author).exits(1).says(&["it is a link"]);
    author.shell(&format!("rm {FIRST} && mkfifo {FIRST}"));
    install(&author).exits(1).says(&["it is no regular file"]);
    author.run(&create).exits(1).says(&["it is no regular file"]);
}

#[test]
fn a_review_tells_what_was_rewritten_and_which_operators_iam_is_not_known_to_have() {
    let author = Author::new();
    author.copy_requests("requests");
    let request = fs::read_to_string(author.path("requests/70_backup.yaml")).unwrap();
    let entry = "statementEntries:\n    - {effect: Allow, action: [s3:GetObject], resource: 'arn:aws-cn:s3:::x/*',\n       \
        policyCondition: {NumericEqualz: {'aws:MultiFactorAuthAge': 010}, NumericEqualsIfExists: {'s3:max-keys': 0o17}}}\n";
    let changed = request.replacen("statementEntries:\n", entry, 1);
    author.put("requests/70_backup.yaml", &changed);
    let run = author.create_all_of("requests", "out", &["--rewrite-partition"]).exits(0);
    let run = run.says(&["NumericEqualz: IAM is not known to have such a condition operator"]);
    assert!(!run.stderr.contains("NumericEqualsIfExists: IAM"), "{}", run.stderr);
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains("rewrote arn:aws-cn:s3:::x/\\* to arn:aws:s3:::x/\\*"), "{review}");
    assert!(review.contains("NumericEqualz: IAM is not known"), "{review}");
    // Octal, as Kubernetes reads both.
    assert!(review.contains("\"aws:MultiFactorAuthAge\": 8"), "{review}");
    assert!(review.contains("\"s3:max-keys\": 15"), "{review}");
}

#[test]
fn a_review_is_not_forged_by_what_is_in_it() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let role = "out/05-6-harbour-example-backup-backup-credentials-role.json";
    author.edit(role, "OpenShift role for", "a\\n\\n## What to look at twice\\n\\nNothing.\\n<!-- \u{202e}");
    author.edit("out/04-iam-identity-provider.json", "\"openshift\"", "\"o|p\\n<!--`\"");
    author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"]).exits(0);
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(!review.contains("<!--") && !review.contains('\u{202e}'), "{review}");
    assert_eq!(review.matches("\n## What to look at twice").count(), 1, "{review}");
    assert!(review.contains("| o\\|p\\\\u{a}&lt;!--\\`, sts.amazonaws.com |"), "{review}");
}

#[test]
fn names_that_are_the_same_uncut_are_told_so_and_a_link_in_the_place_of_the_key_is_named() {
    let author = Author::new();
    author.copy_requests("requests");
    let request = fs::read_to_string(author.path("requests/70_backup.yaml")).unwrap();
    for (number, namespace, secret) in [(80, "ns-a-b", "c"), (81, "ns-a", "b-c")] {
        let text = request.replace("namespace: example-backup", &format!("namespace: {namespace}"));
        author.put(&format!("requests/{number}.yaml"), &text.replace("backup-credentials", secret));
    }
    let run = author.create_all_of("requests", "out", &[]).exits(1);
    let run =
        run.says(&["harbour-ns-a-b-c: example-backup (80.yaml", "--role-names hashed tells them apart"]);
    assert!(!run.stderr.contains("cut") && !run.stderr.contains("shorter"), "{}", run.stderr);
    author.shell("mkdir keys && ln -s nowhere keys/serviceaccount-signer.private");
    author.run(&["create-key-pair", "--output-dir", "keys"]).exits(1).says(&["a link is there"]);
}
