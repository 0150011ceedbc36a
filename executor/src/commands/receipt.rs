//! The receipt: its place, its content, and its writing.

mod signature;

pub(super) use signature::{ReceiptKeyArgs, is_signature};

use super::place::{self, Kind, Neighbours};
use crate::account::Identity;
use signature::SignatureFile;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use sts_schemas::dns::DnsRecord;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::manifest::{SchemaVersion, Tool};
use sts_schemas::open::OpenValue;
use sts_schemas::plan::{Plan, Purpose};
use sts_schemas::receipt::{Outcome, Receipt, StepReport, UnverifiedReceipt};
use sts_schemas::signature::SigningKey;
use sts_schemas::state::Desired;
use tempfile::NamedTempFile;

/// A place for a receipt that was tried: who cannot write it learns so before anything is changed.
pub(super) struct ReceiptFile {
    path: PathBuf,
    /// Whether what lies there is of this run.
    begun: Cell<bool>,
    signature: SignatureFile,
}

#[derive(Debug, thiserror::Error)]
#[error("the receipt cannot be written to {path}")]
struct Unwritable {
    path: String,
    #[source]
    source: std::io::Error,
}

impl ReceiptFile {
    /// Looks at the place and the signature's before anything is done: there may only be those of an earlier run.
    pub(super) fn check(path: &Path, neighbours: &Neighbours<'_>) -> Result<(), Failure> {
        place::check(Kind::Receipt, path, neighbours)?;
        place::check(Kind::ReceiptSignature, &UnverifiedReceipt::signature_path(path), neighbours)
    }

    /// Tries the place, and one for the signature where a key makes one.
    pub(super) fn reserve(path: &Path, key: Option<SigningKey>) -> Result<Self, Failure> {
        Self::check(path, &Neighbours::default())?;
        let name = || path.display().to_string();
        let signature = draft_beside(path).and_then(|_| SignatureFile::reserve(path, key));
        let signature = signature.map_err(|source| {
            Failure::new(Exit::Failed, Unwritable { path: name(), source })
                .hint("nothing was changed; give --receipt FILE in a folder that exists and can be written")
        })?;
        Ok(Self { path: path.to_owned(), begun: Cell::new(false), signature })
    }

    /// Whether an earlier run left a receipt here that is not complete, so that one which finds nothing left to do owes a
    /// better one.
    pub(super) fn is_owed(path: &Path) -> bool {
        let receipt =
            std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Receipt>(&bytes).ok());
        receipt.is_some_and(|receipt| !receipt.complete)
    }

    /// Writes what is known so far, unsigned, over an older receipt: what a run that is killed leaves behind.
    ///
    /// A failure is passed over: the receipt at the end tells all, or that it cannot be written.
    pub(super) fn write_so_far(&self, receipt: &Receipt) {
        if replace(&self.path, &receipt.to_bytes(), Urgency::None).is_ok() {
            self.begun.set(true);
        }
    }

    /// Writes it whole or not at all, over an older one.
    pub(super) fn write(self, receipt: &Receipt) -> Result<PathBuf, Failure> {
        let bytes = receipt.to_bytes();
        let written = replace(&self.path, &bytes, Urgency::OnDisk).inspect_err(|_| self.withdraw());
        let written = written.and_then(|()| self.signature.write(&bytes));
        match written {
            Ok(()) => Ok(self.path),
            Err(source) => {
                let path = self.path.display().to_string();
                let exit = if receipt.complete { Exit::Failed } else { Exit::PartlyApplied };
                Err(Failure::new(exit, Unwritable { path, source }).hint(
                    "the account was changed; make room for a receipt, and run the same command again for one",
                ))
            }
        }
    }

    /// Takes away what this run wrote before it could not go on: it is not true any more.
    fn withdraw(&self) {
        if self.begun.get() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether a receipt must outlive the machine's power, or just this process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgency {
    OnDisk,
    None,
}

/// Puts a receipt in place of an older one.
fn replace(path: &Path, bytes: &[u8], urgency: Urgency) -> std::io::Result<()> {
    let mut draft = draft_beside(path)?;
    draft.write_all(bytes)?;
    if urgency == Urgency::OnDisk {
        draft.as_file().sync_all()?;
    }
    draft.persist(path).map(drop).map_err(|error| error.error)
}

/// A file that will be moved to this path once it is whole.
fn draft_beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".receipt-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder)
}

/// When a piece of work began and ended, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) started: u64,
    pub(super) finished: u64,
}

/// What came of a plan so far.
#[derive(Debug, Default)]
pub(super) struct Course {
    pub(super) steps: Vec<StepReport>,
    /// What went wrong beside the steps.
    pub(super) problems: Vec<String>,
    /// The host of the cluster's distribution, where it is known.
    pub(super) front: Option<String>,
}

impl Course {
    /// Whether there is nothing that went wrong, or was not reached.
    pub(super) fn is_complete(&self) -> bool {
        self.problems.is_empty() && self.steps.iter().all(|step| step.outcome == Outcome::Done)
    }
}

/// The receipt for a plan that was carried out as far as its course says.
pub(super) fn receipt(
    plan: &Plan,
    desired: Option<&Desired>,
    identity: &Identity,
    period: Period,
    course: Course,
) -> Receipt {
    let made = desired.filter(|_| plan.purpose == Purpose::Apply);
    // What is open cannot be there.
    let complete = course.is_complete() && made.is_none_or(|desired| desired.cluster.open().is_empty());
    let Course { steps, problems, front } = course;
    let roles = made.map_or_else(BTreeMap::new, Desired::role_arns);
    // An issuer that AWS has not named yet is none.
    let served = made.filter(|desired| !desired.cluster.open().contains(&OpenValue::Issuer));
    Receipt {
        schema_version: SchemaVersion::CURRENT,
        tool: Tool { name: "sts-executor".into(), version: env!("CARGO_PKG_VERSION").into() },
        purpose: plan.purpose,
        rehearsal: false,
        bundle: plan.bundle.clone(),
        plan: plan.digest(),
        cluster: plan.cluster.clone(),
        account: plan.account.clone(),
        partition: plan.partition,
        region: plan.region.clone(),
        bound: desired.map(|desired| desired.bound.clone()).unwrap_or_default(),
        caller: identity.caller.clone(),
        started: period.started,
        finished: period.finished,
        notes: plan.notes.clone(),
        complete,
        problems,
        dns_record: made.and_then(|desired| DnsRecord::of(&desired.cluster, &front?)),
        issuer: served.map(|desired| desired.cluster.issuer.clone()),
        provider: served.map(|desired| desired.cluster.provider_arn()),
        roles,
        steps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_that_became_untrue_is_taken_away_and_one_of_an_earlier_run_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt.json");
        std::fs::write(&path, "a receipt").unwrap();
        for begun in [false, true] {
            let signature = SignatureFile::reserve(&path, None).unwrap();
            ReceiptFile { path: path.clone(), begun: Cell::new(begun), signature }.withdraw();
            assert_eq!(path.exists(), !begun);
        }
    }
}
