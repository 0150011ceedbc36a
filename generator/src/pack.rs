//! From a directory's files to one signed bundle, byte for byte the same for the same inputs.

use crate::render::Files;
use std::io::{self, Write};
use sts_schemas::archive::{BLOCK, END_BLOCKS, PathTooLong, gzip, header, padding};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::{Contents, ContentsReader, Problem, Problems};
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{self, Place};
use sts_schemas::manifest::{FileEntry, Manifest, SchemaVersion, Tool};
use sts_schemas::signature::{self, Claims, SignatureError, SigningKey};
use zeroize::{Zeroize as _, Zeroizing};

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

fn manifest(cluster: &Cluster, generation: u64, files: &Files) -> Manifest {
    let entry = |(path, bytes): (&String, &Vec<u8>)| FileEntry {
        path: path.clone(),
        length: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    Manifest {
        schema_version: SchemaVersion::CURRENT,
        tool: Tool { name: "sts-generator".into(), version: env!("CARGO_PKG_VERSION").into() },
        generation,
        cluster: cluster.clone(),
        files: files.iter().map(entry).collect(),
    }
}

/// What a bundle of these files is called: its cluster, and the first digits of its digest.
#[must_use]
pub fn bundle_name(cluster: &Cluster, generation: u64, files: &Files) -> String {
    name(cluster, &Sha256::of(&manifest(cluster, generation, files).to_bytes()))
}

fn name(cluster: &Cluster, digest: &Sha256) -> String {
    format!("{}-{}", cluster.name, digest.short())
}

/// Files under a manifest, signed by nobody yet.
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
    /// A file that does not get into the archive.
    #[error("a file cannot be packed")]
    Append(#[from] AppendError),
    /// The signing key failed.
    #[error("the bundle could not be signed")]
    Signature(#[from] SignatureError),
}

/// A bundle, ready to be written.
pub struct PackedBundle {
    /// Its name: the cluster's and the first digits of its digest.
    pub name: String,
    /// Whose signature it bears, and what is in that; none where it is left unsigned.
    pub signature: Option<(Sha256, String)>,
    /// Its digest.
    pub digest: Sha256,
    /// The gzip'd archive; it wipes itself, for a private key may be in it.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl UnsignedBundle {
    /// Lists files in a manifest. Those that are no part of a bundle must be left out before, and whether the others
    /// hold together is for [`check`] to say, and for whoever reads the packed bundle.
    ///
    /// # Errors
    /// When two differ only by case.
    pub fn new(cluster: &Cluster, generation: u64, files: Files) -> Result<Self, PackError> {
        same_but_for_case(&files).map_err(PackError::Inconsistent)?;
        let manifest = manifest(cluster, generation, &files);
        let manifest_bytes = manifest.to_bytes();
        Ok(Self { manifest, manifest_bytes, files })
    }

    /// Signs the manifest, until `exp` in seconds since 1970 if that is given, and packs everything.
    ///
    /// # Errors
    /// When the key fails, or a path does not fit the archive.
    pub fn sign(self, key: &SigningKey, exp: Option<u64>) -> Result<PackedBundle, PackError> {
        let claims = Claims::of(&self.manifest, &Sha256::of(&self.manifest_bytes), exp);
        let token = signature::sign(key, &claims)?;
        self.pack(Some((key.public_key().id().clone(), token)))
    }

    /// Packs everything without a signature: for a key kept elsewhere, and of no use before that key signed.
    ///
    /// # Errors
    /// When a path does not fit the archive.
    pub fn leave_unsigned(self) -> Result<PackedBundle, PackError> {
        self.pack(None)
    }

    fn pack(&self, signature: Option<(Sha256, String)>) -> Result<PackedBundle, PackError> {
        let digest = Sha256::of(&self.manifest_bytes);
        let name = name(&self.manifest.cluster, &digest);
        let mut archive = Zeroizing::new(Vec::with_capacity(self.room()));
        append(&mut *archive, &name, layout::MANIFEST, &self.manifest_bytes)?;
        if let Some((key, token)) = &signature {
            append(&mut *archive, &name, &layout::signature(key.as_str()), token.as_bytes())?;
        }
        for (path, bytes) in &self.files {
            append(&mut *archive, &name, path, bytes)?;
        }
        let end = archive.len() + END_BLOCKS * BLOCK;
        archive.resize(end, 0);
        Ok(PackedBundle { name, digest, signature, bytes: Zeroizing::new(gzip(&archive)) })
    }

    /// About as much as the archive will take: one that grows leaves copies of itself behind.
    fn room(&self) -> usize {
        let content: usize = self.files.values().map(|bytes| bytes.len() + 2 * BLOCK).sum();
        content + self.manifest_bytes.len() + 32 * BLOCK
    }
}

impl Drop for UnsignedBundle {
    fn drop(&mut self) {
        for (_, bytes) in self.files.iter_mut().filter(|(path, _)| Place::of(path) == Some(Place::PrivateKey))
        {
            bytes.zeroize();
        }
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

/// A file that does not get into an archive.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The archive's format cannot hold its path.
    #[error(transparent)]
    Path(#[from] PathTooLong),
    /// The archive took no more.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Appends one entry: header, content, padding.
pub(crate) fn append(
    archive: &mut dyn Write,
    top: &str,
    path: &str,
    bytes: &[u8],
) -> Result<(), AppendError> {
    let mode = Place::of(path).map_or(0o600, |place| place.mode());
    let length = bytes.len() as u64;
    archive.write_all(header(&format!("{top}/{path}"), mode, length)?.as_bytes())?;
    archive.write_all(bytes)?;
    archive.write_all(&[0; BLOCK][..padding(length)])?;
    Ok(())
}
