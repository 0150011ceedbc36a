//! Takes the gzip member around the archive off, and refuses any but the one way of writing it.

use super::error::VerifyError;
use crate::archive::{GZIP_HEADER, STORED_BLOCK, gzip_trailer, stored_block_header};
use flate2::Crc;
use std::io::{BufReader, ErrorKind, Read};

/// The inside of a gzip member, being read.
pub(super) struct Member<R> {
    source: BufReader<R>,
    /// Bytes of the current block that are still to come.
    left: usize,
    /// Whether the current block is the last.
    last: bool,
    sum: Crc,
}

impl<R: Read> Member<R> {
    /// Looks at the first bytes of a source.
    pub(super) fn open(source: R) -> Result<Self, VerifyError> {
        let mut member = Self { source: BufReader::new(source), left: 0, last: false, sum: Crc::new() };
        let mut start = [0_u8; GZIP_HEADER.len()];
        match member.source.read_exact(&mut start) {
            Ok(()) if start == GZIP_HEADER => Ok(member),
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(VerifyError::Unreadable(error)),
            _ => Err(VerifyError::NotGzip),
        }
    }

    /// Fills a buffer from the archive inside; `within` says what the bytes belong to.
    pub(super) fn fill(&mut self, buffer: &mut [u8], within: &'static str) -> Result<(), VerifyError> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.left == 0 && !self.next_block()? {
                return Err(VerifyError::Truncated(within));
            }
            let size = self.left.min(buffer.len() - filled);
            let piece = &mut buffer[filled..filled + size];
            read_exact(&mut self.source, piece, within)?;
            self.sum.update(piece);
            self.left -= size;
            filled += size;
        }
        Ok(())
    }

    /// Begins the next block, or says that there is none.
    fn next_block(&mut self) -> Result<bool, VerifyError> {
        if self.last {
            return Ok(false);
        }
        let mut header = [0_u8; 5];
        read_exact(&mut self.source, &mut header, "a block of the gzip member")?;
        let length = usize::from(u16::from_le_bytes([header[1], header[2]]));
        let last = header[0] == 1;
        if header != stored_block_header(length, last) {
            return Err(VerifyError::Corrupt("a block of it is not stored, or its header is damaged"));
        }
        if !last && length != STORED_BLOCK {
            return Err(VerifyError::Corrupt("a block of it is shorter than those before the last are"));
        }
        if length == 0 {
            return Err(VerifyError::Corrupt("a block of it is empty"));
        }
        (self.left, self.last) = (length, last);
        Ok(true)
    }

    /// Makes sure that the archive, the member and the source all end here, and that the checksum is right.
    pub(super) fn finish(mut self) -> Result<(), VerifyError> {
        if self.left > 0 || self.next_block()? {
            return Err(VerifyError::TrailingData("more archive behind its end"));
        }
        let mut trailer = [0_u8; 8];
        read_exact(&mut self.source, &mut trailer, "its checksum")?;
        if trailer != gzip_trailer(&self.sum) {
            return Err(VerifyError::Corrupt("its checksum is wrong"));
        }
        match self.source.read(&mut [0_u8; 1]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(VerifyError::TrailingData("bytes behind the gzip member")),
            Err(error) => Err(VerifyError::Unreadable(error)),
        }
    }
}

fn read_exact(source: &mut impl Read, buffer: &mut [u8], within: &'static str) -> Result<(), VerifyError> {
    source.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => VerifyError::Truncated(within),
        _ => VerifyError::Unreadable(error),
    })
}
