//! Speaks to a guarded emulator without a client: who may do what, and changes behind the executor's back.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// The way to an emulator that checks permissions when it is told to.
#[derive(Debug, Clone, Copy)]
pub struct Guard(SocketAddr);

/// An access key with its secret.
#[derive(Debug, Clone)]
pub struct Key {
    /// The access key.
    pub id: String,
    /// The secret.
    pub secret: String,
}

/// Who gets the policies.
const USER: &str = "clerk";

/// Where nobody looks who asks.
const NOBODY: &str = "none";

const ACCOUNT: &str = crate::emulator::Emulator::ACCOUNT;

impl Guard {
    /// The guard of the emulator that listens there.
    #[must_use]
    pub fn of(address: SocketAddr) -> Self {
        Self(address)
    }

    /// Empties the account.
    pub fn reset(&self) {
        self.free();
        let _ = self.ask("POST", "/moto-api/reset", "", NOBODY);
    }

    /// Lets everybody do everything.
    pub fn free(&self) {
        self.free_calls("inf");
    }

    /// Makes the user, with no permissions yet.
    #[must_use]
    pub fn user(&self) -> Key {
        let _ = self.iam(&[("Action", "CreateUser"), ("UserName", USER)]);
        let answer = self.iam(&[("Action", "CreateAccessKey"), ("UserName", USER)]);
        Key { id: element("AccessKeyId", &answer), secret: element("SecretAccessKey", &answer) }
    }

    /// Blocks public buckets in the whole account, with these of S3's switches on.
    pub fn block_public_access(&self, switches: &[&str]) {
        let on = switches.iter().fold(String::new(), |mut text, switch| {
            let _ = write!(text, "<{switch}>true</{switch}>");
            text
        });
        let block = format!("<PublicAccessBlockConfiguration>{on}</PublicAccessBlockConfiguration>");
        let answer = self.ask("PUT", "/v20180820/configuration/publicAccessBlock", &block, "s3");
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    /// Lets the user do this and no more, and nobody else anything.
    pub fn allow(&self, policy: &serde_json::Value) {
        let policy = policy.to_string();
        let _ = self.iam(&[
            ("Action", "PutUserPolicy"),
            ("UserName", USER),
            ("PolicyName", "p"),
            ("PolicyDocument", &policy),
        ]);
        self.free_calls("0");
    }

    /// How many calls from now on are not checked.
    fn free_calls(self, count: &str) {
        let answer = self.ask("POST", "/moto-api/reset-auth", count, NOBODY);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Makes one of IAM's calls, which must succeed.
    #[must_use]
    pub fn iam(&self, parameters: &[(&str, &str)]) -> String {
        let mut body = "Version=2010-05-08".to_owned();
        for (name, value) in parameters {
            let _ = write!(body, "&{name}={}", encoded(value));
        }
        let answer = self.ask("POST", "/", &body, "iam");
        assert!(answer.starts_with("HTTP/1.1 200"), "{parameters:?}: {answer}");
        answer
    }

    /// Keeps old versions of the objects in a bucket from now on.
    pub fn keep_versions(&self, bucket: &str) {
        let status = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                      <Status>Enabled</Status></VersioningConfiguration>";
        let answer = self.ask("PUT", &format!("/{bucket}/?versioning"), status, "s3");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Deletes an object.
    pub fn delete_object(&self, bucket: &str, key: &str) {
        let _ = self.ask("DELETE", &format!("/{bucket}/{key}"), "", "s3");
    }

    fn ask(&self, method: &str, path: &str, body: &str, service: &str) -> String {
        let (address, length) = (self.0, body.len());
        let kind = if service == "iam" { "application/x-www-form-urlencoded" } else { "text/plain" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             X-Amz-Account-Id: {ACCOUNT}\r\nContent-Type: {kind}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=none/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}"
        );
        let mut answer = String::new();
        let told = TcpStream::connect(address).and_then(|mut stream| {
            stream.write_all(request.as_bytes())?;
            stream.read_to_string(&mut answer)
        });
        told.unwrap_or_else(|error| panic!("the emulator does not answer {method} {path}: {error}"));
        answer
    }
}

/// The text of the first element with this name.
fn element(name: &str, xml: &str) -> String {
    let rest = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
    let text = rest.and_then(|rest| rest.split_once('<')).map(|(text, _)| text.to_owned());
    text.unwrap_or_else(|| panic!("no {name} in {xml}"))
}

/// Percent-encoded, all but letters and digits.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = if byte.is_ascii_alphanumeric() {
            write!(out, "{}", char::from(byte))
        } else {
            write!(out, "%{byte:02X}")
        };
        out
    })
}
