//! A folder of `CredentialsRequest` manifests, read the way Kubernetes and ccoctl read them.
//!
//! Every document gets a verdict: used, skipped for a reason, or wrong at a place. Everything wrong is
//! reported in one run.

mod asked;
pub(crate) mod document;
mod fields;
mod folder;
mod name;
mod node;
mod object;
mod partition;
mod problem;
mod selection;
mod statement;
mod verdicts;

pub use crate::feature::FeatureSet;
pub use folder::{MAX_FILE_BYTES, MAX_FILES, MAX_FOLDER_DEPTH};
pub use object::CredentialsRequest;
pub use partition::RewritePartition;
pub use problem::{Problem, RequestErrors, Skipped, Source};
pub use selection::{Recursion, Selection};
pub use verdicts::Verdicts;

pub(crate) use asked::{Asked, AskedRequest, Need, asked};
pub(crate) use fields::Fields;
pub(crate) use node::{Node, Value};

use folder::{PlacedNames, ReadFile, Walk};
use object::Outcome;
use selection::Switches;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use sts_schemas::contents::private_key_in;
use sts_schemas::terminal::printable;

/// What a folder of requests holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFolder {
    /// The requests the cluster needs, in ccoctl's order: files by name, then documents. Never empty.
    pub used: Vec<CredentialsRequest>,
    /// Documents and files that were left out, and why.
    pub skipped: Vec<Skipped>,
    /// What became of every file.
    pub verdicts: Verdicts,
    /// The files that hold requests, used or not, to travel with the bundle.
    pub files: Vec<RequestFile>,
    /// What was assumed and what was rewritten, each a sentence for a person.
    pub notes: Vec<String>,
}

/// A file that travels with the bundle as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFile {
    /// Its path below `requests/`, one that a bundle may hold.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Reads all requests of a folder and chooses those that the cluster needs.
///
/// # Errors
/// Lists everything that is wrong: unreadable files, broken YAML, fields that are missing or of the wrong
/// type, impossible names, two requests for one Secret, ARNs of another partition, or nothing to use at all.
pub fn read_folder(dir: &Path, selection: &Selection) -> Result<RequestFolder, RequestErrors> {
    let walk = Walk::over(dir, selection.recursion);
    match document::each_with_stack(walk.files, |file| FileReading::of(file, selection)) {
        Ok(files) => {
            let mut reading = Reading::new(selection);
            reading.problems = walk.problems;
            reading.skipped = walk.skipped;
            for file in files {
                reading.file(file);
            }
            reading.finish(dir)
        }
        Err(error) => {
            let folder = dir.display().to_string();
            let message = format!("no thread could be started to read it: {error}");
            let problem = Problem { source: Source::file(&folder), column: None, message };
            let (skipped, verdicts) = (Vec::new(), Box::default());
            Err(RequestErrors { folder, problems: vec![problem], skipped, verdicts })
        }
    }
}

/// A file on its own.
struct FileReading {
    file: ReadFile,
    problems: Vec<Problem>,
    outcome: Outcome,
}

impl FileReading {
    fn of(file: ReadFile, selection: &Selection) -> Self {
        let (mut problems, mut outcome) = (Vec::new(), Outcome::default());
        match std::str::from_utf8(&file.bytes) {
            Ok(text) => {
                for document in document::split(text.strip_prefix('\u{feff}').unwrap_or(text)) {
                    match document::parse(document.text) {
                        Ok(node) => {
                            let mut fields = Fields::of(&file.name, document);
                            object::read(&mut fields, &node, selection, &mut outcome);
                            problems.append(&mut fields.into_problems());
                        }
                        Err(malformed) => problems.push(malformed.in_file(&file.name, document)),
                    }
                }
            }
            Err(error) => {
                let sound = String::from_utf8_lossy(&file.bytes[..error.valid_up_to()]);
                let line = sound.matches('\n').count() + 1;
                let source = Source { line: line as u64, ..Source::file(&file.name) };
                let message = "it is not UTF-8; save it as UTF-8".to_owned();
                problems.push(Problem { source, column: None, message });
            }
        }
        // A file with a request travels in the bundle as it is: whoever reads that could use the key.
        if outcome.held_request
            && let Some(kind) = private_key_in(&file.bytes)
        {
            let message = format!(
                "it holds a private key ({kind}): whoever reads the bundle could use it; take it out"
            );
            problems.push(Problem { source: Source::file(&file.name), column: None, message });
        }
        Self { file, problems, outcome }
    }
}

/// A folder half read.
struct Reading<'s> {
    selection: &'s Selection,
    used: Vec<CredentialsRequest>,
    skipped: Vec<Skipped>,
    problems: Vec<Problem>,
    /// Every file that was read.
    read: Vec<String>,
    files: Vec<RequestFile>,
    notes: Vec<String>,
    places: PlacedNames,
    unlooked_gates: BTreeMap<String, BTreeSet<String>>,
    unlooked_capabilities: BTreeSet<String>,
    named: Switches,
}

impl<'s> Reading<'s> {
    fn new(selection: &'s Selection) -> Self {
        Self {
            selection,
            used: Vec::new(),
            skipped: Vec::new(),
            problems: Vec::new(),
            read: Vec::new(),
            files: Vec::new(),
            notes: Vec::new(),
            places: PlacedNames::default(),
            unlooked_gates: BTreeMap::new(),
            unlooked_capabilities: BTreeSet::new(),
            named: Switches::default(),
        }
    }

    /// Adds what the next file brought.
    fn file(&mut self, FileReading { file, mut problems, mut outcome }: FileReading) {
        self.read.push(file.name.clone());
        self.problems.append(&mut problems);
        self.skipped.append(&mut outcome.skipped);
        self.notes.append(&mut outcome.notes);
        self.used.append(&mut outcome.used);
        self.named.extend(outcome.named);
        for (name, assumed) in outcome.assumed {
            self.unlooked_capabilities.extend(assumed.capabilities);
            if !assumed.gates.is_empty() {
                self.unlooked_gates.insert(name, assumed.gates);
            }
        }
        if outcome.held_request {
            let name = self.places.place(&file.name);
            if name != file.name {
                self.notes
                    .push(format!("{}: travels in the bundle as requests/{name}", printable(&file.name)));
            }
            if !outcome.other_kinds.is_empty() {
                let kinds = outcome.other_kinds.join(", ");
                self.notes.push(format!(
                    "{}: travels in the bundle as it is, with what else it holds ({kinds})",
                    printable(&file.name)
                ));
            }
            self.files.push(RequestFile { name, bytes: file.bytes });
        }
    }

    fn finish(mut self, dir: &Path) -> Result<RequestFolder, RequestErrors> {
        self.same_secrets();
        let read = std::mem::take(&mut self.read);
        let folder = dir.display().to_string();
        let of_files = self
            .problems
            .iter()
            .filter(|problem| ![folder.as_str(), "."].contains(&problem.source.file.as_str()));
        let verdicts = Verdicts::of(read, &self.used, &self.skipped, of_files);
        if self.used.is_empty() && self.problems.is_empty() {
            let message = "there is no request for AWS in it that the cluster needs".to_owned();
            let source = Source::file(&folder);
            self.problems.push(Problem { source, column: None, message });
        }
        if !self.problems.is_empty() {
            // By file and line, whatever found it: a person goes through the files from top to bottom.
            self.problems.sort_by(|a, b| (&a.source, a.column).cmp(&(&b.source, b.column)));
            return Err(RequestErrors {
                folder,
                problems: self.problems,
                skipped: self.skipped,
                verdicts: Box::new(verdicts),
            });
        }
        let assumed = self.assumptions();
        self.notes.splice(0..0, assumed);
        let Self { used, skipped, files, notes, .. } = self;
        Ok(RequestFolder { used, skipped, verdicts, files, notes })
    }

    fn same_secrets(&mut self) {
        let mut first: BTreeMap<(&str, &str), &CredentialsRequest> = BTreeMap::new();
        for request in &self.used {
            let secret = (request.secret_namespace.as_str(), request.secret_name.as_str());
            let Some(earlier) = first.get(&secret) else {
                first.insert(secret, request);
                continue;
            };
            let message = format!(
                "{} asks for the Secret {}/{}, and so does {} ({}); leave one of them out",
                request.name, secret.0, secret.1, earlier.name, earlier.source
            );
            self.problems.push(Problem { source: request.source.clone(), column: None, message });
        }
    }

    fn assumptions(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let by_set = self.skipped.iter().filter(|skipped| skipped.reason.contains("feature set")).count();
        if by_set > 0 {
            notes.push(format!(
                "feature set {} counts as in force: {by_set} skipped (--feature-set says otherwise)",
                self.selection.feature_set
            ));
        }
        for (name, gates) in &self.unlooked_gates {
            notes.push(format!(
                "{name} is used although it needs feature gate {}: gates were not looked at (see --feature-gates)",
                gates.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ));
        }
        if !self.unlooked_capabilities.is_empty() {
            let names: Vec<_> = self.unlooked_capabilities.iter().map(String::as_str).collect();
            notes.push(format!("taken to be on: capabilities {} (see --capabilities)", names.join(", ")));
        }
        notes.extend(self.selection.doubts(&self.named));
        notes
    }
}
