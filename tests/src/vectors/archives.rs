//! Damage that needs no key: to the compression and the archive.

use super::{Case, Sound};
use crate::adversary::{compress, pack, unpack, with_first_header};
use sts_schemas::archive::{BLOCK, GZIP_HEADER};
use tar::EntryType;

pub(super) const CASES: &[Case] = &[
    Case { name: "sound", verdict: "verified", damage: |sound| sound.bundle.clone() },
    Case { name: "compressed", verdict: "corrupt", damage: |sound| compress(&unpack(&sound.bundle)) },
    Case { name: "bomb", verdict: "corrupt", damage: |_| compress(&vec![0; 64 << 20]) },
    Case { name: "blocks-of-another-size", verdict: "corrupt", damage: other_blocks },
    Case { name: "empty", verdict: "not-gzip", damage: |_| Vec::new() },
    Case { name: "zip-magic", verdict: "not-gzip", damage: |sound| in_bundle(sound, 0, b"PK") },
    Case { name: "gzip-with-a-time", verdict: "not-gzip", damage: |sound| in_bundle(sound, 4, &[1]) },
    Case { name: "checksum-changed", verdict: "corrupt", damage: checksum_changed },
    Case { name: "byte-behind-the-end", verdict: "trailing-data", damage: |sound| behind(sound, &[0]) },
    Case {
        name: "second-gzip-member",
        verdict: "trailing-data",
        damage: |sound| behind(sound, &sound.bundle),
    },
    Case { name: "second-archive", verdict: "trailing-data", damage: second_archive },
    Case { name: "third-zero-block", verdict: "trailing-data", damage: third_zero_block },
    Case { name: "manifest-of-eight-gigabytes", verdict: "limit-exceeded", damage: huge_manifest },
    Case { name: "cut-in-the-middle", verdict: "truncated", damage: cut },
    Case { name: "without-end", verdict: "truncated", damage: without_end },
    Case { name: "symbolic-link", verdict: "bad-entry", damage: |sound| of_type(sound, EntryType::Symlink) },
    Case { name: "hard-link", verdict: "bad-entry", damage: |sound| of_type(sound, EntryType::Link) },
    Case { name: "device", verdict: "bad-entry", damage: |sound| of_type(sound, EntryType::Char) },
    Case { name: "pax-header", verdict: "bad-entry", damage: |sound| of_type(sound, EntryType::XHeader) },
    Case {
        name: "gnu-long-name",
        verdict: "bad-entry",
        damage: |sound| of_type(sound, EntryType::GNULongName),
    },
    Case { name: "sparse-file", verdict: "bad-entry", damage: |sound| of_type(sound, EntryType::GNUSparse) },
    Case {
        name: "world-writable",
        verdict: "bad-entry",
        damage: |sound| header(sound, |h| h.set_mode(0o666)),
    },
    Case { name: "with-a-time", verdict: "bad-entry", damage: |sound| header(sound, |h| h.set_mtime(1)) },
    Case {
        name: "of-another-user",
        verdict: "bad-entry",
        damage: |sound| header(sound, |h| h.set_uid(1000)),
    },
    Case { name: "padding-not-zero", verdict: "bad-entry", damage: padding_not_zero },
    Case { name: "absolute-path", verdict: "bad-path", damage: |sound| renamed(sound, "/etc/manifest.json") },
    Case {
        name: "path-that-leaves",
        verdict: "bad-path",
        damage: |sound| renamed(sound, "top/../manifest.json"),
    },
    Case { name: "top-that-leaves", verdict: "bad-path", damage: |sound| renamed(sound, "../manifest.json") },
    Case { name: "hidden-file", verdict: "bad-path", damage: |sound| renamed(sound, "top/.manifest.json") },
    Case { name: "two-top-folders", verdict: "bad-path", damage: two_top_folders },
    Case { name: "file-twice", verdict: "wrong-order", damage: file_twice },
    Case { name: "files-swapped", verdict: "wrong-order", damage: files_swapped },
    Case { name: "signature-last", verdict: "unsigned", damage: signature_last },
    Case { name: "empty-archive", verdict: "no-manifest", damage: |_| pack(&[0; 2 * BLOCK]) },
    Case { name: "manifest-missing", verdict: "no-manifest", damage: manifest_missing },
];

fn in_bundle(sound: &Sound, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut bundle = sound.bundle.clone();
    bundle[at..at + bytes.len()].copy_from_slice(bytes);
    bundle
}

fn checksum_changed(sound: &Sound) -> Vec<u8> {
    // The last eight bytes are checksum and length. Source: RFC 1952, section 2.3.1.
    let at = sound.bundle.len() - 8;
    in_bundle(sound, at, &[!sound.bundle[at]])
}

fn behind(sound: &Sound, bytes: &[u8]) -> Vec<u8> {
    [sound.bundle.as_slice(), bytes].concat()
}

fn second_archive(sound: &Sound) -> Vec<u8> {
    sound.with_archive(|archive| archive.extend_from_within(..))
}

fn third_zero_block(sound: &Sound) -> Vec<u8> {
    sound.with_archive(|archive| archive.extend([0; BLOCK]))
}

fn huge_manifest(sound: &Sound) -> Vec<u8> {
    header(sound, |header| header.set_size(8 << 30))
}

/// The same archive in stored blocks, but the first of them has one byte.
fn other_blocks(sound: &Sound) -> Vec<u8> {
    let mut bundle = sound.bundle.clone();
    let block = GZIP_HEADER.len();
    let rest = u16::from_le_bytes([bundle[block + 1], bundle[block + 2]]) - 1;
    let [low, high] = rest.to_le_bytes();
    let first_byte = bundle[block + 5];
    let headers = [0, 1, 0, 0xfe, 0xff, first_byte, 1, low, high, !low, !high];
    bundle.splice(block..block + 6, headers);
    bundle
}

fn cut(sound: &Sound) -> Vec<u8> {
    sound.with_archive(|archive| archive.truncate(archive.len() / 2))
}

fn without_end(sound: &Sound) -> Vec<u8> {
    sound.with_archive(|archive| archive.truncate(archive.len() - BLOCK))
}

fn header(sound: &Sound, change: impl FnOnce(&mut tar::Header)) -> Vec<u8> {
    pack(&with_first_header(&unpack(&sound.bundle), change))
}

fn of_type(sound: &Sound, kind: EntryType) -> Vec<u8> {
    header(sound, |header| header.set_entry_type(kind))
}

/// The tar crate refuses to write such names, as it should; so they are written past it.
fn renamed(sound: &Sound, name: &str) -> Vec<u8> {
    header(sound, |header| {
        let field = &mut header.as_old_mut().name;
        field.fill(0);
        field[..name.len()].copy_from_slice(name.as_bytes());
    })
}

fn padding_not_zero(sound: &Sound) -> Vec<u8> {
    let end = BLOCK + sound.files[0].bytes.len();
    sound.with_archive(|archive| archive[end] = 1)
}

fn two_top_folders(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        if let Some(last) = files.last_mut() {
            last.path = format!("other-{}", last.path);
        }
    })
}

fn file_twice(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| files.extend(files.last().cloned()))
}

fn files_swapped(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let last = files.len() - 1;
        files.swap(last - 1, last);
    })
}

fn signature_last(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let signature = files.remove(sound.signature());
        files.push(signature);
    })
}

fn manifest_missing(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| drop(files.remove(0)))
}
