//! `manifest.json`, as the first file of an archive without fault.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use sts_schemas::bundle::{UnverifiedBundle, VerifyError};
use sts_schemas::manifest::Manifest;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(bundle) = dress::bundle(data, &[]) else { return Corpus::Reject };
    let result = UnverifiedBundle::new(bundle.as_slice()).read_without_trust();
    let taken = match &result {
        Ok(_) => true,
        Err(error) => matches!(error, VerifyError::FilesDiffer(_) | VerifyError::Inconsistent(_)),
    };
    if taken {
        let manifest: Manifest = serde_json::from_slice(data).expect("the reader took it");
        assert_eq!(manifest.to_bytes(), data, "there is one way to write a manifest");
    }
    Corpus::Keep
});
