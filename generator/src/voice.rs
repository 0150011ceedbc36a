//! What is said beside the data: on standard error, as much of it as was asked for.

use std::io::Write as _;
use std::sync::OnceLock;
use sts_schemas::terminal::printable_lines;
use sts_schemas::verbosity::Verbosity;

/// Standard error is one for the whole program, and so is how much goes to it.
static ASKED: OnceLock<Verbosity> = OnceLock::new();

/// Settles how much is said, for the rest of the run. For the edge of the program, once.
pub(crate) fn settle(verbosity: Verbosity) {
    // A second time would be a mistake of this program's; what was settled first holds.
    let _ = ASKED.set(verbosity);
}

/// How much is said.
pub(crate) fn verbosity() -> Verbosity {
    ASKED.get().copied().unwrap_or_default()
}

/// Says what is going on and what came of it.
pub(crate) fn say(text: &str) {
    if verbosity() >= Verbosity::Usual {
        write(text);
    }
}

/// Says what may change what a person does next.
pub(crate) fn warn(text: &str) {
    write(text);
}

/// Says what helps to find a fault. Never anything secret.
pub(crate) fn detail(text: impl FnOnce() -> String) {
    if verbosity() >= Verbosity::Detailed {
        write(&text());
    }
}

fn write(text: &str) {
    // Where standard error is gone, nobody is left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{}", printable_lines(text));
}
