//! Passphrases: the first line of a file, or what a person types unseen.

use super::{Person, in_file, read_input};
use std::path::Path;
use sts_schemas::failure::{Exit, Failure};
use zeroize::Zeroizing;

/// A passphrase; its bytes wipe themselves.
pub(crate) type Passphrase = Zeroizing<Vec<u8>>;

/// A passphrase file that holds none.
#[derive(Debug, thiserror::Error)]
#[error("its first line, which should be the passphrase, is empty")]
struct Empty;

/// A passphrase that could not be asked for.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("the passphrase could not be read from the terminal")]
    Terminal(#[source] std::io::Error),
    #[error("the two passphrases differ")]
    Different,
}

/// Reads a passphrase from a file.
pub(crate) fn read(path: &Path) -> Result<Passphrase, Failure> {
    let bytes = Zeroizing::new(read_input(path)?);
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(in_file(path, Empty));
    }
    Ok(Zeroizing::new(line.to_vec()))
}

/// Asks a person, where there is one, for the passphrase that opens something.
pub(crate) fn ask(what: &str, person: Person) -> Result<Option<Passphrase>, Failure> {
    match person {
        Person::Present => typed(&format!("Passphrase of {what}: ")).map(Some),
        Person::Absent => Ok(None),
    }
}

/// Asks a person twice, where there is one, for a passphrase to put something under; none is none.
pub(crate) fn ask_new(what: &str, person: Person) -> Result<Option<Passphrase>, Failure> {
    if person == Person::Absent {
        return Ok(None);
    }
    let first = typed(&format!("New passphrase for {what} (empty for none): "))?;
    if first.is_empty() {
        return Ok(None);
    }
    if typed("The same again: ")? == first {
        return Ok(Some(first));
    }
    Err(Failure::new(Exit::Failed, AskError::Different).hint("nothing was written; run the command again"))
}

fn typed(prompt: &str) -> Result<Passphrase, Failure> {
    rpassword::prompt_password(prompt)
        .map(|text| Zeroizing::new(text.into_bytes()))
        .map_err(|error| Failure::new(Exit::Failed, AskError::Terminal(error)))
}
