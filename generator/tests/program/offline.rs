//! No network: proven from outside with strace, and said aloud where the kernel or a stream does not allow it.
#![cfg(target_os = "linux")]

use crate::author::{Author, CLUSTER, PROGRAM, REQUESTS, ran};
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;

/// What strace is to write down: calls of sockets, and those that start a program or a queue beside them.
const TRACED: &str = "trace=%network,execve,execveat,io_uring_setup";

/// The calls a program made, by strace; `None` where there is none, or it may not trace.
fn calls(author: &Author, program: &[&str]) -> Option<String> {
    let mut strace = author.command("strace");
    strace.args(["-f", "-qq", "-o", "calls", "-e", TRACED]).args(program);
    match strace.output() {
        Ok(output) if output.status.success() => Some(fs::read_to_string(author.path("calls")).unwrap()),
        outcome => {
            let why = outcome.map_or_else(
                |error| error.to_string(),
                |output| String::from_utf8_lossy(&output.stderr).into_owned(),
            );
            // Past the harness, which would keep it to itself: whoever reads the log must see what was not proven.
            let line = format!("NOT PROVEN: strace did not run {}: {}\n", program[0], why.trim());
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            None
        }
    }
}

#[test]
fn a_whole_create_all_makes_no_network_call_and_starts_nothing() {
    let author = Author::new();
    let Some(control) = calls(&author, &["sh", "-c", "getent hosts sts-handoff.invalid; true"]) else {
        return;
    };
    assert!(control.contains("socket("), "strace shows calls where there are some: {control}");
    let mut line = vec![PROGRAM, "create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out"];
    line.extend(CLUSTER);
    line.extend(["--signing-key", "author.key", "--require-sandbox"]);
    let calls = calls(&author, &line).expect("strace ran before");
    assert!(author.path("out/tls/bound-service-account-signing-key.key").exists(), "all of it was made");
    let others: Vec<&str> = calls.lines().filter(|line| !line.contains("exited with")).collect();
    assert!(others.len() == 1 && others[0].contains("execve("), "only its own start: {others:#?}");
}

#[test]
fn a_stream_that_is_a_network_connection_is_said_and_with_require_sandbox_refused() {
    let author = Author::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = || OwnedFd::from(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let words = "the network could not be given up: standard input is a connection to a network";
    let mut open = author.command(PROGRAM);
    open.args(["create-signing-key", "--output", "open.key"]).stdin(connection());
    ran(&mut open).exits(0).says(&["note", words]);
    let mut strict = author.command(PROGRAM);
    strict.args(["--require-sandbox", "create-signing-key", "--output", "strict.key"]).stdin(connection());
    ran(&mut strict).exits(1).says(&[words]);
    assert!(author.path("open.key").exists() && !author.path("strict.key").exists());
    let (ours, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut local = author.command(PROGRAM);
    local
        .args(["--require-sandbox", "create-signing-key", "--output", "local.key"])
        .stdin(OwnedFd::from(ours));
    ran(&mut local).exits(0);
}
