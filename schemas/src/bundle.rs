//! A bundle as it is received: bytes with no meaning until they are verified.
//!
//! [`UnverifiedBundle`] has no accessors. Its one way on is [`UnverifiedBundle::verify`], and that is the one
//! way to a [`VerifiedBundle`]. The order is that of `FORMAT.md`: limits, archive, signatures over the bytes
//! received, digests of the files, and only then what the files say.

mod archive;
mod entries;
mod error;
mod limits;
mod member;
mod paths;

pub use entries::{Entries, RawEntry};
pub use error::{Verdict, VerifyError};
pub use limits::Limits;
use limits::Tally;

use crate::contents::{Contents, ContentsReader, PrivateKeyForm, Problem, Problems};
use crate::digest::Sha256;
use crate::layout::{self, Place};
use crate::manifest::{Manifest, SchemaVersion};
use crate::open::{self, BindError, Bound, OpenValue};
use crate::signature::{self, Claims, Holder, KeyKind, TrustStore};
use crate::state::Desired;
use archive::{ArchiveReader, Entry};
use std::collections::BTreeMap;
use std::io::Read;

/// How far the clocks of author and reader may be apart, in seconds: two days, so that a wrong time zone is no matter.
pub const CLOCK_TOLERANCE: u64 = 2 * 86_400;

/// Bytes that somebody says are a bundle.
pub struct UnverifiedBundle<R> {
    source: R,
    limits: Limits,
}

/// A bundle that enough trusted keys signed, whose bytes are those that were signed, and that holds together.
#[derive(Debug, Clone)]
pub struct VerifiedBundle {
    digest: Sha256,
    manifest: Manifest,
    contents: Contents,
    signers: Vec<Signer>,
    unknown_signatures: Vec<Sha256>,
    checked_at: Option<u64>,
}

/// A bundle of which everything was checked but who signed it: for looking, never for acting.
#[derive(Debug, Clone)]
pub struct UntrustedBundle {
    bundle: VerifiedBundle,
    signatures: BTreeMap<Sha256, String>,
}

/// A trusted key that signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The key's id.
    pub key: Sha256,
    /// The key's kind.
    pub kind: KeyKind,
    /// When the signature ends to count, in seconds since 1970, if ever.
    pub expires: Option<u64>,
    /// Whether that time has ended, and the signature counts because a person said so.
    pub expired: bool,
    /// Who the key's file says holds it: a claim, which nobody vouches for.
    pub holder: Option<Holder>,
}

/// Whether the end of a signature's time counts; both know the time, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It does.
    Enforced(u64),
    /// It does not, because a person said so.
    Overridden(u64),
}

impl<R: Read> UnverifiedBundle<R> {
    /// Takes in bytes, to be read once, within the limits of the format.
    pub fn new(source: R) -> Self {
        Self { source, limits: Limits::FORMAT }
    }

    /// The same with other limits, for tests of the limits themselves.
    pub fn with_limits(source: R, limits: Limits) -> Self {
        Self { source, limits }
    }

    /// Verifies everything, in the order of `FORMAT.md`.
    ///
    /// # Errors
    /// The first thing that is wrong; behind the signatures everything that is wrong at once.
    pub fn verify(self, trust: &TrustStore, expiry: Expiry) -> Result<VerifiedBundle, VerifyError> {
        let (Expiry::Enforced(now) | Expiry::Overridden(now)) = expiry;
        let bundle =
            self.read(&mut |manifest, signatures| trusted_signers(manifest, signatures, trust, expiry))?;
        Ok(VerifiedBundle { checked_at: Some(now), ..bundle })
    }

    /// Verifies everything but who signed: what comes out cannot be planned or applied.
    ///
    /// # Errors
    /// As [`UnverifiedBundle::verify`], but for those that speak of trust.
    pub fn read_without_trust(self) -> Result<UntrustedBundle, VerifyError> {
        let mut tokens = BTreeMap::new();
        let bundle = self.read(&mut |_, signatures| {
            tokens.clone_from(signatures);
            Ok((Vec::new(), signatures.keys().cloned().collect()))
        })?;
        Ok(UntrustedBundle { bundle, signatures: tokens })
    }

    fn read(mut self, trust: Asking<'_>) -> Result<VerifiedBundle, VerifyError> {
        read(&mut self.source, self.limits, trust)
    }
}

/// Who trusts whom, asked once about the manifest's bytes and the signatures.
type Asking<'a> = &'a mut dyn FnMut(&[u8], &BTreeMap<Sha256, String>) -> Result<Trusted, VerifyError>;

/// All of the reading. One piece of code for every kind of source: a program has it once.
fn read(source: &mut dyn Read, limits: Limits, trust: Asking<'_>) -> Result<VerifiedBundle, VerifyError> {
    let mut archive = ArchiveReader::open(source, limits)?;
    let Some(first) = archive.next_entry()?.filter(|entry| entry.path == layout::MANIFEST) else {
        return Err(VerifyError::NoManifest);
    };
    let manifest_bytes = archive.content(&first, limits.manifest)?;
    let digest = Sha256::of(&manifest_bytes);

    let mut signatures = BTreeMap::new();
    let mut pending = archive.next_entry()?;
    while let Some(entry) = &pending {
        let Some(Place::Signature { key_id }) = Place::of(&entry.path) else { break };
        if signatures.len() >= limits.signatures {
            return Err(VerifyError::limit("signatures", limits.signatures as u64));
        }
        let token = archive.content(entry, limits.signature)?;
        let token = String::from_utf8(token).map_err(|_| VerifyError::BadSignature {
            key: key_id.clone(),
            source: signature::SignatureError::Malformed("it is no text".into()),
        })?;
        signatures.insert(key_id, token);
        pending = archive.next_entry()?;
    }
    let (signers, unknown_signatures) = trust(&manifest_bytes, &signatures)?;

    let manifest = parse_manifest(&manifest_bytes)?;
    drop(manifest_bytes);
    for (signer, claims) in &signers {
        agree(&manifest, claims)
            .map_err(|what| VerifyError::ClaimsDiffer { key: signer.key.clone(), what })?;
    }
    let top = format!("{}-{}", manifest.cluster.name, digest.short());
    if archive.top() != top {
        return Err(VerifyError::WrongTop { found: archive.top().to_owned(), wanted: top });
    }
    let contents = read_files(&mut archive, pending, &manifest, &limits)?;
    archive.finish()?;
    let signers = signers.into_iter().map(|(signer, _)| signer).collect();
    Ok(VerifiedBundle {
        digest,
        manifest,
        contents: contents.map_err(VerifyError::Inconsistent)?,
        signers,
        unknown_signatures,
        checked_at: None,
    })
}

/// Trusted signers with what they claim, and the ids of keys nobody here knows.
type Trusted = (Vec<(Signer, Claims)>, Vec<Sha256>);

fn trusted_signers(
    manifest: &[u8],
    signatures: &BTreeMap<Sha256, String>,
    trust: &TrustStore,
    expiry: Expiry,
) -> Result<Trusted, VerifyError> {
    if signatures.is_empty() {
        return Err(VerifyError::Unsigned);
    }
    let (now, enforced) = match expiry {
        Expiry::Enforced(now) => (now, Some(now)),
        Expiry::Overridden(now) => (now, None),
    };
    let (mut signers, mut unknown) = (Vec::new(), Vec::new());
    for (key_id, token) in signatures {
        let Some(key) = trust.key(key_id) else {
            unknown.push(key_id.clone());
            continue;
        };
        let bad = |source| VerifyError::BadSignature { key: key_id.clone(), source };
        let claims: Claims = signature::verify(token, key, enforced).map_err(bad)?;
        if claims.manifest_sha256 != Sha256::of(manifest) {
            return Err(VerifyError::OtherManifest { key: key_id.clone() });
        }
        let signer = Signer {
            key: key_id.clone(),
            kind: key.kind(),
            expires: claims.exp,
            expired: claims.exp.is_some_and(|end| end <= now),
            holder: key.holder().cloned(),
        };
        signers.push((signer, claims));
    }
    if signers.len() < trust.threshold() {
        return Err(VerifyError::Untrusted { trusted: signers.len(), threshold: trust.threshold(), unknown });
    }
    Ok((signers, unknown))
}

fn parse_manifest(bytes: &[u8]) -> Result<Manifest, VerifyError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        schema_version: String,
    }
    let wrong =
        |error: serde_json::Error| VerifyError::BadManifest(open::told(error.to_string(), &OpenValue::ALL));
    let Versioned { schema_version } = serde_json::from_slice(bytes).map_err(wrong)?;
    if schema_version != SchemaVersion::CURRENT.to_string() {
        return Err(VerifyError::Unsupported { found: schema_version });
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(wrong)?;
    if !manifest.is_written_as(bytes) {
        return Err(VerifyError::BadManifest("it is not written the way FORMAT.md says".into()));
    }
    for pair in manifest.files.windows(2) {
        if pair[0].path >= pair[1].path {
            let what = format!("{:?} does not come after {:?}", pair[1].path, pair[0].path);
            return Err(VerifyError::BadManifest(what));
        }
    }
    let is_stray =
        |path: &str| matches!(Place::of(path), None | Some(Place::Manifest | Place::Signature { .. }));
    if let Some(entry) = manifest.files.iter().find(|entry| is_stray(&entry.path)) {
        return Err(VerifyError::BadManifest(format!("it lists {:?}, where no file belongs", entry.path)));
    }
    match paths::clash(manifest.files.iter().map(|entry| entry.path.as_str())) {
        Some(what) => Err(VerifyError::BadManifest(what)),
        None => Ok(manifest),
    }
}

fn agree(manifest: &Manifest, claims: &Claims) -> Result<(), String> {
    let Manifest { cluster, generation, .. } = manifest;
    if claims.cluster != cluster.name {
        return Err(format!("cluster {}, and the manifest {}", claims.cluster, cluster.name));
    }
    if claims.account != cluster.account {
        return Err(format!("account {}, and the manifest {}", claims.account, cluster.account));
    }
    if claims.generation != *generation {
        return Err(format!("generation {}, and the manifest {generation}", claims.generation));
    }
    Ok(())
}

/// Walks files and manifest side by side. Both are sorted, so what is missing or extra shows at once.
fn read_files(
    archive: &mut ArchiveReader<&mut dyn Read>,
    mut pending: Option<Entry>,
    manifest: &Manifest,
    limits: &Limits,
) -> Result<Result<Contents, Problems>, VerifyError> {
    let mut reader = ContentsReader::new(&manifest.cluster, manifest.generation);
    let mut tally = Tally::new(*limits, &manifest.cluster);
    let mut problems = Vec::new();
    let mut listed = manifest.files.iter().peekable();
    while let Some(entry) = pending {
        while let Some(missing) = listed.next_if(|listed| listed.path < entry.path) {
            problems.push(Problem { file: missing.path.clone(), what: "listed, but not there".into() });
        }
        let most = tally.most(&entry.path, entry.length)?;
        let bytes = archive.content(&entry, most)?;
        match listed.next_if(|listed| listed.path == entry.path) {
            None => problems.push(Problem { file: entry.path, what: "there, but not listed".into() }),
            Some(listed) if listed.length != bytes.len() as u64 => {
                let what = format!("listed with {} bytes, but has {}", listed.length, bytes.len());
                problems.push(Problem { file: entry.path, what });
            }
            Some(listed) if listed.sha256 != Sha256::of(&bytes) => {
                problems.push(Problem { file: entry.path, what: "not the bytes that were signed".into() });
            }
            Some(_) => reader.file(&entry.path, &bytes),
        }
        pending = archive.next_entry()?;
    }
    for missing in listed {
        problems.push(Problem { file: missing.path.clone(), what: "listed, but not there".into() });
    }
    if problems.is_empty() { Ok(reader.finish()) } else { Err(VerifyError::FilesDiffer(Problems(problems))) }
}

impl VerifiedBundle {
    /// What the bundle asks for, with stand-ins where it leaves a value open: for showing.
    #[must_use]
    pub fn outline(&self) -> &Desired {
        &self.contents.desired
    }

    /// What the bundle asks for and hands on, with these values in the places it leaves open.
    ///
    /// # Errors
    /// When a value does not fit, or the files no longer hold together with it.
    pub fn bind(&self, bound: &Bound) -> Result<Contents, BindError> {
        self.contents.bind(bound)
    }

    /// The manifest that was signed.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether it says that it was made later than the clock of whoever verified it says it is, by more than
    /// [`CLOCK_TOLERANCE`]: either of the two clocks is wrong, or the author lies.
    #[must_use]
    pub fn is_ahead_of_the_clock(&self) -> bool {
        self.checked_at.is_some_and(|now| self.manifest.generation > now.saturating_add(CLOCK_TOLERANCE))
    }

    /// The SHA-256 of the manifest: the bundle's name for plans, receipts and people.
    #[must_use]
    pub fn digest(&self) -> &Sha256 {
        &self.digest
    }

    /// The trusted keys that signed.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Ids of keys that signed and that the reader does not know.
    #[must_use]
    pub fn unknown_signatures(&self) -> &[Sha256] {
        &self.unknown_signatures
    }

    /// What the bundle asks for and hands on, with stand-ins where it leaves a value open: for showing.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The installer's manifests by path, with stand-ins where the bundle leaves a value open.
    #[must_use]
    pub fn installer_manifests(&self) -> &BTreeMap<String, String> {
        &self.contents.installer_manifests
    }

    /// Private keys in the bundle by path; the executor never needs one.
    #[must_use]
    pub fn private_keys(&self) -> &BTreeMap<String, PrivateKeyForm> {
        &self.contents.private_keys
    }
}

impl UntrustedBundle {
    /// What it would be if it were trusted, for showing to a person under a warning.
    #[must_use]
    pub fn as_if_verified(&self) -> &VerifiedBundle {
        &self.bundle
    }

    /// The signatures by the key id each stands under; nobody checked one of them.
    #[must_use]
    pub fn signatures(&self) -> &BTreeMap<Sha256, String> {
        &self.signatures
    }
}
