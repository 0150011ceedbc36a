//! `sts-generator create-bundle`: checks a directory again, packs and signs it.

use super::private_key::{PrivateKey, PrivateKeyArgs};
use super::signing::{Signing, SigningArgs};
use super::{Surroundings, in_file, print_line, say};
use crate::cli::{LintArgs, OutputArgs};
use crate::directory::{Directory, FileError, write_whole};
use crate::pack::{UnsignedBundle, check};
use crate::progress::Stage;
use crate::recognise::cluster_of;
use crate::render::{Files, apply_script, review};
use crate::token;
use clap::Args;
use std::path::PathBuf;
use sts_schemas::aws::Region;
use sts_schemas::bundle::{UnverifiedBundle, VerifyError};
use sts_schemas::cli_input::{CreateOpenIdConnectProvider, Tag};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::Contents;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout::{self, Place};
use sts_schemas::lint::lint_roles;
use sts_schemas::open::{OpenValue, stand_in_for_tokens, tokens_for_stand_ins};
use sts_schemas::resource::GENERATION_TAG;

/// Check a directory, write its REVIEW.md and apply.sh, pack it and sign it; prints the bundle's path.
///
/// The JSON files are what counts: an edit of theirs (a narrower policy, say) goes into the bundle, and what
/// does not hold together is refused, file by file. The cluster's private key stays behind, unless --private-key says otherwise.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator create-bundle --output-dir demo --signing-key author.key
Hand the file whose path is printed to the AWS administrator.")]
pub struct CreateBundle {
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    private_key: PrivateKeyArgs,
    /// AWS region, for a directory without a bucket that could tell it.
    #[arg(long)]
    region: Option<Region>,
    #[command(flatten)]
    lint: LintArgs,
}

impl CreateBundle {
    pub(crate) fn run(&self, surroundings: Surroundings) -> Result<(), Failure> {
        let seal = Seal::open(&self.signing, &self.private_key, surroundings)?;
        let directory = Directory::claim_existing(&self.output.output_dir)
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let checked = Checked::read(&directory, &seal, self.region.as_ref(), surroundings)?;
        let findings = lint_roles(&checked.contents.desired);
        for finding in &findings {
            say(&format!("lint: {finding}"));
        }
        self.lint.judge(&findings)?;
        checked.close(&seal)
    }
}

/// How a bundle is closed: who signs it, whether the private key goes in, and where it goes.
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
}

/// Checks the directory, packs and signs it, and prints the bundle's path.
pub(crate) fn bundle(
    directory: &Directory,
    seal: &Seal,
    region: Option<&Region>,
    surroundings: Surroundings,
) -> Result<(), Failure> {
    Checked::read(directory, seal, region, surroundings)?.close(seal)
}

/// A directory whose files hold together.
struct Checked<'a> {
    directory: &'a Directory,
    cluster: Cluster,
    generation: u64,
    files: Files,
    contents: Contents,
}

impl<'a> Checked<'a> {
    /// Reads what goes into the bundle, puts the generation into it, and holds it against itself.
    fn read(
        directory: &'a Directory,
        seal: &Seal,
        region: Option<&Region>,
        surroundings: Surroundings,
    ) -> Result<Self, Failure> {
        let stage = Stage::begin("checking");
        let mut files = bundled_files(directory)?;
        seal.private_key.add(directory, &mut files)?;
        let inconsistent = |problems| {
            let path = directory.path().display().to_string();
            Failure::new(Exit::Failed, Inconsistent { path, problems })
                .hint("mend the files named, or write them anew with create-all")
        };
        let cluster = cluster_of(&files, region).map_err(inconsistent)?;
        let generation = surroundings.generation;
        mark_generation(directory, &mut files, generation)?;
        let contents = check(&cluster, generation, &files).map_err(inconsistent)?;
        prove_key(directory, &files)?;
        drop(stage);
        Ok(Self { directory, cluster, generation, files, contents })
    }

    /// Completes the directory with what is derived from its files, packs, signs, and prints the path.
    fn close(self, seal: &Seal) -> Result<(), Failure> {
        let Self { directory, cluster, generation, mut files, contents } = self;
        let failed = |error: FileError| Failure::new(Exit::Failed, error);
        let stage = Stage::begin("packing");
        for (path, bytes) in
            [(layout::REVIEW, review(&contents)), (layout::APPLY_SCRIPT, apply_script(&contents, &files))]
        {
            let bytes = tokens_for_stand_ins(&bytes, &cluster.open());
            directory.write(path, &bytes).map_err(failed)?;
            files.insert(path.to_owned(), bytes);
        }
        let content = files.len();
        let bundle = UnsignedBundle::new(&cluster, generation, files)
            .and_then(|unsigned| match &seal.signing {
                Signing::Key(key, end) => unsigned.sign(key, *end),
                Signing::Elsewhere => unsigned.leave_unsigned(),
            })
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let path = seal.bundle_dir.join(format!("{}.tar.gz", bundle.name));
        UnverifiedBundle::new(bundle.bytes.as_slice()).read_without_trust().map_err(|source| {
            let name = bundle.name.clone();
            Failure::new(Exit::Failed, Unreadable { name, source })
                .hint("nothing was packed: the executor would refuse it too")
        })?;
        write_whole(&path, &bundle.bytes, seal.private_key.bundle_mode()).map_err(failed)?;
        drop(stage);
        say(&format!("{}: {content} files are in the bundle", directory.path().display()));
        tell(&cluster, &bundle, seal);
        print_line(&path.display().to_string())
    }
}

/// What a directory's files ask for, checked as they are; nothing is written.
pub(crate) fn directory_contents(
    directory: &Directory,
    region: Option<&Region>,
) -> Result<Contents, Failure> {
    let files = bundled_files(directory)?;
    let inconsistent = |problems| {
        Failure::new(Exit::Failed, Inconsistent { path: directory.path().display().to_string(), problems })
            .hint("mend the files named, or write them anew with create-all")
    };
    let cluster = cluster_of(&files, region).map_err(inconsistent)?;
    let generation = generation_of(&files).unwrap_or_default();
    check(&cluster, generation, &files).map_err(inconsistent)
}

/// The generation that a directory was last written or bundled with.
fn generation_of(files: &Files) -> Option<u64> {
    let bytes = stand_in_for_tokens(files.get(layout::PROVIDER)?, &OpenValue::ALL);
    let provider: CreateOpenIdConnectProvider = serde_json::from_slice(&bytes).ok()?;
    provider.tags.iter().find(|tag| tag.key == GENERATION_TAG)?.value.parse().ok()
}

/// The cluster's private key, where it is in the directory, must be the one whose public half gets published.
fn prove_key(directory: &Directory, files: &Files) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    for path in [layout::PRIVATE_KEY, layout::TLS_KEY] {
        let Some(key) = directory.read(path).map_err(failed)?.map(zeroize::Zeroizing::new) else { continue };
        let published = |path: &str| files.get(path).map(Vec::as_slice).unwrap_or_default();
        let pem = std::str::from_utf8(&key).unwrap_or_default();
        token::prove(pem, published(layout::DISCOVERY), published(layout::KEYS)).map_err(|error| {
            in_file(&directory.path().join(path), error)
                .hint("the cluster would get no credentials: put the right key there, or move it away")
        })?;
    }
    Ok(())
}

/// A bundle that no reader would take, in spite of all that was checked before it was packed: it is too large.
#[derive(Debug, thiserror::Error)]
#[error("the bundle {name} cannot be read back")]
struct Unreadable {
    name: String,
    source: VerifyError,
}

/// A directory whose files do not hold together.
#[derive(Debug, thiserror::Error)]
#[error("{path} does not hold together: {problems}")]
struct Inconsistent {
    path: String,
    problems: sts_schemas::contents::Problems,
}

fn tell(cluster: &Cluster, bundle: &crate::pack::PackedBundle, seal: &Seal) {
    let open = cluster.open();
    let account = if open.contains(&OpenValue::Account) { "any" } else { cluster.account.as_str() };
    say(&format!("cluster {}, account {account}, region {}", cluster.name, cluster.region));
    if open.contains(&OpenValue::Issuer) {
        say("issuer known after apply: AWS names the distribution");
    } else {
        say(&format!("issuer {}", cluster.issuer));
    }
    say(&format!("bundle digest {}", bundle.digest));
    seal.signing.tell();
    seal.private_key.tell();
}

/// The files that go into every bundle: all of the directory's but private keys.
fn bundled_files(directory: &Directory) -> Result<Files, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let mut files = Files::new();
    refuse_strangers(directory)?;
    for path in directory.files().map_err(failed)? {
        if Place::of(&path) == Some(Place::PrivateKey) {
            continue;
        }
        if let Some(bytes) = directory.read(&path).map_err(failed)? {
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

/// Refuses a directory with files that have no place in a bundle.
pub(crate) fn refuse_strangers(directory: &Directory) -> Result<(), Failure> {
    let mut strangers = directory.files().map_err(|error| Failure::new(Exit::Failed, error))?;
    strangers
        .retain(|path| matches!(Place::of(path), Some(Place::Manifest | Place::Signature { .. }) | None));
    if strangers.is_empty() {
        return Ok(());
    }
    let count = strangers.len();
    let listed = strangers.iter().take(20).fold(String::new(), |text, path| format!("{text}\n  {path}"));
    Err(Failure::new(
        Exit::Failed,
        format!("{} holds {count} files that no bundle has:{listed}", directory.path().display()),
    )
    .hint("give the cluster an --output-dir of its own, or move these files away"))
}

/// The values whose tokens stand in a file.
fn used_tokens(bytes: &[u8]) -> Vec<OpenValue> {
    let text = String::from_utf8_lossy(bytes);
    OpenValue::ALL.into_iter().filter(|value| text.contains(value.token())).collect()
}

/// Puts the generation that this bundle gets into the provider's tag, in memory and in the directory.
fn mark_generation(directory: &Directory, files: &mut Files, generation: u64) -> Result<(), Failure> {
    let Some(bytes) = files.get(layout::PROVIDER) else { return Ok(()) };
    let open = used_tokens(bytes);
    let known = stand_in_for_tokens(bytes, &open);
    let Ok(mut provider) = serde_json::from_slice::<CreateOpenIdConnectProvider>(&known) else {
        return Ok(());
    };
    provider.tags.retain(|tag| tag.key != GENERATION_TAG);
    provider.tags.push(Tag { key: GENERATION_TAG.into(), value: generation.to_string() });
    provider.tags.sort_by(|a, b| a.key.cmp(&b.key));
    let bytes = tokens_for_stand_ins(&crate::render::json(&provider), &open);
    directory.write(layout::PROVIDER, &bytes).map_err(|error| Failure::new(Exit::Failed, error))?;
    files.insert(layout::PROVIDER.to_owned(), bytes);
    Ok(())
}
