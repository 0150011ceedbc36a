//! What is wrong with files, all of it at once.

use crate::open::{self, OpenValue};
use std::fmt;

/// One thing that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file's path below the top folder.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
}

/// The most bytes said about one problem: what it quotes of a file may be as long as the file.
const LONGEST: usize = 2000;

impl Problem {
    /// What is wrong with a file, cut where it is long.
    #[must_use]
    pub fn of(file: &str, mut what: String) -> Self {
        if what.len() > LONGEST {
            what.truncate(what.floor_char_boundary(LONGEST));
            what.push_str("...");
            what.shrink_to_fit();
        }
        Self { file: file.to_owned(), what }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// Everything that is wrong with a set of files, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl Problems {
    /// The same in order, each once, with tokens for what is open instead of the stand-ins it was checked with.
    pub(super) fn told(self, open: &[OpenValue]) -> Self {
        let told = |problem: Problem| Problem { what: open::told(problem.what, open), ..problem };
        let mut problems: Vec<_> = self.0.into_iter().map(told).collect();
        problems.sort();
        problems.dedup();
        Self(problems)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} problem{}", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_without_all_of_a_file() {
        let problem = Problem::of("a", "\u{e9}".repeat(LONGEST));
        assert_eq!(problem.what, format!("{}...", "\u{e9}".repeat(LONGEST / 2)));
        assert_eq!(Problem::of("a", "b".repeat(LONGEST)).what.len(), LONGEST);
    }
}
