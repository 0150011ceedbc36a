//! The command line of `sts-generator`.

mod cluster;
mod dry_run;
mod hosting;
mod lifetime;
mod lint;
mod region;
mod roles;

pub(crate) use cluster::partition_of;
pub use cluster::{ClusterArgs, OutputArgs};
pub use hosting::HostingArgs;
pub use lifetime::Lifetime;
pub use lint::LintArgs;
pub(crate) use region::region;
pub use roles::{RequestArgs, RoleArgs, SelectionArgs, TagArgs};

use crate::commands::{self, Person, Reading, Surroundings, Time};
use crate::sandbox::{self, Sandbox};
use crate::voice;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use sts_schemas::command_line::advised;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::moment::LAST_MOMENT;
use sts_schemas::program::EXECUTOR;
use sts_schemas::verbosity::Verbosity;
use sts_schemas::version::VERSION;

/// Makes everything an OpenShift cluster with short-lived credentials needs from AWS, offline, as a signed bundle.
///
/// Hand the bundle and your public key to whoever administers the account; they run sts-executor on it.
/// This program has no AWS credentials and gives up the network before it reads anything.
///
/// Exit codes: 0 done; 1 failed; 2 a difference (diff with --detailed-exitcode); 3 bundle rejected; 4 signature
/// declined; 64 wrong command line; 130 or 143 ended by a signal.
#[derive(Debug, Parser)]
#[command(name = "sts-generator", version = VERSION.as_str(), max_term_width = 100)]
#[command(after_help = "Example:
  sts-generator create-signing-key --output author.key
  sts-generator create-all --name demo --region us-east-1 \\
      --account-id 123456789012 --credentials-requests-dir requests \\
      --signing-key author.key --output-dir demo")]
pub struct Cli {
    /// Fail where the kernel cannot take the network away from this program, instead of saying so and going on.
    #[arg(long, global = true)]
    require_sandbox: bool,
    #[command(flatten)]
    loudness: Loudness,
    #[command(subcommand)]
    command: Command,
}

/// How much is said on standard error. Standard output is the same in any case.
#[derive(Debug, clap::Args)]
struct Loudness {
    /// Say nothing beside the result but errors, refusals, questions and warnings that may change what you do.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Also say what is read, which keys are tried, and how long each piece of work took.
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    CreateSigningKey(commands::create_signing_key::CreateSigningKey),
    CreateKeyPair(commands::create_key_pair::CreateKeyPair),
    CreateIdentityProvider(commands::create_identity_provider::CreateIdentityProvider),
    CreateIamRoles(commands::create_iam_roles::CreateIamRoles),
    CreateBundle(commands::create_bundle::CreateBundle),
    CreateAll(Box<commands::create_all::CreateAll>),
    Sign(commands::sign::Sign),
    Diff(commands::diff::DiffArgs),
    Finalize(commands::finalize::Finalize),
    Install(commands::install::InstallArgs),
    Render(commands::render::Render),
    RotateKeys(commands::rotate_keys::RotateKeys),
    MoveIssuer(Box<commands::move_issuer::MoveIssuer>),
    CheckCluster(commands::check_cluster::CheckCluster),
    Completions(commands::completions::Completions),
    Man(commands::man::Man),
}

/// The whole program: reads the command line and what is around it, gives up the network, runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let matches = dry_run::taken_by(Cli::command()).try_get_matches();
    let parsed = matches.and_then(|mut matches| {
        let is_dry_run_asked = dry_run::is_asked(&matches);
        Ok((Cli::from_arg_matches_mut(&mut matches)?, is_dry_run_asked))
    });
    let (cli, is_dry_run_asked) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            if error.use_stderr() {
                voice::warn(advised(error, &EXECUTOR).to_string().trim_end());
                return Exit::Usage.into();
            }
            // Asked for help or the version: these are the result.
            return if error.print().is_ok() { Exit::Done.into() } else { Exit::Failed.into() };
        }
    };
    let began = std::time::Instant::now();
    let result = settle(&cli.loudness).and_then(|()| surroundings()).and_then(|surroundings| {
        if is_dry_run_asked {
            dry_run::tell();
        }
        let configuration = configuration();
        enter_sandbox(cli.require_sandbox)?;
        let reading = Reading { configuration: configuration.as_deref(), clock: surroundings.clock };
        run(cli.command, surroundings, reading)
    });
    voice::detail(|| format!("the whole run: {} ms", began.elapsed().as_millis()));
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}

fn run(command: Command, surroundings: Surroundings, reading: Reading<'_>) -> Result<Exit, Failure> {
    let done = match command {
        Command::Diff(args) => return args.run(reading),
        Command::CreateSigningKey(args) => args.run(surroundings),
        Command::CreateKeyPair(args) => args.run(),
        Command::CreateIdentityProvider(args) => args.run(surroundings),
        Command::CreateIamRoles(args) => args.run(),
        Command::CreateBundle(args) => args.run(surroundings, reading),
        Command::CreateAll(args) => args.run(surroundings, reading),
        Command::RotateKeys(args) => args.run(surroundings, reading),
        Command::MoveIssuer(args) => args.run(surroundings, reading),
        Command::Sign(args) => args.run(surroundings),
        Command::Finalize(args) => args.run(reading),
        Command::CheckCluster(args) => args.run(reading),
        Command::Render(args) => args.run(reading),
        Command::Install(args) => commands::install::run(&args),
        Command::Completions(args) => args.run(&mut Cli::command()),
        Command::Man(args) => args.run(Cli::command()),
    };
    done.map(|()| Exit::Done)
}

fn settle(loudness: &Loudness) -> Result<(), Failure> {
    let verbosity = Verbosity::of_flags(loudness.quiet, loudness.verbose)
        .map_err(|error| Failure::new(Exit::Usage, error).hint("give one of them"))?;
    voice::settle(verbosity);
    Ok(())
}

fn enter_sandbox(required: bool) -> Result<(), Failure> {
    match sandbox::enter() {
        Sandbox::Entered => {
            voice::detail(|| "the network is given up: no socket can be opened from here on".into());
            Ok(())
        }
        Sandbox::Unavailable(why) if required => {
            Err(Failure::new(Exit::Failed, format!("the network could not be given up: {why}"))
                .hint("leave out --require-sandbox to go on without that second lock"))
        }
        Sandbox::Unavailable(why) => {
            voice::warn(&format!("note: the network could not be given up: {why}"));
            Ok(())
        }
    }
}

/// The user's configuration folder of this project, the same as that of `sts-executor`.
///
/// Source: XDG Base Directory Specification: relative paths are ignored.
fn configuration() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    folder.or_else(|| set("HOME").map(|home| home.join(".config"))).map(|folder| folder.join("sts-handoff"))
}

/// Source: <https://reproducible-builds.org/specs/source-date-epoch/>.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

#[expect(clippy::disallowed_methods, reason = "the one place where environment and clock are read")]
fn surroundings() -> Result<Surroundings, Failure> {
    let asked = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let person = if asked { Person::Present } else { Person::Absent };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let clock = now.ok().map(|since| since.as_secs());
    if let Some(text) = std::env::var_os(SOURCE_DATE_EPOCH) {
        let text = text.to_string_lossy();
        let seconds = text.parse().ok().filter(|seconds| *seconds <= LAST_MOMENT).ok_or_else(|| {
            let needed = format!("seconds since 1970 are needed, at most {LAST_MOMENT}");
            Failure::new(Exit::Usage, format!("{SOURCE_DATE_EPOCH} is {text:?}, and {needed}"))
        })?;
        voice::detail(|| format!("the time is {seconds}, by {SOURCE_DATE_EPOCH}"));
        // A clock from before 1970 counts as that: signatures end to count later, as with every clock that is behind.
        return Ok(Surroundings { time: Time::Told(seconds), clock: clock.unwrap_or_default(), person });
    }
    match clock {
        Some(clock) => Ok(Surroundings { time: Time::Read(clock), clock, person }),
        None => Err(Failure::new(Exit::Failed, "the clock of this machine stands before 1970")
            .hint(format!("set the clock, or {SOURCE_DATE_EPOCH}"))),
    }
}
