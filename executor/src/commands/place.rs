//! Places for the files a run writes: only what an earlier run wrote there is ever replaced.

use super::receipt::is_signature;
use crate::account::CallLog;
use crate::show;
use std::fs::{File, FileType};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::receipt::UnverifiedReceipt;
use sts_schemas::report::Report;

/// A kind of file this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Receipt,
    ReceiptSignature,
    Report,
    Log,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Receipt => "the receipt",
            Self::ReceiptSignature => "the receipt's signature",
            Self::Report => "the report",
            Self::Log => "the log of calls",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Receipt => "give --receipt FILE where there is no file, or an earlier receipt",
            Self::ReceiptSignature => {
                "give --receipt FILE where there is no FILE.jws, or an earlier receipt's"
            }
            Self::Report => "give --report FILE where there is no file, or an earlier report",
            Self::Log => "give --log FILE where there is no file, or an earlier log",
        }
    }

    /// Whether such a file begins like this one; the first line is enough for all that are for people.
    fn is_earlier(self, bytes: &[u8]) -> bool {
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match self {
            Self::Receipt => UnverifiedReceipt::new(bytes.to_vec(), None).read_without_trust().is_ok(),
            Self::ReceiptSignature => is_signature(bytes),
            Self::Report => {
                show::report::HEADS.iter().any(|head| head.as_bytes() == first)
                    || serde_json::from_slice::<Report>(bytes).is_ok()
            }
            Self::Log => CallLog::has_line(first),
        }
    }
}

/// Nothing may be written at a place.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be written to {path}")]
struct Taken {
    what: &'static str,
    path: String,
    #[source]
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it is {0}, and only a plain file is replaced")]
    Irregular(&'static str),
    #[error("another file is there, and only an earlier one of this program's is replaced")]
    Other,
    #[error("this run reads it as {0}")]
    Input(&'static str),
    #[error("this run also writes {0} there")]
    Output(&'static str),
    #[error(transparent)]
    Unreadable(io::Error),
}

/// The files a run reads, or writes besides, each by what it is.
#[derive(Default)]
pub(super) struct Neighbours<'a>(Vec<(Role, &'a Path)>);

#[derive(Clone, Copy)]
enum Role {
    Input(&'static str),
    Output(Kind),
}

impl<'a> Neighbours<'a> {
    /// Adds a file the run reads.
    pub(super) fn reads(&mut self, what: &'static str, path: Option<&'a Path>) {
        self.0.extend(path.map(|path| (Role::Input(what), path)));
    }

    /// Adds a file the run writes.
    pub(super) fn writes(&mut self, kind: Kind, path: Option<&'a Path>) {
        self.0.extend(path.map(|path| (Role::Output(kind), path)));
    }

    fn at(&self, path: &Path, kind: Kind) -> Option<Why> {
        let there = real(path)?;
        let mut others =
            self.0.iter().filter(|(role, _)| !matches!(role, Role::Output(other) if *other == kind));
        let (role, _) = others.find(|(_, other)| real(other).as_ref() == Some(&there))?;
        Some(match role {
            Role::Input(what) => Why::Input(what),
            Role::Output(other) => Why::Output(other.noun()),
        })
    }
}

/// The one name a path has, whether or not there is a file yet.
fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    })
}

/// Comes back without an error where a file of this kind may be written: before anything else is done.
///
/// # Errors
/// When the run reads or writes that file as something else (a wrong command line), or what is there is neither
/// empty nor of an earlier run.
pub(super) fn check(kind: Kind, path: &Path, neighbours: &Neighbours<'_>) -> Result<(), Failure> {
    if let Some(why) = neighbours.at(path, kind) {
        return Err(taken((kind.noun(), kind.advice()), path, why, Exit::Usage));
    }
    let may = look(path, |file| earlier(kind, file));
    may.map_err(|why| taken((kind.noun(), kind.advice()), path, why, Exit::Failed))
}

/// The same for an installer's manifest, which replaces one that names the same object.
pub(super) fn check_manifest(path: &Path, text: &str) -> Result<(), Failure> {
    /// How much of a file is held against the new one. It is far more than any manifest of a cluster's has.
    const MOST_BYTES: u64 = 1 << 20;
    let may = look(path, |file| {
        let mut there = String::new();
        let read = file.take(MOST_BYTES).read_to_string(&mut there);
        Ok(read.is_ok() && names(&there) == names(text))
    });
    let words = (
        "the installer's manifest",
        "give --output-dir DIR without such a file, or with the cluster's manifests",
    );
    may.map_err(|why| taken(words, path, why, Exit::Failed))
}

/// Refuses a place below `base` that a symbolic link on the way leads out of it.
pub(super) fn check_way(base: &Path, path: &Path) -> Result<(), Failure> {
    let way = path.ancestors().skip(1).take_while(|folder| *folder != base);
    let is_link =
        |folder: &&Path| folder.symlink_metadata().is_ok_and(|there| there.file_type().is_symlink());
    match way.filter(is_link).last() {
        None => Ok(()),
        Some(link) => {
            let words = ("the installer's manifests", "give --output-dir DIR without links in it");
            Err(taken(words, link, Why::Irregular("a symbolic link"), Exit::Failed))
        }
    }
}

/// The lines of a manifest that say which object it is.
fn names(manifest: &str) -> Vec<&str> {
    let named = |line: &&str| ["kind:", "  name:", "  namespace:"].iter().any(|key| line.starts_with(key));
    let mut lines: Vec<_> = manifest.lines().map(str::trim_end).filter(named).collect();
    lines.sort_unstable();
    lines
}

fn taken((what, advice): (&'static str, &str), path: &Path, why: Why, exit: Exit) -> Failure {
    Failure::new(exit, Taken { what, path: path.display().to_string(), why })
        .hint(format!("nothing was changed; {advice}"))
}

/// Whether a file may be replaced, as `is_earlier` says of one that is there and not empty.
fn look(path: &Path, is_earlier: impl Fn(File) -> io::Result<bool>) -> Result<(), Why> {
    let there = match path.symlink_metadata() {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Why::Unreadable(error)),
    };
    if let Some(what) = irregular(there.file_type()) {
        return Err(Why::Irregular(what));
    }
    // Of an empty file nothing can be lost: `mktemp` makes one.
    if there.len() == 0 || File::open(path).and_then(is_earlier).map_err(Why::Unreadable)? {
        Ok(())
    } else {
        Err(Why::Other)
    }
}

fn irregular(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("a folder")
    } else if kind.is_symlink() {
        Some("a symbolic link")
    } else {
        Some("a device, a pipe or a socket")
    }
}

fn earlier(kind: Kind, file: File) -> io::Result<bool> {
    /// The longest file of this program's that must be read whole to be known, with a byte more.
    const MOST_BYTES: u64 = UnverifiedReceipt::MOST_BYTES as u64 + 1;
    /// The longest line of a log is far below.
    const LINE: u64 = 64 << 10;
    let mut bytes = Vec::new();
    let file = BufReader::new(file);
    if kind == Kind::Log {
        file.take(LINE).read_until(b'\n', &mut bytes)?;
    } else {
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(kind.is_earlier(&bytes))
}
