//! A program on a terminal of its own, and what the terminal got.

use crate::emulator::python;
use crate::programs::{Run, command};
use std::ffi::OsStr;
use std::process::Command;

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

fn run(program: &Command, result: &OsStr) -> Run {
    let mut script = command(&python());
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
    Run::of(&mut script)
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
