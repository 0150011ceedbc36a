//! Whether the manifests in a directory belong to the rest of it: one issuer, and the roles that are made.

use super::source::{Manifest, input, own};
use crate::asked::{self, Handed, HandedRole};
use crate::directory::Directory;
use crate::render::Files;
use std::collections::BTreeSet;
use sts_schemas::aws::{AccountId, Arn};
use sts_schemas::cli_input::CreateRole;
use sts_schemas::cluster::{ClusterName, is_named_by_aws};
use sts_schemas::gather::Gather as _;
use sts_schemas::installer_manifest::SecretManifest;
use sts_schemas::layout::{DISCOVERY, MANIFESTS, Place, REQUESTS};
use sts_schemas::oidc::DiscoveryDocument;
use sts_schemas::open::OpenValue;
use sts_schemas::policy::Principal;

/// Holds the manifests against the discovery document and the roles; what is wrong goes to `problems`.
///
/// What the directory leaves open, the bundle's receipt has told, and `finalize` has checked. Nothing here knows it but
/// for what any receipt says: a host of CloudFront's, and one account.
pub(super) fn check(
    directory: &Directory,
    files: &[String],
    manifests: &[(String, Manifest)],
    problems: &mut Vec<String>,
) {
    let discovery: Option<DiscoveryDocument> = input(directory, DISCOVERY, problems);
    let roles = roles(directory, files, problems);
    let accounts: BTreeSet<&str> = manifests.iter().filter_map(|(_, manifest)| manifest.account()).gather();
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
                if !roles.iter().any(|made| is(&made.arn, role)) {
                    problems.push(format!("{path} names {role}, and no 05-*-role.json makes that role"));
                }
            }
        }
    }
}

/// Holds the Secrets against the requests of the directory as `create-bundle` does: each is there and as it is asked
/// for, with the role that is its own.
pub(super) fn check_requests(
    directory: &Directory,
    (files, manifests): (&[String], &[(String, Vec<u8>)]),
    cluster: Option<&ClusterName>,
    problems: &mut Vec<String>,
) {
    let roles = roles(directory, files, problems);
    let mut requests = Files::new();
    for path in files.iter().filter(|path| Place::of(path) == Some(Place::Request)) {
        requests.extend(own(directory, path, problems).map(|bytes| (path.clone(), bytes)));
    }
    if requests.is_empty() {
        problems.push(format!("{REQUESTS}: the requests that everything was made from are missing"));
        return;
    }
    let paths: Vec<_> = manifests.iter().map(|(name, _)| format!("{MANIFESTS}/{name}")).collect();
    let mut handed = Handed::new();
    let mut handing = BTreeSet::new();
    for ((_, bytes), manifest) in manifests.iter().zip(&paths) {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let Some(secret) = SecretManifest::of_text(text) else { continue };
        let Ok(arn) = secret.role_arn.parse::<Arn>() else { continue };
        let Some(made) = roles.iter().find(|made| is(&made.arn, &arn)) else { continue };
        handing.insert(&made.file);
        let Made { file, role, .. } = made;
        let (name, trust) = (&role.role_name, &role.assume_role_policy_document);
        let role = HandedRole { manifest, token_file: secret.token_file, file, name, trust };
        if let Some(other) = handed.insert((secret.namespace, secret.name), role) {
            problems.push(format!("{manifest} makes the same Secret as {}", other.manifest));
        }
    }
    let Some(partition) = roles.first().map(|made| made.arn.partition()) else { return };
    let found = asked::read(&requests, partition, || ())
        .and_then(|(asked, ())| asked::check_handed(&asked, &handed, cluster));
    if let Err(found) = found {
        problems.extend(found.0.iter().map(ToString::to_string));
    }
    for Made { file, arn, .. } in roles.iter().filter(|made| !handing.contains(&made.file)) {
        problems.push(format!("{file}: no Secret in {MANIFESTS} hands {arn} to the cluster"));
    }
}

/// A role, and the file that makes it.
struct Made {
    file: String,
    arn: Arn,
    role: CreateRole,
}

/// The roles that the directory's files make, each in the account of the provider it trusts.
fn roles(directory: &Directory, files: &[String], problems: &mut Vec<String>) -> Vec<Made> {
    let mut roles = Vec::new();
    for file in files.iter().filter(|name| name.starts_with("05-") && name.ends_with("-role.json")) {
        let Some(role) = input::<CreateRole>(directory, file, problems) else { continue };
        let path = role.path.clone().unwrap_or_default();
        let trusted =
            role.assume_role_policy_document.statement.iter().filter_map(|one| one.principal.as_ref());
        let providers = trusted.flat_map(Principal::names).filter_map(|name| name.parse::<Arn>().ok());
        let arns = providers.filter_map(|provider| {
            let account = provider.account().parse::<AccountId>().ok()?;
            Some(Arn::role(provider.partition(), &account, &path, &role.role_name))
        });
        // While a cluster is moved a role trusts two providers of one account.
        if let Some(arn) = arns.collect::<Vec<_>>().pop() {
            roles.push(Made { file: file.clone(), arn, role });
        }
    }
    roles
}

/// Whether a role that is made is this one; where the account is open, it may be anybody's.
fn is(made: &Arn, named: &Arn) -> bool {
    let open = made.account() == OpenValue::Account.stand_in();
    made == named || open && (made.partition(), made.resource()) == (named.partition(), named.resource())
}
