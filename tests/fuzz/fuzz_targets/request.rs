//! The generator's reading of a folder of requests: one file of any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use sts_generator::request::{Selection, read_folder};
use sts_schemas::aws::Partition;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

fuzz_target!(|data: &[u8]| {
    std::fs::write(FOLDER.path().join("request.yaml"), data).expect("a file in it");
    match read_folder(FOLDER.path(), &Selection::like_ccoctl(Partition::Aws)) {
        Ok(folder) => assert!(!folder.used.is_empty(), "a folder that is taken has a request"),
        Err(errors) => assert!(!errors.problems.is_empty() && !errors.to_string().is_empty()),
    }
});
