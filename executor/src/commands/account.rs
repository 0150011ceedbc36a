//! Opening the AWS account, and looking at it.

use super::refusal;
use crate::account::{Account, Aws, CallLimits, ConnectOptions, ForeignEndpoints, Runtime, Scope, Search};
use crate::session::Session;
use crate::show::printable;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use sts_schemas::aws::Region;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::state::{Desired, Observed};

/// How to reach the account and how far to look in it. Credentials come as with the AWS CLI.
#[derive(Debug, clap::Args)]
pub(crate) struct AccountArgs {
    /// Look at every role, provider and bucket of the account for the cluster's tag, whatever its name.
    #[arg(long)]
    thorough: bool,
    /// Let calls go to hosts that are neither AWS's nor this machine, as the environment or profile says.
    #[arg(long)]
    allow_foreign_endpoints: bool,
    /// How long one attempt at a call to AWS may take, in seconds; all attempts at it, five times that.
    #[arg(long, value_name = "SECONDS", default_value_t = CallLimits::ATTEMPT_SECONDS)]
    call_timeout: NonZeroU32,
    /// How often a call to AWS is tried before it counts as failed.
    #[arg(long, value_name = "N", default_value_t = CallLimits::ATTEMPTS)]
    call_attempts: NonZeroU32,
}

impl AccountArgs {
    /// Opens the account; a bundle must have been verified before, or none be needed.
    pub(super) fn open(
        &self,
        runtime: &Runtime,
        region: &Region,
        session: &mut Session<'_>,
    ) -> Result<Aws, Failure> {
        let foreign_endpoints =
            if self.allow_foreign_endpoints { ForeignEndpoints::Allow } else { ForeignEndpoints::Refuse };
        let limits = CallLimits {
            attempts: self.call_attempts,
            attempt: Duration::from_secs(self.call_timeout.get().into()),
        };
        let options = ConnectOptions { region: region.clone(), foreign_endpoints, limits };
        let aws = runtime.block_on(Aws::connect(&options)).map_err(refusal::of_account)?;
        let mut redirected = BTreeMap::<_, Vec<_>>::new();
        for endpoint in aws.redirected_endpoints() {
            redirected.entry(&endpoint.url).or_default().push(endpoint.service);
        }
        for (url, services) in redirected {
            session.tell(&format!(
                "Note: calls to {} go to {}, not to AWS.",
                services.join(", "),
                printable(url)
            ));
        }
        let identity = aws.identity();
        session.tell(&format!("Account {} as {}.", identity.account, printable(&identity.caller)));
        Ok(aws)
    }

    pub(super) fn search(&self) -> Search {
        if self.thorough { Search::Thorough } else { Search::Named }
    }
}

/// What to look at for a bundle.
pub(super) fn scope(desired: &Desired, search: Search) -> Scope {
    Scope {
        cluster: desired.cluster.name.clone(),
        region: desired.cluster.region.clone(),
        wanted: desired.resources.keys().cloned().collect(),
        search,
    }
}

/// Looks.
pub(super) fn observe(runtime: &Runtime, account: &dyn Account, scope: &Scope) -> Result<Observed, Failure> {
    runtime.block_on(account.observe(scope)).map_err(refusal::of_account)
}

/// What drives the calls.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::new(Exit::Failed, error))
}
