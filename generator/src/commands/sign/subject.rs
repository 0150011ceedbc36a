//! The bundle that is signed: read and checked as a reader would, and shown to who signs.

use crate::commands::trust::{keys, warn_of_exposed};
use crate::commands::{in_file, warn};
use crate::countersign::{CountersignError, with_signature};
use crate::directory::{FileError, open_alone, write_by};
use crate::voice::detail;
use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{Entries, Expiry, Signer, UntrustedBundle, UnverifiedBundle, VerifyError};
use sts_schemas::contents::PrivateKeyForm;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::moment::utc;
use sts_schemas::open::OpenValue;
use sts_schemas::signature::{self, Claims, PublicKey, SignatureError, TrustError, TrustStore};

/// A bundle found in order; by whom it is signed, only where keys were named.
pub(super) struct Subject {
    path: PathBuf,
    bundle: UntrustedBundle,
    /// Whose signatures hold; none where nobody said whom to trust.
    vouchers: Option<Vec<Signer>>,
}

/// What a key has done about a bundle so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing, or it signed until another time.
    Open,
    /// It has signed just this.
    Signed,
}

/// A bundle that takes no signature.
#[derive(Debug, thiserror::Error)]
enum SubjectError {
    #[error("{path} is refused")]
    Refused {
        path: String,
        #[source]
        source: VerifyError,
    },
    #[error("{path} has a signature under the id of the key {key} that this key did not make")]
    Forged {
        path: String,
        key: String,
        #[source]
        source: SignatureError,
    },
}

/// A result that is not written, because it would be refused.
#[derive(Debug, thiserror::Error)]
enum ResultError {
    #[error("the signature cannot be put into the bundle")]
    Splice(#[from] CountersignError),
    #[error("nobody to check the result with")]
    Trust(#[from] TrustError),
    #[error("with the signature the bundle would be refused, so it was left as it was")]
    Refused(#[from] VerifyError),
    #[error("another file has come there than the bundle that was shown, so it was left as it is")]
    Changed,
    #[error("the bundle that was shown is not there any more")]
    Read(#[from] io::Error),
    #[error(transparent)]
    File(#[from] FileError),
}

impl Subject {
    /// Reads the bundle and checks all of it; its signatures where keys are named, at this time in seconds since 1970.
    pub(super) fn read(path: &Path, trusted: &[PathBuf], now: u64) -> Result<Self, Failure> {
        let failed = |error| Failure::new(Exit::Failed, FileError::new("read", path, error));
        detail(|| format!("reading {}", path.display()));
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no file")));
        }
        let file = File::open(path).map_err(failed)?;
        let refused = |source| {
            let path = path.display().to_string();
            let hint = match source {
                VerifyError::Unsigned | VerifyError::Untrusted { .. } => {
                    "nothing was signed; ask the author for the bundle and its public key, each by a way of its own"
                }
                _ => "nothing was signed; fetch the bundle again, or have it made anew",
            };
            Failure::new(Exit::BundleRejected, SubjectError::Refused { path, source }).hint(hint)
        };
        let vouchers = vouchers(&file, trusted, now)?.transpose().map_err(refused)?;
        (&file).rewind().map_err(failed)?;
        let bundle = UnverifiedBundle::new(&file).read_without_trust().map_err(refused)?;
        Ok(Self { path: path.to_owned(), bundle, vouchers })
    }

    /// What the bundle is called in a question about it.
    pub(super) fn name(&self) -> String {
        let bundle = self.bundle.as_if_verified();
        format!("bundle {} of cluster {}", bundle.digest().short(), bundle.manifest().cluster.name)
    }

    /// Shows what a signature would vouch for, by this voice.
    pub(super) fn show(&self, say: fn(&str)) {
        let bundle = self.bundle.as_if_verified();
        let manifest = bundle.manifest();
        let cluster = &manifest.cluster;
        say("to be vouched for:");
        say(&format!("  bundle      {}", bundle.digest()));
        say(&format!("  cluster     {}", cluster.name));
        let open = cluster.open();
        let shown = |value: OpenValue, text: &str| {
            if open.contains(&value) { "(left open)".to_owned() } else { text.to_owned() }
        };
        let account = shown(OpenValue::Account, cluster.account.as_str());
        say(&format!("  account     {account} in {} ({})", cluster.region, cluster.partition));
        say(&format!("  issuer      {}", shown(OpenValue::Issuer, cluster.issuer.as_str())));
        say(&format!("  generation  {} ({})", manifest.generation, utc(manifest.generation)));
        let (files, resources) = (manifest.files.len(), bundle.outline().resources.len());
        say(&format!(
            "  content     {files} files, {resources} AWS resources; sts-executor inspect shows them"
        ));
        for (path, form) in bundle.private_keys() {
            let how = match form {
                PrivateKeyForm::Encrypted => "encrypted",
                PrivateKeyForm::Plaintext => "IN PLAIN TEXT",
            };
            say(&format!("  private key {path}, {how}"));
        }
        self.show_signatures(say);
    }

    fn show_signatures(&self, say: fn(&str)) {
        let signatures = self.bundle.signatures();
        if signatures.is_empty() {
            say("  signatures  none yet");
        }
        for key in signatures.keys() {
            let voucher = self.vouchers.iter().flatten().find(|signer| signer.key == *key);
            let name = voucher.and_then(|signer| signer.holder.as_ref()?.name.as_ref());
            let standing = match (voucher, name) {
                (Some(_), Some(name)) => format!("which holds (claimed name {name})"),
                (Some(_), None) => "which holds".to_owned(),
                (None, _) => "not checked here".to_owned(),
            };
            say(&format!("  signature   by {key}, {standing}"));
        }
        if self.vouchers.is_none() && !signatures.is_empty() {
            warn(
                "WARNING: the signatures on this bundle were not checked, so anybody may have made it. \
                 Give the author's public key with --trusted-key.",
            );
        }
    }

    /// What a signature says that counts until `exp`.
    pub(super) fn claims(&self, exp: Option<u64>) -> Claims {
        let bundle = self.bundle.as_if_verified();
        Claims::of(bundle.manifest(), bundle.digest(), exp)
    }

    /// What this key has done about the bundle so far.
    pub(super) fn standing(&self, key: &PublicKey, wanted: &Claims) -> Result<Standing, Failure> {
        let Some(token) = self.bundle.signatures().get(key.id()) else { return Ok(Standing::Open) };
        let path = || self.path.display().to_string();
        let found: Claims = signature::verify(token, key, None).map_err(|source| {
            let error = SubjectError::Forged { path: path(), key: key.id().to_string(), source };
            Failure::new(Exit::BundleRejected, error)
                .hint("somebody else put it there: do not sign this file, fetch the bundle again")
        })?;
        if found == *wanted {
            return Ok(Standing::Signed);
        }
        let until = |claims: &Claims| {
            claims.exp.map_or_else(|| "for good".to_owned(), |end| format!("until {}", utc(end)))
        };
        warn(&format!(
            "{} signed already, {}: the new signature, {}, takes that one's place",
            key.id(),
            until(&found),
            until(wanted)
        ));
        Ok(Standing::Open)
    }

    /// Adds this signature to what lies at the path by now, if that still is the bundle that was looked at: what others
    /// signed meanwhile stays. It is written once a reader who trusts the key has taken the result.
    pub(super) fn put(&self, key: &PublicKey, token: &str) -> Result<(), Failure> {
        self.put_beside_others(key, token).map_err(|error| {
            let is_other = matches!(error, ResultError::Changed | ResultError::Read(_));
            let failure = in_file(&self.path, error);
            if is_other {
                failure.hint("look at what lies there now, and sign that if it is what you want")
            } else {
                failure
            }
        })
    }

    fn put_beside_others(&self, key: &PublicKey, token: &str) -> Result<(), ResultError> {
        let digest = self.bundle.as_if_verified().digest();
        // A link stays one: what it leads to is replaced.
        let path = fs::canonicalize(&self.path)?;
        let there = open_alone(&path)?;
        let metadata = there.metadata()?;
        if !metadata.is_file() || manifest_digest(&there).as_ref() != Some(digest) {
            return Err(ResultError::Changed);
        }
        let write = |beside: &File| -> Result<(), ResultError> {
            let trust = TrustStore::new(vec![key.clone()], NonZeroUsize::MIN)?;
            (&there).rewind()?;
            let mut beside = beside;
            with_signature(&mut &there, key.id(), token, &mut beside)?;
            beside.rewind()?;
            let result = UnverifiedBundle::new(beside).verify(&trust, Expiry::Enforced(0))?;
            if result.digest() == digest { Ok(()) } else { Err(ResultError::Changed) }
        };
        write_by(&path, metadata.permissions().mode() & 0o777, write)
    }
}

/// The digest of the bundle in this file, if that begins as one does.
fn manifest_digest(mut file: &File) -> Option<Sha256> {
    let manifest = Entries::open(&mut file).ok()?.next_entry().ok()??;
    Some(Sha256::of(&manifest.bytes))
}

/// The holders of these keys who signed; none where there are no keys to ask about.
fn vouchers(
    bytes: &File,
    trusted: &[PathBuf],
    now: u64,
) -> Result<Option<Result<Vec<Signer>, VerifyError>>, Failure> {
    if trusted.is_empty() {
        return Ok(None);
    }
    warn_of_exposed(trusted);
    let keys = keys(trusted, None)?;
    let trust = TrustStore::new(keys, NonZeroUsize::MIN).map_err(|error| Failure::new(Exit::Usage, error))?;
    let verified = UnverifiedBundle::new(bytes).verify(&trust, Expiry::Enforced(now));
    Ok(Some(verified.map(|bundle| bundle.signers().to_vec())))
}
