//! Which generation a bundle gets: that of the last one while nothing changes, and a later one with every change.

use super::previous::Following;
use super::{Surroundings, stale};
use crate::bundled::Bundled;
use crate::directory::{Directory, FileError};
use crate::render::{Files, generation_of};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::{self, Place};
use sts_schemas::moment::LAST_MOMENT;
use sts_schemas::open::OpenValue;

/// The time of a run, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// A person or a build gave it: what is made now bears just this.
    Told(u64),
    /// The clock's.
    Read(u64),
}

impl Time {
    /// The time itself.
    #[must_use]
    pub fn seconds(self) -> u64 {
        let (Self::Told(seconds) | Self::Read(seconds)) = self;
        seconds
    }

    /// A generation for what is made now: later than `before`, unless the time was told or there is no later one.
    #[must_use]
    pub fn after(self, before: Option<u64>) -> u64 {
        match self {
            Self::Told(seconds) => seconds,
            Self::Read(now) => {
                before.map_or(now, |before| now.max(before.saturating_add(1))).min(LAST_MOMENT)
            }
        }
    }
}

/// The generations that are open to a bundle of one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generations {
    /// The one it was last written or bundled with; it stays while nothing changes.
    pub(crate) kept: Option<u64>,
    /// One later than all that is known.
    pub(crate) next: u64,
}

impl Generations {
    /// Those of a directory with these files, after the bundle that is followed.
    pub(crate) fn of(files: &Files, surroundings: Surroundings, following: Option<&Following>) -> Self {
        let known = generation_of(files);
        let previous = following.map(Following::generation);
        let next = surroundings.time.after(known.max(previous));
        let kept = match surroundings.time {
            Time::Told(_) => None,
            // What follows a bundle is later than it.
            Time::Read(_) => known.filter(|known| previous.is_none_or(|previous| *known > previous)),
        };
        Self { kept, next }
    }

    /// Those of a directory, whose files need not hold together.
    pub(crate) fn of_directory(
        directory: &Directory,
        surroundings: Surroundings,
        following: Option<&Following>,
    ) -> Result<Self, Failure> {
        let failed = |error: FileError| Failure::new(Exit::Failed, error);
        let provider = directory.read(layout::PROVIDER).map_err(failed)?;
        let files = provider.map(|bytes| (layout::PROVIDER.to_owned(), bytes)).into_iter().gather();
        Ok(Self::of(&files, surroundings, following))
    }

    /// Files of which some bear their generation: the kept one where the directory holds them all just so and
    /// nothing of it is `replaced`.
    pub(crate) fn settle(
        self,
        directory: &Directory,
        (mut files, render): (Files, impl Fn(u64) -> Files),
        replaced: &dyn Fn(&str) -> bool,
    ) -> Result<(Files, Settled), Failure> {
        if let Some(kept) = self.kept {
            files.extend(render(kept));
            match held(directory, &files, replaced)? {
                Held::Just => return Ok((files, Settled::Open(self))),
                Held::Finalized => return Err(finalized(directory)?),
                Held::Other => {}
            }
        }
        files.extend(render(self.next));
        match held(directory, &files, replaced)? {
            Held::Finalized => Err(finalized(directory)?),
            Held::Just | Held::Other => Ok((files, Settled::Changed(self.next))),
        }
    }
}

/// What is known about a directory's generation once its files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is this one: it was told, or something changed.
    Changed(u64),
    /// The kept one, where the directory was packed last just as it is; else the next.
    Open(Generations),
}

/// How a directory stands to files that are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// It holds just these, and none that would be removed.
    Just,
    /// It does but for the values that `finalize` put into open places.
    Finalized,
    /// It holds others.
    Other,
}

#[derive(Debug, thiserror::Error)]
#[error("{path} holds what these inputs make, with the values that finalize put in: nothing was changed")]
struct Finalized {
    path: String,
}

/// What is said of inputs whose files were finalized: to make them once more would open their values again.
fn finalized(directory: &Directory) -> Result<Failure, Failure> {
    let path = directory.path().display().to_string();
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let packed = Bundled::of(directory).map_err(failed)?;
    let bundle = packed.map_or_else(String::new, |bundle| format!(" (its bundle is {})", bundle.name));
    Ok(Failure::new(Exit::Failed, Finalized { path }).hint(format!(
        "there is nothing to make{bundle}: go on with `sts-generator install`; for another bundle of the same inputs give \
         another --output-dir"
    )))
}

fn held(directory: &Directory, files: &Files, replaced: &dyn Fn(&str) -> bool) -> Result<Held, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let known = directory.files().map_err(failed)?;
    if !stale(directory, known, files, replaced)?.is_empty() {
        return Ok(Held::Other);
    }
    let mut held = Held::Just;
    for (path, bytes) in files {
        match directory.read(path).map_err(failed)? {
            Some(there) if there == *bytes => {}
            Some(there) if is_bound(path, bytes, &there) => held = Held::Finalized,
            _ => return Ok(Held::Other),
        }
    }
    Ok(held)
}

/// Whether a file is a manifest of the installer's with values in its open places, and else just this one.
fn is_bound(path: &str, open: &[u8], there: &[u8]) -> bool {
    if Place::of(path) != Some(Place::InstallerManifest) {
        return false;
    }
    let (Ok(mut open), Ok(mut there)) = (std::str::from_utf8(open), std::str::from_utf8(there)) else {
        return false;
    };
    let is_of_value = |value: OpenValue, c: char| match value {
        OpenValue::Account => c.is_ascii_digit(),
        OpenValue::Issuer => c.is_ascii_alphanumeric() || ".-/".contains(c),
    };
    let next = |text: &str| {
        OpenValue::ALL.into_iter().filter_map(|value| Some((text.find(value.token())?, value))).min()
    };
    while let Some((at, value)) = next(open) {
        let Some(rest) = there.strip_prefix(&open[..at]) else { return false };
        let bound = rest.trim_start_matches(|c| is_of_value(value, c));
        if bound.len() == rest.len() {
            return false;
        }
        (open, there) = (&open[at + value.token().len()..], bound);
    }
    open == there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_finalized_when_only_its_open_places_differ() {
        let path = "manifests/x-credentials.yaml";
        let open = b"a: arn:${account}:role/x\nb: https://${issuer}\n";
        let is_bound = |path: &str, there: &str| is_bound(path, open, there.as_bytes());
        assert!(is_bound(path, "a: arn:123456789012:role/x\nb: https://d1.cloudfront.net\n"));
        for other in [
            "a: arn:123456789012:role/y\nb: https://d1.cloudfront.net\n",
            "a: arn::role/x\nb: https://d1.cloudfront.net\n",
            "a: arn:123456789012:role/x\nb: https://d1.cloudfront.net\nc: 1\n",
        ] {
            assert!(!is_bound(path, other), "{other}");
        }
        assert!(!is_bound("05-0-x-role.json", "a: arn:123456789012:role/x\nb: https://d1.cloudfront.net\n"));
    }

    #[test]
    fn what_is_made_is_later_than_what_was_there_unless_the_time_was_told() {
        assert_eq!(Time::Read(10).after(None), 10);
        assert_eq!(Time::Read(10).after(Some(3)), 10);
        assert_eq!(Time::Read(10).after(Some(10)), 11);
        assert_eq!(Time::Read(10).after(Some(u64::MAX)), LAST_MOMENT);
        assert_eq!(Time::Told(10).after(Some(10)), 10);
    }
}
