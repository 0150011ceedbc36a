//! Two resources at one address, held against each other.

use super::Immovable;
use std::collections::BTreeMap;
use sts_schemas::plan::Change;
use sts_schemas::policy::same_meaning;
use sts_schemas::resource::{FORMER_IDENTITY_TAG, OriginAccess, Resource};

/// `wanted` as it can stand where `before` stands: what the bundle does not speak of stays.
///
/// Tags that somebody added stay. Wanted without thumbprints, a provider keeps those that AWS filled in.
pub(super) fn aligned(before: &Resource, wanted: &Resource) -> Resource {
    let mut after = wanted.clone();
    for (key, value) in before.tags() {
        after.tags_mut().entry(key.clone()).or_insert_with(|| value.clone());
    }
    if let (Resource::Provider(before), Resource::Provider(after)) = (before, &mut after)
        && after.thumbprints.is_empty()
    {
        after.thumbprints.clone_from(&before.thumbprints);
    }
    if let (Resource::Distribution(before), Resource::Distribution(after)) = (before, &mut after) {
        after.guards.clone_from(&before.guards);
        match &before.access {
            OriginAccess::Untold => after.access = OriginAccess::Untold,
            // Only so will a delete know whom ccoctl made for it.
            OriginAccess::Identity { id } => {
                after.tags.insert(FORMER_IDENTITY_TAG.into(), id.clone());
            }
            OriginAccess::Control { .. } | OriginAccess::None => {}
        }
    }
    after
}

/// The settings in which two resources differ, by name.
#[must_use]
pub fn changes(before: &Resource, after: &Resource) -> BTreeMap<String, Change> {
    let mut old = before.settings();
    let mut changes = BTreeMap::new();
    for (name, new) in after.settings() {
        let old = old.remove(&name);
        if old.as_ref().is_none_or(|old| !same_meaning(old, &new)) {
            changes.insert(name, Change { old, new: Some(new) });
        }
    }
    changes.extend(old.into_iter().map(|(name, old)| (name, Change { old: Some(old), new: None })));
    changes
}

/// The settings that differ and that AWS fixes when a resource is made.
///
/// Making the resource anew is for a person to decide: tokens and policies elsewhere may name it.
pub(super) fn immovable(before: &Resource, wanted: &Resource) -> Option<Immovable> {
    let (setting, actual, wished) = match (before, wanted) {
        (Resource::Bucket(before), Resource::Bucket(wanted)) => {
            ("region", before.region.to_string(), wanted.region.to_string())
        }
        (Resource::Provider(before), Resource::Provider(wanted)) => {
            ("issuer", before.issuer.to_string(), wanted.issuer.to_string())
        }
        (Resource::Role(before), Resource::Role(wanted)) => {
            ("path", before.path.to_string(), wanted.path.to_string())
        }
        _ => return None,
    };
    (actual != wished).then(|| Immovable { address: wanted.address(), setting, actual, wanted: wished })
}
