//! Whether the installer's manifests say the same as the roles and the issuer.

use super::{ContentsReader, Parsed, roles};
use crate::aws::Arn;
use crate::cli_input::CreateRole;
use crate::gather::Gather as _;
use crate::installer_manifest::{self, SecretManifest};
use crate::layout;
use std::collections::{BTreeMap, BTreeSet};

/// `unread` are the ends of the ARNs of roles whose files could not be read, which was told.
pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed, unread: &BTreeSet<String>) {
    let mut wanted = BTreeMap::new();
    for (file, input) in &parsed.roles {
        let path = input.path.clone().unwrap_or_default();
        let arn = Arn::role(reader.cluster.partition, &reader.cluster.account, &path, &input.role_name);
        wanted.insert(arn.to_string(), (file, input));
    }
    let mut made = BTreeMap::new();
    let mut spoilt = BTreeSet::new();
    // Namespaces with a Secret of which it was told that it hands on no role of this bundle.
    let mut astray = BTreeSet::new();
    for (file, text) in &parsed.installer_manifests {
        if file == layout::AUTHENTICATION {
            let form = installer_manifest::authentication(&reader.cluster.issuer);
            let is_former = reader
                .cluster
                .former
                .as_ref()
                .is_some_and(|former| *text == installer_manifest::authentication(&former.issuer));
            if *text != form && !is_former && !reader.is_faulty(file) {
                let what = format!(
                    "it must be the one form of an Authentication, byte for byte: {}",
                    installer_manifest::first_difference(text, &form)
                );
                reader.problem(file, what);
            }
            continue;
        }
        let Some(secret) = SecretManifest::of_text(text) else {
            if !reader.is_faulty(file) {
                let what = format!(
                    "it must be the one form of a Secret that hands a role on, byte for byte: {}",
                    installer_manifest::fault_of_secret(text)
                );
                reader.problem(file, what);
            }
            // Whose role it is can be told all the same; that no Secret hands it on is no second fault.
            if let Some((arn, _)) =
                installer_manifest::role_arn_in(text).and_then(|arn| wanted.remove_entry(arn))
            {
                spoilt.insert(arn);
            }
            continue;
        };
        if let Some(other) = made.insert((secret.namespace, secret.name), file) {
            reader.problem(file, format!("it makes the same Secret as {other}"));
        }
        let Some((_, role)) = wanted.remove(secret.role_arn) else {
            if spoilt.contains(secret.role_arn) || unread.iter().any(|end| secret.role_arn.ends_with(end)) {
                continue;
            }
            astray.insert(secret.namespace);
            if !reader.is_faulty(file) {
                let what = format!(
                    "its role_arn {} is no role of this bundle, or another Secret's",
                    secret.role_arn
                );
                reader.problem(file, what);
            }
            continue;
        };
        // Several of them are a fault of the role's.
        if let [namespace] = namespaces(reader, role).as_slice()
            && namespace != secret.namespace
        {
            let what = format!(
                "its Secret is for namespace {}, and the role lets in service accounts of {namespace}",
                secret.namespace
            );
            reader.problem(file, what);
        }
    }
    // A Secret without any line that tells its role may be that of any.
    let untold = parsed.installer_manifests.iter().any(|(file, text)| {
        file != layout::AUTHENTICATION && installer_manifest::role_arn_in(text).is_none()
    });
    for (arn, (file, role)) in wanted.into_iter().filter(|_| !untold) {
        if namespaces(reader, role).iter().any(|namespace| astray.contains(namespace.as_str())) {
            continue;
        }
        reader.problem(file, format!("no Secret in {} hands {arn} to the cluster", layout::MANIFESTS));
    }
    if !parsed.installer_manifests.contains_key(layout::AUTHENTICATION) {
        reader.missing(layout::AUTHENTICATION);
    }
}

/// The namespaces whose service accounts a role lets in.
fn namespaces(reader: &ContentsReader, role: &CreateRole) -> Vec<String> {
    let issuer = reader.cluster.issuer.host_and_path();
    let accounts = roles::service_accounts(&role.assume_role_policy_document, issuer);
    let namespaces: BTreeSet<_> = accounts.into_iter().map(|(namespace, _)| namespace).gather();
    namespaces.into_iter().collect()
}
