//! The commands, a file each.

pub mod check_cluster;
pub mod completions;
pub mod create_all;
pub mod create_bundle;
pub mod create_iam_roles;
pub mod create_identity_provider;
pub mod create_key_pair;
pub mod create_signing_key;
pub mod diff;
pub mod finalize;
mod generation;
pub mod install;
mod key_proof;
mod later;
pub mod man;
pub mod move_issuer;
mod passphrase;
mod previous;
mod private_key;
pub mod render;
pub mod rotate_keys;
mod seal;
pub mod sign;
mod signing;
mod trust;

pub use generation::Time;
pub use trust::Reading;

use crate::directory::{Directory, FileError, Written};
use crate::feature::{CredentialsMode, InstallConfig};
use crate::made::is_made_here;
use crate::progress::Stage;
use crate::render::Files;
use crate::request::{RequestFolder, Selection, Verdicts, read_folder};
use crate::unfinished::Unfinished;
use crate::voice::{detail, say, warn};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use sts_schemas::bundle::Limits;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::{self, Place};
use sts_schemas::lint::{Finding, Level};
use sts_schemas::terminal::printable_json;
use zeroize::Zeroizing;

/// What commands take from around the program, read once at its start.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// The time: `SOURCE_DATE_EPOCH`, or else the clock.
    pub time: Time,
    /// The clock itself, in seconds since 1970: by it a signature still counts, or not any more.
    pub clock: u64,
    /// Whether somebody can be asked for a passphrase.
    pub person: Person,
}

/// Whether a person sits at a terminal, to read a question and to answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// There is one.
    Present,
    /// This is a script, a pipe or a service.
    Absent,
}

/// Writes files, removes those of an earlier run that `replaced` speaks of, and says on stderr what changed; should
/// the run be cut, [`unfinished`] knows by which `command` to go on.
fn write_files(
    directory: &Directory,
    files: &Files,
    replaced: &dyn Fn(&str) -> bool,
    command: &str,
) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let (mut new, mut changed) = (0_usize, Vec::new());
    let known = directory.files().map_err(failed)?;
    let unwanted = stale(directory, known, files, replaced)?;
    let stage = Stage::begin(format!("writing {} files", files.len()));
    let mut pending: Vec<_> = files.iter().filter(|(path, bytes)| !directory.has(path, bytes)).collect();
    // The generation first: a run that is cut after it never shares one with another bundle.
    pending.sort_by_key(|(path, _)| path.as_str() != layout::PROVIDER);
    let rest = Unfinished::read(directory).map_err(failed)?;
    let rest = rest.without(&|path| files.contains_key(path) || replaced(path));
    rest.begin(directory, command, (&pending, &unwanted)).map_err(failed)?;
    for (path, bytes) in pending {
        match directory.write(path, bytes).map_err(failed)? {
            Written::New => new += 1,
            Written::Changed => changed.push(path),
            Written::Unchanged => {}
        }
    }
    let kept: BTreeSet<_> = if unwanted.is_empty() {
        BTreeSet::new()
    } else {
        files.iter().filter_map(|(path, bytes)| numbered_role(path, bytes)).gather()
    };
    let (mut removed, mut renumbered) = (Vec::new(), 0_usize);
    for path in &unwanted {
        let bytes = directory.read(path).map_err(failed)?.unwrap_or_default();
        directory.remove(path).map_err(failed)?;
        if numbered_role(path, &bytes).is_some_and(|role| kept.contains(&role)) {
            renumbered += 1;
        } else {
            removed.push(path);
        }
    }
    rest.end(directory).map_err(failed)?;
    drop(stage);
    say(&format!(
        "{}: {new} files written, {} changed, {} removed, {} as they were",
        directory.path().display(),
        changed.len(),
        removed.len(),
        files.len() - new - changed.len()
    ));
    if renumbered > 0 {
        say(&format!(
            "  {renumbered} of those written are under another number than before, where roles moved up or down"
        ));
    }
    for path in changed {
        say(&format!("  changed {path}"));
    }
    for path in removed {
        say(&format!("  removed {path} (nothing asks for it any more)"));
    }
    Ok(())
}

/// Which role a file is of, and whether it makes it or what it may do, whatever number its request has in the order of
/// all.
fn numbered_role(path: &str, bytes: &[u8]) -> Option<(String, String)> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Named {
        role_name: String,
    }
    let (kind, _) = path.split_at_checked(3).filter(|(kind, _)| ["05-", "06-"].contains(kind))?;
    let named: Named = serde_json::from_slice(bytes).ok()?;
    Some((kind.to_owned(), named.role_name))
}

/// Files of an earlier run that nothing asks for any more.
///
/// # Errors
/// Names those that lie where this program writes, and that it did not make: they are somebody's.
fn stale(
    directory: &Directory,
    known: Vec<String>,
    files: &Files,
    replaced: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let mut stale = Vec::new();
    let mut strangers = String::new();
    for path in known {
        if !replaced(&path) || files.contains_key(&path) {
            continue;
        }
        let bytes = directory.read(&path).map_err(failed)?.unwrap_or_default();
        if is_made_here(&path, &bytes) {
            stale.push(path);
        } else {
            strangers.push_str("\n  ");
            strangers.push_str(&path);
        }
    }
    if strangers.is_empty() {
        return Ok(stale);
    }
    let what =
        format!("{} holds files that this program did not make:{strangers}", directory.path().display());
    Err(Failure::new(Exit::Failed, what)
        .hint("nothing was written; give --output-dir a directory of its own, or move these files away"))
}

/// Says what lint found; what it calls a danger is said in quiet too.
fn tell_findings(findings: &[Finding]) {
    for finding in findings {
        let voice = if finding.level == Level::Danger { warn } else { say };
        voice(&format!("lint: {finding}"));
    }
}

/// Prints one line of data to stdout.
fn print_line(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{text}") {
        // Whoever reads has seen enough, as `head` has.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::new(Exit::Failed, error)),
    }
}

/// JSON that a terminal may show.
fn as_json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::Failed, error))?;
    Ok(printable_json(&text))
}

/// Reads a file that the command cannot do without.
///
/// Keys, passphrases and signatures are small; a pipe may bring them, as `<(pass show key)` does.
fn read_input(path: &Path) -> Result<Vec<u8>, Failure> {
    const MOST_BYTES: u64 = 1 << 20;
    let bytes = read_start(path, MOST_BYTES + 1)?;
    if bytes.len() as u64 > MOST_BYTES {
        let what = format!("it is longer than {MOST_BYTES} bytes, and no key, passphrase or signature is");
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, what);
        return Err(Failure::new(Exit::Failed, FileError::new("read", path, error)));
    }
    Ok(bytes)
}

/// Opens a file that is read from its beginning to its end. A pipe may never end, or nobody may write into it.
fn open_regular(path: &Path) -> Result<std::fs::File, Failure> {
    check_regular(path)?;
    detail(|| format!("reading {}", path.display()));
    std::fs::File::open(path).map_err(|error| Failure::new(Exit::Failed, FileError::new("read", path, error)))
}

/// Refuses what is there and is no regular file.
fn check_regular(path: &Path) -> Result<(), Failure> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let error = std::io::Error::other("it is no regular file");
        return Err(Failure::new(Exit::Failed, FileError::new("read", path, error)));
    }
    Ok(())
}

/// Reads as much of a file as a bundle can have; a private key may be in it.
fn read_bundle(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    /// An archive of the largest size, and what its blocks add.
    const MOST: u64 = Limits::FORMAT.archive + (1 << 20);
    read_start(path, MOST).map(Zeroizing::new)
}

/// Reads a file as far as so many bytes, with room for them from the start: a buffer that grows would leave copies
/// of a key behind.
fn read_start(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::new(Exit::Failed, FileError::new("read", path, error));
    detail(|| format!("reading {}", path.display()));
    let file = std::fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_or(0, |found| found.len()).min(most);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a folder of requests, and says what became of each file and what was assumed; `prefix` begins each of these.
fn requests(folder: &Path, selection: &Selection, prefix: &str) -> Result<RequestFolder, Failure> {
    let stage = Stage::begin("reading requests");
    let read = read_folder(folder, selection);
    drop(stage);
    let (verdicts, skipped) = match &read {
        Ok(folder) => (&folder.verdicts, &folder.skipped),
        Err(errors) => (errors.verdicts.as_ref(), &errors.skipped),
    };
    if *verdicts != Verdicts::default() {
        say(&format!("{prefix}{verdicts}"));
    }
    for file in verdicts.unnamed() {
        detail(|| format!("{prefix}used {file}"));
    }
    for skipped in skipped {
        say(&format!("{prefix}skipped {skipped}"));
    }
    let folder = read.map_err(|errors| Failure::new(Exit::Failed, errors))?;
    for file in &folder.files {
        detail(|| format!("{prefix}read {}, {} bytes", file.name, file.bytes.len()));
    }
    for note in &folder.notes {
        say(&format!("{prefix}note: {note}"));
    }
    Ok(folder)
}

/// An error with the file it is about before it.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {path}")]
struct InFile<E: std::error::Error + 'static> {
    path: String,
    #[source]
    source: E,
}

pub(crate) fn in_file<E: std::error::Error + Send + Sync + 'static>(path: &Path, source: E) -> Failure {
    Failure::new(Exit::Failed, InFile { path: path.display().to_string(), source })
}

/// An installer's configuration that has the cluster make its own credentials.
#[derive(Debug, thiserror::Error)]
#[error("it asks for credentialsMode {0}, and a cluster that installs so does not use the roles")]
struct OtherCredentials(CredentialsMode);

/// Refuses a configuration that wants other than short-lived credentials; one that does not say is told so loudly,
/// for it may not be complete yet. `install` refuses both.
pub(crate) fn expect_manual(config: &InstallConfig, path: &Path) -> Result<(), Failure> {
    let Some(advice) = config.mode_advice() else { return Ok(()) };
    if let Some(mode) = config.credentials_mode {
        return Err(in_file(path, OtherCredentials(mode)).hint(advice));
    }
    warn(&format!(
        "WARNING: {} does not say how operators get their credentials, and the cluster would not use roles; {advice}",
        path.display()
    ));
    Ok(())
}

/// Whether a path is one that roles are written to.
fn is_of_roles(path: &str) -> bool {
    let secret = path != layout::AUTHENTICATION && Place::of(path) == Some(Place::InstallerManifest);
    let request = Place::of(path) == Some(Place::Request);
    let numbered =
        (path.starts_with("05-") || path.starts_with("06-")) && Place::of(path) == Some(Place::Aws);
    secret || request || numbered
}

/// Whether a path is one that the issuer's files are written to.
fn is_of_issuer(path: &str) -> bool {
    let numbered = ["01-", "02-", "03-", "04-", "07-", "08-"].iter().any(|number| path.starts_with(number));
    numbered && Place::of(path) == Some(Place::Aws)
}
