//! Looking at an account, and again wherever what was found leads.

use crate::account::{Account, AccountError, Scope, Search};
use crate::plan::{Leads, leads};
use sts_schemas::state::Observed;

/// How often to look: a provider leads to a distribution, that to a bucket, and that nowhere else.
const LOOKS: usize = 4;

/// What was seen of a cluster, and where.
pub(super) struct Found {
    /// All that was looked at in the end.
    pub(super) scope: Scope,
    pub(super) observed: Observed,
    /// What leads on and could not be followed, each a sentence.
    pub(super) notes: Vec<String>,
}

/// Looks, and looks again with all that the cluster's tag leads to, until that is nothing new.
///
/// # Errors
/// As [`Account::observe`].
pub(super) async fn follow(account: &dyn Account, mut scope: Scope) -> Result<Found, AccountError> {
    let mut looks = 1;
    loop {
        let observed = account.observe(&scope).await?;
        let Leads { addresses, distribution, notes } = leads(&scope, &observed);
        let fresh: Vec<_> = addresses.difference(&scope.wanted).cloned().collect();
        let deeper = distribution && scope.search == Search::Named;
        if looks == LOOKS || (fresh.is_empty() && !deeper) {
            return Ok(Found { scope, observed, notes });
        }
        looks += 1;
        if deeper {
            scope.search = Search::Leads;
        }
        scope.led.extend(fresh.iter().cloned());
        scope.wanted.extend(fresh);
    }
}
