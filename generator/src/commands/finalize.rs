//! `sts-generator finalize`: installer manifests with the values AWS gave.

mod own_bundle;

use super::install::INSTALL_CONFIG;
use super::trust::{Reading, receipt};
use super::{in_file, say, write_files};
use crate::cli::OutputArgs;
use crate::directory::{Directory, FileError};
use crate::render::Files;
use crate::voice::shell_word;
use clap::Args;
use own_bundle::OwnBundleArgs;
use std::path::{Path, PathBuf};
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::{DISCOVERY, KEYS, MANIFESTS, PUBLIC_KEY, Place};
use sts_schemas::manifest::Manifest;
use sts_schemas::moment;

/// Write the installer's manifests with the values that AWS gave, once the receipt of the apply is back.
///
/// The manifests are made from the author's own bundle; from the receipt come only the values the bundle left
/// open, each checked. A receipt of another bundle, cluster or account is refused, as is one of an apply that is
/// not complete. Give the directory the bundle was made in; afterwards `install` takes it from there.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator finalize --receipt receipt.json \\
      --trusted-key admin.key.pub --output-dir demo")]
pub struct Finalize {
    /// The receipt of the apply; its signature is looked for beside it, in RECEIPT.jws.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// A public key that may sign receipts, as the AWS admin hands it on; can be given more than once.
    ///
    /// Without it, anybody could have written the receipt, and a warning says so. The author's key is none of these: what
    /// one may vouch for the other may not.
    #[arg(long, visible_alias = "executor-key", value_name = "FILE")]
    trusted_key: Vec<PathBuf>,
    #[command(flatten)]
    bundle: OwnBundleArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// A directory that belongs to something else than the bundle.
#[derive(Debug, thiserror::Error)]
#[error("{path} is not the directory that the bundle was made in: {}", strangers.join(", "))]
struct OtherDirectory {
    path: String,
    strangers: Vec<String>,
}

impl Finalize {
    pub(crate) fn run(&self, reading: Reading<'_>) -> Result<(), Failure> {
        if self.bundle.is_the_directorys() {
            is_of_bundle(&self.output.output_dir)?;
        }
        let bundle = self.bundle.read(&self.output.output_dir, reading)?;
        let bundle = bundle.as_if_verified();
        let receipt = receipt(&self.receipt, &self.trusted_key, "trusted-key")?;
        let contents = receipt.complete(bundle).map_err(|error| {
            in_file(&self.receipt, error).hint("ask for the receipt of a complete apply of this very bundle")
        })?;
        is_of_bundle(&self.output.output_dir)?;
        let directory = self.output.claim()?;
        belongs(&directory, bundle.manifest())?;
        let files: Files =
            contents.installer_manifests.into_iter().map(|(path, text)| (path, text.into_bytes())).gather();
        write_files(&directory, &files, &|_| false, "finalize")?;
        let open = bundle.outline().cluster.open();
        if open.is_empty() {
            say("the bundle left nothing open: the manifests are as they were made");
        }
        for value in open {
            say(&format!("bound from the receipt: {value}"));
        }
        let cluster = &contents.desired.cluster;
        say(&format!("cluster {}, account {}, issuer {}", cluster.name, cluster.account, cluster.issuer));
        say(&format!("receipt of the apply that ended {}", moment::utc(receipt.finished())));
        if let Some(signer) = receipt.signer() {
            say(&format!("receipt signed by {signer}"));
        }
        let from = shell_word(&directory.path().display().to_string());
        say(&format!("next: sts-generator install --from {from} --install-dir DIR"));
        Ok(())
    }
}

/// A directory that no bundle was made in.
#[derive(Debug, thiserror::Error)]
enum NoDirectory {
    #[error("there is no directory {0}")]
    Missing(String),
    #[error("{0} is an installer's directory (it holds install-config.yaml), and no bundle was made in it")]
    Installers(String),
    #[error("{0} holds nothing of a bundle")]
    Empty(String),
}

/// Refuses a directory that no bundle can have been made in, before anything is made there.
fn is_of_bundle(path: &Path) -> Result<(), Failure> {
    let name = path.display().to_string();
    let error = if !path.is_dir() {
        NoDirectory::Missing(name)
    } else if [DISCOVERY, KEYS, PUBLIC_KEY, MANIFESTS].iter().any(|own| path.join(own).exists())
        && (path.join(PUBLIC_KEY).exists() || !path.join(INSTALL_CONFIG).exists())
    {
        return Ok(());
    } else if path.join(INSTALL_CONFIG).exists() {
        NoDirectory::Installers(name)
    } else {
        NoDirectory::Empty(name)
    };
    Err(Failure::new(Exit::Failed, error).hint(
        "give --output-dir the directory that the bundle was made in: create-all wrote it; `install` takes the manifests on \
         from there",
    ))
}

/// Refuses a directory of another cluster, or of another making of this one.
///
/// There, the key would not be that of the issuer in the manifests. Permissions policies may have been narrowed
/// since the bundle was packed, and the provider's file may be of a newer generation: neither stands in a manifest.
fn belongs(directory: &Directory, bundle: &Manifest) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let mut strangers = Vec::new();
    for path in directory.files().map_err(failed)? {
        let packed = bundle.files.iter().find(|entry| entry.path == path);
        let is_bound_to =
            [DISCOVERY, KEYS, PUBLIC_KEY].contains(&path.as_str()) || path.ends_with("-role.json");
        match (Place::of(&path), packed) {
            (Some(Place::InstallerManifest), None) => {
                strangers.push(format!("{path} is none of the bundle's"));
            }
            (Some(Place::Aws | Place::PublicKey), Some(entry)) if is_bound_to => {
                let bytes = directory.read(&path).map_err(failed)?;
                if bytes.is_none_or(|bytes| Sha256::of(&bytes) != entry.sha256) {
                    strangers.push(format!("{path} is another than the bundle's"));
                }
            }
            _ => {}
        }
    }
    if strangers.is_empty() {
        return Ok(());
    }
    let path = directory.path().display().to_string();
    Err(Failure::new(Exit::Failed, OtherDirectory { path, strangers })
        .hint("give --output-dir the directory that the bundle was made in, and this bundle's own receipt"))
}
