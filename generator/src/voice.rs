//! What is said beside the data: on standard error, as much of it as was asked for.

use std::cell::RefCell;
use std::io::Write as _;
use std::sync::OnceLock;
use sts_schemas::terminal::{notices, printable_lines};
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

thread_local! {
    /// Whose work this thread does, where it is that of one among many.
    static SPEAKER: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does the work of one among many: its name stands before what it warns of, and it says no more than that
/// unless details are wanted.
pub(crate) fn as_one_of_many<T>(name: &str, work: impl FnOnce() -> T) -> T {
    SPEAKER.set(Some(name.to_owned()));
    let done = work();
    SPEAKER.set(None);
    done
}

/// Whether this thread does the work of one among many.
pub(crate) fn is_one_of_many() -> bool {
    SPEAKER.with_borrow(Option::is_some)
}

/// Says what is going on and what came of it.
pub(crate) fn say(text: &str) {
    let least = if is_one_of_many() { Verbosity::Detailed } else { Verbosity::Usual };
    if verbosity() >= least {
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
    let before =
        SPEAKER.with_borrow(|name| name.as_ref().map_or_else(String::new, |name| format!("{name}: ")));
    let text = printable_lines(text).replace('\n', &format!("\n{before}"));
    // Where standard error is gone, nobody is left to tell.
    let _ = writeln!(notices(), "{before}{text}");
}

/// A text as a shell takes it for one word, in a command that a person is to copy.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_.:/=+-@,%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
