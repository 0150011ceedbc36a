//! The AWS CLI that people have, and nobody here wrote, from the same virtual environment as the emulator.

use crate::emulator::{Emulator, python};
use crate::handoff::{REGION, with_credentials};
use crate::programs::{Run, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A command that finds `aws`, and through it the account of this emulator.
#[must_use]
pub fn with_aws(program: &Path, emulator: &Emulator) -> Command {
    let python = python();
    let folder = python.parent().unwrap_or(Path::new("/"));
    let mut found = vec![folder.to_owned()];
    if let Some(path) = std::env::var_os("PATH") {
        found.extend(std::env::split_paths(&path));
    }
    let mut command = command(program);
    if let Ok(path) = std::env::join_paths(found) {
        command.env("PATH", path);
    }
    with_credentials(&mut command, emulator.address());
    command
}

/// Runs `aws SERVICE OPERATION --cli-input-json file://INPUT` in a directory, with more arguments.
#[must_use]
pub fn call(emulator: &Emulator, directory: &Path, call: [&str; 2], input: &str, more: &[&str]) -> Run {
    let mut aws = with_aws(Path::new("aws"), emulator);
    aws.current_dir(directory).env("AWS_DEFAULT_REGION", REGION);
    aws.args(call).arg("--cli-input-json").arg(format!("file://{input}")).args(more);
    Run::of(&mut aws)
}

/// Runs the `apply.sh` of a directory from somewhere else, with the most austere shell there is.
#[must_use]
pub fn apply_script(emulator: &Emulator, directory: &Path) -> Run {
    let dash = Path::new("/bin/dash");
    let shell = if dash.exists() { dash } else { Path::new("/bin/sh") };
    let script: PathBuf = directory.join("apply.sh");
    Run::of(with_aws(shell, emulator).arg(script).current_dir("/"))
}
