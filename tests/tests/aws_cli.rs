//! Whoever has only the AWS CLI: each file is what its name says, and `apply.sh` does the whole job.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use sts_tests::aws_cli;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, GENERATION, Handoff, REGION};
use sts_tests::programs::Run;

/// Two requests, one of them with a name that is cut.
const REQUESTS: [&str; 2] = ["40_account-reader-with-a-long-name.yaml", "70_backup.yaml"];
const THUMBPRINT: &str = "0123456789abcdef0123456789abcdef01234567";
const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";
/// Every flag that ends in the account.
const FLAGS: [&str; 16] = [
    "--bucket-name",
    "harbour-issuer",
    "--thumbprint",
    THUMBPRINT,
    "--trust-audience",
    "sts.amazonaws.com",
    "--session-duration",
    "7200",
    "--role-path",
    "/openshift/harbour/",
    "--permissions-boundary-arn",
    BOUNDARY,
    "--tag",
    "owner=Port Authority",
    "--tag",
    "cost-centre=4-7",
];
const CUT_ROLE: &str = "harbour-example-account-reader-operator-account-reader-with-a-ra";
const ROLE: &str = "harbour-example-backup-backup-credentials";

fn prepare() -> Handoff {
    let folder = tempfile::tempdir().unwrap();
    for name in REQUESTS {
        std::fs::copy(Path::new(handoff::REQUESTS).join(name), folder.path().join(name)).unwrap();
    }
    Handoff::of(folder.path(), &FLAGS)
}

fn directory(story: &Handoff) -> PathBuf {
    story.path(&format!("out-{REGION}-{GENERATION}"))
}

/// The account that the executor makes of the story's bundle.
fn applied(story: &Handoff) -> Value {
    let emulator = Emulator::start();
    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    handoff::account(&emulator).dump_without_mark()
}

/// Runs the call that a file's name stands for, as the table of FORMAT.md has it; `None` for another name.
fn take(emulator: &Emulator, directory: &Path, file: &str) -> Option<()> {
    let stem = file.strip_suffix(".json")?;
    let (call, body) = match stem {
        "01-oidc-bucket" => (["s3api", "create-bucket"], None),
        "01-oidc-bucket-tagging" => (["s3api", "put-bucket-tagging"], None),
        "01-oidc-bucket-public-access-block" => (["s3api", "put-public-access-block"], None),
        "01-oidc-bucket-policy" => (["s3api", "put-bucket-policy"], None),
        "02-openid-configuration-object" => (["s3api", "put-object"], Some("02-openid-configuration")),
        "03-keys-object" => (["s3api", "put-object"], Some("03-keys.json")),
        "04-iam-identity-provider" => (["iam", "create-open-id-connect-provider"], None),
        _ if stem.starts_with("05-") && stem.ends_with("-role") => (["iam", "create-role"], None),
        _ if stem.starts_with("06-") && stem.ends_with("-policy") => (["iam", "put-role-policy"], None),
        _ => return None,
    };
    let more: Vec<&str> = body.into_iter().flat_map(|body| ["--body", body]).collect();
    let _ = aws_cli::call(emulator, directory, call, file, &more).exits(0);
    Some(())
}

#[test]
fn the_aws_cli_takes_every_file_and_makes_the_account_that_apply_makes() {
    let story = prepare();
    let directory = directory(&story);
    let mut files: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json") && name != "03-keys.json")
        .collect();
    // The bucket before what it has: `-` sorts before `.`.
    files.sort_by_key(|name| (name[..3].to_owned(), name.len(), name.clone()));
    assert_eq!(files.len(), 7 + 2 * REQUESTS.len(), "{files:?}");

    let emulator = Emulator::start();
    for file in &files {
        assert!(take(&emulator, &directory, file).is_some(), "{file} is the input of no call that is known");
    }
    let made = handoff::account(&emulator).dump();
    assert_eq!(made, applied(&story));
    flags_show(&made);
}

/// Every one of [`FLAGS`] is to be seen in the account.
fn flags_show(account: &Value) {
    let host = "harbour-issuer.s3.eu-central-1.amazonaws.com";
    let provider = &account["providers"][format!("arn:aws:iam::123456789012:oidc-provider/{host}")];
    assert_eq!(provider["thumbprints"], json!([THUMBPRINT]));
    let bucket = &account["buckets"]["harbour-issuer"];
    let object = &bucket["objects"]["keys.json"];
    for role in [ROLE, CUT_ROLE] {
        let path = format!("arn:aws:iam::123456789012:role/openshift/harbour/{role}");
        let role = &account["roles"][role];
        assert_eq!((&role["arn"], &role["boundary"]), (&json!(path), &json!(BOUNDARY)));
        assert_eq!(role["max_session"], 7200);
        let condition = &role["trust"]["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(condition[format!("{host}:aud")], json!(["sts.amazonaws.com"]));
        assert!(condition[format!("{host}:sub")].is_array(), "{condition}");
        for tags in [&role["tags"], &provider["tags"], &bucket["tags"], &object["tags"]] {
            assert_eq!((&tags["owner"], &tags["cost-centre"]), (&json!("Port Authority"), &json!("4-7")));
        }
    }
}

#[test]
fn apply_sh_makes_the_account_that_apply_makes_and_running_it_again_mends_and_deletes_nothing() {
    let story = prepare();
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let _ = aws_cli::apply_script(&emulator, &directory(&story)).exits(0).says("make role/");
    let made = account.dump();
    let mut wanted = applied(&story);
    for kind in ["buckets", "providers", "roles"] {
        wanted[kind].as_object_mut().unwrap().extend(before[kind].as_object().unwrap().clone());
    }
    assert_eq!(made, wanted, "as the executor makes it, and bystanders as they were");

    account.call(&json!([
        ["iam", "delete_role_policy", {"RoleName": ROLE, "PolicyName": ROLE}],
        ["iam", "update_role", {"RoleName": CUT_ROLE, "MaxSessionDuration": 3600}],
        ["s3", "delete_object", {"Bucket": "harbour-issuer", "Key": "keys.json"}],
    ]));
    let again = aws_cli::apply_script(&emulator, &directory(&story)).exits(0);
    let makes = again.stderr.lines().any(|line| line.starts_with("make "));
    assert!(!makes, "nothing is made a second time:\n{}", again.stderr);
    assert_eq!(account.dump(), made, "what was damaged is mended");
}

#[test]
fn apply_sh_writes_nothing_for_another_account_over_a_newer_one_or_beside_what_is_foreign() {
    let story = prepare();
    let stranger = Emulator::start_as("999988887777");
    let empty = handoff::account(&stranger).dump();
    let run = aws_cli::apply_script(&stranger, &directory(&story)).exits(1);
    let _ = run.says("123456789012").says("999988887777");
    assert_eq!(handoff::account(&stranger).dump(), empty);

    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    account.call(&json!([["iam", "create_role", {"RoleName": ROLE, "AssumeRolePolicyDocument": trust}]]));
    let before = account.dump();
    let run = aws_cli::apply_script(&emulator, &directory(&story)).exits(1);
    let _ = run.says(&format!("role/{ROLE} is not the cluster's"));
    assert_eq!(account.dump(), before, "nothing is written beside what is foreign");

    let tags = |generation: u64| {
        json!([
            {"Key": format!("openshift.io/cloud-credential-operator/{CLUSTER}"), "Value": "owned"},
            {"Key": "sts-handoff/generation", "Value": generation.to_string()},
        ])
    };
    account.call(&json!([
        ["iam", "delete_role", {"RoleName": ROLE}],
        ["iam", "create_open_id_connect_provider", {
            "Url": "https://harbour-issuer.s3.eu-central-1.amazonaws.com", "ClientIDList": ["openshift"],
            "ThumbprintList": [THUMBPRINT], "Tags": tags(GENERATION + 1)
        }],
    ]));
    let before = account.dump();
    let _ = aws_cli::apply_script(&emulator, &directory(&story)).exits(1).says("is the older");
    assert_eq!(account.dump(), before, "nothing is written over what is newer");
}

#[test]
fn apply_sh_writes_nothing_where_a_role_has_what_it_would_keep_and_names_all_of_it() {
    let story = prepare();
    let emulator = Emulator::start();
    let account = handoff::account(&emulator);
    let _ = aws_cli::apply_script(&emulator, &directory(&story)).exits(0);
    let made = account.dump();
    let other = "arn:aws:iam::123456789012:policy/other";
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    account.call(&json!([
        ["iam", "create_policy", {"PolicyName": "other", "PolicyDocument": document}],
        ["iam", "put_role_policy", {"RoleName": ROLE, "PolicyName": "more", "PolicyDocument": document}],
        ["iam", "attach_role_policy", {"RoleName": ROLE, "PolicyArn": other}],
        ["iam", "put_role_permissions_boundary", {"RoleName": CUT_ROLE, "PermissionsBoundary": other}],
    ]));
    let before = account.dump();
    let run = aws_cli::apply_script(&emulator, &directory(&story)).exits(1);
    let commands = [
        format!("aws iam delete-role-policy --role-name {ROLE} --policy-name more"),
        format!("aws iam detach-role-policy --role-name {ROLE} --policy-arn {other}"),
        format!("aws iam delete-role-permissions-boundary --role-name {CUT_ROLE}"),
    ];
    let run = commands.iter().fold(run.says("nothing was written"), |run, line| run.says(line));
    assert!(!run.stderr.contains("path"), "{}", run.stderr);
    assert_eq!(account.dump(), before, "nothing was written");

    for line in &commands {
        let mut words = line.split(' ').skip(1);
        let call = [words.next().unwrap(), words.next().unwrap()];
        let words: Vec<_> = words.collect();
        let mut aws = aws_cli::with_aws("aws".as_ref(), &emulator);
        let _ = Run::of(aws.env("AWS_DEFAULT_REGION", REGION).args(call).args(words)).exits(0);
    }
    account.call(&json!([["iam", "delete_policy", {"PolicyArn": other}]]));
    let _ = aws_cli::apply_script(&emulator, &directory(&story)).exits(0);
    assert_eq!(account.dump(), made, "what the commands took away leaves the rest");
}
