//! What was looked for and not seen, in words.

use sts_schemas::resource::Address;
use sts_schemas::state::{Observed, Unseen};

/// What is not known where CloudFront could not be asked.
pub(super) const DISTRIBUTIONS: &str =
    "CloudFront's distributions could not be looked at: whether one is the cluster's is not known.";

const PROVIDERS: &str = "The credentials may not look at every OIDC provider of the account: whether a newer bundle was \
                         applied for another issuer is not known.";

/// A sentence for each thing that a plan to apply does not know. How many providers are veiled is nobody's concern.
pub(super) fn spots(observed: &Observed) -> Vec<String> {
    let denied = observed.unseen.iter().filter(|(_, why)| **why == Unseen::Denied);
    let mut spots: Vec<_> = denied.map(|(address, _)| spot(address)).collect();
    spots.dedup();
    spots
}

fn spot(address: &Address) -> String {
    match address {
        Address::Distribution(_) => DISTRIBUTIONS.into(),
        Address::Provider(_) => PROVIDERS.into(),
        other => one(other),
    }
}

/// What is not known of one address.
pub(super) fn one(address: &Address) -> String {
    format!("The credentials may not look at {address}: whether it is the cluster's is not known.")
}

/// How many addresses are named where there are more.
const NAMED: usize = 5;

/// The same of several, in one sentence once they are many: an account may have a thousand roles.
pub(super) fn each(addresses: &[&Address]) -> Vec<String> {
    if addresses.len() <= NAMED {
        return addresses.iter().map(|address| one(address)).collect();
    }
    let named: Vec<_> = addresses.iter().take(NAMED).map(ToString::to_string).collect();
    vec![format!(
        "The credentials may not look at {} and {} more: whether any of them is the cluster's is not known.",
        named.join(", "),
        addresses.len() - NAMED
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_roles_that_may_not_be_looked_at_are_one_sentence_and_a_few_are_named_each() {
        let roles: Vec<Address> = (0..1000).map(|n| format!("role/other-{n:03}").parse().unwrap()).collect();
        let said = each(&roles.iter().collect::<Vec<_>>());
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("role/other-004 and 995 more: whether any of them"), "{said:?}");
        let said = each(&roles[..2].iter().collect::<Vec<_>>());
        assert_eq!(said, [one(&roles[0]), one(&roles[1])]);
        assert!(each(&[]).is_empty());
    }
}
