//! A page as a browser draws it: Chromium, where there is one, and the pixels of what it drew.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names that distributions give the browser.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// How long a picture may take; a browser that hangs fails its test.
const SECONDS: &str = "60";

/// Whether the person reads in the light or in the dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark letters on white.
    Light,
    /// Light letters on black.
    Dark,
}

/// The browser's path; `None` where none is installed.
#[must_use]
pub fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// What the browser shows of a page, from its top, in a window of this size.
#[must_use]
pub fn picture(browser: &Path, page: &Path, scheme: Scheme, size: (usize, usize)) -> Picture {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a picture: {error}"));
    let file = folder.path().join("picture.png");
    let mut command = Command::new("timeout");
    command.arg(SECONDS).arg(browser).args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command
        .arg("--hide-scrollbars")
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    command.arg(format!("--window-size={},{}", size.0, size.1));
    // Blink counts its colour schemes from the dark one.
    let number = match scheme {
        Scheme::Dark => 0,
        Scheme::Light => 1,
    };
    command.arg(format!("--blink-settings=preferredColorScheme={number}"));
    command.arg(format!("--screenshot={}", file.display())).arg(format!("file://{}", page.display()));
    let output = command.stdin(Stdio::null()).output();
    let bytes =
        std::fs::read(&file).unwrap_or_else(|error| panic!("{command:?} drew nothing: {error}, {output:?}"));
    Picture::of_png(&bytes)
}

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

    /// Reads the only kind of PNG that the browser writes: 8 bits a channel, rows one after the other.
    ///
    /// Source: W3C, "Portable Network Graphics (PNG) Specification".
    fn of_png(bytes: &[u8]) -> Self {
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
}

/// A row without its filter. Source: as above, section 9.
fn unfiltered(filter: u8, row: &[u8], above: &[u8], channels: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(row.len());
    for (at, byte) in row.iter().enumerate() {
        let left = at.checked_sub(channels).map_or((0, 0), |at| (out[at], above[at]));
        let (a, b, c) = (i16::from(left.0), i16::from(above[at]), i16::from(left.1));
        let guess = match filter {
            0 => 0,
            1 => a,
            2 => b,
            3 => i16::midpoint(a, b),
            4 => {
                let distance = |value: i16| (a + b - c - value).abs();
                [a, b, c].into_iter().min_by_key(|value| distance(*value)).unwrap_or_default()
            }
            filter => panic!("there is no PNG filter {filter}"),
        };
        out.push(byte.wrapping_add(u8::try_from(guess).unwrap_or_default()));
    }
    out
}
