//! Roles that would trust another issuer than they do.

use std::collections::BTreeSet;
use sts_schemas::gather::Gather as _;
use sts_schemas::plan::Step;
use sts_schemas::policy::Principal;
use sts_schemas::resource::{Resource, Role};

/// What a person should know before they approve that tokens of one issuer stop counting.
///
/// The account cannot tell which issuer the cluster's tokens are of.
pub(super) fn note<'a>(steps: impl Iterator<Item = &'a Step>) -> Option<String> {
    let (old, new) = exchanged(steps)?;
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    if new.is_empty() {
        return Some(format!(
            "AN ISSUER GOES: roles that trust {} would trust it no more. A cluster whose tokens still are of it loses its \
             credentials.",
            list(old)
        ));
    }
    Some(format!(
        "THE ISSUER CHANGES: roles that trust {} would trust {}. A cluster whose tokens still are of the first loses its \
         credentials.",
        list(old),
        list(new)
    ))
}

/// How an OIDC provider's ARN goes on behind its account.
const PROVIDER: &str = ":oidc-provider/";

/// The issuer of a provider, by its ARN: host and path.
pub(super) fn issuer(provider: &str) -> Option<&str> {
    provider.split_once(PROVIDER).map(|(_, issuer)| issuer)
}

/// The providers that roles trust and would trust no more, and those they would trust besides or instead; nothing where
/// none go.
pub(super) fn exchanged<'a>(
    steps: impl Iterator<Item = &'a Step>,
) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    for step in steps {
        if let Step::Update { before: Resource::Role(before), after: Resource::Role(after), .. } = step {
            let (trusted, wanted) = (trusted(before), trusted(after));
            old.extend(trusted.difference(&wanted).cloned());
            new.extend(wanted.difference(&trusted).cloned());
        }
    }
    (!old.is_empty()).then_some((old, new))
}

fn trusted(role: &Role) -> BTreeSet<String> {
    let principals = role.trust.statement.iter().filter_map(|statement| statement.principal.as_ref());
    principals.flat_map(Principal::names).filter(|name| issuer(name).is_some()).map(str::to_owned).gather()
}
