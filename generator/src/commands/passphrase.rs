//! Passphrases from files: the first line, without its end.

use super::{in_file, read_input};
use std::path::Path;
use sts_schemas::failure::Failure;
use zeroize::Zeroizing;

/// A passphrase file that holds none.
#[derive(Debug, thiserror::Error)]
#[error("its first line, which should be the passphrase, is empty")]
struct Empty;

/// Reads a passphrase; the bytes wipe themselves.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = Zeroizing::new(read_input(path)?);
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(in_file(path, Empty));
    }
    Ok(Zeroizing::new(line.to_vec()))
}
