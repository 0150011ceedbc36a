//! Looking at an account: one round trip to find what there is, one more to read it.

use super::answer::Answer;
use super::bucket_read::Contents;
use super::role::Interest;
use super::statement::StoredPolicy;
use super::{Aws, distribution, provider, role};
use crate::account::{AccountError, AccountErrorKind, Scope, Search};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;
use sts_schemas::aws::{BucketName, Region};
use sts_schemas::cli_input::CreateBucket;
use sts_schemas::cluster::{IssuerUrl, OWNED};
use sts_schemas::resource::{Address, BucketStatement, DISTRIBUTION_REFERENCE, Resource, Tags};
use sts_schemas::state::Observed;

/// How many things are read at once. Each role takes four calls, and IAM allows an account's readers tens a second.
const WIDTH: usize = 32;

/// What stands at an address, or that somebody else holds it.
enum Sight {
    There(Vec<Resource>, BucketName, Contents),
    Taken(Address),
}

/// Looks at everything in `scope`.
pub(super) async fn observe(aws: &Aws, scope: &Scope) -> Result<Observed, AccountError> {
    let (roles, providers, buckets, (distributions, fronts)) = tokio::try_join!(
        observe_roles(aws, scope),
        observe_providers(aws, scope),
        observe_buckets(aws, scope),
        distribution::observe(aws, scope)
    )?;
    let mut observed = Observed {
        account: aws.identity.account.clone(),
        partition: aws.identity.partition,
        resources: roles
            .into_iter()
            .chain(providers)
            .chain(fronts)
            .map(|found| (found.address(), found))
            .collect(),
        taken: BTreeSet::new(),
        leftovers: std::collections::BTreeMap::new(),
        remains: BTreeSet::new(),
    };
    for sight in buckets {
        match sight {
            Sight::Taken(address) => {
                observed.taken.insert(address);
            }
            Sight::There(resources, bucket, Contents { leftovers, remains }) => {
                let resources = resources.into_iter().map(|found| with_reference(found, &distributions));
                observed.resources.extend(resources.map(|found| (found.address(), found)));
                let remains = remains.into_iter().map(|key| Address::Object(bucket.clone(), key));
                observed.remains.extend(remains);
                if leftovers.count > 0 {
                    observed.leftovers.insert(bucket, leftovers);
                }
            }
        }
    }
    Ok(observed)
}

impl Scope {
    /// Whether this address is wanted, or may bear the cluster's tag.
    fn covers(&self, address: &Address) -> bool {
        self.search == Search::Thorough || self.wanted.contains(address) || self.is_named_for_cluster(address)
    }
}

async fn observe_roles(aws: &Aws, scope: &Scope) -> Result<Vec<Resource>, AccountError> {
    let tag = scope.cluster.ownership_tag();
    let names = role::names(&aws.iam).await?;
    let reads = names.into_iter().filter_map(|name| {
        let address = Address::Role(name.clone());
        let interest =
            if scope.wanted.contains(&address) { Interest::Whatever } else { Interest::IfTagged(&tag) };
        scope.covers(&address).then_some(async move { role::read(&aws.iam, &name, interest).await })
    });
    let found: Vec<_> = stream::iter(reads).buffer_unordered(WIDTH).try_collect().await?;
    Ok(found.into_iter().flatten().map(Resource::Role).collect())
}

async fn observe_providers(aws: &Aws, scope: &Scope) -> Result<Vec<Resource>, AccountError> {
    let issuers = provider::issuers(&aws.iam).await?;
    let covered = |issuer: &IssuerUrl| scope.covers(&Address::Provider(issuer.host_and_path().to_owned()));
    let reads = issuers
        .into_iter()
        .filter(covered)
        .map(|issuer| async move { provider::read(&aws.iam, &aws.identity, &issuer).await });
    let found: Vec<_> = stream::iter(reads).buffer_unordered(WIDTH).try_collect().await?;
    Ok(found
        .into_iter()
        .flatten()
        .map(Resource::Provider)
        .filter(|found| is_of_interest(scope, found))
        .collect())
}

async fn observe_buckets(aws: &Aws, scope: &Scope) -> Result<Vec<Sight>, AccountError> {
    let mut names: BTreeSet<BucketName> = scope
        .wanted
        .iter()
        .filter_map(|address| match address {
            Address::Bucket(name) | Address::Object(name, _) | Address::BucketStatement(name, _) => {
                Some(name.clone())
            }
            _ => None,
        })
        .collect();
    names.insert(scope.cluster.default_bucket());
    if scope.search == Search::Thorough {
        names.extend(own_buckets(aws).await?);
    }
    let looks = names.into_iter().map(|name| observe_bucket(aws, scope, name));
    let sights: Vec<_> = stream::iter(looks).buffer_unordered(WIDTH).try_collect().await?;
    Ok(sights.into_iter().flatten().collect())
}

/// Looks at one bucket; `None` where there is none, or it is nobody's concern.
async fn observe_bucket(aws: &Aws, scope: &Scope, name: BucketName) -> Result<Option<Sight>, AccountError> {
    let address = Address::Bucket(name.clone());
    let wanted = scope.wanted.contains(&address);
    let region = match locate(aws, &name).await {
        Ok(Some(region)) => region,
        Ok(None) => return Ok(None),
        Err(error)
            if [AccountErrorKind::AccessDenied, AccountErrorKind::DeniedAbove].contains(&error.kind) =>
        {
            // S3 denies alike what may not be looked at and what is another account's; but only to
            // the account's own callers does it say which permission they lack.
            let lacks_permission = error.message.contains("not authorized to perform");
            if lacks_permission || own_buckets(aws).await.is_ok_and(|own| own.contains(&name)) {
                return Err(error);
            }
            return Ok(wanted.then_some(Sight::Taken(address)));
        }
        Err(error) => return Err(error),
    };
    let client = aws.bucket_client(&name, &region);
    let keys: BTreeSet<String> = scope
        .wanted
        .iter()
        .filter_map(|address| match address {
            Address::Object(within, key) if *within == name => Some(key.clone()),
            _ => None,
        })
        .collect();
    let objects = futures_util::future::try_join_all(keys.iter().map(|key| client.read_object(key)));
    let (settings, objects) = tokio::try_join!(client.read_settings(&region), objects)?;
    let Some(settings) = settings else { return Ok(None) };
    let statements = statements(scope, &name, &region, settings.policy.as_ref());
    let objects = objects.into_iter().flatten().map(Resource::Object);
    let within: Vec<Resource> = statements.into_iter().chain(objects).collect();
    let bucket = Resource::Bucket(settings.bucket.clone());
    if !is_of_interest(scope, &bucket) {
        // Somebody else's bucket, of which a path is wanted: the rest of it is nobody's concern here.
        let shared = (!within.is_empty()).then(|| Sight::There(within, name, Contents::default()));
        return Ok(shared);
    }
    // A stranger's bucket may hold millions of objects: nobody needs them counted.
    let contents = if bucket.is_owned_by(&scope.cluster) || bucket.tags().is_empty() {
        client.leftovers(settings.first, &keys).await?
    } else {
        Contents::default()
    };
    Ok(Some(Sight::There(std::iter::once(bucket).chain(within).collect(), name, contents)))
}

/// The wanted statements of a bucket's policy. A `Sid` is made of the cluster's name: what bears it is the cluster's.
fn statements(
    scope: &Scope,
    bucket: &BucketName,
    region: &Region,
    policy: Option<&StoredPolicy>,
) -> Vec<Resource> {
    let wanted = scope.wanted.iter().filter_map(|address| match address {
        Address::BucketStatement(within, sid) if within == bucket => Some(sid),
        _ => None,
    });
    let found = wanted.filter_map(|sid| {
        Some(Resource::BucketStatement(BucketStatement {
            bucket: bucket.clone(),
            region: region.clone(),
            sid: sid.clone(),
            statement: policy?.statement(sid)?,
            tags: Tags::from([(scope.cluster.ownership_tag(), OWNED.to_owned())]),
        }))
    });
    found.collect()
}

/// A statement that names the cluster's own distribution by its id, as bundles write it: by reference.
fn with_reference(resource: Resource, distributions: &[distribution::Known]) -> Resource {
    let Resource::BucketStatement(mut one) = resource else { return resource };
    if let Some(known) = distributions.iter().find(|known| known.distribution.bucket == one.bucket) {
        let text = serde_json::to_string(&one.statement).unwrap_or_default();
        let text = text.replace(
            &format!(":distribution/{}\"", known.id),
            &format!(":distribution/{DISTRIBUTION_REFERENCE}\""),
        );
        one.statement = serde_json::from_str(&text).unwrap_or(one.statement);
    }
    Resource::BucketStatement(one)
}

fn is_of_interest(scope: &Scope, found: &Resource) -> bool {
    scope.wanted.contains(&found.address()) || found.is_owned_by(&scope.cluster)
}

/// The region a bucket of this account stands in; `None` where there is no bucket of that name.
async fn locate(aws: &Aws, name: &BucketName) -> Result<Option<Region>, AccountError> {
    const CALL: &str = "s3:GetBucketLocation";
    let client = aws.bucket_client(name, &aws.region);
    let ask = client.s3.get_bucket_location().bucket(name.as_str()).expected_bucket_owner(&client.owner);
    let Some(answer) = ask.send().await.or_absent(CALL, &client.on(), &["NoSuchBucket"])? else {
        return Ok(None);
    };
    // Source: Amazon S3 API Reference, `GetBucketLocation`: no text for the oldest region, `EU` for the next.
    let region = match answer.location_constraint().map(aws_sdk_s3::types::BucketLocationConstraint::as_str) {
        None | Some("") => CreateBucket::REGION_WITHOUT_CONSTRAINT,
        Some("EU") => "eu-west-1",
        Some(region) => region,
    };
    region.parse().map(Some).map_err(|error| client.failed(CALL, format!("the answer is unusable: {error}")))
}

/// The names of all buckets of the account.
async fn own_buckets(aws: &Aws) -> Result<BTreeSet<BucketName>, AccountError> {
    let mut pages = aws.s3.list_buckets().into_paginator().send();
    let mut names = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.or_error("s3:ListAllMyBuckets", "the account")?;
        names.extend(page.buckets().iter().filter_map(|bucket| bucket.name()?.parse::<BucketName>().ok()));
    }
    Ok(names)
}
