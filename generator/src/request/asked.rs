//! Every request that files hold, whatever flags would choose among them.

use super::document;
use super::fields::Fields;
use super::object::{self, CredentialsRequest, Outcome};
use super::partition::RewritePartition;
use super::problem::Problem;
use super::selection::{Assumed, Selection};
use crate::feature::FeatureSet;
use std::collections::BTreeSet;
use std::io;
use sts_schemas::aws::Partition;
use sts_schemas::gather::Gather as _;

/// A request, and whether every cluster needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedRequest {
    /// The request, with its file's name as it stands in the directory.
    pub(crate) request: CredentialsRequest,
    /// Whether a cluster may leave it out.
    pub(crate) need: Need,
}

/// Whether a cluster needs a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Every one does.
    Always,
    /// It depends on feature set, gates or capabilities, which files do not tell.
    Depends,
}

/// What files ask for, whatever the cluster's flags.
pub(crate) struct Asked {
    /// The requests that some cluster needs.
    pub(crate) requests: Vec<AskedRequest>,
    /// What could not be read.
    pub(crate) unread: Vec<Problem>,
    /// The files with a request in them, also one that no cluster in AWS needs: another cloud's, one that is taken away.
    pub(crate) holders: BTreeSet<String>,
    /// What was rewritten in them for this partition, and what is doubtful, each a sentence with its place.
    pub(crate) notes: BTreeSet<String>,
}

impl Asked {
    /// Whether a file holds a request, used or not, or something that could not be read.
    pub(crate) fn knows(&self, file: &str) -> bool {
        self.holders.contains(file) || self.unread.iter().any(|problem| problem.source.file == file)
    }
}

/// What these files, each with its path, ask for in this partition; and what was done while they were read.
///
/// # Errors
/// When no thread can be started to read them.
pub(crate) fn asked<T>(
    files: &[(&str, &[u8])],
    partition: Partition,
    meanwhile: impl FnOnce() -> T,
) -> io::Result<(Asked, T)> {
    let read = || {
        let (requests, unread) = (Vec::new(), Vec::new());
        let mut asked = Asked { requests, unread, holders: BTreeSet::new(), notes: BTreeSet::new() };
        for feature_set in FeatureSet::ALL {
            let selection = Selection {
                feature_set,
                rewrite: RewritePartition::Rewrite,
                ..Selection::like_ccoctl(partition)
            };
            let (reading, depends) = read(files, &selection);
            let known: BTreeSet<_> = asked.requests.iter().map(|known| known.request.source.clone()).gather();
            let new = reading.requests.into_iter().filter(|(request, _)| !known.contains(&request.source));
            asked.requests.extend(new.map(asked_request));
            asked.notes.extend(reading.notes);
            if feature_set == FeatureSet::Default {
                asked.unread = reading.problems;
                asked.holders = reading.holders;
            }
            if depends == Need::Always {
                break;
            }
        }
        asked
    };
    document::with_stack_while(read, meanwhile)
}

fn asked_request((request, assumed): (CredentialsRequest, Assumed)) -> AskedRequest {
    let need = if assumed == Assumed::default() { Need::Always } else { Need::Depends };
    AskedRequest { request, need }
}

/// What one reading of the files brought.
#[derive(Default)]
struct Reading {
    requests: Vec<(CredentialsRequest, Assumed)>,
    problems: Vec<Problem>,
    holders: BTreeSet<String>,
    notes: Vec<String>,
}

/// Reads all files; also tells whether another feature set would find others.
fn read(files: &[(&str, &[u8])], selection: &Selection) -> (Reading, Need) {
    let mut reading = Reading::default();
    let mut depends = Need::Always;
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        for document in document::split(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
            let node = match document::parse(document.text) {
                Ok(node) => node,
                Err(malformed) => {
                    reading.problems.push(malformed.in_file(path, document));
                    continue;
                }
            };
            let (mut fields, mut outcome) = (Fields::of(path, document), Outcome::default());
            object::read(&mut fields, &node, selection, &mut outcome);
            reading.problems.append(&mut fields.into_problems());
            reading.notes.append(&mut outcome.notes);
            if outcome.held_request {
                reading.holders.insert((*path).to_owned());
            }
            let assumed = outcome.assumed.into_iter().map(|(_, assumed)| assumed);
            reading.requests.extend(outcome.used.into_iter().zip(assumed));
            if outcome.skipped.iter().any(|skipped| skipped.reason.contains("feature set")) {
                depends = Need::Depends;
            }
        }
    }
    (reading, depends)
}
