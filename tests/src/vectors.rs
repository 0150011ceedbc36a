//! Damaged bundles that are kept: one folder to a case, each with its verdict, at least one to a reason.

mod archives;
mod signed;

use crate::adversary::{File, files, pack, unpack};
use crate::handoff::Handoff;
use std::path::Path;
use sts_schemas::bundle::VerifyError;
use sts_schemas::layout;
use sts_schemas::manifest::Manifest;
use sts_schemas::signature::SigningKey;

/// The folder of the cases.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
/// The key that the cases were made to be checked with, in that folder.
pub const TRUSTED_KEY: &str = "trusted.pub";
/// The file of a case that is a bundle, or says so.
pub const BUNDLE: &str = "bundle.tar.gz";
/// The file of a case with its verdict: the name of a [`VerifyError`], or `verified`.
pub const VERDICT: &str = "verdict";
/// The requests that the cases are made of: one.
pub const REQUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");

/// One way of doing damage, and what must be said of it.
pub struct Case {
    /// The name of its folder.
    pub name: &'static str,
    /// The verdict.
    pub verdict: &'static str,
    damage: fn(&Sound) -> Vec<u8>,
}

/// A bundle without fault, and what it takes to make others like it.
pub struct Sound {
    bundle: Vec<u8>,
    files: Vec<File>,
    manifest: Manifest,
    key: SigningKey,
    trusted: String,
}

/// Every case.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    archives::CASES.iter().chain(signed::CASES)
}

/// The name of a reason in the `verdict` files.
#[must_use]
pub fn name(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Unreadable(_) => "unreadable",
        VerifyError::NotGzip => "not-gzip",
        VerifyError::Corrupt(_) => "corrupt",
        VerifyError::TrailingData(_) => "trailing-data",
        VerifyError::LimitExceeded { .. } => "limit-exceeded",
        VerifyError::Truncated(_) => "truncated",
        VerifyError::BadEntry { .. } => "bad-entry",
        VerifyError::BadPath { .. } => "bad-path",
        VerifyError::WrongOrder { .. } => "wrong-order",
        VerifyError::NoManifest => "no-manifest",
        VerifyError::Unsigned => "unsigned",
        VerifyError::Untrusted { .. } => "untrusted",
        VerifyError::BadSignature { .. } => "bad-signature",
        VerifyError::OtherManifest { .. } => "other-manifest",
        VerifyError::BadManifest(_) => "bad-manifest",
        VerifyError::Unsupported { .. } => "unsupported",
        VerifyError::ClaimsDiffer { .. } => "claims-differ",
        VerifyError::WrongTop { .. } => "wrong-top",
        VerifyError::FilesDiffer(_) => "files-differ",
        VerifyError::Inconsistent(_) => "inconsistent",
    }
}

/// Every name that [`name`] can give but `unreadable`, which is said of a file and not of a bundle.
pub const REASONS: [&str; 19] = [
    "not-gzip",
    "corrupt",
    "trailing-data",
    "limit-exceeded",
    "truncated",
    "bad-entry",
    "bad-path",
    "wrong-order",
    "no-manifest",
    "unsigned",
    "untrusted",
    "bad-signature",
    "other-manifest",
    "bad-manifest",
    "unsupported",
    "claims-differ",
    "wrong-top",
    "files-differ",
    "inconsistent",
];

impl Sound {
    /// Makes one with the generator, under a key that is gone afterwards.
    #[must_use]
    pub fn make() -> Self {
        let story = Handoff::of(Path::new(REQUESTS), &[]);
        let read = |path: &Path| {
            std::fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
        };
        let bundle = read(story.bundle());
        let files = files(&unpack(&bundle));
        let manifest = serde_json::from_slice(&files[0].bytes)
            .unwrap_or_else(|error| panic!("the generator's manifest: {error}"));
        let pem = String::from_utf8_lossy(&read(&story.path("author.key"))).into_owned();
        let key =
            SigningKey::from_pem(&pem, None).unwrap_or_else(|error| panic!("the author's key: {error}"));
        let trusted = key.public_key().to_pem();
        Self { bundle, files, manifest, key, trusted }
    }

    /// Writes every case into its folder below `into`, and the key to check them with.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_cases(&self, into: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(into)?;
        std::fs::write(into.join(TRUSTED_KEY), &self.trusted)?;
        for case in cases() {
            let folder = into.join(case.name);
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(BUNDLE), (case.damage)(self))?;
            std::fs::write(folder.join(VERDICT), format!("{}\n", case.verdict))?;
        }
        Ok(())
    }

    /// The top folder's name, with its slash.
    fn top(&self) -> &str {
        let path = &self.files[0].path;
        &path[..=path.find('/').unwrap_or_default()]
    }

    /// The position of the signature.
    fn signature(&self) -> usize {
        let folder = format!("{}{}/", self.top(), layout::SIGNATURES);
        self.files.iter().position(|file| file.path.starts_with(&folder)).unwrap_or_default()
    }

    /// The archive again after its files were changed, packed.
    fn with_files(&self, change: impl FnOnce(&mut Vec<File>)) -> Vec<u8> {
        let mut files = self.files.clone();
        change(&mut files);
        pack(&crate::adversary::archive(&files))
    }

    /// The archive again after its bytes were changed, packed.
    fn with_archive(&self, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut archive = unpack(&self.bundle);
        change(&mut archive);
        pack(&archive)
    }
}
