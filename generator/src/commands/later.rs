//! Bundles of the same cluster that were made after the one to follow.

use crate::commands::read_bundle;
use crate::commands::trust::TrustArgs;
use crate::directory::FileError;
use crate::previous::Previous;
use crate::render::Files;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{Expiry, VerifiedBundle};
use sts_schemas::cluster::Cluster;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout::{APPLY_SCRIPT, PROVIDER, Place, REVIEW};

/// A bundle is not the last of its cluster, so that one that follows it would undo what came between.
#[derive(Debug, thiserror::Error)]
#[error("{} of the same cluster is later, and what it changed would be undone", path.display())]
struct Later {
    path: PathBuf,
}

/// Refuses to follow a bundle that a later one of the folder follows already, unless that one says what `files` say.
///
/// Which of them was applied nobody knows here. Bundles that these keys did not sign are nobody's concern.
///
/// # Errors
/// Names the latest; or the folder, where it cannot be read.
pub(super) fn refuse(
    folder: &Path,
    (trust, configuration): (&TrustArgs, Option<&Path>),
    previous: &Previous,
    files: &Files,
) -> Result<(), Failure> {
    let mut later = None;
    for path in candidates(folder, previous)? {
        let bytes = read_bundle(&path)?;
        // It has been made: that its signature ended to count for new work changes nothing.
        let Ok(bundle) = trust.verify(bytes.as_slice(), Expiry::Overridden(0), configuration) else {
            continue;
        };
        let generation = bundle.manifest().generation;
        if is_of(&bundle.manifest().cluster, previous.cluster())
            && generation > previous.generation()
            && !says(&bundle, files)
        {
            later = later.max(Some((generation, path)));
        }
    }
    let Some((_, path)) = later else { return Ok(()) };
    Err(Failure::new(Exit::Failed, Later { path })
        .hint("give that one with --previous if it was applied, and --leave-out-later if it never will be"))
}

/// Whether both are the same cluster, wherever its issuer is by now.
fn is_of(one: &Cluster, other: &Cluster) -> bool {
    (&one.name, &one.account, one.partition) == (&other.name, &other.account, other.partition)
}

/// The bundles of a folder that may be the cluster's, going by their names.
fn candidates(folder: &Path, previous: &Previous) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::new(Exit::Failed, FileError::new("list", folder, error));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let begin = format!("{}-", previous.cluster().name);
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&begin) && name.ends_with(".tar.gz") {
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
