//! A program on a terminal of its own, and what the terminal got.

use crate::emulator::python;
use crate::programs::{Run, command};
use std::ffi::OsStr;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// How wide the terminal is, in characters.
pub const COLUMNS: usize = 80;

/// Runs a command whose three streams are one terminal, and gives what it got as standard output.
#[must_use]
pub fn on_terminal(program: &Command) -> Run {
    run(program, OsStr::new("-"))
}

/// The same with standard output in this file: what the terminal gets then is standard error alone.
#[must_use]
pub fn on_terminal_with_result_in(file: &OsStr, program: &Command) -> Run {
    run(program, file)
}

/// Runs a command on a terminal, does `meanwhile` while its first question stands there, and then types yes.
///
/// # Panics
/// When no question comes.
#[must_use]
pub fn on_terminal_saying_yes_after(program: &Command, meanwhile: impl FnOnce()) -> Run {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    let (answer, asked) = (folder.path().join("answer"), folder.path().join("answer.asked"));
    let script = script(program, OsStr::new("-"), &[("TERMINAL_ANSWER", answer.as_os_str())]);
    std::thread::scope(|scope| {
        let shown = scope.spawn(|| Run::of(&mut { script }));
        let begun = Instant::now();
        while !asked.exists() {
            assert!(!shown.is_finished() && begun.elapsed() < PATIENCE, "no question came");
            std::thread::sleep(Duration::from_millis(20));
        }
        meanwhile();
        let half = folder.path().join("half");
        let typed = std::fs::write(&half, "yes\n").and_then(|()| std::fs::rename(&half, &answer));
        typed.unwrap_or_else(|error| panic!("the answer cannot be written: {error}"));
        shown.join().unwrap_or_else(|_| panic!("the terminal fell over"))
    })
}

fn run(program: &Command, result: &OsStr) -> Run {
    Run::of(&mut script(program, result, &[]))
}

fn script(program: &Command, result: &OsStr, more: &[(&str, &OsStr)]) -> Command {
    let mut script = command(&python());
    script.envs(more.iter().copied());
    script.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/terminal.py"));
    script.arg(COLUMNS.to_string()).arg(result).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    if let Some(folder) = program.get_current_dir() {
        script.current_dir(folder);
    }
    script
}

/// Whether a text bears a colour.
///
/// Source: ECMA-48, "Select graphic rendition", 8.3.117.
#[must_use]
pub fn is_coloured(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("\x1b[") {
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';');
        if end.is_some_and(|end| after[end..].starts_with('m')) {
            return true;
        }
        rest = after;
    }
    false
}
