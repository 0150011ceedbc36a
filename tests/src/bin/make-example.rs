//! Writes the bundle of `bundles/example` anew, under a new key: after a change of what the generator writes.

use std::process::ExitCode;

fn main() -> ExitCode {
    match sts_tests::example::store() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
