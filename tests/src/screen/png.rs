//! Pictures as PNG files: read as the browser writes them, and written.

use flate2::{Compression, Crc};
use std::io::{Read, Write};

/// Pixels, in red, green and blue.
#[derive(Debug)]
pub struct Picture {
    /// How many are side by side.
    pub width: usize,
    /// How many rows there are.
    pub height: usize,
    rows: Vec<Vec<u8>>,
    channels: usize,
}

impl Picture {
    /// The colour of a pixel.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = x * self.channels;
        let row = &self.rows[y];
        [row[at], row[at + 1], row[at + 2]]
    }

    /// How many bytes a pixel has: three colours, and perhaps how much is seen of them.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// All bytes of a row.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.rows[y]
    }

    /// Reads the only kind of PNG that the browser writes: 8 bits a channel, rows one after the other.
    ///
    /// Source: W3C, "Portable Network Graphics (PNG) Specification".
    ///
    /// # Panics
    /// When the bytes are something else.
    #[must_use]
    pub fn of_png(bytes: &[u8]) -> Self {
        let number = |at: usize| bytes[at..at + 4].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (width, height) = (number(16), number(20));
        assert_eq!((bytes[24], bytes[28]), (8, 0), "another kind of PNG than is read here");
        let channels = match bytes[25] {
            2 => 3,
            6 => 4,
            kind => panic!("a PNG of colour type {kind} is not read here"),
        };
        let (mut packed, mut at) = (Vec::new(), 8);
        while at < bytes.len() {
            let length = number(at);
            if bytes[at + 4..at + 8] == *b"IDAT" {
                packed.extend_from_slice(&bytes[at + 8..at + 8 + length]);
            }
            at += length + 12;
        }
        let mut data = Vec::new();
        let result = flate2::read::ZlibDecoder::new(packed.as_slice()).read_to_end(&mut data);
        result.unwrap_or_else(|error| panic!("the picture is damaged: {error}"));
        let mut above = vec![0; width * channels];
        let rows = data.chunks(width * channels + 1).map(|row| {
            above = unfiltered(row[0], &row[1..], &above, channels);
            above.clone()
        });
        Self { width, height, rows: rows.collect(), channels }
    }

    /// The picture whose rows are these, three bytes a pixel.
    pub(super) fn of_rows(rows: Vec<Vec<u8>>) -> Self {
        let width = rows.first().map_or(0, |row| row.len() / 3);
        Self { width, height: rows.len(), rows, channels: 3 }
    }

    /// The same as a PNG. Source: as for [`Self::of_png`].
    ///
    /// # Panics
    /// When it is larger than such a file can be.
    #[must_use]
    pub fn to_png(&self) -> Vec<u8> {
        let number =
            |value: usize| u32::try_from(value).unwrap_or_else(|_| panic!("too large")).to_be_bytes();
        let mut data = Vec::new();
        for y in 0..self.height {
            // No filter: few shades pack best as they are.
            data.push(0);
            data.extend((0..self.width).flat_map(|x| self.at(x, y)));
        }
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
        let result = encoder.write_all(&data).and_then(|()| encoder.finish());
        let packed = result.unwrap_or_else(|error| panic!("the picture cannot be packed: {error}"));
        // 8 bits a channel, of which there are three: red, green and blue.
        let head = [&number(self.width)[..], &number(self.height), &[8, 2, 0, 0, 0]].concat();
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, content) in [(b"IHDR", head), (b"IDAT", packed), (b"IEND", Vec::new())] {
            let body = [&kind[..], &content].concat();
            let mut sum = Crc::new();
            sum.update(&body);
            out.extend(number(content.len()));
            out.extend(&body);
            out.extend(sum.sum().to_be_bytes());
        }
        out
    }
}

/// A row without its filter. Source: as above, section 9. There are millions of bytes: a loop for each filter.
fn unfiltered(filter: u8, row: &[u8], above: &[u8], channels: usize) -> Vec<u8> {
    let mut out = row.to_vec();
    match filter {
        0 => {}
        1 => {
            for at in channels..out.len() {
                out[at] = out[at].wrapping_add(out[at - channels]);
            }
        }
        2 => {
            for at in 0..out.len() {
                out[at] = out[at].wrapping_add(above[at]);
            }
        }
        3 => {
            for at in 0..out.len() {
                let left = if at < channels { 0 } else { out[at - channels] };
                out[at] = out[at].wrapping_add(left.midpoint(above[at]));
            }
        }
        4 => {
            for at in 0..out.len() {
                let left = if at < channels { (0, 0) } else { (out[at - channels], above[at - channels]) };
                out[at] = out[at].wrapping_add(nearest(left.0, above[at], left.1));
            }
        }
        filter => panic!("there is no PNG filter {filter}"),
    }
    out
}

/// Paeth's guess: which of three neighbours is nearest to the first and the second less the third.
fn nearest(left: u8, above: u8, corner: u8) -> u8 {
    let (to_left, to_above) = (above.abs_diff(corner), left.abs_diff(corner));
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    let to_corner = (a + b - c - c).unsigned_abs();
    if to_left <= to_above && u16::from(to_left) <= to_corner {
        left
    } else if u16::from(to_above) <= to_corner {
        above
    } else {
        corner
    }
}
