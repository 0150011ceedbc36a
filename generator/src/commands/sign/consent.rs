//! A person's yes, before anything is signed in their name.

use crate::commands::Person;
use std::io::Write as _;
use sts_schemas::failure::{Exit, Failure};

/// A person who was asked, and did not say yes.
#[derive(Debug, thiserror::Error)]
#[error("the signature was declined")]
struct Declined;

/// Asks, where there is somebody to ask, whether what was shown is to be signed; only a whole yes is one.
///
/// # Errors
/// When the answer is another.
pub(super) fn obtain(bundle: &str, person: Person) -> Result<(), Failure> {
    if person == Person::Absent {
        return Ok(());
    }
    let mut terminal = std::io::stderr().lock();
    let _ = write!(terminal, "Vouch for {bundle}? Type yes: ");
    let _ = terminal.flush();
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::new(Exit::NotApproved, Declined).hint("the bundle was left as it was")),
    }
}
