//! SHA-256 digests as text.

use crate::text::checked_text;
use sha2::Digest as _;
use std::fmt::Write as _;

checked_text!(
    /// A SHA-256 digest: 64 lower-case hexadecimal digits. Source: FIPS 180-4.
    Sha256, "SHA-256 digest", check_digest
);

fn check_digest(text: &str) -> Result<(), String> {
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        Ok(())
    } else {
        Err("a digest is 64 lower-case hexadecimal digits".into())
    }
}

impl Sha256 {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Sha256Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The first 12 digits, enough to tell bundles apart in a folder.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.as_str()[..12]
    }

    /// Whether `prefix` stands for this digest: long enough ([`Sha256::SHORTEST_PREFIX`]) and equal so far.
    #[must_use]
    pub fn starts_with(&self, prefix: &str) -> bool {
        prefix.len() >= Self::SHORTEST_PREFIX && self.as_str().starts_with(prefix)
    }

    /// The fewest digits that may stand for a whole digest in an approval: 64 bits.
    pub const SHORTEST_PREFIX: usize = 16;
}

/// A digest in the making, for content that comes in pieces.
#[derive(Default, Clone)]
pub struct Sha256Hasher(sha2::Sha256);

impl Sha256Hasher {
    /// Takes the next piece in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces.
    ///
    /// # Panics
    /// Never: 32 bytes in hexadecimal are a digest.
    #[must_use]
    #[expect(clippy::expect_used, reason = "32 bytes in hexadecimal are a digest")]
    pub fn finish(self) -> Sha256 {
        Sha256::try_from(hexadecimal(&self.0.finalize())).expect("64 hexadecimal digits")
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
