//! What is in a bundle: what `inspect` tells.

use crate::difference::Difference;
use crate::digest::Sha256;
use crate::manifest::{Manifest, SchemaVersion};
use crate::oidc::TokenKey;
use crate::open::OpenValue;
use crate::plan::Change;
use crate::resource::Resource;
use crate::signature::Holder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A bundle's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// Whether somebody trusted signed what is told.
    pub trust: Trust,
    /// The digest of its manifest.
    pub bundle: Sha256,
    /// The ids of the trusted keys that signed.
    pub signed_by: Vec<Sha256>,
    /// The same keys, each with what is known of it.
    pub signers: Vec<TrustedSigner>,
    /// Keys that signed and that are not trusted; they count for nothing.
    pub unknown_signatures: Vec<Sha256>,
    /// The keys that tokens of the cluster may be signed with, the bundle's public key first.
    pub token_keys: Vec<TokenKey>,
    /// Private keys of the cluster's in it by their paths, and how each lies there, in words.
    pub private_keys: BTreeMap<String, String>,
    /// What to look at twice.
    pub findings: Vec<LookedAt>,
    /// What changed since an older bundle of the cluster's, where one was given with `--previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// The manifest.
    pub manifest: Manifest,
    /// What it leaves open: in the resources a stand-in takes its place, `000000000001` for the account and
    /// `known-after-apply.invalid` for the issuer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenValue>,
    /// The AWS resources that its files ask for.
    pub resources: Vec<Resource>,
}

/// What changed since an older bundle of the cluster's; `${account}` and `${issuer}` stand for what either leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The digest of the older bundle's manifest.
    pub previous: Sha256,
    /// Its generation, in seconds since 1970.
    pub previous_generation: u64,
    /// What to know of the older bundle, each a sentence: that it is not older, or that a signature of it has ended.
    pub notes: Vec<String>,
    /// What differs about the cluster and its roles.
    pub difference: Difference,
    /// The addresses of AWS resources besides roles that only the newer one asks for.
    pub resources_added: Vec<String>,
    /// Those that only the older one asks for.
    pub resources_removed: Vec<String>,
    /// What differs about AWS resources that both ask for, and that `difference` does not tell.
    pub settings: Vec<SettingDifference>,
}

/// A setting that differs, in the same way, about some AWS resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingDifference {
    /// Its name, as in plans; `tag KEY` for a tag.
    pub name: String,
    /// Its old and its new value.
    pub change: Change,
    /// Whose it is.
    pub addresses: Vec<String>,
}

/// Whether somebody trusted signed what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Somebody did.
    Verified,
    /// Nobody knows: no trusted key was given.
    Unverified,
}

/// A trusted key that signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustedSigner {
    /// The key's id.
    pub key: Sha256,
    /// The key's kind.
    pub kind: String,
    /// When the signature ends to count, in seconds since 1970.
    pub expires: Option<u64>,
    /// Whether that time had ended, and the signature counted because of `--allow-expired`.
    pub expired: bool,
    /// Who the key's file says holds the key: a claim that nobody checked.
    pub claimed_holder: Option<Holder>,
}

/// One thing to look at twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookedAt {
    /// How much it should worry: `danger`, `warning` or `info`.
    pub level: String,
    /// The rule that found it.
    pub rule: String,
    /// The role it is about.
    pub role: String,
    /// The statement of the role's policies, counted from 1; none where several together are meant.
    pub statement: Option<usize>,
    /// What it is, in a sentence.
    pub message: String,
}
