//! The report of a verification: what it says, and the file it goes to.

use super::super::bundle::{BundleArgs, warnings};
use crate::cli::Format;
use crate::session::Session;
use crate::show;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{Limits, VerifiedBundle};
use sts_schemas::digest::Sha256Hasher;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::manifest::{Manifest, SchemaVersion, Tool};
use sts_schemas::report::{ReceivedFile, Report, ReportVerdict, ReportedBundle, TrustedKey};
use sts_schemas::resource::Address;
use sts_schemas::signature::{PublicKey, TrustedKeys};
use sts_schemas::terminal::printable_json;

/// What a verification that went well has checked, in order. Source: `FORMAT.md`, the sections named.
const CHECKS: [&str; 6] = [
    "the file keeps to the limits and is one gzip member of one archive, stored, with nothing behind it (1.1, 1.5)",
    "the archive holds regular files only, in known places, sorted, each once, under the one header each may have (1.2 to 1.4)",
    "as many trusted keys as were asked for signed the manifest, and no signature of a trusted key is wrong (3)",
    "the manifest is written as it must be, and what the signatures claim is what it says (2, 3)",
    "every file has the length and SHA-256 that the manifest lists; none is missing, none is there besides (2)",
    "cluster, issuer, keys, provider, roles, policies and the installer's manifests agree with each other (4)",
];

/// The bytes of the longest file that can hold a bundle: an archive, and what its gzip member may add to that.
///
/// Source: `FORMAT.md`, 1.1 and 1.5: five bytes before each block of up to 65,535, and 18 bytes around all of them.
const MOST_BYTES: u64 = Limits::FORMAT.archive + 5 * Limits::FORMAT.archive.div_ceil(65_535) + 18;

/// A bundle's file, read once: its bytes are counted and digested on their way to the verification.
pub(super) struct Received {
    name: String,
    source: BufReader<File>,
    hasher: Sha256Hasher,
    length: u64,
}

impl Received {
    pub(super) fn open(args: &BundleArgs) -> Result<Self, Failure> {
        let name = args.bundle.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, source: args.open()?, hasher: Sha256Hasher::default(), length: 0 })
    }

    /// Reads what the verification left unread, as far as a bundle can go, and says what came.
    fn finish(mut self) -> Result<ReceivedFile, Failure> {
        let left = MOST_BYTES.saturating_sub(self.length);
        let rest = std::io::copy(&mut self.by_ref().take(left), &mut std::io::sink());
        rest.map_err(|error| Failure::new(Exit::Failed, error))?;
        let Self { name, mut source, hasher, length } = self;
        let more = source.fill_buf().map_err(|error| Failure::new(Exit::Failed, error))?;
        Ok(ReceivedFile { name, length, sha256: hasher.finish(), goes_on: !more.is_empty() })
    }
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.length += count as u64;
        Ok(count)
    }
}

/// The report on a bundle that was verified or rejected, or that there was no key for; any other failure has none.
pub(super) fn report(
    received: Received,
    result: &Result<VerifiedBundle, Failure>,
    args: &BundleArgs,
    trusted: &TrustedKeys,
    session: &Session<'_>,
) -> Result<Option<Report>, Failure> {
    let TrustedKeys { keys, repeated } = trusted;
    let (bundle, verdict, rejected) = match result {
        Ok(bundle) => (Some(bundle), ReportVerdict::Verified, None),
        Err(_) if keys.is_empty() => (None, ReportVerdict::NotVerified, None),
        Err(failure) if failure.exit() == Exit::BundleRejected => {
            (None, ReportVerdict::Rejected, Some(failure.chain()))
        }
        Err(_) => return Ok(None),
    };
    Ok(Some(Report {
        schema_version: SchemaVersion::CURRENT,
        verdict,
        rejected,
        verified_at: session.now(),
        verified_by: Tool { name: "sts-executor".into(), version: env!("CARGO_PKG_VERSION").into() },
        file: received.finish()?,
        trusted_keys: keys.iter().map(|key| trusted_key(key, bundle)).collect(),
        threshold: args.trust.threshold(),
        overridden: bundle.map_or_else(Vec::new, |bundle| args.trust.overridden(bundle)),
        warnings: bundle
            .map_or_else(Vec::new, warnings)
            .into_iter()
            .chain(repeated.iter().cloned())
            .collect(),
        checks: bundle.map_or_else(Vec::new, |_| CHECKS.map(str::to_owned).to_vec()),
        bundle: bundle.map(reported),
    }))
}

fn trusted_key(key: &PublicKey, bundle: Option<&VerifiedBundle>) -> TrustedKey {
    let signer = bundle.and_then(|bundle| bundle.signers().iter().find(|signer| signer.key == *key.id()));
    TrustedKey {
        key: key.id().clone(),
        kind: key.kind().to_string(),
        signed: signer.is_some(),
        expires: signer.and_then(|signer| signer.expires),
        expired: signer.is_some_and(|signer| signer.expired),
        claimed_holder: key.holder().cloned(),
    }
}

fn reported(bundle: &VerifiedBundle) -> ReportedBundle {
    let manifest = bundle.manifest();
    ReportedBundle {
        digest: bundle.digest().clone(),
        cluster: manifest.cluster.clone(),
        generation: manifest.generation,
        made_by: manifest.tool.clone(),
        unknown_signatures: bundle.unknown_signatures().to_vec(),
        token_keys: bundle.outline().token_keys.clone(),
        files: manifest.files.clone(),
        resources: bundle.outline().resources.keys().map(|address| with_tokens(address, manifest)).collect(),
    }
}

/// An address as the bundle's files have it, with tokens where it is open.
fn with_tokens(address: &Address, manifest: &Manifest) -> String {
    manifest
        .cluster
        .open()
        .into_iter()
        .fold(address.to_string(), |text, value| text.replace(value.stand_in(), value.token()))
}

/// Escapes in JSON what a terminal would obey. Pieces of text come whole, as `serde_json` has them.
struct Printable<W>(W);

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        match std::str::from_utf8(piece) {
            Ok(text) if !text.is_ascii() || text.contains('\u{7f}') => {
                self.0.write_all(printable_json(text).as_bytes())?;
            }
            _ => self.0.write_all(piece)?,
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written to {path}")]
struct Unwritable {
    path: String,
    #[source]
    source: std::io::Error,
}

/// How a report is written to a file: as text where its name ends in `.txt`, else as JSON.
fn format_of(path: &Path) -> Format {
    if path.extension().is_some_and(|extension| extension == "txt") { Format::Text } else { Format::Json }
}

/// Removes the report of an earlier run; says whether there was one. An empty file is none.
pub(super) fn remove_earlier(path: &Path) -> Result<bool, Failure> {
    let there = path.metadata().is_ok_and(|there| there.len() > 0);
    if there {
        std::fs::remove_file(path).map_err(|source| unwritable(path, source))?;
    }
    Ok(there)
}

/// Writes a report whole or not at all.
pub(super) fn write(report: &Report, path: &PathBuf) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let written = builder.tempfile_in(folder).and_then(|mut draft| {
        match format_of(path) {
            Format::Text => draft.write_all(show::report::text(report).as_bytes())?,
            // A piece at a time: with many files it is long.
            Format::Json => {
                let mut pieces = Printable(BufWriter::new(&mut draft));
                serde_json::to_writer_pretty(&mut pieces, report)?;
                pieces.write_all(b"\n")?;
                pieces.flush()?;
            }
        }
        draft.as_file().sync_all()?;
        draft.persist(path).map(drop).map_err(|error| error.error)
    });
    written.map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: std::io::Error) -> Failure {
    Failure::new(Exit::Failed, Unwritable { path: path.display().to_string(), source })
        .hint("give --report FILE in a folder that exists and can be written")
}
