//! `status --all`: every bundle of a folder against the account.

use super::super::account;
use super::Args;
use crate::account::{Account, Aws, Runtime};
use crate::cli::Format;
use crate::session::Session;
use crate::show::fleet::text;
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use sts_schemas::aws::{AccountId, Region};
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::fleet::{BundleStanding, FleetStandings, StandingOutcome};
use sts_schemas::gather::Gather as _;
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::open::OpenValue;
use sts_schemas::standing::Standings;

/// How many bundles are compared at once: each reads many roles at a time itself, and IAM throttles an account's readers.
const SIDE_BY_SIDE: usize = 4;

/// What bundles are called.
const ENDING: &str = ".tar.gz";

/// A bundle's file name, and the bundle if it can be trusted.
type Read = (String, Result<VerifiedBundle, Failure>);

pub(super) fn run(
    folder: &Path,
    args: &Args,
    format: Format,
    session: &mut Session<'_>,
) -> Result<Exit, Failure> {
    let read: Vec<Read> = names(folder)?
        .into_iter()
        .map(|name| {
            let path = folder.join(&name);
            // Nobody may ever write into a pipe that lies there.
            let bundle = if path.is_file() {
                args.bundle_at(path).verified(session)
            } else {
                Err(Failure::new(Exit::BundleRejected, "it is no file"))
            };
            (name, bundle)
        })
        .collect();
    let latest = latest(&read);
    let runtime = account::runtime()?;
    let mut accounts = Accounts { args, open: BTreeMap::new() };
    let tasks: Vec<_> = read
        .iter()
        .map(|(file, bundle)| {
            let task = match bundle {
                Err(failure) => Task::Settled(StandingOutcome::Failed { errors: failure.chain() }),
                Ok(bundle) => match latest.get(&place(bundle)) {
                    Some(by) if by != file => Task::Settled(StandingOutcome::Superseded { by: by.clone() }),
                    _ => accounts.task(&runtime, bundle, session),
                },
            };
            (file.clone(), task)
        })
        .collect();
    let done = tasks.into_iter().map(|(file, task)| async {
        let outcome = Box::pin(task.outcome(args)).await;
        BundleStanding { file, outcome }
    });
    let bundles: Vec<_> = runtime.block_on(stream::iter(done).buffered(SIDE_BY_SIDE).collect());
    let all_are = |so: fn(&Standings) -> bool| {
        bundles.iter().all(|bundle| match &bundle.outcome {
            StandingOutcome::Compared { standings } => so(standings),
            StandingOutcome::Superseded { .. } => true,
            StandingOutcome::Failed { .. } => false,
        })
    };
    let (in_step, provides) = (all_are(|found| found.in_step), all_are(|found| found.provides));
    let found = FleetStandings { schema_version: SchemaVersion::CURRENT, in_step, provides, bundles };
    match format {
        Format::Text => session.data(&text(&found, session.surroundings.paint))?,
        Format::Json => session.json(&found)?,
    }
    judged(&found, args)
}

/// The bundles of a folder by name, sorted.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let unreadable =
        |source| Failure::new(Exit::Failed, Unreadable { path: folder.display().to_string(), source });
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(ENDING) {
            names.push(name);
        }
    }
    names.sort();
    if names.is_empty() {
        return Err(Failure::new(Exit::Failed, format!("{} holds no bundle", folder.display()))
            .hint(format!("name the folder in which the {ENDING} files lie")));
    }
    Ok(names)
}

#[derive(Debug, thiserror::Error)]
#[error("cannot look into {path}")]
struct Unreadable {
    path: String,
    #[source]
    source: std::io::Error,
}

/// What makes two bundles those of one cluster.
fn place(bundle: &VerifiedBundle) -> (String, String, String) {
    let cluster = &bundle.manifest().cluster;
    (cluster.name.to_string(), cluster.account.to_string(), cluster.region.to_string())
}

/// The file of the latest bundle of each cluster.
fn latest(read: &[Read]) -> BTreeMap<(String, String, String), String> {
    let mut latest = BTreeMap::<_, (u64, &String)>::new();
    for (file, bundle) in read {
        let Ok(bundle) = bundle else { continue };
        let this = (bundle.manifest().generation, file);
        let known = latest.entry(place(bundle)).or_insert(this);
        *known = this.max(*known);
    }
    latest.into_iter().map(|(place, (_, file))| (place, file.clone())).gather()
}

/// The account, reached by the endpoints of each region that is needed; or why it cannot be.
struct Accounts<'a> {
    args: &'a Args,
    open: BTreeMap<Region, Result<Rc<Aws>, Vec<String>>>,
}

/// What there is to do about a bundle.
enum Task<'a> {
    /// Nothing more.
    Settled(StandingOutcome),
    /// The account is to be compared with it.
    Compare(Rc<Aws>, &'a VerifiedBundle),
}

impl Accounts<'_> {
    /// Opens the account for a bundle, where it is not open yet, and looks whether it is the bundle's.
    fn task<'b>(
        &mut self,
        runtime: &Runtime,
        bundle: &'b VerifiedBundle,
        session: &mut Session<'_>,
    ) -> Task<'b> {
        let Self { args, open } = self;
        let cluster = &bundle.manifest().cluster;
        let opened = open.entry(cluster.region.clone()).or_insert_with(|| {
            let opened = args.account.open(runtime, &cluster.region, session);
            opened.map(Rc::new).map_err(|failure| failure.chain())
        });
        let aws = match opened {
            Ok(aws) => Rc::clone(aws),
            Err(errors) => return Task::Settled(StandingOutcome::Failed { errors: errors.clone() }),
        };
        let actual = &aws.identity().account;
        if !cluster.open().contains(&OpenValue::Account) && cluster.account != *actual {
            let error = OtherAccount { wanted: cluster.account.clone(), actual: actual.clone() };
            return Task::Settled(StandingOutcome::Failed { errors: vec![error.to_string()] });
        }
        Task::Compare(aws, bundle)
    }
}

impl Task<'_> {
    async fn outcome(self, args: &Args) -> StandingOutcome {
        match self {
            Self::Settled(outcome) => outcome,
            Self::Compare(aws, bundle) => match args.standings(aws.as_ref(), bundle).await {
                Ok(standings) => StandingOutcome::Compared { standings },
                Err(failure) => StandingOutcome::Failed { errors: failure.chain() },
            },
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it is for account {wanted}, and the credentials belong to account {actual}")]
struct OtherAccount {
    wanted: AccountId,
    actual: AccountId,
}

#[derive(Debug, thiserror::Error)]
#[error("{failed} of {all} bundles could not be compared with the account")]
struct Incomplete {
    failed: usize,
    all: usize,
}

fn judged(found: &FleetStandings, args: &Args) -> Result<Exit, Failure> {
    let failed = |bundle: &&BundleStanding| matches!(bundle.outcome, StandingOutcome::Failed { .. });
    let (failed, all) = (found.bundles.iter().filter(failed).count(), found.bundles.len());
    match failed {
        0 => Ok(args.exit(found.in_step, found.provides)),
        _ => Err(Failure::new(Exit::Failed, Incomplete { failed, all })
            .hint("the others were compared; `status` with one of these alone says more")),
    }
}
