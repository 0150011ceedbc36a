//! Who signed, until when, and who that claims to be.

use super::{Desk, bundle, json};
use sts_schemas::failure::Exit;

const TRUSTED: [&str; 2] = ["--trusted-key", "author.pub"];

#[test]
fn an_expired_signature_is_refused_and_taken_only_with_a_flag_that_is_recorded() {
    let desk = Desk::new();
    // The clock stands a minute after the generation.
    let ends = |exp| bundle::write_until(&desk.bundle(), &bundle::signing_key(7), Some(exp));
    ends(bundle::GENERATION + 61);
    let current = desk.run(&[&["verify", "BUNDLE"][..], &TRUSTED].concat());
    assert_eq!(current.exit, Exit::Done, "{}", current.err);
    assert!(current.out.contains("counts until 2023-11-14 22:14:21 UTC"), "{}", current.out);
    let needless = desk.run(&[&["verify", "BUNDLE", "--allow-expired"][..], &TRUSTED].concat());
    assert_eq!((needless.err.as_str(), needless.out), ("", current.out), "nothing was overridden");

    ends(bundle::GENERATION + 60);
    let refused = desk.run(&[&["verify", "BUNDLE"][..], &TRUSTED].concat());
    assert_eq!(refused.exit, Exit::BundleRejected);
    assert!(refused.err.contains("expired at") && refused.out.is_empty(), "{}", refused.err);
    let allowed =
        desk.run(&[&["verify", "BUNDLE", "--allow-expired", "--format", "json"][..], &TRUSTED].concat());
    assert_eq!(allowed.exit, Exit::Done, "{}", allowed.err);
    assert!(allowed.err.starts_with("WARNING: EXPIRED"), "{}", allowed.err);
    assert_eq!(json(&allowed.out)["trusted_keys"][0]["expired"], true);
    let line = ["rehearse", "BUNDLE", "--allow-expired", "--receipt", "receipt.json"];
    let rehearsed = desk.run(&[&line[..], &TRUSTED].concat());
    assert_eq!(rehearsed.exit, Exit::Done, "{}", rehearsed.err);
    let receipt = super::receipt(&desk.path("receipt.json"));
    assert!(receipt.notes.iter().any(|note| note.contains("--allow-expired")), "{:?}", receipt.notes);
}

#[test]
fn what_a_key_file_claims_about_its_holder_is_shown_as_a_claim_and_changes_nothing() {
    let desk = Desk::new();
    let pem = std::fs::read_to_string(desk.path("author.pub")).unwrap();
    let commented = format!("# name: Ada Lovelace\n# contact: ada@example.org\n# name: Mallory\n{pem}");
    std::fs::write(desk.path("author.pub"), commented).unwrap();
    for command in ["verify", "inspect"] {
        let run = desk.run(&[&[command, "BUNDLE"][..], &TRUSTED].concat());
        assert_eq!(run.exit, Exit::Done, "{}", run.err);
        assert!(run.out.contains("claimed    name Ada Lovelace\n"), "{}", run.out);
        assert!(run.out.contains("claimed    contact ada@example.org\n"), "{}", run.out);
        assert!(!run.out.contains("Mallory"), "{}", run.out);
    }
    // The same claim on another key gives it nothing.
    let stranger = std::fs::read_to_string(desk.path("stranger.pub")).unwrap();
    std::fs::write(desk.path("stranger.pub"), format!("# name: Ada Lovelace\n{stranger}")).unwrap();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "stranger.pub"]);
    assert_eq!(run.exit, Exit::BundleRejected);
    // A claim that could move a cursor is not shown at all.
    std::fs::write(desk.path("author.pub"), format!("# name: \u{1b}[2KAda\n{pem}")).unwrap();
    let run = desk.run(&[&["verify", "BUNDLE"][..], &TRUSTED].concat());
    assert!(run.exit == Exit::Done && !run.out.contains("claimed"), "{}", run.out);
}

#[test]
fn one_key_in_two_files_is_one_signer() {
    let desk = Desk::new();
    std::fs::copy(desk.path("author.pub"), desk.path("again.pub")).unwrap();
    let keys = ["--trusted-key", "author.pub", "--trusted-key", "again.pub", "--threshold", "2"];
    let run = desk.run(&[&["verify", "BUNDLE"][..], &keys].concat());
    assert_eq!(run.exit, Exit::Usage);
    assert!(run.err.contains("there is only 1 distinct trusted key\n"), "{}", run.err);
}

#[test]
fn a_key_written_in_another_form_is_refused_lest_it_count_twice() {
    let desk = Desk::new();
    // One P-256 key of OpenSSL's, its point once uncompressed and once compressed.
    let compressed = "-----BEGIN PUBLIC KEY-----\nMDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADaxfR8uEsQkf4vOblY6RA8ncDfYEt\n6zOg9KE5RdiYwpY=\n-----END PUBLIC KEY-----\n";
    std::fs::write(desk.path("compressed.pub"), compressed).unwrap();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "compressed.pub"]);
    assert_eq!(run.exit, Exit::Failed);
    assert!(run.err.contains("unusual form") && run.err.contains("compressed.pub"), "{}", run.err);
}

#[test]
fn one_key_in_two_files_is_told_once_and_both_files_are_named() {
    let desk = Desk::new();
    let pem = std::fs::read_to_string(desk.path("author.pub")).unwrap();
    std::fs::write(desk.path("again.pub"), format!("# name: Somebody Else\n{pem}")).unwrap();
    let keys = ["--trusted-key", "author.pub", "--trusted-key", "again.pub"];
    for report in ["report.txt", "report.json"] {
        let run = desk.run(&[&["verify", "BUNDLE", "--report", report][..], &keys].concat());
        assert_eq!(run.exit, Exit::Done, "{}", run.err);
        assert!(run.err.starts_with("WARNING: ") && run.err.contains("hold the same key"), "{}", run.err);
        assert!(run.err.contains("author.pub and ") && run.err.contains("again.pub"), "{}", run.err);
        assert_eq!(run.err.matches("WARNING").count(), 1, "{}", run.err);
    }
    let text = std::fs::read_to_string(desk.path("report.txt")).unwrap();
    assert!(text.contains("against  1 trusted key,") && text.contains("hold the same key"), "{text}");
    let report = json(&std::fs::read_to_string(desk.path("report.json")).unwrap());
    assert_eq!(report["trusted_keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_refusal_advises_what_fits_it() {
    let desk = Desk::new();
    let advice = |flags: &[&str]| {
        let run = desk.run(&[&["verify", "BUNDLE"][..], flags].concat());
        assert_eq!(run.exit, Exit::BundleRejected, "{}", run.err);
        run.err.lines().find(|line| line.starts_with("Hint: ")).unwrap().to_owned()
    };
    assert!(advice(&["--trusted-key", "stranger.pub"]).contains("ask the author which key signed it"));
    let both = ["--trusted-key", "author.pub", "--trusted-key", "stranger.pub", "--threshold", "2"];
    assert!(advice(&both).contains("as many of the trusted keys as --threshold asks for"));
    bundle::write_until(&desk.bundle(), &bundle::signing_key(7), Some(bundle::GENERATION));
    assert!(advice(&TRUSTED).contains("--allow-expired"));
}

#[test]
fn a_key_file_without_an_end_and_what_is_no_file_among_the_trusted_keys_are_refused() {
    let desk = Desk::new();
    let run = desk.run(&["verify", "BUNDLE", "--trusted-key", "/dev/zero"]);
    assert_eq!(run.exit, Exit::Failed);
    assert!(run.err.contains("longer than the 65536 bytes"), "{}", run.err);
    let folder = desk.path("configuration/trusted-keys");
    std::fs::create_dir_all(&folder).unwrap();
    let _pipe = std::os::unix::net::UnixListener::bind(folder.join("a.pub")).unwrap();
    let run = desk.run(&["verify", "BUNDLE"]);
    assert_eq!(run.exit, Exit::Failed);
    assert!(run.err.contains("it is no regular file"), "{}", run.err);
}

#[test]
fn a_run_without_a_verdict_leaves_no_earlier_report_and_one_without_a_key_rejects_nothing() {
    let desk = Desk::new();
    for report in ["report.txt", "report.json"] {
        let line = ["verify", "BUNDLE", "--report", report];
        assert_eq!(desk.run(&[&line[..], &TRUSTED].concat()).exit, Exit::Done);
        let run = desk.run(&[&line[..], &["--trusted-key", "none.pub"]].concat());
        assert_eq!(run.exit, Exit::Failed);
        assert!(run.err.contains("this run came to no verdict"), "{}", run.err);
        assert!(!desk.path(report).exists());
        assert_eq!(desk.run(&line).exit, Exit::BundleRejected);
        let text = std::fs::read_to_string(desk.path(report)).unwrap();
        assert!(!text.to_lowercase().contains("rejected"), "{text}");
        assert!(text.contains("NOT VERIFIED: no trusted key was given") || text.contains("\"not-verified\""));
        // It gives way to the next.
        assert_eq!(desk.run(&[&line[..], &TRUSTED].concat()).exit, Exit::Done);
    }
}
