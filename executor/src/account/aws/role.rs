//! Roles as IAM tells of them.

use super::answer::Answer;
use super::document;
use super::pages;
use crate::account::{AccountError, AccountErrorKind};
use aws_sdk_iam::Client;
use aws_sdk_iam::types;
use futures_util::future::{try_join_all, try_join3};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::RoleName;
use sts_schemas::gather::Gather as _;
use sts_schemas::policy::PolicyDocument;
use sts_schemas::resource::{Role, Tags};

/// The call that tells a role's tags, and so whose it is.
pub(super) const READ: &str = "iam:GetRole";

/// What IAM says when there is no such thing.
pub(super) const ABSENT: [&str; 1] = ["NoSuchEntity"];

/// Which roles are worth reading whole.
#[derive(Clone, Copy)]
pub(super) enum Interest<'a> {
    /// This one, whatever it is.
    Whatever,
    /// This one if it bears the tag.
    IfTagged(&'a str),
}

/// Whether to ask which instance profiles a role is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Profiles {
    Ask,
    Leave,
}

/// A role, and the names of the instance profiles that it is in, where that was asked.
pub(super) struct Reading {
    pub(super) role: Role,
    pub(super) profiles: BTreeSet<String>,
}

/// Reads a role with all its policies; a wanted one in a single round trip if its only policy bears its name.
pub(super) async fn read(
    iam: &Client,
    name: &RoleName,
    (interest, profiles): (Interest<'_>, Profiles),
) -> Result<Option<Reading>, AccountError> {
    let around = async || tokio::try_join!(read_policies(iam, name), read_profiles(iam, name, profiles));
    let (role, (policies, profiles)) = match interest {
        Interest::Whatever => tokio::try_join!(read_itself(iam, name), around())?,
        Interest::IfTagged(tag) => {
            let Some(role) = read_itself(iam, name).await? else { return Ok(None) };
            if role.tags.get(tag).is_none_or(|value| value != sts_schemas::cluster::OWNED) {
                return Ok(None);
            }
            (Some(role), around().await?)
        }
    };
    let Policies { inline, attached } = policies;
    Ok(role.map(|role| Reading { role: Role { inline, attached, ..role }, profiles }))
}

/// The names of the instance profiles that hold the role: IAM deletes it only once none does.
async fn read_profiles(
    iam: &Client,
    role: &RoleName,
    profiles: Profiles,
) -> Result<BTreeSet<String>, AccountError> {
    let mut names = BTreeSet::new();
    if profiles == Profiles::Leave {
        return Ok(names);
    }
    let asked = iam.list_instance_profiles_for_role().role_name(role.as_str());
    let mut pages = asked.into_paginator().items().send();
    while let Some(profile) = pages.next().await {
        match profile.or_absent("iam:ListInstanceProfilesForRole", &format!("role/{role}"), &ABSENT)? {
            Some(profile) => drop(names.insert(profile.instance_profile_name)),
            None => break,
        }
    }
    Ok(names)
}

/// The role without its policies.
async fn read_itself(iam: &Client, name: &RoleName) -> Result<Option<Role>, AccountError> {
    const CALL: &str = READ;
    let on = format!("role/{name}");
    let answer = iam.get_role().role_name(name.as_str()).send().await.or_absent(CALL, &on, &ABSENT)?;
    let Some(answer) = answer else { return Ok(None) };
    let unusable = |message: String| AccountError::unanswered(CALL, &on, AccountErrorKind::Other, message);
    let role = answer.role().ok_or_else(|| unusable("the answer holds no role".into()))?;
    let boundary =
        role.permissions_boundary().and_then(types::AttachedPermissionsBoundary::permissions_boundary_arn);
    Ok(Some(Role {
        name: name.clone(),
        path: role.path().parse().map_err(|error| unusable(format!("the answer is unusable: {error}")))?,
        description: role.description().unwrap_or_default().to_owned(),
        trust: document::read_encoded(role.assume_role_policy_document().unwrap_or_default()),
        boundary: boundary
            .map(str::parse)
            .transpose()
            .map_err(|error| unusable(format!("the answer is unusable: {error}")))?,
        max_session_seconds: role
            .max_session_duration()
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or(Role::DEFAULT_SESSION_SECONDS),
        tags: tags(role.tags()),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    }))
}

#[derive(Default)]
struct Policies {
    inline: BTreeMap<String, PolicyDocument>,
    attached: BTreeSet<String>,
}

async fn read_policies(iam: &Client, name: &RoleName) -> Result<Policies, AccountError> {
    let expected = name.as_str();
    let (own, names, attached) =
        try_join3(inline_policy(iam, name, expected), inline_names(iam, name), attached_arns(iam, name))
            .await?;
    let others = names.iter().filter(|other| *other != expected);
    let others = try_join_all(others.map(|other| inline_policy(iam, name, other))).await?;
    let inline = own.into_iter().chain(others.into_iter().flatten()).gather();
    Ok(Policies { inline, attached })
}

async fn inline_policy(
    iam: &Client,
    role: &RoleName,
    policy: &str,
) -> Result<Option<(String, PolicyDocument)>, AccountError> {
    let asked = iam.get_role_policy().role_name(role.as_str()).policy_name(policy).send().await;
    let answer = asked.or_absent("iam:GetRolePolicy", &format!("role/{role}"), &ABSENT)?;
    Ok(answer.map(|answer| (policy.to_owned(), document::read_encoded(answer.policy_document()))))
}

async fn inline_names(iam: &Client, role: &RoleName) -> Result<Vec<String>, AccountError> {
    let mut pages = iam.list_role_policies().role_name(role.as_str()).into_paginator().items().send();
    let mut names = Vec::new();
    while let Some(name) = pages.next().await {
        match name.or_absent("iam:ListRolePolicies", &format!("role/{role}"), &ABSENT)? {
            Some(name) => names.push(name),
            None => break,
        }
    }
    Ok(names)
}

async fn attached_arns(iam: &Client, role: &RoleName) -> Result<BTreeSet<String>, AccountError> {
    let mut pages =
        iam.list_attached_role_policies().role_name(role.as_str()).into_paginator().items().send();
    let mut arns = BTreeSet::new();
    while let Some(policy) = pages.next().await {
        match policy.or_absent("iam:ListAttachedRolePolicies", &format!("role/{role}"), &ABSENT)? {
            Some(policy) => arns.extend(policy.policy_arn),
            None => break,
        }
    }
    Ok(arns)
}

/// The names of all roles of the account.
pub(super) async fn names(iam: &Client) -> Result<Vec<RoleName>, AccountError> {
    /// The most that IAM gives at once. Source: IAM API Reference, `ListRoles`.
    const PAGE: i32 = 1000;
    const CALL: &str = "iam:ListRoles";
    let mut roles = iam.list_roles().max_items(PAGE).into_paginator().send();
    let mut names = Vec::new();
    // The SDK itself stops where a marker comes again.
    for _ in 0..pages::MOST {
        let Some(page) = roles.next().await else { return Ok(names) };
        let page = page.or_error(CALL, "the account")?;
        // IAM's rule for names is ours, so that one that cannot be read is no role of a cluster.
        names.extend(page.roles().iter().filter_map(|role| role.role_name().parse::<RoleName>().ok()));
    }
    Err(pages::endless(CALL, "the account", pages::MOST))
}

/// Tags from IAM's list.
pub(super) fn tags(list: &[types::Tag]) -> Tags {
    list.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).gather()
}
