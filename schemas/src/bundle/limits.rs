//! How much of anything a bundle may have, looked at before the thing itself.

/// The limits of a reader. Each is far above what an honest bundle of 10,000 requests needs.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the archive: 10,000 requests make about 80 MB, mostly headers and padding.
    pub archive: u64,
    /// Entries of the archive: four files and the request itself, for 10,000 requests, with room.
    pub entries: u64,
    /// Bytes of the manifest: about 170 for each entry.
    pub manifest: u64,
    /// Bytes of any other file. The longest honest one is REVIEW.md; a policy ends at 10,240 characters.
    pub file: u64,
    /// Bytes of one signature: an RSA-4096 one has about 1,100.
    pub signature: u64,
    /// How many signatures.
    pub signatures: usize,
}

impl Limits {
    /// The limits that `FORMAT.md` sets.
    pub const FORMAT: Self = Self {
        archive: 256 << 20,
        entries: 65_536,
        manifest: 16 << 20,
        file: 16 << 20,
        signature: 8 << 10,
        signatures: 32,
    };
}
