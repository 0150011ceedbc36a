//! Every reason to reject a bundle.

use crate::contents::Problems;
use crate::digest::Sha256;
use crate::signature::SignatureError;

/// Why a bundle is rejected. Each variant has a damaged bundle of its own in the project's test vectors.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file could not be read; nothing is said about the bundle.
    #[error("the bundle could not be read")]
    Unreadable(#[source] std::io::Error),
    /// It does not begin as every bundle begins.
    #[error("this is no bundle: it does not begin with the gzip header of one")]
    NotGzip,
    /// The gzip member is damaged, or not written in the one way there is.
    #[error("the gzip member is damaged: {0}")]
    Corrupt(&'static str),
    /// Something follows where the bundle ended.
    #[error("something follows the end of the bundle: {0}")]
    TrailingData(&'static str),
    /// More of something than the format allows.
    #[error("the bundle has more than {most} {what}")]
    LimitExceeded {
        /// Of what, with its unit.
        what: &'static str,
        /// How much is allowed.
        most: u64,
    },
    /// The archive ends in the middle.
    #[error("the archive ends in the middle of {0}")]
    Truncated(&'static str),
    /// An entry of the archive is not a plain file with the one header this format has for it.
    #[error("the archive's entry {path:?} is refused: {why}")]
    BadEntry {
        /// Its path as far as it can be read.
        path: String,
        /// What is wrong.
        why: &'static str,
    },
    /// An entry is where no file belongs.
    #[error("the archive has {path:?}, where no file belongs")]
    BadPath {
        /// Its path.
        path: String,
    },
    /// Entries are not in the order of the format, or one comes twice.
    #[error("the archive's entry {path:?} does not come after {previous:?}")]
    WrongOrder {
        /// The entry.
        path: String,
        /// The one before it.
        previous: String,
    },
    /// The first entry is not the manifest.
    #[error("the archive does not begin with manifest.json")]
    NoManifest,
    /// There are no signatures.
    #[error("nobody signed this bundle")]
    Unsigned,
    /// Too few trusted keys signed.
    #[error(
        "{trusted} of the {threshold} trusted signatures needed are there; {} by unknown keys{}",
        unknown.len(),
        ids(unknown)
    )]
    Untrusted {
        /// How many trusted keys signed.
        trusted: usize,
        /// How many are needed.
        threshold: usize,
        /// The ids of the other keys.
        unknown: Vec<Sha256>,
    },
    /// A signature that stands under a trusted key's id does not hold.
    #[error("the signature of the trusted key {key} does not hold")]
    BadSignature {
        /// The key's id.
        key: Sha256,
        /// Why.
        #[source]
        source: SignatureError,
    },
    /// A good signature, but of another bundle.
    #[error("the signature of the trusted key {key} is for another bundle")]
    OtherManifest {
        /// The key's id.
        key: Sha256,
    },
    /// The manifest is signed and yet not one.
    #[error("manifest.json is wrong: {0}")]
    BadManifest(String),
    /// A format this program does not know.
    #[error("the bundle is of format version {found:?}, and this program reads 1.0")]
    Unsupported {
        /// The version it says.
        found: String,
    },
    /// The signature claims something else than the manifest says.
    #[error("the signature of the trusted key {key} says {what}")]
    ClaimsDiffer {
        /// The key's id.
        key: Sha256,
        /// Both values.
        what: String,
    },
    /// The top folder does not bear the bundle's name.
    #[error("the top folder is {found:?}, and must be {wanted:?}")]
    WrongTop {
        /// The folder.
        found: String,
        /// The cluster's name and the manifest's digest.
        wanted: String,
    },
    /// The files are not those the manifest lists.
    #[error("the files are not those that were signed: {0}")]
    FilesDiffer(Problems),
    /// The files are those that were signed, and contradict each other.
    #[error("the bundle does not hold together: {0}")]
    Inconsistent(Problems),
}

/// What kind of rejection it is, in the words of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not a bundle, or a damaged one.
    NotABundle,
    /// A bundle, but not from somebody trusted, or not as they signed it.
    Untrusted,
    /// A trusted bundle that contradicts itself.
    Inconsistent,
    /// A trusted bundle of a format unknown here.
    Unsupported,
}

impl VerifyError {
    /// The kind of rejection.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Unreadable(_)
            | Self::NotGzip
            | Self::Corrupt(_)
            | Self::TrailingData(_)
            | Self::LimitExceeded { .. }
            | Self::Truncated(_)
            | Self::BadEntry { .. }
            | Self::BadPath { .. }
            | Self::WrongOrder { .. }
            | Self::NoManifest => Verdict::NotABundle,
            Self::Unsigned
            | Self::Untrusted { .. }
            | Self::BadSignature { .. }
            | Self::OtherManifest { .. }
            | Self::ClaimsDiffer { .. }
            | Self::FilesDiffer(_) => Verdict::Untrusted,
            Self::BadManifest(_) | Self::WrongTop { .. } | Self::Inconsistent(_) => Verdict::Inconsistent,
            Self::Unsupported { .. } => Verdict::Unsupported,
        }
    }

    pub(super) fn limit(what: &'static str, most: u64) -> Self {
        Self::LimitExceeded { what, most }
    }
}

/// The ids of keys, behind a colon.
fn ids(keys: &[Sha256]) -> String {
    let list = keys.iter().map(Sha256::as_str).collect::<Vec<_>>().join(", ");
    if list.is_empty() { list } else { format!(": {list}") }
}
