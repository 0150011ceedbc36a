//! The page of `inspect --format html` as a real browser draws it, at two widths, in the light and in the dark.
//!
//! Where no Chromium is installed this says so and proves nothing; the page's structure, its contrast and what
//! a hostile bundle can do to it are tested without one, beside the executor.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "who reads a test's output should know that it was left out")]

use std::path::Path;
use sts_tests::example::{self, AUTHOR_KEY};
use sts_tests::programs::{Run, command, program};
use sts_tests::screen::{Picture, Scheme, browser, picture};

/// A desk and a telephone, which is as narrow as the browser's window gets.
const WIDTHS: [usize; 2] = [1280, 500];
const HEIGHT: usize = 1600;
/// The least free space on either side, in pixels.
const MARGIN: usize = 12;

fn page(path: &Path) {
    let mut executor = command(&program("sts-executor"));
    executor.arg("inspect").arg(&example::stored().unwrap()[0]).args(["--format", "html", "--trusted-key"]);
    let page = Run::of(executor.arg(example::path(AUTHOR_KEY))).exits(0).stdout;
    std::fs::write(path, page).unwrap();
}

/// How many pixels of a column are not of this colour.
fn drawn(picture: &Picture, x: usize, paper: [u8; 3]) -> usize {
    (0..picture.height).filter(|y| picture.at(x, *y) != paper).count()
}

#[test]
fn the_page_is_drawn_in_the_light_and_in_the_dark_and_nothing_hangs_over_its_edges() {
    let Some(browser) = browser() else {
        eprintln!("SKIPPED: there is no Chromium here, so nobody looked at the page");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    page(&path);
    for width in WIDTHS {
        for (scheme, paper) in [(Scheme::Light, [255, 255, 255]), (Scheme::Dark, [13, 17, 23])] {
            let picture = picture(&browser, &path, scheme, (width, HEIGHT));
            assert_eq!((picture.width, picture.height), (width, HEIGHT));
            assert_eq!(picture.at(1, 1), paper, "{scheme:?}: the paper");
            let columns: Vec<_> = (0..width).map(|x| drawn(&picture, x, paper)).collect();
            let edges = columns[..MARGIN].iter().chain(&columns[width - MARGIN..]);
            assert_eq!(edges.sum::<usize>(), 0, "{scheme:?} at {width}: something hangs over the edge");
            let inked: usize = columns.iter().sum();
            assert!(inked > width * HEIGHT / 20, "{scheme:?} at {width}: hardly anything is drawn");
        }
    }
}
