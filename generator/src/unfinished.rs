//! What a run is about to change in a directory, written down there until it is done: so a run that was killed, after
//! whichever file, is found by whoever reads the directory next.

use crate::directory::{Directory, FileError};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use sts_schemas::digest::Sha256;
use sts_schemas::failure::{Exit, Failure};

/// Where it stands, and only while something is left to do. It never goes into a bundle.
pub(crate) const UNFINISHED: &str = ".unfinished";

/// How a file is written down that is to go.
const GOES: &str = "-";

/// The changes that are left to make, by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unfinished(BTreeMap<String, Step>);

/// A change, and the command that makes it.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    command: String,
    /// What the file is to hold; none where it goes.
    wanted: Option<Sha256>,
}

impl Unfinished {
    /// What earlier runs left.
    pub(crate) fn read(directory: &Directory) -> Result<Self, FileError> {
        let bytes = directory.read(UNFINISHED)?.unwrap_or_default();
        let malformed = |line: &str| {
            let error =
                io::Error::new(io::ErrorKind::InvalidData, format!("it is not of this program: {line:?}"));
            FileError::new("understand", &directory.path().join(UNFINISHED), error)
        };
        let text = String::from_utf8_lossy(&bytes);
        let steps = text.lines().map(|line| step(line).ok_or_else(|| malformed(line)));
        steps.collect::<Result<_, _>>().map(Self)
    }

    /// The same without the files that a new run settles.
    pub(crate) fn without(mut self, is_settled: &dyn Fn(&str) -> bool) -> Self {
        self.0.retain(|path, _| !is_settled(path));
        self
    }

    /// Writes down what a command is about to do beside this; no change needs no line.
    pub(crate) fn begin(
        &self,
        directory: &Directory,
        command: &str,
        (written, removed): (&[(&String, &Vec<u8>)], &[String]),
    ) -> Result<(), FileError> {
        let known = self.0.iter().map(|(path, step)| step.line(path));
        let command = || command.to_owned();
        let written = written
            .iter()
            .map(|(path, bytes)| Step { command: command(), wanted: Some(Sha256::of(bytes)) }.line(path));
        let removed = removed.iter().map(|path| Step { command: command(), wanted: None }.line(path));
        keep(directory, &known.chain(written).chain(removed).collect::<String>())
    }

    /// Writes down that only this is left to do.
    pub(crate) fn end(&self, directory: &Directory) -> Result<(), FileError> {
        keep(directory, &self.0.iter().map(|(path, step)| step.line(path)).collect::<String>())
    }

    /// The files that are not as their run would have left them.
    fn left(&self, directory: &Directory) -> Result<Left<'_>, FileError> {
        let mut left = BTreeMap::<&str, Vec<&str>>::new();
        for (path, step) in &self.0 {
            let found = directory.read(path)?.map(|bytes| Sha256::of(&bytes));
            if found != step.wanted {
                left.entry(&step.command).or_default().push(path);
            }
        }
        Ok(Left(left))
    }
}

impl Step {
    fn line(&self, path: &str) -> String {
        let wanted = self.wanted.as_ref().map_or(GOES, |digest| digest.as_str());
        format!("{} {wanted} {path}\n", self.command)
    }
}

fn step(line: &str) -> Option<(String, Step)> {
    let mut words = line.splitn(3, ' ');
    let (command, wanted, path) = (words.next()?, words.next()?, words.next()?);
    let wanted = if wanted == GOES { None } else { Some(wanted.parse().ok()?) };
    Some((path.to_owned(), Step { command: command.to_owned(), wanted }))
}

fn keep(directory: &Directory, text: &str) -> Result<(), FileError> {
    if text.is_empty() {
        return directory.remove(UNFINISHED);
    }
    directory.write(UNFINISHED, text.as_bytes()).map(drop)
}

/// Files that are not as their run would have left them, by its command.
struct Left<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl fmt::Display for Left<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMED: usize = 20;
        for (command, paths) in &self.0 {
            let (noun, them) = if paths.len() == 1 { ("file is", "it") } else { ("files are", "them") };
            write!(f, "\n  {} {noun} not as {command} would have left {them}:", paths.len())?;
            for path in paths.iter().take(NAMED) {
                write!(f, "\n    {path}")?;
            }
            if paths.len() > NAMED {
                write!(f, "\n    and {} more", paths.len() - NAMED)?;
            }
        }
        Ok(())
    }
}

/// Refuses a directory in which a run was cut, naming the files it left behind and the command to run again.
///
/// # Errors
/// When files are not as that run would have left them, or cannot be read.
pub(crate) fn refuse(directory: &Directory) -> Result<(), Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let unfinished = Unfinished::read(directory).map_err(failed)?;
    let left = unfinished.left(directory).map_err(failed)?;
    if left.0.is_empty() {
        return Ok(());
    }
    let commands: Vec<&str> = left.0.keys().copied().collect();
    let what = format!("{} is half written, for a run in it was cut:{left}", directory.path().display());
    Err(Failure::new(Exit::Failed, what)
        .hint(format!("run {} again, with the same flags: that completes it", commands.join(" and "))))
}

/// Refuses what [`refuse`] does; afterwards nothing is left to do, and files may be edited.
pub(crate) fn settle(directory: &Directory) -> Result<(), Failure> {
    refuse(directory)?;
    Unfinished::default().end(directory).map_err(|error| Failure::new(Exit::Failed, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_cut_after_any_file_is_found_and_one_that_is_through_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::claim(folder.path()).unwrap();
        directory.write("manifests/old.yaml", b"old").unwrap();
        let files =
            ["05-0-a-role.json", "manifests/a.yaml"].map(|path| (path.to_owned(), path.as_bytes().to_vec()));
        let written: Vec<_> = files.iter().map(|(path, bytes)| (path, bytes)).collect();
        let removed = ["manifests/old.yaml".to_owned()];
        Unfinished::default().begin(&directory, "create-iam-roles", (&written, &removed)).unwrap();
        for cut in 0..files.len() {
            let error = refuse(&directory).unwrap_err().to_string();
            assert!(files[cut..].iter().all(|(path, _)| error.contains(path)), "{error}");
            assert!(files[..cut].iter().all(|(path, _)| !error.contains(path)), "{error}");
            directory.write(&files[cut].0, &files[cut].1).unwrap();
        }
        assert!(refuse(&directory).unwrap_err().to_string().contains("manifests/old.yaml"));
        directory.remove("manifests/old.yaml").unwrap();
        settle(&directory).unwrap();
        assert!(!folder.path().join(UNFINISHED).exists());
    }

    #[test]
    fn what_another_command_left_stays_until_that_one_is_through() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::claim(folder.path()).unwrap();
        let removed = ["04-a".to_owned(), "05-b".to_owned()];
        Unfinished::default().begin(&directory, "create-all", (&[], &removed)).unwrap();
        let rest = Unfinished::read(&directory).unwrap().without(&|path| path.starts_with("05-"));
        rest.end(&directory).unwrap();
        assert_eq!(Unfinished::read(&directory).unwrap(), rest);
        assert_eq!(rest.0.keys().collect::<Vec<_>>(), ["04-a"]);
        directory.write(UNFINISHED, b"something else").unwrap();
        assert!(Unfinished::read(&directory).is_err());
    }
}
