//! Requests to signed bundle, with keys that exist: the whole program, as a person waits for it.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::path::{Path, PathBuf};
use sts_tests::handoff::{GENERATION, Handoff, REQUESTS};

fn main() {
    divan::main();
}

/// A folder of this many requests, each with a name of its own.
fn requests(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let pattern = include_str!("../fixtures/one-request/backup.yaml");
    for number in 0..count {
        let name = format!("example-backup-{number:04}");
        let text = pattern.replace("example-backup", &name);
        std::fs::write(folder.path().join(format!("{name}.yaml")), text).unwrap();
    }
    folder
}

fn create_all(bencher: divan::Bencher<'_, '_>, requests: &Path) {
    let story = Handoff::of(requests, &[]);
    // Each run writes a folder of its own: writing the same again is another, shorter job.
    let generation = std::sync::atomic::AtomicU64::new(GENERATION);
    bencher.bench(|| -> PathBuf {
        let next = generation.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        story.create_all(requests, next, &[])
    });
}

#[divan::bench(sample_count = 50)]
fn seven_requests(bencher: divan::Bencher<'_, '_>) {
    create_all(bencher, Path::new(REQUESTS));
}

#[divan::bench(args = [10_000], sample_count = 3)]
fn very_many_requests(bencher: divan::Bencher<'_, '_>, count: usize) {
    many_requests(bencher, count);
}

#[divan::bench(args = [10, 100, 1_000], sample_count = 10)]
fn many_requests(bencher: divan::Bencher<'_, '_>, count: usize) {
    let folder = requests(count);
    create_all(bencher, folder.path());
}
