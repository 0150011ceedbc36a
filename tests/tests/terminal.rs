//! What a person at a terminal of 80 columns sees, and what a pipe gets instead.

use serde_json::json;
use std::path::Path;
use std::process::Command;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{CLUSTER_KEY, Handoff, with_credentials};
use sts_tests::programs::{Run, unwrapped};
use sts_tests::terminal::{
    COLUMNS, is_coloured, on_terminal, on_terminal_saying_yes_after, on_terminal_with_result_in,
};

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");

/// The executor with one command on a terminal that knows colours.
fn at_terminal(story: &Handoff, emulator: &Emulator, task: &str, flags: &[&str]) -> Command {
    let mut command = story.executor(task);
    with_credentials(&mut command, emulator.address()).env("TERM", "xterm-256color").args(flags);
    command
}

#[test]
fn an_apply_shows_a_bar_on_a_terminal_that_is_gone_in_the_end_and_none_in_a_pipe() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let result = story.path("result.txt");
    let apply = at_terminal(&story, &emulator, "apply", &["--yes"]);
    let shown = on_terminal_with_result_in(result.as_os_str(), &apply).exits(0);
    let steps = 5;
    assert!(
        shown.stdout.contains("[=") && shown.stdout.contains(&format!("/{steps}  ")),
        "{:?}",
        shown.stdout
    );
    let lines = shown.stdout.matches("  created ").count();
    assert_eq!(lines, steps, "a line to each step stays: {:?}", shown.stdout);
    // The terminal's last word on the bar is to clear its line.
    let after_bar = &shown.stdout[shown.stdout.rfind("[=").unwrap()..];
    assert!(after_bar.contains("\x1b[2K") || after_bar.contains("\x1b[J"), "{after_bar:?}");
    let result = std::fs::read_to_string(result).unwrap();
    assert!(
        result.contains("Receipt: 5 done") && !result.contains('\x1b') && !result.contains("[="),
        "{result}"
    );

    let delete = at_terminal(&story, &emulator, "delete", &["--yes", "--quiet"]);
    let shown = on_terminal(&delete).exits(0);
    assert!(!shown.stdout.contains("[=") && !shown.stdout.contains("deleted "), "{:?}", shown.stdout);

    let piped = Run::of(&mut at_terminal(&story, &emulator, "apply", &["--yes"])).exits(0);
    assert!(!piped.stderr.contains('\x1b') && !piped.stderr.contains("[="), "{:?}", piped.stderr);
    assert_eq!(piped.stderr.matches("  created ").count(), steps);
}

#[test]
fn a_yes_to_a_plan_that_the_account_has_left_meanwhile_changes_nothing() {
    let emulator = Emulator::start();
    let account = sts_tests::handoff::account(&emulator);
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let ask = |task: &str| at_terminal(&story, &emulator, task, &[]);
    let _ = on_terminal_saying_yes_after(&ask("apply"), || {}).exits(0).shows("Receipt: 5 done");
    let role = "harbour-example-backup-backup-credentials";
    let tag = format!("openshift.io/cloud-credential-operator/{}", sts_tests::handoff::CLUSTER);
    let untag = || account.call(&json!([["iam", "untag_role", {"RoleName": role, "TagKeys": [tag]}]]));
    let mut shown = on_terminal_saying_yes_after(&ask("delete"), untag).exits(4);
    shown.stdout = unwrapped(&shown.stdout);
    let _ = shown
        .shows("what moved:")
        .shows(&format!("role/{role}: nothing is to be done now; to delete it was approved"))
        .shows(&format!("role/{role}: foreign or orphaned now"))
        .shows("nothing was changed");
    let full = account.dump();
    assert!(!full["buckets"].as_object().unwrap().is_empty() && !full["roles"][role].is_null(), "{full}");

    account.call(&json!([["iam", "tag_role", {"RoleName": role, "Tags": [{"Key": tag, "Value": "owned"}]}],
        ["iam", "update_role", {"RoleName": role, "Description": "first"}]]));
    let change =
        || account.call(&json!([["iam", "update_role", {"RoleName": role, "Description": "second"}]]));
    let mut shown = on_terminal_saying_yes_after(&ask("apply"), change).exits(4);
    shown.stdout = unwrapped(&shown.stdout);
    let _ = shown.shows(&format!("role/{role}: other changes than were approved: description"));
}

#[test]
fn a_new_key_is_waited_for_under_a_moving_line_on_a_terminal_and_in_silence_in_a_pipe() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let words = ["create-key-pair", "--output-dir", "fresh"];
    let mut command = story.generator();
    command.env("TERM", "xterm-256color").args(words);
    let shown = on_terminal(&command).exits(0);
    assert!(shown.stdout.contains("making an RSA-4096 key pair ("), "{:?}", shown.stdout);
    std::fs::remove_dir_all(story.path("fresh")).unwrap();
    let piped = Run::of(story.generator().args(words)).exits(0);
    assert!(!piped.stderr.contains("making an RSA-4096 key pair"), "{:?}", piped.stderr);
}

#[test]
fn colour_is_for_terminals_and_for_nobody_who_set_no_color() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    for task in ["verify", "plan", "inspect"] {
        let command = at_terminal(&story, &emulator, task, &[]);
        let shown = on_terminal(&command).exits(0);
        assert!(is_coloured(&shown.stdout), "{task}: {:?}", shown.stdout);
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let mut command = at_terminal(&story, &emulator, task, &[]);
            let plain = on_terminal(command.env(name, value)).exits(0);
            assert!(!plain.stdout.contains('\x1b'), "{task} with {name}: {:?}", plain.stdout);
        }
        let piped = Run::of(&mut at_terminal(&story, &emulator, task, &[])).exits(0);
        assert!(!piped.stdout.contains('\x1b') && !piped.stderr.contains('\x1b'), "{task}");
    }
}

#[test]
fn no_line_of_a_result_is_wider_than_a_terminal_but_for_a_word_that_is() {
    let emulator = Emulator::start();
    let story = Handoff::prepare();
    let at = emulator.address();
    let look = |task: &str, flags: &[&str]| {
        let run = story.run(at, task, flags);
        for line in run.stdout.lines().filter(|line| line.chars().count() > COLUMNS) {
            let words = line.split_whitespace().count();
            // A word alone, or the length of a file and its path, which is one word.
            assert!(task == "inspect" && words <= 2, "{task}: {} columns: {line}", line.chars().count());
        }
        run
    };
    for task in ["verify", "inspect", "rehearse", "plan"] {
        let _ = look(task, &[]).exits(0);
    }
    let _ = look("apply", &["--yes"]).exits(0);
    let _ = look("status", &[]).exits(0);
    // Everything drifts: an older bundle with another boundary and other tags.
    let flags = ["--tag", "Team=platform-engineering-of-the-whole-company-and-all-its-branches"];
    let other = story.create_all(Path::new(sts_tests::handoff::REQUESTS), 1_750_000_000, &flags);
    for task in ["plan", "status"] {
        let mut command = story.executor_on(&other, task);
        let run = Run::of(with_credentials(&mut command, at)).exits(0);
        for line in run.stdout.lines() {
            let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or_default();
            assert!(line.chars().count() <= COLUMNS || longest > COLUMNS / 2, "{task}: {line}");
        }
    }
    let _ = look("delete", &["--yes"]).exits(0);
}

/// Whether a line that is too long is what a person copies: one word, or a command.
fn is_to_copy(line: &str) -> bool {
    let text = line.trim().trim_start_matches("# ");
    let programs = ["sts-generator ", "sts-executor ", "aws ", "oc "];
    !text.contains(' ') || text.ends_with('\\') || programs.iter().any(|program| text.starts_with(program))
}

#[test]
fn what_is_said_is_broken_between_words_on_a_terminal_and_is_one_line_in_a_pipe() {
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let requests = story.path("wrong");
    std::fs::create_dir(&requests).unwrap();
    let right = std::fs::read_dir(ONE_REQUEST).unwrap().next().unwrap().unwrap().path();
    let wrong = std::fs::read_to_string(right).unwrap().replace("effect: Allow", "effect: \"Allow it\"");
    std::fs::write(requests.join("a.yaml"), wrong).unwrap();
    let generator = |words: &[&str]| {
        let mut command = story.generator();
        command.args(words);
        command
    };
    let on_bundle = |before: &[&str], after: &[&str]| {
        let mut command = generator(before);
        command.arg(story.bundle()).args(after);
        command
    };
    let executor = |task: &str, flags: &[&str]| {
        let mut command = story.executor(task);
        command.args(flags);
        command
    };
    let of_wrong = ["create-iam-roles", "--name", "harbour", "--region", "eu-west-1", "--output-dir", "o"];
    let of_wrong = [&of_wrong[..], &["--credentials-requests-dir", "wrong"]].concat();
    let provider = ["--identity-provider-arn", "arn:aws:iam::123456789012:oidc-provider/harbour.example.com"];
    let trust = ["--trusted-key", "author.key.pub"];
    let stage = ["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key", "--bundle-dir", "new"];
    let stage = [&stage[..], &trust].concat();
    let other_key = [&stage[..1], &["other/serviceaccount-signer.public"], &stage[2..]].concat();
    let _ = Run::of(&mut generator(&["create-key-pair", "--output-dir", "other"])).exits(0);
    // The exit code, and how many lines of a pipe a terminal would have broken.
    for (command, code, long) in [
        (
            generator(&["create-all", "--name", "No", "--region", "one that is not of AWS", "--any-account"]),
            64,
            1,
        ),
        (generator(&["create-all", "--name", "harbour", "--any-account"]), 64, 1),
        (generator(&[&of_wrong[..], &provider].concat()), 1, 1),
        (
            generator(
                &[&of_wrong[..], &["--identity-provider-arn", "arn:aws:iam::1:oidc-provider/x"]].concat(),
            ),
            64,
            2,
        ),
        (on_bundle(&["render", "--format", "terraform"], &[]), 3, 1),
        (on_bundle(&["render", "--format", "terraform"], &trust), 0, 1),
        (on_bundle(&["rotate-keys", "stage", "--previous"], &stage), 1, 2),
        (on_bundle(&["rotate-keys", "stage", "--previous"], &other_key), 0, 7),
        (on_bundle(&["sign", "--signing-key", "author.key"], &[]), 0, 3),
        (executor("apply", &["--approve", "nothing"]), 64, 1),
        (executor("verify", &["--verbose"]), 0, 1),
        (executor("verify", &["--trusted-key", "nowhere.pub"]), 1, 0),
    ] {
        let mut command = command;
        let result = story.path("result");
        // The terminal second: what is made in the first run is told of in the same words, and that it is there already.
        let piped = Run::of(command.env("SOURCE_DATE_EPOCH", "1750000000")).exits(code);
        let shown = on_terminal_with_result_in(result.as_os_str(), &command).exits(code).stdout;
        let broken = piped.stderr.lines().filter(|line| line.chars().count() > COLUMNS).count();
        assert!(broken >= long, "{broken} long lines of {}:\n{}", piped.line, piped.stderr);
        for line in shown.lines() {
            let columns = line.chars().count();
            assert!(columns <= COLUMNS || is_to_copy(line), "{}: {columns} columns: {line}", piped.line);
        }
        let words = |text: &str| unwrapped(&text.replace("# ", ""));
        let all = words(&shown);
        for line in piped.stderr.lines().filter(|line| !line.ends_with(" ms.")) {
            assert!(all.contains(&words(line)), "{line:?} is not in:\n{shown}");
        }
    }
}
