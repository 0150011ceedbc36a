//! What the account in memory holds, and which changes it would refuse.

use super::calls::Calls;
use crate::account::{AccountError, AccountErrorKind, Scope, owned_alike};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::{BucketName, RoleName};
use sts_schemas::digest::Sha256;
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Bucket, Provider, PublicAccessBlock, Resource, Role, Tags};
use sts_schemas::state::{Leftover, Leftovers, State, Unseen};

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) resources: State,
    pub(super) taken: BTreeSet<Address>,
    /// Buckets that the caller may not look at; what lies in them is not shown either.
    pub(super) veiled: BTreeSet<Address>,
    /// Distributions whose last change has not reached every place, and how many looks that still takes.
    pub(super) deploying: BTreeMap<Address, u32>,
    /// Roles that are in instance profiles, and the names of those.
    pub(super) lent: BTreeMap<RoleName, BTreeSet<String>>,
    pub(super) calls: Calls,
}

/// How S3 makes a bucket. Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".
pub(super) const ALL_BLOCKED: PublicAccessBlock = PublicAccessBlock {
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
};

/// Why the account would not.
pub(super) struct Refusal {
    kind: AccountErrorKind,
    message: &'static str,
}

impl Refusal {
    pub(super) fn of(message: &'static str) -> Self {
        Self { kind: AccountErrorKind::Other, message }
    }

    pub(super) fn in_use(message: &'static str) -> Self {
        Self { kind: AccountErrorKind::InUse, message }
    }

    pub(super) fn foreign(message: &'static str) -> Self {
        Self { kind: AccountErrorKind::Foreign, message }
    }

    pub(super) fn as_error(&self, call: &str, on: &Address) -> AccountError {
        AccountError::unanswered(call, on.to_string(), self.kind, self.message)
    }
}

impl World {
    /// Makes the resource, or gives back the one that is there if it bears the same marks of ownership.
    pub(super) fn create(&mut self, made: Resource, tags: &Tags) -> Result<Resource, Refusal> {
        let at = made.address();
        if self.taken.contains(&at) {
            return Err(Refusal::foreign("another account has it"));
        }
        match self.resources.get(&at) {
            None => {
                self.resources.insert(at, made.clone());
                Ok(made)
            }
            Some(there) if owned_alike(there.tags(), tags) || self.is_bare(there) => Ok(there.clone()),
            Some(_) => Err(Refusal::foreign("it is there already and is not the cluster's")),
        }
    }

    /// A bucket cannot be made together with its tags: between the two calls it stands bare.
    fn is_bare(&self, resource: &Resource) -> bool {
        matches!(resource, Resource::Bucket(bucket)
            if bucket.tags.is_empty() && bucket.policy.is_none() && self.objects(&bucket.name).next().is_none())
    }

    pub(super) fn bucket(&mut self, at: &Address) -> Result<&mut Bucket, Refusal> {
        match self.resources.get_mut(at) {
            Some(Resource::Bucket(bucket)) => Ok(bucket),
            _ => Err(Refusal::of("there is no such bucket")),
        }
    }

    pub(super) fn role(&mut self, at: &Address) -> Result<&mut Role, Refusal> {
        match self.resources.get_mut(at) {
            Some(Resource::Role(role)) => Ok(role),
            _ => Err(Refusal::of("there is no such role")),
        }
    }

    /// What one of the calls that change a provider changes: the setting it is named after.
    pub(super) fn change_provider(
        &mut self,
        at: &Address,
        call: &str,
        settled: &Provider,
    ) -> Result<(), Refusal> {
        let Some(Resource::Provider(provider)) = self.resources.get_mut(at) else {
            return Err(Refusal::of("there is no such provider"));
        };
        match call {
            "iam:TagOpenIDConnectProvider" => provider.tags.clone_from(&settled.tags),
            "iam:UpdateOpenIDConnectProviderThumbprint" => {
                provider.thumbprints.clone_from(&settled.thumbprints);
            }
            _ => provider.client_ids.clone_from(&settled.client_ids),
        }
        Ok(())
    }

    /// The keys of a bucket's objects.
    pub(super) fn objects(&self, bucket: &BucketName) -> impl Iterator<Item = &str> {
        self.resources.keys().filter_map(move |address| match address {
            Address::Object(within, key) if within == bucket => Some(key.as_str()),
            _ => None,
        })
    }

    /// Whether somebody who looks through `scope` sees the resource.
    pub(super) fn shows(&self, scope: &Scope, address: &Address, resource: &Resource) -> bool {
        if address.bucket().is_some_and(|name| self.veiled.contains(&Address::Bucket(name.clone()))) {
            return false;
        }
        let looked_for = scope.covers(address);
        let found = looked_for && resource.is_owned_by(&scope.cluster);
        scope.wanted.contains(address) || (found && !matches!(address, Address::Object(..)))
    }

    /// The buckets in which something is looked for and that are not seen.
    pub(super) fn unseen(&self, scope: &Scope) -> BTreeMap<Address, Unseen> {
        let why = |bucket: &Address| match () {
            () if self.veiled.contains(bucket) => Some(Unseen::Denied),
            () if self.taken.contains(bucket) => Some(Unseen::Elsewhere),
            () if self.resources.contains_key(bucket) => None,
            () => Some(Unseen::Absent),
        };
        let buckets = scope.buckets().into_iter().map(Address::Bucket);
        buckets.filter_map(|bucket| why(&bucket).map(|why| (bucket, why))).gather()
    }

    /// The instance profiles of the roles that may go, of those that are seen.
    pub(super) fn lent(&self, scope: &Scope) -> BTreeMap<RoleName, BTreeSet<String>> {
        let is_asked = |role: &RoleName| {
            let address = Address::Role(role.clone());
            let there = self.resources.get(&address);
            scope.may_go(&address) && there.is_some_and(|there| self.shows(scope, &address, there))
        };
        let lent = self.lent.iter().filter(|(role, _)| is_asked(role));
        lent.map(|(role, profiles)| (role.clone(), profiles.clone())).gather()
    }

    /// What lies in the bucket under keys that nobody is to have there.
    pub(super) fn leftovers(&self, bucket: &BucketName, unwanted: impl Fn(&str) -> bool) -> Leftovers {
        let others: Vec<(&str, Sha256)> = self
            .resources
            .iter()
            .filter_map(|(address, resource)| match (address, resource) {
                (Address::Object(within, key), Resource::Object(object))
                    if within == bucket && unwanted(key) =>
                {
                    Some((key.as_str(), Sha256::of(object.body.as_bytes())))
                }
                _ => None,
            })
            .collect();
        let all =
            others.iter().map(|(key, etag)| Leftover { key, version: "null", etag: etag.as_str(), size: 0 });
        let listing = (!others.is_empty()).then(|| Leftovers::listing(all.collect()));
        let keys = others.iter().take(Leftovers::SHOWN).map(|(key, _)| (*key).to_owned()).collect();
        Leftovers { keys, hidden: Vec::new(), count: others.len() as u64, listing }
    }
}
