//! How long apply, a second plan and delete take in units of one call, when every call takes as long.
//!
//! `measure-latency [MILLISECONDS]`, 250 where none are given. Prints one line to a command: call times end to
//! end, calls made, and the most of them at once.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{Handoff, REQUESTS};
use sts_tests::proxy::Proxy;

fn main() {
    let delay = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(250);
    let delay = Duration::from_millis(delay);
    println!("{} ms to a call", delay.as_millis());
    println!("{:<10} {:<12} {:>10} {:>6} {:>8}", "requests", "command", "call times", "calls", "at once");
    measure(7, Path::new(REQUESTS), delay);
    match fifty() {
        Ok(folder) => measure(50, folder.path(), delay),
        Err(error) => println!("no folder of fifty requests: {error}"),
    }
}

fn measure(count: usize, requests: &Path, delay: Duration) {
    let emulator = Emulator::start();
    let proxy = Proxy::start(emulator.address(), delay, Vec::new());
    let story = Handoff::of(requests, &[]);
    // The first call an emulator answers takes a second longer: it loads the service.
    let _ = sts_tests::handoff::account(&emulator).dump();
    for (label, command, flags) in [
        ("plan", "plan", [].as_slice()),
        ("apply", "apply", &["--yes"]),
        ("second plan", "plan", &["--detailed-exitcode"]),
        ("delete", "delete", &["--yes"]),
    ] {
        let begun = Instant::now();
        let _ = story.run(proxy.address(), command, flags).exits(0);
        let times = begun.elapsed().as_secs_f64() / delay.as_secs_f64();
        let traffic = proxy.take_traffic();
        println!(
            "{count:<10} {label:<12} {times:>10.1} {:>6} {:>8}",
            traffic.calls.len(),
            traffic.most_at_once
        );
    }
}

/// Fifty requests, each with a name of its own.
fn fifty() -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let pattern = include_str!("../../fixtures/one-request/backup.yaml");
    for number in 0..50 {
        let mut name = String::new();
        let _ = write!(name, "example-backup-{number:02}");
        let text = pattern.replace("example-backup", &name);
        std::fs::write(folder.path().join(format!("{name}.yaml")), text)?;
    }
    Ok(folder)
}
