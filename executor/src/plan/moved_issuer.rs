//! Roles that would trust another issuer than they do.

use std::collections::BTreeSet;
use sts_schemas::plan::Step;
use sts_schemas::policy::Principal;
use sts_schemas::resource::{Resource, Role};

/// What a person should know before they approve that tokens of one issuer stop counting.
///
/// The account cannot tell which issuer the cluster's tokens are of.
pub(super) fn note<'a>(steps: impl Iterator<Item = &'a Step>) -> Option<String> {
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    for step in steps {
        if let Step::Update { before: Resource::Role(before), after: Resource::Role(after), .. } = step {
            let (trusted, wanted) = (trusted(before), trusted(after));
            old.extend(trusted.difference(&wanted).cloned());
            new.extend(wanted.difference(&trusted).cloned());
        }
    }
    if old.is_empty() || new.is_empty() {
        return None;
    }
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    Some(format!(
        "THE ISSUER CHANGES: roles that trust {} would trust {}. A cluster whose tokens still are of the first loses its \
         credentials.",
        list(old),
        list(new)
    ))
}

fn trusted(role: &Role) -> BTreeSet<String> {
    let principals = role.trust.statement.iter().filter_map(|statement| statement.principal.as_ref());
    principals.flat_map(Principal::names).map(str::to_owned).collect()
}
