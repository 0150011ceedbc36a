//! Making, changing and deleting roles.

use super::answer::Answer;
use super::patience::{BUSY, ENTITY_UNKNOWN, NotYet, PRINCIPAL_UNKNOWN, STILL_ATTACHED, patiently};
use super::role::{ABSENT, Interest, Profiles, read};
use crate::account::{AccountError, AccountErrorKind, owned_alike};
use aws_sdk_iam::Client;
use aws_sdk_iam::error::BuildError;
use aws_sdk_iam::types::Tag;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::gather::Gather as _;
use sts_schemas::policy::same_meaning;
use sts_schemas::resource::{Address, Role, Tags};

/// Makes a role with all that one call takes, then its policies; brings in line what is there already and ours.
pub(super) async fn create(iam: &Client, after: &Role) -> Result<(), AccountError> {
    const CALL: &str = "iam:CreateRole";
    let on = address(after);
    let tags = tag_list(&after.tags)
        .map_err(|error| AccountError::unanswered(CALL, &on, AccountErrorKind::Other, error.to_string()))?;
    let ask = || {
        iam.create_role()
            .role_name(after.name.as_str())
            .path(after.path.as_str())
            .description(&after.description)
            .assume_role_policy_document(after.trust.canonical())
            .set_permissions_boundary(after.boundary.as_ref().map(ToString::to_string))
            .max_session_duration(seconds(after))
            .set_tags(Some(tags.clone()))
            .send()
    };
    let answer = patiently(&[PRINCIPAL_UNKNOWN, BUSY], ask).await;
    let made = answer.or_absent(CALL, &on, &["EntityAlreadyExists"])?;
    let now = if made.is_some() {
        Role { inline: BTreeMap::new(), attached: BTreeSet::new(), ..after.clone() }
    } else {
        let there = read(iam, &after.name, (Interest::Whatever, Profiles::Leave)).await?;
        there.map(|reading| reading.role).filter(|there| owned_alike(&there.tags, &after.tags)).ok_or_else(
            || {
                let message = "a role of this name has appeared that is not the cluster's".to_owned();
                AccountError::unanswered(CALL, &on, AccountErrorKind::Foreign, message)
            },
        )?
    };
    settle(iam, &now, after, &[ENTITY_UNKNOWN, BUSY, PRINCIPAL_UNKNOWN]).await
}

/// Changes what differs.
pub(super) async fn update(iam: &Client, before: &Role, after: &Role) -> Result<(), AccountError> {
    settle(iam, before, after, &[BUSY, PRINCIPAL_UNKNOWN]).await
}

async fn settle(iam: &Client, now: &Role, after: &Role, not_yet: &[NotYet]) -> Result<(), AccountError> {
    let on = address(after);
    if now.path != after.path {
        let message = format!("its path is {} and IAM cannot change that to {}", now.path, after.path);
        return Err(AccountError::unanswered("iam:UpdateRole", &on, AccountErrorKind::Other, message));
    }
    settle_itself(iam, now, after, not_yet).await?;
    settle_boundary(iam, now, after, not_yet).await?;
    for (name, policy) in &after.inline {
        if now.inline.get(name).is_none_or(|there| !same_meaning(&there.meaning(), &policy.meaning())) {
            let ask = iam.put_role_policy().role_name(after.name.as_str());
            let ask = ask.policy_name(name).policy_document(policy.canonical());
            patiently(not_yet, || ask.clone().send()).await.or_error("iam:PutRolePolicy", &on)?;
        }
    }
    for arn in after.attached.difference(&now.attached) {
        let ask = iam.attach_role_policy().role_name(after.name.as_str()).policy_arn(arn);
        patiently(not_yet, || ask.clone().send()).await.or_error("iam:AttachRolePolicy", &on)?;
    }
    let inline = now.inline.keys().filter(|name| !after.inline.contains_key(*name));
    let attached = now.attached.difference(&after.attached);
    strip(iam, after, inline.map(String::as_str), attached.map(String::as_str)).await
}

/// Trust, description, session and tags: what a role is without its policies.
async fn settle_itself(
    iam: &Client,
    now: &Role,
    after: &Role,
    not_yet: &[NotYet],
) -> Result<(), AccountError> {
    let (name, on) = (after.name.as_str(), address(after));
    if !same_meaning(&now.trust.meaning(), &after.trust.meaning()) {
        let ask = iam.update_assume_role_policy().role_name(name).policy_document(after.trust.canonical());
        patiently(not_yet, || ask.clone().send()).await.or_error("iam:UpdateAssumeRolePolicy", &on)?;
    }
    if (&now.description, now.max_session_seconds) != (&after.description, after.max_session_seconds) {
        let ask = iam.update_role().role_name(name).description(&after.description);
        let ask = ask.max_session_duration(seconds(after));
        patiently(not_yet, || ask.clone().send()).await.or_error("iam:UpdateRole", &on)?;
    }
    let changed = changed_tags(&now.tags, &after.tags);
    if !changed.is_empty() {
        let tags = tag_list(&changed).map_err(|error| {
            AccountError::unanswered("iam:TagRole", &on, AccountErrorKind::Other, error.to_string())
        })?;
        let ask = iam.tag_role().role_name(name).set_tags(Some(tags));
        patiently(not_yet, || ask.clone().send()).await.or_error("iam:TagRole", &on)?;
    }
    Ok(())
}

async fn settle_boundary(
    iam: &Client,
    now: &Role,
    after: &Role,
    not_yet: &[NotYet],
) -> Result<(), AccountError> {
    let (name, on) = (after.name.as_str(), address(after));
    match &after.boundary {
        same if *same == now.boundary => Ok(()),
        Some(arn) => {
            let ask = iam.put_role_permissions_boundary().role_name(name).permissions_boundary(arn.as_str());
            let answer = patiently(not_yet, || ask.clone().send()).await;
            answer.or_error("iam:PutRolePermissionsBoundary", &on).map(drop)
        }
        None => {
            let ask = iam.delete_role_permissions_boundary().role_name(name);
            let answer = patiently(not_yet, || ask.clone().send()).await;
            answer.or_absent("iam:DeleteRolePermissionsBoundary", &on, &ABSENT).map(drop)
        }
    }
}

/// Takes these inline policies off, and detaches these managed ones, all side by side.
async fn strip<'a>(
    iam: &Client,
    role: &Role,
    inline: impl Iterator<Item = &'a str>,
    attached: impl Iterator<Item = &'a str>,
) -> Result<(), AccountError> {
    let (name, on) = (role.name.as_str(), address(role));
    let deleted = inline.map(|policy| {
        let (ask, on) = (iam.delete_role_policy().role_name(name).policy_name(policy), &on);
        async move {
            let answer = patiently(&[BUSY], || ask.clone().send()).await;
            answer.or_absent("iam:DeleteRolePolicy", on, &ABSENT).map(drop)
        }
    });
    let detached = attached.map(|arn| {
        let (ask, on) = (iam.detach_role_policy().role_name(name).policy_arn(arn), &on);
        async move {
            let answer = patiently(&[BUSY], || ask.clone().send()).await;
            answer.or_absent("iam:DetachRolePolicy", on, &ABSENT).map(drop)
        }
    });
    let (deleted, detached) =
        (futures_util::future::try_join_all(deleted), futures_util::future::try_join_all(detached));
    tokio::try_join!(deleted, detached).map(drop)
}

/// Deletes the role, after the policies it was seen to have.
pub(super) async fn delete(iam: &Client, before: &Role) -> Result<(), AccountError> {
    let inline = before.inline.keys().map(String::as_str);
    strip(iam, before, inline, before.attached.iter().map(String::as_str)).await?;
    let ask = iam.delete_role().role_name(before.name.as_str());
    let answer = patiently(&[BUSY, STILL_ATTACHED], || ask.clone().send()).await;
    let answer = answer.or_absent("iam:DeleteRole", &address(before), &ABSENT);
    answer
        .map(drop)
        .map_err(|error| if error.kind == AccountErrorKind::InUse { lent(error, before) } else { error })
}

/// Somebody put the role into an instance profile: only they know what runs with it.
fn lent(error: AccountError, role: &Role) -> AccountError {
    let message = format!(
        "{}; it has no policies any more, and stays until what uses it lets it go: \
         `aws iam list-instance-profiles-for-role --role-name {name}` names the instance profiles, and \
         `aws iam remove-role-from-instance-profile --role-name {name} --instance-profile-name PROFILE` takes it out of one",
        error.message,
        name = role.name
    );
    AccountError { message, ..error }
}

/// The tags of `after` that `now` lacks or has with another value.
pub(super) fn changed_tags(now: &Tags, after: &Tags) -> Tags {
    after
        .iter()
        .filter(|(key, value)| now.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .gather()
}

/// Tags as IAM's calls take them.
pub(super) fn tag_list(tags: &Tags) -> Result<Vec<Tag>, BuildError> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn seconds(role: &Role) -> i32 {
    i32::try_from(role.max_session_seconds).unwrap_or(i32::MAX)
}

fn address(role: &Role) -> String {
    Address::Role(role.name.clone()).to_string()
}
