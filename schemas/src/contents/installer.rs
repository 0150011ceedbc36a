//! Whether the installer's manifests say the same as the roles and the issuer.
//!
//! They are YAML, but made by a program: what matters stands on lines of its own, and is read as such.

use super::{ContentsReader, Parsed, roles};
use crate::aws::Arn;
use crate::layout;
use std::collections::BTreeMap;

pub(super) fn check(reader: &mut ContentsReader, parsed: &Parsed) {
    let mut wanted = BTreeMap::new();
    for (file, input) in &parsed.roles {
        let path = input.path.clone().unwrap_or_default();
        let arn = Arn::role(reader.cluster.partition, &reader.cluster.account, &path, &input.role_name);
        wanted.insert(arn.to_string(), (file, input));
    }
    for (file, text) in &parsed.installer_manifests {
        if file == layout::AUTHENTICATION {
            authentication(reader, text);
            continue;
        }
        let arns = values_of(text, "role_arn = ");
        let [arn] = arns.as_slice() else {
            reader.problem(file, format!("it must name one role_arn, and names {}", arns.len()));
            continue;
        };
        let Some((_, role)) = wanted.remove(*arn) else {
            reader
                .problem(file, format!("its role_arn {arn} is no role of this bundle, or another Secret's"));
            continue;
        };
        let namespaces = values_of(text, "namespace: ");
        let issuer = reader.cluster.issuer.host_and_path();
        let accounts = roles::service_accounts(&role.assume_role_policy_document, issuer);
        if let Some((namespace, _)) =
            accounts.iter().find(|(namespace, _)| namespaces != [namespace.as_str()])
        {
            let what = format!(
                "its Secret is for namespace {}, and the role lets in service accounts of {namespace}",
                namespaces.join(", ")
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

fn authentication(reader: &mut ContentsReader, text: &str) {
    let issuers = values_of(text, "serviceAccountIssuer: ");
    if issuers != [reader.cluster.issuer.as_str()] {
        let what = format!("its serviceAccountIssuer must be {}", reader.cluster.issuer);
        reader.problem(layout::AUTHENTICATION, what);
    }
}

/// What stands behind a mark, on each line that begins with it; quotes around it are YAML's.
fn values_of<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix(mark))
        .map(|value| value.trim().trim_matches(['"', '\'']))
        .collect()
}
