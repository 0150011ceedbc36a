//! Bundles near the limits of the format, written piece by piece, so that they never are in memory as a whole.

use std::collections::VecDeque;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::Path;
use sts_schemas::archive::{BLOCK, END_BLOCKS, GZIP_HEADER, STORED_BLOCK, header, padding};
use sts_schemas::bundle::{Expiry, UnverifiedBundle, VerifiedBundle, VerifyError};
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{self, Place};
use sts_schemas::manifest::{FileEntry, Manifest};
use sts_schemas::signature::{Algorithm, Claims, SigningKey, TrustStore, sign};
use sts_tests::adversary::{files, unpack};
use sts_tests::vectors::{BUNDLE, FOLDER};

/// A stretch of an archive: bytes, or one byte so many times.
enum Piece {
    Bytes(Vec<u8>),
    Repeated(u8, usize),
}

/// An archive as a row of pieces, packed while it is read.
pub(crate) struct Bundle {
    pieces: VecDeque<Piece>,
    left: usize,
    sum: flate2::Crc,
    ready: VecDeque<u8>,
}

impl Bundle {
    fn of(pieces: VecDeque<Piece>) -> Self {
        let size = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Repeated(_, times) => *times,
        };
        let left = pieces.iter().map(size).sum();
        Self { pieces, left, sum: flate2::Crc::new(), ready: GZIP_HEADER.into_iter().collect() }
    }

    /// The next bytes of the archive, as many as this if there are.
    fn take(&mut self, most: usize) -> Vec<u8> {
        let mut taken = Vec::with_capacity(most);
        while taken.len() < most {
            let room = most - taken.len();
            match self.pieces.front_mut() {
                None => break,
                Some(Piece::Bytes(bytes)) if bytes.len() > room => taken.extend(bytes.drain(..room)),
                Some(Piece::Repeated(byte, times)) if *times > room => {
                    taken.resize(most, *byte);
                    *times -= room;
                }
                Some(_) => match self.pieces.pop_front() {
                    Some(Piece::Bytes(bytes)) => taken.extend(bytes),
                    Some(Piece::Repeated(byte, times)) => taken.resize(taken.len() + times, byte),
                    None => {}
                },
            }
        }
        taken
    }

    fn fill(&mut self) {
        if self.left == 0 {
            return;
        }
        let block = self.take(STORED_BLOCK);
        self.left -= block.len();
        self.sum.update(&block);
        let length = u16::try_from(block.len()).unwrap().to_le_bytes();
        self.ready.push_back(u8::from(self.left == 0));
        self.ready.extend(length);
        self.ready.extend(length.map(|byte| !byte));
        self.ready.extend(block);
        if self.left == 0 {
            self.ready.extend(self.sum.sum().to_le_bytes());
            self.ready.extend(self.sum.amount().to_le_bytes());
        }
    }
}

impl Read for Bundle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.ready.is_empty() {
            self.fill();
        }
        self.ready.read(buffer)
    }
}

/// A key that only these tests trust.
pub(crate) fn key() -> SigningKey {
    let fill = &mut |bytes: &mut [u8]| {
        bytes.fill(9);
        true
    };
    SigningKey::generate(Algorithm::EdDsa, fill).unwrap()
}

/// Files that are more than a bundle has.
#[derive(Clone, Copy)]
pub(crate) struct More {
    /// How many.
    pub(crate) count: usize,
    /// How many bytes each has.
    pub(crate) length: usize,
    /// The byte that all of them consist of.
    pub(crate) byte: u8,
    /// How long each one's path is at least.
    pub(crate) path: usize,
}

impl More {
    /// So many, each of so many bytes of a comment.
    pub(crate) fn comments(count: usize, length: usize) -> Self {
        Self { count, length, byte: b'#', path: 0 }
    }
}

/// A bundle that is kept, with more files in this folder; and its archive's size.
pub(crate) fn bundle(case: &str, folder: &str, besides: More) -> (Bundle, usize) {
    let More { count, length, byte, path: long } = besides;
    let sound = std::fs::read(Path::new(FOLDER).join(case).join(BUNDLE)).unwrap();
    let mut kept = files(&unpack(&sound));
    let mut manifest: Manifest = serde_json::from_slice(&kept.remove(0).bytes).unwrap();
    let top = kept[0].path.split_once('/').unwrap().0.len() + 1;
    let mut all: Vec<(String, Piece)> = Vec::new();
    for file in kept {
        let path = file.path[top..].to_owned();
        if !path.starts_with(layout::SIGNATURES) {
            all.push((path, Piece::Bytes(file.bytes)));
        }
    }
    let sha256 = Sha256::of(&vec![byte; length]);
    for number in 0..count {
        let file = format!("more-{number:08}.yaml");
        let middle = "x".repeat(long.saturating_sub(folder.len() + file.len() + 2).min(100));
        let path =
            if middle.is_empty() { format!("{folder}/{file}") } else { format!("{folder}/{middle}/{file}") };
        manifest.files.push(FileEntry { path: path.clone(), length: length as u64, sha256: sha256.clone() });
        all.push((path, Piece::Repeated(byte, length)));
    }
    manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let bytes = manifest.to_bytes();
    let claims = Claims {
        manifest_sha256: Sha256::of(&bytes),
        cluster: manifest.cluster.name.clone(),
        account: manifest.cluster.account.clone(),
        generation: manifest.generation,
        exp: None,
    };
    let top = format!("{}-{}", manifest.cluster.name, claims.manifest_sha256.short());
    let key = key();
    let token = sign(&key, &claims).unwrap().into_bytes();
    let head = [
        (layout::MANIFEST.to_owned(), Piece::Bytes(bytes)),
        (layout::signature(key.public_key().id().as_str()), Piece::Bytes(token)),
    ];
    let mut pieces = VecDeque::new();
    for (path, content) in head.into_iter().chain(all) {
        let length = match &content {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Repeated(_, times) => *times,
        } as u64;
        let mode = Place::of(&path).unwrap().mode();
        let block = header(&format!("{top}/{path}"), mode, length).unwrap();
        pieces.push_back(Piece::Bytes(block.as_bytes().to_vec()));
        pieces.push_back(content);
        pieces.push_back(Piece::Repeated(0, padding(length)));
    }
    pieces.push_back(Piece::Repeated(0, END_BLOCKS * BLOCK));
    let bundle = Bundle::of(pieces);
    let size = bundle.left;
    (bundle, size)
}

/// A figure of this program's memory, in bytes.
pub(crate) fn memory(figure: &str) -> u64 {
    memory_of("self", figure).unwrap()
}

/// A figure of a process's memory, in bytes; none where it has ended. Source: proc(5), `/proc/pid/status`.
pub(crate) fn memory_of(process: &str, figure: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(figure))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// What a reader says of a bundle, and the most memory that it took beyond these bytes.
pub(crate) fn read(bundle: Bundle, before: u64) -> (Result<VerifiedBundle, VerifyError>, u64) {
    let trust = TrustStore::new(vec![key().public_key().clone()], NonZeroUsize::MIN).unwrap();
    // Writing 5 there makes the peak begin anew. Source: proc(5), `/proc/pid/clear_refs`.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let result = UnverifiedBundle::new(bundle).verify(&trust, Expiry::Enforced(0));
    (result, memory("VmHWM").saturating_sub(before))
}
