//! From a bundle's open values to what it wants of this very account.

use super::account::scope;
use super::follow::follow;
use super::refusal;
use crate::account::{Account, Identity, Reach, Runtime, Survey, Wish};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::contents::Contents;
use sts_schemas::failure::Failure;
use sts_schemas::open::{Bound, OpenValue};
use sts_schemas::resource::{Address, Resource};
use sts_schemas::state::{Desired, Observed};

/// What a bundle wants of an account, and what the account holds of it.
pub(super) struct Look {
    pub(super) contents: Contents,
    pub(super) observed: Observed,
}

impl Look {
    /// Binds the account, looks, and binds the issuer where AWS has named it already.
    pub(super) fn at(
        account: &dyn Account,
        runtime: &Runtime,
        bundle: &VerifiedBundle,
        reach: Reach,
    ) -> Result<Self, Failure> {
        let contents = of_account(bundle, account.identity())?;
        let found = runtime.block_on(follow(account, scope(&contents.desired, reach)));
        Self::bound(contents, found.map_err(refusal::of_account)?.observed)
    }

    /// The same, with a look at the account as a whole beside it, and at what of these wishes the caller may do.
    pub(super) fn ahead(
        account: &dyn Account,
        runtime: &Runtime,
        bundle: &VerifiedBundle,
        what: (Reach, impl FnOnce(&Desired) -> Vec<Wish>),
    ) -> Result<(Self, Survey), Failure> {
        runtime.block_on(Self::looking_ahead(account, bundle, what))
    }

    /// The same beside other looks.
    pub(super) async fn looking_ahead(
        account: &dyn Account,
        bundle: &VerifiedBundle,
        (reach, wishes): (Reach, impl FnOnce(&Desired) -> Vec<Wish>),
    ) -> Result<(Self, Survey), Failure> {
        let contents = of_account(bundle, account.identity())?;
        let (scope, wishes) = (scope(&contents.desired, reach), wishes(&contents.desired));
        let (found, survey) = tokio::join!(follow(account, scope), account.survey(&wishes));
        let look = Self::bound(contents, found.map_err(refusal::of_account)?.observed)?;
        Ok((look, survey))
    }

    fn bound(contents: Contents, observed: Observed) -> Result<Self, Failure> {
        let contents = match named_issuer(&contents.desired, &observed) {
            Some(issuer) => with_issuer(&contents, issuer)?,
            None => contents,
        };
        Ok(Self { contents, observed })
    }
}

/// What a bundle wants of the account the credentials belong to; its issuer may still be open.
pub(super) fn of_account(bundle: &VerifiedBundle, identity: &Identity) -> Result<Contents, Failure> {
    let is_open = bundle.outline().cluster.open().contains(&OpenValue::Account);
    let bound = Bound { account: is_open.then(|| identity.account.clone()), issuer: None };
    bundle.bind(&bound).map_err(refusal::of_binding)
}

/// The same with the issuer that AWS named.
pub(super) fn with_issuer(contents: &Contents, issuer: IssuerUrl) -> Result<Contents, Failure> {
    contents.bind(&Bound { account: None, issuer: Some(issuer) }).map_err(refusal::of_binding)
}

/// The host of the cluster's distribution, where the issuer is open and the distribution stands.
fn named_issuer(desired: &Desired, observed: &Observed) -> Option<IssuerUrl> {
    let is_open = desired.cluster.open().contains(&OpenValue::Issuer);
    front(desired, observed).filter(|_| is_open).and_then(|host| format!("https://{host}").parse().ok())
}

/// The host that AWS gave the cluster's distribution, where that stands.
pub(super) fn front(desired: &Desired, observed: &Observed) -> Option<String> {
    let cluster = &desired.cluster;
    let there = observed.resources.get(&Address::Distribution(cluster.bucket()?.clone()))?;
    match there {
        Resource::Distribution(distribution) if there.is_owned_by(&cluster.name) => {
            distribution.domain.clone()
        }
        _ => None,
    }
}
