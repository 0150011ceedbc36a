//! Looks at an account, and changes it behind the executor's back, with an AWS client nobody here wrote.

use crate::emulator::python;
use crate::handoff::REGION;
use crate::programs::command;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Stdio};
use sts_schemas::resource::APPLIED_TAG;

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

    /// The same without the mark that `apply` alone leaves on a provider: as any other program makes the account.
    #[must_use]
    pub fn dump_without_mark(&self) -> Value {
        let mut dump = self.dump();
        for provider in dump["providers"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            if let Some(tags) = provider["tags"].as_object_mut() {
                let _ = tags.remove(APPLIED_TAG);
            }
        }
        dump
    }

    /// Distributions and origin access controls, in one value.
    #[must_use]
    pub fn fronts(&self) -> Value {
        self.script("fronts", &Value::Null)
    }

    /// Makes calls, each `[service, operation, parameters]` in boto3's words.
    pub fn call(&self, calls: &Value) {
        let done = self.script("call", calls);
        assert_eq!(done, json!("done"), "the account took the calls");
    }

    /// Gives the distributions in front of this bucket these members of a configuration, in boto3's words.
    pub fn redo_fronts(&self, bucket: &str, members: &Value) {
        let done = self.script("redo", &json!([bucket, members]));
        assert_eq!(done, json!("done"), "the distributions were changed");
    }

    fn script(&self, task: &str, input: &Value) -> Value {
        let mut child = self.start(task);
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

    /// Looks at the account again and again, without starting anew each time.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let mut child = self.start("watch");
        let stdout = child.stdout.take().map(BufReader::new);
        Watch { child, stdout: stdout.unwrap_or_else(|| panic!("Python has no standard output")) }
    }

    fn start(&self, task: &str) -> Child {
        command(&python())
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
            .unwrap_or_else(|error| panic!("cannot start Python: {error}"))
    }
}

/// A Python that is ready to look.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Watch {
    /// The same as [`Account::dump`].
    pub fn dump(&mut self) -> Value {
        let mut line = String::new();
        let asked =
            self.child.stdin.as_mut().map(|stdin| stdin.write_all(b"\n").and_then(|()| stdin.flush()));
        let read = self.stdout.read_line(&mut line);
        serde_json::from_str(&line).unwrap_or_else(|error| {
            let mut words = String::new();
            let _ = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut words));
            panic!("account.py watch: {error}, {asked:?}, {read:?}\n{words}")
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A distribution as boto3 takes it, in front of this bucket of the tests' region, with this origin access identity and
/// these tags.
#[must_use]
pub fn distribution_before(bucket: &str, identity: &str, tags: &Value) -> Value {
    json!({"DistributionConfigWithTags": {
        "DistributionConfig": {
            "CallerReference": format!("made-for-{bucket}"), "Comment": "somebody's", "Enabled": true,
            "Origins": {"Quantity": 1, "Items": [{
                "Id": "one", "DomainName": format!("{bucket}.s3.{REGION}.amazonaws.com"),
                "S3OriginConfig": {"OriginAccessIdentity": identity},
            }]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "one", "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            },
        },
        "Tags": {"Items": tags},
    }})
}
