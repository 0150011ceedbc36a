//! Writes `tests/vectors` anew, under a new key: after a change of the bundle format, and only then.

use std::process::ExitCode;
use sts_tests::vectors::{FOLDER, Sound};

fn main() -> ExitCode {
    match Sound::make().write_cases(FOLDER.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
