//! An RSA-4096 key pair for a cluster, written to a folder: the whole program, as a person waits for it.
//!
//! `tests/scripts/bench-keygen.sh` compares the same with OpenSSL.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use sts_tests::programs::{Run, command, program};

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 30)]
fn key_pair(bencher: divan::Bencher<'_, '_>) {
    let generator = program("sts-generator");
    bencher.with_inputs(|| tempfile::tempdir().unwrap()).bench_values(|folder| {
        let run = Run::of(command(&generator).args(["create-key-pair", "--output-dir"]).arg(folder.path()));
        run.exits(0).code
    });
}
