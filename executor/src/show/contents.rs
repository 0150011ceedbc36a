//! What is in a bundle.

use super::plan::{KNOWN_AFTER_APPLY, account_and_issuer, essence};
use super::verification::claims;
use super::wrap::wrapped;
use super::{Paint, Tone, printable, utc};
use serde::Serialize;
use std::fmt::Write as _;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::digest::Sha256;
use sts_schemas::manifest::Manifest;
use sts_schemas::open::OpenValue;
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
    unknown_signatures: &'a [Sha256],
    manifest: &'a Manifest,
    resources: Vec<&'a Resource>,
}

impl<'a> Contents<'a> {
    /// The content of this bundle.
    #[must_use]
    pub fn of(bundle: &'a VerifiedBundle, trust: Trust) -> Self {
        Self {
            trust,
            bundle: bundle.digest(),
            signed_by: bundle.signers().iter().map(|signer| &signer.key).collect(),
            unknown_signatures: bundle.unknown_signatures(),
            manifest: bundle.manifest(),
            resources: bundle.outline().resources.values().collect(),
        }
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
    let manifest = bundle.manifest();
    let cluster = &manifest.cluster;
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<11}{value}");
    };
    line("bundle", bundle.digest().as_str());
    line("cluster", cluster.name.as_str());
    let (account, issuer) = account_and_issuer(cluster);
    line("account", &format!("{account} in {} ({})", cluster.region, cluster.partition));
    line("issuer", &issuer);
    let tool = printable(&format!("{} {}", manifest.tool.name, manifest.tool.version));
    line("made", &format!("{} by {tool}", utc(manifest.generation)));
    line("generation", &manifest.generation.to_string());
    for signer in bundle.signers() {
        line("signed by", &format!("{}, {:?}", signer.key, signer.kind));
        for claim in claims(signer.holder.as_ref()) {
            line("claimed", &claim);
        }
    }
    for key in bundle.unknown_signatures() {
        line("unknown key", &format!(" {key}"));
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "AWS resources"));
    for (address, resource) in &bundle.outline().resources {
        let address = address.to_string().replace(OpenValue::Issuer.stand_in(), KNOWN_AFTER_APPLY);
        let _ = writeln!(out, "  {}", printable(&address));
        out.push_str(&wrapped("      ", &printable(&essence(resource))));
    }
    let _ = writeln!(out, "\n{}", paint.tone(Tone::Strong, "Files"));
    for file in &manifest.files {
        let _ = writeln!(out, "  {:>7}  {}", file.length, printable(&file.path));
    }
    out
}
