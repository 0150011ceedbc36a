//! The example that the project ships: requests, a bundle made of them, and the public keys to check it with.

use crate::adversary::{File, files, unpack};
use crate::handoff::{CLUSTER_KEY, Handoff};
use std::io;
use std::path::{Path, PathBuf};
use sts_schemas::layout::Place;

/// The folder of the example.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bundles/example");
/// The public key of whoever signed the bundle; the private one was thrown away.
pub const AUTHOR_KEY: &str = "author.pub";
/// The public key of the cluster.
pub const CLUSTER_KEY_FILE: &str = "cluster.public";

/// The path of a file of the example.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

/// The bundles that are stored: one, when all is well.
///
/// # Errors
/// When the folder cannot be read.
pub fn stored() -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(FOLDER)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".tar.gz") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Everything in a bundle that does not depend on who signed it.
#[must_use]
pub fn signed_content(bundle: &[u8]) -> Vec<File> {
    let is_signature = |path: &str| {
        let below = path.split_once('/').map(|(_, below)| below);
        matches!(below.and_then(Place::of), Some(Place::Signature { .. }))
    };
    files(&unpack(bundle)).into_iter().filter(|file| !is_signature(&file.path)).collect()
}

/// Makes the bundle anew, signs it with a key that is thrown away, and stores both public keys beside it.
///
/// # Errors
/// When a file cannot be written.
pub fn store() -> io::Result<()> {
    let story = Handoff::prepare();
    for old in stored()? {
        std::fs::remove_file(old)?;
    }
    let name = story.bundle().file_name().unwrap_or_default();
    std::fs::copy(story.bundle(), Path::new(FOLDER).join(name))?;
    std::fs::copy(story.public_key(), path(AUTHOR_KEY))?;
    std::fs::copy(CLUSTER_KEY, path(CLUSTER_KEY_FILE))?;
    Ok(())
}
