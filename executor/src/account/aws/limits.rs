//! How long a call may take, and how often it is made.

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sts::config::retry::{RetryPartition, TokenBucket};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

/// Bounds on every single call to AWS, and on all that it takes to look at an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// How often a call is made at most before its failure counts.
    pub attempts: NonZeroU32,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How long looking at the account may take.
    pub looking: Duration,
    /// How many further attempts all calls of a run may take together, where each is for a failure.
    pub retries: NonZeroU16,
}

impl CallLimits {
    /// With the SDK's growing pauses, enough to outlast about half a minute of throttling.
    pub const ATTEMPTS: NonZeroU32 = NonZeroU32::new(8).unwrap();
    /// Whoever was not heard so often will not be.
    pub const MOST_ATTEMPTS: NonZeroU32 = NonZeroU32::new(100).unwrap();
    /// In seconds. The slowest single call, `CreateOpenIDConnectProvider`, looks at the issuer's host first.
    pub const ATTEMPT_SECONDS: NonZeroU32 = NonZeroU32::new(30).unwrap();
    /// In seconds, for looking at an account and for changing it, each. The largest cluster takes a few minutes.
    pub const RUN_SECONDS: NonZeroU32 = NonZeroU32::new(3600).unwrap();
    /// A connection that takes longer will not come.
    const CONNECT: Duration = Duration::from_secs(5);
    /// All attempts of one call together, in times that one may take.
    const OPERATION: u32 = 5;

    /// Where more calls than this must be made again, waiting longer is no help.
    pub const RETRIES: NonZeroU16 = NonZeroU16::new(100).unwrap();
    /// A throttled call has done nothing yet: asking again later is what AWS wants, and costs next to nothing.
    const COST_OF_THROTTLING: u32 = 1;
    /// Where failures are many, the fault lies deeper than another attempt reaches.
    const COST_OF_FAILURE: u16 = 10;
    /// What comes back in a second to what a run may spend on calls made again.
    const REFILL: f32 = 10.0;

    /// The budget for calls made again, as the SDK takes it; its clones are one and the same.
    pub(super) fn budget(&self) -> RetryPartition {
        let cost = u32::from(Self::COST_OF_FAILURE);
        let bucket = TokenBucket::builder()
            .capacity(usize::from(self.retries.get()) * usize::from(Self::COST_OF_FAILURE))
            .throttling_retry_cost(Self::COST_OF_THROTTLING)
            .retry_cost(cost)
            .timeout_retry_cost(cost)
            .refill_rate(Self::REFILL);
        RetryPartition::custom("sts-executor").token_bucket(bucket.build()).build()
    }

    /// These bounds as the SDK takes them.
    pub(super) fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(Self::CONNECT)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.attempt * Self::OPERATION)
            .build()
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        let seconds = |number: NonZeroU32| Duration::from_secs(number.get().into());
        let (attempt, looking) = (seconds(Self::ATTEMPT_SECONDS), seconds(Self::RUN_SECONDS));
        Self { attempts: Self::ATTEMPTS, attempt, looking, retries: Self::RETRIES }
    }
}
