//! `inspect --previous`: what changed since an older bundle, from the bytes of both, under the keys that count.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{GENERATION, Handoff, REQUESTS};
use sts_tests::programs::{Run, command, program, unwrapped};

const BACKUP: &str = "example-backup/backup-credentials";
const TERMINAL: usize = 80;

/// The example's requests with one more action, and without those that ask for one of the roles.
fn next_requests(story: &Handoff) -> PathBuf {
    let folder = story.path("next");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(REQUESTS).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if !text.contains("namespace: example-backup") {
            let text = text.replace("- ec2:RunInstances\n", "- ec2:RunInstances\n      - ec2:DeleteVpc\n");
            std::fs::write(folder.join(path.file_name().unwrap()), text).unwrap();
        }
    }
    folder
}

/// Makes one more bundle with the author's key, with all flags but those about time and place given here.
fn create(story: &Handoff, generation: u64, flags: &[&str]) -> PathBuf {
    let mut generator = story.generator();
    generator.args(["create-all", "--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"]);
    generator.args(["--output-dir", &format!("made-{generation}"), "--bundle-dir", "bundles"]).args(flags);
    let run = Run::of(generator.env("SOURCE_DATE_EPOCH", generation.to_string())).exits(0);
    story.path(run.stdout.trim_end())
}

fn inspect(story: &Handoff, new: &Path, old: &Path, flags: &[&str]) -> Run {
    Run::of(story.executor_on(new, "inspect").arg("--previous").arg(old).args(flags))
}

fn changes(story: &Handoff, new: &Path, old: &Path) -> Value {
    let printed = inspect(story, new, old, &["--format", "json"]).exits(0).stdout;
    serde_json::from_str::<Value>(&printed).unwrap()["changes"].clone()
}

/// Fails unless the parts stand in the text in this order.
#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    parts.iter().fold(0, |from, part| {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("no {part:?} behind {from} in:\n{text}"));
        from + at
    });
}

#[test]
fn every_form_says_near_its_top_what_roles_gain_and_lose_since_the_older_bundle() {
    let story = Handoff::prepare();
    let old = story.bundle().to_owned();
    let new = story.create_all(&next_requests(&story), GENERATION + 10, &["--tag", "team=b"]);
    let told = changes(&story, &new, &old);
    let digest = told["previous"].as_str().unwrap();
    assert_eq!((&told["previous_generation"], &told["notes"]), (&GENERATION.into(), &Value::Array(vec![])));
    let roles = told["difference"]["roles"].as_array().unwrap();
    assert_eq!(roles[0]["actions"][0]["action"], "ec2:DeleteVpc");
    assert_eq!((&roles[1]["secret"], &roles[1]["presence"]), (&BACKUP.into(), &"removed".into()));
    let tag = told["settings"].as_array().unwrap().iter().find(|one| one["name"] == "tag team").unwrap();
    assert!(tag["addresses"].as_array().unwrap().len() > 5, "all that bears it stands together: {tag}");

    let title = format!("hat changed since bundle {digest} of generation {GENERATION}");
    let text = inspect(&story, &new, &old, &[]).exits(0).stdout;
    let too_wide = |line: &&str| line.chars().count() > TERMINAL && line.trim().contains(' ');
    let section = text.split("What changed since").nth(1).unwrap().split("\n\n").next().unwrap();
    assert_eq!(section.lines().find(too_wide), None);
    let lines = unwrapped(&text);
    in_order(
        &lines,
        &[
            "signed by",
            &title,
            "risk: warning",
            "warning + ec2:DeleteVpc on *",
            BACKUP,
            "AWS resources bucket/",
        ],
    );
    in_order(&lines, &[BACKUP, "the role is no longer asked for", "tag team: none -> b, of bucket/"]);
    let markdown = inspect(&story, &new, &old, &["--format", "markdown"]).exits(0).stdout;
    in_order(&markdown, &["| signed by", &title, "+ ec2:DeleteVpc on", BACKUP, "## What to look at twice"]);
    let page = inspect(&story, &new, &old, &["--format", "html"]).exits(0).stdout;
    in_order(&page, &["</dl>", "<h2 id=\"changed\">W", &title, "ec2:DeleteVpc on *", BACKUP, "id=\"twice\""]);

    let plain = Run::of(&mut story.executor_on(&new, "inspect")).exits(0).stdout;
    assert!(!plain.contains("hat changed since"), "nobody asked");
}

#[test]
fn what_differs_about_the_cluster_itself_is_told_and_a_key_that_comes_is_a_danger() {
    let story = Handoff::prepare();
    let old = story.bundle().to_owned();
    let openssl = |line: &str| {
        let mut openssl = command(Path::new("openssl"));
        let _ = Run::of(openssl.args(line.split(' ')).current_dir(story.path("."))).exits(0);
    };
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key");
    openssl("pkey -in other.key -pubout -out other.pub");
    let elsewhere = ["--name", "harbour", "--region", "eu-west-1", "--account-id", "999988887777"];
    let keys = ["--public-key-file", "other.pub"];
    let new = create(&story, GENERATION + 10, &[&elsewhere[..], &keys].concat());
    let difference = &changes(&story, &new, &old)["difference"];
    let cluster = difference["cluster"].as_object().unwrap();
    let names: Vec<_> = cluster.keys().map(String::as_str).collect();
    assert_eq!(names, ["account", "issuer", "keys of tokens", "region"]);
    assert_eq!(difference["cluster_risk"], "danger");
    let text = unwrapped(&inspect(&story, &new, &old, &[]).exits(0).stdout);
    in_order(
        &text,
        &["The cluster", "danger ! whoever holds a key", "~ account: 123456789012 -> 999988887777"],
    );
    assert!(text.contains("~ region: eu-central-1 -> eu-west-1"), "{text}");

    // A value that is open is told in words, in the place of the number that stands for it.
    let open = ["--name", "harbour", "--region", "eu-central-1", "--any-account"];
    let open = create(&story, GENERATION + 20, &[&open[..], &keys].concat());
    let text = unwrapped(&inspect(&story, &open, &old, &[]).exits(0).stdout);
    assert!(text.contains("~ account: 123456789012 -> left open"), "{text}");
}

#[test]
fn the_older_bundle_is_of_the_same_cluster_and_signed_by_a_key_that_counts() {
    let (story, stranger) = (Handoff::prepare(), Handoff::prepare());
    let new = story.create_all(Path::new(REQUESTS), GENERATION + 10, &[]);
    let refused = inspect(&story, &new, stranger.bundle(), &[]).exits(3).says("the older bundle");
    assert_eq!(refused.stdout, "");
    let place = ["--region", "eu-central-1", "--account-id", Emulator::ACCOUNT];
    let keys = ["--name", "quay", "--public-key-file", sts_tests::handoff::CLUSTER_KEY];
    let other = create(&story, GENERATION, &[&place[..], &keys].concat());
    let refused = inspect(&story, &new, &other, &[]).exits(64);
    assert_eq!(refused.says("is of cluster quay, and this one of cluster harbour").stdout, "");

    // Without a key both are read under one warning, and so is what changed.
    for (format, words) in [("text", "UNVERIFIED: "), ("markdown", "**UNVERIFIED.**"), ("json", "unverified")]
    {
        let mut inspect = command(&program("sts-executor"));
        inspect.arg("inspect").arg(&new).arg("--previous").arg(stranger.bundle()).args(["--format", format]);
        let run = Run::of(inspect.env("HOME", story.path("."))).exits(0);
        in_order(&run.stdout, &[words, "generation"]);
        assert!(format != "json" || run.stdout.contains("\"kind\": \"unverified-bundle\""), "{}", run.stdout);
    }
}

#[test]
fn a_signature_of_the_older_bundle_that_has_ended_and_one_that_is_not_older_are_told_and_compared() {
    let story = Handoff::prepare();
    let new = story.bundle().to_owned();
    let ended = story.create_all(Path::new(REQUESTS), GENERATION + 10, &["--expires", "1d"]);
    for form in ["text", "markdown", "html"] {
        let run = inspect(&story, &new, &ended, &["--format", form]).exits(0);
        let text = unwrapped(&run.stdout);
        in_order(
            &text,
            &["hat changed since", "NOT OLDER: the bundle given with --previous", "EXPIRED: the"],
        );
        assert!(text.contains("Nothing in cluster, roles and AWS resources."), "{text}");
    }
    let _ = inspect(&story, &ended, &new, &[]).exits(3).says("expired");
    let same = changes(&story, &new, &new);
    assert!(same["notes"][0].as_str().unwrap().starts_with("THE SAME: "), "{same}");
}

#[test]
fn dangers_come_before_warnings_whichever_roles_they_are_of() {
    let story = Handoff::prepare();
    for (form, danger, warning) in
        [("text", "  danger [", "  warning ["), ("markdown", "- danger \\[", "- warning \\[")]
    {
        let text = Run::of(story.executor("inspect").args(["--format", form])).exits(0).stdout;
        let (last, first) = (text.rfind(danger).unwrap(), text.find(warning).unwrap());
        assert!(last < first, "{text}");
        assert!(text[..last].contains(danger), "there are several");
    }
}
