//! Changing the account in memory by the calls AWS would take for it.

use super::world::{ALL_BLOCKED, Refusal};
use super::{AccountError, Memory};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::BucketName;
use sts_schemas::policy::{PolicyDocument, Principal};
use sts_schemas::resource::{Address, Bucket, Object, Provider, Resource, Role, Tags};

impl Memory {
    /// What AWS would fill in for a provider that was asked for without a thumbprint.
    const THUMBPRINT: &str = "0000000000000000000000000000000000000000";

    /// What a change begins with: what was seen before, or else what one creating call makes or finds.
    async fn begin(
        &self,
        call: &str,
        before: Option<&Resource>,
        made: Resource,
        tags: &Tags,
    ) -> Result<Resource, AccountError> {
        let at = made.address();
        if before.is_none() {
            return self.call(call, &at, |world| world.create(made, tags)).await;
        }
        self.peek(&at).ok_or_else(|| Refusal::of("it has gone since it was planned").as_error(call, &at))
    }

    pub(super) async fn put_bucket(
        &self,
        before: Option<&Resource>,
        after: &Bucket,
    ) -> Result<(), AccountError> {
        let at = Address::Bucket(after.name.clone());
        let made = Resource::Bucket(Bucket {
            tags: Tags::new(),
            policy: None,
            public_access_block: Some(ALL_BLOCKED),
            ..after.clone()
        });
        let Resource::Bucket(now) = self.begin("s3:CreateBucket", before, made, &after.tags).await? else {
            return Ok(());
        };
        if now.region != after.region {
            return Err(Refusal::of("it stands in another region").as_error("s3:CreateBucket", &at));
        }
        if merged(&now.tags, &after.tags) != now.tags {
            self.call("s3:PutBucketTagging", &at, |world| {
                world.bucket(&at)?.tags.extend(after.tags.clone());
                Ok(())
            })
            .await?;
        }
        if now.public_access_block != after.public_access_block {
            self.call("s3:PutBucketPublicAccessBlock", &at, |world| {
                world.bucket(&at)?.public_access_block = after.public_access_block;
                Ok(())
            })
            .await?;
        }
        if now.policy == after.policy {
            return Ok(());
        }
        self.call("s3:PutBucketPolicy", &at, |world| {
            let bucket = world.bucket(&at)?;
            let blocked = bucket.public_access_block.is_some_and(|block| block.block_public_policy);
            if blocked && after.policy.as_ref().is_some_and(lets_everyone_in) {
                return Err(Refusal::of("public policies are blocked by the public access block"));
            }
            bucket.policy.clone_from(&after.policy);
            Ok(())
        })
        .await
    }

    pub(super) async fn put_object(
        &self,
        before: Option<&Resource>,
        after: &Object,
    ) -> Result<(), AccountError> {
        const CALL: &str = "s3:PutObject";
        let at = Address::Object(after.bucket.clone(), after.key.clone());
        let wanted = Resource::Object(after.clone());
        let written = self.call(CALL, &at, |world| {
            world.bucket(&Address::Bucket(after.bucket.clone()))?;
            let now = world.resources.get(&at);
            let as_seen = now == before || now == Some(&wanted);
            if as_seen {
                world.resources.insert(at.clone(), wanted);
            }
            Ok(as_seen)
        });
        if written.await? { Ok(()) } else { Err(AccountError::overtaken(CALL, at.to_string())) }
    }

    pub(super) async fn put_provider(
        &self,
        before: Option<&Resource>,
        after: &Provider,
    ) -> Result<(), AccountError> {
        let mut made = after.clone();
        if made.thumbprints.is_empty() {
            made.thumbprints.insert(Self::THUMBPRINT.into());
        }
        let call = "iam:CreateOpenIDConnectProvider";
        let now = self.begin(call, before, Resource::Provider(made.clone()), &after.tags).await?;
        let Resource::Provider(now) = now else { return Ok(()) };
        let at = Address::Provider(after.issuer.host_and_path().to_owned());
        let thumbprints =
            if after.thumbprints.is_empty() { now.thumbprints.clone() } else { made.thumbprints.clone() };
        let settled = Provider { tags: merged(&now.tags, &after.tags), thumbprints, ..made };
        for (call, differs) in [
            ("iam:TagOpenIDConnectProvider", settled.tags != now.tags),
            ("iam:AddClientIDToOpenIDConnectProvider", settled.client_ids != now.client_ids),
            ("iam:UpdateOpenIDConnectProviderThumbprint", settled.thumbprints != now.thumbprints),
        ] {
            if differs {
                self.call(call, &at, |world| world.change_provider(&at, call, &settled)).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn put_role(&self, before: Option<&Resource>, after: &Role) -> Result<(), AccountError> {
        let at = Address::Role(after.name.clone());
        let made = Role { inline: BTreeMap::new(), attached: BTreeSet::new(), ..after.clone() };
        let now = self.begin("iam:CreateRole", before, Resource::Role(made.clone()), &after.tags).await?;
        let Resource::Role(now) = now else { return Ok(()) };
        let settled = Role {
            inline: now.inline.clone(),
            attached: now.attached.clone(),
            tags: merged(&now.tags, &after.tags),
            ..made
        };
        if now != settled {
            self.call("iam:UpdateRole", &at, |world| {
                *world.role(&at)? = settled;
                Ok(())
            })
            .await?;
        }
        for (name, policy) in &after.inline {
            if now.inline.get(name) != Some(policy) {
                self.call("iam:PutRolePolicy", &at, |world| {
                    Ok(world.role(&at)?.inline.insert(name.clone(), policy.clone()))
                })
                .await?;
            }
        }
        let unwanted = now.inline.keys().filter(|name| !after.inline.contains_key(*name)).cloned().collect();
        self.strip_role(&at, unwanted, now.attached.difference(&after.attached).cloned().collect()).await
    }

    /// Takes these inline policies off a role, and detaches these managed ones.
    async fn strip_role(
        &self,
        at: &Address,
        inline: Vec<String>,
        attached: Vec<String>,
    ) -> Result<(), AccountError> {
        for name in inline {
            self.call("iam:DeleteRolePolicy", at, |world| Ok(world.role(at)?.inline.remove(&name))).await?;
        }
        for arn in attached {
            self.call("iam:DetachRolePolicy", at, |world| Ok(world.role(at)?.attached.remove(&arn))).await?;
        }
        Ok(())
    }

    pub(super) async fn remove_role(&self, before: &Role) -> Result<(), AccountError> {
        let at = Address::Role(before.name.clone());
        if self.peek(&at).is_none() {
            return Ok(());
        }
        let (inline, attached) = (before.inline.keys().cloned(), before.attached.iter().cloned());
        self.strip_role(&at, inline.collect(), attached.collect()).await?;
        self.call("iam:DeleteRole", &at, |world| {
            if world.lent.contains_key(&before.name) {
                return Err(Refusal::in_use("it is in an instance profile"));
            }
            let role = world.role(&at)?;
            if role.inline.is_empty() && role.attached.is_empty() {
                world.resources.remove(&at);
                return Ok(());
            }
            Err(Refusal::of("policies that were not in the plan are still attached to it"))
        })
        .await
    }

    pub(super) async fn remove_bucket(&self, name: &BucketName) -> Result<(), AccountError> {
        let at = Address::Bucket(name.clone());
        self.call("s3:DeleteBucket", &at, |world| {
            if world.objects(name).next().is_some() {
                return Err(Refusal::of("the bucket is not empty"));
            }
            world.resources.remove(&at);
            Ok(())
        })
        .await
    }
}

/// Tags are added and changed, never taken away.
fn merged(now: &Tags, wanted: &Tags) -> Tags {
    let mut tags = now.clone();
    tags.extend(wanted.clone());
    tags
}

fn lets_everyone_in(policy: &PolicyDocument) -> bool {
    policy
        .statement
        .iter()
        .any(|statement| matches!(&statement.principal, Some(Principal::Everyone(who)) if who == "*"))
}
