//! What verification found, for people and for the security officer's file.

use super::plan::account_and_issuer;
use super::wrap::{hanging, wrapped};
use super::{Paint, Tone, printable, utc};
use std::fmt::Write as _;
use sts_schemas::alarm::alarms_of_bundle;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::Cluster;
use sts_schemas::digest::Sha256;
use sts_schemas::inspection::TrustedSigner;
use sts_schemas::manifest::Tool;
use sts_schemas::oidc::TokenKey;
use sts_schemas::signature::Holder;

/// The facts of a verification that went well.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The digest of the manifest: the bundle's name.
    pub bundle: Sha256,
    /// The cluster it is for.
    pub cluster: Cluster,
    /// When it was made, in seconds since 1970.
    pub generation: u64,
    /// The program that made it.
    pub made_by: Tool,
    /// The trusted keys that signed.
    pub signers: Vec<TrustedSigner>,
    /// How many trusted signatures were asked for.
    pub threshold: usize,
    /// Keys that signed and that are not trusted; they count for nothing.
    pub unknown_signatures: Vec<Sha256>,
    /// The keys that tokens of the cluster may be signed with, the bundle's public key first.
    pub token_keys: Vec<TokenKey>,
    /// How many files were compared with their digests.
    pub files: usize,
    /// How many AWS resources they ask for.
    pub resources: usize,
    /// What must be known of it before anything else, a sentence each.
    pub alarms: Vec<String>,
}

/// The trusted keys that signed a bundle.
pub(super) fn trusted_signers(bundle: &VerifiedBundle) -> impl Iterator<Item = TrustedSigner> {
    bundle.signers().iter().map(|signer| TrustedSigner {
        key: signer.key.clone(),
        kind: signer.kind.to_string(),
        expires: signer.expires,
        expired: signer.expired,
        claimed_holder: signer.holder.clone(),
    })
}

/// What a key's file claims about its holder, a line each.
pub(super) fn claims(holder: Option<&Holder>) -> impl Iterator<Item = String> {
    let name = holder.and_then(|holder| holder.name.as_ref()).map(|name| format!("name {name}"));
    let contact = holder.and_then(|holder| holder.contact.as_ref()).map(|text| format!("contact {text}"));
    name.into_iter().chain(contact)
}

impl Verification {
    /// The facts about this bundle, of which so many trusted signatures were asked for.
    #[must_use]
    pub fn of(bundle: &VerifiedBundle, threshold: usize) -> Self {
        let manifest = bundle.manifest();
        Self {
            bundle: bundle.digest().clone(),
            cluster: manifest.cluster.clone(),
            generation: manifest.generation,
            made_by: manifest.tool.clone(),
            signers: trusted_signers(bundle).collect(),
            threshold,
            unknown_signatures: bundle.unknown_signatures().to_vec(),
            token_keys: bundle.outline().token_keys.clone(),
            files: manifest.files.len(),
            resources: bundle.outline().resources.len(),
            alarms: alarms_of_bundle(bundle),
        }
    }

    /// The report as text.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        let mut out = format!("{}\n", paint.tone(Tone::Added, "Verified."));
        let mut line = |name: &str, value: &str| {
            out.push_str(&hanging(&format!("  {name:<11}"), "               ", &printable(value)));
        };
        line("bundle", self.bundle.as_str());
        for signer in &self.signers {
            line("signed by", signer.key.as_str());
            let until = match signer.expires.map(utc) {
                None => String::new(),
                Some(end) if signer.expired => format!(", EXPIRED {end}, let count"),
                Some(end) => format!(", counts until {end}"),
            };
            line("", &format!("{}{until}", signer.kind));
            for claim in claims(signer.claimed_holder.as_ref()) {
                line("claimed", &claim);
            }
        }
        for key in &self.unknown_signatures {
            line("unknown key ", key.as_str());
        }
        line("cluster", self.cluster.name.as_str());
        let (account, issuer) = account_and_issuer(&self.cluster);
        line("account", &format!("{account} in {} ({})", self.cluster.region, self.cluster.partition));
        line("issuer", &issuer);
        let tool = format!("{} {}", self.made_by.name, self.made_by.version);
        line("made", &format!("{} by {tool}", utc(self.generation)));
        for key in &self.token_keys {
            line("token key", key.sha256.as_str());
            line("", &format!("kid {}", key.kid));
        }
        line("content", &format!("{} files, {} AWS resources", self.files, self.resources));
        for warning in &self.alarms {
            let _ = writeln!(out, "{}", paint.tone(Tone::Warning, wrapped("  ", warning).trim_end()));
        }
        out
    }
}
