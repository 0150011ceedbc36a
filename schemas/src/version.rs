//! What both programs say when they are asked for their version.

use crate::manifest::SchemaVersion;
use std::sync::LazyLock;

/// The commit of the sources: `STS_COMMIT` of the environment the program was built in, else `unknown`.
///
/// Not asked of git: a daily build stays quick after a commit, and what is built without git says the same
/// bytes each time. Whoever builds to hand on sets it, as `tests/scripts/dist.sh` does.
pub const COMMIT: &str = match option_env!("STS_COMMIT") {
    Some(commit) if !commit.is_empty() => commit,
    _ => "unknown",
};

/// Version, commit and bundle format, as `--version` prints them behind the program's name.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (commit {COMMIT}, bundle format {})", env!("CARGO_PKG_VERSION"), SchemaVersion::CURRENT)
});
