//! The rules themselves.

use super::Level;
use super::condition::{By, binds};
use super::own::Own;
use super::pattern::{covers, fields, is_everything, only_reads};
use super::reach;
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

/// Calls that replace what the issuer serves, or say who may. Source: Service Authorization Reference of S3.
const DOCUMENT_WRITES: [&str; 2] = ["s3:PutObject", "s3:ReplicateObject"];
const BUCKET_WRITES: [&str; 1] = ["s3:PutBucketPolicy"];

/// Calls that have a distribution serve from elsewhere. Source: Service Authorization Reference of `CloudFront`.
const DISTRIBUTION_WRITES: [&str; 1] = ["cloudfront:UpdateDistribution"];

/// The keys that keep each kind of finding to part of what it is about.
pub(super) const OF_PASSING: [By; 3] =
    [By::ResourceTag, By::Key("iam:PassedToService"), By::Key("iam:AssociatedResourceArn")];
const OF_ESCALATION: [By; 3] =
    [By::ResourceTag, By::Key("iam:PermissionsBoundary"), By::Key("iam:PolicyARN")];
const OF_SECRETS: [By; 2] = [By::ResourceTag, By::Key("secretsmanager:SecretId")];
const OF_DATA: [By; 6] = [
    By::ResourceTag,
    By::Key("kms:ViaService"),
    By::Key("kms:EncryptionContext:"),
    By::Key("kms:RequestAlias"),
    By::Key("kms:ResourceAliases"),
    By::Key("s3:ExistingObjectTag/"),
];
const OF_GRANTS: [By; 6] = [
    By::ResourceTag,
    By::Key("kms:GrantIsForAWSResource"),
    By::Key("kms:ViaService"),
    By::Key("kms:GranteePrincipal"),
    By::Key("kms:RequestAlias"),
    By::Key("kms:ResourceAliases"),
];
const OF_WRITES: [By; 2] = [By::ResourceTag, By::AnyOfItsOwn];

pub(super) const PASS_ROLE: &str = "iam:PassRole";
pub(super) const ASSUME_ROLE: &str = "sts:AssumeRole";
const CREATE_GRANT: &str = "kms:CreateGrant";

/// A finding before it is known whose it is.
pub(super) struct Found {
    pub(super) level: Level,
    pub(super) rule: &'static str,
    pub(super) message: String,
}

pub(super) fn found(level: Level, rule: &'static str, message: impl Into<String>) -> Found {
    Found { level, rule, message: message.into() }
}

/// Milder where a condition binds by one of these keys.
fn danger(statement: &Statement, by: &[By], own: &Own) -> Level {
    if binds(statement.condition.as_ref(), by, own) { Level::Warning } else { Level::Danger }
}

/// What one allowing statement shows, of a bundle that calls this its own.
pub(super) fn of_statement(statement: &Statement, own: &Own) -> Vec<Found> {
    let actions: Vec<&str> = texts(statement.action.as_ref());
    // All resources but some are everything but a few.
    let everything = statement.not_resource.is_some()
        || texts(statement.resource.as_ref()).iter().any(|resource| is_everything(resource));
    let mut findings = Vec::new();
    if let Some(all) = all_actions(&actions, statement) {
        let others = texts(statement.not_action.as_ref());
        let assumes = !others.iter().any(|action| covers(action, ASSUME_ROLE));
        findings.push(all);
        if !everything {
            of_any_account(if assumes { &[ASSUME_ROLE] } else { &[] }, statement, &mut findings);
        }
        findings.extend(reach::of_resources(statement));
        return findings;
    }
    wildcards(&actions, &mut findings);
    of_issuer(&actions, statement, own, &mut findings);
    let graver = findings.len();
    if everything {
        broad(&actions, statement, own, &mut findings);
        // Each of these says that it is about every resource.
        if findings.len() == graver {
            findings.extend(reach::of_resources(statement));
        }
    } else {
        of_permissions(&actions, statement, own, &mut findings);
        of_any_account(&actions, statement, &mut findings);
        reach::of_patterns(&actions, statement, own, &mut findings);
    }
    findings
}

/// A statement of every action, or of all but some.
fn all_actions(actions: &[&str], statement: &Statement) -> Option<Found> {
    if actions.iter().any(|action| covers_all(action)) {
        return Some(found(Level::Danger, "all-actions", "it allows every action of every service"));
    }
    let others = statement.not_action.as_ref()?;
    let message = format!("it allows every action of every service but {}", listed(&texts(Some(others))));
    Some(found(Level::Danger, "all-actions-but-some", message))
}

/// Whether a statement lets its holder write what the cluster's issuer serves.
fn of_issuer(actions: &[&str], statement: &Statement, own: &Own, findings: &mut Vec<Found>) {
    let (bucket, document) = own.issuer_in(statement);
    let mut writes = if document { allowed(actions, &DOCUMENT_WRITES) } else { Vec::new() };
    writes.extend(if bucket { allowed(actions, &BUCKET_WRITES) } else { Vec::new() });
    if own.has_distribution_in(statement) {
        writes.extend(allowed(actions, &DISTRIBUTION_WRITES));
    }
    if writes.is_empty() {
        return;
    }
    let message = format!(
        "it may write what the cluster's issuer serves, and so make a token of any of its service accounts: {}",
        listed(&writes)
    );
    findings.push(found(danger(statement, &[By::ResourceTag], own), "forge-tokens", message));
}

/// What a statement about some resources lets its holder change about permissions.
fn of_permissions(actions: &[&str], statement: &Statement, own: &Own, findings: &mut Vec<Found>) {
    let changes = allowed(actions, &ESCALATIONS);
    if changes.is_empty() {
        return;
    }
    if own.has_role_in(statement) {
        let message = format!("it may change what this cluster's own roles may do: {}", listed(&changes));
        findings.push(found(danger(statement, &OF_ESCALATION, own), "changes-own-roles", message));
    } else {
        let message = format!("it may change what others, or itself, may do: {}", listed(&changes));
        findings.push(found(Level::Warning, "changes-permissions", message));
    }
}

/// What a statement shows that names IAM's resources without saying of which account.
fn of_any_account(actions: &[&str], statement: &Statement, findings: &mut Vec<Found>) {
    let is_of_any = |resource: &&str| matches!(fields(resource).as_slice(), ["arn", _, "iam" | "sts", _, account, _] if account.contains('*'));
    let named: Vec<&str> =
        texts(statement.resource.as_ref()).into_iter().filter(|text| is_of_any(text)).collect();
    if named.is_empty() {
        return;
    }
    if actions.iter().any(|action| covers(action, ASSUME_ROLE)) {
        let message =
            format!("{ASSUME_ROLE} in every account, wherever such a role lets it in: {}", listed(&named));
        findings.push(found(Level::Warning, "assume-in-any-account", message));
    } else {
        let message =
            format!("it names no account, and IAM reaches only the cluster's own: {}", listed(&named));
        findings.push(found(Level::Info, "any-account", message));
    }
}

/// What allowing statements show together.
pub(super) fn of_combination(statements: &[&Statement], own: &Own) -> Vec<Found> {
    let actions: Vec<&str> =
        statements.iter().flat_map(|statement| texts(statement.action.as_ref())).collect();
    let passing = statements
        .iter()
        .filter(|statement| texts(statement.action.as_ref()).iter().any(|action| covers(action, PASS_ROLE)));
    let level = passing.map(|statement| danger(statement, &OF_PASSING, own)).max();
    let starts = allowed(&actions, &COMPUTE);
    // EC2 is what the machine API is for: there, only the breadth of the role it passes is news.
    let surprising: Vec<_> = starts.into_iter().filter(|action| *action != "ec2:RunInstances").collect();
    let Some(level) = level else { return Vec::new() };
    if surprising.is_empty() || actions.iter().any(|action| covers_all(action)) {
        return Vec::new();
    }
    let message = format!(
        "it passes roles ({PASS_ROLE}) and starts code that runs with them ({}), and so may gain their permissions",
        surprising.join(", ")
    );
    vec![found(level, "pass-role-to-compute", message)]
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
fn broad(actions: &[&str], statement: &Statement, own: &Own, findings: &mut Vec<Found>) {
    let allows = |name: &str| actions.iter().any(|action| covers(action, name));
    let bound = |by: &[By]| binds(statement.condition.as_ref(), by, own);
    let unbound = |by: &[By]| if bound(by) { "" } else { " and without a condition that binds" };
    if allows(PASS_ROLE) {
        let message = format!(
            "{PASS_ROLE} on every role{}: what it starts may run with any role of the account",
            unbound(&OF_PASSING)
        );
        findings.push(found(danger(statement, &OF_PASSING, own), "pass-any-role", message));
    }
    if allows(ASSUME_ROLE) {
        let message = format!(
            "{ASSUME_ROLE} on every role{}: it may take on any role that trusts the account",
            unbound(&[By::ResourceTag])
        );
        findings.push(found(danger(statement, &[By::ResourceTag], own), "assume-any-role", message));
    }
    let escalations = allowed(actions, &ESCALATIONS);
    if !escalations.is_empty() {
        let message = format!(
            "it may widen its own permissions, on every resource{}: {}",
            unbound(&OF_ESCALATION),
            escalations.join(", ")
        );
        findings.push(found(danger(statement, &OF_ESCALATION, own), "privilege-escalation", message));
    }
    let secrets = allowed(actions, &SECRETS);
    if !secrets.is_empty() {
        let message = format!(
            "it reads secrets and may gain what they open, on every resource{}: {}",
            unbound(&OF_SECRETS),
            listed(&secrets)
        );
        findings.push(found(danger(statement, &OF_SECRETS, own), "read-any-secret", message));
    }
    let data = allowed(actions, &DATA);
    if !data.is_empty() && !bound(&OF_DATA) {
        let message = format!(
            "it reads what anybody stored, on every resource and without a condition that binds: {}",
            listed(&data)
        );
        findings.push(found(Level::Warning, "read-any-data", message));
    }
    if allows(CREATE_GRANT) && !bound(&OF_GRANTS) {
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
    if !writes.is_empty() && !bound(&OF_WRITES) {
        let message = format!(
            "it changes things, on every resource and without a condition that binds: {}",
            listed(&writes)
        );
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

/// The first few of a list, and how many more there are.
pub(super) fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

pub(super) fn texts(list: Option<&OneOrMany>) -> Vec<&str> {
    list.map(|list| list.iter().collect()).unwrap_or_default()
}
