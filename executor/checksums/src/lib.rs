//! The three checksums that S3 knows by the name CRC, under the names that the AWS SDK calls them by.
//!
//! The SDK takes them from `crc-fast`, which brings tables for a hundred algorithms, two thirds of a megabyte, so that
//! gigabytes go through quickly. What goes to S3 here are two documents of a few kilobytes. So this crate answers in its
//! place, with the tables of the crate `crc`: 4 KB.
//!
//! Names and meaning follow `crc-fast` 1.10, as far as `aws-smithy-checksums` 0.65 uses them; anything more does not compile.

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc};
use std::fmt;

static CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static CRC64NVME: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// Which checksum.
///
/// Source: Amazon S3 User Guide, "Checking object integrity": CRC-32, CRC-32C and CRC-64/NVME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32 as in zip files.
    Crc32IsoHdlc,
    /// CRC-32C.
    Crc32Iscsi,
    /// CRC-64/NVME.
    Crc64Nvme,
}

/// A checksum of bytes that come one after the other.
#[derive(Clone)]
pub struct Digest(State);

#[derive(Clone)]
enum State {
    Short(crc::Digest<'static, u32>),
    Long(crc::Digest<'static, u64>),
}

impl Digest {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Short(CRC32.digest()),
            CrcAlgorithm::Crc32Iscsi => State::Short(CRC32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Long(CRC64NVME.digest()),
        })
    }

    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Short(digest) => digest.update(bytes),
            State::Long(digest) => digest.update(bytes),
        }
    }

    /// The checksum of all bytes so far, in the low bits.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        match self.0.clone() {
            State::Short(digest) => digest.finalize().into(),
            State::Long(digest) => digest.finalize(),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({:#x})", self.finalize())
    }
}

/// The checksum of these bytes, in the low bits.
#[must_use]
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::{CrcAlgorithm, Digest, checksum};

    /// Source: the catalogue of parametrised CRC algorithms, whose check value is that of the digits 1 to 9.
    const CHECKS: [(CrcAlgorithm, u64); 3] = [
        (CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
        (CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
        (CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
    ];

    #[test]
    fn each_gives_the_value_that_the_catalogue_states() {
        for (algorithm, check) in CHECKS {
            assert_eq!(checksum(algorithm, b"123456789"), check, "{algorithm:?}");
        }
    }

    #[test]
    fn bytes_may_come_in_pieces() {
        for (algorithm, check) in CHECKS {
            let mut digest = Digest::new(algorithm);
            digest.update(b"1234");
            digest.update(b"");
            digest.update(b"56789");
            assert_eq!(digest.finalize(), check, "{algorithm:?}");
        }
    }
}
