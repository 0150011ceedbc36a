//! Keys that an issuer serves now, and would not serve any more, or of which nobody would take a token any more.

use super::moved_issuer;
use serde_json::Value;
use sts_schemas::layout::{DISCOVERY_KEY, KEYS_KEY};
use sts_schemas::plan::{Plan, Step};
use sts_schemas::resource::{Address, GENERATION_TAG, Object, Resource};
use sts_schemas::state::{Desired, Observed};

/// The ids of the keys whose tokens count now and would not count after a plan, or words for keys that nobody can name.
///
/// That is so where a key goes out of the account's `keys.json`; where nobody can say what was in it, because it is
/// missing or the issuer's other document leads elsewhere; and where the roles would trust another issuer. A cluster
/// may be signing with one of them, which the account cannot tell.
#[must_use]
pub fn retired_keys(plan: &Plan, desired: &Desired, observed: &Observed) -> Vec<String> {
    retired_by(plan.steps.iter().collect(), desired, observed)
}

pub(super) fn retired_by(steps: Vec<&Step>, desired: &Desired, observed: &Observed) -> Vec<String> {
    let named = steps.iter().flat_map(|step| match step {
        Step::Create { after: Resource::Object(after) } if is_keys(after) => {
            is_unknown(desired, observed).then(|| missing(after)).into_iter().collect()
        }
        Step::Update { before: Resource::Object(before), after: Resource::Object(after), .. } => {
            between(before, after)
        }
        _ => Vec::new(),
    });
    let mut retired: Vec<_> = named.collect();
    let moved = moved_issuer::exchanged(steps.into_iter()).into_iter().flat_map(|(old, _)| old);
    // A provider of somebody else's that a role was made to trust is no issuer of the cluster's.
    let own =
        moved.filter_map(|provider| moved_issuer::issuer(&provider).map(str::to_owned)).filter(|issuer| {
            let there = observed.resources.get(&Address::Provider(issuer.clone()));
            there.is_some_and(|there| there.is_owned_by(&desired.cluster.name))
        });
    retired.extend(own.map(|issuer| format!("{WHOLE_ISSUER}https://{issuer}")));
    retired
}

/// How the words for all keys of an issuer begin.
const WHOLE_ISSUER: &str = "every key of ";

/// Whether these words, one of [`retired_keys`], are for all keys of an issuer that roles would trust no more.
#[must_use]
pub fn is_whole_issuer(keys: &str) -> bool {
    keys.starts_with(WHOLE_ISSUER)
}

/// What goes between two contents of one of the issuer's documents.
fn between(before: &Object, after: &Object) -> Vec<String> {
    if is_keys(before) {
        // What this program cannot read, others may: nobody can say then that no key goes.
        let Some(served) = keys(before) else { return vec![UNREADABLE.to_owned()] };
        let stays = keys(after).unwrap_or_default();
        let goes = served.into_iter().filter(|key| !stays.iter().any(|stays| same(stays, key)));
        return goes.map(|key| name(&key)).collect();
    }
    if !is_document(before, DISCOVERY_KEY) {
        return Vec::new();
    }
    match (place_of_keys(before), place_of_keys(after)) {
        (Some(old), new) if new.as_ref() != Some(&old) => vec![format!("whatever keys {old} serves")],
        (None, _) => vec!["whatever keys a discovery document that cannot be read leads to".to_owned()],
        _ => Vec::new(),
    }
}

/// What a person should know before they approve that a key goes.
pub(super) fn note(kid: &str) -> String {
    format!(
        "A LIVE KEY GOES: {kid}, which the issuer serves now. AWS takes no token that it signed any more, and a cluster \
         that still signs with it loses its credentials. `apply` does this only with --retire-live-key."
    )
}

/// Stands for the keys in a document that is no list of keys as this program reads them.
const UNREADABLE: &str = "whatever keys are in a keys.json that cannot be read";

fn missing(keys: &Object) -> String {
    format!(
        "whatever keys were in {}, which is missing",
        Address::Object(keys.bucket.clone(), keys.key.clone())
    )
}

/// Whether a cluster may be signing with another key than those of the bundle, where none are served: it has roles, and
/// what was applied last for this issuer was another bundle, or none of this program's.
fn is_unknown(desired: &Desired, observed: &Observed) -> bool {
    let cluster = &desired.cluster;
    let owned = || observed.resources.values().filter(|there| there.is_owned_by(&cluster.name));
    let applied = owned().find_map(|there| match there {
        Resource::Provider(provider) if provider.issuer == cluster.issuer => {
            Some(provider.tags.get(GENERATION_TAG))
        }
        _ => None,
    });
    let this = desired.generation.to_string();
    let has_roles = owned().any(|there| matches!(there, Resource::Role(_)));
    has_roles && applied.is_some_and(|applied| applied != Some(&this))
}

fn is_keys(object: &Object) -> bool {
    is_document(object, KEYS_KEY)
}

/// Whether an object is this document of an issuer, at the top of a bucket or below a path.
pub(super) fn is_document(object: &Object, key: &str) -> bool {
    object.key.strip_suffix(key).is_some_and(|path| path.is_empty() || path.ends_with('/'))
}

/// Where a discovery document says that the keys are.
fn place_of_keys(discovery: &Object) -> Option<String> {
    let document = serde_json::from_str::<Value>(&discovery.body).ok()?;
    document["jwks_uri"].as_str().map(str::to_owned)
}

/// The keys of a JWKS, or nothing where it is none.
fn keys(object: &Object) -> Option<Vec<Value>> {
    let document = serde_json::from_str::<Value>(&object.body).ok()?;
    document["keys"].as_array().cloned()
}

/// AWS finds a key by its id, and checks with its modulus and exponent.
fn same(one: &Value, other: &Value) -> bool {
    ["kid", "n", "e"].iter().all(|member| one[member] == other[member])
}

fn name(key: &Value) -> String {
    key["kid"].as_str().map_or_else(|| "a key without an id".to_owned(), str::to_owned)
}
