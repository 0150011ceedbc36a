//! The page of `inspect --format html` as a real browser draws it, at two widths, in the light and in the dark.
//!
//! `tests/pictures` holds the page of the example bundle as it was last looked at, made small; `UPDATE_PICTURES=1` in the
//! environment draws it anew. Where no Chromium is installed this says so and proves nothing; the page's structure, its
//! contrast and what a hostile bundle can do to it are tested without one, beside the executor.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "who reads a test's output should know that it was left out")]

use std::path::{Path, PathBuf};
use sts_tests::example::{self, AUTHOR_KEY};
use sts_tests::programs::{Run, command, program};
use sts_tests::screen::{Blocks, Picture, Scheme, browser, picture};

/// A desk and a telephone, which is as narrow as the browser's window gets; and more pixels than the page is long there.
const SIZES: [(usize, usize); 2] = [(1280, 9600), (500, 14000)];
/// The least free space on either side, in pixels.
const MARGIN: usize = 12;
/// How much of the paper of the word on its signatures is seen at least, in rows as wide as the page, and how far down
/// that word ends at most.
const BANNER: usize = 20;
const BANNER_ABOVE: usize = 400;
/// The paper of the page, and that of the word on its signatures.
const PAPERS: [(Scheme, [u8; 3], [u8; 3]); 2] =
    [(Scheme::Light, [255, 255, 255], [0xda, 0xfb, 0xe1]), (Scheme::Dark, [13, 17, 23], [0x12, 0x26, 0x1a])];

fn page() -> String {
    let mut executor = command(&program("sts-executor"));
    executor.arg("inspect").arg(&example::stored().unwrap()[0]).args(["--format", "html", "--trusted-key"]);
    Run::of(executor.arg(example::path(AUTHOR_KEY))).exits(0).stdout
}

/// The browser; without one, who reads the test's output is told how to get it.
fn browser_or_word() -> Option<PathBuf> {
    let found = browser();
    if found.is_none() {
        eprintln!(
            "SKIPPED: there is no Chromium here, so nobody looked at the page; `apt-get install chromium \
             fonts-dejavu-core`, or what your system calls them, brings what is needed"
        );
    }
    found
}

fn stored(scheme: Scheme, width: usize) -> PathBuf {
    let name = match scheme {
        Scheme::Light => "light",
        Scheme::Dark => "dark",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures").join(format!("{width}-{name}.png"))
}

/// How the page is looked at: by whom, how wide, how high, and what its papers are then.
struct Look<'a> {
    browser: &'a Path,
    size: (usize, usize),
    papers: (Scheme, [u8; 3], [u8; 3]),
}

impl Look<'_> {
    fn picture(&self, page: &str) -> Picture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        std::fs::write(&path, page).unwrap();
        let picture = picture(self.browser, &path, self.papers.0, self.size);
        assert_eq!((picture.width, picture.height), self.size);
        picture
    }

    /// All that is not as it was when the page was last looked at, or never may be.
    fn faults(&self, page: &str) -> Vec<String> {
        let (picture, (scheme, paper, banner)) = (self.picture(page), self.papers);
        let (width, height) = self.size;
        let is_drawn = |x: usize, y: usize| picture.at(x, y) != paper;
        let mut faults = Vec::new();
        if is_drawn(1, 1) {
            faults.push(format!("the paper is {:?}", picture.at(1, 1)));
        }
        if (0..MARGIN).chain(width - MARGIN..width).any(|x| (0..height).any(|y| is_drawn(x, y))) {
            faults.push("something hangs over the edge".into());
        }
        if (0..width).any(|x| is_drawn(x, height - 1)) {
            faults.push(format!("it is longer than {height}"));
        }
        let at_top = (0..width).flat_map(|x| (0..BANNER_ABOVE).map(move |y| (x, y)));
        if at_top.filter(|(x, y)| picture.at(*x, *y) == banner).count() < BANNER * width {
            faults.push("there is no word at the top that the signatures hold".into());
        }
        let before = std::fs::read(stored(scheme, width)).unwrap();
        faults.extend(Blocks::of(&picture).faults(&Blocks::of_png(&before)));
        faults.into_iter().map(|fault| format!("{scheme:?} at {width}: {fault}")).collect()
    }
}

#[test]
fn the_page_is_drawn_in_the_light_and_in_the_dark_as_it_was_and_nothing_hangs_over_its_edges() {
    let Some(browser) = browser_or_word() else { return };
    let (page, update) = (page(), std::env::var_os("UPDATE_PICTURES").is_some());
    let mut faults = Vec::new();
    for (size, papers) in SIZES.into_iter().flat_map(|size| PAPERS.map(|papers| (size, papers))) {
        let look = Look { browser: &browser, size, papers };
        if update {
            std::fs::write(stored(papers.0, size.0), Blocks::of(&look.picture(&page)).to_png()).unwrap();
        }
        faults.extend(look.faults(&page));
    }
    assert!(
        faults.is_empty(),
        "the page looks otherwise than when it was last looked at:\n  {}\nIf that is meant, look at it in a browser, \
         then run this test with UPDATE_PICTURES=1",
        faults.join("\n  ")
    );
}

/// The page without what stands from the first text up to the second.
fn without(page: &str, from: &str, to: &str) -> String {
    let begin = page.find(from).unwrap();
    let end = begin + page[begin..].find(to).unwrap();
    page[..begin].to_owned() + &page[end..]
}

fn replaced(page: &str, what: &str, by: &str) -> String {
    assert!(page.contains(what), "{what} is not in the page");
    page.replace(what, by)
}

#[test]
fn a_page_that_was_broken_is_not_taken_for_the_one_that_was_looked_at() {
    let Some(browser) = browser_or_word() else { return };
    let (page, [desk, telephone], [light, dark]) = (page(), SIZES, PAPERS);
    let drawings = without(&page, "<svg", "</figure>");
    for (what, size, papers, broken, fault) in [
        (
            "a section",
            telephone,
            light,
            without(&page, "<h2 id=\"resources\"", "<h2 id=\"files\""),
            "is missing",
        ),
        ("a short section", desk, light, without(&page, "<dl>", "<h2 id=\"twice\""), "is missing"),
        ("the drawings", desk, dark, drawings, "is missing"),
        (
            "what keeps them within",
            telephone,
            light,
            replaced(&page, ".wide { overflow-x: auto; }", ""),
            "hangs over",
        ),
        ("the dark ink", desk, dark, replaced(&page, "--ink: #e6edf3", "--ink: #1b1f24"), "of the ink"),
        ("the dark", telephone, dark, replaced(&page, "scheme: dark)", "scheme: none)"), "the paper is"),
        (
            "a panel's colour",
            telephone,
            dark,
            replaced(&page, "--care-paper: #2f2510", "--care-paper: #0d1117"),
            "colour",
        ),
        ("the good word", desk, light, without(&page, "<p class=\"banner", "<dl>"), "no word at the top"),
        ("the style", desk, light, without(&page, "<style>", "</head>"), "came in"),
    ] {
        let faults = Look { browser: &browser, size, papers }.faults(&broken);
        assert!(faults.iter().any(|text| text.contains(fault)), "without {what}: {faults:?}");
    }
}
