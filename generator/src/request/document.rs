//! YAML text into documents, and a document into a tree: the one place that knows the YAML library.
//!
//! Kubernetes reads YAML 1.1, turns it into JSON and fills typed fields from that. So inference is on here
//! (`no` is a truth value, `0755` is 493), and whoever reads a field asks for its type: an unquoted `no`
//! where text belongs is an error, as it is with `oc apply`. Merge keys are expanded, as Kubernetes does.
//! A key that comes twice is refused, where Kubernetes would let the last one win in silence.

use super::node::Node;
use super::problem::{Problem, Source};
use std::num::NonZero;

/// The deepest nesting of lists and mappings in a document. A request has about ten levels, a large
/// `CustomResourceDefinition` that lies beside it some forty.
const MAX_NESTING: usize = 64;
/// The stack for [`MAX_NESTING`]: unoptimised, a level takes some 60 KiB. Unused pages cost nothing.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// The most nodes of one document: ten thousand requests in one `List` have about half of it.
const MAX_NODES: usize = 1_000_000;
/// The most nodes that aliases may add to a document; requests have none, hand-made ones a few.
const MAX_REPLAYED: usize = 10_000;
/// The most aliases, and the most anchors, of one document.
const MAX_ALIASES: usize = 1_000;

/// One document of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    /// Its number in the file, from 1; empty documents count.
    pub(crate) number: usize,
    /// How many lines of the file stand before it.
    pub(crate) lines_before: u64,
    /// Its text, from its `---` on where it has one.
    pub(crate) text: &'a str,
}

/// A text that is no YAML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// What is wrong, without the place.
    pub(crate) message: String,
    /// Line within the document's text and column, where the parser knows them.
    pub(crate) position: Option<(u64, u64)>,
}

impl Malformed {
    /// The problem that it is in this file, whose document the text was.
    pub(crate) fn in_file(self, file: &str, document: Document<'_>) -> Problem {
        let line = self.position.map_or(1, |(line, _)| line) + document.lines_before;
        let source = Source { file: file.to_owned(), document: document.number, line };
        Problem { source, column: self.position.map(|(_, column)| column), message: self.message }
    }
}

/// Cuts a text at its `---` lines, so that one broken document does not hide the others.
///
/// The marker cannot stand at the start of a line within a document: YAML forbids it even in block
/// scalars and quotes. Source: YAML 1.2.2, section 9.1.2, `c-forbidden`.
pub(crate) fn split(text: &str) -> Vec<Document<'_>> {
    let mut starts = Vec::new();
    let mut offset = 0;
    let mut preamble = true;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        // Comments and directives before the first marker belong to the document that it begins.
        if index == 0 || (marker && !preamble) {
            starts.push((offset, index as u64));
        }
        preamble &= !marker && (line.trim().is_empty() || line.trim_start().starts_with(['#', '%']));
        offset += line.len();
    }
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(index, (&(start, lines_before), end))| Document {
            number: index + 1,
            lines_before,
            text: &text[start..end],
        })
        .collect()
}

/// Reads one document.
///
/// # Errors
/// When it is no YAML, breaks a limit, or has a key twice.
pub(crate) fn parse(text: &str) -> Result<Node, Malformed> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let plain = error.without_snippet();
        let position = plain.location().map(|at| (at.line(), at.column())).filter(|at| at.0 > 0);
        Malformed { message: reworded(&plain.to_string()), position }
    })
}

/// Runs the reading of documents where the stack is known to suffice, whatever the caller's is.
///
/// # Errors
/// When the system grants no thread.
pub(crate) fn with_stack<T: Send>(read: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    with_stack_while(read, || ()).map(|(read, ())| read)
}

/// The same, and does something else until that is done.
///
/// # Errors
/// As [`with_stack`]; then nothing else is done either.
pub(crate) fn with_stack_while<T: Send, U>(
    read: impl FnOnce() -> T + Send,
    meanwhile: impl FnOnce() -> U,
) -> std::io::Result<(T, U)> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read)?;
        let done = meanwhile();
        let read = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((read, done))
    })
}

/// Reads many things where the stack suffices, on all cores once they are many; the results come in the same order.
///
/// # Errors
/// As [`with_stack`].
pub(crate) fn each_with_stack<T: Send, R: Send>(
    things: Vec<T>,
    read: impl Fn(T) -> R + Sync,
) -> std::io::Result<Vec<R>> {
    /// A thread costs as much as reading some ten requests.
    const WORTH_A_THREAD: usize = 50;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = things.len().div_ceil(cores).max(WORTH_A_THREAD);
    let (read, mut left) = (&read, things.into_iter());
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        while threads.is_empty() || left.len() > 0 {
            let part: Vec<_> = left.by_ref().take(share).collect();
            let read_part = move || part.into_iter().map(read).collect::<Vec<_>>();
            threads.push(std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read_part)?);
        }
        let parts = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        Ok(parts.flatten().collect())
    })
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: false,
        legacy_octal_numbers: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        merge_keys: serde_saphyr::MergeKeyPolicy::Merge,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPLAYED,
        },
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: MAX_NESTING,
            flow_nesting_limit: MAX_NESTING,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
        },
    }
}

/// The library's message without its place, which is said once already, and without advice for programmers.
fn reworded(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or(message);
    let message = message.split(", set DuplicateKeyPolicy").next().unwrap_or(message);
    let lower = message.to_lowercase();
    if lower.contains("recursion limit") || lower.contains("depth {") {
        return format!("lists and mappings are nested deeper than {MAX_NESTING}");
    }
    if lower.contains("documents {") {
        return "a second document begins without a line of ---".into();
    }
    if lower.contains("budget breached") || lower.contains("alias replay") {
        return format!("the document grows too large when its aliases are filled in ({message})");
    }
    if lower.contains("deserialize null into string") {
        return "the key of a mapping must be text".into();
    }
    message.to_owned()
}
