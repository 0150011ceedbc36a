//! `manifest.json`: what a bundle says of itself, and the digest of every other file.

use crate::cluster::Cluster;
use crate::digest::Sha256;
#[cfg(doc)]
use crate::moment::LAST_MOMENT;
use crate::moment::moment;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The version of a shape that this project defines: `major.minor`.
///
/// A reader takes its own major version and refuses every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SchemaVersion {
    /// The first.
    #[serde(rename = "1.0")]
    V1,
}

impl SchemaVersion {
    /// What this program writes.
    pub const CURRENT: Self = Self::V1;
}

impl std::fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("1.0")
    }
}

/// The program that wrote a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `sts-generator` or `sts-executor`.
    #[serde(deserialize_with = "short")]
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Its version.
    #[serde(deserialize_with = "short")]
    #[schemars(length(min = 1, max = 128))]
    pub version: String,
}

/// The most characters of a program's name or version: both stand in every list, and nobody checks them.
const LONGEST_TOOL: usize = 128;

fn short<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if (1..=LONGEST_TOOL).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(D::Error::custom(format!("a program's name and version have 1 to {LONGEST_TOOL} characters each")))
}

/// The content of `manifest.json`, the one file the signatures speak of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the bundle format.
    pub schema_version: SchemaVersion,
    /// The program that wrote the bundle.
    pub tool: Tool,
    /// When it was made, in seconds since 1970, at most [`LAST_MOMENT`]; a newer bundle outranks an older one.
    #[serde(deserialize_with = "moment")]
    #[schemars(range(max = 253_402_300_799_u64))]
    pub generation: u64,
    /// The cluster it is for.
    pub cluster: Cluster,
    /// Every other file but the signatures, sorted by path.
    pub files: Vec<FileEntry>,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its path below the top folder.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
}

impl Manifest {
    /// The bytes of `manifest.json`: JSON indented by two spaces, a newline at the end.
    ///
    /// # Panics
    /// Never: every part of a manifest has a JSON form.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a manifest holds only strings, numbers and lists")]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a manifest has a JSON form");
        bytes.push(b'\n');
        bytes
    }

    /// Whether [`Manifest::to_bytes`] would give these bytes; said without making them.
    #[must_use]
    pub fn is_written_as(&self, bytes: &[u8]) -> bool {
        let mut rest = Expected(bytes);
        serde_json::to_writer_pretty(&mut rest, self).is_ok() && rest.0 == b"\n"
    }
}

/// Takes in only the bytes that are expected, and fails at the first other one.
struct Expected<'a>(&'a [u8]);

impl std::io::Write for Expected<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let rest = self.0.strip_prefix(bytes).ok_or(std::io::ErrorKind::InvalidData)?;
        self.0 = rest;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
