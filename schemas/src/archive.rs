//! The outer form of a bundle: one gzip member around a ustar archive, every byte of which but the content
//! can be foretold.
//!
//! Writer and reader make headers with the same function. The reader compares what it received with what
//! the writer would have written, so that a header has no room for anything else. See `FORMAT.md`.

use std::ops::Range;
use tar::{EntryType, Header};

/// The bytes every bundle begins with: deflate, no flags, no time, no word on speed, unknown system.
///
/// Source: RFC 1952, section 2.3.
pub const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// The size in bytes of every stored block but the last. Source: RFC 1951, section 3.2.4.
pub const STORED_BLOCK: usize = 65_535;

/// The bytes before each stored block. Source: as [`STORED_BLOCK`].
const STORED_BLOCK_HEADER: usize = 5;

/// The bytes behind the last one. Source: RFC 1952, section 2.3.1.
const GZIP_TRAILER: usize = 8;

/// The one gzip member that an archive has in a bundle: stored blocks, nothing compressed.
///
/// Compressed, the same archive could be written in many ways, and which one would be up to the version of a
/// library; stored, archive and file determine each other to the last bit, and no decompressor ever runs on
/// bytes that nobody vouched for yet.
#[must_use]
pub fn gzip(archive: &[u8]) -> Vec<u8> {
    let mut member = GZIP_HEADER.to_vec();
    let mut blocks = archive.chunks(STORED_BLOCK).peekable();
    while let Some(block) = blocks.next() {
        member.extend(stored_block_header(block.len(), blocks.peek().is_none()));
        member.extend_from_slice(block);
    }
    let mut sum = flate2::Crc::new();
    sum.update(archive);
    member.extend(gzip_trailer(&sum));
    member
}

/// The archive inside a member that [`gzip`] made; `None` for any other bytes.
#[must_use]
pub fn ungzip(member: &[u8]) -> Option<Vec<u8>> {
    let end = member.len().checked_sub(GZIP_TRAILER)?;
    let stored = member.get(GZIP_HEADER.len()..end)?;
    let mut archive = Vec::with_capacity(stored.len());
    for block in stored.chunks(STORED_BLOCK_HEADER + STORED_BLOCK) {
        archive.extend_from_slice(block.get(STORED_BLOCK_HEADER..)?);
    }
    (gzip(&archive) == member).then_some(archive)
}

/// Where an entry of an archive is, from its header to the end of its padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its path, top folder included.
    pub path: String,
    /// Its bytes in the archive.
    pub range: Range<usize>,
}

/// Where the entries of an archive are that a reader found in order; `None` for any other bytes.
#[must_use]
pub fn spans(archive: &[u8]) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    let mut start = 0_usize;
    loop {
        let block = archive.get(start..start.checked_add(BLOCK)?)?;
        if block == [0; BLOCK] {
            return Some(spans);
        }
        let header = Header::from_byte_slice(block);
        let path = String::from_utf8(header.path_bytes().into_owned()).ok()?;
        let length = header.entry_size().ok()?;
        let content = usize::try_from(length).ok()?.checked_add(padding(length))?;
        let end = start.checked_add(BLOCK)?.checked_add(content)?;
        spans.push(Span { path, range: start..end });
        start = end;
    }
}

/// The five bytes before a stored block. Source: RFC 1951, sections 3.2.3 and 3.2.4.
pub(crate) fn stored_block_header(length: usize, last: bool) -> [u8; STORED_BLOCK_HEADER] {
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    let [low, high] = length.to_le_bytes();
    [u8::from(last), low, high, !low, !high]
}

/// The eight bytes that end a member: CRC-32 and length of what is inside. Source: RFC 1952, section 2.3.1.
pub(crate) fn gzip_trailer(sum: &flate2::Crc) -> [u8; GZIP_TRAILER] {
    let mut trailer = [0; GZIP_TRAILER];
    trailer[..4].copy_from_slice(&sum.sum().to_le_bytes());
    trailer[4..].copy_from_slice(&sum.amount().to_le_bytes());
    trailer
}

/// The size of a tar block in bytes; headers, padding and the end are made of whole blocks.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format".
pub const BLOCK: usize = 512;

/// The zero blocks that end an archive. Source: as [`BLOCK`].
pub const END_BLOCKS: usize = 2;

/// A path that a ustar header cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path {path:?} does not fit into a ustar header: at most 100 bytes a component, 255 in all")]
pub struct PathTooLong {
    /// The path, top folder included.
    pub path: String,
}

/// The one header a file of this path, mode and length has in a bundle.
///
/// A regular file of user and group 0 at time 0, with no names of either.
///
/// # Errors
/// When the path does not fit into the header's name and prefix fields.
pub fn header(path: &str, mode: u32, length: u64) -> Result<Header, PathTooLong> {
    let mut header = Header::new_ustar();
    header.set_path(path).map_err(|_| PathTooLong { path: path.to_owned() })?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(length);
    header.set_cksum();
    Ok(header)
}

/// How many zero bytes follow a file of this length to fill its last block.
#[must_use]
pub fn padding(length: u64) -> usize {
    let over = usize::try_from(length % BLOCK as u64).unwrap_or(0);
    if over == 0 { 0 } else { BLOCK - over }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_comes_out_of_its_member_as_it_went_in_and_out_of_nothing_else() {
        for length in [1, BLOCK, STORED_BLOCK, STORED_BLOCK + 1, 3 * STORED_BLOCK] {
            let archive = vec![7; length];
            let member = gzip(&archive);
            assert_eq!(ungzip(&member).as_deref(), Some(archive.as_slice()), "{length}");
            for at in [0, GZIP_HEADER.len(), member.len() - 1] {
                let mut damaged = member.clone();
                damaged[at] ^= 1;
                assert_eq!(ungzip(&damaged), None, "{length}, byte {at}");
            }
        }
        assert_eq!(ungzip(b""), None);
    }

    #[test]
    fn entries_are_found_where_they_are() {
        let mut archive = Vec::new();
        for (path, length) in [("top/a", 0), ("top/b", 1), ("top/c", 512)] {
            archive.extend_from_slice(header(path, 0o644, length).unwrap().as_bytes());
            archive.resize(archive.len() + usize::try_from(length).unwrap() + padding(length), 1);
        }
        archive.resize(archive.len() + END_BLOCKS * BLOCK, 0);
        let found: Vec<_> =
            spans(&archive).unwrap().into_iter().map(|span| (span.path, span.range)).collect();
        let expected = [("top/a", 0..512), ("top/b", 512..1536), ("top/c", 1536..2560)];
        assert_eq!(found, expected.map(|(path, range)| (path.to_owned(), range)));
        assert_eq!(spans(&archive[..2000]), None, "an archive without its end");
    }
}
