//! `sts-generator finalize`: installer manifests with the values AWS gave.

use super::trust::{BundleArgs, ExecutorArgs};
use super::{in_file, say, write_files};
use crate::cli::OutputArgs;
use crate::directory::{Directory, FileError};
use crate::render::Files;
use clap::Args;
use std::path::{Path, PathBuf};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout::Place;

/// Write the installer's manifests with the values that AWS gave, once the receipt of the apply is back.
///
/// The manifests are made from the author's own bundle; from the receipt come only the values the bundle left
/// open, each checked. A receipt of another bundle, cluster or account is refused, as is one of an apply that is
/// not complete. Give the directory the bundle was made in; afterwards `install` takes it from there.
#[derive(Debug, Args)]
pub struct Finalize {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The receipt of the apply; its signature is looked for beside it, in RECEIPT.jws.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    #[command(flatten)]
    executor: ExecutorArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// A directory that belongs to something else than the bundle.
#[derive(Debug, thiserror::Error)]
#[error("{path} holds manifests that the bundle does not have: {strangers}")]
struct OtherDirectory {
    path: String,
    strangers: String,
}

impl Finalize {
    pub(crate) fn run(&self, configuration: Option<&Path>) -> Result<(), Failure> {
        let bundle = self.bundle.verified(configuration)?;
        let receipt = self.executor.receipt(&self.receipt)?;
        let contents = receipt.complete(&bundle).map_err(|error| {
            in_file(&self.receipt, error).hint("ask for the receipt of a complete apply of this very bundle")
        })?;
        let directory = self.output.claim()?;
        belongs(&directory, |path| contents.installer_manifests.contains_key(path))?;
        let files: Files =
            contents.installer_manifests.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        write_files(&directory, &files, |_| false)?;
        let open = bundle.outline().cluster.open();
        if open.is_empty() {
            say("the bundle left nothing open: the manifests are as they were made");
        }
        for value in open {
            say(&format!("bound from the receipt: {value}"));
        }
        let cluster = &contents.desired.cluster;
        say(&format!("cluster {}, account {}, issuer {}", cluster.name, cluster.account, cluster.issuer));
        if let Some(signer) = receipt.signer() {
            say(&format!("receipt signed by {signer}"));
        }
        say(&format!("next: sts-generator install --from {} --install-dir DIR", directory.path().display()));
        Ok(())
    }
}

/// Refuses a directory with manifests of something else.
fn belongs(directory: &Directory, is_known: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    if !directory.path().exists() {
        return Ok(());
    }
    let files = directory.files().map_err(failed)?;
    let strangers: Vec<_> = files
        .into_iter()
        .filter(|path| Place::of(path) == Some(Place::InstallerManifest) && !is_known(path))
        .collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let path = directory.path().display().to_string();
    Err(Failure::new(Exit::Failed, OtherDirectory { path, strangers: strangers.join(", ") })
        .hint("give --output-dir the directory that the bundle was made in"))
}
