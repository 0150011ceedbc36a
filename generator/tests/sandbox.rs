//! Within the sandbox every way to a network is refused. A program of its own: there is no way back out.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use sts_generator::sandbox::{self, Sandbox};

/// The ways to another machine or process, each by its name.
#[expect(clippy::disallowed_methods, reason = "that no program can be started is what is tested")]
fn ways(peer: std::net::SocketAddr, folder: &std::path::Path) -> Vec<(&'static str, io::Result<()>)> {
    vec![
        ("TCP to a peer", TcpStream::connect(peer).map(drop)),
        ("TCP as a server", TcpListener::bind("127.0.0.1:0").map(drop)),
        ("TCP over IPv6", TcpListener::bind("[::1]:0").map(drop)),
        ("UDP", UdpSocket::bind("127.0.0.1:0").map(drop)),
        ("a Unix socket", UnixListener::bind(folder.join("socket")).map(drop)),
        ("a Unix datagram socket", UnixDatagram::unbound().map(drop)),
        ("a pair of sockets", UnixStream::pair().map(drop)),
        ("another program", std::process::Command::new("/bin/true").status().map(drop)),
    ]
}

#[test]
fn every_way_to_a_network_works_before_and_is_refused_after() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = listener.local_addr().unwrap();
    let mut inherited = TcpStream::connect(peer).unwrap();
    inherited.write_all(b"before").unwrap();
    let mut file = fs::File::create(folder.path().join("file")).unwrap();
    for (way, result) in ways(peer, folder.path()) {
        // A machine without IPv6 has one way fewer.
        assert!(result.is_ok() || way == "TCP over IPv6", "{way} does not work here: {result:?}");
    }
    assert_eq!(sandbox::enter(), Sandbox::Entered, "this test needs a kernel with seccomp");

    let denied =
        |result: io::Result<usize>| result.map_err(|error| error.kind()) == Err(ErrorKind::PermissionDenied);
    assert!(denied(inherited.write(b"after")), "a connection that was open before takes nothing more");
    assert!(denied(inherited.read(&mut [0])), "and gives nothing");
    assert!(inherited.try_clone().is_err(), "and cannot be had under another number");
    file.write_all(b"what is no connection can be written").unwrap();
    for (way, result) in ways(peer, &folder.path().join("again")) {
        assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied), "{way}");
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    assert!(status.contains("\nSeccomp:\t2\n"), "the filter is in force: {status}");
    assert!(status.contains("\nNoNewPrivs:\t1\n"), "and cannot be shed by starting a program: {status}");
}
