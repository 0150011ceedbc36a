//! Damage to the headers and names in an archive, done the way that confuses other readers of tar.

use super::{Case, Sound};
use crate::adversary::{File, pack, unpack, with_first_header};
use sts_schemas::archive::{BLOCK, header};
use sts_schemas::layout;
use tar::EntryType;

pub(super) const CASES: &[Case] = &[
    Case { name: "folder", verdict: "bad-entry", damage: |s| of_type(s, EntryType::Directory) },
    Case { name: "pipe", verdict: "bad-entry", damage: |s| of_type(s, EntryType::Fifo) },
    Case { name: "block-device", verdict: "bad-entry", damage: |s| of_type(s, EntryType::Block) },
    Case { name: "contiguous-file", verdict: "bad-entry", damage: |s| of_type(s, EntryType::Continuous) },
    Case { name: "gnu-long-link", verdict: "bad-entry", damage: |s| of_type(s, EntryType::GNULongLink) },
    Case {
        name: "pax-header-for-all",
        verdict: "bad-entry",
        damage: |s| of_type(s, EntryType::XGlobalHeader),
    },
    Case { name: "type-of-nobody", verdict: "bad-entry", damage: |s| of_type(s, EntryType::new(b'Z')) },
    Case { name: "type-of-old", verdict: "bad-entry", damage: |s| bytes(s, 156, &[0]) },
    Case { name: "link-name-on-a-file", verdict: "bad-entry", damage: |s| bytes(s, 157, b"/etc/passwd") },
    Case { name: "header-of-gnu", verdict: "bad-entry", damage: |s| bytes(s, 257, b"ustar  \0") },
    Case { name: "header-of-old", verdict: "bad-entry", damage: |s| bytes(s, 257, &[0; 8]) },
    Case { name: "size-in-another-base", verdict: "bad-entry", damage: size_in_another_base },
    Case { name: "size-with-spaces", verdict: "bad-entry", damage: |s| bytes(s, 124, b"           ") },
    Case { name: "header-checksum-wrong", verdict: "bad-entry", damage: checksum_wrong },
    Case { name: "header-with-more-at-its-end", verdict: "bad-entry", damage: |s| bytes(s, 500, b"more") },
    Case { name: "name-behind-its-end", verdict: "bad-entry", damage: |s| bytes(s, 96, b"x") },
    Case { name: "name-split-elsewhere", verdict: "bad-entry", damage: split_elsewhere },
    Case { name: "archive-in-the-padding", verdict: "bad-entry", damage: archive_in_the_padding },
    Case { name: "archive-behind-one-zero-block", verdict: "trailing-data", damage: behind_one_zero_block },
    Case { name: "manifest-twice", verdict: "wrong-order", damage: manifest_twice },
    Case { name: "signature-twice", verdict: "wrong-order", damage: signature_twice },
    Case { name: "signature-under-a-capital-id", verdict: "bad-path", damage: capital_id },
    Case { name: "name-composed", verdict: "bad-path", damage: |s| named(s, "r\u{e9}sum\u{e9}.yaml") },
    Case { name: "name-decomposed", verdict: "bad-path", damage: |s| named(s, "re\u{301}sume\u{301}.yaml") },
    Case { name: "name-with-a-backslash", verdict: "bad-path", damage: |s| named(s, "..\\..\\x.yaml") },
    Case { name: "name-with-a-newline", verdict: "bad-path", damage: |s| named(s, "x\ny.yaml") },
    Case { name: "name-too-long", verdict: "bad-path", damage: too_long },
    Case { name: "place-of-nobody", verdict: "bad-path", damage: place_of_nobody },
    Case { name: "signature-too-long", verdict: "limit-exceeded", damage: signature_too_long },
    Case { name: "signatures-too-many", verdict: "limit-exceeded", damage: signatures_too_many },
];

fn of_type(sound: &Sound, kind: EntryType) -> Vec<u8> {
    pack(&with_first_header(&unpack(&sound.bundle), |header| header.set_entry_type(kind)))
}

/// These bytes at this place of the first header, whose checksum is made right again.
fn bytes(sound: &Sound, at: usize, bytes: &[u8]) -> Vec<u8> {
    pack(&with_first_header(&unpack(&sound.bundle), |header| {
        header.as_mut_bytes()[at..at + bytes.len()].copy_from_slice(bytes);
    }))
}

/// The right size, but as a binary number, as GNU's tar writes those that no eleven digits hold.
fn size_in_another_base(sound: &Sound) -> Vec<u8> {
    let mut field = [0; 12];
    field[0] = 0x80;
    field[4..].copy_from_slice(&(sound.files[0].bytes.len() as u64).to_be_bytes());
    bytes(sound, 124, &field)
}

fn checksum_wrong(sound: &Sound) -> Vec<u8> {
    sound.with_archive(|archive| archive[148] ^= 1)
}

/// The same path, its top folder in the prefix field although the name field has room for all of it.
fn split_elsewhere(sound: &Sound) -> Vec<u8> {
    let top = sound.top().trim_end_matches('/').to_owned();
    pack(&with_first_header(&unpack(&sound.bundle), |header| {
        let field = header.as_mut_bytes();
        field[..100].fill(0);
        field[..layout::MANIFEST.len()].copy_from_slice(layout::MANIFEST.as_bytes());
        field[345..345 + top.len()].copy_from_slice(top.as_bytes());
    }))
}

/// As much of another archive as the padding behind the manifest holds.
fn archive_in_the_padding(sound: &Sound) -> Vec<u8> {
    let end = BLOCK + sound.files[0].bytes.len();
    sound.with_archive(|archive| {
        let other = header("x/manifest.json", 0o644, 0).map(|header| *header.as_bytes());
        let room = end.next_multiple_of(BLOCK) - end;
        archive[end..end + room].copy_from_slice(&other.unwrap_or([1; BLOCK])[..room]);
    })
}

fn behind_one_zero_block(sound: &Sound) -> Vec<u8> {
    sound.with_archive(|archive| {
        archive.truncate(archive.len() - BLOCK);
        archive.extend_from_within(..);
    })
}

fn manifest_twice(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| files.insert(1, files[0].clone()))
}

fn signature_twice(sound: &Sound) -> Vec<u8> {
    let at = sound.signature();
    sound.with_files(|files| files.insert(at, files[at].clone()))
}

fn capital_id(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let file = &mut files[sound.signature()];
        let (folder, id) = file.path.rsplit_once('/').unwrap_or_default();
        file.path = format!("{folder}/{}.jws", id.trim_end_matches(".jws").to_uppercase());
    })
}

/// One more file among the requests, at the end of them, under this name.
fn named(sound: &Sound, name: &str) -> Vec<u8> {
    sound.with_files(|files| {
        let path = format!("{}{}/{name}", sound.top(), layout::REQUESTS);
        files.insert(files.len() - 1, File { path, bytes: b"kind: CredentialsRequest\n".to_vec() });
    })
}

/// A component of 120 bytes, which a header can hold in its prefix field.
fn too_long(sound: &Sound) -> Vec<u8> {
    named(sound, &format!("{}/x.yaml", "a".repeat(120)))
}

fn place_of_nobody(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let path = format!("{}bin/sh", sound.top());
        files.push(File { path, bytes: b"#!".to_vec() });
    })
}

fn signature_too_long(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| files[sound.signature()].bytes = vec![b'A'; (8 << 10) + 1])
}

/// One more than a reader takes, each under an id of its own.
fn signatures_too_many(sound: &Sound) -> Vec<u8> {
    sound.with_files(|files| {
        let at = sound.signature();
        let signature = files.remove(at);
        for number in (0..33_u8).rev() {
            let path = format!("{}{}", sound.top(), layout::signature(&format!("{number:064x}")));
            files.insert(at, File { path, ..signature.clone() });
        }
    })
}
