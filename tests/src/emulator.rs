//! An AWS behind HTTP on this machine: moto's server, one process to a test, gone with its owner.

use crate::programs::{build_folder, command};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long the server may take to listen; it takes one second on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    address: SocketAddr,
}

impl Emulator {
    /// The account everything happens in. Source: moto's default.
    pub const ACCOUNT: &str = "123456789012";

    /// Starts a server on a free port of the loopback address and waits until it listens there.
    #[must_use]
    pub fn start() -> Self {
        Self::start_as(Self::ACCOUNT)
    }

    /// The same, but the credentials belong to this account.
    #[must_use]
    pub fn start_as(account: &str) -> Self {
        Self::launch(account, &["-m", "moto.server", "-H", "127.0.0.1", "-p"], 0)
    }

    /// One that can be told to check permissions as AWS does; see `guarded_server.py`.
    #[must_use]
    pub fn start_guarded() -> Self {
        Self::start_slow(0)
    }

    /// The same, with a CloudFront that takes so many looks until a change has reached every place.
    #[must_use]
    pub fn start_slow(looks: u32) -> Self {
        Self::launch(
            Self::ACCOUNT,
            &[concat!(env!("CARGO_MANIFEST_DIR"), "/python/guarded_server.py")],
            looks,
        )
    }

    fn launch(account: &str, server: &[&str], looks: u32) -> Self {
        let mut child = command(&python())
            .args(server)
            // Any free port: the server says which, and no other server can be taken for it.
            .arg("0")
            .env("MOTO_ACCOUNT_ID", account)
            .env("CLOUDFRONT_LOOKS", looks.to_string())
            // Nothing is written beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start the AWS emulator: {error}"));
        let address = child.stderr.take().and_then(|words| listen(words).recv_timeout(PATIENCE).ok());
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the AWS emulator did not start; its words are in {}", log_path().display());
        };
        Self { child, address }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the server's process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What `AWS_ENDPOINT_URL` must be.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what a server says in the log, for as long as it lives; gives the address it says it listens on.
fn listen(words: ChildStderr) -> Receiver<SocketAddr> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut log = File::options().create(true).append(true).open(log_path()).ok();
        for line in BufReader::new(words).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let address =
                line.split_once("Running on http://").and_then(|(_, rest)| rest.trim().parse().ok());
            if let Some(address) = address {
                let _ = tell.send(address);
            }
            if let Some(log) = &mut log {
                let _ = writeln!(log, "{line}");
            }
        }
    });
    told
}

fn log_path() -> PathBuf {
    environment().with_extension("log")
}

/// The virtual environment, shared by all profiles of this target folder.
fn environment() -> PathBuf {
    let folder = build_folder();
    folder.parent().unwrap_or(&folder).join("moto-venv")
}

/// Python in a virtual environment that holds what `requirements.txt` says, made when first asked for.
#[must_use]
pub fn python() -> PathBuf {
    let environment = environment();
    let python = environment.join("bin/python");
    let wanted = include_str!("../requirements.txt");
    let stamp = environment.join("installed.txt");
    let lock_path = environment.with_extension("lock");
    let lock = File::create(&lock_path)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", lock_path.display()));
    // Test programs run side by side; one makes the environment, the others wait for it here.
    lock.lock().unwrap_or_else(|error| panic!("cannot lock {}: {error}", lock_path.display()));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    install(&environment, &python);
    std::fs::write(&stamp, wanted)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", stamp.display()));
    python
}

fn install(environment: &Path, python: &Path) {
    let requirements = concat!(env!("CARGO_MANIFEST_DIR"), "/requirements.txt");
    let mut make = std::process::Command::new("python3");
    make.args(["-m", "venv"]).arg(environment);
    let mut fill = std::process::Command::new(python);
    fill.args(["-m", "pip", "install", "--quiet", "--requirement", requirements]);
    for step in [&mut make, &mut fill] {
        let line = format!("{step:?}");
        let output = step.output().unwrap_or_else(|error| {
            panic!("the end-to-end tests need Python 3 with its venv module: {line}: {error}")
        });
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the end-to-end tests need a Python environment, and making it failed: {line}\n{words}"
        );
    }
}
