//! Tokens of a cluster's, checked by libraries nobody here wrote against what an account serves.

use crate::emulator::{Emulator, python};
use crate::handoff::{REGION, with_credentials};
use crate::programs::command;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// What becomes of each case, with tokens that the private key in this file signs: see `trust.py`.
#[must_use]
pub fn tried(key: &Path, emulator: &Emulator, cases: &Value) -> Value {
    let mut script = command(&python());
    let mut child = with_credentials(&mut script, emulator.address())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/trust.py"))
        .arg(key)
        .arg(emulator.endpoint())
        .env("AWS_DEFAULT_REGION", REGION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start Python: {error}"));
    if let Some(mut stdin) = child.stdin.take() {
        // A script that ends early says why on its standard error.
        let _ = stdin.write_all(cases.to_string().as_bytes());
    }
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("Python did not end: {error}"));
    assert!(output.status.success(), "trust.py failed");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("trust.py printed no JSON: {error}"))
}
