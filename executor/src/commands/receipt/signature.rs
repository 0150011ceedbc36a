//! The signature of a receipt: a file beside it, made with the executor's own key.

use super::super::place::Neighbours;
use super::draft_beside;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::receipt::{ReceiptClaims, UnverifiedReceipt};
use sts_schemas::signature::{KeyError, SigningKey, key_id_of, sign};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Who vouches for the receipt.
#[derive(Debug, clap::Args)]
pub(crate) struct ReceiptKeyArgs {
    /// Sign the receipt with this key; the signature goes beside it, as RECEIPT.jws.
    ///
    /// `sts-generator create-signing-key` makes such a key. Hand its .pub to the author, for `finalize`.
    #[arg(long, value_name = "FILE")]
    receipt_key: Option<PathBuf>,
    /// File whose first line is the passphrase of that key.
    #[arg(long, value_name = "FILE", requires = "receipt_key")]
    receipt_passphrase_file: Option<PathBuf>,
}

/// The key for receipts cannot be used.
#[derive(Debug, thiserror::Error)]
enum ReceiptKeyError {
    #[error("cannot read {path}")]
    Unreadable {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("cannot sign receipts with {path}")]
    NoKey {
        path: String,
        #[source]
        source: KeyError,
    },
}

/// Whether these bytes are the signature of a receipt, whoever made it.
pub(crate) fn is_signature(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|token| key_id_of::<ReceiptClaims>(token.trim_end()).is_ok())
}

impl ReceiptKeyArgs {
    /// Names the files of the key.
    pub(crate) fn name<'a>(&'a self, neighbours: &mut Neighbours<'a>) {
        neighbours.reads("the key for receipts", self.receipt_key.as_deref());
        neighbours.reads("the passphrase of that key", self.receipt_passphrase_file.as_deref());
    }

    /// The key, read before anything else is done: who cannot sign learns so while nothing is changed.
    pub(crate) fn read(&self) -> Result<Option<SigningKey>, Failure> {
        let Some(path) = &self.receipt_key else { return Ok(None) };
        let passphrase = self.receipt_passphrase_file.as_deref().map(read_secret).transpose()?;
        let passphrase = passphrase.as_ref().map(|text| text.lines().next().unwrap_or_default().as_bytes());
        let pem = read_secret(path)?;
        SigningKey::from_pem(&pem, passphrase).map(Some).map_err(|source| {
            Failure::new(Exit::Failed, ReceiptKeyError::NoKey { path: path.display().to_string(), source })
                .hint("`sts-generator create-signing-key` makes one; an encrypted one needs --receipt-passphrase-file")
        })
    }
}

fn read_secret(path: &Path) -> Result<Zeroizing<String>, Failure> {
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|source| {
        Failure::new(Exit::Failed, ReceiptKeyError::Unreadable { path: path.display().to_string(), source })
    })
}

/// The place of a receipt's signature.
pub(super) struct SignatureFile {
    path: PathBuf,
    signing: Option<(SigningKey, NamedTempFile)>,
}

impl SignatureFile {
    /// Keeps the place beside the receipt, where there is a key to sign with.
    pub(super) fn reserve(receipt: &Path, key: Option<SigningKey>) -> io::Result<Self> {
        let path = UnverifiedReceipt::signature_path(receipt);
        let signing = key.map(|key| Ok::<_, io::Error>((key, draft_beside(&path)?))).transpose()?;
        Ok(Self { path, signing })
    }

    /// Signs the receipt's bytes; without a key a signature of an older receipt goes, as it is not this one's.
    pub(super) fn write(self, receipt: &[u8]) -> io::Result<()> {
        let Some((key, mut draft)) = self.signing else {
            return match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let claims = ReceiptClaims { receipt_sha256: Sha256::of(receipt) };
        let token = sign(&key, &claims).map_err(io::Error::other)?;
        draft.write_all(token.as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(&self.path).map(|_| ()).map_err(|error| error.error)
    }
}
