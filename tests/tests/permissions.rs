//! The printed policies are enough, and no action in them is too much: checked against an account that checks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use sts_tests::account::distribution_before;
use sts_tests::emulator::Emulator;
use sts_tests::guard::{Guard, Key};
use sts_tests::handoff::{self, Handoff};
use sts_tests::programs::Run;

const ROLE: &str = "harbour-example-backup-backup-credentials";
const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/harbour-oidc.s3.eu-central-1.amazonaws.com";
const ANY_S3: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";

/// A small bundle, an account that checks permissions, and a user who has none of their own.
struct Court {
    emulator: Emulator,
    guard: Guard,
    story: Handoff,
}

impl Court {
    fn open() -> Self {
        Self::of(&[])
    }

    fn of(flags: &[&str]) -> Self {
        let requests = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
        let emulator = Emulator::start_guarded();
        let guard = Guard::of(emulator.address());
        Self { guard, emulator, story: Handoff::of(Path::new(requests), flags) }
    }

    fn policy(&self, errand: &str) -> Value {
        let run = Run::of(self.story.executor("permissions").args(["--for", errand])).exits(0);
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// Runs a command as the user.
    fn run(&self, key: &Key, command: &str) -> Run {
        let mut executor = self.story.executor(command);
        handoff::with_credentials(&mut executor, self.emulator.address())
            .env("AWS_ACCESS_KEY_ID", &key.id)
            .env("AWS_SECRET_ACCESS_KEY", &key.secret)
            .args(if command == "plan" { [].as_slice() } else { &["--yes"] });
        Run::of(&mut executor)
    }

    /// Makes the account hold what the bundle wants, whoever may do what.
    fn apply_freely(&self) {
        self.guard.free();
        let _ = self.story.run(self.emulator.address(), "apply", &["--yes"]).exits(0);
    }

    /// Whether the command fails for every one of `actions` that is taken out of the policy; those for which not.
    fn not_missed(
        &self,
        (command, policy): (&str, &Value),
        actions: &BTreeSet<String>,
        prepare: impl Fn() -> Key,
    ) -> BTreeSet<String> {
        let unneeded = |action: &&String| {
            let key = prepare();
            self.guard.allow(&without(policy, action));
            let run = self.run(&key, command);
            if run.code == 0 {
                return true;
            }
            let words = format!("{}{}", run.stdout, run.stderr);
            let told = words.contains(action.as_str())
                || words.contains(TOLD_AS.iter().find(|(a, _)| a == action).map_or("?", |it| it.1));
            assert!(told, "the failure for want of {action} is told:\n{words}");
            false
        };
        actions.iter().filter(unneeded).cloned().collect()
    }
}

/// Accounts in which a command is tried, each with the user's key.
type Standings<'a> = &'a [&'a dyn Fn() -> Key];

impl Court {
    /// Checks that each command succeeds in all of its standings under its policy, and that for every action of
    /// `service` in that policy it fails in one of them without that action.
    fn each_is_needed(&self, service: &str, cases: &[(&str, Standings<'_>)]) {
        for (command, standings) in cases {
            let policy = self.policy(command);
            let mut left: BTreeSet<String> =
                actions(&policy).into_iter().filter(|action| action.starts_with(service)).collect();
            assert!(left.len() >= 3, "{policy}");
            for prepare in *standings {
                let key = prepare();
                self.guard.allow(&policy);
                let _ = self.run(&key, command).exits(0);
                left = self.not_missed((command, &policy), &left, prepare);
            }
            assert_eq!(left, BTreeSet::new(), "{command}");
        }
    }
}

/// Actions that AWS wants for a call of another name.
const TOLD_AS: [(&str, &str); 3] = [
    ("iam:TagRole", "iam:CreateRole"),
    ("iam:TagOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider"),
    ("s3:PutObjectTagging", "s3:PutObject"),
];

fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    statements
        .flat_map(|it| it["Action"].as_array().unwrap())
        .map(|it| it.as_str().unwrap().to_owned())
        .collect()
}

fn without(policy: &Value, action: &str) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        statement["Action"].as_array_mut().unwrap().retain(|it| it != action);
    }
    policy["Statement"].as_array_mut().unwrap().retain(|it| !it["Action"].as_array().unwrap().is_empty());
    policy
}

/// Makes every setting of role and provider differ, and takes an object away.
fn drift(guard: Guard) {
    guard.free();
    let open = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let role = |call: &[(&str, &str)]| {
        let _ = guard.iam(&[&[("RoleName", ROLE)], call].concat());
    };
    role(&[("Action", "UpdateAssumeRolePolicy"), ("PolicyDocument", open)]);
    role(&[("Action", "UpdateRole"), ("Description", "changed")]);
    role(&[("Action", "UntagRole"), ("TagKeys.member.1", "Name")]);
    role(&[("Action", "PutRolePolicy"), ("PolicyName", "smuggled"), ("PolicyDocument", ANY_S3)]);
    role(&[("Action", "PutRolePolicy"), ("PolicyName", ROLE), ("PolicyDocument", ANY_S3)]);
    role(&[("Action", "PutRolePermissionsBoundary"), ("PermissionsBoundary", BOUNDARY)]);
    role(&[("Action", "AttachRolePolicy"), ("PolicyArn", BOUNDARY)]);
    let provider = |call: &[(&str, &str)]| {
        let _ = guard.iam(&[&[("OpenIDConnectProviderArn", PROVIDER)], call].concat());
    };
    provider(&[("Action", "UntagOpenIDConnectProvider"), ("TagKeys.member.1", "Name")]);
    provider(&[("Action", "AddClientIDToOpenIDConnectProvider"), ("ClientID", "strange")]);
    provider(&[("Action", "RemoveClientIDFromOpenIDConnectProvider"), ("ClientID", "openshift")]);
    guard.delete_object("harbour-oidc", "keys.json");
}

#[test]
fn plan_and_apply_need_every_action_of_their_policies_and_no_other() {
    let court = Court::open();
    let drifted = || {
        court.apply_freely();
        drift(court.guard);
    };
    let key = court.guard.user();
    let _ = court.guard.iam(&[
        ("Action", "CreatePolicy"),
        ("PolicyName", "boundary"),
        ("PolicyDocument", ANY_S3),
    ]);
    drifted();
    let plan = court.policy("plan");
    court.guard.allow(&plan);
    let _ = court.run(&key, "plan").exits(0);
    let unneeded = court.not_missed(("plan", &plan), &actions(&plan), || {
        court.guard.free();
        key.clone()
    });
    assert_eq!(unneeded, BTreeSet::new(), "plan");

    let apply = court.policy("apply");
    court.guard.free();
    court.guard.allow(&apply);
    let _ = court.run(&key, "apply").exits(0);
    let drifted_again = || {
        drifted();
        key.clone()
    };
    let left = court.not_missed(("apply", &apply), &actions(&apply), drifted_again);
    let from_nothing = || {
        court.guard.reset();
        court.guard.user()
    };
    let key = from_nothing();
    court.guard.allow(&apply);
    let _ = court.run(&key, "apply").exits(0);
    let unneeded = court.not_missed(("apply", &apply), &left, from_nothing);
    assert_eq!(unneeded, BTreeSet::new(), "apply");
}

#[test]
fn delete_needs_every_action_of_its_policy_and_no_other() {
    let court = Court::open();
    // First a bucket that keeps versions and a role with a managed policy, then a bucket that lost a document.
    let versioned = || {
        court.guard.reset();
        let key = court.guard.user();
        court.apply_freely();
        court.guard.keep_versions("harbour-oidc");
        court.guard.delete_object("harbour-oidc", "keys.json");
        court.apply_freely();
        let _ = court.guard.iam(&[
            ("Action", "CreatePolicy"),
            ("PolicyName", "boundary"),
            ("PolicyDocument", ANY_S3),
        ]);
        let _ =
            court.guard.iam(&[("Action", "AttachRolePolicy"), ("RoleName", ROLE), ("PolicyArn", BOUNDARY)]);
        key
    };
    let lossy = || {
        court.guard.reset();
        let key = court.guard.user();
        court.apply_freely();
        court.guard.delete_object("harbour-oidc", "keys.json");
        key
    };
    let delete = court.policy("delete");
    for standing in [&versioned as &dyn Fn() -> Key, &lossy] {
        let key = standing();
        court.guard.allow(&delete);
        let _ = court.run(&key, "delete").exits(0);
    }
    // Before the bucket stands a distribution that is not the cluster's, as its tags tell.
    let fronted = || {
        let key = lossy();
        let bucket = "harbour-oidc";
        handoff::account(&court.emulator).call(&json!([[
            "cloudfront",
            "create_distribution_with_tags",
            distribution_before(bucket, "", &json!([]))
        ]]));
        key
    };
    let left = court.not_missed(("delete", &delete), &actions(&delete), versioned);
    let left = court.not_missed(("delete", &delete), &left, lossy);
    let unneeded = court.not_missed(("delete", &delete), &left, fronted);
    assert_eq!(unneeded, BTreeSet::new());

    // The same names, of a cluster `harbour-2` as it were.
    let key = versioned();
    let text = delete.to_string();
    let others = text.replace("credential-operator/harbour\"", "credential-operator/harbour-2\"");
    assert_ne!(others, text);
    court.guard.allow(&serde_json::from_str(&others).unwrap());
    let run = court.run(&key, "delete").exits(6).says("need the permission iam:De");
    assert!(!run.stdout.contains("deleted role/"), "{}", run.stdout);
}

#[test]
fn a_private_bucket_needs_every_action_on_cloudfront_and_no_other() {
    let court = Court::of(&["--create-private-s3-bucket"]);
    // The other actions are the business of the tests above.
    let nothing = || {
        court.guard.reset();
        court.guard.user()
    };
    let standing = || {
        let key = nothing();
        court.apply_freely();
        key
    };
    let drifted = || {
        let key = standing();
        handoff::account(&court.emulator).redo_fronts("harbour-oidc", &json!({"Comment": "changed"}));
        key
    };
    court.each_is_needed(
        "cloudfront:",
        &[("plan", &[&standing]), ("apply", &[&nothing, &drifted]), ("delete", &[&standing])],
    );
}

#[test]
fn a_shared_bucket_needs_every_action_on_its_path_and_no_other() {
    let court = Court::of(&["--bucket-name", "corp-shared", "--issuer-path", "clusters/aa"]);
    let bucket = || {
        court.guard.reset();
        let key = court.guard.user();
        handoff::account(&court.emulator).call(&json!([bucket_of_others("corp-shared")]));
        key
    };
    let versioned = || {
        let key = bucket();
        court.apply_freely();
        court.guard.keep_versions("corp-shared");
        court.guard.delete_object("corp-shared", "clusters/aa/keys.json");
        court.apply_freely();
        key
    };
    // Others have a statement in the bucket's policy, and a document has been lost.
    let crowded = || {
        let key = bucket();
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Theirs", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::corp-shared/public/*",
        }]});
        handoff::account(&court.emulator).call(&json!([
            ["s3", "put_bucket_policy", {"Bucket": "corp-shared", "Policy": policy.to_string()}],
        ]));
        court.apply_freely();
        court.guard.delete_object("corp-shared", "clusters/aa/keys.json");
        key
    };
    court.each_is_needed(
        "s3:",
        &[("plan", &[&crowded]), ("apply", &[&bucket]), ("delete", &[&versioned, &crowded])],
    );
    let own = ["keys.json", ".well-known/openid-configuration"];
    let own = own.map(|key| format!("arn:aws:s3:::corp-shared/clusters/aa/{key}"));
    for (errand, sid) in [("apply", "WriteObjects"), ("delete", "DeleteObjects")] {
        let policy = court.policy(errand);
        let statement = policy["Statement"].as_array().unwrap().iter().find(|it| it["Sid"] == sid).unwrap();
        let resources: BTreeSet<_> =
            statement["Resource"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert_eq!(resources, own.iter().map(String::as_str).collect(), "{policy}");
    }
}

#[test]
fn an_issuer_elsewhere_needs_every_action_on_an_older_bucket_and_no_other() {
    let court = Court::of(&["--issuer-url", "https://issuer.example"]);
    let older = || {
        court.guard.reset();
        let key = court.guard.user();
        handoff::account(&court.emulator).call(&json!([bucket_of_others("harbour-oidc")]));
        key
    };
    let applied = || {
        let key = older();
        court.apply_freely();
        key
    };
    court.each_is_needed("s3:", &[("plan", &[&older]), ("apply", &[&older]), ("delete", &[&applied])]);
}

fn bucket_of_others(name: &str) -> Value {
    let place = json!({"LocationConstraint": handoff::REGION});
    json!(["s3", "create_bucket", {"Bucket": name, "CreateBucketConfiguration": place}])
}

#[test]
fn a_policy_is_short_where_roles_are_many_and_one_that_is_too_long_is_told() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request/backup.yaml"));
    let text = text.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 10..70 {
        let other = text.replace("example-backup", &format!("example-component-{number}"));
        std::fs::write(folder.path().join(format!("{number}.yaml")), other).unwrap();
    }
    let story = Handoff::of(folder.path(), &[]);
    let policy = |errand| {
        let run = Run::of(story.executor("permissions").args(["--for", errand])).exits(0);
        let policy: Value = serde_json::from_str(&run.stdout).unwrap();
        (policy.to_string().len(), run.stderr)
    };
    for errand in ["plan", "delete"] {
        let (length, words) = policy(errand);
        assert!(length < 3000 && !words.contains("6144"), "{errand}: {length}\n{words}");
    }
    let (length, words) = policy("apply");
    assert!(length > 6144, "{length}");
    assert!(words.contains(&format!("this policy has {length} characters")), "{words}");
    assert!(words.contains("`--part 1` to `--part 2`"), "{words}");
    let part =
        |number: &str| Run::of(story.executor("permissions").args(["--for", "apply", "--part", number]));
    for number in ["1", "2"] {
        let policy: Value = serde_json::from_str(&part(number).exits(0).stdout).unwrap();
        assert!(policy.to_string().len() <= 6144, "{policy}");
    }
    let _ = part("3").exits(1).says("there is no part 3: the policy has 2 in all");
    let _ = part("0").exits(64);
}
