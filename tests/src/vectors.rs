//! Damaged bundles that are kept: one folder to a case, each with its verdict, at least one to a reason.

mod archives;
mod headers;
mod hostings;
mod inconsistent;
mod kin;
mod moving;
mod open_values;
mod private_keys;
mod signed;
mod tokens;
pub mod trust;

use crate::adversary::{File, files, pack, unpack};
use crate::handoff::Handoff;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use std::collections::BTreeMap;
use std::path::Path;
use sts_schemas::bundle::VerifyError;
use sts_schemas::layout;
use sts_schemas::manifest::Manifest;
use sts_schemas::signature::SigningKey;

/// The folder of the cases.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
/// The key that the cases were made to be checked with, in that folder.
pub const TRUSTED_KEY: &str = "trusted.pub";
/// Another key, which some cases trust too, in that folder.
pub const SECOND_KEY: &str = "second.pub";
/// A key of the kind P-256, which some cases trust instead, in that folder.
pub const ES256_KEY: &str = "es256.pub";
/// The file of a case that says whom its reader trusts, where that is not the one key alone.
pub const TRUST: &str = "trust";
/// The file of a case that is a bundle, or says so.
pub const BUNDLE: &str = "bundle.tar.gz";
/// The file of a case with its verdict: the name of a [`VerifyError`], or `verified`; behind a colon, words of the
/// refusal.
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
    author: ed25519_dalek::SigningKey,
    trusted: String,
    /// Others by the same author: of another hosting, open, or with a private key.
    kin: BTreeMap<&'static str, Sound>,
}

/// Every case.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    let parts = [
        archives::CASES,
        headers::CASES,
        signed::CASES,
        tokens::CASES,
        trust::CASES,
        inconsistent::CASES,
        inconsistent::MORE_CASES,
        hostings::PRIVATE,
        hostings::ALIAS,
        hostings::SHARED,
        hostings::ELSEWHERE,
        hostings::PUBLIC,
        open_values::ANY_ACCOUNT,
        open_values::ALL_OPEN,
        open_values::NOTHING_OPEN,
        moving::ON_ITS_WAY,
        moving::OPEN,
        moving::STANDING,
        private_keys::PLAINTEXT,
        private_keys::ENCRYPTED,
        private_keys::MIXED,
    ];
    parts.into_iter().flatten()
}

/// Names every reason once: for the compiler, which wants all of them, and for the test that counts cases.
macro_rules! reasons {
    ($($variant:ident => $name:literal,)*) => {
        /// The name of a reason in the `verdict` files.
        #[must_use]
        pub fn name(error: &VerifyError) -> &'static str {
            match error {
                $(VerifyError::$variant { .. } => $name,)*
                VerifyError::Unreadable(_) => "unreadable",
            }
        }

        /// Every name that [`name`] can give but `unreadable`, which is said of a file and not of a bundle.
        pub const REASONS: &[&str] = &[$($name,)*];
    };
}

reasons! {
    NotGzip => "not-gzip",
    Corrupt => "corrupt",
    TrailingData => "trailing-data",
    LimitExceeded => "limit-exceeded",
    Truncated => "truncated",
    BadEntry => "bad-entry",
    BadPath => "bad-path",
    WrongOrder => "wrong-order",
    NoManifest => "no-manifest",
    Unsigned => "unsigned",
    Untrusted => "untrusted",
    BadSignature => "bad-signature",
    OtherManifest => "other-manifest",
    BadManifest => "bad-manifest",
    Unsupported => "unsupported",
    ClaimsDiffer => "claims-differ",
    WrongTop => "wrong-top",
    FilesDiffer => "files-differ",
    Inconsistent => "inconsistent",
}

impl Sound {
    /// Makes one with the generator, and its kin, under a key that is gone afterwards.
    #[must_use]
    pub fn make() -> Self {
        let story = Handoff::of(Path::new(REQUESTS), &[]);
        let sound = Self::of(&story, story.bundle());
        Self { kin: kin::of(&story), ..sound }
    }

    /// A bundle that the author of a story made.
    fn of(story: &Handoff, bundle: &Path) -> Self {
        let read = |path: &Path| {
            std::fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
        };
        let bundle = read(bundle);
        let files = files(&unpack(&bundle));
        let manifest = serde_json::from_slice(&files[0].bytes)
            .unwrap_or_else(|error| panic!("the generator's manifest: {error}"));
        let pem = String::from_utf8_lossy(&read(&story.path("author.key"))).into_owned();
        let key =
            SigningKey::from_pem(&pem, None).unwrap_or_else(|error| panic!("the author's key: {error}"));
        let author = ed25519_dalek::SigningKey::from_pkcs8_pem(&pem)
            .unwrap_or_else(|error| panic!("the author's key: {error}"));
        let trusted = key.public_key().to_pem();
        Self { bundle, files, manifest, key, author, trusted, kin: BTreeMap::new() }
    }

    /// One of another kind by the same author.
    fn kin(&self, kind: &str) -> &Self {
        self.kin.get(kind).unwrap_or_else(|| panic!("no bundle of the kind {kind}"))
    }

    /// Writes every case into its folder below `into`, and the key to check them with.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_cases(&self, into: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(into)?;
        std::fs::write(into.join(TRUSTED_KEY), &self.trusted)?;
        std::fs::write(into.join(SECOND_KEY), trust::second_key())?;
        std::fs::write(into.join(ES256_KEY), trust::es256_key())?;
        for case in cases() {
            let folder = into.join(case.name);
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join(BUNDLE), (case.damage)(self))?;
            std::fs::write(folder.join(VERDICT), format!("{}\n", case.verdict))?;
            if let Some(trust) = trust::of_case(case.name) {
                std::fs::write(folder.join(TRUST), trust)?;
            }
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
