//! The report of a verification, for whoever must be shown that it took place and what came of it.

use crate::cluster::Cluster;
use crate::digest::Sha256;
use crate::manifest::{FileEntry, SchemaVersion, Tool};
use crate::oidc::TokenKey;
use crate::signature::Holder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was verified, against which keys, by which program, when, and with what result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The result.
    pub verdict: ReportVerdict,
    /// Why the bundle was rejected, error and causes, a line each; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Vec<String>>,
    /// When it was verified, in seconds since 1970.
    pub verified_at: u64,
    /// The program that verified.
    pub verified_by: Tool,
    /// The file as it was received.
    pub file: ReceivedFile,
    /// The keys that were trusted.
    pub trusted_keys: Vec<TrustedKey>,
    /// How many of them had to have signed.
    pub threshold: usize,
    /// Flags by which a person let something count that otherwise would not.
    pub overridden: Vec<String>,
    /// What was warned of, each a sentence: what counts only because of a flag, a date ahead of the clock, a second key or
    /// issuer, a private key in plain text, a trusted key given twice. Absent where there was nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was checked and holds, in order; empty where the bundle was not verified.
    pub checks: Vec<String>,
    /// What the bundle is; absent where it was not verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<ReportedBundle>,
}

/// The result of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportVerdict {
    /// Whole, from somebody trusted, and consistent.
    Verified,
    /// Not to be used.
    Rejected,
    /// No trusted key was given, so nothing was checked.
    NotVerified,
}

/// A file as it was received, bytes of a bundle or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedFile {
    /// Its name, without folders.
    pub name: String,
    /// Its length in bytes, as far as it was read.
    pub length: u64,
    /// The SHA-256 of these bytes.
    pub sha256: Sha256,
    /// Whether the file goes on behind them: no bundle is that long, and the rest was not read. Absent where it does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goes_on: bool,
}

/// A key that was trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// Its id, the SHA-256 of its SubjectPublicKeyInfo.
    pub key: Sha256,
    /// Its kind.
    pub kind: String,
    /// Whether it signed the bundle.
    pub signed: bool,
    /// When that signature ends to count, in seconds since 1970; absent where it never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Whether that time had ended, and the signature counted because a person said so.
    pub expired: bool,
    /// Who the key's file says holds the key: a claim that nobody checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_holder: Option<Holder>,
}

/// A bundle that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedBundle {
    /// Its digest, which is that of its manifest: its name in plans and receipts.
    pub digest: Sha256,
    /// The cluster it is for.
    pub cluster: Cluster,
    /// When it was made, in seconds since 1970.
    pub generation: u64,
    /// The program that made it.
    pub made_by: Tool,
    /// Keys that signed and are not trusted; they count for nothing.
    pub unknown_signatures: Vec<Sha256>,
    /// The keys that tokens of the cluster may be signed with; the first is the bundle's public key.
    pub token_keys: Vec<TokenKey>,
    /// The files, each compared with this length and digest.
    pub files: Vec<FileEntry>,
    /// The addresses of the AWS resources they ask for; `${account}` and `${issuer}` stand for what the bundle leaves open.
    pub resources: Vec<String>,
}
