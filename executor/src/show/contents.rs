//! What is in a bundle.

use super::access;
use super::facts::{facts, open_places_named, private_key_form};
use super::plan::essence;
use super::verification::trusted_signers;
use super::wrap::{cut, hanging, wrapped};
use super::{Paint, Tone, changes, printable};
use crate::changes::Since;
use std::cmp::Reverse;
use std::fmt::Write as _;
use sts_schemas::alarm::alarms_of_bundle;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::gather::Gather as _;
use sts_schemas::inspection::{Inspection, LookedAt, Trust};
use sts_schemas::lint::{Finding, lint_roles};
use sts_schemas::manifest::SchemaVersion;

/// What to look at twice, the worst first; where it is as bad, by role.
pub(super) fn findings(bundle: &VerifiedBundle) -> Vec<Finding> {
    let mut findings = lint_roles(bundle.outline());
    findings.sort_by_key(|finding| Reverse(finding.level));
    findings
}

fn looked_at(finding: Finding) -> LookedAt {
    let Finding { level, request, statement, rule, message } = finding;
    let statement = (statement > 0).then_some(statement);
    LookedAt { level: level.name().into(), rule: rule.into(), role: request, statement, message }
}

/// A bundle's content as data.
#[must_use]
pub fn inspection(bundle: &VerifiedBundle, trust: Trust, since: Option<&Since>) -> Inspection {
    let private_keys = bundle.private_keys().iter();
    Inspection {
        schema_version: SchemaVersion::CURRENT,
        trust,
        bundle: bundle.digest().clone(),
        signed_by: bundle.signers().iter().map(|signer| signer.key.clone()).collect(),
        signers: trusted_signers(bundle).collect(),
        unknown_signatures: bundle.unknown_signatures().to_vec(),
        token_keys: bundle.outline().token_keys.clone(),
        private_keys: private_keys
            .map(|(path, form)| (path.clone(), private_key_form(*form).to_owned()))
            .gather(),
        findings: findings(bundle).into_iter().map(looked_at).collect(),
        changes: since.map(Since::with_tokens),
        manifest: bundle.manifest().clone(),
        open: bundle.outline().cluster.open(),
        resources: bundle.outline().resources.values().cloned().collect(),
    }
}

/// What a document about a bundle is called.
pub(super) fn title(bundle: &VerifiedBundle, trust: Trust) -> String {
    let cluster = &bundle.manifest().cluster.name;
    match trust {
        Trust::Verified => format!("Bundle for cluster {cluster}"),
        Trust::Unverified => format!("UNVERIFIED bundle for cluster {cluster}"),
    }
}

/// A bundle's content as text; its first line says so when nobody trusted vouches for it.
#[must_use]
pub fn text(bundle: &VerifiedBundle, trust: Trust, since: Option<&Since>, paint: Paint) -> String {
    let mut out = match trust {
        Trust::Verified => String::new(),
        Trust::Unverified => {
            paint.tone(Tone::Warning, "UNVERIFIED: no trusted key was given, anybody may have written this")
                + "\n\n"
        }
    };
    for warning in alarms_of_bundle(bundle) {
        let _ = writeln!(out, "{}", paint.tone(Tone::Warning, wrapped("", &warning).trim_end()));
        out.push('\n');
    }
    for (name, value) in facts(bundle) {
        // The longest name leaves no room for the space behind it.
        out.push_str(&hanging(&format!("{:<11}", format!("{name} ")), "             ", &value));
    }
    if let Some(since) = since {
        out.push_str(&changes::text(since, paint));
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "AWS resources"));
    for (address, resource) in &bundle.outline().resources {
        let address = open_places_named(bundle, &address.to_string());
        let _ = writeln!(out, "  {}", printable(&address));
        out.push_str(&hanging("      ", "        ", &printable(&essence(resource))));
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "What to look at twice"));
    let findings = findings(bundle);
    for finding in &findings {
        out.push_str(&wrapped("  ", &printable(&finding.to_string())));
    }
    if findings.is_empty() {
        out.push_str("  Nothing was found.\n");
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "Who may do what"));
    out.push_str(&open_places_named(bundle, &access::text(bundle.outline(), paint)));
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "Files"));
    for file in &bundle.manifest().files {
        let _ = writeln!(out, "  {:>7}  {}", file.length, cut(11, "             ", &printable(&file.path)));
    }
    out
}
