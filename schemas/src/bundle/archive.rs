//! Reads the archive of a bundle block by block, and refuses whatever its writer would not have written.

use super::error::VerifyError;
use super::limits::Limits;
use super::member::Member;
use crate::archive::{BLOCK, END_BLOCKS, header, padding};
use crate::layout::Place;
use std::io::Read;
use tar::{EntryType, Header};

/// An archive being read: one entry at a time, in order, each with its content or not at all.
pub(super) struct ArchiveReader<R> {
    member: Member<R>,
    limits: Limits,
    unpacked: u64,
    entries: u64,
    top: Option<String>,
    previous: Option<String>,
    ended: bool,
}

/// One entry whose header was checked; its content comes next in the archive.
pub(super) struct Entry {
    /// The path below the top folder.
    pub(super) path: String,
    /// How many bytes its header says it has.
    pub(super) length: u64,
}

impl<R: Read> ArchiveReader<R> {
    /// Looks at the first bytes of a source.
    pub(super) fn open(source: R, limits: Limits) -> Result<Self, VerifyError> {
        let member = Member::open(source)?;
        Ok(Self { member, limits, unpacked: 0, entries: 0, top: None, previous: None, ended: false })
    }

    /// The top folder, once the first entry was read.
    pub(super) fn top(&self) -> &str {
        self.top.as_deref().unwrap_or_default()
    }

    /// The header of the next entry, or `None` at the end of the archive.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry>, VerifyError> {
        if self.ended {
            return Ok(None);
        }
        let mut block = [0_u8; BLOCK];
        self.fill(&mut block, "a header")?;
        if block == [0; BLOCK] {
            for _ in 1..END_BLOCKS {
                self.fill(&mut block, "the blocks that end it")?;
                if block != [0; BLOCK] {
                    return Err(VerifyError::TrailingData(
                        "one zero block and then more, where two end an archive",
                    ));
                }
            }
            self.ended = true;
            return Ok(None);
        }
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(VerifyError::limit("entries", self.limits.entries));
        }
        self.checked_header(&block).map(Some)
    }

    fn checked_header(&mut self, block: &[u8; BLOCK]) -> Result<Entry, VerifyError> {
        let received = Header::from_byte_slice(block);
        let full_path = String::from_utf8_lossy(&received.path_bytes()).into_owned();
        let bad = |why| VerifyError::BadEntry { path: full_path.clone(), why };
        if received.as_ustar().is_none() {
            return Err(bad("its header is not of the ustar kind"));
        }
        match received.entry_type() {
            EntryType::Regular => {}
            EntryType::Symlink | EntryType::Link => return Err(bad("it is a link")),
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                return Err(bad("it is a device or pipe"));
            }
            EntryType::Directory => return Err(bad("it is a folder; files alone name their folders")),
            EntryType::XHeader | EntryType::XGlobalHeader => return Err(bad("PAX headers are not taken")),
            EntryType::GNULongName | EntryType::GNULongLink => {
                return Err(bad("GNU long names are not taken"));
            }
            EntryType::GNUSparse | EntryType::Continuous => return Err(bad("only plain files are taken")),
            _ => return Err(bad("its type is unknown")),
        }
        let wrong_path = || VerifyError::BadPath { path: full_path.clone() };
        let (top, path) = full_path.split_once('/').ok_or_else(wrong_path)?;
        let place = Place::of(path).ok_or_else(wrong_path)?;
        if *self.top.get_or_insert_with(|| top.to_owned()) != top {
            return Err(wrong_path());
        }
        let length = received.entry_size().map_err(|_| bad("its length is no number"))?;
        let expected = header(&full_path, place.mode(), length).map_err(|_| wrong_path())?;
        if expected.as_bytes() != block {
            return Err(bad("its header is not the one this format has for such a file"));
        }
        self.in_order(path, &place)?;
        Ok(Entry { path: path.to_owned(), length })
    }

    /// The manifest first, then signatures, then all else, each group sorted, nothing twice.
    fn in_order(&mut self, path: &str, place: &Place) -> Result<(), VerifyError> {
        let rank = |place: Option<&Place>| match place {
            Some(Place::Manifest) => 0,
            Some(Place::Signature { .. }) => 1,
            _ => 2,
        };
        if let Some(previous) = &self.previous {
            let before = (rank(Place::of(previous).as_ref()), previous.as_str());
            if before >= (rank(Some(place)), path) {
                return Err(VerifyError::WrongOrder { path: path.to_owned(), previous: previous.clone() });
            }
        }
        self.previous = Some(path.to_owned());
        Ok(())
    }

    /// The content of the entry that was read last, and the zeros behind it.
    pub(super) fn content(&mut self, entry: &Entry, most: u64) -> Result<Vec<u8>, VerifyError> {
        if entry.length > most {
            return Err(VerifyError::limit("bytes in one file", most));
        }
        // The buffer grows with what really comes, not with what the header promises.
        let mut bytes = Vec::new();
        let mut left = entry.length;
        let mut piece = [0_u8; 16 * BLOCK];
        while left > 0 {
            let size = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            self.fill(&mut piece[..size], "a file")?;
            bytes.extend_from_slice(&piece[..size]);
            left -= size as u64;
        }
        let mut zeros = [0_u8; BLOCK];
        let zeros = &mut zeros[..padding(entry.length)];
        self.fill(zeros, "the padding of a file")?;
        if zeros.iter().any(|&byte| byte != 0) {
            return Err(VerifyError::BadEntry { path: entry.path.clone(), why: "its padding is not zero" });
        }
        Ok(bytes)
    }

    /// Makes sure that nothing follows.
    pub(super) fn finish(self) -> Result<(), VerifyError> {
        self.member.finish()
    }

    /// Fills a buffer from the archive, within the limit on its size.
    fn fill(&mut self, buffer: &mut [u8], within: &'static str) -> Result<(), VerifyError> {
        self.unpacked += buffer.len() as u64;
        if self.unpacked > self.limits.archive {
            return Err(VerifyError::limit("bytes of archive", self.limits.archive));
        }
        self.member.fill(buffer, within)
    }
}
