//! Looks at an account, and changes it behind the executor's back, with an AWS client nobody here wrote.

use crate::emulator::python;
use crate::programs::command;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;

/// An account behind an endpoint, reached through boto3.
#[derive(Debug, Clone)]
pub struct Account {
    endpoint: String,
    region: String,
}

impl Account {
    /// The account behind this endpoint; buckets are made in `region`.
    #[must_use]
    pub fn at(endpoint: &str, region: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), region: region.to_owned() }
    }

    /// Roles, providers and buckets with everything a hand-off touches, in one value.
    #[must_use]
    pub fn dump(&self) -> Value {
        self.script("dump", &Value::Null)
    }

    /// Makes calls, each `[service, operation, parameters]` in boto3's words.
    pub fn call(&self, calls: &Value) {
        let done = self.script("call", calls);
        assert_eq!(done, json!("done"), "the account took the calls");
    }

    fn script(&self, task: &str, input: &Value) -> Value {
        let mut child = command(&python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/account.py"))
            .arg(task)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_DEFAULT_REGION", &self.region)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start Python: {error}"));
        if let Some(mut stdin) = child.stdin.take() {
            // A script that ends early says why on its standard error, which is shown below.
            let _ = stdin.write_all(input.to_string().as_bytes());
        }
        let output = child.wait_with_output().unwrap_or_else(|error| panic!("Python did not end: {error}"));
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "account.py {task} failed:\n{words}");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("account.py {task} printed no JSON: {error}"))
    }
}
