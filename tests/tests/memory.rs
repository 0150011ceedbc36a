//! Reading a bundle takes the memory of its largest files, not of all of them.
//!
//! A program of its own, one test after the other, since it is the program's memory that is looked at.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the figures are what a reader of the log wants to see")]

mod large;

use large::{More, bundle, key, memory, memory_of, read};
use std::fs::File;
use std::num::NonZeroUsize;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;
use sts_schemas::bundle::{Expiry, Limits, UnverifiedBundle};
use sts_schemas::layout;
use sts_schemas::signature::TrustStore;
use sts_tests::programs::{command, program};

/// Held by each test here, so that none measures what another takes.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn reading_takes_less_than_three_of_the_largest_files_and_never_the_archive() {
    let _alone = ALONE.lock();
    let file = Limits::FORMAT.file;
    let largest = usize::try_from(file).unwrap();
    // Near the limit on the archive, by the largest files there may be, text and none; near that on entries, by small
    // ones; near that on the manifest, by long paths.
    for more in [
        More::comments(15, largest),
        More { byte: 0xff, ..More::comments(15, largest) },
        More::comments(60_000, 1),
        More { path: 140, ..More::comments(58_000, 1) },
    ] {
        let (bundle, size) = bundle("sound", layout::REQUESTS, more);
        let (verified, taken) = read(bundle, memory("VmRSS"));
        assert_eq!(verified.unwrap().outline().resources.len(), 5);
        let More { count, length, byte, path } = more;
        println!(
            "{count} files of {length} bytes {byte:#x} more, paths of {path}: archive {size}, memory {taken}"
        );
        assert!(taken < 3 * file, "{taken} bytes for an archive of {size}");
    }
}

#[test]
fn signing_a_bundle_takes_no_more_memory_than_reading_it() {
    let _alone = ALONE.lock();
    let (generator, folder) = (program("sts-generator"), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    let made = command(&generator).args(["create-signing-key", "--output"]).arg(at("key")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let largest = usize::try_from(Limits::FORMAT.file).unwrap();
    let (mut whole, size) = bundle("sound", layout::REQUESTS, More::comments(15, largest));
    std::io::copy(&mut whole, &mut File::create(at("bundle.tar.gz")).unwrap()).unwrap();

    let mut signing = command(&generator);
    signing.arg("sign").arg(at("bundle.tar.gz")).arg("--signing-key").arg(at("key"));
    let mut signing = signing.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The peak only grows: what it was when last looked at is what it was, but for the last instant.
    let mut peak = 0;
    let status = loop {
        peak = memory_of(&signing.id().to_string(), "VmHWM").unwrap_or(peak);
        match signing.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    assert!(status.success(), "{status}");
    println!("signing an archive of {size}: memory {peak}");
    assert!(peak > 0 && peak < 3 * Limits::FORMAT.file, "{peak} bytes for an archive of {size}");
}

#[test]
fn limits_are_enforced_before_anything_is_kept() {
    let _alone = ALONE.lock();
    let trust = TrustStore::new(vec![key().public_key().clone()], NonZeroUsize::MIN).unwrap();
    let refused = |limits: Limits, what: &str| {
        let result = UnverifiedBundle::with_limits(
            bundle("sound", layout::REQUESTS, More::comments(2, 5000)).0,
            limits,
        )
        .verify(&trust, Expiry::Enforced(0));
        let error = result.map(drop).unwrap_err().to_string();
        assert!(error.starts_with("the bundle has more than") && error.ends_with(what), "{error}");
    };
    refused(Limits { entries: 10, ..Limits::FORMAT }, "entries");
    refused(Limits { archive: 20_000, ..Limits::FORMAT }, "bytes of archive");
    refused(Limits { file: 4_999, ..Limits::FORMAT }, "bytes in one file");
    refused(Limits { manifest: 1_000, ..Limits::FORMAT }, "bytes in one file");
    refused(Limits { signature: 100, ..Limits::FORMAT }, "bytes in one file");
    refused(Limits { signatures: 0, ..Limits::FORMAT }, "signatures");
}
