//! What is in a bundle.

use super::access;
use super::facts::{facts, open_places_named, private_key_form};
use super::plan::essence;
use super::verification::{TrustedSigner, trusted_signers};
use super::wrap::wrapped;
use super::{Paint, Tone, printable};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sts_schemas::alarm::alarms;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::digest::Sha256;
use sts_schemas::lint::{Finding, lint_roles};
use sts_schemas::manifest::Manifest;
use sts_schemas::oidc::TokenKey;
use sts_schemas::resource::Resource;

/// Whether somebody trusted signed what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Somebody did.
    Verified,
    /// Nobody knows: no trusted key was given.
    Unverified,
}

/// A bundle's content, as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Contents<'a> {
    trust: Trust,
    bundle: &'a Sha256,
    signed_by: Vec<&'a Sha256>,
    signers: Vec<TrustedSigner>,
    unknown_signatures: &'a [Sha256],
    token_keys: &'a [TokenKey],
    private_keys: BTreeMap<&'a str, &'static str>,
    findings: Vec<LookedAt>,
    manifest: &'a Manifest,
    resources: Vec<&'a Resource>,
}

/// One thing to look at twice.
#[derive(Debug, Serialize)]
struct LookedAt {
    level: &'static str,
    rule: &'static str,
    role: String,
    /// Counted from 1; none where several of the role's statements together are meant.
    statement: Option<usize>,
    message: String,
}

impl LookedAt {
    fn of(finding: Finding) -> Self {
        let Finding { level, request, statement, rule, message } = finding;
        let statement = (statement > 0).then_some(statement);
        Self { level: level.name(), rule, role: request, statement, message }
    }
}

impl<'a> Contents<'a> {
    /// The content of this bundle.
    #[must_use]
    pub fn of(bundle: &'a VerifiedBundle, trust: Trust) -> Self {
        Self {
            trust,
            bundle: bundle.digest(),
            signed_by: bundle.signers().iter().map(|signer| &signer.key).collect(),
            signers: trusted_signers(bundle).collect(),
            unknown_signatures: bundle.unknown_signatures(),
            token_keys: &bundle.outline().token_keys,
            private_keys: bundle
                .private_keys()
                .iter()
                .map(|(path, form)| (path.as_str(), private_key_form(*form)))
                .collect(),
            findings: lint_roles(bundle.outline()).into_iter().map(LookedAt::of).collect(),
            manifest: bundle.manifest(),
            resources: bundle.outline().resources.values().collect(),
        }
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
pub fn text(bundle: &VerifiedBundle, trust: Trust, paint: Paint) -> String {
    let mut out = match trust {
        Trust::Verified => String::new(),
        Trust::Unverified => {
            paint.tone(Tone::Warning, "UNVERIFIED: no trusted key was given, anybody may have written this")
                + "\n\n"
        }
    };
    let outline = bundle.outline();
    for warning in alarms(&outline.cluster, &outline.token_keys) {
        let _ = writeln!(out, "{}", paint.tone(Tone::Warning, wrapped("", &warning).trim_end()));
        out.push('\n');
    }
    for (name, value) in facts(bundle) {
        // The longest name leaves no room for the space behind it.
        let _ = writeln!(out, "{:<11}{value}", format!("{name} "));
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "AWS resources"));
    for (address, resource) in &bundle.outline().resources {
        let address = open_places_named(bundle, &address.to_string());
        let _ = writeln!(out, "  {}", printable(&address));
        out.push_str(&wrapped("      ", &printable(&essence(resource))));
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "What to look at twice"));
    let findings = lint_roles(bundle.outline());
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
        let _ = writeln!(out, "  {:>7}  {}", file.length, printable(&file.path));
    }
    out
}
