//! From a directory's files to one signed bundle, byte for byte the same for the same inputs.

use crate::render::Files;
use sts_schemas::archive::{BLOCK, END_BLOCKS, PathTooLong, gzip, header, padding};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::{Contents, ContentsReader, Problem, Problems};
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{self, Place};
use sts_schemas::manifest::{FileEntry, Manifest, SchemaVersion, Tool};
use sts_schemas::signature::{self, Claims, SignatureError, SigningKey};

/// Parses files and holds them against each other, just as a reader will.
///
/// # Errors
/// Everything that is wrong with them, at once.
pub fn check(cluster: &Cluster, generation: u64, files: &Files) -> Result<Contents, Problems> {
    let mut reader = ContentsReader::new(cluster, generation);
    for (path, bytes) in files {
        reader.file(path, bytes);
    }
    reader.finish()
}

/// Files that hold together, under a manifest, signed by nobody yet.
pub struct UnsignedBundle {
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    files: Files,
}

/// A bundle that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The files do not hold together.
    #[error("the files do not hold together: {0}")]
    Inconsistent(Problems),
    /// A path that the archive's format cannot hold.
    #[error("a file cannot be packed")]
    Path(#[from] PathTooLong),
    /// The signing key failed.
    #[error("the bundle could not be signed")]
    Signature(#[from] SignatureError),
}

/// A bundle, ready to be written.
pub struct SignedBundle {
    /// Its name: the cluster's and the first digits of its digest.
    pub name: String,
    /// Its digest.
    pub digest: Sha256,
    /// The gzip'd archive.
    pub bytes: Vec<u8>,
}

impl UnsignedBundle {
    /// Checks the files and lists them in a manifest. Files that are no part of a bundle must be left out before.
    ///
    /// # Errors
    /// When they do not hold together, or two differ only by case.
    pub fn new(cluster: &Cluster, generation: u64, files: Files) -> Result<Self, PackError> {
        check(cluster, generation, &files).map_err(PackError::Inconsistent)?;
        same_but_for_case(&files).map_err(PackError::Inconsistent)?;
        let entry = |(path, bytes): (&String, &Vec<u8>)| FileEntry {
            path: path.clone(),
            length: bytes.len() as u64,
            sha256: Sha256::of(bytes),
        };
        let manifest = Manifest {
            schema_version: SchemaVersion::CURRENT,
            tool: Tool { name: "sts-generator".into(), version: env!("CARGO_PKG_VERSION").into() },
            generation,
            cluster: cluster.clone(),
            files: files.iter().map(entry).collect(),
        };
        let manifest_bytes = manifest.to_bytes();
        Ok(Self { manifest, manifest_bytes, files })
    }

    /// Signs the manifest and packs everything.
    ///
    /// # Errors
    /// When the key fails, or a path does not fit the archive.
    pub fn sign(self, key: &SigningKey) -> Result<SignedBundle, PackError> {
        let digest = Sha256::of(&self.manifest_bytes);
        let Manifest { cluster, generation, .. } = &self.manifest;
        let claims = Claims {
            manifest_sha256: digest.clone(),
            cluster: cluster.name.clone(),
            account: cluster.account.clone(),
            generation: *generation,
            exp: None,
        };
        let token = signature::sign(key, &claims)?;
        let name = format!("{}-{}", cluster.name, digest.short());
        let mut archive = Vec::new();
        append(&mut archive, &name, layout::MANIFEST, &self.manifest_bytes)?;
        append(&mut archive, &name, &layout::signature(key.public_key().id().as_str()), token.as_bytes())?;
        for (path, bytes) in &self.files {
            append(&mut archive, &name, path, bytes)?;
        }
        archive.resize(archive.len() + END_BLOCKS * BLOCK, 0);
        Ok(SignedBundle { name, digest, bytes: gzip(&archive) })
    }
}

fn same_but_for_case(files: &Files) -> Result<(), Problems> {
    let mut seen = std::collections::BTreeMap::new();
    let mut problems = Vec::new();
    for path in files.keys() {
        if let Some(other) = seen.insert(path.to_ascii_lowercase(), path) {
            problems
                .push(Problem { file: path.clone(), what: format!("{other} differs from it only by case") });
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn append(archive: &mut Vec<u8>, top: &str, path: &str, bytes: &[u8]) -> Result<(), PathTooLong> {
    let mode = Place::of(path).map_or(0o600, |place| place.mode());
    let length = bytes.len() as u64;
    archive.extend_from_slice(header(&format!("{top}/{path}"), mode, length)?.as_bytes());
    archive.extend_from_slice(bytes);
    archive.resize(archive.len() + padding(length), 0);
    Ok(())
}
