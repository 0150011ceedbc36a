//! Both sides of the gap, a folder each, and what is carried from one to the other.

use crate::emulator::{Emulator, python};
use crate::handoff::{CLUSTER, REGION, REQUESTS, with_credentials};
use crate::programs::{Run, command, program};
use serde_json::Value;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An author without a network and an AWS admin without the cluster's key.
#[derive(Debug)]
pub struct Crossing {
    folder: tempfile::TempDir,
    bundle: String,
}

/// The side without a network.
pub const AUTHOR: &str = "author";
/// The side with AWS credentials.
pub const ADMIN: &str = "admin";

impl Crossing {
    /// Makes both identities, hands on the public keys, and has the author make a bundle with a cluster key of
    /// its own and these flags of `create-all`, offline; the bundle is carried over.
    #[must_use]
    pub fn of(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let mut this = Self { folder, bundle: String::new() };
        for side in [AUTHOR, ADMIN] {
            make(&this.path(side, ""));
            let key = format!("{side}.key");
            // Another algorithm on each side: neither depends on the other's.
            let algorithm = if side == AUTHOR { "ed25519" } else { "es384" };
            let make = ["create-signing-key", "--output", &key, "--algorithm", algorithm];
            let _ = this.generator(side, &make).exits(0);
        }
        let fixed = ["create-all", "--name", CLUSTER, "--region", REGION, "--output-dir", "out"];
        let inputs = ["--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"];
        let run = this.generator(AUTHOR, &[fixed.as_slice(), &inputs, flags].concat()).exits(0);
        this.bundle = String::from(run.stdout.trim());
        make(&this.path(ADMIN, "bundles"));
        for (file, to) in [(this.bundle.clone(), ADMIN), ("author.key.pub".into(), ADMIN)] {
            this.carry(&file, to);
        }
        let _ = std::fs::copy(this.path(ADMIN, "admin.key.pub"), this.path(AUTHOR, "admin.key.pub"));
        this
    }

    /// A path on one side.
    #[must_use]
    pub fn path(&self, side: &str, name: &str) -> PathBuf {
        self.folder.path().join(side).join(name)
    }

    /// The bundle, as both sides name it.
    #[must_use]
    pub fn bundle(&self) -> &str {
        &self.bundle
    }

    /// Copies a file from the other side to this one, under the same name.
    pub fn carry(&self, name: &str, to: &str) {
        let from = if to == ADMIN { AUTHOR } else { ADMIN };
        let copied = std::fs::copy(self.path(from, name), self.path(to, name));
        copied.unwrap_or_else(|error| panic!("{name} cannot be carried to the {to}: {error}"));
    }

    /// Runs the generator in a side's folder, in a network of its own without interfaces where that can be had.
    #[must_use]
    pub fn generator<A: AsRef<std::ffi::OsStr>>(&self, side: &str, arguments: &[A]) -> Run {
        let mut offline = offline(&program("sts-generator"));
        Run::of(offline.current_dir(self.path(side, "")).env("HOME", self.path(side, "")).args(arguments))
    }

    /// Runs the executor on the bundle, as the admin and against the account at this address.
    #[must_use]
    pub fn executor(&self, at: SocketAddr, subcommand: &str, flags: &[&str]) -> Run {
        let mut executor = command(&program("sts-executor"));
        executor.current_dir(self.path(ADMIN, "")).env("HOME", self.path(ADMIN, ""));
        executor.args([subcommand, &self.bundle, "--trusted-key", "author.key.pub"]).args(flags);
        Run::of(with_credentials(&mut executor, at))
    }

    /// Plans, approves the plan by its digest, and applies it with a signed receipt, which is carried back.
    #[must_use]
    pub fn apply(&self, at: SocketAddr) -> Value {
        let _ = self.executor(at, "verify", &[]).exits(0);
        let plan = json(&self.executor(at, "plan", &["--format", "json"]).exits(0).stdout);
        let digest = plan["digest"].as_str().unwrap_or_default().to_owned();
        let flags = ["--approve", &digest, "--receipt", "receipt.json", "--receipt-key", "admin.key"];
        let _ = self.executor(at, "apply", &flags).exits(0);
        for file in ["receipt.json", "receipt.json.jws"] {
            self.carry(file, AUTHOR);
        }
        let text = std::fs::read_to_string(self.path(AUTHOR, "receipt.json"));
        json(&text.unwrap_or_else(|error| panic!("no receipt came back: {error}")))
    }

    /// `finalize` on the author's own directory, with the executor's key.
    #[must_use]
    pub fn finalize(&self, flags: &[&str]) -> Run {
        let fixed = ["finalize", "--receipt", "receipt.json", "--output-dir", "out"];
        self.generator(AUTHOR, &[fixed.as_slice(), flags].concat())
    }

    /// `install` from the author's directory into an installer's that waits for it.
    #[must_use]
    pub fn install(&self) -> Run {
        make(&self.path(AUTHOR, "installer"));
        let config = format!(
            "apiVersion: v1\nbaseDomain: example.org\nmetadata:\n  name: harbour\ncredentialsMode: Manual\n\
             platform:\n  aws:\n    region: {REGION}\n"
        );
        let written = std::fs::write(self.path(AUTHOR, "installer/install-config.yaml"), config);
        written.unwrap_or_else(|error| panic!("no installer's directory: {error}"));
        self.generator(AUTHOR, &["install", "--from", "out", "--install-dir", "installer"])
    }

    /// What `oc` would print, in `name`, for a cluster made of the installed manifests, with these changes:
    /// see `oc.py`.
    pub fn print_cluster(&self, name: &str, changes: &[&str]) {
        let mut script = command(&python());
        script.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/oc.py"));
        let run = Run::of(script.arg(self.path(AUTHOR, "installer/manifests")).args(changes)).exits(0);
        let written = std::fs::write(self.path(AUTHOR, name), run.stdout);
        written.unwrap_or_else(|error| panic!("{name} cannot be written: {error}"));
    }

    /// `check-cluster` on a file that [`Crossing::print_cluster`] wrote.
    #[must_use]
    pub fn check_cluster(&self, name: &str, flags: &[&str]) -> Run {
        let fixed = ["check-cluster", "--bundle", &self.bundle, "--trusted-key", "author.key.pub", name];
        self.generator(AUTHOR, &[fixed.as_slice(), flags].concat())
    }
}

/// The emulator's account as flags of `create-all`.
pub const ACCOUNT: [&str; 2] = ["--account-id", Emulator::ACCOUNT];

/// JSON that a program printed.
#[must_use]
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("this is no JSON: {error}\n{text}"))
}

fn make(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
}

/// A command in a network namespace of its own, where nothing but a loopback interface that is down exists.
///
/// Where the machine allows none, that is said, and the generator's own lock is all there is.
fn offline(program: &Path) -> Command {
    let Some(flags) = namespace() else {
        let _ = writeln!(
            std::io::stderr(),
            "note: this machine allows no network namespace; the generator runs under its own lock only"
        );
        return command(program);
    };
    let mut offline = command(Path::new("unshare"));
    offline.args(flags).arg("--").arg(program);
    offline
}

/// The flags with which `unshare` gives a namespace whose only interface is the loopback one.
#[must_use]
pub fn namespace() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["--net"], &["--net", "--map-root-user"]];
    WAYS.into_iter().find(|flags| {
        let mut look = command(Path::new("unshare"));
        let Ok(output) = look.args(*flags).args(["--", "cat", "/proc/net/dev"]).output() else {
            return false;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let interfaces: Vec<_> = text.lines().filter_map(|line| line.split_once(':')).collect();
        output.status.success() && interfaces.iter().all(|(name, _)| name.trim() == "lo")
    })
}
