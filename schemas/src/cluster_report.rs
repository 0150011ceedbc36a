//! What a look at a running cluster found, against the bundle it was made from.

use crate::aws::AccountId;
use crate::cluster::{ClusterName, IssuerUrl};
use crate::digest::Sha256;
use crate::manifest::{SchemaVersion, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a cluster uses what its bundle made, and nothing that lives longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterReport {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The program that looked.
    pub tool: Tool,
    /// The digest of the bundle's manifest.
    pub bundle: Sha256,
    /// The cluster.
    pub cluster: ClusterName,
    /// The account of its roles.
    pub account: AccountId,
    /// The issuer its tokens must name.
    pub issuer: IssuerUrl,
    /// Whether every check went well.
    pub sound: bool,
    /// Each thing that was looked at.
    pub checks: Vec<Check>,
    /// What is worth a look and decides nothing.
    pub notes: Vec<String>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The object: `authentication/cluster`, or `secret/NAMESPACE/NAME`.
    pub object: String,
    /// What was found.
    pub finding: Finding,
}

/// What was found. Values of Secrets are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Finding {
    /// It is as it must be.
    Sound,
    /// It must be there, and is not in what was given.
    Missing,
    /// It must not be there, or not so.
    Wrong {
        /// What is wrong, in plain words.
        what: String,
    },
    /// What was given does not tell.
    Unknown {
        /// What is needed to tell.
        why: String,
    },
}
