//! Flags that do more than end in a file: where they are taken from, and what of them is refused.

use crate::author::{Author, CLUSTER_KEY, PROGRAM, REQUESTS, ran};
use std::fs;

#[test]
fn the_installers_configuration_tells_the_region_and_a_contradiction_is_refused() {
    let author = Author::new();
    author.put("config.yaml", "platform: {aws: {region: eu-north-1}}\ncredentialsMode: Manual\n");
    let mut line = vec!["create-all", "--credentials-requests-dir", REQUESTS, "--output-dir", "out"];
    line.extend(["--name", "harbour", "--account-id", "123456789012", "--public-key-file", CLUSTER_KEY]);
    line.extend(["--signing-key", "author.key", "--install-config", "config.yaml"]);
    author.run(&[&line[..], &["--region", "eu-west-1"]].concat()).exits(1).says(&["eu-north-1", "eu-west-1"]);
    assert!(!author.path("out").exists());
    author.run(&line).exits(0).says(&["harbour-oidc.s3.eu-north-1.amazonaws.com"]);
    let bucket = fs::read_to_string(author.path("out/01-oidc-bucket.json")).unwrap();
    assert!(bucket.contains("eu-north-1"), "{bucket}");
}

#[test]
fn tags_that_aws_or_this_program_cannot_take_are_refused_by_what_is_wrong() {
    let author = Author::new();
    let long = format!("a={}", "x".repeat(257));
    let many: Vec<String> = (0..9).map(|number| format!("key{number}=x")).collect();
    let many: Vec<&str> = many.iter().flat_map(|tag| ["--tag", tag.as_str()]).collect();
    let cases: [(&[&str], &str); 10] = [
        (&["--tag", "owner=O'Brien"], "not '\\''"),
        (&["--tag", "AWS:x=1"], "begin with aws:"),
        (&["--tag", "name=x"], "made by the program"),
        (&["--tag", "sts-handoff/generation=1"], "made by the program"),
        (&["--tag", "=x"], "KEY=VALUE"),
        (&["--tag", "x=000000000001"], "would not stay as it is"),
        (&["--tag", "x=known-after-apply.invalid"], "would not stay as it is"),
        (&["--tag", &long], "256"),
        (&["--tag", "a=1", "--tag", "A=2"], "given twice"),
        (&many, "at most 8 fit"),
    ];
    for (flags, why) in cases {
        author.create_all("out", flags).exits(64).says(&[why]);
    }
    assert!(!author.path("out").exists());
    author.create_all("out", &["--tag", "Ort=Köln am Rhein", "--tag", "a/b=x@y:z"]).exits(0);
}

#[test]
fn a_certificate_that_cloudfront_could_not_use_is_refused() {
    let author = Author::new();
    let flags =
        ["--create-private-s3-bucket", "--issuer-url", "https://oidc.example.org", "--certificate-arn"];
    for certificate in [
        "arn:aws:acm:us-west-2:123456789012:certificate/1",
        "arn:aws:acm:us-east-1:999988887777:certificate/1",
        "arn:aws:iam::123456789012:server-certificate/x",
        "arn:aws-us-gov:acm:us-east-1:123456789012:certificate/1",
    ] {
        let run = author.create_all("out", &[&flags[..], &[certificate]].concat()).exits(64);
        run.says(&["CloudFront cannot use", "arn:aws:acm:us-east-1:123456789012:certificate/ID"]);
    }
    let china = ["arn:aws-cn:acm:us-east-1:123456789012:certificate/1", "--region", "cn-north-1"];
    let mut line = vec!["create-identity-provider", "--name", "harbour", "--account-id", "123456789012"];
    line.extend(["--public-key-file", CLUSTER_KEY, "--output-dir", "out"]);
    line.extend(flags.iter().chain(&china));
    author.run(&line).exits(64).says(&["in China", "give --issuer-url alone"]);
    assert!(!author.path("out").exists());
}

#[test]
fn a_terminal_shows_what_is_going_on_and_a_pipe_does_not() {
    let author = Author::new();
    let quiet = author.run(&["create-key-pair", "--output-dir", "quiet"]).exits(0);
    assert_eq!(quiet.stderr, "quiet: a new RSA-4096 key pair\n");
    // Python is what the end-to-end tests need too; it lends the program a terminal.
    let terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut lively = author.command("python3");
    lively.env("TERM", "xterm").args(["-c", terminal, PROGRAM, "create-key-pair", "--output-dir", "lively"]);
    let shown = ran(&mut lively).exits(0).stdout;
    assert!(shown.contains("making an RSA-4096 key pair"), "{shown:?}");
    assert!(shown.ends_with("lively: a new RSA-4096 key pair\r\n"), "{shown:?}");
}

#[test]
fn the_issuer_alone_takes_its_region_from_the_installers_configuration_too() {
    let author = Author::new();
    author.put("config.yaml", "platform: {aws: {region: eu-north-1}}\ncredentialsMode: Manual\n");
    let mut line = vec!["create-identity-provider", "--name", "harbour", "--account-id", "123456789012"];
    line.extend(["--public-key-file", CLUSTER_KEY, "--output-dir", "out", "--install-config", "config.yaml"]);
    author.run(&[&line[..], &["--region", "eu-west-1"]].concat()).exits(1).says(&["eu-north-1", "eu-west-1"]);
    author.run(&line).exits(0);
    let bucket = fs::read_to_string(author.path("out/01-oidc-bucket.json")).unwrap();
    assert!(bucket.contains("eu-north-1"), "{bucket}");
}

#[test]
fn a_policy_widened_by_hand_is_seen_by_the_gate_before_it_is_signed() {
    let author = Author::new();
    author.create_all("out", &["--deny-lint", "danger"]).exits(1).says(&["level danger or above: 1"]);
    author.create_all("out", &[]).exits(0);
    let again =
        ["create-bundle", "--output-dir", "out", "--signing-key", "author.key", "--bundle-dir", "again"];
    let gated = [&again[..], &["--deny-lint", "danger"]].concat();
    let machines = "out/06-4-harbour-example-machine-pool-machine-cloud-credentials-policy.json";
    author.edit(machines, "iam:PassRole", "iam:GetRole");
    author.run(&gated).exits(0);
    author.edit(machines, "iam:GetRole", "iam:*");
    fs::remove_dir_all(author.path("again")).unwrap();
    author.run(&gated).exits(1).says(&["danger [privilege-escalation]", "level danger or above"]);
    assert!(!author.path("again").exists());
    author.run(&again).exits(0);
}
