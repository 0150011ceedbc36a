//! What people read of a plan and of an account, letter for letter.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its input has failed")]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use sts_executor::plan::Comparison;
use sts_executor::show::Paint;
use sts_executor::show::plan::text;
use sts_executor::show::standing;
use sts_schemas::cluster::{Cluster, Hosting};
use sts_schemas::plan::Plan;
use sts_schemas::state::{Desired, Observed};

fn role(name: &str, description: &str, action: &str) -> Value {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": [action, "ec2:DescribeRegions"], "Resource": "*"},
    ]});
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"x:sub": [
            "system:serviceaccount:openshift-cluster-csi-drivers:aws-ebs-csi-driver-operator",
            "system:serviceaccount:openshift-cluster-csi-drivers:aws-ebs-csi-driver-controller-sa",
        ]}},
    }]});
    json!({
        "kind": "role", "name": name, "path": "/", "description": description, "trust": trust,
        "boundary": null, "max_session_seconds": 3600, "tags": {}, "inline": {name: policy}, "attached": [],
    })
}

fn plan(steps: &Value, purpose: &str, foreign: &Value) -> Plan {
    serde_json::from_value(json!({
        "schema_version": "1.0", "purpose": purpose, "bundle": null, "cluster": "demo",
        "account": "123456789012", "partition": "aws", "region": "eu-west-1", "steps": steps,
        "foreign": foreign, "orphans": ["role/demo-old"],
        "leftovers": {"demo-oidc": {"keys": ["a\u{202e}b"], "count": 7}},
        "notes": ["Something to know that is said in so many words that a line of a terminal cannot hold all of them."],
    }))
    .unwrap()
}

fn changing() -> Plan {
    let (before, after) = (role("demo-b", "old", "iam:*"), role("demo-b", "new\u{1b}[2J", "iam:GetUser"));
    let policy = |action: &str| json!({"Statement": [{"Action": [action, "ec2:DescribeRegions"]}]});
    let changes = json!({
        "description": {"old": "old", "new": "new\u{1b}[2J"},
        "inline policy demo-b": {"old": policy("iam:*"), "new": policy("iam:GetUser")},
        "tag Name": {"old": null, "new": "demo"},
        "tag gone": {"old": "x", "new": null},
    });
    let steps = json!([
        {"action": "create", "after": role("demo-a", "", "s3:GetObject")},
        {"action": "update", "before": before, "after": after, "changes": changes},
        {"action": "delete", "before": role("demo-c", "", "s3:GetObject")},
    ]);
    plan(&steps, "apply", &json!({}))
}

#[test]
fn a_long_value_begins_no_line_of_the_plans_own() {
    let forged = format!("x{}Plan: nothing to do{}Digest: 0", " ".repeat(71), " ".repeat(61));
    let (before, after) = (role("demo-b", "old", "iam:*"), role("demo-b", &forged, "iam:*"));
    let changes =
        json!({"description": {"old": "old", "new": forged}, "tag a": {"old": null, "new": forged}});
    let steps = json!([{"action": "update", "before": before, "after": after, "changes": changes}]);
    let shown = text(&plan(&steps, "apply", &json!({})), Paint::Plain);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let begins =
        |start: &str| shown.lines().filter(|line| line.trim_start().starts_with(start)).collect::<Vec<_>>();
    assert_eq!(begins("Plan: ").len(), 1, "{shown}");
    assert!(begins("Digest: ").iter().all(|line| line.len() > 20), "{shown}");
}

#[test]
fn a_plan_shows_each_change_and_all_that_was_found_and_ends_in_its_digest() {
    let plan = changing();
    let expected = r#"Plan for cluster demo
  account 123456789012, eu-west-1 (aws)

  + create role/demo-a
      2 actions for openshift-cluster-csi-drivers:aws-ebs-csi-driver-operator,
        openshift-cluster-csi-drivers:aws-ebs-csi-driver-controller-sa
  ~ update role/demo-b
      description: "old" -> "new\u001b[2J"
      inline policy demo-b:
              {
                "Action": [
        -         "iam:*",
        +         "iam:GetUser",
                  "ec2:DescribeRegions"
                ]
      tag Name: + "demo"
      tag gone: - "x"
  - delete role/demo-c

Orphans: the cluster's, no longer wanted, and kept (--prune removes them)
  ? role/demo-old

In bucket/demo-oidc beside the cluster's documents: 7
  . a\u{202e}b
  all of them: aws s3api list-object-versions --bucket demo-oidc

Note:
  Something to know that is said in so many words that a line of a terminal
  cannot hold all of them.

Plan: 1 to create, 1 to update, 1 to delete.
"#;
    assert_eq!(text(&plan, Paint::Plain), format!("{expected}Digest: {}\n", plan.digest()));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let (plain, mut coloured) = (text(&changing(), Paint::Plain), text(&changing(), Paint::Colour));
    assert!(coloured.contains("\x1b[32m"), "{coloured}");
    for code in ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1;33m"] {
        coloured = coloured.replace(code, "");
    }
    assert_eq!(coloured, plain);
}

#[test]
fn the_summary_of_a_plan_without_steps_says_why_there_are_none() {
    let foreign = json!({"role/x": "it lacks the tag"});
    let last = |purpose: &str, foreign: &Value| {
        let text = text(&plan(&json!([]), purpose, foreign), Paint::Plain);
        text.lines().rev().nth(1).unwrap().to_owned()
    };
    assert_eq!(
        last("apply", &foreign),
        "Plan: nothing will be done while 1 foreign resource stands in the way."
    );
    assert_eq!(last("apply", &json!({})), "Plan: nothing to do, the account holds what the bundle wants.");
    assert_eq!(last("delete", &foreign), "Plan: nothing to do, nothing of the cluster's was found.");
}

#[test]
fn a_status_names_how_every_address_stands() {
    let resource = |value: Value| serde_json::from_value::<sts_schemas::resource::Resource>(value).unwrap();
    let roles = ["demo-a", "demo-b", "demo-d"].map(|name| resource(role(name, "", "s3:GetObject")));
    let resources: BTreeMap<_, _> = roles.into_iter().map(|role| (role.address(), role)).collect();
    let mut there = resources.clone();
    there.remove(&"role/demo-a".parse().unwrap());
    let cluster = Cluster {
        name: "demo".parse().unwrap(),
        account: "123456789012".parse().unwrap(),
        partition: "aws".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        hosting: Hosting::Elsewhere,
        issuer: "https://oidc.example.org".parse().unwrap(),
        former: None,
    };
    let observed = Observed {
        account: cluster.account.clone(),
        partition: cluster.partition,
        resources: there,
        taken: BTreeSet::new(),
        leftovers: BTreeMap::new(),
        remains: [].into(),
        fronts: BTreeMap::new(),
        blocks: BTreeMap::new(),
        regions: BTreeMap::new(),
        identities: BTreeMap::new(),
        lent: BTreeMap::new(),
        unseen: BTreeMap::new(),
    };
    let bound = sts_schemas::open::Bound::default();
    let desired = Desired { cluster, generation: 1, resources, token_keys: Vec::new(), bound };
    let Plan { steps, orphans, notes, .. } = changing();
    let steps = steps.into_iter().map(|step| (step.address(), step)).collect();
    let found = Comparison { steps, orphans, notes, ..Comparison::default() };
    let standings = standing::standings(None, &desired, &observed, found);
    assert!(!standings.in_step);
    let expected = r#"  missing  role/demo-a
  drifted  role/demo-b
      description: "old" -> "new\u001b[2J"
      inline policy demo-b:
              {
                "Action": [
        -         "iam:*",
        +         "iam:GetUser",
                  "ec2:DescribeRegions"
                ]
      tag Name: + "demo"
      tag gone: - "x"
  orphaned role/demo-c
  in step  role/demo-d
  orphaned role/demo-old
"#;
    let text = standing::text(&standings, Paint::Plain);
    assert!(text.starts_with(expected), "{text}");
    let end = "
Status: 1 of 5 in step.
Where it drifted: left of the arrow and - is the account, right of it and + the
bundle.
";
    assert!(text.ends_with(end), "{text}");
}
