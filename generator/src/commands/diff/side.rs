//! One side of a difference, read from whatever it is.

use crate::access;
use crate::cli::SelectionArgs;
use crate::commands::create_bundle::directory_contents;
use crate::commands::trust::{ReadBundle, Reading, TrustArgs};
use crate::commands::{check_regular, requests};
use crate::directory::Directory;
use std::path::Path;
use sts_schemas::access::Access;
use sts_schemas::aws::{Partition, Region};
use sts_schemas::contents::Contents;
use sts_schemas::difference::{Side, SideKind};
use sts_schemas::failure::Failure;
use sts_schemas::layout;

/// How sides are read.
pub(super) struct Reader<'a> {
    pub(super) trust: &'a TrustArgs,
    pub(super) reading: Reading<'a>,
    pub(super) selection: &'a SelectionArgs,
    pub(super) region: Option<&'a Region>,
}

/// A side that was read.
pub(super) struct Read {
    pub(super) side: Side,
    pub(super) access: Access,
    /// The partition it is for; requests do not tell.
    partition: Option<Partition>,
}

impl Reader<'_> {
    /// Reads both sides. Requests are read last, for they are of the other side's partition.
    pub(super) fn both(
        &self,
        old: &Path,
        new: &Path,
        partition: Option<Partition>,
    ) -> Result<(Read, Read), Failure> {
        if is_of_requests(old) && !is_of_requests(new) {
            let new = self.made(new)?;
            return Ok((self.requests(old, partition.or(new.partition))?, new));
        }
        let first = if is_of_requests(old) { self.requests(old, partition)? } else { self.made(old)? };
        let second = if is_of_requests(new) {
            self.requests(new, partition.or(first.partition))?
        } else {
            self.made(new)?
        };
        Ok((first, second))
    }

    fn requests(&self, path: &Path, partition: Option<Partition>) -> Result<Read, Failure> {
        let selection = self.selection.selection(partition.unwrap_or(Partition::Aws))?;
        let folder = requests(path, &selection, &format!("{}: ", path.display()))?;
        let side = Side { name: path.display().to_string(), kind: SideKind::Requests, bundle: None };
        Ok(Read { side, access: access::of_requests(&folder.used), partition: None })
    }

    /// Reads what this program made: a directory or a bundle.
    fn made(&self, path: &Path) -> Result<Read, Failure> {
        let name = path.display().to_string();
        if path.is_dir() {
            let contents = directory_contents(&Directory::to_read(path), self.region)?;
            return Ok(read(Side { name, kind: SideKind::Directory, bundle: None }, &contents));
        }
        check_regular(path)?;
        let (kind, bundle) = match self.trust.read(path, self.reading)? {
            ReadBundle::Verified(bundle) => (SideKind::VerifiedBundle, bundle),
            ReadBundle::Untrusted(bundle) => {
                (SideKind::UnverifiedBundle, Box::new(bundle.as_if_verified().clone()))
            }
        };
        let side = Side { name, kind, bundle: Some(bundle.digest().clone()) };
        Ok(read(side, bundle.contents()))
    }
}

fn read(side: Side, contents: &Contents) -> Read {
    Read { side, access: Access::of_contents(contents), partition: Some(contents.desired.cluster.partition) }
}

/// A directory is one of requests unless it holds what only this program writes.
fn is_of_requests(path: &Path) -> bool {
    path.is_dir() && !path.join(layout::PROVIDER).exists()
}
