//! Whether the installer's manifests say the same as the roles and the issuer.

use super::{ContentsReader, Parsed, roles};
use crate::aws::Arn;
use crate::installer_manifest::{self, SecretManifest};
use crate::layout;
use std::collections::BTreeMap;

pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed) {
    let mut wanted = BTreeMap::new();
    for (file, input) in &parsed.roles {
        let path = input.path.clone().unwrap_or_default();
        let arn = Arn::role(reader.cluster.partition, &reader.cluster.account, &path, &input.role_name);
        wanted.insert(arn.to_string(), (file, input));
    }
    let mut made = BTreeMap::new();
    for (file, text) in &parsed.installer_manifests {
        if file == layout::AUTHENTICATION {
            if *text != installer_manifest::authentication(&reader.cluster.issuer) {
                let what = format!(
                    "it must be the one form of an Authentication, with serviceAccountIssuer {}",
                    reader.cluster.issuer
                );
                reader.problem(file, what);
            }
            continue;
        }
        let Some(secret) = SecretManifest::of_text(text) else {
            reader.problem(file, "it must be the one form of a Secret that hands a role on, byte for byte");
            continue;
        };
        if let Some(other) = made.insert((secret.namespace, secret.name), file) {
            reader.problem(file, format!("it makes the same Secret as {other}"));
        }
        let Some((_, role)) = wanted.remove(secret.role_arn) else {
            let what =
                format!("its role_arn {} is no role of this bundle, or another Secret's", secret.role_arn);
            reader.problem(file, what);
            continue;
        };
        let issuer = reader.cluster.issuer.host_and_path();
        let accounts = roles::service_accounts(&role.assume_role_policy_document, issuer);
        if let Some((namespace, _)) = accounts.iter().find(|(namespace, _)| secret.namespace != namespace) {
            let what = format!(
                "its Secret is for namespace {}, and the role lets in service accounts of {namespace}",
                secret.namespace
            );
            reader.problem(file, what);
        }
    }
    for (arn, (file, _)) in wanted {
        reader.problem(file, format!("no Secret in {} hands {arn} to the cluster", layout::MANIFESTS));
    }
    if !parsed.installer_manifests.contains_key(layout::AUTHENTICATION) {
        reader.missing(layout::AUTHENTICATION);
    }
}
