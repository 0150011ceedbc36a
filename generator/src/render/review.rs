//! `REVIEW.md`: what a person reads before they approve.

use super::difference_markdown;
use super::script::beyond_a_script;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use sts_schemas::access::{audiences, subjects};
use sts_schemas::alarm::alarms;
use sts_schemas::cluster::Hosting;
use sts_schemas::contents::{Contents, PrivateKeyForm};
use sts_schemas::difference::Difference;
use sts_schemas::gather::Gather as _;
use sts_schemas::lint::lint_roles;
use sts_schemas::markdown::plain;
use sts_schemas::policy::{Effect, PolicyDocument};
use sts_schemas::resource::{Provider, Resource, Role};
use sts_schemas::terminal::printable_json;

/// What a bundle changes about a cluster that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// What differs from the bundle before it.
    pub difference: Difference,
    /// The manifests that the cluster does not have yet, or has otherwise.
    pub manifests: Vec<NewManifest>,
    /// The line that lets the cluster upgrade, where it is known for which release.
    pub annotation: Option<String>,
}

/// A manifest that the cluster does not have as a bundle wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewManifest {
    /// Its path in the bundle.
    pub path: String,
    /// Whether it holds a value that is known after apply.
    pub is_open: bool,
}

/// What comes before a manifest with an open value may be given to a cluster.
const FILL_IN: &str = "# first `sts-generator finalize` with the receipt of this bundle's apply: it fills in what these leave open";

impl Upgrade {
    /// The lines that give the cluster its manifests, before it is let upgrade.
    pub fn gifts(&self) -> impl Iterator<Item = String> {
        let fill_in = self.manifests.iter().any(|manifest| manifest.is_open).then(|| FILL_IN.to_owned());
        fill_in
            .into_iter()
            .chain(self.manifests.iter().map(|manifest| format!("oc apply -f {}", manifest.path)))
    }
}

fn write_upgrade(out: &mut String, upgrade: &Upgrade) -> std::fmt::Result {
    writeln!(out, "{}", difference_markdown(&upgrade.difference))?;
    let lines = upgrade.gifts().chain(upgrade.annotation.clone());
    let lines: Vec<_> = lines.map(|line| format!("    {line}\n")).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let lines = lines.concat();
    writeln!(
        out,
        "Once `sts-executor status BUNDLE --gate` on this bundle exits with 0 (in its JSON `provides` is true), let the \
         cluster upgrade:\n\n{lines}"
    )
}

/// The review of a directory's contents: derived from the JSON files, so that an edit of theirs shows in it; and what was
/// noted of the requests.
#[must_use]
pub fn review(contents: &Contents, upgrade: Option<&Upgrade>, noted: &BTreeSet<String>) -> Vec<u8> {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_review(&mut text, contents, (upgrade, noted));
    text.into_bytes()
}

/// The issuer that the cluster is moved away from, in lines of the table.
fn write_former(out: &mut String, contents: &Contents) -> std::fmt::Result {
    let Some(before) = contents.desired.cluster.before_move() else { return Ok(()) };
    writeln!(out, "| **former issuer, still trusted** | {} |", before.issuer)?;
    writeln!(out, "| its OIDC provider | {}, kept as it is |", before.provider_arn())?;
    writeln!(out, "| the cluster's tokens are of | {} |", contents.issuer_in_use())
}

/// Whether the cluster's private key is in the bundle, and how.
fn private_key(contents: &Contents) -> &'static str {
    match contents.private_keys.values().find(|form| **form == PrivateKeyForm::Plaintext) {
        Some(_) => "**IN THIS BUNDLE, in the clear**",
        None if contents.private_keys.is_empty() => "not in this bundle",
        None => "in this bundle, under a passphrase",
    }
}

fn write_review(
    out: &mut String,
    contents: &Contents,
    (upgrade, noted): (Option<&Upgrade>, &BTreeSet<String>),
) -> std::fmt::Result {
    let cluster = &contents.desired.cluster;
    writeln!(out, "# Review: cluster {}\n", cluster.name)?;
    writeln!(out, "| | |\n| --- | --- |")?;
    writeln!(out, "| account | {} |", cluster.account)?;
    writeln!(out, "| partition, region | {}, {} |", cluster.partition, cluster.region)?;
    writeln!(out, "| issuer | {} |", cluster.issuer)?;
    write_former(out, contents)?;
    let hosting = match &cluster.hosting {
        Hosting::PublicBucket { bucket } => format!("public S3 bucket {bucket}, made by this bundle"),
        Hosting::PrivateBucket { bucket, .. } => {
            format!("private S3 bucket {bucket} behind CloudFront, both made by this bundle")
        }
        Hosting::SharedBucket { bucket, path } => {
            format!("the path {path} in S3 bucket {bucket}, which this bundle does not make")
        }
        Hosting::Elsewhere => "a web server of the author's; nothing of S3 is made".to_owned(),
    };
    writeln!(out, "| hosting | {hosting} |")?;
    if let Hosting::PrivateBucket { certificate: Some(_), .. } = &cluster.hosting {
        let host = cluster.issuer.host_and_path();
        writeln!(
            out,
            "| to make in the DNS | a CNAME record at {host}; `apply` and `status` tell its target, which AWS names |"
        )?;
    }
    writeln!(out, "| OIDC provider | {} |", cluster.provider_arn())?;
    for provider in contents.desired.resources.values().filter_map(provider) {
        let ids: Vec<String> = provider.client_ids.iter().map(|id| plain(id)).collect();
        writeln!(out, "| audiences it takes tokens for | {} |", ids.join(", "))?;
    }
    writeln!(out, "| generation | {} (seconds since 1970) |", contents.desired.generation)?;
    for key in &contents.desired.token_keys {
        writeln!(out, "| tokens are signed with | {key} |")?;
    }
    writeln!(out, "| the cluster's private key | {} |\n", private_key(contents))?;

    for warning in alarms(cluster, &contents.desired.token_keys) {
        writeln!(out, "**{warning}**\n")?;
    }
    if let Some(upgrade) = upgrade {
        write_upgrade(out, upgrade)?;
    }
    let roles: Vec<&Role> = contents
        .desired
        .resources
        .values()
        .filter_map(|resource| if let Resource::Role(role) = resource { Some(role) } else { None })
        .collect();
    writeln!(out, "## Who may do what\n")?;
    writeln!(
        out,
        "| role | service accounts | services | actions | on everything |\n| --- | --- | --- | --- | --- |"
    )?;
    for role in &roles {
        let (actions, services) = actions_and_services(role);
        let everything = if role.inline.values().any(allows_on_everything) { "yes" } else { "no" };
        writeln!(
            out,
            "| {} | {} | {} | {} | {everything} |",
            role.name,
            plain(&subjects(&role.trust).join(", ")),
            services.iter().map(|service| plain(service)).collect::<Vec<_>>().join(", "),
            actions.len(),
        )?;
    }
    for role in &roles {
        writeln!(out, "\n### {}\n\n{}.", role.name, plain(&role.description))?;
        if let Some(boundary) = &role.boundary {
            writeln!(out, "Permissions boundary: {}.", plain(boundary.as_str()))?;
        }
        let audiences = audiences(role);
        if !audiences.is_empty() {
            writeln!(out, "Only with tokens for the audience {}.", plain(&audiences.join(" or ")))?;
        }
        for policy in role.inline.values() {
            writeln!(out, "\n```json\n{}\n```", pretty(policy))?;
        }
    }

    writeln!(out, "\n## What to look at twice\n")?;
    let findings = lint_roles(&contents.desired);
    if findings.is_empty() {
        writeln!(out, "Nothing was found.")?;
    }
    for finding in findings {
        writeln!(out, "- {}", plain(&finding.to_string()))?;
    }
    if !noted.is_empty() {
        writeln!(out, "\n## What was noted of the requests\n")?;
        noted.iter().try_for_each(|note| writeln!(out, "- {}", plain(note)))?;
    }
    let script = match beyond_a_script(cluster) {
        None => "`sh apply.sh` in this directory does the same from the same JSON files".to_owned(),
        Some(why) => format!("not possible, because {why}"),
    };
    writeln!(
        out,
        "\n## How to go on\n\n\
        With the executor: `sts-executor verify BUNDLE --trusted-key AUTHOR.pub`, then `plan`, then `apply`.\n\
        With the AWS CLI alone: {script}.\n\
        The requests everything was made from are in `requests/`."
    )
}

fn provider(resource: &Resource) -> Option<&Provider> {
    if let Resource::Provider(provider) = resource { Some(provider) } else { None }
}

fn pretty(policy: &PolicyDocument) -> String {
    printable_json(&serde_json::to_string_pretty(policy).unwrap_or_else(|_| policy.canonical()))
}

fn actions_and_services(role: &Role) -> (BTreeSet<String>, BTreeSet<String>) {
    let statements = role.inline.values().flat_map(|policy| &policy.statement);
    let actions: BTreeSet<String> = statements
        .filter(|statement| statement.effect == Effect::Allow)
        .flat_map(|statement| statement.action.iter().flat_map(|action| action.iter().map(str::to_owned)))
        .gather();
    let services =
        actions.iter().map(|action| action.split(':').next().unwrap_or_default().to_owned()).gather();
    (actions, services)
}

fn allows_on_everything(policy: &PolicyDocument) -> bool {
    policy.statement.iter().any(|statement| {
        statement.effect == Effect::Allow
            && statement.resource.as_ref().is_some_and(|resource| resource.iter().any(|arn| arn == "*"))
    })
}
