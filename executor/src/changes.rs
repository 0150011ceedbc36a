//! What changed from an older bundle of a cluster's to a newer one: from the bytes of both, not from what either says of
//! the other.

use crate::plan::changes as of_settings;
use std::collections::BTreeMap;
use sts_schemas::access::{Access, difference};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::ClusterName;
use sts_schemas::difference::{Side, SideKind};
use sts_schemas::inspection::{Changes, SettingDifference, Trust};
use sts_schemas::moment::utc;
use sts_schemas::open::{OpenValue, tokens_for_stand_ins};
use sts_schemas::plan::Change;
use sts_schemas::resource::{Address, GENERATION_TAG, Resource};

/// The changes between two bundles, with stand-ins where either leaves a value open: for showing.
#[derive(Debug, Clone)]
pub struct Since {
    pub(crate) told: Changes,
    /// What either bundle leaves open.
    pub(crate) open: Vec<OpenValue>,
}

/// Two bundles of which neither follows the other.
#[derive(Debug, thiserror::Error)]
#[error("the bundle given with --previous is of cluster {old}, and this one of cluster {new}")]
pub struct OtherCluster {
    old: ClusterName,
    new: ClusterName,
}

/// What the difference of the roles tells of a role already, by the names that settings have.
const TOLD_OF_ROLES: [&str; 4] = ["path", "permissions boundary", "maximum session", "trust policy"];
/// How the settings begin that hold a role's permissions.
const PERMISSIONS: &str = "inline policy ";

impl Since {
    /// What changed from `old` to `new`; `trust` says whether somebody trusted signed them.
    ///
    /// # Errors
    /// When they are of two clusters.
    pub fn between(old: &VerifiedBundle, new: &VerifiedBundle, trust: Trust) -> Result<Self, OtherCluster> {
        let clusters = [old, new].map(|bundle| &bundle.manifest().cluster);
        let [old_name, new_name] = clusters.map(|cluster| &cluster.name);
        if old_name != new_name {
            return Err(OtherCluster { old: old_name.clone(), new: new_name.clone() });
        }
        let [before, after] = [old, new].map(|bundle| Access::of_contents(bundle.contents()));
        let difference = difference("sts-executor", (side(old, trust), &before), (side(new, trust), &after));
        let only_in = |one: &VerifiedBundle, other: &VerifiedBundle| -> Vec<String> {
            let (here, there) = (&one.outline().resources, &other.outline().resources);
            let only = here.keys().filter(|address| !there.contains_key(address) && !is_role(address));
            only.map(ToString::to_string).collect()
        };
        let told = Changes {
            previous: old.digest().clone(),
            previous_generation: old.manifest().generation,
            notes: notes(old, new),
            difference,
            resources_added: only_in(new, old),
            resources_removed: only_in(old, new),
            settings: settings(&old.outline().resources, &new.outline().resources),
        };
        let is_open = |value: &OpenValue| clusters.iter().any(|cluster| cluster.open().contains(value));
        Ok(Self { told, open: OpenValue::ALL.into_iter().filter(is_open).collect() })
    }

    /// The changes for programs: with tokens where a bundle leaves a value open, as its files have them.
    pub(crate) fn with_tokens(&self) -> Changes {
        let json = serde_json::to_vec(&self.told).unwrap_or_default();
        let json = tokens_for_stand_ins(&json, &self.open);
        serde_json::from_slice(&json).unwrap_or_else(|_| self.told.clone())
    }
}

fn side(bundle: &VerifiedBundle, trust: Trust) -> Side {
    let digest = bundle.digest();
    Side {
        name: format!("{}-{}", bundle.manifest().cluster.name, digest.short()),
        kind: match trust {
            Trust::Verified => SideKind::VerifiedBundle,
            Trust::Unverified => SideKind::UnverifiedBundle,
        },
        bundle: Some(digest.clone()),
    }
}

fn is_role(address: &Address) -> bool {
    matches!(address, Address::Role(_))
}

/// What to know of the older bundle before its changes are read, each a sentence.
fn notes(old: &VerifiedBundle, new: &VerifiedBundle) -> Vec<String> {
    let ended = old.signers().iter().filter(|signer| signer.expired);
    let ended = ended.map(|signer| {
        let end = signer.expires.map_or_else(String::new, |end| format!(" at {}", utc(end)));
        format!("EXPIRED: the signature of the key {} on the older bundle ended to count{end}.", signer.key)
    });
    let (before, after) = (old.manifest().generation, new.manifest().generation);
    let order = if old.digest() == new.digest() {
        Some("THE SAME: the bundle given with --previous is this one.".to_owned())
    } else if before >= after {
        Some(format!(
            "NOT OLDER: the bundle given with --previous is of generation {before}, and this one of {after}, which is no \
             later: what is said to come here may have gone since, and the other way round."
        ))
    } else {
        None
    };
    order.into_iter().chain(ended).collect()
}

/// The settings of AWS resources that differ, but for what the difference of the roles tells; those that differ alike
/// stand together.
fn settings(old: &BTreeMap<Address, Resource>, new: &BTreeMap<Address, Resource>) -> Vec<SettingDifference> {
    let mut alike = BTreeMap::<(String, String), (Change, Vec<String>)>::new();
    let both = new.iter().filter_map(|(address, after)| Some((address, old.get(address)?, after)));
    for (address, before, after) in both {
        for (name, change) in of_settings(before, after) {
            let told =
                is_role(address) && (TOLD_OF_ROLES.contains(&name.as_str()) || name.starts_with(PERMISSIONS));
            if told || name.strip_prefix("tag ") == Some(GENERATION_TAG) {
                continue;
            }
            let key = (name, format!("{:?}", (&change.old, &change.new)));
            alike.entry(key).or_insert((change, Vec::new())).1.push(address.to_string());
        }
    }
    let difference = |((name, _), (change, addresses))| SettingDifference { name, change, addresses };
    alike.into_iter().map(difference).collect()
}
