//! `sts-generator create-bundle`: checks a directory again, packs and signs it.

use super::generation::{Generations, Settled};
use super::key_proof::{BegunProof, Published};
use super::previous::{self, Following, PreviousArgs};
use super::private_key::PrivateKeyArgs;
use super::seal::{ClosedBundle, Seal, derived};
use super::signing::{BUNDLE_DIR, SigningArgs};
use super::trust::Reading;
use super::{Surroundings, say, tell_findings, warn};
use crate::asked;
use crate::bundled::Bundled;
use crate::cli::{LintArgs, OutputArgs, partition_of};
use crate::directory::{Directory, FileError, Written};
use crate::pack::{bundle_name, check};
use crate::progress::Stage;
use crate::recognise::cluster_of;
use crate::render::{CHANGES, Files, Upgrade, generation_of, mark_generation};
use crate::unfinished;
use clap::Args;
use std::path::Path;
use sts_schemas::aws::{Partition, Region};
use sts_schemas::bundle::Limits;
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::{Contents, Problems};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout::{self, Place};
use sts_schemas::lint::lint_roles;

/// Check a directory, write its REVIEW.md and apply.sh, pack it and sign it; prints the bundle's path.
///
/// The JSON files are what counts: an edit of theirs (a narrower policy, say) goes into the bundle, and what
/// does not hold together is refused, file by file; so are roles and service accounts that no request in the
/// directory asks for, and those that are missing. The cluster's private key stays behind, unless --private-key says otherwise.
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
    /// Partition of that region, where it is one that this program does not know yet.
    #[arg(long, requires = "region")]
    partition: Option<Partition>,
    #[command(flatten)]
    lint: LintArgs,
    #[command(flatten)]
    previous: PreviousArgs,
}

impl CreateBundle {
    pub(crate) fn run(&self, surroundings: Surroundings, reading: Reading<'_>) -> Result<(), Failure> {
        if let Some(region) = &self.region {
            partition_of(region, self.partition)?;
        }
        let following = self.previous.open(&self.signing.bundle_dir, reading)?;
        let seal = Seal::open(&self.signing, &self.private_key, surroundings)?;
        let directory = Directory::claim_existing(&self.output.output_dir)
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let settle = |files: &Files| Settled::Open(Generations::of(files, surroundings, following.as_ref()));
        let checked = Checked::read(&directory, &seal, self.region.as_ref(), (following.as_ref(), settle))?;
        for note in &checked.notes {
            warn(&format!("note: {note}"));
        }
        let partition = checked.cluster.partition;
        if let Some(given) = self.partition.filter(|given| *given != partition) {
            let error = format!("the roles are in partition {partition}, and --partition says {given}");
            return Err(
                Failure::new(Exit::Failed, error).hint("leave --partition out, or make the roles anew")
            );
        }
        let findings = lint_roles(&checked.contents.desired);
        if following.is_none() && says_what_changes(&directory)? {
            warn(&format!(
                "WARNING: {} in {} says what changes since the bundle before, and the new one will not: give --previous \
                 BUNDLE to have it say so again",
                layout::REVIEW,
                directory.path().display()
            ));
        }
        tell_findings(&findings);
        self.lint.judge(&findings)?;
        checked.close(&seal, None)?.print()
    }
}

/// Whether the review that stands in the directory is that of an upgrade.
fn says_what_changes(directory: &Directory) -> Result<bool, Failure> {
    let review = directory.read(layout::REVIEW).map_err(|error| Failure::new(Exit::Failed, error))?;
    Ok(review.is_some_and(|text| text.split(|byte| *byte == b'\n').any(|line| line == CHANGES.as_bytes())))
}

/// Checks the directory, packs and signs it.
pub(crate) fn bundle(
    directory: &Directory,
    seal: &Seal,
    region: Option<&Region>,
    (following, settled): (Option<&Following>, Settled),
    proof: Option<BegunProof>,
) -> Result<ClosedBundle, Failure> {
    Checked::read(directory, seal, region, (following, |_: &Files| settled))?.close(seal, proof)
}

/// A directory whose files hold together, and what it becomes: nothing of it is written yet.
struct Checked<'a> {
    directory: &'a Directory,
    cluster: Cluster,
    generation: u64,
    /// What goes into the bundle.
    files: Files,
    contents: Contents,
    /// What a person should know about roles and requests.
    notes: Vec<String>,
    /// What it changes about the cluster whose bundle it follows.
    upgrade: Option<Upgrade>,
    following: Option<&'a Following>,
}

impl<'a> Checked<'a> {
    /// Reads what goes into the bundle, puts the generation into it, and holds it against itself.
    fn read(
        directory: &'a Directory,
        seal: &Seal,
        region: Option<&Region>,
        (following, settle): (Option<&'a Following>, impl FnOnce(&Files) -> Settled),
    ) -> Result<Self, Failure> {
        unfinished::settle(directory)?;
        let stage = Stage::begin("checking");
        let mut files = bundled_files(directory, seal.bundle_dir())?;
        let settled = settle(&files);
        seal.add_private_key(directory, &mut files)?;
        let cluster = cluster_of(&files, region).map_err(|problems| inconsistent(directory, problems))?;
        if let Some(following) = following {
            following.keeps_its_keys(&files)?;
        }
        let of = |files, generation| Self::of(directory, cluster.clone(), (files, generation), following);
        let checked = match settled {
            Settled::Changed(generation) => of(files, generation)?,
            Settled::Open(Generations { kept, next }) => {
                let checked = of(files, kept.unwrap_or(next))?;
                let is_the_last = kept.is_some() && checked.is_the_last(seal)?;
                if is_the_last { checked } else { of(checked.files, next)? }
            }
        };
        drop(stage);
        Ok(checked)
    }

    /// Files with a generation in them and with what is derived from them.
    fn of(
        directory: &'a Directory,
        cluster: Cluster,
        (mut files, generation): (Files, u64),
        following: Option<&'a Following>,
    ) -> Result<Self, Failure> {
        if let Some(following) = following {
            following.allows(&cluster, generation)?;
        }
        mark_generation(&mut files, generation);
        let wrong = |problems| inconsistent(directory, problems);
        let (mut requests, contents) =
            asked::read(&files, cluster.partition, || check(&cluster, generation, &files)).map_err(wrong)?;
        let contents = contents.map_err(wrong)?;
        let notes = asked::check(&requests, &files, &contents).map_err(wrong)?;
        // Thousands of requests need not be kept until the bundle is packed.
        let of_requests = std::mem::take(&mut requests.notes);
        drop(requests);
        let upgrade = following.map(|following| following.upgrade(&contents));
        for (path, bytes) in derived(&contents, &files, upgrade.as_ref(), &of_requests) {
            files.insert(path.to_owned(), bytes);
        }
        Ok(Self { directory, cluster, generation, files, contents, notes, upgrade, following })
    }

    /// Whether this is, byte for byte, what was bundled last: the bundle is there, or the directory knows its name.
    fn is_the_last(&self, seal: &Seal) -> Result<bool, Failure> {
        let name = bundle_name(&self.cluster, self.generation, &self.files);
        let known = Bundled::of(self.directory).map_err(|error| Failure::new(Exit::Failed, error))?;
        Ok(known.is_some_and(|known| known.name == name) || seal.has(&name))
    }

    /// Packs and signs; then completes the directory with what is derived from its files, and writes the bundle.
    fn close(self, seal: &Seal, proof: Option<BegunProof>) -> Result<ClosedBundle, Failure> {
        let Self { directory, cluster, generation, files, contents, upgrade, following, notes: _ } = self;
        if let Some(following) = following {
            following.tell_of_later(&files)?;
        }
        // All that was to be told of them is in the files.
        drop(contents);
        let stage = Stage::begin("packing");
        let failed = |error: FileError| Failure::new(Exit::Failed, error);
        let published = Published::of(&files);
        // The generation first: a run that is cut after it never shares one with another bundle.
        let completed = [layout::PROVIDER, layout::DISTRIBUTION].into_iter().chain(DERIVED);
        let completed: Vec<_> = completed.filter_map(|path| Some((path, files.get(path)?.clone()))).collect();
        let content = files.len();
        let bundle = seal.pack(&cluster, generation, files)?;
        published.prove_keys(directory, proof)?;
        let mut changed = Vec::new();
        for (path, bytes) in completed {
            if directory.write(path, &bytes).map_err(failed)? == Written::Changed {
                changed.push(path);
            }
        }
        let name = bundle.name().to_owned();
        let closed = bundle.write()?;
        Bundled { name, digest: Some(closed.digest().clone()) }.note(directory).map_err(failed)?;
        drop(stage);
        let shown = directory.path().display();
        if !changed.is_empty() {
            say(&format!("{shown}: changed {} (generation {generation})", changed.join(", ")));
        }
        say(&format!("{shown}: {content} files are in the bundle"));
        seal.tell(&cluster, &closed);
        if let Some(upgrade) = &upgrade {
            previous::tell(upgrade);
        }
        Ok(closed)
    }
}

/// What is derived from all other files.
const DERIVED: [&str; 2] = [layout::REVIEW, layout::APPLY_SCRIPT];

/// What a directory's files ask for, checked as they are; nothing is written.
pub(crate) fn directory_contents(
    directory: &Directory,
    region: Option<&Region>,
) -> Result<Contents, Failure> {
    unfinished::refuse(directory)?;
    let files = bundled_files(directory, &directory.path().join(BUNDLE_DIR))?;
    let inconsistent = |problems| inconsistent(directory, problems);
    let cluster = cluster_of(&files, region).map_err(inconsistent)?;
    let generation = generation_of(&files).unwrap_or_default();
    check(&cluster, generation, &files).map_err(inconsistent)
}

/// A directory whose files do not hold together.
#[derive(Debug, thiserror::Error)]
#[error("{path} does not hold together: {problems}")]
struct Inconsistent {
    path: String,
    problems: Problems,
}

fn inconsistent(directory: &Directory, problems: Problems) -> Failure {
    let path = directory.path().display().to_string();
    Failure::new(Exit::Failed, Inconsistent { path, problems })
        .hint("mend the files named, or write them anew with create-all")
}

/// The files that go into every bundle: all of the directory's but private keys.
fn bundled_files(directory: &Directory, bundle_dir: &Path) -> Result<Files, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let (mut files, mut room) = (Files::new(), Limits::FORMAT.archive);
    for path in known_files(directory, bundle_dir)? {
        if Place::of(&path) == Some(Place::PrivateKey) {
            continue;
        }
        if directory.is_link(&path) {
            let error = format!("{} is a link", directory.path().join(&path).display());
            return Err(Failure::new(Exit::Failed, error)
                .hint("what a bundle carries lies in its directory: put the file itself there, or take the link away"));
        }
        if let Some(bytes) = directory.read(&path).map_err(failed)? {
            room = room.checked_sub(bytes.len() as u64).ok_or_else(|| {
                let most = Limits::FORMAT.archive;
                let error = format!(
                    "{} holds more than {most} bytes, and no bundle does",
                    directory.path().display()
                );
                Failure::new(Exit::Failed, error)
            })?;
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

/// The files of a directory, all of which have a place in what this program writes; a directory with others is refused.
/// Bundles are none of them where the folder they go to lies in the directory.
pub(crate) fn known_files(directory: &Directory, bundle_dir: &Path) -> Result<Vec<String>, Failure> {
    let files = directory.files().map_err(|error| Failure::new(Exit::Failed, error))?;
    let bundles = bundle_dir.canonicalize().ok();
    let is_bundle = |path: &str| {
        let folder = || directory.path().join(path).parent().and_then(|folder| folder.canonicalize().ok());
        path.ends_with(".tar.gz") && bundles.is_some() && folder() == bundles
    };
    let is_strange =
        |path: &str| matches!(Place::of(path), Some(Place::Manifest | Place::Signature { .. }) | None);
    let (strangers, known): (Vec<_>, Vec<_>) =
        files.into_iter().filter(|path| !is_bundle(path)).partition(|path| is_strange(path));
    if strangers.is_empty() {
        if known.len() as u64 > Limits::FORMAT.entries {
            let (path, most) = (directory.path().display(), Limits::FORMAT.entries);
            let error = format!("{path} holds {} files, and no bundle has more than {most}", known.len());
            return Err(Failure::new(Exit::Failed, error));
        }
        return Ok(known);
    }
    let count = strangers.len();
    let listed = strangers.iter().take(20).fold(String::new(), |text, path| format!("{text}\n  {path}"));
    Err(Failure::new(
        Exit::Failed,
        format!("{} holds {count} files that no bundle has:{listed}", directory.path().display()),
    )
    .hint("give the cluster an --output-dir of its own, or move these files away"))
}
