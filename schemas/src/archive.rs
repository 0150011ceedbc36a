//! The outer form of a bundle: one gzip member around a ustar archive, every byte of which but the content
//! can be foretold.
//!
//! Writer and reader make headers with the same function. The reader compares what it received with what
//! the writer would have written, so that a header has no room for anything else. See `FORMAT.md`.

use std::io::{self, Write};
use tar::{EntryType, Header};
use zeroize::Zeroizing;

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

/// Writes the member that [`gzip`] makes piece by piece, for an archive that is not to be held.
#[derive(Debug)]
pub struct GzipWriter<W> {
    to: W,
    /// The block that is being filled: whether it is the last shows only when more comes, or nothing does.
    block: Zeroizing<Vec<u8>>,
    sum: flate2::Crc,
}

impl<W: Write> GzipWriter<W> {
    /// Begins a member.
    ///
    /// # Errors
    /// When the bytes cannot be written.
    pub fn new(mut to: W) -> io::Result<Self> {
        to.write_all(&GZIP_HEADER)?;
        let block = Zeroizing::new(Vec::with_capacity(STORED_BLOCK));
        Ok(Self { to, block, sum: flate2::Crc::new() })
    }

    /// Ends the member, and gives back what it was written to.
    ///
    /// # Errors
    /// When the bytes cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.block.is_empty() {
            self.end_block(true)?;
        }
        self.to.write_all(&gzip_trailer(&self.sum))?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn end_block(&mut self, last: bool) -> io::Result<()> {
        self.to.write_all(&stored_block_header(self.block.len(), last))?;
        self.to.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.len() == STORED_BLOCK && !bytes.is_empty() {
            self.end_block(false)?;
        }
        let taken = &bytes[..bytes.len().min(STORED_BLOCK - self.block.len())];
        self.block.extend_from_slice(taken);
        self.sum.update(taken);
        Ok(taken.len())
    }

    /// Writes nothing early: a block is as long as it can be.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
    fn a_member_written_in_pieces_is_the_one_written_at_once() {
        for length in [1, BLOCK, STORED_BLOCK - 1, STORED_BLOCK, STORED_BLOCK + 1, 3 * STORED_BLOCK] {
            let archive: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            for piece in [1000, BLOCK, STORED_BLOCK, length] {
                let mut writer = GzipWriter::new(Vec::new()).unwrap();
                for piece in archive.chunks(piece) {
                    writer.write_all(piece).unwrap();
                }
                assert!(writer.finish().unwrap() == gzip(&archive), "{length} in pieces of {piece}");
            }
        }
    }
}
