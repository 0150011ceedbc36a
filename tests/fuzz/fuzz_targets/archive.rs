//! The whole reading of a bundle nobody vouches for: gzip, archive, manifest, files, and how they agree.
//!
//! Three kinds of input: a bundle as it is (it begins as gzip does), a set of files (it begins with `F`), and
//! else an archive without the gzip around it. What is taken is bound too, where it leaves a value open.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use std::sync::LazyLock;
use sts_schemas::bundle::UnverifiedBundle;
use sts_schemas::open::Bound;

static BOUND: LazyLock<Bound> = LazyLock::new(|| Bound {
    account: Some("123456789012".parse().expect("an account")),
    issuer: Some("https://d111111abcdef8.cloudfront.net".parse().expect("an issuer")),
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let bundle = match data {
        [0x1f, 0x8b, ..] => data.to_vec(),
        [b'F', files @ ..] => match dress::bundle_of_files(files) {
            Some(bundle) => bundle,
            None => return Corpus::Reject,
        },
        archive => dress::bundle_of_archive(archive),
    };
    match UnverifiedBundle::new(bundle.as_slice()).read_without_trust() {
        Ok(bundle) => {
            let bundle = bundle.as_if_verified();
            assert!(bundle.signers().is_empty(), "nobody's key was asked for");
            assert!(!bundle.outline().resources.is_empty(), "a sound bundle asks for something");
            if let Err(error) = bundle.bind(&BOUND) {
                assert!(!error.to_string().is_empty());
            }
        }
        // Messages are shown to a person, whatever is in them.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    Corpus::Keep
});
