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
