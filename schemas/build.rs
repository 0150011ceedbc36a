//! Tells the programs which commit they are built from, where they are built to be used: in the profile `release` and
//! those after it, in a clone, with git at hand. `STS_COMMIT` in the environment goes before it. Daily builds do not ask:
//! after each commit all would be built anew.

#![expect(clippy::disallowed_methods, reason = "a build script is told by the environment, and asks git")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=STS_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let is_to_be_used = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_to_be_used && std::env::var_os("STS_COMMIT").is_none() {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        if let Some(commit) = manifest.as_deref().and_then(Path::parent).and_then(commit_of) {
            println!("cargo::rustc-env=STS_COMMIT={commit}");
        }
    }
}

/// The commit of a clone that begins at this folder, marked where files in it are others than that commit's.
fn commit_of(root: &Path) -> Option<String> {
    if !root.join(".git").exists() {
        return None;
    }
    println!("cargo::rerun-if-changed={}", root.join(".git/logs/HEAD").display());
    let git = |args: &[&str]| {
        let run = Command::new("git").arg("-C").arg(root).args(args).output().ok()?;
        run.status.success().then(|| String::from_utf8_lossy(&run.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--verify", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain"])?.is_empty();
    Some(if is_changed { commit + "+changes" } else { commit })
}
