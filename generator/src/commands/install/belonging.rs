//! Whether the manifests in a directory belong to the rest of it: one issuer, and the roles that are made.

use super::source::{Manifest, input};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use sts_schemas::aws::{AccountId, Arn};
use sts_schemas::cli_input::CreateRole;
use sts_schemas::cluster::is_named_by_aws;
use sts_schemas::layout::DISCOVERY;
use sts_schemas::oidc::DiscoveryDocument;
use sts_schemas::open::OpenValue;
use sts_schemas::policy::Principal;

/// Holds the manifests against the discovery document and the roles; what is wrong goes to `problems`.
///
/// What the directory leaves open, the bundle's receipt has told, and `finalize` has checked. Nothing here knows it but
/// for what any receipt says: a host of CloudFront's, and one account.
pub(super) fn check(from: &Path, manifests: &[(String, Manifest)], problems: &mut Vec<String>) {
    let discovery: Option<DiscoveryDocument> = input(from, DISCOVERY, problems);
    let roles = roles(from, problems);
    let accounts: BTreeSet<&str> = manifests.iter().filter_map(|(_, manifest)| manifest.account()).collect();
    if accounts.len() > 1 {
        let list = accounts.into_iter().collect::<Vec<_>>().join(", ");
        problems.push(format!("the manifests name roles of more than one account: {list}"));
    }
    for (path, manifest) in manifests {
        match manifest {
            Manifest::Authentication(issuer) => {
                let Some(made) = discovery.as_ref().map(|document| &document.issuer) else { continue };
                let is_open = made.as_str().contains(OpenValue::Issuer.stand_in());
                if is_open && !is_named_by_aws(issuer) {
                    problems.push(format!(
                        "{path} names the issuer {issuer}, which is no host that CloudFront gives to a distribution"
                    ));
                }
                if !is_open && made != issuer {
                    problems.push(format!("{path} names the issuer {issuer}, and {DISCOVERY} is of {made}"));
                }
            }
            Manifest::Secret(role) => {
                if !roles.iter().any(|made| is(made, role)) {
                    problems.push(format!("{path} names {role}, and no 05-*-role.json makes that role"));
                }
            }
        }
    }
}

/// The roles that the directory's files make, each in the account of the provider it trusts.
fn roles(from: &Path, problems: &mut Vec<String>) -> Vec<Arn> {
    let entries = fs::read_dir(from).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    files.retain(|name| name.starts_with("05-") && name.ends_with("-role.json"));
    files.sort();
    let mut roles = Vec::new();
    for file in files {
        let Some(role) = input::<CreateRole>(from, &file, problems) else { continue };
        let path = role.path.unwrap_or_default();
        let trusted =
            role.assume_role_policy_document.statement.iter().filter_map(|one| one.principal.as_ref());
        for provider in trusted.flat_map(Principal::names).filter_map(|name| name.parse::<Arn>().ok()) {
            let Ok(account) = provider.account().parse::<AccountId>() else { continue };
            roles.push(Arn::role(provider.partition(), &account, &path, &role.role_name));
        }
    }
    roles
}

/// Whether a role that is made is this one; where the account is open, it may be anybody's.
fn is(made: &Arn, named: &Arn) -> bool {
    let open = made.account() == OpenValue::Account.stand_in();
    made == named || open && (made.partition(), made.resource()) == (named.partition(), named.resource())
}
