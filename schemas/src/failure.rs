//! How both programs end: documented exit codes, and one way to print an error.

use crate::terminal::{notices, printable_lines};
use std::error::Error;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// Every way a program of this project can end, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// There are changes; only with `--detailed-exitcode`.
    ChangesPending = 2,
    /// The bundle was rejected.
    BundleRejected = 3,
    /// The plan was not approved, or the account moved since it was; or a signature was declined.
    NotApproved = 4,
    /// A resource that is not the cluster's stands at one of its addresses.
    Foreign = 5,
    /// Some steps were done and some not; the receipt says which.
    PartlyApplied = 6,
    /// The command line was wrong. Source: `EX_USAGE` of BSD's sysexits.h.
    Usage = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error on its way out: what to print, what to advise, how to exit.
#[derive(Debug)]
pub struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// A failure that exits with this code.
    pub fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { error: error.into(), hint: None, exit }
    }

    /// Adds what the person may do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The error and its causes, outermost first.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let mut texts = vec![self.error.to_string()];
        let mut cause = self.error.source();
        while let Some(error) = cause {
            texts.push(error.to_string());
            cause = error.source();
        }
        texts
    }

    /// Writes `Error:`, then each `Caused by:`, then `Hint:`, to one sink.
    ///
    /// # Errors
    /// When the sink cannot be written.
    pub fn print(&self, sink: &mut dyn Write) -> std::io::Result<()> {
        writeln!(sink, "Error: {}", behind(&self.error.to_string()))?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            writeln!(sink, "Caused by: {}", behind(&error.to_string()))?;
            cause = error.source();
        }
        if let Some(hint) = &self.hint {
            writeln!(sink, "Hint: {}", behind(hint))?;
        }
        Ok(())
    }

    /// Prints to standard error and gives the code to exit with: the last thing a `main` does.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        // Nothing is left to do where even standard error is gone.
        let _ = self.print(&mut notices());
        self.exit.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// A text of one or more lines, safe to show; no line but the first begins where the program's own begin, whoever wrote it.
fn behind(text: &str) -> String {
    let set = |line: &str| {
        if line.starts_with("  ") || line.is_empty() { line.to_owned() } else { format!("  {line}") }
    };
    let text = printable_lines(text);
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |out, line| out + "\n" + &set(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_prints_error_causes_and_hint_each_on_its_line() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read keys.pem")]
        struct Outer(#[source] std::io::Error);
        let inner = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let mut out = Vec::new();
        let failure = Failure::new(Exit::Failed, Outer(inner)).hint("give --signing-key");
        failure.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "Error: cannot read keys.pem\nCaused by: no such file\nHint: give --signing-key\n");
    }

    #[test]
    fn a_line_end_in_a_text_from_elsewhere_makes_no_line_of_the_programs_own() {
        let mut out = Vec::new();
        let failure = Failure::new(Exit::Failed, "no bundle: x\nVerified.\nHint: go on\n  a list");
        failure.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "Error: no bundle: x\n  Verified.\n  Hint: go on\n  a list\n");
    }
}
