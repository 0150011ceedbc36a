//! A page as a browser draws it: Chromium, where there is one, and the pixels of what it drew.

mod png;
mod reduced;

pub use png::Picture;
pub use reduced::Blocks;

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
