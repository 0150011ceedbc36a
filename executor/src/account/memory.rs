//! A whole account in memory: what `rehearse` runs on, and where tests make any call fail.

mod calls;
mod change;
mod cloudfront;
mod world;

use super::{Account, AccountError, AccountErrorKind, Deployment, Identity, Scope};
pub use calls::Fault;
use std::cell::RefCell;
use std::collections::BTreeSet;
use sts_schemas::aws::RoleName;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Bucket, Distribution, Resource};
use sts_schemas::state::{Leftovers, Observed, State};
use world::{Refusal, World};

/// An account that behaves as AWS does, one call after the other, and forgets all when dropped.
///
/// Each change is made of the same calls as with AWS; any of them can be made to fail.
#[derive(Debug)]
pub struct Memory {
    identity: Identity,
    world: RefCell<World>,
    /// The host that a distribution gets, where that is not left to chance.
    front: Option<String>,
}

impl Memory {
    /// An empty account.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self { identity, world: RefCell::default(), front: None }
    }

    /// The same, in which a distribution gets this host: AWS has given it already, as the bundle knows.
    #[must_use]
    pub fn naming_fronts(self, host: Option<String>) -> Self {
        Self { front: host, ..self }
    }

    /// Puts a resource there, as somebody else might have done before.
    pub fn hold(&self, resource: Resource) {
        self.world.borrow_mut().resources.insert(resource.address(), resource);
    }

    /// Lets another account have this address.
    pub fn take(&self, address: Address) {
        self.world.borrow_mut().taken.insert(address);
    }

    /// Denies to show this address, whoever has it.
    pub fn veil(&self, address: Address) {
        self.world.borrow_mut().veiled.insert(address);
    }

    /// Puts a role into an instance profile, as somebody else might.
    pub fn lend(&self, role: RoleName, profile: &str) {
        self.world.borrow_mut().lent.entry(role).or_default().insert(profile.to_owned());
    }

    /// All that is in the account.
    #[must_use]
    pub fn resources(&self) -> State {
        self.world.borrow().resources.clone()
    }

    /// How many calls were made so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.world.borrow().calls.made()
    }

    /// Makes the `nth` call from now, counted from 0, end in this fault.
    pub fn fail(&self, nth: usize, fault: Fault) {
        self.world.borrow_mut().calls.plan(nth, fault);
    }

    fn peek(&self, at: &Address) -> Option<Resource> {
        self.world.borrow().resources.get(at).cloned()
    }

    /// One call: counted, refused if so planned, else `change` happens, and its answer may yet be lost.
    ///
    /// Calls of other steps may come between two of one step, as they do with AWS.
    async fn call<T>(
        &self,
        name: &str,
        on: &Address,
        change: impl FnOnce(&mut World) -> Result<T, Refusal>,
    ) -> Result<T, AccountError> {
        tokio::task::yield_now().await;
        let mut world = self.world.borrow_mut();
        let fault = world.calls.next();
        if fault == Some(Fault::Refused) {
            return Err(Refusal::of("the call was made to fail").as_error(name, on));
        }
        let answer = change(&mut world).map_err(|refusal| refusal.as_error(name, on))?;
        if fault == Some(Fault::AnswerLost) {
            let lost = Refusal::of("the answer was made to get lost").as_error(name, on);
            return Err(AccountError { kind: AccountErrorKind::Unreachable, ..lost });
        }
        Ok(answer)
    }
}

#[async_trait::async_trait(?Send)]
impl Account for Memory {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    async fn observe(&self, scope: &Scope) -> Result<Observed, AccountError> {
        let whole = Address::Bucket(scope.cluster.default_bucket());
        self.call("iam:ListRoles", &whole, |world| {
            let resources: State = world
                .resources
                .iter()
                .filter(|(address, resource)| world.shows(scope, address, resource))
                .map(|(address, resource)| (address.clone(), resource.clone()))
                .gather();
            let leftovers = resources
                .keys()
                .filter_map(|address| match address {
                    Address::Bucket(name) => {
                        let unwanted = |key: &str| {
                            !scope.wanted.contains(&Address::Object(name.clone(), key.to_owned()))
                        };
                        Some((name.clone(), world.leftovers(name, unwanted)))
                    }
                    _ => None,
                })
                .filter(|(_, leftovers)| leftovers.count > 0)
                .gather();
            Ok(Observed {
                account: self.identity.account.clone(),
                partition: self.identity.partition,
                taken: world.taken.intersection(&scope.wanted).cloned().gather(),
                leftovers,
                resources,
                // Nothing here has versions.
                remains: [].into(),
                unseen: world.unseen(scope),
                // Nothing here is made by hand.
                fronts: [].into(),
                blocks: [].into(),
                regions: [].into(),
                identities: [].into(),
                lent: world.lent(scope),
            })
        })
        .await
    }

    async fn put(&self, before: Option<&Resource>, after: &Resource) -> Result<(), AccountError> {
        match after {
            Resource::Bucket(bucket) => self.put_bucket(before, bucket).await,
            Resource::AccessControl(control) => self.put_access_control(control).await,
            Resource::Distribution(distribution) => self.put_distribution(distribution).await,
            Resource::BucketStatement(one) => self.put_statement(one).await,
            Resource::Object(object) => self.put_object(before, object).await,
            Resource::Provider(provider) => self.put_provider(before, provider).await,
            Resource::Role(role) => self.put_role(before, role).await,
        }
    }

    async fn empty(
        &self,
        bucket: &Bucket,
        seen: &Leftovers,
        besides: &BTreeSet<String>,
    ) -> Result<(), AccountError> {
        let at = Address::Bucket(bucket.name.clone());
        self.call("s3:DeleteObjectVersion", &at, |world| {
            let goes = |key: &str| !besides.contains(key);
            let now = world.leftovers(&bucket.name, goes);
            if now.count > 0 && now.listing != seen.listing {
                return Err(Refusal::of("something else lies there by now"));
            }
            let inside = |address: &Address| {
                matches!(address, Address::Object(name, key) if *name == bucket.name && goes(key))
            };
            world.resources.retain(|address, _| !inside(address));
            Ok(())
        })
        .await
    }

    async fn remove(&self, before: &Resource) -> Result<(), AccountError> {
        let at = before.address();
        let call = match before {
            Resource::Bucket(bucket) => return self.remove_bucket(&bucket.name).await,
            Resource::Role(role) => return self.remove_role(role).await,
            Resource::AccessControl(control) => return self.remove_access_control(control).await,
            Resource::Distribution(there) => return self.remove_distribution(there).await,
            Resource::BucketStatement(_) => "s3:DeleteBucketPolicy",
            Resource::Object(_) => "s3:DeleteObject",
            Resource::Provider(_) => "iam:DeleteOpenIDConnectProvider",
        };
        self.call(call, &at, |world| {
            world.resources.remove(&at);
            Ok(())
        })
        .await
    }

    async fn deployment(&self, distribution: &Distribution) -> Result<Option<Deployment>, AccountError> {
        self.look_at_deployment(distribution).await
    }

    async fn disable(&self, distribution: &Distribution) -> Result<(), AccountError> {
        self.disable_distribution(distribution).await
    }
}
