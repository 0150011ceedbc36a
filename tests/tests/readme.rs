//! The README is true: its sessions are what the programs print, and its drawing names what is in the tree.

use std::collections::VecDeque;
use std::path::Path;
use sts_tests::programs::{Run, command, program};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn readme() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap_or_default()
}

/// The blocks of text, but not those of commands, below a heading.
fn blocks<'a>(readme: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, below) = readme.split_once(&format!("\n{heading}")).unwrap_or_default();
    let section = below.split("\n## ").next().unwrap_or_default();
    section.split("\n```text\n").skip(1).filter_map(|block| block.split("\n```").next()).collect()
}

/// A line without what is another in every run: digests, key ids, times, and how long it took.
fn constant(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let changes = |part: &str| part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parts: Vec<_> = word.split(['-', '.', '/']).filter(|part| !changes(part)).collect();
        let is_time =
            word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_digit() || b"-:".contains(&byte));
        // Source of the length: RFC 7638 with SHA-256, in base64url.
        let is_kid = word.len() == 43 && word.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_time || is_kid { String::new() } else { parts.join("/") }
    });
    words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

#[test]
fn the_sessions_are_what_the_programs_print() {
    let mut walk = command(&program("walkthrough"));
    // The programs are built: cargo has nothing to do.
    let output = Run::of(walk.env("CARGO", "true")).exits(0).stdout;
    let mut printed: VecDeque<_> = output.lines().map(constant).collect();
    let readme = readme();
    let sessions = blocks(&readme, "## A session for each role");
    assert_eq!(sessions.len(), 3, "the author's, the AWS admin's and the security officer's");
    for line in sessions.iter().flat_map(|session| session.lines()) {
        let wanted = constant(line);
        if line == "..." || wanted.is_empty() {
            continue;
        }
        // In the order of the page; what is left out stands between.
        while printed.front().is_some_and(|found| *found != wanted) {
            printed.pop_front();
        }
        assert!(
            printed.pop_front().is_some(),
            "`cargo walkthrough` no longer prints this line, or not here: {line}"
        );
    }
}

#[test]
fn the_drawing_names_only_what_is_in_the_tree() {
    let readme = readme();
    let drawings = blocks(&readme, "## Architecture");
    assert_eq!(drawings.len(), 1, "one drawing");
    let (mut folder, mut named) = (Path::new(ROOT).to_owned(), 0);
    for line in drawings.iter().flat_map(|drawing| drawing.lines()) {
        for word in line.split([' ', '│', ',', ';', ':', '(', ')']).map(|word| word.trim_matches('─')) {
            if let Some((_, below)) = word.split_once('┌') {
                // A box is a folder, and the names in it are below that.
                folder = Path::new(ROOT).join(below.trim_matches(['─', '┐']));
                assert!(folder.is_dir(), "there is no folder {below}");
                named += 1;
            } else if word.ends_with('/') || word.ends_with(".rs") || word.ends_with(".md") {
                assert!(folder.join(word).exists(), "{line}: there is no {word} in {}", folder.display());
                named += 1;
            }
        }
    }
    assert!(named > 30, "only {named} names were found in the drawing");
}
