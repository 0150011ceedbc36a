//! A proxy that ends TLS, as companies have them: real host names, an account behind them, certificates of its own.

use crate::emulator::python;
use crate::programs::command;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running proxy; its certificates are made for this one run.
#[derive(Debug)]
pub struct TlsProxy {
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl TlsProxy {
    /// Starts one in front of an account.
    #[must_use]
    pub fn start(upstream: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let mut child = command(&python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/tls_proxy.py"))
            .arg(upstream.to_string())
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start the proxy: {error}"));
        let mut port = String::new();
        let out = child.stdout.take().unwrap_or_else(|| panic!("the proxy has no standard output"));
        let read = BufReader::new(out).read_line(&mut port);
        assert!(read.is_ok_and(|bytes| bytes > 0), "the proxy did not start");
        Self { child, url: format!("http://127.0.0.1:{}", port.trim()), folder }
    }

    /// Sends a command's requests this way, with credentials for the account behind.
    pub fn lead<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("HTTPS_PROXY", &self.url)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }

    /// Answers every question to IAM's policy simulator, which the emulator lacks, with this.
    pub fn simulate(&self, answer: &str) {
        let path = self.folder.path().join("simulated.xml");
        std::fs::write(path, answer).unwrap_or_else(|error| panic!("the proxy's folder: {error}"));
    }

    /// Turns away whoever asks without a signature, as AWS asks an issuer, or lets them in again.
    pub fn close_to_the_public(&self, closed: bool) {
        let path = self.folder.path().join("closed");
        let done = if closed { std::fs::write(path, "") } else { std::fs::remove_file(path) };
        done.unwrap_or_else(|error| panic!("the proxy's folder: {error}"));
    }

    /// The certificate to trust.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// The hosts that were asked for since this was last called.
    #[must_use]
    pub fn take_hosts(&self) -> BTreeSet<String> {
        let log = self.folder.path().join("hosts");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(log);
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
