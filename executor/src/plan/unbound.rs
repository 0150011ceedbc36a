//! What a plan towards an issuer that AWS has not named yet must not take for done.

use std::collections::BTreeMap;
use sts_schemas::gather::Gather as _;
use sts_schemas::open::OpenValue;
use sts_schemas::plan::Change;
use sts_schemas::resource::{Address, Resource};

/// Whether a provider at this address is one of nobody's: it bears the name that stands for an issuer not known yet.
pub(super) fn is_stand_in(address: &Address) -> bool {
    matches!(address, Address::Provider(issuer) if issuer == OpenValue::Issuer.stand_in())
}

/// What is said of such a provider.
pub(super) const NOTE: &str = "The account holds a provider that an earlier run made before AWS had named the issuer. It \
     is of no use to anybody, and counts as an orphan.";

/// The settings of something in step that name the issuer only by what stands for it.
pub(super) fn changes(after: &Resource) -> BTreeMap<String, Change> {
    let is_open = |value: &serde_json::Value| value.to_string().contains(OpenValue::Issuer.stand_in());
    let open = after.settings().into_iter().filter(|(_, value)| is_open(value));
    open.map(|(name, value)| (name, Change { old: Some(value.clone()), new: Some(value) })).gather()
}
