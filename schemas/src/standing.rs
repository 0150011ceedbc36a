//! How an account stands to a bundle, address by address: what `status` tells.

use crate::aws::AccountId;
use crate::cluster::ClusterName;
use crate::digest::Sha256;
use crate::dns::DnsRecord;
use crate::manifest::SchemaVersion;
use crate::plan::Change;
use crate::resource::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How each address stands, and what should be known besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standings {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The digest of the bundle's manifest.
    pub bundle: Option<Sha256>,
    /// The cluster.
    pub cluster: ClusterName,
    /// The account that was looked at.
    pub account: AccountId,
    /// Whether every address is as wanted.
    pub in_step: bool,
    /// Whether the account gives every component what the bundle wants, whatever else it holds: the question before an
    /// upgrade. Orphans, descriptions, media types, and the tags `Name` and `sts-handoff/*` do not count; an issuer that nobody can read
    /// does, and while a cluster is moved, the former one too.
    pub provides: bool,
    /// Each address that the bundle wants, each other one that the cluster's tag was found at, and what is amiss with the
    /// issuer that the cluster is moved away from.
    pub addresses: BTreeMap<Address, Standing>,
    /// The record in the DNS without which nobody finds the issuer; none where AWS names the issuer's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_record: Option<DnsRecord>,
    /// What should be known besides, each a sentence.
    pub notes: Vec<String>,
}

/// How one address stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "standing", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Standing {
    /// As wanted.
    InStep,
    /// There, but some settings differ.
    Drifted {
        /// The settings that differ, by name.
        changes: BTreeMap<String, Change>,
    },
    /// Wanted, and not there.
    Missing,
    /// There, and no longer wanted.
    Orphaned,
    /// Not the cluster's.
    Foreign {
        /// How that is known.
        reason: String,
    },
    /// There, but of no use: something keeps it from working that no step of an apply takes away.
    Blocked {
        /// What does.
        reason: String,
    },
}
