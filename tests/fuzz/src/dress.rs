//! Gives a fuzzer's bytes the form around them that a reader wants to see before it looks at them.
//!
//! Without it every try would end at a checksum or a digest, and the rules behind would never run.

use sts_schemas::archive::{BLOCK, END_BLOCKS, gzip, header, padding};
use sts_schemas::cluster::Cluster;
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{self, Place};
use sts_schemas::manifest::{FileEntry, Manifest, SchemaVersion, Tool};

/// Ends a path in the text form of a set of files.
const END_OF_PATH: u8 = 1;
/// Ends a file in the text form of a set of files.
const END_OF_FILE: u8 = 0;

/// In the text form of a set of files, no file but the cluster they are for, where that is not [`CLUSTER`].
const CLUSTER_OF_FILES: &str = "cluster";

/// The cluster that most seeds are for: that of `tests/vectors/sound`.
const CLUSTER: &str = r#"{
    "name": "harbour",
    "account": "123456789012",
    "partition": "aws",
    "region": "eu-central-1",
    "hosting": { "kind": "public-bucket", "bucket": "harbour-oidc" },
    "issuer": "https://harbour-oidc.s3.eu-central-1.amazonaws.com"
}"#;

/// When the seeds' bundle was made, in seconds since 1970.
const GENERATION: u64 = 1_700_000_000;

/// Makes an unsigned bundle of files in text form: path, `01`, content, `00`, and so on.
///
/// `None` when a path does not fit into a header, or what stands at the path `cluster` is none.
#[must_use]
pub fn bundle_of_files(text: &[u8]) -> Option<Vec<u8>> {
    let mut files: Vec<(&str, &[u8])> = text
        .split(|&byte| byte == END_OF_FILE)
        .filter_map(|file| {
            let end = file.iter().position(|&byte| byte == END_OF_PATH)?;
            Some((std::str::from_utf8(&file[..end]).ok()?, &file[end + 1..]))
        })
        .collect();
    files.sort_unstable();
    let cluster = match files.iter().position(|(path, _)| *path == CLUSTER_OF_FILES) {
        Some(at) => serde_json::from_slice(files.remove(at).1).ok()?,
        None => serde_json::from_str::<Cluster>(CLUSTER).ok()?,
    };
    let entries = files.iter().map(|(path, bytes)| FileEntry {
        path: (*path).to_owned(),
        length: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    });
    let manifest = Manifest {
        schema_version: SchemaVersion::CURRENT,
        tool: Tool { name: "fuzz".into(), version: "0".into() },
        generation: GENERATION,
        cluster,
        files: entries.collect(),
    };
    bundle(&manifest.to_bytes(), &files)
}

/// Makes an unsigned bundle of these bytes as its manifest and of these files.
#[must_use]
pub fn bundle(manifest: &[u8], files: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let name =
        serde_json::from_slice::<Manifest>(manifest).map_or("top".into(), |m| m.cluster.name.to_string());
    let top = format!("{name}-{}", Sha256::of(manifest).short());
    let mut archive = Vec::new();
    for (path, bytes) in std::iter::once((layout::MANIFEST, manifest)).chain(files.iter().copied()) {
        let mode = Place::of(path).map_or(0o644, |place| place.mode());
        let length = bytes.len() as u64;
        archive.extend_from_slice(header(&format!("{top}/{path}"), mode, length).ok()?.as_bytes());
        archive.extend_from_slice(bytes);
        archive.resize(archive.len() + padding(length), 0);
    }
    archive.resize(archive.len() + END_BLOCKS * BLOCK, 0);
    Some(gzip(&archive))
}

/// Makes the checksum of every block that says it is a ustar header right, and packs the archive.
#[must_use]
pub fn bundle_of_archive(archive: &[u8]) -> Vec<u8> {
    let mut archive = archive.to_vec();
    for block in archive.chunks_exact_mut(BLOCK) {
        if block[257..263] == *b"ustar\0" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
        }
    }
    gzip(&archive)
}
