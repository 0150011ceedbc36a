//! The rules themselves.

use super::Level;
use super::pattern::{covers, only_reads};
use crate::policy::{OneOrMany, Statement};

/// Actions that let their holder widen its own permissions when the resource is not narrow.
///
/// Source: the ways of privilege escalation in AWS that Rhino Security Labs published, as far as they need
/// one action only.
const ESCALATIONS: [&str; 16] = [
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "lambda:UpdateFunctionCode",
];

/// Actions that start something which then runs with a role that was passed to it. Source: as above.
const COMPUTE: [&str; 9] = [
    "autoscaling:CreateLaunchConfiguration",
    "cloudformation:CreateStack",
    "codebuild:CreateProject",
    "datapipeline:CreatePipeline",
    "ec2:RunInstances",
    "ecs:RunTask",
    "glue:CreateDevEndpoint",
    "lambda:CreateFunction",
    "sagemaker:CreateNotebookInstance",
];

/// Reads that hand out what others keep as secrets: passwords, tokens and keys, often of more than this role.
///
/// Source: Service Authorization Reference of Secrets Manager and Systems Manager; the ways to credentials that
/// Rhino Security Labs published.
const SECRETS: [&str; 6] = [
    "secretsmanager:GetSecretValue",
    "secretsmanager:BatchGetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];

/// Reads of whatever is stored. Source: Service Authorization Reference of KMS and S3.
const DATA: [&str; 3] = ["kms:Decrypt", "s3:GetObject", "s3:GetObjectVersion"];

const PASS_ROLE: &str = "iam:PassRole";
const ASSUME_ROLE: &str = "sts:AssumeRole";
const CREATE_GRANT: &str = "kms:CreateGrant";

/// A finding before it is known whose it is.
pub(super) struct Found {
    pub(super) level: Level,
    pub(super) rule: &'static str,
    pub(super) message: String,
}

fn found(level: Level, rule: &'static str, message: impl Into<String>) -> Found {
    Found { level, rule, message: message.into() }
}

/// What one allowing statement shows.
pub(super) fn of_statement(statement: &Statement) -> Vec<Found> {
    let actions: Vec<&str> = texts(statement.action.as_ref());
    // All resources but some are everything but a few.
    let everything = statement.not_resource.is_some()
        || texts(statement.resource.as_ref()).iter().any(|resource| is_everything(resource));
    let bound = statement.condition.as_ref().is_some_and(|condition| !condition.is_empty());
    let mut findings = Vec::new();
    if actions.iter().any(|action| covers_all(action)) {
        findings.push(found(Level::Danger, "all-actions", "it allows every action of every service"));
        return findings;
    }
    if statement.not_action.is_some() {
        let message = format!(
            "it allows every action of every service but {}",
            listed(&texts(statement.not_action.as_ref()))
        );
        findings.push(found(Level::Danger, "all-actions-but-some", message));
        return findings;
    }
    wildcards(&actions, &mut findings);
    if everything {
        broad(&actions, bound, &mut findings);
    } else {
        let changes: Vec<_> = ESCALATIONS
            .into_iter()
            .filter(|name| actions.iter().any(|action| covers(action, name)))
            .collect();
        if !changes.is_empty() {
            let message = format!("it may change what others, or itself, may do: {}", listed(&changes));
            findings.push(found(Level::Warning, "changes-permissions", message));
        }
    }
    findings
}

/// What allowing statements show together.
pub(super) fn of_combination(statements: &[&Statement]) -> Vec<Found> {
    let actions: Vec<&str> =
        statements.iter().flat_map(|statement| texts(statement.action.as_ref())).collect();
    let passes = actions.iter().any(|action| covers(action, PASS_ROLE));
    let starts = allowed(&actions, &COMPUTE);
    // EC2 is what the machine API is for: there, only the breadth of the role it passes is news.
    let surprising: Vec<_> = starts.into_iter().filter(|action| *action != "ec2:RunInstances").collect();
    if !passes || surprising.is_empty() || actions.iter().any(|action| covers_all(action)) {
        return Vec::new();
    }
    let message = format!(
        "it passes roles ({PASS_ROLE}) and starts code that runs with them ({}), and so may gain their permissions",
        surprising.join(", ")
    );
    vec![found(Level::Danger, "pass-role-to-compute", message)]
}

fn wildcards(actions: &[&str], findings: &mut Vec<Found>) {
    let (whole, part): (Vec<&str>, Vec<&str>) = actions
        .iter()
        .copied()
        .filter(|action| action.contains(['*', '?']))
        .partition(|action| action.split_once(':').is_some_and(|(_, name)| name == "*"));
    if !whole.is_empty() {
        let message = format!("it allows all of a service: {}", whole.join(", "));
        findings.push(found(Level::Warning, "service-wildcard", message));
    }
    if !part.is_empty() {
        let message = format!("actions to come may fall under its wildcards: {}", part.join(", "));
        findings.push(found(Level::Info, "action-wildcard", message));
    }
}

/// What a statement about every resource shows.
fn broad(actions: &[&str], bound: bool, findings: &mut Vec<Found>) {
    let allows = |name: &str| actions.iter().any(|action| covers(action, name));
    let level = if bound { Level::Warning } else { Level::Danger };
    if allows(PASS_ROLE) {
        let message =
            format!("{PASS_ROLE} on every role: what it starts may run with any role of the account");
        findings.push(found(level, "pass-any-role", message));
    }
    if allows(ASSUME_ROLE) {
        let message = format!("{ASSUME_ROLE} on every role: it may take on any role that trusts the account");
        findings.push(found(level, "assume-any-role", message));
    }
    let escalations = allowed(actions, &ESCALATIONS);
    if !escalations.is_empty() {
        let message = format!("it may widen its own permissions: {}", escalations.join(", "));
        findings.push(found(level, "privilege-escalation", message));
    }
    let secrets = allowed(actions, &SECRETS);
    if !secrets.is_empty() {
        let message = format!(
            "it reads every secret of the account, and may gain what they open: {}",
            listed(&secrets)
        );
        findings.push(found(level, "read-any-secret", message));
    }
    if bound {
        return;
    }
    let data = allowed(actions, &DATA);
    if !data.is_empty() {
        let message = format!(
            "it reads what anybody stored, on every resource and without a condition: {}",
            listed(&data)
        );
        findings.push(found(Level::Warning, "read-any-data", message));
    }
    if allows(CREATE_GRANT) {
        let message = format!(
            "{CREATE_GRANT} on every key without kms:GrantIsForAWSResource: it may hand the use of any key to anybody"
        );
        findings.push(found(Level::Warning, "grant-without-condition", message));
    }
    // Decrypting changes nothing, and is found above.
    let named = |action: &&str| {
        let calls = [PASS_ROLE, ASSUME_ROLE, CREATE_GRANT];
        calls.iter().any(|name| covers(action, name)) || action.eq_ignore_ascii_case("kms:Decrypt")
    };
    let writes: Vec<&str> =
        actions.iter().copied().filter(|action| !only_reads(action) && !named(action)).collect();
    if !writes.is_empty() {
        let message =
            format!("it changes things, on every resource and without a condition: {}", listed(&writes));
        findings.push(found(Level::Warning, "write-on-everything", message));
    }
}

/// Those of the named calls that the actions of a policy cover.
fn allowed(actions: &[&str], names: &[&'static str]) -> Vec<&'static str> {
    names.iter().copied().filter(|name| actions.iter().any(|action| covers(action, name))).collect()
}

/// `*`, `*:*` and whatever else covers an action that does not exist.
fn covers_all(action: &str) -> bool {
    covers(action, "any:Action")
}

/// `*`, or an ARN of everything of a kind, or nearly so: `arn:aws:iam::123456789012:role/*`, `arn:aws:s3:::*`,
/// `arn:aws:iam::123456789012:r*`.
fn is_everything(resource: &str) -> bool {
    const FIELDS: usize = 6;
    let fields: Vec<&str> = resource.splitn(FIELDS, ':').collect();
    match fields.as_slice() {
        // What stands after the slash is within one bucket.
        ["arn", _, "s3", _, _, named] => {
            let bucket = named.split_once('/').map_or(*named, |(bucket, _)| bucket);
            bucket.contains('*') && bucket.chars().all(is_wildcard)
        }
        ["arn", _, _, _, _, named] => named.split_once(['/', ':']).map_or_else(
            || is_short_of_a_kind(named),
            |(_, name)| {
                name.contains('*')
                    && (name.chars().all(|c| is_wildcard(c) || matches!(c, '/' | ':')) || is_anywhere(name))
            },
        ),
        // `*`, and patterns over partitions, services and accounts at once.
        _ => resource.contains('*'),
    }
}

fn is_wildcard(c: char) -> bool {
    matches!(c, '*' | '?')
}

/// The beginning of a kind of resource, or of several: `r*` is every role.
fn is_short_of_a_kind(named: &str) -> bool {
    const SHORT: usize = 4;
    named.contains('*') && named.chars().filter(|c| !is_wildcard(*c)).count() < SHORT
}

/// A letter or two that may stand anywhere in a name.
fn is_anywhere(name: &str) -> bool {
    const FEW: usize = 2;
    name.starts_with('*') && name.chars().filter(|c| !is_wildcard(*c)).count() <= FEW
}

/// The first few of a list, and how many more there are.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn texts(list: Option<&OneOrMany>) -> Vec<&str> {
    list.map(|list| list.iter().collect()).unwrap_or_default()
}
