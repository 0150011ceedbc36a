//! Several people who sign one file: nobody's signature is lost, and nobody's file.

use crate::author::{Author, NOW, PROGRAM, at_a_terminal, at_a_terminal_while};
use std::fs;

const ALL: [&str; 4] = ["author.key.pub", "a.key.pub", "b.key.pub", "c.key.pub"];

/// An author with a bundle, and the keys of three reviewers.
fn prepared() -> (Author, String) {
    let author = Author::new();
    for key in ["a.key", "b.key", "c.key"] {
        author.run(&["create-signing-key", "--output", key]).exits(0);
    }
    let bundle = author.create_all("out", &[]).exits(0).stdout.trim_end().to_owned();
    (author, bundle)
}

#[test]
fn who_signs_at_the_same_time_loses_nobodys_signature() {
    let (author, bundle) = prepared();
    let before = fs::read(author.path(&bundle)).unwrap();
    for _ in 0..3 {
        fs::write(author.path(&bundle), &before).unwrap();
        let signing = |key: &&str| {
            author.command(PROGRAM).args(["--quiet", "sign", &bundle, "--signing-key", key]).spawn().unwrap()
        };
        let mut runs: Vec<_> = ["a.key", "b.key", "c.key"].iter().map(signing).collect();
        assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
        author.read(&bundle, &author.trust(&ALL, 4), NOW).unwrap();
    }
}

#[test]
fn what_another_signed_while_a_person_was_asked_stays() {
    let (author, bundle) = prepared();
    let other = format!("{PROGRAM} sign {bundle} --signing-key b.key");
    at_a_terminal_while(&author, &format!("sign {bundle} --signing-key a.key"), &other, &["yes"]).exits(0);
    author.read(&bundle, &author.trust(&ALL, 3), NOW).unwrap();
}

#[test]
fn a_file_that_came_in_the_bundles_place_while_a_person_was_asked_is_left_as_it_is() {
    let (author, bundle) = prepared();
    let flags = ["--bundle-dir", "others", "--session-duration", "7200"];
    let other = author.create_all("other", &flags).exits(0).stdout.trim_end().to_owned();
    let line = format!("sign {bundle} --signing-key a.key");
    for (meanwhile, left, said) in [
        (
            format!("cp {other} {bundle}"),
            Some(fs::read(author.path(&other)).unwrap()),
            "another file has come",
        ),
        (format!("echo none > {bundle}"), Some(b"none\n".to_vec()), "another file has come"),
        (format!("rm {bundle}"), None, "is not there any more"),
    ] {
        let before = fs::read(author.path(&bundle)).unwrap();
        at_a_terminal_while(&author, &line, &meanwhile, &["yes"]).exits(1).says(&[said]);
        assert!(fs::read(author.path(&bundle)).ok() == left, "{meanwhile}");
        fs::write(author.path(&bundle), before).unwrap();
    }
}

#[test]
fn a_bundle_behind_a_link_is_signed_where_it_lies_and_the_link_stays() {
    let (author, bundle) = prepared();
    std::os::unix::fs::symlink(author.path(&bundle), author.path("link.tar.gz")).unwrap();
    at_a_terminal(&author, "sign link.tar.gz --signing-key a.key", &["yes"]).exits(0);
    assert!(author.path("link.tar.gz").is_symlink());
    author.read(&bundle, &author.trust(&ALL, 2), NOW).unwrap();
}
