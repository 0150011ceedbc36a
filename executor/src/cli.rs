//! The command line: flags to commands, results to exit codes.

#[cfg(test)]
mod examples;

use crate::commands::{
    apply, completions, delete, inspect, man, permissions, plan, rehearse, status, verify,
};
use crate::session::{Session, Surroundings};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;
use sts_schemas::command_line::advised;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::program::GENERATOR;
use sts_schemas::terminal::notices;
use sts_schemas::verbosity::Verbosity;
use sts_schemas::version::VERSION;

/// Verifies a bundle made by sts-generator and makes an AWS account hold what it says.
///
/// Exit codes: 0 done, or nothing to do; 1 failed; 2 changes pending (with --detailed-exitcode);
/// 3 bundle rejected; 4 plan not approved, or the account moved; 5 a foreign resource in the way;
/// 6 partly applied; 64 wrong command line; 130 or 143 ended by a signal before anything was changed.
#[derive(Debug, Parser)]
#[command(name = "sts-executor", version = VERSION.as_str(), max_term_width = 100)]
#[command(after_help = "Example, with the digest that plan printed:
  sts-executor verify BUNDLE --trusted-key author.key.pub
  sts-executor plan BUNDLE --trusted-key author.key.pub
  sts-executor apply BUNDLE --trusted-key author.key.pub --approve DIGEST")]
struct Cli {
    /// How results are written to standard output; markdown and html are for `inspect` alone.
    #[arg(long, global = true, value_enum, default_value_t = Form::Text)]
    format: Form,
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
    /// Also say what is read, which keys are tried, and each call to AWS with its answer and how long it took.
    #[arg(long, short, global = true)]
    verbose: bool,
}

/// How results can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a ticket or a merge request.
    Markdown,
    /// One page for a browser, whole in itself: no network, no script.
    Html,
}

/// How results are written that are no documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, thiserror::Error)]
#[error("only `inspect` writes {0}")]
struct NoDocument(&'static str);

impl Form {
    fn of_data(self) -> Result<Format, Failure> {
        let no = |name| Err(Failure::new(Exit::Usage, NoDocument(name)).hint("take --format text or json"));
        match self {
            Self::Text => Ok(Format::Text),
            Self::Json => Ok(Format::Json),
            Self::Markdown => no("markdown"),
            Self::Html => no("html"),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(verify::Args),
    Inspect(inspect::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Status(status::Args),
    Delete(delete::Args),
    Rehearse(rehearse::Args),
    Permissions(permissions::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the program with this process's arguments, streams and environment.
#[must_use]
pub fn main() -> ExitCode {
    let mut session = Session {
        out: &mut std::io::stdout().lock(),
        err: &mut notices(),
        input: &mut std::io::stdin().lock(),
        surroundings: Surroundings::of_process(),
    };
    run(std::env::args_os(), &mut session).into()
}

/// Runs one command line, the program's name first, and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>, session: &mut Session<'_>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            session.warn(advised(error, &GENERATOR).to_string().trim_end());
            return Exit::Usage;
        }
        // Asked for help or the version: these are the result.
        Err(error) => return ended(session.data(&error.to_string()).map(|()| Exit::Done), session),
    };
    let began = Instant::now();
    let asked = Verbosity::of_flags(cli.loudness.quiet, cli.loudness.verbose)
        .map_err(|error| Failure::new(Exit::Usage, error).hint("give one of them"));
    let result = asked.and_then(|verbosity| {
        session.surroundings.verbosity = verbosity;
        dispatch(cli, session)
    });
    session.detail(|| format!("The whole run: {} ms.", began.elapsed().as_millis()));
    ended(result, session)
}

fn dispatch(cli: Cli, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let form = cli.format;
    match cli.command {
        Command::Verify(args) => verify::run(&args, form.of_data()?, session),
        Command::Inspect(args) => inspect::run(&args, form, session),
        Command::Plan(args) => plan::run(&args, form.of_data()?, session),
        Command::Apply(args) => apply::run(&args, form.of_data()?, session),
        Command::Status(args) => status::run(&args, form.of_data()?, session),
        Command::Delete(args) => delete::run(args, form.of_data()?, session),
        Command::Rehearse(args) => rehearse::run(&args, form.of_data()?, session),
        Command::Permissions(args) => permissions::run(&args, form.of_data()?, session),
        Command::Completions(args) => completions::run(&args, Cli::command(), session),
        Command::Man(args) => man::run(&args, Cli::command(), session),
    }
}

fn ended(result: Result<Exit, Failure>, session: &mut Session<'_>) -> Exit {
    result.unwrap_or_else(|failure| {
        // Nothing is left to do where even standard error is gone.
        let _ = failure.print(session.err);
        failure.exit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
