//! No byte of a bundle can be changed, cut or added without its being noticed, and for the right reason.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the counts are what a reader of the log wants to see")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::OnceLock;
use sts_schemas::archive::{BLOCK, END_BLOCKS, padding};
use sts_schemas::bundle::{Expiry, UnverifiedBundle, Verdict, VerifyError};
use sts_schemas::signature::{PublicKey, TrustStore};
use sts_tests::adversary::{files, pack, unpack};
use sts_tests::handoff::Handoff;
use sts_tests::vectors::{REQUESTS, name};

const NOW: Expiry = Expiry::Enforced(sts_tests::handoff::GENERATION);

/// A signed bundle and whom to trust, made once for all tests here.
fn sound() -> &'static (Vec<u8>, TrustStore) {
    static SOUND: OnceLock<(Vec<u8>, TrustStore)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let story = Handoff::of(REQUESTS.as_ref(), &[]);
        let key = PublicKey::from_pem(&std::fs::read_to_string(story.public_key()).unwrap()).unwrap();
        let trust = TrustStore::new(vec![key], NonZeroUsize::MIN).unwrap();
        (std::fs::read(story.bundle()).unwrap(), trust)
    })
}

fn verify(bundle: &[u8]) -> Result<(), VerifyError> {
    UnverifiedBundle::new(bundle).verify(&sound().1, NOW).map(drop)
}

/// Does `damage` for every number below `count`, on two threads, and counts what came of it by name.
fn for_each(count: usize, damage: impl Fn(usize) -> &'static str + Sync) -> BTreeMap<&'static str, usize> {
    let half = |odd: usize| {
        let mut tally = BTreeMap::new();
        for index in (odd..count).step_by(2) {
            *tally.entry(damage(index)).or_insert(0) += 1;
        }
        tally
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut tally = half(0);
        for (name, count) in other.join().unwrap() {
            *tally.entry(name).or_insert(0) += count;
        }
        tally
    })
}

#[test]
fn every_byte_of_the_file_counts() {
    let (bundle, _) = sound();
    verify(bundle).unwrap();
    let tally = for_each(bundle.len(), |index| {
        let mut damaged = bundle.clone();
        // Another bit in each byte of a run of eight; where the gzip member speaks, every byte is whole.
        damaged[index] ^= 1 << (index % 8);
        let error = verify(&damaged).expect_err("a changed byte passes");
        let header = index < sts_schemas::archive::GZIP_HEADER.len();
        assert_eq!(header, matches!(error, VerifyError::NotGzip), "byte {index}: {error}");
        name(&error)
    });
    println!("{} bytes changed in the file: {tally:?}", bundle.len());
}

#[test]
fn every_bit_of_the_gzip_member_counts() {
    let (bundle, _) = sound();
    let framing = (0..15).chain(bundle.len() - 8..bundle.len());
    for bit in framing.flat_map(|byte| byte * 8..byte * 8 + 8) {
        let mut damaged = bundle.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        verify(&damaged).expect_err("a changed bit passes");
    }
}

/// What a stretch of the archive is, and so how a change in it must be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Manifest,
    Signature,
    File,
    Padding,
    End,
}

impl Part {
    fn noticed_as(self, error: &VerifyError) -> bool {
        match self {
            Self::Header => error.verdict() == Verdict::NotABundle,
            Self::Manifest => matches!(error, VerifyError::OtherManifest { .. }),
            Self::Signature => matches!(error, VerifyError::BadSignature { .. }),
            Self::File => matches!(error, VerifyError::FilesDiffer(_)),
            Self::Padding => matches!(error, VerifyError::BadEntry { .. }),
            Self::End => {
                matches!(error, VerifyError::TrailingData(_) | VerifyError::BadEntry { .. })
            }
        }
    }
}

fn parts(archive: &[u8]) -> Vec<(Range<usize>, Part)> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut take = |length: usize, part| {
        parts.push((at..at + length, part));
        at += length;
    };
    for file in files(archive) {
        take(BLOCK, Part::Header);
        let part = match file.path.split('/').collect::<Vec<_>>().as_slice() {
            [_, "manifest.json"] => Part::Manifest,
            [_, "signatures", _] => Part::Signature,
            _ => Part::File,
        };
        take(file.bytes.len(), part);
        take(padding(file.bytes.len() as u64), Part::Padding);
    }
    take(END_BLOCKS * BLOCK, Part::End);
    assert_eq!(at, archive.len(), "the parts are the whole");
    parts
}

#[test]
fn every_byte_of_the_archive_counts_and_is_missed_for_what_it_is() {
    let archive = unpack(&sound().0);
    verify(&pack(&archive)).unwrap();
    let parts = parts(&archive);
    let tally = for_each(archive.len(), |index| {
        let (_, part) = parts.iter().find(|(range, _)| range.contains(&index)).unwrap();
        let mut damaged = archive.clone();
        // Another bit in each byte of a run of eight; the lowest and highest are the usual suspects.
        damaged[index] ^= 1 << (index % 8);
        let error = verify(&pack(&damaged)).expect_err("a changed byte passes");
        assert!(part.noticed_as(&error), "byte {index} of {part:?}: {error}");
        name(&error)
    });
    println!("{} bytes changed in the archive: {tally:?}", archive.len());
}

#[test]
fn a_bundle_cut_at_any_length_is_refused() {
    let (bundle, _) = sound();
    let archive = unpack(bundle);
    let tally = for_each(bundle.len(), |length| {
        name(&verify(&bundle[..length]).expect_err("a part passes for the whole"))
    });
    println!("{} lengths of the file: {tally:?}", bundle.len());
    let tally = for_each(archive.len() - 1, |index| {
        let length = index + 1;
        name(&verify(&pack(&archive[..length])).expect_err("a part passes for the whole"))
    });
    assert!(tally.keys().all(|name| ["truncated"].contains(name)), "{tally:?}");
    println!("{} lengths of the archive: {tally:?}", archive.len() - 1);
}

#[test]
fn a_byte_added_anywhere_is_refused() {
    let (bundle, _) = sound();
    let archive = unpack(bundle);
    let insert = |bytes: &[u8], at: usize| {
        let mut longer = bytes.to_vec();
        longer.insert(at, 0);
        longer
    };
    let tally = for_each(bundle.len() + 1, |at| {
        name(&verify(&insert(bundle, at)).expect_err("a longer file passes"))
    });
    println!("{} places for one more byte in the file: {tally:?}", bundle.len() + 1);
    assert!(matches!(verify(&insert(bundle, bundle.len())), Err(VerifyError::TrailingData(_))));
    let tally = for_each(archive.len() + 1, |at| {
        name(&verify(&pack(&insert(&archive, at))).expect_err("a longer archive passes"))
    });
    println!("{} places for one more byte in the archive: {tally:?}", archive.len() + 1);
}
