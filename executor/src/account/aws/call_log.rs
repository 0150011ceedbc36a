//! The log of all calls: a line of JSON to an attempt, on the disk before the program goes on.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A file that lines are only ever added to; its clones are the same file.
#[derive(Debug, Clone)]
pub struct CallLog {
    file: Arc<Mutex<File>>,
    path: Arc<PathBuf>,
    clock: fn() -> u64,
}

/// How a [`LogError`] begins; the SDK hands it on as text.
pub(super) const UNWRITABLE: &str = "the log of calls cannot be written to ";

/// A log that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}{path}", UNWRITABLE)]
pub struct LogError {
    path: String,
    #[source]
    source: std::io::Error,
}

/// What a line tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Event {
    /// A call that changes something leaves for AWS.
    Sent,
    /// An attempt ended, with an answer or without one.
    Answered,
}

/// One line. Nothing secret has a place in it: neither headers nor bodies.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// In seconds since 1970; set when the line is written.
    pub(super) time: u64,
    pub(super) event: Event,
    /// As in IAM policies, like `iam:CreateRole`, but with the API's own name of the call.
    pub(super) call: String,
    /// Names of what it is about.
    pub(super) on: String,
    /// Counted from 1.
    pub(super) attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
    #[serde(rename = "ms", default, skip_serializing_if = "Option::is_none")]
    pub(super) milliseconds: Option<u128>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl Entry {
    /// Whether the call is one of those that change nothing.
    pub(super) fn only_reads(&self) -> bool {
        let name = self.call.split(':').nth(1).unwrap_or_default();
        ["Get", "List", "Head"].iter().any(|verb| name.starts_with(verb))
    }
}

/// Ends the last line where it has no end. What cannot be sought in, like a pipe, has no last line.
fn end_last_line(mut file: File) -> std::io::Result<File> {
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

impl CallLog {
    /// Whether a log has lines like this one, without its end.
    #[must_use]
    pub fn has_line(line: &[u8]) -> bool {
        serde_json::from_slice::<Entry>(line).is_ok()
    }

    /// Opens the file, made where there is none, to add lines with times by `clock`, in seconds since 1970.
    ///
    /// A last line that an earlier run was cut off in is ended first.
    ///
    /// # Errors
    /// When the file can be neither opened nor made.
    pub fn open(path: &Path, clock: fn() -> u64) -> Result<Self, LogError> {
        let opened = File::options().create(true).append(true).read(true).open(path);
        let file = opened
            .and_then(end_last_line)
            .map_err(|source| LogError { path: path.display().to_string(), source })?;
        Ok(Self { file: Arc::new(Mutex::new(file)), path: Arc::new(path.to_owned()), clock })
    }

    /// Adds a line, in one piece, and waits until it is on the disk.
    pub(super) fn append(&self, entry: Entry) -> Result<(), LogError> {
        let line = Entry { time: (self.clock)(), ..entry };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::from)
            .and_then(|text| file.write_all(format!("{text}\n").as_bytes()))
            .and_then(|()| file.sync_data());
        written.map_err(|source| LogError { path: self.path.display().to_string(), source })
    }
}
