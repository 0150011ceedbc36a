//! What became of many clusters at once: what `create-all --fleet` and `status --all` tell.

use crate::digest::Sha256;
use crate::manifest::SchemaVersion;
use crate::standing::Standings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The bundles of a fleet, in the order of the file that lists the clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetBundles {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// Each cluster.
    pub clusters: Vec<FleetMember>,
}

/// One cluster of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetMember {
    /// Its name; where it has none, the line it is listed in.
    pub name: String,
    /// The line it is listed in, from 1.
    pub line: u64,
    /// What became of it.
    pub outcome: MemberOutcome,
}

/// What became of one cluster's bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MemberOutcome {
    /// It was made.
    Made {
        /// Its path.
        bundle: String,
        /// The digest of its manifest.
        digest: Sha256,
    },
    /// It was not.
    Failed {
        /// Why, outermost first.
        errors: Vec<String>,
    },
}

/// How accounts stand to the bundles of a folder, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetStandings {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// Whether the account is as every bundle wants that is the last of its cluster.
    pub in_step: bool,
    /// Whether it gives every component what such a bundle wants, orphans or no orphans.
    pub provides: bool,
    /// Each bundle.
    pub bundles: Vec<BundleStanding>,
}

/// One bundle of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleStanding {
    /// The name of its file.
    pub file: String,
    /// What was found.
    pub outcome: StandingOutcome,
}

/// What a look at one bundle came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StandingOutcome {
    /// The account was compared with it.
    Compared {
        /// How each address stands.
        standings: Standings,
    },
    /// The folder holds a later bundle for the same cluster, and only that one counts.
    Superseded {
        /// The file name of that one.
        by: String,
    },
    /// Nothing could be compared.
    Failed {
        /// Why, outermost first.
        errors: Vec<String>,
    },
}
