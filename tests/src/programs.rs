//! The programs under test, and what came out of a run of one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder cargo put this build's programs in, like `target/debug`.
#[must_use]
pub fn build_folder() -> PathBuf {
    let me = std::env::current_exe().unwrap_or_else(|error| panic!("this test has no path: {error}"));
    let folder = me.parent().unwrap_or(Path::new("/"));
    // Tests and benchmarks lie one folder deeper than programs do.
    let inner = folder.file_name().is_some_and(|name| name == "deps");
    if inner { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// The path of one of the workspace's programs, built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    program_in(&build_folder(), name)
}

/// The path of one of the workspace's programs in a folder that holds them, built.
#[must_use]
pub fn program_in(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is not built: run `cargo test --workspace`, or `cargo build --package {name}` first",
        path.display()
    );
    path
}

/// A command that knows nothing of the environment but the path.
#[must_use]
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// What came out of a program.
#[derive(Debug)]
pub struct Run {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Runs a command to its end.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let Output { status, stdout, stderr } =
            command.output().unwrap_or_else(|error| panic!("cannot start {line}: {error}"));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { line, code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Goes on if the exit code is this one, and shows everything otherwise.
    #[must_use]
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let Self { line, code: found, stdout, stderr } = &self;
        assert_eq!(*found, code, "exit code of {line}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Goes on if standard error says this.
    #[must_use]
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in stderr of {}:\n{}", self.line, self.stderr);
        self
    }

    /// Goes on if standard output shows this.
    #[must_use]
    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is not in stdout of {}:\n{}", self.line, self.stdout);
        self
    }
}

/// A text without the line breaks that a terminal's width made.
#[must_use]
pub fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
