//! Whether every role trusts just this cluster's provider, and while it is moved the former one, and has policies.

use super::{ContentsReader, Parsed};
use crate::aws::Arn;
use crate::cli_input::{CreateRole, PutRolePolicy};
use crate::cluster::Cluster;
use crate::gather::Gather as _;
use crate::installer_manifest::is_name;
use crate::policy::{Effect, OneOrMany, PolicyDocument, Principal, Statement, is_action};
use crate::resource::{Resource, Role};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};

/// The one action a trust policy allows. Source: STS API Reference, `AssumeRoleWithWebIdentity`.
const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";

/// Checks roles and policies; gives the ends of the ARNs of roles whose own files could not be read, which was told.
pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed, resources: &mut State) -> BTreeSet<String> {
    let mut policies: BTreeMap<_, Vec<(&String, &PutRolePolicy)>> = BTreeMap::new();
    for (file, policy) in &parsed.policies {
        policies.entry(policy.role_name.clone()).or_default().push((file, policy));
    }
    let mut named = BTreeSet::new();
    // IAM takes no account of case in names. Source: IAM User Guide, "IAM identifiers".
    let mut folded = BTreeMap::new();
    for (file, input) in &parsed.roles {
        let lower = input.role_name.as_str().to_ascii_lowercase();
        if let Some(other) = folded.insert(lower, &input.role_name).filter(|other| **other != input.role_name)
        {
            let what = format!("its RoleName {} differs from {other} by case alone", input.role_name);
            reader.problem(file, format!("{what}, and to IAM they are one"));
        }
        let mut inline = BTreeMap::new();
        for (policy_file, policy) in policies.remove(&input.role_name).unwrap_or_default() {
            reader.check_partition(policy_file, &policy.policy_document);
            if let Err(what) = policy_name(&policy.policy_name) {
                reader.problem(policy_file, what);
            }
            for statement in &policy.policy_document.statement {
                if let Err(what) = permissions_statement(statement) {
                    reader.problem(policy_file, what);
                }
            }
            if inline.insert(policy.policy_name.clone(), policy.policy_document.clone()).is_some() {
                reader.problem(policy_file, "another file makes a policy of this name for this role");
            }
        }
        let other = partner(file);
        let told = !parsed.policies.contains_key(&other) && reader.is_faulty(&other);
        // A second file for one role was told, and finds its policies taken.
        if named.insert(&input.role_name) && inline.is_empty() && !told {
            reader.problem(file, "no 06-...-policy.json gives this role its permissions");
        }
        let length: usize = inline.values().map(PolicyDocument::counted_length).sum();
        if length > Role::LONGEST_INLINE_POLICIES {
            let most = Role::LONGEST_INLINE_POLICIES;
            let what = format!("its policies have {length} characters, and IAM takes {most}");
            reader.problem(file, what);
        }
        let role = role(reader, file, input, inline);
        reader.place(file, Resource::Role(role), resources);
    }
    let mut unread = BTreeSet::new();
    for (file, policy) in policies.into_values().flatten() {
        let other = partner(file);
        if !parsed.roles.contains_key(&other) && reader.is_faulty(&other) {
            unread.insert(format!("/{}", policy.role_name));
        } else {
            reader.problem(file, format!("no 05-...-role.json makes the role {}", policy.role_name));
        }
    }
    unread
}

/// The policy's file of a role's file, and the other way round, as the generator names them.
fn partner(file: &str) -> String {
    let of_role = file.strip_prefix("05-").and_then(|rest| rest.strip_suffix("-role.json"));
    let of_policy = file.strip_prefix("06-").and_then(|rest| rest.strip_suffix("-policy.json"));
    match (of_role, of_policy) {
        (Some(stem), _) => format!("06-{stem}-policy.json"),
        (_, Some(stem)) => format!("05-{stem}-role.json"),
        _ => String::new(),
    }
}

fn role(
    reader: &mut ContentsReader,
    file: &str,
    input: &CreateRole,
    inline: BTreeMap<String, PolicyDocument>,
) -> Role {
    trust(reader, file, &input.assume_role_policy_document);
    if let Some(boundary) = &input.permissions_boundary {
        reader.check_arn(file, boundary.as_str());
        if let Err(what) = policy_arn(boundary) {
            reader.problem(file, what);
        }
    }
    if input.description.chars().count() > Role::LONGEST_DESCRIPTION {
        reader.problem(file, format!("IAM takes descriptions of {} characters", Role::LONGEST_DESCRIPTION));
    }
    let session = input.max_session_duration.unwrap_or(Role::DEFAULT_SESSION_SECONDS);
    if !(3600..=43_200).contains(&session) {
        reader.problem(file, format!("IAM takes sessions of 3600 to 43200 seconds, this is {session}"));
    }
    Role {
        name: input.role_name.clone(),
        path: input.path.clone().unwrap_or_default(),
        description: input.description.clone(),
        trust: input.assume_role_policy_document.clone(),
        boundary: input.permissions_boundary.clone(),
        max_session_seconds: session,
        tags: reader.owned_tags(file, &input.tags),
        inline,
        attached: BTreeSet::new(),
    }
}

fn trust(reader: &mut ContentsReader, file: &str, policy: &PolicyDocument) {
    let length = policy.counted_length();
    if length > Role::LONGEST_TRUST_POLICY {
        let most = Role::LONGEST_TRUST_POLICY;
        let what = format!("its trust policy has {length} characters, and IAM takes at most {most}");
        reader.problem(file, what);
    }
    let cluster = &reader.cluster;
    let trusted = match (policy.statement.as_slice(), cluster.before_move()) {
        ([statement], None) => trusted_statement(cluster, statement).map(drop),
        (more, None) => Err(format!("its trust policy must have one statement, and has {}", more.len())),
        ([one, other], Some(before)) => trusted_twice((cluster, &before), (one, other)),
        (more, Some(before)) => Err(format!(
            "its trust policy must have two statements, one for the issuer {} and one for {}, and has {}",
            cluster.issuer,
            before.issuer,
            more.len()
        )),
    };
    if let Err(what) = trusted {
        reader.problem(file, what);
    }
}

/// The service accounts a trust policy lets in, as `(namespace, name)`; what is formed otherwise is left out.
pub(super) fn service_accounts(policy: &PolicyDocument, issuer: &str) -> BTreeSet<(String, String)> {
    let key = format!("{issuer}:sub");
    policy
        .statement
        .iter()
        .filter_map(|statement| statement.condition.as_ref()?.get("StringEquals")?.get(&key))
        .flat_map(|values| values.iter().map(ToString::to_string))
        .filter_map(|subject| {
            let (namespace, name) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
            Some((namespace.to_owned(), name.to_owned()))
        })
        .gather()
}

/// A name that IAM takes for an inline policy. Source: IAM API Reference, `PutRolePolicy`.
fn policy_name(name: &str) -> Result<(), String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=Role::LONGEST_POLICY_NAME).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let most = Role::LONGEST_POLICY_NAME;
    Err(format!(
        "IAM takes no PolicyName {name:?}: 1 to {most} letters, digits or characters of _+=,.@- are needed"
    ))
}

/// Only a managed policy can be a boundary. Source: IAM User Guide, "Permissions boundaries for IAM entities".
fn policy_arn(boundary: &Arn) -> Result<(), String> {
    let name = boundary.resource().strip_prefix("policy/").unwrap_or_default();
    let whole = boundary.service() == "iam" && boundary.region().is_empty() && boundary.account() != "*";
    if whole && !name.is_empty() && !name.contains(['*', '?', '$']) {
        return Ok(());
    }
    Err(format!(
        "its PermissionsBoundary {boundary} is no managed policy, as arn:<partition>:iam::<account>:policy/<name> is"
    ))
}

/// A statement of a role's permissions says which actions on which resources, and nothing of who.
///
/// Source: IAM User Guide, "Grammar of the IAM JSON policy language": identity-based policies.
fn permissions_statement(statement: &Statement) -> Result<(), String> {
    if statement.principal.is_some() || statement.not_principal.is_some() {
        return Err("a statement of it names a principal, which IAM refuses in a permissions policy".into());
    }
    if statement.action.is_some() == statement.not_action.is_some() {
        return Err("a statement of it must have either Action or NotAction".into());
    }
    if statement.resource.is_some() == statement.not_resource.is_some() {
        return Err("a statement of it must have either Resource or NotResource".into());
    }
    let lists = [&statement.action, &statement.not_action, &statement.resource, &statement.not_resource];
    if lists.into_iter().flatten().any(|list| list.iter().next().is_none()) {
        return Err("a statement of it has an empty list, which IAM refuses".into());
    }
    let actions = [&statement.action, &statement.not_action].into_iter().flatten();
    if let Some(text) = actions.flat_map(OneOrMany::iter).find(|text| !is_action(text)) {
        return Err(format!(
            "a statement of it has the action {text:?}, which is neither * nor <service>:<name>"
        ));
    }
    // Written otherwise, as `ARN:` or `a*n:`, it would be no ARN to the rules about partition and account.
    let whole = |text: &str| text == "*" || text.starts_with("arn:") && text.splitn(6, ':').count() == 6;
    let resources = [&statement.resource, &statement.not_resource].into_iter().flatten();
    match resources.flat_map(OneOrMany::iter).find(|text| !whole(text)) {
        Some(text) => Err(format!(
            "a statement of it has the resource {text:?}, which is neither * nor \
             arn:<partition>:<service>:<region>:<account>:<resource>"
        )),
        None => Ok(()),
    }
}

/// While a cluster is moved, a role lets in the same from its own issuer and from the former one.
fn trusted_twice(
    (cluster, before): (&Cluster, &Cluster),
    (one, other): (&Statement, &Statement),
) -> Result<(), String> {
    let (own, former) = if trusts(one, before) { (other, one) } else { (one, other) };
    if trusted_statement(cluster, own)? == trusted_statement(before, former)? {
        return Ok(());
    }
    Err(format!(
        "its trust policy lets in others with tokens of {} than with those of the former issuer {}",
        cluster.issuer, before.issuer
    ))
}

/// Whether a statement is for the cluster's provider and for nobody else.
fn trusts(statement: &Statement, cluster: &Cluster) -> bool {
    let federated = match &statement.principal {
        Some(Principal::Named(kinds)) if kinds.len() == 1 => kinds.get("Federated"),
        _ => None,
    };
    federated.is_some_and(|names| names.iter().eq([cluster.provider_arn().as_str()]))
}

/// What a token must say: its subjects, and its audiences where these are named.
type Claims = [BTreeSet<String>; 2];

/// A statement may only let named service accounts of one namespace in, through this cluster's provider.
fn trusted_statement(cluster: &Cluster, statement: &Statement) -> Result<Claims, String> {
    let provider = cluster.provider_arn();
    let issuer = cluster.issuer.host_and_path();
    if !trusts(statement, cluster) {
        return Err(format!("its trust policy must name the provider {provider} and nobody else"));
    }
    if statement.not_principal.is_some() || statement.resource.is_some() || statement.not_resource.is_some() {
        return Err(
            "its trust policy has NotPrincipal, Resource or NotResource, which IAM refuses there".into()
        );
    }
    let assumes = statement.action.as_ref().is_some_and(|action| action.iter().eq([ASSUME]));
    if statement.effect != Effect::Allow || !assumes || statement.not_action.is_some() {
        return Err(format!("its trust policy must allow {ASSUME} and nothing else"));
    }
    let condition = statement.condition.iter().flatten().collect::<Vec<_>>();
    let [(operator, keys)] = condition.as_slice() else {
        return Err("its trust policy must have one StringEquals condition".into());
    };
    let (subject, audience) = (format!("{issuer}:sub"), format!("{issuer}:aud"));
    if operator.as_str() != "StringEquals" || keys.keys().any(|key| *key != subject && *key != audience) {
        return Err(format!("its trust policy may only compare {subject} and {audience}, with StringEquals"));
    }
    let claims = [subject, audience].map(|key| {
        let values = keys.get(&key).into_iter().flat_map(|values| values.iter().map(ToString::to_string));
        values.gather::<BTreeSet<_>>()
    });
    let [subjects, _] = &claims;
    let mut namespaces = BTreeSet::new();
    for text in subjects {
        let parts: Vec<_> = text.split(':').collect();
        match parts.as_slice() {
            ["system", "serviceaccount", namespace, name] if is_name(namespace) && is_name(name) => {
                namespaces.insert((*namespace).to_owned());
            }
            _ => return Err(format!("its trust policy lets in {text:?}, which is no service account")),
        }
    }
    match namespaces.len() {
        1 => Ok(claims),
        0 => Err("its trust policy names no service account, and so would let in every one".into()),
        _ => Err("its trust policy lets in service accounts of several namespaces".into()),
    }
}
