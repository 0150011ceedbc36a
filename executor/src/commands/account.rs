//! Opening the AWS account, and looking at it.

use super::place::{self, Kind, Neighbours};
use super::{at_least_one, refusal};
use crate::account::{
    Account, Aws, CallLimits, CallLog, CertificateBundle, ConnectOptions, Departing, ForeignEndpoints,
    NoCertificates, Reach, Roots, Runtime, Scope, Search,
};
use crate::plan::former;
use crate::session::Session;
use crate::show::printable;
use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};
use std::time::Duration;
use sts_schemas::aws::Region;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::state::Desired;

/// How to reach the account and how far to look in it. Credentials come as with the AWS CLI.
#[derive(Debug, clap::Args)]
pub(crate) struct AccountArgs {
    /// Look at every role, provider and bucket of the account for the cluster's tag, whatever its name; `delete --name` does
    /// so anyway.
    #[arg(long)]
    thorough: bool,
    /// Let calls go to hosts that are neither AWS's nor this machine, as the environment or profile says.
    #[arg(long)]
    allow_foreign_endpoints: bool,
    /// How long one attempt at a call to AWS may take, in seconds; all attempts at it, five times that.
    #[arg(long, value_name = "SECONDS", default_value_t = CallLimits::ATTEMPT_SECONDS, value_parser = at_least_one::<NonZeroU32>)]
    call_timeout: NonZeroU32,
    /// How often a call to AWS is tried before it counts as failed, at most 100 times.
    #[arg(long, value_name = "N", default_value_t = CallLimits::ATTEMPTS, value_parser = attempts)]
    call_attempts: NonZeroU32,
    /// How many further attempts all calls together may take, after which a failure counts at once.
    ///
    /// One for a call that was throttled counts a tenth, and one more comes back every second.
    #[arg(long, value_name = "N", default_value_t = CallLimits::RETRIES, value_parser = at_least_one::<NonZeroU16>)]
    retry_budget: NonZeroU16,
    /// How long looking at the account, and then changing it, may take, in seconds; nothing new begins after that.
    #[arg(long, value_name = "SECONDS", default_value_t = CallLimits::RUN_SECONDS, value_parser = at_least_one::<NonZeroU32>)]
    run_timeout: NonZeroU32,
    /// Add a line of JSON for every attempt at every call to AWS to this file. Nothing secret stands in it.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Trust the certificates in this file and no others, as where a proxy signs its own.
    ///
    /// Without it, those in the file that `AWS_CA_BUNDLE` names; without that too, those this machine trusts.
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,
}

/// The SDK reckons all the pauses between so many attempts beforehand.
fn attempts(text: &str) -> Result<NonZeroU32, String> {
    let number = text.parse::<NonZeroU32>().ok().filter(|number| *number <= CallLimits::MOST_ATTEMPTS);
    number.ok_or_else(|| format!("a number from 1 to {} is needed", CallLimits::MOST_ATTEMPTS))
}

#[derive(Debug, thiserror::Error)]
enum BadRoots {
    #[error("the certificates to trust cannot be read from {0}")]
    Unreadable(String, #[source] std::io::Error),
    #[error("{0} is no file of certificates to trust")]
    NoCertificates(String, #[source] NoCertificates),
}

impl AccountArgs {
    /// Names the file of certificates and the log.
    pub(super) fn name<'a>(&'a self, neighbours: &mut Neighbours<'a>) {
        neighbours.reads("the certificates to trust", self.ca_bundle.as_deref());
        neighbours.writes(Kind::Log, self.log.as_deref());
    }

    /// Looks at the place for the log: there may only be that of an earlier run.
    pub(super) fn check_log(&self, neighbours: &Neighbours<'_>) -> Result<(), Failure> {
        self.log.as_deref().map_or(Ok(()), |path| place::check(Kind::Log, path, neighbours))
    }

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
            looking: self.time_limit(),
            retries: self.retry_budget,
        };
        let clock = session.surroundings.clock;
        self.check_log(&Neighbours::default())?;
        let log = self.log.as_deref().map(|path| CallLog::open(path, clock)).transpose();
        let log = log.map_err(|error| {
            Failure::new(Exit::Failed, error)
                .hint("nothing was changed; give --log FILE where it can be written")
        })?;
        let roots = self.roots(session)?;
        let listener = session.listener();
        let proxies = session.surroundings.proxies.clone();
        let (region, profile) = (region.clone(), session.surroundings.profile.clone());
        let options =
            ConnectOptions { region, foreign_endpoints, limits, roots, proxies, profile, log, listener };
        let aws = runtime.block_on(Aws::connect(&options)).map_err(refusal::of_account)?;
        let mut redirected = BTreeMap::<_, Vec<_>>::new();
        for endpoint in aws.redirected_endpoints() {
            redirected.entry(endpoint.place()).or_default().push(endpoint.service);
        }
        for (url, services) in redirected {
            session.warn(&format!(
                "Note: calls to {} go to {}, not to AWS.",
                services.join(", "),
                printable(&url)
            ));
        }
        let identity = aws.identity();
        session.tell(&format!("Account {} as {}.", identity.account, printable(&identity.caller)));
        Ok(aws)
    }

    /// Whose certificates count: the flag's, the environment's, else this machine's.
    pub(super) fn roots(&self, session: &mut Session<'_>) -> Result<Roots, Failure> {
        let from_environment = session.surroundings.ca_bundle.clone();
        let named = self.ca_bundle.as_deref().or(from_environment.as_deref());
        session.detail(|| match named {
            Some(path) => format!("Trusting the certificates in {} and no others.", path.display()),
            None => "Trusting the certificates that this machine trusts.".into(),
        });
        named.map_or(Ok(Roots::System), read_roots)
    }

    /// How long the changing may take.
    pub(super) fn time_limit(&self) -> Duration {
        Duration::from_secs(self.run_timeout.get().into())
    }

    pub(super) fn search(&self) -> Search {
        if self.thorough { Search::Thorough } else { Search::Named }
    }

    /// How far to look where these roles may go.
    pub(super) fn reach(&self, departing: Departing) -> Reach {
        Reach { search: self.search(), departing }
    }
}

fn read_roots(path: &Path) -> Result<Roots, Failure> {
    let name = || path.display().to_string();
    let hint =
        "give a PEM file with --ca-bundle or AWS_CA_BUNDLE, or neither to trust what this machine trusts";
    let read = std::fs::read(path).map_err(|error| BadRoots::Unreadable(name(), error));
    read.and_then(|pem| {
        CertificateBundle::from_pem(pem).map_err(|error| BadRoots::NoCertificates(name(), error))
    })
    .map(Roots::Only)
    .map_err(|error| Failure::new(Exit::Failed, error).hint(hint))
}

/// What to look at for a bundle.
pub(super) fn scope(desired: &Desired, Reach { search, departing }: Reach) -> Scope {
    let former = former(&desired.cluster);
    Scope {
        cluster: desired.cluster.name.clone(),
        region: desired.cluster.region.clone(),
        wanted: desired.resources.keys().chain(&former).cloned().gather(),
        led: former,
        search,
        departing,
    }
}

/// What drives the calls.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::new(Exit::Failed, error))
}
