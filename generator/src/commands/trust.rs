//! Reading what was signed: a bundle, and a receipt that came back.

use super::{detail, in_file, warn};
use clap::Args;
use std::fs::File;
use std::io::{BufReader, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{Expiry, UntrustedBundle, UnverifiedBundle, VerifiedBundle, VerifyError};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::moment;
use sts_schemas::receipt::{CheckedReceipt, UnverifiedReceipt};
use sts_schemas::signature::{KEY_FOLDER, PublicKey, TrustStore, TrustedKeys, exposed, trusted_keys};

/// What whoever reads a bundle takes from around the program.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The configuration folder, in which trusted keys may lie.
    pub configuration: Option<&'a Path>,
    /// What the clock says, in seconds since 1970, whatever `SOURCE_DATE_EPOCH` says: that dates what is made.
    pub clock: u64,
}

/// Whose signatures on a bundle count.
#[derive(Debug, Clone, Args)]
pub(super) struct TrustArgs {
    /// A public key that may sign bundles, as author.key.pub; can be given more than once.
    ///
    /// Without it, every *.pub in sts-handoff/trusted-keys of the user's configuration folder is trusted.
    #[arg(long, value_name = "FILE")]
    trusted_key: Vec<PathBuf>,
}

/// A bundle that was applied, and whose signatures on it count.
#[derive(Debug, Clone, Args)]
pub(super) struct BundleArgs {
    /// The bundle that was applied.
    #[arg(long, value_name = "FILE")]
    pub(super) bundle: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Whose signatures on a receipt count: other keys than those for bundles, since what one may vouch for
/// the other may not.
#[derive(Debug, Clone, Args)]
pub(super) struct ExecutorArgs {
    /// A public key that may sign receipts, as the AWS admin hands it on; can be given more than once.
    ///
    /// Without it, anybody could have written the receipt, and a warning says so.
    #[arg(long, value_name = "FILE")]
    executor_key: Vec<PathBuf>,
}

impl TrustArgs {
    /// These keys, where they have another flag.
    pub(super) fn of(trusted_key: Vec<PathBuf>) -> Self {
        Self { trusted_key }
    }

    /// Whether a key was named.
    pub(super) fn is_given(&self) -> bool {
        !self.trusted_key.is_empty()
    }

    /// Verifies the bundle at this path.
    pub(super) fn verified(
        &self,
        path: &Path,
        expiry: Expiry,
        reading: Reading<'_>,
    ) -> Result<VerifiedBundle, Failure> {
        self.verify(open(path)?, expiry, reading)
    }

    /// Verifies the bundle at this path where there is a key to do it with, and else only reads it.
    ///
    /// It is looked at, not acted on: that its signature ended to count is told and changes nothing.
    pub(super) fn read(&self, path: &Path, reading: Reading<'_>) -> Result<ReadBundle, Failure> {
        let keys = keys(&self.trusted_key, reading.configuration)?;
        if keys.is_empty() {
            let bundle = UnverifiedBundle::new(open(path)?).read_without_trust();
            return bundle.map(Box::new).map(ReadBundle::Untrusted).map_err(rejected);
        }
        self.applied_by(keys, open(path)?, reading).map(Box::new).map(ReadBundle::Verified)
    }

    /// Verifies the bytes of a bundle that was applied, or is only looked at: that a signature of it ended to count for
    /// new work is told, and changes nothing.
    pub(super) fn applied(&self, bytes: impl Read, reading: Reading<'_>) -> Result<VerifiedBundle, Failure> {
        self.applied_by(keys(&self.trusted_key, reading.configuration)?, bytes, reading)
    }

    fn applied_by(
        &self,
        keys: Vec<PublicKey>,
        bytes: impl Read,
        reading: Reading<'_>,
    ) -> Result<VerifiedBundle, Failure> {
        let bundle = self.verify_by(keys, bytes, Expiry::Overridden(reading.clock), reading)?;
        for signer in bundle.signers().iter().filter(|signer| signer.expired) {
            let ended = signer.expires.map_or_else(String::new, |end| format!(" at {}", moment::utc(end)));
            warn(&format!(
                "WARNING: EXPIRED: the signature of the key {} ended to count{ended}; it is taken, for nothing new is applied \
                 by it",
                signer.key
            ));
        }
        Ok(bundle)
    }

    /// Verifies a bundle's bytes.
    pub(super) fn verify(
        &self,
        bytes: impl Read,
        expiry: Expiry,
        reading: Reading<'_>,
    ) -> Result<VerifiedBundle, Failure> {
        self.verify_by(keys(&self.trusted_key, reading.configuration)?, bytes, expiry, reading)
    }

    fn verify_by(
        &self,
        keys: Vec<PublicKey>,
        bytes: impl Read,
        expiry: Expiry,
        reading: Reading<'_>,
    ) -> Result<VerifiedBundle, Failure> {
        warn_of_exposed(&self.trusted_key);
        let trust = TrustStore::new(keys, NonZeroUsize::MIN).map_err(|error| {
            let folder = reading.configuration.map(|folder| folder.join(KEY_FOLDER).display().to_string());
            let folder = folder.map_or_else(String::new, |folder| format!(", or put it into {folder}"));
            Failure::new(Exit::BundleRejected, error)
                .hint(format!("give the author's public key with --trusted-key{folder}"))
        })?;
        UnverifiedBundle::new(bytes).verify(&trust, expiry).map_err(rejected)
    }
}

impl BundleArgs {
    /// Verifies the bundle, which has been applied.
    pub(crate) fn verified(&self, reading: Reading<'_>) -> Result<VerifiedBundle, Failure> {
        let verified = self.trust.applied(open(&self.bundle)?, reading);
        verified.map_err(|failure| match failure.exit() {
            Exit::BundleRejected => failure.hint(
                "give the bundle as it was made, and the public key of its author with --trusted-key; the one by which \
                 the AWS admin signed the receipt is for --executor-key",
            ),
            _ => failure,
        })
    }
}

/// The keys in these files or in the configuration folder, each named to who looks for a fault.
pub(super) fn keys(given: &[PathBuf], configuration: Option<&Path>) -> Result<Vec<PublicKey>, Failure> {
    let TrustedKeys { keys, repeated } = trusted_keys(given, configuration).map_err(|error| {
        let advice = error.advice();
        Failure::new(Exit::Failed, error).hint(advice)
    })?;
    for warning in repeated {
        warn(&format!("WARNING: {warning}"));
    }
    match configuration {
        Some(folder) if given.is_empty() => {
            detail(|| format!("trusted keys in {}: {}", folder.join(KEY_FOLDER).display(), keys.len()));
        }
        _ => {
            for path in given {
                detail(|| format!("reading {}", path.display()));
            }
        }
    }
    for key in &keys {
        detail(|| format!("trusting {}, {:?}", key.id(), key.kind()));
    }
    Ok(keys)
}

/// Warns of keys that were named as trusted and that others may exchange.
pub(super) fn warn_of_exposed(given: &[PathBuf]) {
    for warning in exposed(given) {
        warn(&format!("WARNING: {warning}"));
    }
}

/// A bundle as far as there was a key to check it with, or another reason to trust it.
pub(super) enum ReadBundle {
    /// A trusted key signed it.
    Verified(Box<VerifiedBundle>),
    /// No key was given: nobody checked who signed it.
    Untrusted(Box<UntrustedBundle>),
}

impl ReadBundle {
    /// The bundle, for who knows why it may be taken.
    pub(super) fn as_if_verified(&self) -> &VerifiedBundle {
        match self {
            Self::Verified(bundle) => bundle,
            Self::Untrusted(bundle) => bundle.as_if_verified(),
        }
    }
}

pub(super) fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    detail(|| format!("reading {}", path.display()));
    File::open(path).map(BufReader::new).map_err(|error| in_file(path, error))
}

fn rejected(error: VerifyError) -> Failure {
    Failure::new(Exit::BundleRejected, error)
        .hint("give the bundle as it was made, and the public key of its author with --trusted-key")
}

impl ExecutorArgs {
    /// Reads a receipt, which a trusted executor must have signed wherever one is named.
    pub(crate) fn receipt(&self, path: &Path) -> Result<CheckedReceipt, Failure> {
        receipt(path, &self.executor_key, "executor-key")
    }
}

/// Reads a receipt, which one of these keys must have signed wherever one is named, by this flag.
pub(super) fn receipt(path: &Path, executors: &[PathBuf], flag: &str) -> Result<CheckedReceipt, Failure> {
    detail(|| format!("reading {}", path.display()));
    let mut bytes = Vec::new();
    let most = UnverifiedReceipt::MOST_BYTES as u64 + 1;
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| in_file(path, error))?;
    if executors.is_empty() {
        let receipt = UnverifiedReceipt::new(bytes, None).read_without_trust();
        let receipt = receipt.map_err(|error| in_file(path, error))?;
        warn(&format!(
            "WARNING: nobody vouches for {}: anybody could have written it. Give the AWS admin's public key with --{flag}, \
                 and have them run apply with --receipt-key.",
            path.display()
        ));
        return Ok(receipt);
    }
    warn_of_exposed(executors);
    let executors = TrustStore::new(keys(executors, None)?, NonZeroUsize::MIN)
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let signature_path = UnverifiedReceipt::signature_path(path);
    let signature = match UnverifiedReceipt::read_signature(&signature_path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(in_file(&signature_path, error)),
    };
    UnverifiedReceipt::new(bytes, signature).verify(&executors).map_err(|error| {
            let beside = signature_path.display();
            in_file(path, error).hint(format!(
                "do not use it; ask the AWS admin for the receipt and {beside}, as one apply with --receipt-key wrote them, \
                 and for the public key of whoever signed"
            ))
        })
}
