//! The files of a folder of requests, in ccoctl's order, within limits.

use super::problem::{Problem, Skipped, Source};
use super::selection::Recursion;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use sts_schemas::layout::{LONGEST_COMPONENT, Place, REQUESTS};

/// The largest file that is read. A cluster stores no object above 1.5 MiB; a list may hold several.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// The most files of one folder. A release has about a dozen requests.
pub const MAX_FILES: usize = 20_000;
/// The deepest nesting of folders.
pub const MAX_FOLDER_DEPTH: usize = 16;
/// The longest path of a file below the folder: with a bundle's top folder before it, a tar header holds it.
const LONGEST_PATH: usize = 140;

/// A file as it was read.
pub(crate) struct ReadFile {
    /// Its path below the folder, parts joined by `/`.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// What a walk over the folder brought.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) files: Vec<ReadFile>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) problems: Vec<Problem>,
}

impl Walk {
    /// Reads every file that may hold requests.
    pub(crate) fn over(folder: &Path, recursion: Recursion) -> Self {
        let mut walk = Self::default();
        walk.folder(folder, "", recursion, 0);
        walk
    }

    fn folder(&mut self, folder: &Path, prefix: &str, recursion: Recursion, depth: usize) {
        let shown = if prefix.is_empty() { folder.display().to_string() } else { prefix.to_owned() };
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => return self.wrong(&shown, format!("the folder cannot be read: {error}")),
        };
        let mut names: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
        // The order of the names' bytes, as Go's ReadDir gives them to ccoctl.
        names.sort();
        for name in names {
            let path = folder.join(&name);
            let Some(name) = name.to_str() else {
                self.wrong(&format!("{prefix}{}", name.display()), "the file's name is not UTF-8");
                continue;
            };
            self.entry(&path, &format!("{prefix}{name}"), recursion, depth);
        }
    }

    fn entry(&mut self, path: &Path, name: &str, recursion: Recursion, depth: usize) {
        let (Ok(link), Ok(metadata)) = (path.symlink_metadata(), path.metadata()) else {
            return self.wrong(name, "it cannot be looked at: a broken link, or no permission");
        };
        if last_part(name).starts_with('.') {
            return self.skip(name, "it is hidden (its name begins with a dot)");
        }
        if metadata.is_dir() {
            if link.is_symlink() {
                return self.skip(name, "it is a link to a folder");
            }
            return match recursion {
                Recursion::TopOnly => self.skip(name, "it is a folder (--recursive reads those too)"),
                Recursion::Nested if depth >= MAX_FOLDER_DEPTH => {
                    self.wrong(name, format!("folders are nested deeper than {MAX_FOLDER_DEPTH}"));
                }
                Recursion::Nested => self.folder(path, &format!("{name}/"), recursion, depth + 1),
            };
        }
        if !metadata.is_file() {
            return self.skip(name, "it is no regular file");
        }
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)) {
            return self.skip(name, "its name does not end in .yaml, .yml or .json");
        }
        if self.files.len() >= MAX_FILES {
            if !self.problems.contains(&too_many()) {
                self.problems.push(too_many());
            }
            return;
        }
        match read_limited(path) {
            Ok(bytes) => self.files.push(ReadFile { name: name.to_owned(), bytes }),
            Err(error) => self.wrong(name, error),
        }
    }

    fn wrong(&mut self, name: &str, message: impl Into<String>) {
        let problem = Problem { source: Source::file(name), column: None, message: message.into() };
        self.problems.push(problem);
    }

    fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push(Skipped { source: Source::file(name), reason: reason.to_owned() });
    }
}

fn too_many() -> Problem {
    let message = format!("the folder holds more than {MAX_FILES} files");
    Problem { source: Source::file("."), column: None, message }
}

fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(cannot)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES / (1024 * 1024)));
    }
    Ok(bytes)
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Gives each file a path that a bundle may hold: what a bundle forbids becomes `_`, and a number tells equals apart.
#[derive(Default)]
pub(crate) struct PlacedNames(BTreeSet<String>);

impl PlacedNames {
    /// The path for this file.
    pub(crate) fn place(&mut self, name: &str) -> String {
        let legal = |c: char| if c.is_ascii_alphanumeric() || "._@+=,-/".contains(c) { c } else { '_' };
        let whole: String = name.chars().map(legal).collect();
        let fits =
            whole.len() <= LONGEST_PATH && whole.split('/').all(|part| part.len() <= LONGEST_COMPONENT);
        // Of a path that is too long the end stays: it is what tells files apart.
        let base = if fits {
            whole
        } else {
            let start = whole.len().saturating_sub(LONGEST_COMPONENT - 10);
            whole[start..].replace('/', "_").trim_start_matches('.').to_owned()
        };
        let mut placed = base.clone();
        let mut number = 2;
        // Without regard to case: some file systems would put both in one place.
        while !self.0.insert(placed.to_ascii_lowercase()) {
            placed = match base.rsplit_once('.') {
                Some((stem, extension)) => format!("{stem}-{number}.{extension}"),
                None => format!("{base}-{number}"),
            };
            number += 1;
        }
        debug_assert_eq!(Place::of(&format!("{REQUESTS}/{placed}")), Some(Place::Request));
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_gets_a_place_of_its_own_that_a_bundle_may_hold() {
        let mut names = PlacedNames::default();
        let long = format!("{}/{}.yaml", "d".repeat(120), "f".repeat(120));
        let given =
            ["a.yaml", "A.yaml", "sub/a.yaml", "with space.yaml", "with_space.yaml", "é.yaml", &long, &long];
        let placed: Vec<_> = given.iter().map(|name| names.place(name)).collect();
        let unique: BTreeSet<_> = placed.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(unique.len(), given.len(), "{placed:?}");
        for name in &placed {
            assert_eq!(Place::of(&format!("{REQUESTS}/{name}")), Some(Place::Request), "{name}");
            assert!(name.len() <= LONGEST_PATH);
        }
        assert_eq!(placed[0], "a.yaml");
        assert_eq!(placed[2], "sub/a.yaml");
    }
}
