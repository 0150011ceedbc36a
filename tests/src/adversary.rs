//! Whoever carries the bundle, and is hostile: named ways of doing damage to it.
//!
//! Damage is done to the archive inside and packed again, so that it is the reader's rules that must notice,
//! not the checksum of the compression.

use flate2::read::GzDecoder;
use std::io::{Read as _, Write as _};
pub use sts_schemas::archive::gzip as pack;
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

/// The same archive compressed, as `gzip` would write it and no bundle is.
#[must_use]
pub fn compress(archive: &[u8]) -> Vec<u8> {
    let builder = flate2::GzBuilder::new().mtime(0).operating_system(GZIP_HEADER[9]);
    // The level decides a byte of the header; this one leaves it as bundles have it.
    let mut encoder = builder.write(Vec::new(), flate2::Compression::new(5));
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
