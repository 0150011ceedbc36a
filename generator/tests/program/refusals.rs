//! What cannot be used is refused: all of it in one run, by name, with the exit code that fits.

use crate::author::{Author, REQUESTS};
use std::fs;
use std::io::Write as _;

const BACKUP_ROLE: &str = "05-6-harbour-example-backup-backup-credentials-role.json";

fn create_bundle(author: &Author) -> crate::author::Ran {
    author.run(&["create-bundle", "--output-dir", "out", "--signing-key", "author.key"])
}

#[test]
fn requests_that_end_in_one_role_name_are_named_together_and_hashed_names_tell_them_apart() {
    let author = Author::new();
    author.copy_requests("requests");
    let pattern = fs::read_to_string(author.path("requests/70_backup.yaml")).unwrap();
    let long = "a-secret-name-that-is-longer-than-any-role-can-bear";
    for end in ["red", "blue"] {
        let text = pattern
            .replace("name: example-backup", &format!("name: request-{end}"))
            .replace("backup-credentials", &format!("{long}-{end}"));
        author.put(&format!("requests/80_{end}.yaml"), &text);
    }
    let run = author.create_all_of("requests", "out", &[]).exits(1);
    run.says(&["request-red (80_red.yaml", "request-blue (80_blue.yaml", "--role-names hashed"]);
    assert!(!author.path("out").exists());
    let bundle = author.create_all_of("requests", "out", &["--role-names", "hashed"]).exits(0).stdout;
    let roles =
        author.verify(&bundle).outline().resources.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        roles.iter().filter(|address| address.contains("a-secret-name-that-is")).count(),
        2,
        "{roles:?}"
    );
}

#[test]
fn everything_wrong_with_a_folder_of_requests_is_said_in_one_run() {
    let author = Author::new();
    author.copy_requests("requests");
    author.edit("requests/10_block-storage.yaml", "serviceAccountNames:", "serviceAccountNamez:");
    author.edit("requests/70_backup.yaml", "namespace: example-backup", "namespace: ${NAMESPACE}");
    author.put(
        "requests/90_copy.yaml",
        &fs::read_to_string(author.path("requests/50_machine-pool.yaml")).unwrap(),
    );
    let run = author.create_all_of("requests", "out", &[]).exits(1);
    run.says(&[
        "10_block-storage.yaml",
        "70_backup.yaml",
        "${NAMESPACE}",
        "90_copy.yaml",
        "50_machine-pool.yaml",
    ]);
    assert!(!author.path("out").exists());
}

#[test]
fn a_file_that_no_bundle_has_is_refused_by_name() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    author.put("out/notes.txt", "remember the milk\n");
    author.put("out/manifests/sub/more.yaml", "a: b\n");
    create_bundle(&author).exits(1).says(&["notes.txt", "manifests/sub/more.yaml", "2 files"]);
}

#[test]
fn a_role_that_trusts_something_else_is_refused_with_the_file_named() {
    let author = Author::new();
    for (from, to, why) in [
        ("oidc-provider/harbour-oidc", "oidc-provider/intruder-oidc", "must name the provider"),
        ("123456789012:oidc", "210987654321:oidc", "must name the provider"),
        ("StringEquals", "StringLike", "StringEquals"),
        (
            "system:serviceaccount:example-backup:backup-nightly",
            "system:serviceaccount:*:*",
            "no service account",
        ),
        ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", "must allow sts:AssumeRoleWithWebIdentity"),
    ] {
        author.create_all("out", &[]).exits(0);
        author.edit(&format!("out/{BACKUP_ROLE}"), from, to);
        create_bundle(&author).exits(1).says(&[BACKUP_ROLE, why]);
    }
}

#[test]
fn all_files_that_do_not_hold_together_are_named_at_once() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    fs::remove_file(author.path("out/06-6-harbour-example-backup-backup-credentials-policy.json")).unwrap();
    author.edit("out/01-oidc-bucket-policy.json", "s3:GetObject", "s3:*");
    author.edit("out/02-openid-configuration", "harbour-oidc", "other-oidc");
    author.edit(
        "out/manifests/cluster-authentication-02-config.yaml",
        "harbour-oidc",
        "<enter_issuer_url_here>",
    );
    create_bundle(&author).exits(1).says(&[
        BACKUP_ROLE,
        "01-oidc-bucket-policy.json",
        "02-openid-configuration",
        "cluster-authentication-02-config.yaml",
    ]);
}

#[test]
fn roles_and_service_accounts_are_those_that_the_requests_ask_for() {
    let author = Author::new();
    let create = || author.create_all("out", &[]).exits(0);
    let (role, secret) =
        (format!("out/{BACKUP_ROLE}"), "out/manifests/example-backup-backup-credentials-credentials.yaml");

    // A service account more, one less, and one in another's place.
    let known = "system:serviceaccount:example-backup:backup-nightly";
    let in_role = format!("\\\"{known}\\\"");
    for (to, why) in [
        (
            format!("{in_role},\\\"system:serviceaccount:example-backup:intruder\\\""),
            "lets in the service account example-backup/intruder, and example-backup (",
        ),
        (
            in_role.replace("backup-nightly", "backup-mightly"),
            "does not let in the service account example-backup/backup-nightly, which example-backup (",
        ),
    ] {
        create();
        author.edit(&role, &in_role, &to);
        create_bundle(&author).exits(1).says(&[BACKUP_ROLE, why]);
    }

    // A role that no request asks for, whole and consistent.
    create();
    fs::remove_file(author.path("out/requests/70_backup.yaml")).unwrap();
    let named = secret.trim_start_matches("out/");
    create_bundle(&author)
        .exits(1)
        .says(&[named, "no request in requests asks for the Secret example-backup/backup-credentials"]);

    // A request for which there is nothing; unless it is only for some clusters.
    create();
    for file in [&role, "out/06-6-harbour-example-backup-backup-credentials-policy.json", secret] {
        fs::remove_file(author.path(file)).unwrap();
    }
    create_bundle(&author)
        .exits(1)
        .says(&["requests/70_backup.yaml: example-backup (line", "neither it nor its role is there"]);
    author.edit(
        "out/requests/70_backup.yaml",
        "metadata:\n",
        "metadata:\n  annotations:\n    capability.openshift.io/name: Backup\n",
    );
    create_bundle(&author)
        .exits(0)
        .says(&["note: no role is there for example-backup", "depends on feature set"]);
}

#[test]
fn a_policy_may_be_narrowed_and_one_that_was_widened_is_told() {
    const POLICY: &str = "out/06-6-harbour-example-backup-backup-credentials-policy.json";
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    author.edit(POLICY, "s3:DeleteObject", "s3:DeleteObjectVersion");
    create_bundle(&author).exits(0).says(&["the role of the Secret example-backup/backup-credentials may do more than its request asks for: s3:DeleteObjectVersion"]);
    author.create_all("out", &[]).exits(0);
    author.edit(POLICY, "\\\"s3:DeleteObject\\\",", "");
    let run = create_bundle(&author).exits(0);
    assert!(!run.stderr.contains("may do more"), "{}", run.stderr);
}

#[test]
fn a_policy_that_was_narrowed_to_some_resources_does_no_more_than_before() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let policy = fs::read_dir(author.path("out")).unwrap().map(|entry| entry.unwrap().file_name());
    let policy =
        policy.map(|name| name.into_string().unwrap()).find(|name| name.starts_with("06-0-")).unwrap();
    let policy = format!("out/{policy}");
    author.edit(
        &policy,
        "\\\"Resource\\\":\\\"*\\\"",
        "\\\"Resource\\\":\\\"arn:aws:ec2:eu-central-1:123456789012:volume/v\\\"",
    );
    let run = create_bundle(&author).exits(0);
    assert!(!run.stderr.contains("may do more"), "{}", run.stderr);
    author.edit(&policy, "volume/v", "volume/*");
    let run = create_bundle(&author).exits(0);
    assert!(!run.stderr.contains("may do more"), "{}", run.stderr);
}

#[test]
fn what_only_follows_from_a_fault_is_not_told_beside_it() {
    let author = Author::new();
    let secret = "out/manifests/example-backup-backup-credentials-credentials.yaml";
    let policy = "out/06-6-harbour-example-backup-backup-credentials-policy.json";
    let role = format!("out/{BACKUP_ROLE}");
    for (file, from, to, why) in [
        (role.as_str(), "\"RoleName\"", "\"RoleNane\"", "unknown field `RoleNane`"),
        (policy, "\"PolicyName\"", "\"PolicyNane\"", "unknown field `PolicyNane`"),
        (policy, "\\\"Effect\\\"", "\\\"Efect\\\"", "unknown field `Efect`"),
        (
            secret,
            "type: Opaque",
            "type: Opake",
            "line 12 is \"type: Opake\\n\", and must be \"type: Opaque\\n\"",
        ),
        (secret, "    role_arn = ", "    role_arm = ", "no line of it begins with \"    role_arn = \""),
        (secret, "role/harbour", "role/arbours", "is no role of this bundle"),
        (secret, "arn:aws:iam", "<enter_arn_here>", "a placeholder was left in it"),
        (secret, "iam::123456789012", "iam::${account}", "${account} stands in it"),
        (
            role.as_str(),
            "example-backup:backup-restore",
            "kube-system:backup-restore",
            "of several namespaces",
        ),
        ("out/03-keys.json", "\"keys\"", "\"kees\"", "unknown field `kees`"),
        ("out/01-oidc-bucket-tagging.json", "\"TagSet\"", "\"TagSat\"", "unknown field `TagSat`"),
    ] {
        author.create_all("out", &[]).exits(0);
        author.edit(file, from, to);
        let run = create_bundle(&author).exits(1);
        run.says(&["1 problem\n", why]);
    }
}

#[test]
fn a_policy_or_trust_policy_above_awss_size_is_refused_for_all_requests_at_once() {
    let author = Author::new();
    author.copy_requests("requests");
    let actions =
        (0..600).map(|n| format!("      - s3:GetObjectNumber{n:04}\n")).collect::<Vec<_>>().concat();
    for (file, action) in
        [("10_block-storage.yaml", "ec2:AttachVolume"), ("70_backup.yaml", "s3:DeleteObject")]
    {
        author.edit(&format!("requests/{file}"), &format!("      - {action}\n"), &actions);
    }
    let accounts = (0..60)
        .map(|n| format!("  - operator-with-a-rather-long-name-{n:030}\n"))
        .collect::<Vec<_>>()
        .concat();
    author.edit(
        "requests/50_machine-pool.yaml",
        "  serviceAccountNames:\n",
        &format!("  serviceAccountNames:\n{accounts}"),
    );
    let run = author.create_all_of("requests", "out", &[]).exits(1);
    run.says(&["10_block-storage.yaml", "70_backup.yaml", "10,240", "50_machine-pool.yaml", "trust policy"]);
    assert!(!author.path("out").exists());
}

#[test]
fn a_trust_policy_above_the_default_quota_is_made_and_the_quota_named() {
    let author = Author::new();
    author.copy_requests("requests");
    let accounts = (0..30)
        .map(|n| format!("  - operator-with-a-rather-long-name-{n:030}\n"))
        .collect::<Vec<_>>()
        .concat();
    author.edit(
        "requests/50_machine-pool.yaml",
        "  serviceAccountNames:\n",
        &format!("  serviceAccountNames:\n{accounts}"),
    );
    let run = author.create_all_of("requests", "out", &[]).exits(0);
    run.says(&["lint: warning [trust-policy-length] ", "50_machine-pool.yaml", "2,048", "L-C07B4B0D"]);
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains(r"- warning \[trust-policy-length\] harbour-"), "{review}");
}

#[test]
fn a_command_line_that_cannot_be_meant_is_a_usage_error() {
    let author = Author::new();
    let base = ["create-all", "--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"];
    let with = |cluster: &[&str]| author.run(&[&base[..], cluster].concat());
    for (cluster, why) in [
        (["--name", "Bad_Name!", "--region", "eu-west-1", "--account-id", "123456789012"], "Bad_Name!"),
        (["--name", "demo", "--region", "nowhere-1", "--account-id", "123456789012"], "nowhere-1"),
        (["--name", "demo", "--region", "mars-north-1", "--account-id", "123456789012"], "mars-north-1"),
        (["--name", "demo", "--region", "us-esat-1", "--account-id", "123456789012"], "give --partition aws"),
        (["--name", "demo", "--region", "eu-west-1", "--account-id", "12345"], "12 digits"),
        (["--name", "demo", "--account-id", "123456789012", "--tag", "a=1"], "the region is missing"),
    ] {
        with(&cluster).exits(64).says(&[why]);
    }
    author.run(&["create-everything"]).exits(64);
    author.run(&[]).exits(64);
    author.create_all("out", &["--tag", "Name=mine"]).exits(64).says(&["Name"]);
    author.create_all("out", &["--session-duration", "60"]).exits(64);
    let arn = [
        "create-iam-roles",
        "--name",
        "demo",
        "--region",
        "eu-west-1",
        "--credentials-requests-dir",
        REQUESTS,
    ];
    let run =
        author.run(&[&arn[..], &["--identity-provider-arn", "arn:aws:iam::123456789012:role/x"]].concat());
    run.exits(64).says(&["not the ARN of an OIDC provider"]);
    assert_eq!(author.tree("").len(), 2, "nothing was written but the signing key");
    let help = author.run(&["--help"]).exits(0);
    assert!(help.stdout.contains("create-all"), "{}", help.stdout);
}

#[test]
fn a_bundle_that_would_be_too_large_for_its_reader_is_not_packed() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let before = author.tree("bundles");
    author.edit(
        &format!("out/{BACKUP_ROLE}"),
        "\"RoleName\"",
        &format!("{}\"RoleName\"", " ".repeat(1 << 20)),
    );
    create_bundle(&author).exits(1).says(&["is longer than 1048576 bytes"]);
    assert!(author.tree("bundles") == before);
    // Each is short enough, and all of them, kept twice for what is open, are not.
    fs::remove_dir_all(author.path("out")).unwrap();
    let flags = ["--name", "harbour", "--region", "eu-central-1", "--any-account", "--output-dir", "out"];
    let keys = ["--public-key-file", crate::author::CLUSTER_KEY, "--signing-key", "author.key"];
    let create = ["create-all", "--credentials-requests-dir", REQUESTS];
    author.run(&[&create[..], &flags, &keys].concat()).exits(0);
    let before = author.tree("bundles");
    for path in author.tree("out").into_keys().filter(|path| path.ends_with(".json") && path.starts_with('0'))
    {
        let mut file = fs::File::options().append(true).open(author.path(&format!("out/{path}"))).unwrap();
        file.write_all(&vec![b' '; 1_000_000]).unwrap();
    }
    create_bundle(&author).exits(1).says(&["cannot be read back", "nothing was packed"]);
    assert!(author.tree("bundles") == before);
}

#[test]
fn more_thumbprints_than_iam_takes_are_refused_before_anything_is_written() {
    let author = Author::new();
    let thumbprints: Vec<String> = (0..6).map(|number| format!("{number:040}")).collect();
    let flags: Vec<&str> = thumbprints.iter().flat_map(|text| ["--thumbprint", text]).collect();
    author.create_all("out", &flags).exits(64).says(&["given 6 times", "at most 5"]);
    assert!(!author.path("out").exists());
    author.create_all("out", &flags[2..]).exits(0);
}
