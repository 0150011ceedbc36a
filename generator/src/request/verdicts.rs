//! What became of every file of a folder.

use super::object::CredentialsRequest;
use super::problem::{Problem, Skipped};
use std::collections::BTreeSet;
use std::fmt;
use sts_schemas::gather::Gather as _;
use sts_schemas::terminal::printable;

/// What became of every file of a folder: each stands in one of these lists, by its path below the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Files with requests that the cluster needs.
    pub used: Vec<String>,
    /// Files with nothing that it needs; why is told elsewhere.
    pub skipped: Vec<String>,
    /// Files without an object in them.
    pub empty: Vec<String>,
    /// Files with something wrong; what it is, is told elsewhere.
    pub wrong: Vec<String>,
}

impl Verdicts {
    /// The verdicts on the files that were read and on those that were not; what is wrong with the folder is none.
    pub(super) fn of<'p>(
        read: Vec<String>,
        used: &[CredentialsRequest],
        skipped: &[Skipped],
        problems: impl Iterator<Item = &'p Problem>,
    ) -> Self {
        let of_used: BTreeSet<&str> = used.iter().map(|request| request.source.file.as_str()).gather();
        let of_skipped: BTreeSet<&str> = skipped.iter().map(|skipped| skipped.source.file.as_str()).gather();
        let of_wrong: BTreeSet<&str> = problems.map(|problem| problem.source.file.as_str()).gather();
        let unread = of_skipped.iter().chain(&of_wrong).map(|file| (*file).to_owned());
        let all: BTreeSet<String> = read.into_iter().chain(unread).gather();
        let mut verdicts = Self::default();
        for file in all {
            let list = if of_wrong.contains(file.as_str()) {
                &mut verdicts.wrong
            } else if of_used.contains(file.as_str()) {
                &mut verdicts.used
            } else if of_skipped.contains(file.as_str()) {
                &mut verdicts.skipped
            } else {
                &mut verdicts.empty
            };
            list.push(file);
        }
        verdicts
    }

    /// Files that the text counts and does not name: used ones, where there are many.
    #[must_use]
    pub fn unnamed(&self) -> &[String] {
        if self.used.len() > NAMED { &self.used } else { &[] }
    }
}

/// How many files are named one by one; more of one kind are told by their number, and by all others being named.
const NAMED: usize = 20;

/// How many there are of each, then those that are used and those that are empty: what was skipped or is wrong has
/// lines of its own.
impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (&self.used, "used"),
            (&self.skipped, "skipped"),
            (&self.empty, "empty"),
            (&self.wrong, "wrong"),
        ];
        let counts: Vec<String> = kinds
            .iter()
            .filter(|(files, _)| !files.is_empty())
            .map(|(files, what)| format!("{} {what}", files.len()))
            .collect();
        let count: usize = kinds.iter().map(|(files, _)| files.len()).sum();
        let noun = if count == 1 { "file" } else { "files" };
        write!(f, "{count} {noun} looked at: {}", counts.join(", "))?;
        match self.used.len() {
            0 => {}
            1..=NAMED => write!(f, "\n  used {}", listed(&self.used))?,
            more => write!(f, "\n  used {more} files: all that are not named here (--verbose names them)")?,
        }
        if !self.empty.is_empty() {
            write!(f, "\n  empty {}", listed(&self.empty))?;
        }
        Ok(())
    }
}

/// Names with commas between them, in lines that a terminal does not break; those after the first are indented.
fn listed(files: &[String]) -> String {
    const COLUMNS: usize = 72;
    let mut lines = vec![String::new()];
    for (index, file) in files.iter().enumerate() {
        let comma = if index + 1 < files.len() { "," } else { "" };
        let name = format!("{}{comma}", printable(file));
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = name,
            Some(line) if line.chars().count() + name.chars().count() < COLUMNS => {
                line.push(' ');
                line.push_str(&name);
            }
            _ => lines.push(name),
        }
    }
    lines.join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{RequestErrors, RequestFolder, Selection, read_folder};
    use sts_schemas::aws::Partition;

    const SOUND: &str = "apiVersion: cloudcredential.openshift.io/v1
kind: CredentialsRequest
metadata: {name: parrot}
spec:
  serviceAccountNames: [parrot-operator]
  secretRef: {name: parrot-creds, namespace: openshift-parrot}
  providerSpec:
    kind: AWSProviderSpec
    statementEntries: [{effect: Allow, action: [s3:GetObject], resource: '*'}]
";

    fn read(files: &[(&str, &[u8])]) -> Result<RequestFolder, RequestErrors> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        read_folder(folder.path(), &Selection::like_ccoctl(Partition::Aws))
    }

    #[test]
    fn every_file_gets_a_verdict_whether_or_not_another_is_wrong() {
        let azure = SOUND.replace("AWSProviderSpec", "AzureProviderSpec");
        let other = SOUND.replace("parrot-creds", "macaw-creds");
        let mixed = format!("{azure}---\n{other}");
        let sound: &[(&str, &[u8])] = &[
            ("a.yaml", SOUND.as_bytes()),
            ("azure.yaml", azure.as_bytes()),
            ("blank.yaml", b"# nothing\n---\n"),
            ("mixed.yaml", mixed.as_bytes()),
            ("none.yaml", b"kind: List\nitems: []\n"),
            ("removed.yaml", b"{apiVersion: cloudcredential.openshift.io/v1, kind: CredentialsRequest, metadata: {name: x, annotations: {release.openshift.io/delete: 'true'}}}"),
            ("notes.txt", b"x"),
        ];
        let folder = read(sound).unwrap();
        assert_eq!(folder.verdicts.used, ["a.yaml", "mixed.yaml"]);
        assert_eq!(folder.verdicts.skipped, ["azure.yaml", "notes.txt", "removed.yaml"]);
        assert_eq!(folder.verdicts.empty, ["blank.yaml", "none.yaml"]);
        assert_eq!(
            folder.verdicts.to_string(),
            "7 files looked at: 2 used, 3 skipped, 2 empty\n  used a.yaml, mixed.yaml\n  empty blank.yaml, none.yaml"
        );
        let wrong: &[(&str, &[u8])] =
            &[("torn.yaml", b"a: ["), ("twice.yaml", SOUND.as_bytes()), ("bytes.yaml", b"\xff")];
        let error = read(&[sound, wrong].concat()).unwrap_err();
        assert_eq!(error.verdicts.wrong, ["bytes.yaml", "torn.yaml", "twice.yaml"]);
        let rest = |verdicts: Verdicts| Verdicts { wrong: Vec::new(), ..verdicts };
        assert_eq!(rest(*error.verdicts), folder.verdicts);
    }

    #[test]
    fn a_thousand_files_are_told_in_a_few_lines_that_leave_none_out() {
        let files: Vec<(String, String)> = (0..1000)
            .map(|n| (format!("{n:04}.yaml"), SOUND.replace("parrot-creds", &format!("creds-{n}"))))
            .collect();
        let mut files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        files.push(("blank.yaml", b""));
        assert_eq!(
            read(&files).unwrap().verdicts.to_string(),
            "1001 files looked at: 1000 used, 1 empty\n  used 1000 files: all that are not named here (--verbose names them)\n  empty blank.yaml"
        );
    }

    #[test]
    fn names_are_listed_in_lines_that_fit_a_terminal() {
        let files: Vec<String> = (0..9).map(|n| format!("00_operator-{n}_request.yaml")).collect();
        let text = Verdicts { used: files.clone(), ..Verdicts::default() }.to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(text.lines().count(), 1 + 5, "{text}");
        assert!(files.iter().all(|file| text.contains(file)), "{text}");
    }
}
