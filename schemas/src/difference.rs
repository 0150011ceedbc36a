//! What changes between two sets of roles: what `sts-generator diff` prints for programs.

use crate::digest::Sha256;
use crate::lint::Level;
use crate::manifest::{SchemaVersion, Tool};
use crate::plan::Change;
use crate::policy::Effect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is between an old and a new set of roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The program that compared.
    pub tool: Tool,
    /// What was there before.
    pub old: Side,
    /// What comes after it.
    pub new: Side,
    /// What differs about the cluster itself, by the name people know it by; empty where a side tells nothing of it.
    pub cluster: BTreeMap<String, Change>,
    /// How much that should worry: a key or an issuer that comes may speak for every service account.
    #[serde(default)]
    pub cluster_risk: Risk,
    /// The roles that differ, the riskiest first.
    pub roles: Vec<RoleDifference>,
}

/// One of the two that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The path that was given, or the bundle's name.
    pub name: String,
    /// What was found there.
    pub kind: SideKind,
    /// The digest of a bundle's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Sha256>,
}

/// What a side is, and whether anybody vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SideKind {
    /// A directory of requests.
    Requests,
    /// A directory that the generator wrote.
    Directory,
    /// A bundle that a trusted key signed.
    VerifiedBundle,
    /// A bundle of which nobody checked who signed it.
    UnverifiedBundle,
}

/// How much a change should worry: what is gained, or no longer denied. What is lost never does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Nothing was gained, or what everybody would grant.
    #[default]
    None,
    /// Worth knowing.
    Info,
    /// Broader than it may need to be.
    Warning,
    /// Lets whoever holds the role gain more than it grants.
    Danger,
}

impl Risk {
    /// Its name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

impl From<Level> for Risk {
    fn from(level: Level) -> Self {
        match level {
            Level::Info => Self::Info,
            Level::Warning => Self::Warning,
            Level::Danger => Self::Danger,
        }
    }
}

/// Whether something came, went, or stayed and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Only in the new one.
    Added,
    /// In both, and not the same.
    Changed,
    /// Only in the old one.
    Removed,
}

impl Presence {
    /// Its sign in lists.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Changed => '~',
            Self::Removed => '-',
        }
    }
}

/// What differs about one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleDifference {
    /// The Secret that hands the role on, `<namespace>/<name>`: what stays the same from cluster to cluster.
    pub secret: String,
    /// Whether the role came, went or changed.
    pub presence: Presence,
    /// The highest risk of all that is gained.
    pub risk: Risk,
    /// Service accounts that may take the role on, and could not before, as `<namespace>/<name>`.
    pub accounts_added: Vec<String>,
    /// Service accounts that could, and no longer may.
    pub accounts_removed: Vec<String>,
    /// The actions that differ, the riskiest first.
    pub actions: Vec<ActionDifference>,
    /// What else differs, by the name people know it by; empty where a side tells nothing of it.
    pub settings: BTreeMap<String, Change>,
    /// What there is to look at twice in what is gained.
    pub findings: Vec<Gain>,
}

/// What differs about one action of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionDifference {
    /// Whether it came, went, or is granted on other resources or under other conditions.
    pub presence: Presence,
    /// Whether it is allowed or denied.
    pub effect: Effect,
    /// The action as policies name it; `all but A, B` where a statement names what it is not about.
    pub action: String,
    /// How much the change should worry.
    pub risk: Risk,
    /// Where it holds and did not.
    pub gained: Vec<Scope>,
    /// Where it held and does not.
    pub lost: Vec<Scope>,
}

/// Where an action is allowed or denied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// One resource, or a pattern for many; `all but A, B` where a statement names what it is not about.
    pub resource: String,
    /// Under which condition, as the compact JSON of IAM's `Condition` element with sorted members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// A finding of the lint about what is gained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// How much it should worry.
    pub risk: Risk,
    /// The lint's rule.
    pub rule: String,
    /// What was found and why it matters.
    pub message: String,
}

impl Difference {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cluster.is_empty() && self.roles.is_empty()
    }

    /// One sentence that counts everything.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.is_empty() {
            return "No difference.".to_owned();
        }
        let roles = |presence| self.roles.iter().filter(|role| role.presence == presence).count();
        let actions = |presence| {
            let actions = self.roles.iter().flat_map(|role| &role.actions);
            actions.filter(|action| action.presence == presence).count()
        };
        format!(
            "Roles: {} added, {} changed, {} removed. Actions: {} added, {} changed, {} removed. Highest risk: {}.",
            roles(Presence::Added),
            roles(Presence::Changed),
            roles(Presence::Removed),
            actions(Presence::Added),
            actions(Presence::Changed),
            actions(Presence::Removed),
            self.risk().name()
        )
    }

    /// Why a change of the cluster itself should worry.
    #[must_use]
    pub fn worry(&self) -> Option<&'static str> {
        (self.cluster_risk > Risk::None).then_some(
            "whoever holds a key that comes, or serves an issuer that comes, may take on every role of the cluster",
        )
    }

    /// The highest risk of all roles and of the cluster itself.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.roles.iter().map(|role| role.risk).fold(self.cluster_risk, Risk::max)
    }
}
