//! Whoever carries the bundle, and is hostile: named ways of doing damage to it.
//!
//! Damage is done to the archive inside and packed again, so that it is the reader's rules that must notice,
//! not the checksum of the compression.

use flate2::read::GzDecoder;
use std::io::{Read as _, Write as _};
use sts_schemas::archive::{BLOCK, END_BLOCKS, GZIP_HEADER, header, padding};
use sts_schemas::layout::Place;

/// The archive inside a bundle.
#[must_use]
pub fn unpack(bundle: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    GzDecoder::new(bundle)
        .read_to_end(&mut archive)
        .unwrap_or_else(|error| panic!("the bundle to be damaged is no gzip: {error}"));
    archive
}

/// A gzip member around any bytes, with the one header that bundles have. It stores and does not compress:
/// the format asks for no certain compression, and a hundred thousand of these are made.
///
/// Source: RFC 1951, section 3.2.4, and RFC 1952, section 2.3.1.
#[must_use]
pub fn pack(archive: &[u8]) -> Vec<u8> {
    const LARGEST_STORED: usize = 65_535;
    let mut out = GZIP_HEADER.to_vec();
    let mut blocks = archive.chunks(LARGEST_STORED).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let mut crc = flate2::Crc::new();
    crc.update(archive);
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    out
}

/// The same, compressed as the generator does it: for what is kept.
#[must_use]
pub fn compress(archive: &[u8]) -> Vec<u8> {
    const UNKNOWN_SYSTEM: u8 = GZIP_HEADER[9];
    let builder = flate2::GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
    let mut encoder = builder.write(Vec::new(), flate2::Compression::best());
    let done = encoder.write_all(archive).and_then(|()| encoder.finish());
    done.unwrap_or_else(|error| panic!("a vector took no bytes: {error}"))
}

/// One file of an archive, to be changed at will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, top folder included.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The files of an archive, in order.
#[must_use]
pub fn files(archive: &[u8]) -> Vec<File> {
    let mut reader = tar::Archive::new(archive);
    let entries = reader.entries().unwrap_or_else(|error| panic!("no archive: {error}"));
    entries
        .map(|entry| {
            let mut entry = entry.unwrap_or_else(|error| panic!("a damaged archive: {error}"));
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
            File { path, bytes }
        })
        .collect()
}

/// The archive of these files in this order, each with the header its place asks for.
#[must_use]
pub fn archive(files: &[File]) -> Vec<u8> {
    let mut out = Vec::new();
    for File { path, bytes } in files {
        let place = path.split_once('/').and_then(|(_, below)| Place::of(below));
        let mode = place.map_or(0o644, |place| place.mode());
        let length = bytes.len() as u64;
        let header = header(path, mode, length).unwrap_or_else(|error| panic!("{error}"));
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(bytes);
        out.resize(out.len() + padding(length), 0);
    }
    out.resize(out.len() + END_BLOCKS * BLOCK, 0);
    out
}

/// Changes the first header of an archive and makes its checksum right again.
#[must_use]
pub fn with_first_header(archive: &[u8], change: impl FnOnce(&mut tar::Header)) -> Vec<u8> {
    let mut out = archive.to_vec();
    let mut header = tar::Header::from_byte_slice(&out[..BLOCK]).clone();
    change(&mut header);
    header.set_cksum();
    out[..BLOCK].copy_from_slice(header.as_bytes());
    out
}
