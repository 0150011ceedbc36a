//! The bundle whose receipt came back: the directory's own, which needs no key, or another of the author's.

use super::super::signing::BUNDLE_DIR;
use super::super::trust::{ReadBundle, Reading, TrustArgs, open};
use crate::bundled::Bundled;
use crate::directory::Directory;
use clap::Args;
use std::path::{Path, PathBuf};
use sts_schemas::bundle::UnverifiedBundle;
use sts_schemas::failure::{Exit, Failure};

/// Which bundle was applied.
#[derive(Debug, Clone, Args)]
pub(super) struct OwnBundleArgs {
    /// The bundle that was applied; without it, the one that the directory was packed into last.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Where that one lies.
    #[arg(long, value_name = "DIR", default_value = BUNDLE_DIR, conflicts_with = "bundle")]
    bundle_dir: PathBuf,
    /// A public key that may sign bundles: for one that the directory was not packed into last; can be given more than once.
    ///
    /// The directory knows the digest of its own bundle, and that one needs no key. For others, without this, every *.pub
    /// in sts-handoff/trusted-keys of the user's configuration folder is trusted.
    #[arg(long, value_name = "FILE", requires = "bundle")]
    author_key: Vec<PathBuf>,
}

/// A directory from which nothing was packed, as far as it knows.
#[derive(Debug, thiserror::Error)]
#[error("{path} does not say which bundle it was packed into")]
struct NotPacked {
    path: String,
}

impl OwnBundleArgs {
    /// Whether it is for the directory to say which.
    pub(super) fn is_the_directorys(&self) -> bool {
        self.bundle.is_none()
    }

    /// Reads it, and refuses one that is neither the directory's own nor signed by an author who counts.
    pub(super) fn read(&self, directory: &Path, reading: Reading<'_>) -> Result<ReadBundle, Failure> {
        let note =
            Bundled::of(&Directory::to_read(directory)).map_err(|error| Failure::new(Exit::Failed, error))?;
        let path = match (&self.bundle, &note) {
            (Some(path), _) => path.clone(),
            (None, Some(Bundled { name, digest: Some(_) })) => self.bundle_dir.join(format!("{name}.tar.gz")),
            (None, _) => {
                let path = directory.display().to_string();
                return Err(Failure::new(Exit::Failed, NotPacked { path })
                    .hint("name the bundle with --bundle, and its author's public key with --author-key"));
            }
        };
        if let Some(digest) = note.as_ref().and_then(|note| note.digest.as_ref()) {
            let bundle = UnverifiedBundle::new(self.open(&path)?).read_without_trust();
            if let Ok(bundle) = bundle
                && bundle.as_if_verified().digest() == digest
            {
                return Ok(ReadBundle::Untrusted(Box::new(bundle)));
            }
        }
        let trust = TrustArgs::of(self.author_key.clone());
        let verified = trust.applied(self.open(&path)?, reading).map_err(|failure| match failure.exit() {
            Exit::BundleRejected => failure.hint(match note {
                Some(Bundled { name, .. }) => format!(
                    "the directory was packed into {name}, and this is another: give that one, or its author's public key \
                     with --author-key; --trusted-key is for the AWS admin's, by which the receipt is signed"
                ),
                None => "give the public key of its author with --author-key; --trusted-key is for the AWS admin's, by \
                         which the receipt is signed"
                    .to_owned(),
            }),
            _ => failure,
        });
        verified.map(Box::new).map(ReadBundle::Verified)
    }

    fn open(&self, path: &Path) -> Result<impl std::io::Read + use<>, Failure> {
        open(path).map_err(|failure| match self.bundle {
            Some(_) => failure,
            None => failure.hint(
                "it is the bundle that the directory was packed into last: say where it lies with --bundle-dir, or name \
                 it with --bundle",
            ),
        })
    }
}
