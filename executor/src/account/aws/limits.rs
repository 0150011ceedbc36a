//! How long a call may take, and how often it is made.

use aws_config::timeout::TimeoutConfig;
use std::num::NonZeroU32;
use std::time::Duration;

/// Bounds on every single call to AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// How often a call is made at most before its failure counts.
    pub attempts: NonZeroU32,
    /// How long one attempt may take.
    pub attempt: Duration,
}

impl CallLimits {
    /// With the SDK's growing pauses, enough to outlast about half a minute of throttling.
    pub const ATTEMPTS: NonZeroU32 = NonZeroU32::new(8).unwrap();
    /// In seconds. The slowest single call, `CreateOpenIDConnectProvider`, looks at the issuer's host first.
    pub const ATTEMPT_SECONDS: NonZeroU32 = NonZeroU32::new(30).unwrap();
    /// A connection that takes longer will not come.
    const CONNECT: Duration = Duration::from_secs(5);
    /// All attempts of one call together, in times that one may take.
    const OPERATION: u32 = 5;

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
        Self { attempts: Self::ATTEMPTS, attempt: Duration::from_secs(Self::ATTEMPT_SECONDS.get().into()) }
    }
}
