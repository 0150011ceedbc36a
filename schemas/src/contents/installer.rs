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
            one_object(reader, file, text, "Authentication", &["spec"]);
            authentication(reader, text);
            continue;
        }
        one_object(reader, file, text, "Secret", &["stringData", "type"]);
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

/// The installer applies whatever stands in these files, so each holds one object of one kind and no other.
///
/// A line without indentation begins a member of the object, or another document; JSON and comments begin
/// neither, and are not what a program wrote here.
fn one_object(reader: &mut ContentsReader, file: &str, text: &str, kind: &str, members: &[&str]) {
    let outermost = || text.lines().filter(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
    let known = |line: &str| {
        let member = line.split_once(':').map_or(line, |(member, _)| member);
        ["apiVersion", "kind", "metadata"].contains(&member) || members.contains(&member)
    };
    let one = values_of_outermost(text, "kind: ") == [kind];
    if text.chars().any(|c| c != '\n' && (c.is_control() || OTHER_LINE_BREAKS.contains(&c))) {
        reader.problem(file, "it has control characters, which YAML may take for the end of a line");
    }
    if let Some(line) = outermost().find(|line| !known(line)) {
        reader.problem(file, format!("it must be one {kind} and nothing else, and has the line {line:?}"));
    } else if !one {
        reader.problem(file, format!("it must be one {kind}, and its kind is another"));
    }
}

/// What else ends a line in YAML 1.1. Source: YAML 1.1, section 4.1.4.
const OTHER_LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// As [`values_of`], on lines without indentation.
fn values_of_outermost<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(mark)).map(str::trim).collect()
}

/// What stands behind a mark, on each line that begins with it; quotes around it are YAML's.
fn values_of<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix(mark))
        .map(|value| value.trim().trim_matches(['"', '\'']))
        .collect()
}
