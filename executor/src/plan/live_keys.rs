//! Keys that an issuer serves now, and would not serve any more.

use serde_json::Value;
use sts_schemas::layout::KEYS_KEY;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::resource::{Object, Resource};

/// The ids of the keys that a plan takes out of the account's `keys.json`: no token that they signed counts after it.
///
/// A cluster may be signing with one of them, which the account cannot tell.
#[must_use]
pub fn retired_keys(plan: &Plan) -> Vec<String> {
    plan.steps.iter().flat_map(retired_by).collect()
}

pub(super) fn retired_by(step: &Step) -> Vec<String> {
    match step {
        Step::Update { before: Resource::Object(before), after: Resource::Object(after), .. }
            if before.key == KEYS_KEY || before.key.ends_with(&format!("/{KEYS_KEY}")) =>
        {
            // What this program cannot read, others may: nobody can say then that no key goes.
            let Some(served) = keys(before) else { return vec![UNREADABLE.to_owned()] };
            let stays = keys(after).unwrap_or_default();
            let goes = served.into_iter().filter(|key| !stays.iter().any(|stays| same(stays, key)));
            goes.map(|key| name(&key)).collect()
        }
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
