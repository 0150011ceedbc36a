//! Whatever is done to a bundle, in whatever combination: if its bytes are others, it is refused.

use proptest::prelude::*;
use proptest::sample::Index;
use std::num::NonZeroUsize;
use std::path::Path;
use sts_schemas::bundle::{Expiry, UnverifiedBundle};
use sts_schemas::signature::{PublicKey, TrustStore};
use sts_tests::adversary::{files, pack, unpack};
use sts_tests::handoff::GENERATION;
use sts_tests::vectors::{BUNDLE, FOLDER, TRUSTED_KEY};

/// One thing that can be done to a row of bytes, or of files.
#[derive(Debug, Clone)]
enum Edit {
    Overwrite(Index, Vec<u8>),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
    Swap(Index, Index),
}

/// Where the edits are made.
#[derive(Debug, Clone, Copy)]
enum Layer {
    /// In the file as it is.
    File,
    /// In the archive, which is packed again.
    Archive,
    /// Among the files of the archive, whose headers are made right again.
    Files,
}

fn edit() -> impl Strategy<Value = Edit> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..20);
    let place = || any::<Index>();
    prop_oneof![
        (place(), bytes()).prop_map(|(at, bytes)| Edit::Overwrite(at, bytes)),
        (place(), bytes()).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (place(), place()).prop_map(|(from, to)| Edit::Remove(from, to)),
        (place(), place()).prop_map(|(from, to)| Edit::Repeat(from, to)),
        (place(), place()).prop_map(|(one, other)| Edit::Swap(one, other)),
    ]
}

fn range(from: Index, to: Index, length: usize) -> std::ops::Range<usize> {
    let (from, to) = (from.index(length + 1), to.index(length + 1));
    from.min(to)..from.max(to)
}

/// Does one edit to a row; `made` makes what an edit brings along.
fn apply<T: Clone>(row: &mut Vec<T>, edit: &Edit, made: impl Fn(&T, &[u8]) -> Vec<T>) {
    let Some(last) = row.len().checked_sub(1) else { return };
    match edit {
        Edit::Overwrite(at, bytes) => {
            let at = at.index(row.len());
            let new = made(&row[at], bytes);
            let end = (at + new.len()).min(row.len());
            row.splice(at..end, new);
        }
        Edit::Insert(at, bytes) => {
            let at = at.index(row.len());
            let new = made(&row[at], bytes);
            row.splice(at..at, new);
        }
        Edit::Remove(from, to) => drop(row.drain(range(*from, *to, last + 1))),
        Edit::Repeat(from, to) => {
            let range = range(*from, *to, last + 1);
            let again = row[range.clone()].to_vec();
            row.splice(range.end..range.end, again);
        }
        Edit::Swap(one, other) => row.swap(one.index(last + 1), other.index(last + 1)),
    }
}

fn edited(bundle: &[u8], layer: Layer, edits: &[Edit]) -> Vec<u8> {
    let same = |_: &u8, bytes: &[u8]| bytes.to_vec();
    match layer {
        Layer::File => {
            let mut bytes = bundle.to_vec();
            for edit in edits {
                apply(&mut bytes, edit, same);
            }
            bytes
        }
        Layer::Archive => {
            let mut archive = unpack(bundle);
            for edit in edits {
                apply(&mut archive, edit, same);
            }
            pack(&archive)
        }
        Layer::Files => {
            let mut all = files(&unpack(bundle));
            for edit in edits {
                apply(&mut all, edit, |file, bytes| {
                    let mut file = file.clone();
                    let at = usize::from(bytes[0]) % (file.bytes.len() + 1);
                    file.bytes.splice(at..at, bytes.iter().copied());
                    vec![file]
                });
            }
            pack(&sts_tests::adversary::archive(&all))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_edited_bundle_is_taken(
        layer in prop_oneof![Just(Layer::File), Just(Layer::Archive), Just(Layer::Files)],
        edits in proptest::collection::vec(edit(), 1..5),
    ) {
        let folder = Path::new(FOLDER);
        let pem = std::fs::read_to_string(folder.join(TRUSTED_KEY)).unwrap();
        let trust = TrustStore::new(vec![PublicKey::from_pem(&pem).unwrap()], NonZeroUsize::MIN).unwrap();
        let sound = std::fs::read(folder.join("sound").join(BUNDLE)).unwrap();
        let damaged = edited(&sound, layer, &edits);
        let result = UnverifiedBundle::new(damaged.as_slice()).verify(&trust, Expiry::Enforced(GENERATION));
        prop_assert_eq!(result.is_ok(), damaged == sound);
    }
}
