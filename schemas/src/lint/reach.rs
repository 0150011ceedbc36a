//! How far a statement reaches, whatever its actions do there.

use super::Level;
use super::condition::{By, binds};
use super::own::Own;
use super::pattern::{covers, fixed_of_role, reaches_many};
use super::rules::{ASSUME_ROLE, Found, OF_PASSING, PASS_ROLE, found, listed, texts};
use crate::policy::Statement;

/// The rule of statements about more than named things, the mildest of all.
pub const BROAD_RESOURCE: &str = "broad-resource";

/// The resources that reach beyond one named thing.
fn broad(statement: &Statement) -> Vec<&str> {
    texts(statement.resource.as_ref()).into_iter().filter(|text| reaches_many(text)).collect()
}

/// Says of a statement about more than named things where it holds and on what condition, in one line.
pub(super) fn of_resources(statement: &Statement) -> Option<Found> {
    let many = broad(statement);
    let place = if statement.not_resource.is_some() {
        format!("every resource but {}", listed(&texts(statement.not_resource.as_ref())))
    } else if many.contains(&"*") {
        "every resource".to_owned()
    } else if many.is_empty() {
        return None;
    } else {
        format!("whatever matches {}", listed(&many))
    };
    let keys: Vec<&str> =
        statement.condition.iter().flatten().flat_map(|(_, keys)| keys.keys().map(String::as_str)).collect();
    let terms = if keys.is_empty() {
        "without a condition".to_owned()
    } else {
        format!("under a condition on {}", listed(&keys))
    };
    let actions = if statement.not_action.is_some() {
        "all actions but some".to_owned()
    } else {
        listed(&texts(statement.action.as_ref()))
    };
    Some(found(Level::Info, BROAD_RESOURCE, format!("it reaches {place}, {terms}: {actions}")))
}

/// What a statement shows whose resources are patterns, none of which covers everything.
///
/// Roles that are passed or taken on by a pattern which fixes no more than two characters of their names are any roles:
/// a few dozen of such patterns (`role/a*` to `role/z*`) cover every name there is. A condition that binds keeps the
/// statement to part of them, and it is told as any other pattern is.
pub(super) fn of_patterns(actions: &[&str], statement: &Statement, own: &Own, findings: &mut Vec<Found>) {
    const FEW: usize = 2;
    let many = broad(statement);
    let is_loose = |text: &&str| fixed_of_role(text).is_some_and(|fixed| fixed <= FEW);
    let loose: Vec<&str> = many.iter().copied().filter(is_loose).collect();
    let rules: [(&str, &[By], &'static str); 2] = [
        (PASS_ROLE, &OF_PASSING, "pass-role-by-pattern"),
        (ASSUME_ROLE, &[By::ResourceTag], "assume-role-by-pattern"),
    ];
    let before = findings.len();
    for (call, by, rule) in rules {
        let is_allowed = actions.iter().any(|action| covers(action, call));
        if loose.is_empty() || !is_allowed || binds(statement.condition.as_ref(), by, own) {
            continue;
        }
        let message = format!(
            "{call} by {} fixing at most {FEW} characters of a role's name, without a condition that binds: {}",
            if loose.len() == 1 { "a pattern".to_owned() } else { format!("{} patterns", loose.len()) },
            listed(&loose)
        );
        findings.push(found(Level::Warning, rule, message));
    }
    if findings.len() == before || loose.len() < many.len() {
        findings.extend(of_resources(statement));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, lint_policy};
    use super::*;
    use crate::policy::PolicyDocument;

    fn findings(statement: &str) -> Vec<Finding> {
        let statement: Statement = serde_json::from_str(statement).unwrap();
        lint_policy("parrot", &PolicyDocument::of(vec![statement]), &Own::default())
    }

    fn allow(actions: &str, rest: &str) -> String {
        format!(r#"{{"Effect":"Allow","Action":[{actions}],{rest}}}"#)
    }

    fn lines(statement: &str) -> Vec<String> {
        findings(statement).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_statement_about_more_than_named_things_is_one_line_that_says_where_and_on_what_terms() {
        let many = r#""ec2:DescribeA","ec2:DescribeB","ec2:DescribeC","ec2:DescribeD","ec2:DescribeE","ec2:DescribeF""#;
        let on_condition = r#""Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}"#;
        for (actions, rest, expected) in [
            (
                many,
                r#""Resource":"*""#,
                "every resource, without a condition: ec2:DescribeA, ec2:DescribeB, ec2:DescribeC, ec2:DescribeD, \
                 ec2:DescribeE and 1 more",
            ),
            (
                r#""kms:CreateGrant""#,
                on_condition,
                "every resource, under a condition on kms:GrantIsForAWSResource: kms:CreateGrant",
            ),
            (
                r#""s3:ListBucket""#,
                r#""Resource":["arn:aws:s3:::*","arn:aws:s3:::b"]"#,
                "whatever matches arn:aws:s3:::*, without a condition: s3:ListBucket",
            ),
            (
                r#""ec2:TerminateInstances""#,
                r#""Resource":"arn:aws:ec2:*:*:instance/i-0*","Condition":{}"#,
                "whatever matches arn:aws:ec2:*:*:instance/i-0*, without a condition: ec2:TerminateInstances",
            ),
            (
                r#""s3:ListBucket""#,
                r#""NotResource":"arn:aws:s3:::b""#,
                "every resource but arn:aws:s3:::b, without a condition: s3:ListBucket",
            ),
        ] {
            let told = lines(&allow(actions, rest));
            assert_eq!(told, [format!("info [broad-resource] parrot, statement 1: it reaches {expected}")]);
        }
        assert_eq!(lines(&allow(r#""s3:ListBucket""#, r#""Resource":"arn:aws:s3:::b/*""#)), [""; 0]);
    }

    #[test]
    fn a_resource_with_wildcards_and_no_condition_is_always_told() {
        let actions = [
            "ec2:DescribeImages",
            "ec2:Describe*",
            "ec2:TerminateInstances",
            "iam:PassRole",
            "sts:AssumeRole",
            "iam:PutRolePolicy",
            "secretsmanager:GetSecretValue",
            "kms:Decrypt",
            "kms:CreateGrant",
            "s3:*",
            "*",
        ];
        for resource in [
            "*",
            "arn:aws:s3:::*",
            "arn:aws:s3:::b*",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::1:role/a*",
            "arn:aws:iam::1:role/long-name-*",
            "arn:aws:iam::*:role/one",
            "arn:aws:ec2:*:*:instance/*",
            "arn:aws:secretsmanager:r:1:secret:demo-*",
        ] {
            for action in actions {
                let text = allow(&format!("{action:?}"), &format!(r#""Resource":"{resource}""#));
                let found = findings(&text);
                // What is dangerous elsewhere too does not tell of the resource.
                let of_actions =
                    ["all-actions", "service-wildcard", "action-wildcard", "changes-permissions"];
                let of_resources = found.iter().filter(|finding| !of_actions.contains(&finding.rule));
                let told: Vec<_> = of_resources.map(|finding| finding.message.as_str()).collect();
                let says = |text: &&str| {
                    ["without", "names no account", "in every account"]
                        .iter()
                        .any(|words| text.contains(words))
                };
                assert!(told.iter().any(says), "{text}: {found:?}");
            }
        }
    }

    #[test]
    fn what_a_graver_finding_says_is_not_said_again() {
        for (actions, resource) in [
            (r#""iam:PassRole""#, "*"),
            (r#""sts:AssumeRole""#, "arn:aws:iam::1:role/*"),
            (r#""iam:PutRolePolicy","iam:GetRole""#, "*"),
            (r#""secretsmanager:GetSecretValue""#, "*"),
            (r#""kms:Decrypt","kms:DescribeKey""#, "*"),
            (r#""kms:CreateGrant""#, "*"),
            (r#""ec2:TerminateInstances","ec2:DescribeInstances""#, "*"),
            (r#""iam:PassRole""#, "arn:aws:iam::1:role/a*"),
        ] {
            let text = allow(actions, &format!(r#""Resource":"{resource}""#));
            let found = findings(&text);
            assert!(found.iter().all(|finding| finding.rule != BROAD_RESOURCE), "{text}: {found:?}");
            let says = |finding: &Finding| {
                finding.message.contains(" without a condition that binds")
                    || finding.rule == "grant-without-condition"
            };
            assert!(found.iter().any(says), "{text}: {found:?}");
        }
    }

    #[test]
    fn roles_that_are_passed_by_patterns_that_fix_little_are_a_warning_that_counts_them() {
        let letters: Vec<String> =
            ('a'..='z').map(|letter| format!("\"arn:aws:iam::1:role/{letter}*\"")).collect();
        let of = |action: &str, resources: &str, more: &str| {
            let text = allow(&format!("{action:?}"), &format!(r#""Resource":[{resources}]{more}"#));
            let found = findings(&text);
            found.into_iter().map(|one| (one.level, one.rule, one.message)).collect::<Vec<_>>()
        };
        for (action, rule) in
            [("iam:PassRole", "pass-role-by-pattern"), ("sts:AssumeRole", "assume-role-by-pattern")]
        {
            let found = of(action, &letters.join(","), "");
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].0, found[0].1), (Level::Warning, rule));
            assert!(
                found[0].2.contains("by 26 patterns") && found[0].2.ends_with(" and 21 more"),
                "{found:?}"
            );
        }
        let rules = |resources: &str, more: &str| {
            of("iam:PassRole", resources, more).into_iter().map(|(_, rule, _)| rule).collect::<Vec<_>>()
        };
        assert_eq!(rules(r#""arn:aws:iam::1:role/demo-*""#, ""), [BROAD_RESOURCE]);
        assert_eq!(
            rules(r#""arn:aws:iam::1:role/a*","arn:aws:iam::1:role/demo-*""#, ""),
            ["pass-role-by-pattern", BROAD_RESOURCE]
        );
        let to_machines = r#","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}"#;
        assert_eq!(rules(r#""arn:aws:iam::1:role/a*""#, to_machines), [BROAD_RESOURCE]);
    }
}
