//! `apply.sh`: the whole job with the AWS CLI, for whoever may not run the executor.

use super::Files;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use sts_schemas::aws::RoleName;
use sts_schemas::cli_input::{CreateRole, PutRolePolicy, tag_list};
use sts_schemas::cluster::{Cluster, Hosting, OWNED};
use sts_schemas::contents::Contents;
use sts_schemas::layout;
use sts_schemas::resource::{Address, GENERATION_TAG, Provider, Resource, Role, Tags};

/// What every script begins with: the account is checked before anything else.
const PROLOGUE: &str = include_str!("script/prologue.sh");

/// The script for a directory with these contents and files.
#[must_use]
pub fn apply_script(contents: &Contents, files: &Files) -> Vec<u8> {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_script(&mut text, contents, files);
    text.into_bytes()
}

fn write_script(out: &mut String, contents: &Contents, files: &Files) -> std::fmt::Result {
    let cluster = &contents.desired.cluster;
    writeln!(out, "#!/bin/sh")?;
    if let Some(why) = beyond_a_script(cluster) {
        writeln!(out, "# Does nothing: {why}.")?;
        writeln!(
            out,
            "echo {} >&2",
            quoted(&format!("apply.sh cannot make this bundle: {why}; use sts-executor"))
        )?;
        return writeln!(out, "exit 1");
    }
    writeln!(out, "# Makes all that cluster {} needs in AWS account {}.", cluster.name, cluster.account)?;
    writeln!(out, "# Can be run again; deletes nothing; stops before it touches what is not the cluster's.")?;
    writeln!(out, "cluster={}", quoted(cluster.name.as_str()))?;
    writeln!(out, "account={}", quoted(cluster.account.as_str()))?;
    writeln!(out, "region={}", quoted(cluster.region.as_str()))?;
    writeln!(out, "tag={}", quoted(&cluster.name.ownership_tag()))?;
    writeln!(out, "owned={}", quoted(OWNED))?;
    writeln!(out, "generation_tag={}", quoted(GENERATION_TAG))?;
    writeln!(out, "generation={}", contents.desired.generation)?;
    writeln!(out, "provider={}", quoted(cluster.provider_arn().as_str()))?;
    out.push_str(PROLOGUE);
    write_looks(out, contents, cluster)?;
    if let Some(bucket) = cluster.bucket() {
        writeln!(out, "\nbucket {}", quoted(bucket.as_str()))?;
        for (body, input) in
            [(layout::DISCOVERY, layout::DISCOVERY_OBJECT), (layout::KEYS, layout::KEYS_OBJECT)]
        {
            writeln!(out, "object {input} {body}")?;
        }
    }
    if let Some(provider) = provider(contents) {
        write_provider(out, provider)?;
    }
    let policies = policies_by_role(files);
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("05-")) {
        let Ok(input) = serde_json::from_slice::<CreateRole>(bytes) else { continue };
        let address = Address::Role(input.role_name.clone());
        if let Some(Resource::Role(role)) = contents.desired.resources.get(&address) {
            write_role(out, path, role, policies.get(&role.name).map_or(&[], Vec::as_slice))?;
        }
    }
    if cluster.hosting == Hosting::Elsewhere {
        let (discovery, keys) = (layout::DISCOVERY, layout::KEYS);
        writeln!(out, "\nsay 'serve {discovery} as {}/{}'", cluster.issuer, layout::DISCOVERY_KEY)?;
        writeln!(out, "say 'serve {keys} as {}/{}'", cluster.issuer, layout::KEYS_KEY)?;
    }
    writeln!(
        out,
        "\nsay \"cluster $cluster: what the files in this directory make is there; sts-executor plan compares all of it\""
    )
}

/// Why the AWS CLI alone cannot do what this cluster needs, where it cannot.
pub(super) fn beyond_a_script(cluster: &Cluster) -> Option<&'static str> {
    match cluster.hosting {
        _ if cluster.former.is_some() => {
            Some("while the issuer is moved the generation last applied stands on the former one's provider")
        }
        Hosting::PrivateBucket { .. } => {
            Some("a private bucket's files refer to ids that AWS gives while they are made")
        }
        Hosting::SharedBucket { .. } => {
            Some("a shared bucket's policy must be merged with what others wrote into it")
        }
        _ if !cluster.open().is_empty() => Some("the account is open, and stands in every role"),
        _ => None,
    }
}

/// The lines that look at everything before the first line that writes.
fn write_looks(out: &mut String, contents: &Contents, cluster: &Cluster) -> std::fmt::Result {
    writeln!(out)?;
    if let Some(bucket) = cluster.bucket() {
        writeln!(out, "look_for_bucket {}", quoted(bucket.as_str()))?;
    }
    writeln!(out, "look_for_provider")?;
    for resource in contents.desired.resources.values() {
        if let Resource::Role(role) = resource {
            let boundary = role.boundary.as_ref().map_or("", |arn| arn.as_str());
            write!(out, "look_for_role {}", quoted(role.name.as_str()))?;
            write!(out, " {} {}", quoted(role.path.as_str()), quoted(boundary))?;
            role.inline.keys().try_for_each(|name| write!(out, " {}", quoted(name)))?;
            writeln!(out)?;
        }
    }
    writeln!(out, "nothing_differs")
}

fn provider(contents: &Contents) -> Option<&Provider> {
    contents.desired.resources.values().find_map(|resource| match resource {
        Resource::Provider(provider) => Some(provider),
        _ => None,
    })
}

fn write_provider(out: &mut String, provider: &Provider) -> std::fmt::Result {
    let words = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    writeln!(
        out,
        "\nprovider {} {} {}",
        quoted(&words(&provider.client_ids)),
        quoted(&words(&provider.thumbprints)),
        quoted(&tags_argument(&provider.tags)),
    )
}

fn tags_argument(tags: &Tags) -> String {
    serde_json::to_string(&tag_list(tags)).unwrap_or_default()
}

/// The files with the policies of each role, read once: one pass for each role would grow with the square.
fn policies_by_role(files: &Files) -> BTreeMap<RoleName, Vec<&str>> {
    let mut policies: BTreeMap<RoleName, Vec<&str>> = BTreeMap::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("06-")) {
        if let Ok(policy) = serde_json::from_slice::<PutRolePolicy>(bytes) {
            policies.entry(policy.role_name).or_default().push(path);
        }
    }
    policies
}

fn write_role(out: &mut String, path: &str, role: &Role, policies: &[&str]) -> std::fmt::Result {
    writeln!(
        out,
        "\nrole {} {} {} {} {} {} {}",
        quoted(role.name.as_str()),
        quoted(path),
        quoted(&role.trust.canonical()),
        quoted(&role.description),
        role.max_session_seconds,
        quoted(&tags_argument(&role.tags)),
        quoted(role.boundary.as_ref().map_or("", |arn| arn.as_str())),
    )?;
    policies.iter().try_for_each(|path| writeln!(out, "policy {}", quoted(path)))
}

/// A word that the shell takes as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
