//! `sts-generator install`: the installer's files into the installer's directory, checked.

mod belonging;
mod config;
mod hive;
mod source;
mod target;

use super::{say, warn};
use crate::directory::Directory;
use crate::unfinished;
use clap::{Args, ValueEnum};
pub(crate) use config::CONFIG as INSTALL_CONFIG;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};

/// Put the cluster's manifests and signing key where the installer reads them.
///
/// Checks that install-config.yaml says `credentialsMode: Manual` and names the region of the OIDC bucket,
/// that no manifest has an open value, that issuer and roles are the directory's own (where they were open, `finalize`
/// checked what it put in), that each request in it has the Secret it asks for, and that the private key belongs to the
/// public key AWS was given.
/// Run it after `openshift-install create manifests` and before `openshift-install create cluster`.
/// Nothing is written unless every check passes. The files that were written are printed on stdout.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  openshift-install create manifests --dir cluster
  sts-generator install --from demo --install-dir cluster
  openshift-install create cluster --dir cluster")]
pub struct InstallArgs {
    /// The directory that create-all wrote.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub from: PathBuf,
    /// The installer's directory, the one given to `openshift-install --dir`.
    #[arg(long, value_name = "DIR")]
    pub install_dir: PathBuf,
    /// Who reads the files.
    #[arg(long, value_enum, default_value_t = Format::Installer)]
    pub format: Format,
    /// Replace files that are there already with other content.
    #[arg(long)]
    pub force: bool,
}

/// Who reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// openshift-install: manifests/ and tls/.
    Installer,
    /// Hive and ACM: hive-secrets.yaml with two Secrets for a `ClusterDeployment` to refer to.
    Hive,
}

/// What may happen to a file that is there with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    Refuse,
    Replace,
}

/// Everything that stands in the way; its text lists all of it.
#[derive(Debug)]
struct InstallError {
    problems: Vec<String>,
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the installer's files were not put in place, nothing was written")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InstallError {}

/// Runs the command.
///
/// # Errors
/// When a check fails or a file cannot be written; all failed checks at once.
pub fn run(args: &InstallArgs) -> Result<(), Failure> {
    if args.from.is_file() {
        let what = format!("{} is a file, and --from takes a directory", args.from.display());
        return Err(Failure::new(Exit::Failed, what).hint(
            "give the directory that create-all wrote and the bundle was made in: a bundle has no key for the installer",
        ));
    }
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    if let Err(half_written) = unfinished::refuse(&Directory::to_read(&args.from)) {
        problems.push(half_written.to_string());
    }
    let source = source::read(&args.from, &mut problems);
    config::check(&args.install_dir, args.format, source.region.as_ref(), &mut problems, &mut notes);
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
    let files = match args.format {
        Format::Installer => source.into_files(),
        Format::Hive => hive::files(&source, &mut notes),
    };
    let pending = target::plan(&args.install_dir, files, overwrite, &mut problems);
    if !problems.is_empty() {
        return Err(Failure::new(Exit::Failed, InstallError { problems }));
    }
    let written = target::write(&args.install_dir, pending)
        .map_err(|error| Failure::new(Exit::Failed, error).hint("mend it and run the command again"))?;
    report(&written, &notes).map_err(|error| Failure::new(Exit::Failed, error))
}

fn report(written: &[PathBuf], notes: &[String]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in written {
        writeln!(out, "{}", path.display())?;
    }
    if written.is_empty() {
        say("Everything is in place already.");
    }
    for note in notes {
        warn(&format!("Note: {note}"));
    }
    Ok(())
}
