//! Writing the installer's manifests, all of them or none.

use super::place::{check_manifest, check_way};
use crate::session::Session;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use sts_schemas::contents::Contents;
use sts_schemas::failure::{Exit, Failure};
use tempfile::NamedTempFile;

#[derive(Debug, thiserror::Error)]
#[error("the installer's manifest cannot be written to {path}")]
struct Unwritable {
    path: String,
    #[source]
    source: std::io::Error,
}

/// Looks at their places before anything is changed: there may only be earlier manifests of the same objects.
pub(super) fn check(contents: &Contents, folder: &Path) -> Result<(), Failure> {
    contents.installer_manifests.iter().try_for_each(|(name, text)| {
        let path = folder.join(name);
        check_way(folder, &path)?;
        check_manifest(&path, text)
    })
}

/// Writes the manifests below `folder`: each beside its place first, and into place only when all are written.
pub(super) fn write_manifests(
    contents: &Contents,
    folder: &Path,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let unwritable = |path: &Path, source| {
        let error = Unwritable { path: path.display().to_string(), source };
        Failure::new(Exit::Failed, error).hint("the account is as wanted; run the same command again")
    };
    let mut drafts: Vec<(PathBuf, NamedTempFile)> = Vec::new();
    for (name, text) in &contents.installer_manifests {
        // The format lets only plain names below `manifests/` into a bundle.
        let path = folder.join(name);
        let draft = draft(&path, text).map_err(|error| unwritable(&path, error))?;
        drafts.push((path, draft));
    }
    let count = drafts.len();
    for (path, draft) in drafts {
        draft.persist(&path).map_err(|error| unwritable(&path, error.error))?;
    }
    session.tell(&format!("{count} installer manifests written below {}.", folder.display()));
    Ok(())
}

/// The text, on disk beside the place it shall have.
fn draft(path: &Path, text: &str) -> std::io::Result<NamedTempFile> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".manifest-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut draft = builder.tempfile_in(parent)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    Ok(draft)
}
