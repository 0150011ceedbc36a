//! What a reader keeps of a bundle has a limit of its own, which is met before anything is read.
//!
//! A program of its own, since it is the program's memory that is looked at, from its beginning: what an allocator keeps
//! of one reading counts for the next.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the figures are what a reader of the log wants to see")]

mod large;

use large::{More, bundle, memory, read};
use sts_schemas::bundle::Limits;
use sts_schemas::layout;

#[test]
fn what_is_parsed_and_kept_is_counted_before_it_is_read() {
    const MIB: usize = 1 << 20;
    let before = memory("VmRSS");
    let most = 3 * Limits::FORMAT.file;
    // As many as may be kept and as the archive has room for, and half as many where values are open.
    for (case, count, length, why) in [
        ("sound", 31, MIB, "one form of a Secret"),
        ("sound", 32, MIB, "bytes in files to be kept"),
        ("sound", 240, MIB, "bytes in files to be kept"),
        ("all-open", 15, MIB, "one form of a Secret"),
        ("all-open", 16, MIB, "bytes in files to be kept"),
        ("sound", 1, MIB + 1, "bytes in one file"),
    ] {
        let (bundle, size) = bundle(case, layout::MANIFESTS, More::comments(count, length));
        let (refused, taken) = read(bundle, before);
        let error = refused.map(drop).unwrap_err().to_string();
        println!("{case}, {count} manifests of {length} bytes more: archive {size}, memory {taken}");
        assert!(error.contains(why), "{case} and {count}: {error}");
        assert!(taken < most, "{taken} bytes for {case} and {count}");
    }
}
