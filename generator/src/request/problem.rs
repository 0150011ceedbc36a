//! Where a request stands, and what is wrong with it or why it was left out.

use super::verdicts::Verdicts;
use std::fmt;
use sts_schemas::terminal::printable;

/// Where a document stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The file, as a path below the folder that was read.
    pub file: String,
    /// The document's number in the file, from 1; 0 means the whole file.
    pub document: usize,
    /// The line of the file the object begins on, from 1; 0 means the whole file.
    pub line: u64,
}

impl Source {
    /// A whole file.
    #[must_use]
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), document: 0, line: 0 }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.file))?;
        if self.document > 0 {
            write!(f, ", document {}", self.document)?;
        }
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        Ok(())
    }
}

/// A document or file that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stands.
    pub source: Source,
    /// Why, as a fragment like `it is for another cloud (AzureProviderSpec)`.
    pub reason: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.reason)
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; the line is that of the wrong value, not of the document's start.
    pub source: Source,
    /// The column in characters, from 1, where it is known.
    pub column: Option<u64>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong with a folder of requests; its text lists all of it, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestErrors {
    /// The folder.
    pub folder: String,
    /// What is wrong, at least one, in the order of the files.
    pub problems: Vec<Problem>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// What became of every file.
    pub verdicts: Box<Verdicts>,
}

impl fmt::Display for RequestErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{count} {noun} in the requests of {}", self.folder)?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RequestErrors {}
