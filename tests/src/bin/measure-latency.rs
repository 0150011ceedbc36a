//! How long plan, apply, a second plan and delete take in units of one call, when every call takes as long.
//!
//! `measure-latency [MILLISECONDS] [--programs FOLDER]`: 250, and this build's programs, where nothing else is said.
//! FOLDER is one that `dist.sh` or `cargo build --release` leaves: a build for tests takes longer over each call.
//!
//! Prints one line to a command: call times end to end, from the program's start, calls made, the most of them at once,
//! and the longest call. A call takes the time that was asked for, what the emulator needs for it included; where many
//! come at once the emulator, one interpreter for all of them, may need more, and that counts in full. Behind these
//! stands what it is that the figures hold beside waiting for calls: the same command where a call takes
//! nothing but the emulator's time, in the same units, and the processor's time that emulator and program had.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{Handoff, REQUESTS};
use sts_tests::processor;
use sts_tests::programs::build_folder;
use sts_tests::proxy::{Proxy, Traffic};

const USAGE: &str = "measure-latency [MILLISECONDS] [--programs FOLDER]";

/// The commands, in the order of a cluster's life: label, command, flags.
const COMMANDS: [(&str, &str, &[&str]); 4] = [
    ("plan", "plan", &[]),
    ("apply", "apply", &["--yes"]),
    ("second plan", "plan", &["--detailed-exitcode"]),
    ("delete", "delete", &["--yes"]),
];

fn main() -> ExitCode {
    let Some((delay, programs)) = asked(std::env::args().skip(1)) else {
        println!("{USAGE}");
        return ExitCode::from(64);
    };
    println!("{} ms to a call, programs in {}", delay.as_millis(), programs.display());
    println!(
        "{:<8} {:<11} {:>10} {:>6} {:>8} {:>8} {:>8} {:>11} {:>11}",
        "requests", "command", "call times", "calls", "at once", "longest", "at 0 ms", "emulator", "program"
    );
    measure(7, Path::new(REQUESTS), (delay, &programs));
    match fifty() {
        Ok(folder) => measure(50, folder.path(), (delay, &programs)),
        Err(error) => println!("no folder of fifty requests: {error}"),
    }
    ExitCode::SUCCESS
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Option<(Duration, PathBuf)> {
    let (mut delay, mut programs) = (250, build_folder());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // The programs are started in other folders.
            "--programs" => programs = std::path::absolute(arguments.next()?).ok()?,
            number => delay = number.parse().ok().filter(|delay| *delay > 0)?,
        }
    }
    Some((Duration::from_millis(delay), programs))
}

/// What one command took.
struct Figures {
    elapsed: Duration,
    traffic: Traffic,
    /// The processor's time.
    emulator: Duration,
    program: Duration,
}

fn measure(count: usize, requests: &Path, (delay, programs): (Duration, &Path)) {
    let story = Handoff::by_programs_in(programs, requests, &[]);
    let at_once = life(&story, Duration::ZERO);
    let delayed = life(&story, delay);
    let times = |span: Duration| span.as_secs_f64() / delay.as_secs_f64();
    for (((label, ..), fast), slow) in COMMANDS.iter().zip(at_once).zip(delayed) {
        println!(
            "{count:<8} {label:<11} {:>10.1} {:>6} {:>8} {:>8.1} {:>8.1} {:>8} ms {:>8} ms",
            times(slow.elapsed),
            slow.traffic.calls.len(),
            slow.traffic.most_at_once,
            times(slow.traffic.longest),
            times(fast.elapsed),
            slow.emulator.as_millis(),
            slow.program.as_millis(),
        );
    }
}

/// All commands once, in an account of their own.
fn life(story: &Handoff, delay: Duration) -> Vec<Figures> {
    let emulator = Emulator::start();
    let proxy = Proxy::lasting(emulator.address(), delay);
    // The first call an emulator answers takes a second longer: it loads the service.
    let _ = sts_tests::handoff::account(&emulator).dump();
    let _ = proxy.take_traffic();
    let figures = COMMANDS.iter().map(|(_, command, flags)| {
        let spent = || (processor::time_of(emulator.process()), processor::time_of_ended_children());
        let (begun, before) = (Instant::now(), spent());
        let _ = story.run(proxy.address(), command, flags).exits(0);
        let (elapsed, after) = (begun.elapsed(), spent());
        let traffic = proxy.take_traffic();
        Figures {
            elapsed,
            traffic,
            emulator: after.0.saturating_sub(before.0),
            program: after.1.saturating_sub(before.1),
        }
    });
    figures.collect()
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
