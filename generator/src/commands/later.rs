//! Bundles of the same cluster that were made after the one to follow.

use crate::commands::trust::{Reading, TrustArgs};
use crate::commands::{open_regular, warn};
use crate::directory::FileError;
use crate::previous::Previous;
use crate::render::Files;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{Expiry, UnverifiedBundle, VerifiedBundle};
use sts_schemas::cluster::Cluster;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout::{APPLY_SCRIPT, KEYS, PROVIDER, PUBLIC_KEY, Place, REVIEW};

/// A bundle is not the last of its cluster, so that one that follows it would undo what came between.
#[derive(Debug, thiserror::Error)]
#[error("{} of the same cluster is later, and what it changed would be undone", path.display())]
struct Later {
    path: PathBuf,
}

/// Where a later bundle may lie, and whose signatures on it count.
#[derive(Debug, Clone)]
pub(super) struct Lookout {
    folder: PathBuf,
    trust: TrustArgs,
    configuration: Option<PathBuf>,
}

impl Lookout {
    pub(super) fn new(folder: &Path, trust: &TrustArgs, reading: Reading<'_>) -> Self {
        let (trust, configuration) = (trust.clone(), reading.configuration.map(Path::to_owned));
        Self { folder: folder.to_owned(), trust, configuration }
    }

    /// For an upgrade, which keeps keys and issuer: refuses to undo a later bundle that has others.
    ///
    /// # Errors
    /// Names that one; or the folder, where it cannot be read.
    pub(super) fn refuse_other_keys(&self, previous: &Previous) -> Result<(), Failure> {
        match self.latest(previous, |bundle| !has_keys_and_issuer_of(bundle, previous))? {
            Some(path) => Err(refused(path)),
            None => Ok(()),
        }
    }

    fn latest(
        &self,
        previous: &Previous,
        counts: impl Fn(&VerifiedBundle) -> bool,
    ) -> Result<Option<PathBuf>, Failure> {
        let reading = Reading { configuration: self.configuration.as_deref(), clock: 0 };
        latest(&self.folder, (&self.trust, reading), previous, counts)
    }

    /// Tells of a later bundle that says otherwise than these files of an upgrade, which say anew what the roles are.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub(super) fn tell(&self, previous: &Previous, files: &Files) -> Result<(), Failure> {
        if let Some(path) = self.latest(previous, |bundle| !says(bundle, files))? {
            warn(&format!(
                "WARNING: {} of the same cluster is later than the bundle that this one follows. If it was applied, give \
                 it with --previous: what changes is told from that one then.",
                path.display()
            ));
        }
        Ok(())
    }
}

/// Whether a later bundle and an earlier one serve the same keys from the same place.
fn has_keys_and_issuer_of(bundle: &VerifiedBundle, previous: &Previous) -> bool {
    let place = |cluster: &Cluster| (cluster.hosting.clone(), cluster.issuer.clone(), cluster.former.clone());
    let digest = |path: &str| {
        let entry = bundle.manifest().files.iter().find(|entry| entry.path == path);
        entry.map(|entry| entry.sha256.clone())
    };
    let is_same = |path: &&str| digest(path) == previous.files().get(*path).map(|bytes| Sha256::of(bytes));
    place(&bundle.manifest().cluster) == place(previous.cluster()) && [KEYS, PUBLIC_KEY].iter().all(is_same)
}

/// Refuses to follow a bundle that a later one of the folder follows already, unless that one says what `files` say.
///
/// Which of them was applied nobody knows here. Bundles that these keys did not sign are nobody's concern.
///
/// # Errors
/// Names the latest; or the folder, where it cannot be read.
pub(super) fn refuse(
    folder: &Path,
    (trust, reading): (&TrustArgs, Reading<'_>),
    previous: &Previous,
    files: &Files,
) -> Result<(), Failure> {
    match latest(folder, (trust, reading), previous, |bundle| !says(bundle, files))? {
        Some(path) => Err(refused(path)),
        None => Ok(()),
    }
}

/// A cluster that has bundles has a key, and perhaps lives by it.
#[derive(Debug, thiserror::Error)]
#[error("{} is a bundle of the same cluster, and a new key pair would be made, of which a cluster that lives knows nothing", path.display())]
struct HasKey {
    path: PathBuf,
}

/// Refuses to make a key for a cluster of which a bundle is in the folder, whoever signed that.
///
/// # Errors
/// Names the latest; or the folder, where it cannot be read.
pub(super) fn refuse_new_key(folder: &Path, cluster: &Cluster) -> Result<(), Failure> {
    let mut latest = None;
    for path in candidates(folder, cluster)? {
        let bundle = UnverifiedBundle::new(BufReader::new(open_regular(&path)?)).read_without_trust();
        let Ok(bundle) = bundle else { continue };
        let manifest = bundle.as_if_verified().manifest();
        if is_of(&manifest.cluster, cluster) {
            latest = latest.max(Some((manifest.generation, path)));
        }
    }
    match latest {
        None => Ok(()),
        Some((_, path)) => Err(Failure::new(Exit::Failed, HasKey { path }).hint(
            "give the bundle that was applied last with --previous, or the cluster's key with --public-key-file or in \
             --output-dir; for a new cluster of the same name give another --bundle-dir",
        )),
    }
}

fn refused(path: PathBuf) -> Failure {
    Failure::new(Exit::Failed, Later { path })
        .hint("give that one with --previous if it was applied, and --leave-out-later if it never will be")
}

/// The latest bundle in the folder that is later than the previous one, of the same cluster, and of which this is true.
fn latest(
    folder: &Path,
    (trust, reading): (&TrustArgs, Reading<'_>),
    previous: &Previous,
    counts: impl Fn(&VerifiedBundle) -> bool,
) -> Result<Option<PathBuf>, Failure> {
    let mut later = None;
    for path in candidates(folder, previous.cluster())? {
        // It has been made: that its signature ended to count for new work changes nothing.
        let Ok(bundle) = trust.verify(BufReader::new(open_regular(&path)?), Expiry::Overridden(0), reading)
        else {
            continue;
        };
        let generation = bundle.manifest().generation;
        if is_of(&bundle.manifest().cluster, previous.cluster())
            && generation > previous.generation()
            && counts(&bundle)
        {
            later = later.max(Some((generation, path)));
        }
    }
    Ok(later.map(|(_, path)| path))
}

/// Whether both are the same cluster, wherever its issuer is by now.
fn is_of(one: &Cluster, other: &Cluster) -> bool {
    (&one.name, &one.account, one.partition) == (&other.name, &other.account, other.partition)
}

/// The bundles of a folder that may be the cluster's, going by their names.
fn candidates(folder: &Path, cluster: &Cluster) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::new(Exit::Failed, FileError::new("list", folder, error));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let begin = format!("{}-", cluster.name);
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&begin) && name.ends_with(".tar.gz") && entry.path().is_file() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a bundle has these files, but for its time and what follows from that.
fn says(bundle: &VerifiedBundle, files: &Files) -> bool {
    let counts = |path: &str| {
        ![PROVIDER, REVIEW, APPLY_SCRIPT].contains(&path) && Place::of(path) != Some(Place::PrivateKey)
    };
    let there = bundle.manifest().files.iter().filter(|entry| counts(&entry.path));
    let there: Vec<_> = there.map(|entry| (entry.path.as_str(), entry.sha256.clone())).collect();
    let wanted = files.iter().filter(|(path, _)| counts(path));
    let wanted: Vec<_> = wanted.map(|(path, bytes)| (path.as_str(), Sha256::of(bytes))).collect();
    there == wanted
}
