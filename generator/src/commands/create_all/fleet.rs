//! `create-all` for one cluster, or for each cluster of a file.

use super::OneCluster;
use crate::commands::{
    Person, Reading, Surroundings, as_json, check_regular, in_file, print_line, read_start, say,
};
use crate::fleet::{Entry, Flags, Given, entries, words};
use crate::key::Cores;
use crate::request::document::with_stack;
use crate::voice::{as_one_of_many, warn};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use sts_schemas::cluster::Hosting;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::fleet::{FleetBundles, FleetMember, MemberOutcome};
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::open::OpenValue;
use sts_schemas::terminal::printable;

/// The flags that are for all clusters of a file together.
#[derive(Debug, Args)]
struct FleetArgs {
    /// YAML file whose list `clusters` has these flags for each cluster, under their names; those that are given
    /// here besides are for all that do not say otherwise. Each cluster has a folder of its own in --output-dir.
    #[arg(long, value_name = "FILE")]
    fleet: Option<PathBuf>,
    /// How the summary of a fleet is printed.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text, requires = "fleet")]
    format: SummaryFormat,
}

/// How a summary is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SummaryFormat {
    /// The paths of the bundles.
    Text,
    /// All of it, as `fleet-bundles.schema.json` describes it.
    Json,
}

/// What `create-all` is asked for.
#[derive(Debug)]
pub enum CreateAll {
    /// One cluster.
    One(Box<OneCluster>),
    /// All clusters of a file.
    Fleet(Fleet),
}

/// A file of clusters, and what is said of all of them.
#[derive(Debug)]
pub struct Fleet {
    file: PathBuf,
    format: SummaryFormat,
    common: Flags,
}

impl Args for CreateAll {
    fn augment_args(command: Command) -> Command {
        let command = OneCluster::augment_args(FleetArgs::augment_args(command));
        let required = command.get_arguments().filter(|one| one.is_required_set());
        let required: Vec<_> = required.map(|one| one.get_id().clone()).collect();
        let command = required.into_iter().fold(command, |command, id| {
            command.mut_arg(id, |one| one.required(false).required_unless_present("fleet"))
        });
        // These two have a stand-in already; with a fleet, each cluster says one or the other.
        ["account_id", "signing_key"]
            .into_iter()
            .fold(command, |command, id| command.mut_arg(id, |one| one.required_unless_present("fleet")))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for CreateAll {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let FleetArgs { fleet, format } = FleetArgs::from_arg_matches(matches)?;
        match fleet {
            Some(file) => Ok(Self::Fleet(Fleet { file, format, common: common(matches) })),
            None => OneCluster::from_arg_matches(matches).map(Box::new).map(Self::One),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flags for one cluster, as a command line of their own.
fn one_cluster() -> Command {
    OneCluster::augment_args(Command::new("create-all").no_binary_name(true))
}

/// The flags for clusters that the command line itself gives.
fn common(matches: &ArgMatches) -> Flags {
    let mut flags = Flags::new();
    for one in one_cluster().get_arguments() {
        let id = one.get_id().as_str();
        let (Some(name), Some(ValueSource::CommandLine)) = (one.get_long(), matches.value_source(id)) else {
            continue;
        };
        let given = if one.get_action().takes_values() {
            let values = matches.get_raw(id).unwrap_or_default();
            Given::Values(values.map(OsStr::to_owned).collect())
        } else {
            Given::On
        };
        flags.insert(name.to_owned(), given);
    }
    flags
}

/// A cluster of the file, ready to be made.
struct Member {
    name: String,
    line: u64,
    cluster: Result<Box<OneCluster>, Failure>,
}

impl CreateAll {
    pub(crate) fn run(&self, surroundings: Surroundings, reading: Reading<'_>) -> Result<(), Failure> {
        match self {
            Self::One(cluster) => cluster.run(surroundings, reading),
            Self::Fleet(fleet) => fleet.run(surroundings, reading),
        }
    }
}

impl Fleet {
    fn run(&self, surroundings: Surroundings, reading: Reading<'_>) -> Result<(), Failure> {
        // Nobody can answer for many at once.
        let surroundings = Surroundings { person: Person::Absent, ..surroundings };
        let members: Vec<_> = self.read()?.into_iter().map(|entry| self.member(entry)).collect();
        distinct(&members).map_err(|error| {
            in_file(&self.file, error)
                .hint("nothing was made; give each cluster a name of its own, and what goes with it")
        })?;
        let outcomes = make_all(&members, surroundings, reading);
        let members = members.into_iter().zip(outcomes);
        let members = members.map(|(Member { name, line, .. }, outcome)| FleetMember { name, line, outcome });
        let summary = FleetBundles { schema_version: SchemaVersion::CURRENT, clusters: members.collect() };
        self.print(&summary)?;
        judged(&summary)
    }

    fn read(&self) -> Result<Vec<Entry>, Failure> {
        /// Some four hundred bytes for each of the most clusters.
        const MOST_BYTES: u64 = 4 << 20;
        check_regular(&self.file)?;
        let bytes = read_start(&self.file, MOST_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|error| in_file(&self.file, error))?;
        let entries = with_stack(|| entries(&text)).map_err(|error| Failure::new(Exit::Failed, error))?;
        entries.map_err(|error| in_file(&self.file, error).hint("`create-all --help` shows such a file"))
    }

    /// The cluster that an entry speaks of, together with what is said of all.
    fn member(&self, entry: Entry) -> Member {
        let Entry { line, flags, wrong } = entry;
        let parsed = parse(&self.common, &flags, &wrong).map(|mut cluster| {
            if !flags.contains_key("output-dir") {
                let folder = cluster.output.output_dir.join(cluster.cluster.name.as_str());
                cluster.output.output_dir = folder;
            }
            cluster
        });
        let name = match flags.get("name") {
            Some(Given::Values(names)) if names.len() == 1 => printable(&names[0].to_string_lossy()),
            _ => format!("line {line}"),
        };
        Member { name, line, cluster: parsed }
    }

    fn print(&self, summary: &FleetBundles) -> Result<(), Failure> {
        if self.format == SummaryFormat::Json {
            return print_line(&as_json(summary)?);
        }
        summary.clusters.iter().try_for_each(|member| match &member.outcome {
            MemberOutcome::Made { bundle, .. } => print_line(bundle),
            MemberOutcome::Failed { .. } => Ok(()),
        })
    }
}

/// The flags that speak of a bundle that an upgrade follows, besides the one that names it.
const OF_PREVIOUS: [&str; 4] = ["trusted-key", "release", "leave-out-later", "fresh-role-settings"];

/// What is said of one cluster; `wrong` is what stands for flags and can be none.
fn parse(common: &Flags, own: &Flags, wrong: &BTreeMap<String, String>) -> Result<Box<OneCluster>, Failure> {
    let command = one_cluster();
    let usage = |error: &clap::Error| {
        // Clap's own words, without the usage of a command line that nobody typed.
        let text = error.render().to_string();
        let first: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        Failure::new(Exit::Usage, printable(first.join(" ").trim_start_matches("error: ")))
    };
    let mut names = own.keys().chain(wrong.keys());
    if let Some(unknown) = names.find(|name| command.get_arguments().all(|one| one.get_long() != Some(name)))
    {
        return Err(Failure::new(
            Exit::Usage,
            format!("create-all has no flag --{} for a cluster", printable(unknown)),
        ));
    }
    if !wrong.is_empty() {
        return Err(Failure::new(Exit::Usage, wrong.values().cloned().collect::<Vec<_>>().join("; ")));
    }
    let mut common = common.clone();
    // Said of all clusters, they mean those that follow a bundle; the others are new.
    if !own.contains_key("previous") && !common.contains_key("previous") {
        common.retain(|name, _| !OF_PREVIOUS.contains(&name.as_str()));
    }
    let matches = command.try_get_matches_from(words(&common, own)).map_err(|error| usage(&error))?;
    OneCluster::from_arg_matches(&matches).map(Box::new).map_err(|error| usage(&error))
}

/// Two clusters of a file that would get in each other's way.
#[derive(Debug, thiserror::Error)]
#[error("clusters get in each other's way:{}", .0.iter().fold(String::new(), |text, line| text + "\n  " + line))]
struct Alike(Vec<String>);

/// Names, directories and issuers must each be of one cluster.
fn distinct(members: &[Member]) -> Result<(), Alike> {
    let mut seen = BTreeMap::new();
    let (mut alike, mut own_buckets, mut shared_buckets) = (Vec::new(), BTreeMap::new(), Vec::new());
    for member in members {
        let Ok(cluster) = &member.cluster else { continue };
        let mut own = vec![
            format!("the name {}", cluster.cluster.name),
            format!("the directory {}", cluster.output.output_dir.display()),
        ];
        let meant = cluster.meant().ok();
        match meant.as_ref().map(|meant| &meant.hosting) {
            Some(Hosting::SharedBucket { bucket, .. }) => shared_buckets.push((bucket.clone(), member.line)),
            Some(Hosting::PublicBucket { bucket } | Hosting::PrivateBucket { bucket, .. }) => {
                own_buckets.insert(bucket.clone(), member.line);
            }
            Some(Hosting::Elsewhere) | None => {}
        }
        let issuer = meant.filter(|meant| !meant.open().contains(&OpenValue::Issuer));
        own.extend(issuer.map(|meant| format!("the issuer {}", meant.issuer)));
        for what in own {
            if let Some(line) = seen.insert(what.clone(), member.line) {
                alike.push(format!("lines {line} and {}: {what}", member.line));
            }
        }
    }
    for (bucket, line) in shared_buckets {
        if let Some(own) = own_buckets.get(&bucket) {
            alike.push(format!("lines {own} and {line}: the bucket {bucket}, which is the first one's own"));
        }
    }
    if alike.is_empty() { Ok(()) } else { Err(Alike(alike)) }
}

/// Makes the bundles, one on each core at a time, and says what became of each as soon as it is known.
fn make_all(members: &[Member], surroundings: Surroundings, reading: Reading<'_>) -> Vec<MemberOutcome> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..cores.min(members.len()) {
            scope.spawn(|| {
                while let Some((index, member)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    members.get(index).map(|member| (index, member))
                } {
                    let outcome = make(member, surroundings, reading);
                    let mut outcomes = outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    outcomes.insert(index, outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_values().collect()
}

fn make(member: &Member, surroundings: Surroundings, reading: Reading<'_>) -> MemberOutcome {
    let failed = |failure: &Failure| {
        let mut text = format!("NOT MADE (line {})\n", member.line).into_bytes();
        // A vector takes all that is written to it.
        let _ = failure.print(&mut text);
        as_one_of_many(&member.name, || warn(String::from_utf8_lossy(&text).trim_end()));
        MemberOutcome::Failed { errors: failure.chain() }
    };
    let cluster = match &member.cluster {
        Ok(cluster) => cluster,
        Err(failure) => return failed(failure),
    };
    match as_one_of_many(&member.name, || cluster.make(surroundings, reading, Cores::One)) {
        Ok(closed) => {
            let bundle = closed.path().display().to_string();
            say(&format!("{}: {bundle}", member.name));
            MemberOutcome::Made { bundle, digest: closed.digest().clone() }
        }
        Err(failure) => failed(&failure),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{} of {all} clusters have no bundle: {}", failed.len(), failed.join(", "))]
struct Incomplete {
    failed: Vec<String>,
    all: usize,
}

fn judged(summary: &FleetBundles) -> Result<(), Failure> {
    let all = summary.clusters.len();
    let failed =
        summary.clusters.iter().filter(|member| matches!(member.outcome, MemberOutcome::Failed { .. }));
    let failed: Vec<_> = failed.map(|member| member.name.clone()).collect();
    if failed.is_empty() {
        say(&format!("{all} clusters, a bundle for each"));
        return Ok(());
    }
    let hint = if failed.len() == all {
        "nothing was made; mend what is said above, and run it again"
    } else {
        "the other bundles are whole; mend what is said above, and run it again for the rest"
    };
    Err(Failure::new(Exit::Failed, Incomplete { failed, all }).hint(hint))
}
