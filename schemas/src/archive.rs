//! The outer form of a bundle: one gzip member around a ustar archive whose every header can be foretold.
//!
//! Writer and reader make headers with the same function. The reader compares what it received with what
//! the writer would have written, so that a header has no room for anything else. See `FORMAT.md`.

use tar::{EntryType, Header};

/// The bytes every bundle begins with: deflate, no flags, no time, best compression, unknown system.
///
/// Source: RFC 1952, section 2.3.
pub const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];

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
