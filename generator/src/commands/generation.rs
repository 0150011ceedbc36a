//! Which generation a bundle gets: that of the last one while nothing changes, and a later one with every change.

use super::previous::Following;
use super::{Surroundings, stale};
use crate::directory::{Directory, FileError};
use crate::render::{Files, generation_of};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::moment::LAST_MOMENT;

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
        let files = provider.map(|bytes| (layout::PROVIDER.to_owned(), bytes)).into_iter().collect();
        Ok(Self::of(&files, surroundings, following))
    }

    /// Files of which some bear their generation: the kept one where the directory holds them all just so and
    /// nothing of it is `replaced`.
    pub(crate) fn settle(
        self,
        directory: &Directory,
        (mut files, render): (Files, impl Fn(u64) -> Files),
        replaced: impl Fn(&str) -> bool,
    ) -> Result<(Files, Settled), Failure> {
        if let Some(kept) = self.kept {
            files.extend(render(kept));
            if holds(directory, &files, &replaced)? {
                return Ok((files, Settled::Open(self)));
            }
        }
        files.extend(render(self.next));
        Ok((files, Settled::Changed(self.next)))
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

/// Whether a directory holds these files, and none that would be removed.
fn holds(directory: &Directory, files: &Files, replaced: &impl Fn(&str) -> bool) -> Result<bool, Failure> {
    let failed = |error: FileError| Failure::new(Exit::Failed, error);
    let known = directory.files().map_err(failed)?;
    if !stale(directory, known, files, replaced)?.is_empty() {
        return Ok(false);
    }
    for (path, bytes) in files {
        if directory.read(path).map_err(failed)?.as_ref() != Some(bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_later_than_what_was_there_unless_the_time_was_told() {
        assert_eq!(Time::Read(10).after(None), 10);
        assert_eq!(Time::Read(10).after(Some(3)), 10);
        assert_eq!(Time::Read(10).after(Some(10)), 11);
        assert_eq!(Time::Read(10).after(Some(u64::MAX)), LAST_MOMENT);
        assert_eq!(Time::Told(10).after(Some(10)), 10);
    }
}
