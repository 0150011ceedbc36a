//! Who besides the user could change a file that says whom to trust.

use std::fmt;
use std::path::{Path, PathBuf};

/// Somebody else who could change a file, or put another in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The file, or the folder on the way to it, that is open to them.
    path: PathBuf,
    /// How.
    way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It belongs to this user, who is neither the one who asks nor root.
    Owned(u32),
    /// Its group or everybody may write to it.
    Writable,
}

impl Exposure {
    /// The command that ends it.
    pub(super) fn remedy(&self) -> String {
        let path = self.path.display();
        match self.way {
            Way::Owned(_) => format!("chown \"$(id -u)\" {path}"),
            Way::Writable => format!("chmod go-w {path}"),
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.way {
            Way::Owned(user) => write!(f, "{path} belongs to user {user}"),
            Way::Writable => write!(f, "{path} may be written by others"),
        }
    }
}

/// Who else could change a file by way of the file itself.
pub(super) fn exposure_of_file(path: &Path) -> Option<Exposure> {
    system::of_one(path, system::user())
}

/// Who else could change a file, or any folder on the way to it from the root of the file system.
///
/// Source: `sshd_config(5)`, `StrictModes`, but that a folder like /tmp, where everybody may write and nobody may move
/// what is another's, is no danger.
pub(super) fn exposure(path: &Path) -> Option<Exposure> {
    system::of_way(path, system::user())
}

#[cfg(unix)]
mod system {
    use super::{Exposure, Way};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::path::Path;

    const OTHERS_WRITE: u32 = 0o022;
    /// In such a folder only the owner of a file, and of the folder, may move or remove it.
    const STICKY: u32 = 0o1000;
    const ROOT: u32 = 0;

    /// Who asks.
    pub(super) fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    /// What cannot be looked at fails when it is read.
    pub(super) fn of_one(path: &Path, user: u32) -> Option<Exposure> {
        let metadata = std::fs::metadata(path).ok()?;
        let (owner, mode) = (metadata.uid(), metadata.permissions().mode());
        let sticky = metadata.is_dir() && mode & STICKY != 0;
        let way = if owner != user && owner != ROOT {
            Way::Owned(owner)
        } else if mode & OTHERS_WRITE != 0 && !sticky {
            Way::Writable
        } else {
            return None;
        };
        Some(Exposure { path: path.to_owned(), way })
    }

    /// Both the way that was named and the one that links lead to: either decides what is read.
    pub(super) fn of_way(path: &Path, user: u32) -> Option<Exposure> {
        let real = std::fs::canonicalize(path).ok()?;
        let named = std::path::absolute(path).ok()?;
        let ways = real.ancestors().chain(named.ancestors());
        ways.filter(|path| !path.as_os_str().is_empty()).find_map(|path| of_one(path, user))
    }
}

/// Other systems have neither such bits nor such owners.
#[cfg(not(unix))]
mod system {
    use super::Exposure;
    use std::path::Path;

    pub(super) fn user() -> u32 {
        0
    }

    pub(super) fn of_one(_: &Path, _: u32) -> Option<Exposure> {
        None
    }

    pub(super) fn of_way(_: &Path, _: u32) -> Option<Exposure> {
        None
    }
}
