//! What changes between two sets of roles: nothing missed, nothing made up, the riskiest first.

use crate::author::{Author, CLUSTER, REQUESTS, Ran};
use serde_json::{Value, json};

const MACHINES: &str = "new/50_machine-pool.yaml";
const MACHINE_ROLE: &str = "example-machine-pool/machine-cloud-credentials";

/// An author with the seven requests twice: `old`, and `new` to be changed.
fn two_releases() -> Author {
    let author = Author::new();
    author.copy_requests("old");
    author.copy_requests("new");
    author
}

fn diff(author: &Author, flags: &[&str]) -> Ran {
    author.run(&[&["diff", "--detailed-exitcode"][..], flags].concat())
}

fn as_json(author: &Author, flags: &[&str]) -> Value {
    let run = diff(author, &[flags, &["--format", "json"]].concat()).exits(2);
    serde_json::from_str(&run.stdout).unwrap()
}

/// Of each role the Secret, what became of it, and its risk.
fn roles(difference: &Value) -> Vec<[&str; 3]> {
    let roles = difference["roles"].as_array().unwrap();
    roles.iter().map(|role| ["secret", "presence", "risk"].map(|name| role[name].as_str().unwrap())).collect()
}

/// Of each action of the first role what became of it, its risk and its name.
fn actions(difference: &Value) -> Vec<String> {
    let actions = difference["roles"][0]["actions"].as_array().unwrap();
    let text = |action: &Value, name: &str| action[name].as_str().unwrap().to_owned();
    actions.iter().map(|one| ["presence", "risk", "action"].map(|name| text(one, name)).join(" ")).collect()
}

#[test]
fn the_same_requests_are_no_difference_whatever_they_were_made_into() {
    let author = two_releases();
    let bundle = author.create_all_of("old", "out", &[]).exits(0).stdout.trim_end().to_owned();
    let sides = ["old", "new", "out", bundle.as_str()];
    for old in sides {
        for new in sides {
            let run = diff(&author, &[old, new, "--trusted-key", "author.key.pub"]).exits(0);
            assert!(run.stdout.starts_with("No difference.\n"), "{old} {new}: {}", run.stdout);
        }
    }
}

#[test]
fn each_change_of_a_request_is_told_with_the_risk_of_what_is_gained() {
    let allow = |action: &str| format!("      - iam:PassRole\n      - {action}\n      resource");
    let passing = "      - iam:PassRole\n      resource";
    let bound = "      policyCondition:\n        Bool:\n          \"kms:GrantIsForAWSResource\": true\n";
    let cases: &[(&str, &str, &str, &[&str])] = &[
        (passing, &allow("ec2:DescribeVpcs"), "none", &["added none ec2:DescribeVpcs"]),
        (passing, &allow("ec2:Describe*"), "info", &["added info ec2:Describe*"]),
        (passing, &allow("ec2:DeleteVpc"), "warning", &["added warning ec2:DeleteVpc"]),
        (passing, &allow("sts:AssumeRole"), "danger", &["added danger sts:AssumeRole"]),
        (passing, "      resource", "none", &["removed none iam:PassRole"]),
        // Without its condition the same action is another permission.
        (bound, "", "warning", &["changed warning kms:CreateGrant"]),
    ];
    for (from, to, risk, expected) in cases {
        let author = two_releases();
        author.edit(MACHINES, from, to);
        let difference = as_json(&author, &["old", "new"]);
        assert_eq!(roles(&difference), [[MACHINE_ROLE, "changed", risk]], "{to}");
        assert_eq!(actions(&difference), *expected, "{to}");
        // The other way round nothing but the direction changes: what was gained is lost.
        let back = as_json(&author, &["new", "old"]);
        let (there, here) = (&difference["roles"][0]["actions"][0], &back["roles"][0]["actions"][0]);
        assert_eq!((&there["gained"], &there["lost"]), (&here["lost"], &here["gained"]), "{to}");
    }
}

#[test]
fn what_is_not_seen_or_would_be_a_link_is_shown_as_text() {
    let author = two_releases();
    let bound = "          \"kms:GrantIsForAWSResource\": true\n";
    let veiled = "        StringEquals:\n          \"aws:ResourceTag/x\": \"a\\u202e\\u200bhttp://there\"\n";
    author.edit(MACHINES, bound, &format!("{bound}{veiled}"));
    for format in ["text", "markdown"] {
        let run = diff(&author, &["old", "new", "--format", format]).exits(2);
        assert!(!run.stdout.contains(['\u{202e}', '\u{200b}']), "{}", run.stdout);
        assert!(run.stdout.contains("u{202e}"), "{}", run.stdout);
        assert_eq!(run.stdout.contains("http://there"), format == "text", "{}", run.stdout);
    }
}

#[test]
fn a_service_account_that_comes_to_a_dangerous_role_bears_its_risk() {
    let author = two_releases();
    author.edit(MACHINES, "  serviceAccountNames:\n", "  serviceAccountNames:\n  - guest\n");
    let told = diff(&author, &["old", "new"]).exits(2).stdout;
    assert!(told.contains("  danger   + service account example-machine-pool/guest\n"), "{told}");
    let told = diff(&author, &["old", "new", "--format", "markdown"]).exits(2).stdout;
    assert!(told.contains("| danger | + | service account | example-machine-pool/guest |"), "{told}");
}

#[test]
fn other_letters_of_an_action_or_a_condition_key_are_no_difference() {
    let author = two_releases();
    author.edit(MACHINES, "iam:PassRole", "IAM:passrole");
    author.edit(MACHINES, "\"kms:GrantIsForAWSResource\": true", "\"KMS:grantisforawsresource\": true");
    let run = diff(&author, &["old", "new"]).exits(0);
    assert!(run.stdout.starts_with("No difference.\n"), "{}", run.stdout);
    author.edit(MACHINES, "grantisforawsresource\": true", "grantisforawsresource\": false");
    assert_eq!(actions(&as_json(&author, &["old", "new"])), ["changed warning kms:CreateGrant"]);
}

#[test]
fn what_was_allowed_all_along_is_no_gain() {
    let author = two_releases();
    author.edit("old/50_machine-pool.yaml", "      - ec2:RunInstances\n", "      - ec2:Run*\n");
    let difference = as_json(&author, &["old", "new"]);
    assert_eq!(actions(&difference), ["added none ec2:RunInstances", "removed none ec2:Run*"]);
    assert_eq!(roles(&difference), [[MACHINE_ROLE, "changed", "none"]]);
}

#[test]
fn roles_come_and_go_and_the_riskiest_stands_first() {
    let author = two_releases();
    std::fs::remove_file(author.path("old/50_machine-pool.yaml")).unwrap();
    std::fs::remove_file(author.path("new/70_backup.yaml")).unwrap();
    author.edit(
        "new/30_ingress-names.yaml",
        "serviceAccountNames:\n",
        "serviceAccountNames:\n  - newcomer\n",
    );
    let difference = as_json(&author, &["old", "new"]);
    assert_eq!(
        roles(&difference),
        [
            [MACHINE_ROLE, "added", "danger"],
            ["example-ingress/dns-credentials", "changed", "warning"],
            ["example-backup/backup-credentials", "removed", "none"],
        ]
    );
    let ingress = &difference["roles"][1];
    assert_eq!(ingress["accounts_added"], json!(["example-ingress/newcomer"]));
    assert_eq!((&ingress["accounts_removed"], &ingress["actions"]), (&json!([]), &json!([])));
    let text = diff(&author, &["old", "new"]).exits(2).stdout;
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part:?} is not in:\n{text}"));
    assert!(text.starts_with("Roles: 1 added, 1 changed, 1 removed."), "{text}");
    assert!(at("DANGER   + example-machine-pool/") < at("WARNING  ~ example-ingress/"), "{text}");
    assert!(at("WARNING  ~") < at("-        - example-backup/"), "{text}");
    assert!(text.contains("danger   + iam:PassRole on *\n"), "{text}");
}

#[test]
fn a_boundary_that_is_gone_and_another_cluster_are_told_by_what_knows_of_them() {
    let author = two_releases();
    let flags = ["--permissions-boundary-arn", "arn:aws:iam::123456789012:policy/edge"];
    author.create_all("with", &flags).exits(0);
    author.create_all("without", &["--bucket-name", "quay-oidc"]).exits(0);
    let difference = as_json(&author, &["with", "without"]);
    assert_eq!(difference["cluster"]["hosting"]["new"], "public bucket quay-oidc");
    assert_eq!(difference["roles"].as_array().unwrap().len(), 7);
    let change = json!({ "permissions boundary": { "old": flags[1], "new": null } });
    for role in difference["roles"].as_array().unwrap() {
        assert_eq!((&role["risk"], &role["settings"]), (&json!("warning"), &change));
    }
    diff(&author, &["with", REQUESTS]).exits(0);
}

#[test]
fn a_bundle_nobody_checked_is_called_so_in_every_format_and_a_strangers_is_refused() {
    let author = Author::new();
    author.run(&["create-signing-key", "--output", "stranger.key"]).exits(0);
    let bundle = author.create_all("out", &[]).exits(0).stdout.trim_end().to_owned();
    let run = |flags: &[&str]| author.run(&[&["diff", &bundle, REQUESTS][..], flags].concat());
    assert!(run(&[]).exits(0).stdout.starts_with("UNVERIFIED: "));
    let markdown = run(&["--format", "markdown"]).exits(0).stdout;
    assert!(markdown.contains("**UNVERIFIED: "), "{markdown}");
    let found: Value = serde_json::from_str(&run(&["--format", "json"]).exits(0).stdout).unwrap();
    assert_eq!(found["old"]["kind"], "unverified-bundle");
    let trusted = run(&["--trusted-key", "author.key.pub"]).exits(0).stdout;
    assert!(!trusted.contains("UNVERIFIED") && trusted.contains("(bundle, verified, digest "), "{trusted}");
    run(&["--trusted-key", "stranger.key.pub"]).exits(3).says(&["trusted"]);
}

#[test]
fn a_key_or_an_issuer_that_comes_is_a_danger_and_a_key_that_goes_is_none() {
    let author = Author::new();
    author.shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key 2>&1");
    author.shell("openssl pkey -in other.key -pubout -out other.pub");
    author.create_all("one", &[]).exits(0);
    author.shell("cp -r one both && cp -r one moved");
    let served = author.tree("one")["03-keys.json"].1.clone();
    let mut keys: Value = serde_json::from_slice(&served).unwrap();
    let mut other = vec!["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "other"];
    other.extend(CLUSTER);
    author
        .run(&[&other[..], &["--public-key-file", "other.pub", "--signing-key", "author.key"]].concat())
        .exits(0);
    let other: Value = serde_json::from_slice(&author.tree("other")["03-keys.json"].1).unwrap();
    keys["keys"].as_array_mut().unwrap().push(other["keys"][0].clone());
    author.put("both/03-keys.json", &keys.to_string());
    author.create_all("moved", &["--bucket-name", "pier-oidc"]).exits(0);
    let risk = |old: &str, new: &str| {
        let found = as_json(&author, &[old, new]);
        assert!(!found["cluster"].as_object().unwrap().is_empty(), "{found}");
        found["cluster_risk"].as_str().unwrap().to_owned()
    };
    assert_eq!(risk("one", "both"), "danger");
    assert_eq!(risk("one", "other"), "danger");
    assert_eq!(risk("one", "moved"), "danger");
    assert_eq!(risk("both", "one"), "none");
    let text = diff(&author, &["one", "both"]).exits(2).stdout;
    assert!(
        text.contains("Highest risk: danger.") && text.contains("  danger   ! whoever holds a key"),
        "{text}"
    );
}

#[test]
fn markdown_stays_text_whatever_a_request_says() {
    let author = two_releases();
    author.edit(
        MACHINES,
        "\"kms:GrantIsForAWSResource\": true",
        "\"kms:ViaService\": \"a|b <img src=x> [c](http://d) `e`\"",
    );
    let markdown = diff(&author, &["old", "new", "--format", "markdown"]).exits(2).stdout;
    let inert = r"a\|b \<img src=x\> \[c\](http&#58;//d) \`e\`";
    assert!(markdown.contains(inert), "{markdown}");
    assert!(markdown.contains("### ~ example-machine-pool/machine-cloud-credentials: changed"), "{markdown}");
}
