//! Connections that the program was started with.
//!
//! Files and pipes are none: `--passphrase-file <(...)` stays what it is.

use std::fs;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// Where the kernel lists a process's open descriptors. Source: `proc_pid_fd(5)`.
const DESCRIPTORS: &str = "/proc/self/fd";

/// What was found.
pub(super) struct Connections {
    /// Sockets that no call shall use.
    pub(super) barred: Vec<RawFd>,
    /// The standard stream that leads to a network: without it, a person would be told nothing.
    pub(super) network_stream: Option<&'static str>,
}

/// Finds every socket among the open descriptors.
pub(super) fn inherited() -> Result<Connections, String> {
    let sockets = sockets().map_err(|error| {
        format!("{DESCRIPTORS} cannot be read, so connections it was started with cannot be found: {error}")
    })?;
    let (streams, barred): (Vec<_>, Vec<_>) = sockets.into_iter().partition(|&number| number <= 2);
    let network_stream = streams.into_iter().filter_map(standard_stream).find_map(|(name, stream)| {
        // A Unix socket in a pipe's place is how some programs start others; it stays on this machine.
        (!is_local(stream)).then_some(name)
    });
    Ok(Connections { barred, network_stream })
}

/// Every open descriptor that is a socket.
fn sockets() -> io::Result<Vec<RawFd>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(DESCRIPTORS)? {
        let entry = entry?;
        let is_socket = fs::read_link(entry.path())
            .is_ok_and(|target| target.to_str().is_some_and(|target| target.starts_with("socket:")));
        if is_socket && let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push(number);
        }
    }
    Ok(found)
}

fn standard_stream(descriptor: RawFd) -> Option<(&'static str, io::Result<OwnedFd>)> {
    match descriptor {
        0 => Some(("input", io::stdin().as_fd().try_clone_to_owned())),
        1 => Some(("output", io::stdout().as_fd().try_clone_to_owned())),
        2 => Some(("error", io::stderr().as_fd().try_clone_to_owned())),
        _ => None,
    }
}

/// Only a Unix socket has an address of this kind; nothing is sent or received.
fn is_local(stream: io::Result<OwnedFd>) -> bool {
    stream.is_ok_and(|stream| UnixStream::from(stream).local_addr().is_ok())
}
