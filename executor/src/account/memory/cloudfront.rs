//! Distributions, access controls and statements of the account in memory.

use super::world::Refusal;
use super::{AccountError, Memory};
use crate::account::Deployment;
use sts_schemas::digest::Sha256;
use sts_schemas::policy::Principal;
use sts_schemas::resource::{AccessControl, Address, BucketStatement, Distribution, OriginAccess, Resource};

/// How often a distribution is asked for before it says that its change has reached every place.
const LOOKS: u32 = 2;

impl Memory {
    pub(super) async fn put_access_control(&self, after: &AccessControl) -> Result<(), AccountError> {
        let made = Resource::AccessControl(after.clone());
        self.call("cloudfront:CreateOriginAccessControl", &made.address(), |world| {
            world.create(made.clone(), &after.tags).map(drop)
        })
        .await
    }

    pub(super) async fn put_distribution(&self, after: &Distribution) -> Result<(), AccountError> {
        let at = Address::Distribution(after.bucket.clone());
        let digest = Sha256::of(after.caller_reference.as_bytes());
        let by_chance = || format!("d{}.cloudfront.net", &digest.as_str()[..13]);
        let domain = self.front.clone().unwrap_or_else(by_chance);
        let control = Address::AccessControl(after.bucket.clone());
        self.call("cloudfront:CreateDistributionWithTags", &at, |world| {
            if matches!(after.access, OriginAccess::Control { .. }) && !world.resources.contains_key(&control)
            {
                return Err(Refusal::of("there is no such origin access control"));
            }
            let made = Distribution { domain: Some(domain), ..after.clone() };
            world.create(Resource::Distribution(made), &after.tags)?;
            if let Some(Resource::Distribution(there)) = world.resources.get_mut(&at) {
                let (domain, mut tags) = (there.domain.clone(), there.tags.clone());
                tags.extend(after.tags.clone());
                *there = Distribution { domain, tags, ..after.clone() };
            }
            world.deploying.insert(at.clone(), LOOKS);
            Ok(())
        })
        .await
    }

    pub(super) async fn put_statement(&self, after: &BucketStatement) -> Result<(), AccountError> {
        let made = Resource::BucketStatement(after.clone());
        let at = made.address();
        self.call("s3:PutBucketPolicy", &at, |world| {
            let bucket = world.bucket(&Address::Bucket(after.bucket.clone()))?;
            let blocked = bucket.public_access_block.is_some_and(|block| block.block_public_policy);
            if blocked && matches!(after.statement.principal, Some(Principal::Everyone(_))) {
                return Err(Refusal::of("public policies are blocked by the public access block"));
            }
            world.resources.insert(at.clone(), made.clone());
            Ok(())
        })
        .await
    }

    pub(super) async fn remove_access_control(&self, before: &AccessControl) -> Result<(), AccountError> {
        let at = Address::AccessControl(before.bucket.clone());
        let user = Address::Distribution(before.bucket.clone());
        self.call("cloudfront:DeleteOriginAccessControl", &at, |world| {
            if world.resources.contains_key(&user) {
                return Err(Refusal::of("a distribution still uses it"));
            }
            world.resources.remove(&at);
            Ok(())
        })
        .await
    }

    pub(super) async fn remove_distribution(&self, before: &Distribution) -> Result<(), AccountError> {
        let at = Address::Distribution(before.bucket.clone());
        self.call("cloudfront:DeleteDistribution", &at, |world| {
            match world.resources.get(&at) {
                Some(Resource::Distribution(there)) if there.enabled => {
                    return Err(Refusal::of("the distribution is not disabled"));
                }
                _ if world.deploying.contains_key(&at) => {
                    return Err(Refusal::of("that it is disabled has not reached every place"));
                }
                _ => {}
            }
            world.resources.remove(&at);
            Ok(())
        })
        .await
    }

    pub(super) async fn look_at_deployment(
        &self,
        distribution: &Distribution,
    ) -> Result<Option<Deployment>, AccountError> {
        let at = Address::Distribution(distribution.bucket.clone());
        self.call("cloudfront:GetDistribution", &at, |world| {
            let Some(Resource::Distribution(there)) = world.resources.get(&at) else { return Ok(None) };
            let domain = there.domain.clone().unwrap_or_default();
            let left = world.deploying.get(&at).copied().unwrap_or_default().saturating_sub(1);
            if left == 0 {
                world.deploying.remove(&at);
            } else {
                world.deploying.insert(at.clone(), left);
            }
            Ok(Some(Deployment { domain, is_deployed: left == 0 }))
        })
        .await
    }

    pub(super) async fn disable_distribution(&self, before: &Distribution) -> Result<(), AccountError> {
        let at = Address::Distribution(before.bucket.clone());
        self.call("cloudfront:UpdateDistribution", &at, |world| {
            if let Some(Resource::Distribution(there)) = world.resources.get_mut(&at)
                && there.enabled
            {
                there.enabled = false;
                world.deploying.insert(at.clone(), LOOKS);
            }
            Ok(())
        })
        .await
    }
}
