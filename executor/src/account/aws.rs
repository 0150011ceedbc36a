//! An account on AWS itself. The SDK is spoken to here and below, and nowhere else.

mod access_control;
mod access_identity;
mod answer;
mod bucket;
mod bucket_read;
mod call_log;
mod distribution;
mod distribution_change;
mod document;
mod endpoint;
mod limits;
mod object;
mod object_write;
mod observe;
mod pages;
mod patience;
mod profile;
mod provider;
mod role;
mod role_change;
mod statement;
mod survey;
mod unasked;
mod versions;
mod witness;

pub use call_log::{CallLog, LogError};
pub use endpoint::{ForeignEndpoints, RedirectedEndpoint};
pub use limits::CallLimits;

use super::{
    Account, AccountError, AccountErrorKind, Deployment, Identity, Roots, Scope, Survey, Width, Wish,
};
use crate::session::{Listener, NamedProfile};
use answer::Answer;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use std::collections::BTreeSet;
use std::time::Duration;
use sts_schemas::aws::{AccountId, Arn, Partition, Region};
use sts_schemas::resource::{Bucket, BucketStatement, DISTRIBUTION_REFERENCE, Distribution, Resource};
use sts_schemas::state::{Leftovers, Observed};
use survey::Fips;
use witness::Witness;

/// How to reach the account; all else comes from the usual chain: environment, profiles, roles.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// The region to work in; IAM's endpoint is that of the region's partition.
    pub region: Region,
    /// What to do when the configuration leads to hosts that are not AWS's.
    pub foreign_endpoints: ForeignEndpoints,
    /// Bounds on every call.
    pub limits: CallLimits,
    /// Whose certificates count.
    pub roots: Roots,
    /// The variables that name a proxy, each with what it says: to be told where nothing gets through.
    pub proxies: Vec<(&'static str, String)>,
    /// The profile that the environment names, if any: to be told where there is none of that name.
    pub profile: Option<NamedProfile>,
    /// Where every attempt at every call is written down, if anywhere.
    pub log: Option<CallLog>,
    /// Who is told of every attempt at every call, if anybody.
    pub listener: Option<Listener>,
}

/// An account on AWS, open because AWS has said whose credentials these are.
#[derive(Debug)]
pub struct Aws {
    identity: Identity,
    region: Region,
    width: Width,
    /// How much is read at once.
    reading: Width,
    looking: Duration,
    /// Where the configuration sends calls, be it to AWS's own endpoints.
    endpoints: Vec<RedirectedEndpoint>,
    redirected: Vec<RedirectedEndpoint>,
    proxies: Vec<(&'static str, String)>,
    iam: aws_sdk_iam::Client,
    s3: aws_sdk_s3::Client,
    /// Where S3 tells of the account as a whole.
    control: String,
    cloudfront: aws_sdk_cloudfront::Client,
}

impl Aws {
    /// For the very first call.
    const FIRST_ATTEMPTS: u32 = 3;

    /// Asks STS whose credentials these are, and opens the account they belong to.
    ///
    /// # Errors
    /// When there are no usable credentials, STS cannot be reached, or an endpoint is not one of AWS's.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, AccountError> {
        let config = load(options).await;
        let endpoints = endpoint::all(&config);
        let redirected = endpoint::redirected(&endpoints);
        endpoint::check(&redirected, options.foreign_endpoints)?;
        let (width, reading) = (Width::default(), Width::new(Width::MOST_READS));
        let budget = options.limits.budget();
        let witness = Witness::new(options.log.clone(), options.listener, [width.clone(), reading.clone()]);
        let sts = aws_sdk_sts::config::Builder::from(&config)
            .interceptor(witness.clone())
            .retry_partition(budget.clone());
        let identity = who(sts, options.limits.attempts.get()).await.map_err(|error| {
            let error = profile::explain(error, options.profile.as_ref());
            endpoint::name_endpoint(error, (&endpoints, &options.proxies), &options.region)
        })?;
        let iam = aws_sdk_iam::config::Builder::from(&config)
            .interceptor(witness.clone())
            .retry_partition(budget.clone())
            .build();
        let cloudfront = cloudfront(&config, &identity)
            .interceptor(witness.clone())
            .retry_partition(budget.clone())
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .interceptor(witness)
            .retry_partition(budget)
            // A host that is not AWS's has no names for its buckets.
            .force_path_style(redirected.iter().any(|endpoint| endpoint.service == "s3"))
            .build();
        let fips = if config.use_fips() == Some(true) { Fips::Wanted } else { Fips::NotAsked };
        let own_control = endpoint::configured(&config, "S3 Control");
        let control =
            survey::control_url(own_control.as_deref(), identity.account.as_str(), &options.region, fips);
        Ok(Self {
            identity,
            control,
            region: options.region.clone(),
            width,
            reading,
            looking: options.limits.looking,
            endpoints,
            redirected,
            proxies: options.proxies.clone(),
            cloudfront: aws_sdk_cloudfront::Client::from_conf(cloudfront),
            iam: aws_sdk_iam::Client::from_conf(iam),
            s3: aws_sdk_s3::Client::from_conf(s3),
        })
    }

    /// Endpoints in use that the configuration names and that are not AWS's: to be shown to the person.
    #[must_use]
    pub fn redirected_endpoints(&self) -> &[RedirectedEndpoint] {
        &self.redirected
    }

    /// The way to a bucket that stands in `region`.
    fn bucket_client(&self, name: &sts_schemas::aws::BucketName, region: &Region) -> bucket::Client {
        let s3 = if *region == self.region {
            self.s3.clone()
        } else {
            let region = aws_config::Region::new(region.as_str().to_owned());
            aws_sdk_s3::Client::from_conf(self.s3.config().to_builder().region(region).build())
        };
        bucket::Client { s3, name: name.clone(), owner: self.identity.account.to_string() }
    }

    /// Puts a statement into a bucket's policy, with the id of the distribution it may refer to.
    async fn put_statement(&self, after: &BucketStatement) -> Result<(), AccountError> {
        let refers =
            serde_json::to_string(&after.statement).is_ok_and(|text| text.contains(DISTRIBUTION_REFERENCE));
        let distribution = if refers {
            let found = distribution::of_bucket(self, &after.bucket, &after.tags).await?;
            found.into_iter().next().map(|known| known.id)
        } else {
            None
        };
        self.bucket_client(&after.bucket, &after.region).put_statement(after, distribution.as_deref()).await
    }

    fn named<T>(&self, result: Result<T, AccountError>) -> Result<T, AccountError> {
        result.map_err(|error| endpoint::name_endpoint(error, (&self.endpoints, &self.proxies), &self.region))
    }
}

fn too_slow(limit: Duration) -> AccountError {
    let message = format!("it was not done after {} seconds; --run-timeout gives it more", limit.as_secs());
    AccountError::unanswered("looking", "the account", AccountErrorKind::Unreachable, message)
}

/// CloudFront has one endpoint in a partition, and wants calls signed for its home.
///
/// Source: AWS General Reference, "Amazon CloudFront endpoints and quotas". In partitions without it no call is made.
fn cloudfront(config: &SdkConfig, identity: &Identity) -> aws_sdk_cloudfront::config::Builder {
    let home = if identity.partition == Partition::AwsCn { "cn-northwest-1" } else { "us-east-1" };
    aws_sdk_cloudfront::config::Builder::from(config).region(aws_config::Region::new(home))
}

/// The configuration of every client, with all that may not be left to a stranger's profile.
async fn load(options: &ConnectOptions) -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(options.roots.client())
        .region(aws_config::Region::new(options.region.as_str().to_owned()))
        // Set outright: the SDK panics over a `retry_mode` it does not know, and adaptive mode waits for minutes.
        .retry_config(RetryConfig::standard().with_max_attempts(options.limits.attempts.get()))
        .timeout_config(options.limits.timeouts())
        .load()
        .await;
    endpoint::without_empty(config)
}

/// Asks whose credentials these are: at first in haste, since whoever cannot reach AWS at all should hear of it in
/// seconds, and then with all patience where AWS answered that it is busy.
async fn who(sts: aws_sdk_sts::config::Builder, attempts: u32) -> Result<Identity, AccountError> {
    let hasty = attempts.min(Aws::FIRST_ATTEMPTS);
    match who_in(sts.clone(), hasty).await {
        Err(error) if error.kind == AccountErrorKind::Busy && attempts > hasty => {
            who_in(sts, attempts - hasty).await
        }
        asked => asked,
    }
}

async fn who_in(sts: aws_sdk_sts::config::Builder, attempts: u32) -> Result<Identity, AccountError> {
    const CALL: &str = "sts:GetCallerIdentity";
    let on = "the credentials in use";
    let config = sts.retry_config(RetryConfig::standard().with_max_attempts(attempts)).build();
    let asked = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
    let answer = asked.or_error(CALL, on)?;
    let unusable = |error: &dyn std::fmt::Display| {
        AccountError::unanswered(
            CALL,
            on,
            AccountErrorKind::Other,
            format!("the answer is unusable: {error}"),
        )
    };
    let caller = answer.arn().unwrap_or_default();
    let arn: Arn = caller.parse().map_err(|error| unusable(&error))?;
    let account: AccountId =
        answer.account().unwrap_or_default().parse().map_err(|error| unusable(&error))?;
    Ok(Identity { account, partition: arn.partition(), caller: caller.to_owned() })
}

#[async_trait::async_trait(?Send)]
impl Account for Aws {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn width(&self) -> Width {
        self.width.clone()
    }

    async fn observe(&self, scope: &Scope) -> Result<Observed, AccountError> {
        let looked = tokio::time::timeout(self.looking, observe::observe(self, scope)).await;
        self.named(looked.unwrap_or_else(|_| Err(too_slow(self.looking))))
    }

    async fn survey(&self, wishes: &[Wish]) -> Survey {
        let Survey { public_access, quotas, denied } = Box::pin(survey::survey(self, wishes)).await;
        Survey {
            public_access: public_access.map(|known| self.named(known)),
            quotas: quotas.map(|known| self.named(known)),
            denied: denied.map(|known| self.named(known)),
        }
    }

    async fn put(&self, before: Option<&Resource>, after: &Resource) -> Result<(), AccountError> {
        self.named(match (before, after) {
            (Some(Resource::Bucket(before)), Resource::Bucket(after)) => {
                self.bucket_client(&after.name, &before.region).update(before, after).await
            }
            (_, Resource::Bucket(after)) => {
                self.bucket_client(&after.name, &after.region).create(after).await
            }
            (None, Resource::AccessControl(after)) => access_control::create(self, after).await,
            (Some(_), Resource::AccessControl(after)) => access_control::update(self, after).await,
            (None, Resource::Distribution(after)) => Box::pin(distribution_change::create(self, after)).await,
            (Some(_), Resource::Distribution(after)) => {
                Box::pin(distribution_change::update(self, after)).await
            }
            (_, Resource::BucketStatement(after)) => self.put_statement(after).await,
            (before, Resource::Object(after)) => {
                let before = match before {
                    Some(Resource::Object(before)) => Some(before),
                    _ => None,
                };
                self.bucket_client(&after.bucket, &self.region).put_object(before, after).await
            }
            (Some(Resource::Provider(before)), Resource::Provider(after)) => {
                provider::update(&self.iam, &self.identity, before, after).await
            }
            (_, Resource::Provider(after)) => provider::create(&self.iam, &self.identity, after).await,
            (Some(Resource::Role(before)), Resource::Role(after)) => {
                role_change::update(&self.iam, before, after).await
            }
            (_, Resource::Role(after)) => role_change::create(&self.iam, after).await,
        })
    }

    async fn empty(
        &self,
        bucket: &Bucket,
        seen: &Leftovers,
        besides: &BTreeSet<String>,
    ) -> Result<(), AccountError> {
        self.named(self.bucket_client(&bucket.name, &bucket.region).empty(seen, besides).await)
    }

    async fn remove(&self, before: &Resource) -> Result<(), AccountError> {
        self.named(match before {
            Resource::Bucket(bucket) => access_identity::delete_with_bucket(self, bucket).await,
            Resource::AccessControl(control) => access_control::delete(self, control).await,
            Resource::Distribution(there) => distribution_change::delete(self, there).await,
            Resource::BucketStatement(one) => {
                self.bucket_client(&one.bucket, &one.region).delete_statement(&one.sid).await
            }
            Resource::Object(object) => {
                self.bucket_client(&object.bucket, &self.region).delete_object(&object.key).await
            }
            Resource::Provider(provider) => provider::delete(&self.iam, &self.identity, provider).await,
            Resource::Role(role) => role_change::delete(&self.iam, role).await,
        })
    }

    async fn deployment(&self, distribution: &Distribution) -> Result<Option<Deployment>, AccountError> {
        self.named(distribution::deployment(self, distribution).await)
    }

    async fn disable(&self, distribution: &Distribution) -> Result<(), AccountError> {
        self.named(distribution_change::disable(self, distribution).await)
    }
}
