//! A receipt as it comes back: bytes with no meaning until they are verified.
//!
//! [`UnverifiedReceipt`] has no accessors. Where a key of the executor's is trusted, the signature over the
//! bytes received comes first; only then they are parsed, and held against the bundle they must belong to.

use super::{Outcome, Receipt};
use crate::aws::Arn;
use crate::bundle::VerifiedBundle;
use crate::contents::Contents;
use crate::digest::Sha256;
use crate::manifest::SchemaVersion;
use crate::open::{OpenValue, hide_stand_ins};
use crate::plan::Purpose;
use crate::signature::{self, SignatureError, Statement, TrustStore};
use crate::state::Desired;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::error::Error as _;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What the signature of a receipt says: these bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptClaims {
    /// SHA-256 of the bytes of the receipt's file.
    pub receipt_sha256: Sha256,
}

impl Statement for ReceiptClaims {
    const TYPE: &'static str = "sts-handoff-receipt";
}

/// Bytes that somebody says are a receipt, and perhaps a signature over them.
pub struct UnverifiedReceipt {
    bytes: Vec<u8>,
    signature: Option<String>,
}

/// A receipt that was read, and of which it is known whether a trusted executor signed it.
#[derive(Debug, Clone)]
pub struct CheckedReceipt {
    receipt: Receipt,
    signer: Option<Sha256>,
}

/// Why a receipt is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// It is larger than any receipt.
    #[error("it has more than {} bytes, which no receipt has", UnverifiedReceipt::MOST_BYTES)]
    TooLarge,
    /// A signature is asked for, and there is none.
    #[error("nobody signed it, and a signature of a trusted executor is asked for")]
    Unsigned,
    /// It was signed by a key that is not trusted.
    #[error("it is signed by the key {key}, which is not trusted")]
    Untrusted {
        /// The id that the signature names.
        key: Sha256,
    },
    /// Its signature does not hold.
    #[error("its signature does not hold")]
    BadSignature(#[source] SignatureError),
    /// Its signature holds for other bytes.
    #[error("its signature is that of another receipt")]
    OtherReceipt,
    /// It is of a version this program does not know.
    #[error("it is a receipt of version {found:?}, and this program reads {}", SchemaVersion::CURRENT)]
    Unsupported {
        /// What it says.
        found: String,
    },
    /// It is no receipt.
    #[error("it is no receipt: {0}")]
    Malformed(String),
    /// It tells of something else than this bundle's complete apply.
    #[error("it is no receipt of this bundle's apply: {0}")]
    NotOfBundle(Disagreements),
}

/// Everything in which a receipt and a bundle disagree, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreements(pub Vec<String>);

impl fmt::Display for Disagreements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} disagreement{}", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {}", hide_stand_ins(line)))
    }
}

impl UnverifiedReceipt {
    /// The most bytes of a receipt: a bundle has at most 65,536 files, and a step takes less than a kilobyte.
    pub const MOST_BYTES: usize = 64 * 1024 * 1024;

    /// Where the signature of the receipt at this path lies: beside it, `.jws` behind its whole name.
    #[must_use]
    pub fn signature_path(receipt: &Path) -> PathBuf {
        let mut name = receipt.as_os_str().to_owned();
        name.push(".jws");
        name.into()
    }

    /// Reads the file of a receipt's signature, of which no more is held than any signature has.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than a signature.
    pub fn read_signature(path: &Path) -> io::Result<String> {
        /// The same as of a bundle's signature: `FORMAT.md`, 1.5.
        const MOST_BYTES: u64 = 8 << 10;
        let mut text = String::new();
        let read = File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text);
        if text.len() as u64 > MOST_BYTES {
            let long = format!("it is longer than the {MOST_BYTES} bytes that a signature may have");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, long));
        }
        read.map(|_| text)
    }

    /// Takes in the bytes of a receipt's file, and the text of the signature's.
    #[must_use]
    pub fn new(bytes: Vec<u8>, signature: Option<String>) -> Self {
        Self { bytes, signature }
    }

    /// Verifies that a trusted executor signed these bytes, and then reads them.
    ///
    /// # Errors
    /// When none did, or they are no receipt.
    pub fn verify(self, executors: &TrustStore) -> Result<CheckedReceipt, ReceiptError> {
        let token = self.signature.as_deref().ok_or(ReceiptError::Unsigned)?;
        let id = signature::key_id_of::<ReceiptClaims>(token).map_err(ReceiptError::BadSignature)?;
        let key = executors.key(&id).ok_or(ReceiptError::Untrusted { key: id })?;
        // What a receipt tells of has happened: its signature does not end to count.
        let claims: ReceiptClaims =
            signature::verify(token, key, None).map_err(ReceiptError::BadSignature)?;
        if claims.receipt_sha256 != Sha256::of(&self.bytes) {
            return Err(ReceiptError::OtherReceipt);
        }
        Ok(CheckedReceipt { receipt: parse(&self.bytes)?, signer: Some(key.id().clone()) })
    }

    /// Reads the bytes, whoever wrote them: the person must be told that nobody vouches for them.
    ///
    /// # Errors
    /// When they are no receipt.
    pub fn read_without_trust(self) -> Result<CheckedReceipt, ReceiptError> {
        Ok(CheckedReceipt { receipt: parse(&self.bytes)?, signer: None })
    }
}

fn parse(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: String,
    }
    if bytes.len() > UnverifiedReceipt::MOST_BYTES {
        return Err(ReceiptError::TooLarge);
    }
    let malformed = |error: serde_json::Error| ReceiptError::Malformed(error.to_string());
    let Versioned { schema_version } = serde_json::from_slice(bytes).map_err(malformed)?;
    if schema_version != SchemaVersion::CURRENT.to_string() {
        return Err(ReceiptError::Unsupported { found: schema_version });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}

impl CheckedReceipt {
    /// The id of the trusted executor's key that signed it; none where nobody was asked for.
    #[must_use]
    pub fn signer(&self) -> Option<&Sha256> {
        self.signer.as_ref()
    }

    /// When the run ended, in seconds since 1970.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.receipt.finished
    }

    /// What the bundle asks for and hands on, with the values of this receipt in the places it leaves open.
    ///
    /// # Errors
    /// When the receipt is not that of a complete apply of this very bundle: everything that says otherwise.
    pub fn complete(&self, bundle: &VerifiedBundle) -> Result<Contents, ReceiptError> {
        let mut disagreements = Vec::new();
        self.same_work(bundle, &mut disagreements);
        let contents = bundle.bind(&self.receipt.bound).map_err(|error| {
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            disagreements.push(format!("{error}{cause}"));
        });
        if let Ok(contents) = &contents {
            self.same_result(&contents.desired, &mut disagreements);
        }
        match contents {
            Ok(contents) if disagreements.is_empty() => Ok(contents),
            _ => Err(ReceiptError::NotOfBundle(Disagreements(disagreements))),
        }
    }

    /// Whether it tells of a complete apply of this bundle.
    fn same_work(&self, bundle: &VerifiedBundle, disagreements: &mut Vec<String>) {
        let receipt = &self.receipt;
        if receipt.rehearsal {
            disagreements.push("it tells of a rehearsal, which made nothing in any account".into());
        }
        if receipt.purpose != Purpose::Apply {
            disagreements.push("it tells of a delete".into());
        }
        let found = receipt.bundle.as_ref().map_or("no bundle", Sha256::as_str);
        if found != bundle.digest().as_str() {
            disagreements.push(format!("it is of {found}, and the bundle is {}", bundle.digest()));
        }
        let undone = receipt.steps.iter().filter(|step| step.outcome != Outcome::Done).count();
        if undone > 0 {
            disagreements.push(format!("the apply is not complete: {undone} steps were not done"));
        } else if !receipt.complete && receipt.problems.is_empty() {
            disagreements.push(
                "the apply is not complete: it ended before the account was looked at once more".into(),
            );
        }
        let problems = receipt.problems.iter();
        disagreements.extend(problems.map(|problem| format!("the apply is not complete: {problem}")));
    }

    /// Whether it tells of the cluster, account and ARNs that come of this bundle.
    fn same_result(&self, desired: &Desired, disagreements: &mut Vec<String>) {
        let (receipt, cluster) = (&self.receipt, &desired.cluster);
        let mut same = |what: &str, found: &str, wanted: &str| {
            if found != wanted {
                disagreements.push(format!("its {what} is {found}, and the bundle's is {wanted}"));
            }
        };
        same("cluster", receipt.cluster.as_str(), cluster.name.as_str());
        let open = cluster.open();
        let is_open = |value| open.contains(&value);
        if !is_open(OpenValue::Account) {
            same("account", receipt.account.as_str(), cluster.account.as_str());
        }
        same("partition", receipt.partition.id(), cluster.partition.id());
        same("region", receipt.region.as_str(), cluster.region.as_str());
        for value in &open {
            disagreements.push(format!("the bundle leaves the {value} open, and it has no value for it"));
        }
        // What follows from another cluster or account, or from a value that is not known, is no news.
        if receipt.cluster != cluster.name || receipt.account != cluster.account {
            return;
        }
        let mut same = |what: &str, found: &str, wanted: &str| {
            if found != wanted {
                disagreements.push(format!("its {what} is {found}, and the bundle's is {wanted}"));
            }
        };
        let text = |arn: Option<&Arn>| arn.map_or("missing", Arn::as_str).to_owned();
        if !is_open(OpenValue::Issuer) {
            let found = receipt.issuer.as_ref().map_or("missing", |url| url.as_str());
            same("issuer", found, cluster.issuer.as_str());
            same("provider", &text(receipt.provider.as_ref()), cluster.provider_arn().as_str());
        }
        let wanted = desired.role_arns();
        for name in wanted.keys().chain(receipt.roles.keys().filter(|name| !wanted.contains_key(*name))) {
            let what = format!("ARN of the role {name}");
            same(&what, &text(receipt.roles.get(name)), &text(wanted.get(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Algorithm, Claims, SigningKey, sign};
    use std::num::NonZeroUsize;

    fn key(seed: u8) -> SigningKey {
        SigningKey::generate(Algorithm::EdDsa, &mut |bytes| {
            bytes.fill(seed);
            true
        })
        .unwrap()
    }

    fn receipt() -> Vec<u8> {
        serde_json::to_vec(&serde_json::json!({
            "schema_version": "1.0", "tool": {"name": "sts-executor", "version": "0"}, "purpose": "apply",
            "bundle": null, "plan": "0".repeat(64), "cluster": "demo", "account": "123456789012",
            "partition": "aws", "region": "eu-west-1", "caller": "arn:aws:iam::123456789012:user/x",
            "started": 1, "finished": 2, "notes": [], "complete": true, "issuer": null, "provider": null, "roles": {}, "steps": [],
        }))
        .unwrap()
    }

    fn signed(key: &SigningKey, bytes: &[u8]) -> String {
        sign(key, &ReceiptClaims { receipt_sha256: Sha256::of(bytes) }).unwrap()
    }

    /// What is said of these bytes and this signature by who trusts the key made of 7s.
    fn verdict(bytes: &[u8], signature: Option<String>) -> Result<CheckedReceipt, ReceiptError> {
        let trust = TrustStore::new(vec![key(7).public_key().clone()], NonZeroUsize::MIN).unwrap();
        UnverifiedReceipt::new(bytes.to_vec(), signature).verify(&trust)
    }

    #[test]
    fn only_a_trusted_executor_over_these_very_bytes_is_believed() {
        let bytes = receipt();
        let good = verdict(&bytes, Some(signed(&key(7), &bytes))).unwrap();
        assert_eq!(good.signer(), Some(key(7).public_key().id()));
        assert!(matches!(verdict(&bytes, None), Err(ReceiptError::Unsigned)));
        let stranger = verdict(&bytes, Some(signed(&key(8), &bytes)));
        assert!(
            matches!(stranger, Err(ReceiptError::Untrusted { key: id }) if id == *key(8).public_key().id())
        );
        let changed = [bytes.as_slice(), b"\n"].concat();
        assert!(matches!(verdict(&changed, Some(signed(&key(7), &bytes))), Err(ReceiptError::OtherReceipt)));
        let parts: Vec<_> = signed(&key(7), &bytes).split('.').map(ToOwned::to_owned).collect();
        let others: Vec<_> = signed(&key(7), &changed).split('.').map(ToOwned::to_owned).collect();
        let forged = format!("{}.{}.{}", parts[0], others[1], parts[2]);
        assert!(matches!(
            verdict(&changed, Some(forged)),
            Err(ReceiptError::BadSignature(SignatureError::Forged { .. }))
        ));
        assert!(matches!(verdict(&bytes, Some("a.b".into())), Err(ReceiptError::BadSignature(_))));
    }

    #[test]
    fn a_signature_of_one_kind_never_passes_for_another_kinds() {
        let claims = Claims {
            manifest_sha256: Sha256::of(&receipt()),
            cluster: "demo".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            generation: 1,
            exp: None,
        };
        let of_bundle = sign(&key(7), &claims).unwrap();
        let refused = verdict(&receipt(), Some(of_bundle)).unwrap_err();
        assert!(
            matches!(&refused, ReceiptError::BadSignature(SignatureError::Malformed(why)) if why.contains("typ")),
            "{refused:?}"
        );
        let of_receipt = signed(&key(7), &receipt());
        let refused = signature::verify::<Claims>(&of_receipt, key(7).public_key(), None).unwrap_err();
        assert!(
            matches!(&refused, SignatureError::Malformed(why) if why.contains("sts-handoff-receipt")),
            "{refused:?}"
        );
    }

    #[test]
    fn bytes_that_are_no_receipt_of_this_version_are_refused_even_signed() {
        let text = String::from_utf8(receipt()).unwrap();
        let future = text.replace(r#""schema_version":"1.0""#, r#""schema_version":"2.0""#);
        let extra = text.replacen('{', r#"{"more":1,"#, 1);
        let twice = text.replacen('{', r#"{"complete":true,"#, 1);
        for bytes in [&future, &extra, &twice, "", "[]"] {
            let error = verdict(bytes.as_bytes(), Some(signed(&key(7), bytes.as_bytes()))).unwrap_err();
            let refused = matches!(error, ReceiptError::Unsupported { .. } | ReceiptError::Malformed(_));
            assert!(refused && (bytes != future || error.to_string().contains("2.0")), "{bytes}: {error}");
        }
    }
}
