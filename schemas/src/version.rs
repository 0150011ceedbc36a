//! What both programs say when they are asked for their version.

use crate::manifest::SchemaVersion;
use std::sync::LazyLock;

/// The commit of the sources: `STS_COMMIT` of the environment the program was built in, else what git says of the clone
/// where it was built to be used, else `unknown`. See `build.rs`.
pub const COMMIT: &str = match option_env!("STS_COMMIT") {
    Some(commit) if !commit.is_empty() => commit,
    _ => "unknown",
};

/// Version, commit and bundle format, as `--version` prints them behind the program's name.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (commit {COMMIT}, bundle format {})", env!("CARGO_PKG_VERSION"), SchemaVersion::CURRENT)
});
