//! Looking at an account: one round trip to find what there is, one more to read it.

use super::answer::Answer;
use super::bucket_read::Contents;
use super::distribution::Fronts;
use super::role::{Interest, Profiles, Reading};
use super::statement::StoredPolicy;
use super::{Aws, access_identity, distribution, provider, role};
use crate::account::{AccountError, AccountErrorKind, Departing, Scope, Search};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use sts_schemas::aws::{BucketName, Region};
use sts_schemas::cli_input::CreateBucket;
use sts_schemas::cluster::{IssuerUrl, OWNED};
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{
    Address, BucketStatement, DISTRIBUTION_REFERENCE, PublicAccessBlock, Resource, Tags,
};
use sts_schemas::state::{Observed, Unseen};

/// How long CloudFront may take where nobody speaks of a distribution: many networks have no way to it.
const BESIDE: Duration = Duration::from_secs(20);

/// What stands at a bucket's name, or why that was not seen.
enum Sight {
    There(Vec<Resource>, BucketName, Contents),
    /// A bucket of others', of which only what is wanted in it and what it blocks is told.
    Others(Vec<Resource>, BucketName, Region, Option<PublicAccessBlock>),
    Not(Address, Unseen),
}

/// Looks at everything in `scope`.
pub(super) async fn observe(aws: &Aws, scope: &Scope) -> Result<Observed, AccountError> {
    let ((roles, veiled), (providers, denied), buckets, fronts) = tokio::try_join!(
        observe_roles(aws, scope),
        observe_providers(aws, scope),
        observe_buckets(aws, scope),
        observe_distributions(aws, scope)
    )?;
    let lent = roles.iter().filter(|reading| !reading.profiles.is_empty());
    let lent = lent.map(|reading| (reading.role.name.clone(), reading.profiles.clone())).gather();
    let roles: Vec<_> = roles.into_iter().map(|reading| Resource::Role(reading.role)).collect();
    let mut unseen = unseen_providers(denied, scope, &roles)?;
    unseen.extend(veiled.into_iter().map(|address| (address, Unseen::Denied)));
    let Fronts { distributions, resources, others } = fronts.unwrap_or_else(|| {
        unseen.insert(Address::Distribution(scope.cluster.default_bucket()), Unseen::Denied);
        Fronts::default()
    });
    let mut observed = Observed {
        account: aws.identity.account.clone(),
        partition: aws.identity.partition,
        resources: roles
            .into_iter()
            .chain(providers)
            .chain(resources)
            .map(|found| (found.address(), found))
            .gather(),
        taken: BTreeSet::new(),
        leftovers: BTreeMap::new(),
        remains: BTreeSet::new(),
        fronts: others,
        blocks: BTreeMap::new(),
        regions: BTreeMap::new(),
        identities: BTreeMap::new(),
        lent,
        unseen: BTreeMap::new(),
    };
    let shared = |bucket: &BucketName| {
        let lets_in = |address: &Address| matches!(address, Address::BucketStatement(at, _) if at == bucket);
        scope.wanted.iter().any(lets_in)
    };
    for sight in buckets {
        match sight {
            Sight::Others(resources, bucket, region, block) => {
                observed.resources.extend(resources.into_iter().map(|found| (found.address(), found)));
                if shared(&bucket) {
                    observed.blocks.extend(block.map(|block| (bucket.clone(), block)));
                    observed.regions.insert(bucket, region);
                }
            }
            Sight::Not(address, why) => {
                if why == Unseen::Elsewhere && scope.wanted.contains(&address) {
                    observed.taken.insert(address.clone());
                }
                unseen.insert(address, why);
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
    observed.unseen = unseen;
    if scope.departing == Departing::Everything {
        observed.identities = access_identity::makers(aws, scope, &observed.resources).await;
    }
    Ok(observed)
}

/// The roles of concern, and those of others' names that the caller may not read.
async fn observe_roles(aws: &Aws, scope: &Scope) -> Result<(Vec<Reading>, Vec<Address>), AccountError> {
    let tag = scope.cluster.ownership_tag();
    let names = role::names(&aws.iam).await?;
    let reads = names.into_iter().filter_map(|name| {
        let address = Address::Role(name.clone());
        let interest =
            if scope.wanted.contains(&address) { Interest::Whatever } else { Interest::IfTagged(&tag) };
        let profiles = if scope.may_go(&address) { Profiles::Ask } else { Profiles::Leave };
        scope.covers(&address).then_some(async move {
            match role::read(&aws.iam, &name, (interest, profiles)).await {
                // Denied to show even its tags. One that bears the cluster's must be read whole.
                Err(error) if error.call == role::READ && is_told_of(scope, &address, &error) => {
                    Ok(Err(address))
                }
                read => read.map(Ok),
            }
        })
    });
    let (mut roles, mut veiled) = (Vec::new(), Vec::new());
    for read in aws.reading.side_by_side(reads).await? {
        match read {
            Ok(there) => roles.extend(there),
            Err(address) => veiled.push(address),
        }
    }
    Ok((roles, veiled))
}

/// Whether this denial stops no delete, but is told at its end: the name says nothing of the cluster, only a tag could.
fn is_told_of(scope: &Scope, address: &Address, error: &AccountError) -> bool {
    let expected = scope.wanted.contains(address) || scope.is_named_for_cluster(address);
    scope.departing == Departing::Everything && is_denial(error) && !expected
}

/// What CloudFront holds of the cluster; `None` where nobody speaks of a distribution and it could not be looked at.
///
/// # Errors
/// Where all shall go, permissions that are wanting too: nobody could say that no distribution is left. That CloudFront
/// is out of reach, or denied from above whatever the caller's own policies say, is none: nobody could mend it there.
async fn observe_distributions(aws: &Aws, scope: &Scope) -> Result<Option<Fronts>, AccountError> {
    let is_wanted =
        |address: &Address| matches!(address, Address::Distribution(_)) && !scope.led.contains(address);
    if scope.wanted.iter().any(is_wanted) {
        return distribution::observe(aws, scope).await.map(Some);
    }
    let all_goes = scope.departing == Departing::Everything;
    match tokio::time::timeout(BESIDE, distribution::observe(aws, scope)).await {
        Ok(Err(error)) if error.kind == AccountErrorKind::AccessDenied && all_goes => Err(error),
        Ok(Err(error)) if error.kind == AccountErrorKind::Busy && all_goes => Err(error),
        Ok(Err(error)) if is_denial(&error) || is_out_of_reach(&error) => Ok(None),
        Ok(seen) => seen.map(Some),
        Err(_) => Ok(None),
    }
}

/// Providers that the caller may not read; none of them may be one that a role of the cluster's trusts.
///
/// # Errors
/// The denial, where a role does: the generation last applied may stand there.
fn unseen_providers(
    denied: BTreeMap<Address, AccountError>,
    scope: &Scope,
    roles: &[Resource],
) -> Result<BTreeMap<Address, Unseen>, AccountError> {
    let owned = roles.iter().filter(|role| role.is_owned_by(&scope.cluster));
    let trust: String = owned
        .filter_map(|role| match role {
            Resource::Role(role) => Some(role.trust.canonical()),
            _ => None,
        })
        .collect();
    let is_trusted = |address: &Address| match address {
        Address::Provider(issuer) => trust.contains(&format!(":oidc-provider/{issuer}\"")),
        _ => false,
    };
    let mut unseen = BTreeMap::new();
    for (address, error) in denied {
        if is_trusted(&address) {
            return Err(error);
        }
        unseen.insert(address, Unseen::Denied);
    }
    Ok(unseen)
}

/// The providers of concern, and those of others' names that the caller may not read.
async fn observe_providers(
    aws: &Aws,
    scope: &Scope,
) -> Result<(Vec<Resource>, BTreeMap<Address, AccountError>), AccountError> {
    let issuers = provider::issuers(&aws.iam).await?;
    let covered = |issuer: &IssuerUrl| scope.covers(&Address::Provider(issuer.host_and_path().to_owned()));
    let reads = issuers.into_iter().filter(covered).map(|issuer| async move {
        let address = Address::Provider(issuer.host_and_path().to_owned());
        let expected = scope.wanted.contains(&address) || scope.is_named_for_cluster(&address);
        match provider::read(&aws.iam, &aws.identity, &issuer).await {
            // Looked at only because it might bear the tag: whoever may not is told of it, and goes on.
            Err(error) if is_denial(&error) && !expected => Ok(Err((address, error))),
            read => read.map(Ok),
        }
    });
    let found = aws.reading.side_by_side(reads).await?;
    let (mut providers, mut denied) = (Vec::new(), BTreeMap::new());
    for read in found {
        match read {
            Ok(there) => providers.extend(there.map(Resource::Provider)),
            Err((address, error)) => drop(denied.insert(address, error)),
        }
    }
    providers.retain(|found| is_of_interest(scope, found));
    Ok((providers, denied))
}

fn is_denial(error: &AccountError) -> bool {
    [AccountErrorKind::AccessDenied, AccountErrorKind::DeniedAbove].contains(&error.kind)
}

fn is_out_of_reach(error: &AccountError) -> bool {
    [AccountErrorKind::Unreachable, AccountErrorKind::Busy].contains(&error.kind)
}

async fn observe_buckets(aws: &Aws, scope: &Scope) -> Result<Vec<Sight>, AccountError> {
    let expected = &scope.buckets();
    let mut names = expected.clone();
    if scope.search == Search::Thorough {
        names.extend(own_buckets(aws).await?);
    }
    let looks = names.into_iter().map(|name| async move {
        let address = Address::Bucket(name.clone());
        if !expected.contains(&name) {
            match bears_the_tag(aws, scope, &name).await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) if is_told_of(scope, &address, &error) => {
                    return Ok(Some(Sight::Not(address, Unseen::Denied)));
                }
                Err(error) => return Err(error),
            }
        }
        match Box::pin(observe_bucket(aws, scope, name.clone())).await {
            Err(error) if is_denial(&error) && scope.is_led_to(&name) => {
                Ok(Some(Sight::Not(address, Unseen::Denied)))
            }
            seen => seen.map(Some),
        }
    });
    let seen = aws.reading.side_by_side(looks).await?;
    Ok(seen.into_iter().flatten().collect())
}

/// Whether a bucket, of which only its tags could tell, bears the cluster's: of one that does not, nothing else is read.
async fn bears_the_tag(aws: &Aws, scope: &Scope, name: &BucketName) -> Result<bool, AccountError> {
    let Some(region) = locate(aws, name).await? else { return Ok(false) };
    let tags = aws.bucket_client(name, &region).read_tags().await?;
    Ok(tags.get(&scope.cluster.ownership_tag()).is_some_and(|value| value == OWNED))
}

/// Looks at one bucket.
async fn observe_bucket(aws: &Aws, scope: &Scope, name: BucketName) -> Result<Sight, AccountError> {
    let address = Address::Bucket(name.clone());
    let region = match locate(aws, &name).await {
        Ok(Some(region)) => region,
        Ok(None) => return Ok(Sight::Not(address, Unseen::Absent)),
        Err(error) if is_denial(&error) => {
            return Ok(Sight::Not(address, why_denied(aws, &name, error).await?));
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
        .gather();
    let objects = futures_util::future::try_join_all(keys.iter().map(|key| client.read_object(key)));
    let (settings, objects) = tokio::try_join!(client.read_settings(&region), objects)?;
    let Some(settings) = settings else { return Ok(Sight::Not(address, Unseen::Absent)) };
    let statements = statements(scope, &name, &region, settings.policy.as_ref());
    let objects = objects.into_iter().flatten().map(|reading| Resource::Object(reading.object));
    let within: Vec<Resource> = statements.into_iter().chain(objects).collect();
    let bucket = Resource::Bucket(settings.bucket.clone());
    if !is_of_interest(scope, &bucket) {
        // Somebody else's bucket, of which a path is wanted: the rest of it is nobody's concern here.
        return Ok(Sight::Others(within, name, region, settings.bucket.public_access_block));
    }
    // A stranger's bucket may hold millions of objects: nobody needs them counted.
    let contents = if bucket.is_owned_by(&scope.cluster) || bucket.tags().is_empty() {
        client.leftovers(settings.first, &keys).await?
    } else {
        Contents::default()
    };
    Ok(Sight::There(std::iter::once(bucket).chain(within).collect(), name, contents))
}

/// Why S3 denied to say where a bucket is: it does so alike for what may not be looked at and what is another account's.
///
/// # Errors
/// The denial itself, where the bucket is this account's: only to the account's own callers does S3 say which
/// permission they lack.
async fn why_denied(aws: &Aws, name: &BucketName, denial: AccountError) -> Result<Unseen, AccountError> {
    if denial.message.contains("not authorized to perform") {
        return Err(denial);
    }
    match own_buckets(aws).await {
        Ok(own) if own.contains(name) => Err(denial),
        Ok(_) => Ok(Unseen::Elsewhere),
        Err(error) if is_denial(&error) => Ok(Unseen::Denied),
        Err(error) => Err(error),
    }
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
