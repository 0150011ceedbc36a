//! A directory that holds somebody else's files: they are never touched, and nothing is written beside them.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, PROVIDER, REQUESTS};

/// Runs `create-iam-roles` on the seven requests into a directory.
fn create_roles(author: &Author, out: &str) -> crate::author::Ran {
    let mut line = vec!["create-iam-roles", "--credentials-requests-dir", REQUESTS, "--output-dir", out];
    line.extend(&CLUSTER[..4]);
    line.extend(["--identity-provider-arn", PROVIDER]);
    author.run(&line)
}

#[test]
fn an_installers_directory_loses_nothing_and_gains_nothing() {
    for stranger in ["manifests/cluster-config.yaml", "requests/NOTES.md", "05-9-foo-role.json"] {
        let author = Author::new();
        author.put(&format!("out/{stranger}"), "apiVersion: v1\nkind: ConfigMap\n");
        let before = author.tree("out");
        author.create_all("out", &[]).exits(1).says(&["did not make", stranger, "nothing was written"]);
        create_roles(&author, "out").exits(1).says(&["did not make", stranger]);
        assert_eq!(author.tree("out"), before, "{stranger}");
    }
    let author = Author::new();
    author.put("out/metadata.json", "{}");
    author.create_all("out", &[]).exits(1).says(&["that no bundle has", "metadata.json"]);
    assert_eq!(author.tree("out").len(), 1);
}

#[test]
fn bundles_that_go_into_the_clusters_own_directory_are_no_strangers_there() {
    let author = Author::new();
    let first = author.create_all("out", &["--bundle-dir", "out/bundles"]).exits(0).stdout;
    let again = author.create_all("out", &["--bundle-dir", "out/bundles"]).exits(0).stdout;
    assert_eq!(first, again);
    author.run(&["diff", "out", "out"]).exits(0);
    author.put("out/bundles/notes.txt", "");
    author
        .create_all("out", &["--bundle-dir", "out/bundles"])
        .exits(1)
        .says(&["that no bundle has", "notes.txt"]);
}

#[test]
fn a_bundle_carries_no_file_that_nobody_asked_for_and_none_that_a_link_leads_to() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let bundle = || {
        author.run(&[
            "create-bundle",
            "--output-dir",
            "out",
            "--signing-key",
            "author.key",
            "--bundle-dir",
            "b",
        ])
    };
    for text in ["a note\n", "kind: ConfigMap\n", "# nothing\n"] {
        author.put("out/requests/note.yaml", text);
        let run = bundle().exits(1).says(&["requests/note.yaml: no request is in it", "move it away"]);
        assert!(!author.path("b").exists(), "{}", run.stderr);
    }
    author.shell("rm out/requests/note.yaml && ln -s /etc/passwd out/requests/note.yaml");
    bundle().exits(1).says(&["out/requests/note.yaml is a link"]);
    author.shell("rm out/requests/note.yaml && mv out/requests/70_backup.yaml . && ln -s ../../70_backup.yaml out/requests");
    bundle().exits(1).says(&["out/requests/70_backup.yaml is a link"]);
    author.shell("rm out/requests/70_backup.yaml && mv 70_backup.yaml out/requests");
    bundle().exits(0);
}

#[test]
fn files_of_an_earlier_run_that_nothing_asks_for_go() {
    let author = Author::new();
    author.copy_requests("some");
    author.create_all_of("some", "out", &[]).exits(0);
    std::fs::remove_file(author.path("some/70_backup.yaml")).unwrap();
    let run = author.create_all_of("some", "out", &[]).exits(0);
    let gone = ["05-6-harbour", "06-6-harbour", "manifests/example-backup", "requests/70_backup.yaml"];
    run.says(&gone.map(|file| format!("removed {file}")).iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn the_folder_that_requests_are_read_from_is_not_the_one_they_are_copied_to() {
    let author = Author::new();
    author.copy_requests("out/requests");
    let before = author.tree("out");
    author.create_all_of("out/requests", "out", &[]).exits(64).says(&["out/requests", "--output-dir"]);
    assert_eq!(author.tree("out"), before);
}

#[test]
fn hashed_names_tell_apart_what_only_the_dashes_confuse() {
    let author = Author::new();
    let request = |namespace: &str, secret: &str| {
        format!(
            "apiVersion: cloudcredential.openshift.io/v1\nkind: CredentialsRequest\nmetadata: {{name: {secret}-of-\
             {namespace}}}\nspec:\n  secretRef: {{name: {secret}, namespace: {namespace}}}\n  serviceAccountNames: [a]\n  \
             providerSpec: {{apiVersion: cloudcredential.openshift.io/v1, kind: AWSProviderSpec, statementEntries: \
             [{{effect: Allow, action: ['ec2:DescribeTags'], resource: '*'}}]}}\n"
        )
    };
    author.put("two/a.yaml", &request("a-b", "c"));
    author.put("two/b.yaml", &request("a", "b-c"));
    author.create_all_of("two", "out", &[]).exits(1).says(&["harbour-a-b-c", "a.yaml", "b.yaml"]);
    let bundle = author.create_all_of("two", "out", &["--role-names", "hashed"]).exits(0).stdout;
    assert_eq!(author.verify(&bundle).outline().role_arns().len(), 2);
}

#[test]
fn a_boundary_that_cannot_be_is_refused_before_anything_is_written() {
    let author = Author::new();
    for (arn, why) in [
        ("arn:aws:iam::123456789012:role/x", "managed policy"),
        ("arn:aws-cn:iam::123456789012:policy/x", "partition aws"),
        ("arn:aws:iam::999999999999:policy/x", "account 123456789012"),
    ] {
        author.create_all("out", &["--permissions-boundary-arn", arn]).exits(64).says(&[why]);
        assert!(!author.path("out").exists(), "{arn}");
    }
    author.create_all("out", &["--permissions-boundary-arn", "arn:aws:iam::aws:policy/x"]).exits(0);
    author
        .create_all("out", &["--trust-audience", "nobody"])
        .exits(64)
        .says(&["openshift", "sts.amazonaws.com"]);
    let line = ["create-identity-provider", "--public-key-file", CLUSTER_KEY, "--output-dir", "issuer"];
    author.run(&[&line[..], &CLUSTER].concat()).exits(0).says(&["--identity-provider-arn ", PROVIDER]);
}

#[test]
fn what_never_ends_is_not_read_to_its_end() {
    let author = Author::new();
    let line = ["create-identity-provider", "--public-key-file", "/dev/zero", "--output-dir", "out"];
    author.run(&[&line[..], &CLUSTER].concat()).exits(1).says(&["/dev/zero", "longer than"]);
    author.create_all("out", &[]).exits(0);
    std::fs::remove_file(author.path("out/03-keys.json")).unwrap();
    author.shell("mkfifo out/03-keys.json");
    let again = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key"];
    author.run(&again).exits(1).says(&["03-keys.json", "no regular file"]);
}
