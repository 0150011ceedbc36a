//! The processor's time that processes had, as Linux tells it.

use std::time::Duration;

/// What the figures count in, whatever the kernel itself counts in. Source: proc(5), `/proc/pid/stat`, and time(7).
const TICKS_A_SECOND: u64 = 100;

/// Where the figures stand behind the program's name, which may hold spaces. Source: proc(5), fields 14 to 17.
const OWN: [usize; 2] = [11, 12];
const CHILDREN: [usize; 2] = [13, 14];

/// What a process has had so far, in the program and in the kernel.
///
/// # Panics
/// Where there is no such process, or no such file as on Linux.
#[must_use]
pub fn time_of(process: u32) -> Duration {
    read(&process.to_string(), OWN)
}

/// What those processes had that this one started and waited for until they ended.
///
/// # Panics
/// Where there is no such file as on Linux.
#[must_use]
pub fn time_of_ended_children() -> Duration {
    read("self", CHILDREN)
}

fn read(process: &str, fields: [usize; 2]) -> Duration {
    let path = format!("/proc/{process}/stat");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let figures = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let figures: Vec<&str> = figures.split_whitespace().collect();
    let ticks = fields.iter().map(|field| figures.get(*field).and_then(|text| text.parse::<u64>().ok()));
    let ticks: Option<u64> = ticks.sum();
    let ticks = ticks.unwrap_or_else(|| panic!("{path} is not as proc(5) says: {text}"));
    Duration::from_millis(ticks * 1000 / TICKS_A_SECOND)
}
