//! How a bundle is closed: who signs it, whether the private key goes in, and where it goes.

use super::private_key::{PrivateKey, PrivateKeyArgs};
use super::signing::{Signing, SigningArgs};
use super::{Surroundings, in_file, print_line, read_bundle, say};
use crate::countersign::with_signature;
use crate::directory::{Directory, Written, write_whole};
use crate::pack::{PackedBundle, UnsignedBundle};
use crate::render::{Files, Upgrade, apply_script, review};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{UnverifiedBundle, VerifyError};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::Contents;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::open::{OpenValue, tokens_for_stand_ins};
use sts_schemas::signature::{self, Claims};
use zeroize::Zeroizing;

/// How a bundle is closed.
pub(crate) struct Seal {
    signing: Signing,
    private_key: PrivateKey,
    bundle_dir: PathBuf,
}

impl Seal {
    /// Opens the signing key and gets the passphrases, before anything is made.
    pub(crate) fn open(
        signing: &SigningArgs,
        private_key: &PrivateKeyArgs,
        surroundings: Surroundings,
    ) -> Result<Self, Failure> {
        Ok(Self {
            private_key: private_key.open(surroundings)?,
            signing: signing.open(surroundings)?,
            bundle_dir: signing.bundle_dir.clone(),
        })
    }

    /// The same for files that come from no directory, and so without a private key.
    pub(crate) fn without_private_key(
        signing: &SigningArgs,
        surroundings: Surroundings,
    ) -> Result<Self, Failure> {
        Ok(Self {
            private_key: PrivateKey::Elsewhere,
            signing: signing.open(surroundings)?,
            bundle_dir: signing.bundle_dir.clone(),
        })
    }

    /// Puts the directory's private key among the files, where that was asked for.
    pub(crate) fn add_private_key(&self, directory: &Directory, files: &mut Files) -> Result<(), Failure> {
        self.private_key.add(directory, files)
    }

    /// Packs and signs files that hold together, and writes the bundle.
    pub(crate) fn close(
        &self,
        cluster: &Cluster,
        generation: u64,
        files: Files,
    ) -> Result<ClosedBundle, Failure> {
        self.pack(cluster, generation, files)?.write()
    }

    /// Packs and signs files that hold together, and reads the result back as the executor will; nothing is written.
    pub(crate) fn pack(
        &self,
        cluster: &Cluster,
        generation: u64,
        files: Files,
    ) -> Result<ReadyBundle, Failure> {
        let bundle = UnsignedBundle::new(cluster, generation, files)
            .and_then(|unsigned| match &self.signing {
                Signing::Key(key, end) => unsigned.sign(key, *end),
                Signing::Elsewhere => unsigned.leave_unsigned(),
            })
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let path = self.path(&bundle.name);
        let bytes = match there(&path, &bundle, &self.signing)? {
            Some(bytes) => bytes,
            None => bundle.bytes,
        };
        let read = UnverifiedBundle::new(bytes.as_slice()).read_without_trust().map_err(|source| {
            let name = bundle.name.clone();
            Failure::new(Exit::Failed, Unreadable { name, source })
                .hint("nothing was packed: the executor would refuse it too")
        })?;
        let (name, signatures) = (bundle.name, read.signatures().len());
        let mode = self.private_key.bundle_mode();
        Ok(ReadyBundle { name, path, bytes, mode, digest: bundle.digest, signatures })
    }

    /// Whether a bundle of this name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).is_file()
    }

    /// The folder its bundles go to.
    pub(crate) fn bundle_dir(&self) -> &Path {
        &self.bundle_dir
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bundle_dir.join(format!("{name}.tar.gz"))
    }

    /// Says what the bundle is.
    pub(crate) fn tell(&self, cluster: &Cluster, closed: &ClosedBundle) {
        let open = cluster.open();
        let account = if open.contains(&OpenValue::Account) { "any" } else { cluster.account.as_str() };
        say(&format!("cluster {}, account {account}, region {}", cluster.name, cluster.region));
        if open.contains(&OpenValue::Issuer) {
            say("issuer known after apply: AWS names the distribution");
        } else {
            say(&format!("issuer {}", cluster.issuer));
        }
        say(&format!("bundle digest {}", closed.digest));
        if closed.written == Written::Unchanged {
            say("the bundle is there already, and stays as it is");
        }
        match (&self.signing, closed.signatures) {
            (Signing::Elsewhere, 1..) => say(&format!("signatures in it: {}", closed.signatures)),
            (signing, _) => signing.tell(),
        }
        self.private_key.tell();
    }
}

/// A bundle that no reader would take, in spite of all that was checked before it was packed: it is too large.
#[derive(Debug, thiserror::Error)]
#[error("the bundle {name} cannot be read back")]
struct Unreadable {
    name: String,
    source: VerifyError,
}

/// A bundle that is good to write.
pub(crate) struct ReadyBundle {
    name: String,
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
    mode: u32,
    digest: Sha256,
    signatures: usize,
}

impl ReadyBundle {
    /// Its name: the cluster's and the first digits of its digest.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(self) -> Result<ClosedBundle, Failure> {
        let Self { path, bytes, mode, digest, signatures, .. } = self;
        let written = write_whole(&path, &bytes, mode).map_err(|error| Failure::new(Exit::Failed, error))?;
        Ok(ClosedBundle { path, digest, written, signatures })
    }
}

/// A bundle that was written.
pub(crate) struct ClosedBundle {
    path: PathBuf,
    digest: Sha256,
    written: Written,
    /// How many signatures it bears.
    signatures: usize,
}

/// The same bundle where it is there already, with the signatures that others added since; none where it is not.
///
/// A signature of the same key that says the same stays too: some algorithms never sign twice alike.
fn there(
    path: &Path,
    bundle: &PackedBundle,
    signing: &Signing,
) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let Ok(bytes) = read_bundle(path) else { return Ok(None) };
    let Ok(known) = UnverifiedBundle::new(bytes.as_slice()).read_without_trust() else { return Ok(None) };
    let (known, signatures) = (known.as_if_verified(), known.signatures());
    if *known.digest() != bundle.digest {
        return Ok(None);
    }
    let Some((id, token)) = &bundle.signature else { return Ok(Some(bytes)) };
    if let (Signing::Key(key, _), Some(found)) = (signing, signatures.get(id)) {
        let says_the_same = said(found) == said(token);
        if says_the_same && signature::verify::<Claims>(found, key.public_key(), None).is_ok() {
            return Ok(Some(bytes));
        }
    }
    let mut signed = Zeroizing::new(Vec::with_capacity(bytes.len() + ROOM_FOR_SIGNATURE));
    with_signature(&mut bytes.as_slice(), id, token, &mut *signed).map_err(|error| in_file(path, error))?;
    Ok(Some(signed))
}

/// More bytes than a signature takes with its header, padding and block. Source: `FORMAT.md`, section 1.5.
const ROOM_FOR_SIGNATURE: usize = 16 << 10;

/// What a compact JWS signs: all of it but the signature.
fn said(token: &str) -> Option<&str> {
    token.rsplit_once('.').map(|(said, _)| said)
}

impl ClosedBundle {
    /// Prints its path.
    pub(crate) fn print(&self) -> Result<(), Failure> {
        print_line(&self.path.display().to_string())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The digest of its manifest.
    pub(crate) fn digest(&self) -> &Sha256 {
        &self.digest
    }
}

/// What is derived from files that hold together, for people and for the AWS CLI.
pub(crate) fn derived(
    contents: &Contents,
    files: &Files,
    upgrade: Option<&Upgrade>,
    noted: &BTreeSet<String>,
) -> [(&'static str, Vec<u8>); 2] {
    let open = contents.desired.cluster.open();
    let review = review(contents, upgrade, noted);
    [(layout::REVIEW, review), (layout::APPLY_SCRIPT, apply_script(contents, files))]
        .map(|(path, bytes)| (path, tokens_for_stand_ins(&bytes, &open)))
}
