//! Flags that do more than end in a file: where they are taken from, and what of them is refused.

use crate::author::{Author, CLUSTER, CLUSTER_KEY, PROGRAM, PROVIDER, REQUESTS, Ran, ran};
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
    let mut line =
        vec!["create-identity-provider", "--name", "harbour", "--any-account", "--region", "eu-west-1"];
    line.extend(["--public-key-file", CLUSTER_KEY, "--output-dir", "out"]);
    line.extend(flags.iter().chain(&["arn:aws:acm:us-east-1:123456789012:certificate/1"]));
    author.run(&line).exits(64).says(&["--any-account leaves it open", "give --account-id 123456789012"]);
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
    author.create_all("out", &["--deny-lint", "danger"]).exits(1).says(&["level danger or above: 2"]);
    author.create_all("out", &[]).exits(0);
    let again =
        ["create-bundle", "--output-dir", "out", "--signing-key", "author.key", "--bundle-dir", "again"];
    let gated = [&again[..], &["--deny-lint", "danger"]].concat();
    let machines = "out/06-4-harbour-example-machine-pool-machine-cloud-credentials-policy.json";
    author.edit(machines, "iam:PassRole", "iam:GetRole");
    let images = "out/06-1-harbour-example-image-archive-archive-credentials-policy.json";
    author.edit(images, "s3:PutObject", "s3:GetObjectTagging");
    author.run(&gated).exits(0);
    author.edit(machines, "iam:GetRole", "iam:*");
    fs::remove_dir_all(author.path("again")).unwrap();
    author.run(&gated).exits(1).says(&["danger [privilege-escalation]", "level danger or above"]);
    assert!(!author.path("again").exists());
    author.run(&again).exits(0);
}

/// `create-all` on the seven requests with the installer's configuration of this text.
fn configured(author: &Author, config: &str) -> Ran {
    author.put("config.yaml", config);
    author.create_all("out", &["--install-config", "config.yaml"])
}

#[test]
fn a_configuration_that_wants_other_credentials_is_refused_and_one_that_does_not_say_is_told_the_line() {
    let author = Author::new();
    let region = "platform: {aws: {region: eu-central-1}}\n";
    for mode in ["Mint", "Passthrough"] {
        let run = configured(&author, &format!("{region}credentialsMode: {mode}\n")).exits(1);
        run.says(&["config.yaml", mode, "line 2", "replace it by: credentialsMode: Manual"]);
        let mut line =
            vec!["create-identity-provider", "--public-key-file", CLUSTER_KEY, "--output-dir", "out"];
        line.extend(CLUSTER);
        line.extend(["--install-config", "config.yaml"]);
        author.run(&line).exits(1).says(&[mode]);
    }
    assert!(!author.path("out").exists());
    let run = configured(&author, region).exits(0);
    let warned = run.stderr.matches("WARNING: config.yaml").count();
    assert_eq!(warned, 1, "{}", run.stderr);
    run.says(&["add this line at the left margin: credentialsMode: Manual"]);
}

#[test]
fn a_configuration_that_does_not_end_is_refused() {
    let author = Author::new();
    author.create_all("out", &["--install-config", "/dev/zero"]).exits(1).says(&["/dev/zero", "larger than"]);
    author.shell("mkfifo pipe");
    let mut endless = author.command("sh").args(["-c", "exec yes 'a: b' > pipe"]).spawn().unwrap();
    author.create_all("out", &["--install-config", "pipe"]).exits(1).says(&["larger than"]);
    assert!(!endless.wait().unwrap().success(), "nobody reads on");
    assert!(!author.path("out").exists());
    fs::create_dir(author.path("install")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", author.path("install/install-config.yaml")).unwrap();
    author.run(&["install", "--from", "out", "--install-dir", "install"]).exits(1).says(&["larger than"]);
}

#[test]
fn switches_are_taken_as_the_installer_writes_them_and_slips_are_named() {
    let author = Author::new();
    for (flag, value) in [
        ("--feature-gates", "A B"),
        ("--feature-gates", "A=on"),
        ("--feature-gates", "A,,B"),
        ("--feature-gates", "A=true,A=false"),
        ("--capabilities", "Ingress+Storage"),
        ("--capabilities", "Ingress=true"),
        ("--feature-set", "techpreview"),
    ] {
        author.create_all("out", &[flag, value]).exits(64);
    }
    assert!(!author.path("out").exists());
    author.copy_requests("requests");
    author.edit(
        "requests/70_backup.yaml",
        "  name: example-backup\n",
        "  name: example-backup\n  annotations:\n    release.openshift.io/feature-gate: BackupByNight\n",
    );
    let run = author.create_all_of("requests", "out", &["--feature-gates", "BackupByNight=true"]).exits(0);
    assert!(!run.stderr.contains("note:"), "{}", run.stderr);
    let off = author.create_all_of("requests", "out", &["--feature-gates", "BackupByNight=false"]).exits(0);
    off.says(&["skipped 70_backup.yaml", "which is off"]);
    let slip = author.create_all_of("requests", "out", &["--feature-gates", "BackupByNigth"]).exits(0);
    slip.says(&["no request speaks of feature gate BackupByNigth: did you mean BackupByNight?"]);
    let slip = author.create_all_of("requests", "out", &["--capabilities", "Ingres,Storage"]).exits(0);
    slip.says(&["capability Ingres is known neither here nor to a request: did you mean Ingress?"]);
}

#[test]
fn the_umask_decides_who_else_may_read_what_is_public() {
    let author = Author::new();
    author.create_all("open", &[]).exits(0);
    let line = |out: &str| {
        let cluster = CLUSTER.join(" ");
        format!(
            "umask 077; {PROGRAM} create-all {cluster} --credentials-requests-dir {REQUESTS} --output-dir {out} \
             --public-key-file {CLUSTER_KEY} --signing-key author.key --bundle-dir {out}-bundles 2>&1 >/dev/null"
        )
    };
    author.shell(&line("closed"));
    for (path, (mode, _)) in author.tree("closed").into_iter().chain(author.tree("closed-bundles")) {
        assert_eq!(mode, if path == "apply.sh" { 0o700 } else { 0o600 }, "{path}");
    }
    let again = author.shell(&line("closed"));
    assert!(again.contains("0 files written, 0 changed") && !again.contains("closed: changed"), "{again}");
    // What was open to others stays so: it is public, and whoever opened it knows better.
    let before = author.tree("open");
    author.shell(&line("open"));
    assert_eq!(author.tree("open"), before);
}

#[test]
fn a_region_that_contradicts_the_bucket_or_the_partition_is_refused() {
    let author = Author::new();
    author.create_all("out", &[]).exits(0);
    let pack = ["create-bundle", "--output-dir", "out", "--signing-key", "author.key", "--region"];
    author.run(&[&pack[..], &["eu-central-1"]].concat()).exits(0);
    author.run(&[&pack[..], &["eu-west-1"]].concat()).exits(1).says(&[
        "01-oidc-bucket.json",
        "eu-central-1",
        "--region says eu-west-1",
    ]);
    let issuer = ["--issuer-url", "https://oidc.example.org"];
    author.create_all("elsewhere", &issuer).exits(0);
    let pack = ["create-bundle", "--output-dir", "elsewhere", "--signing-key", "author.key", "--region"];
    author.run(&[&pack[..], &["moon-base-1"]].concat()).exits(64).says(&["--partition"]);
    let known = ["moon-base-1", "--partition", "aws"];
    let bundle = author.run(&[&pack[..], &known].concat()).exits(0).stdout;
    assert_eq!(author.verify(&bundle).manifest().cluster.region.as_str(), "moon-base-1");
    author.run(&[&pack[..], &["moon-base-1", "--partition", "aws-cn"]].concat()).exits(1).says(&["aws-cn"]);

    let roles = ["create-iam-roles", "--name", "harbour", "--credentials-requests-dir", REQUESTS];
    let provider = ["--identity-provider-arn", PROVIDER, "--output-dir", "roles", "--region"];
    let roles = [&roles[..], &provider].concat();
    author.run(&[&roles[..], &["moon-base-1"]].concat()).exits(64).says(&["--partition"]);
    author.run(&[&roles[..], &["moon-base-1", "--partition", "aws-cn"]].concat()).exits(64);
    author.run(&[&roles[..], &["us-gov-west-1"]].concat()).exits(64).says(&["aws-us-gov"]);
    assert!(!author.path("roles").exists());
    author.run(&[&roles[..], &known].concat()).exits(0);
}

#[test]
fn the_review_names_the_audiences_of_the_provider_and_of_each_role() {
    let author = Author::new();
    author.create_all("out", &["--trust-audience", "sts.amazonaws.com"]).exits(0);
    let review = fs::read_to_string(author.path("out/REVIEW.md")).unwrap();
    assert!(review.contains("| audiences it takes tokens for | openshift, sts.amazonaws.com |"), "{review}");
    let only = "Only with tokens for the audience sts.amazonaws.com.";
    assert_eq!(review.matches(only).count(), 7, "{review}");
    author.create_all("out", &[]).exits(0);
    assert!(!fs::read_to_string(author.path("out/REVIEW.md")).unwrap().contains("Only with tokens"));
}

#[test]
fn the_dry_run_of_ccoctl_is_taken_and_said_to_change_nothing() {
    let author = Author::new();
    let told = "--dry-run changes nothing: this program never does anything but write files";
    author.create_all("plain", &[]).exits(0);
    author.create_all("out", &["--dry-run"]).exits(0).says(&[told]);
    assert_eq!(author.tree("out"), author.tree("plain"));
    author
        .run(&["create-signing-key", "--output", "other.key", "--no-passphrase", "--dry-run"])
        .exits(0)
        .says(&[told]);
    author.put("fleet.yaml", "clusters:\n- {name: red, region: eu-west-1, any-account: true}\n");
    let fleet = ["create-all", "--fleet", "fleet.yaml", "--credentials-requests-dir", REQUESTS, "--dry-run"];
    let made = ["--public-key-file", CLUSTER_KEY, "--signing-key", "author.key", "--output-dir", "fleet"];
    let run = author.run(&[fleet, made].concat()).exits(0);
    assert_eq!(run.stderr.matches(told).count(), 1, "{}", run.stderr);
    author.run(&["install", "--dry-run"]).exits(64);
}

#[test]
fn a_wrong_command_line_gets_advice_that_is_right() {
    let author = Author::new();
    let run = author.run(&["sign", "BUNDLE", "--receipt", "x"]).exits(64);
    let run = run.says(&["unexpected argument '--receipt'"]);
    assert!(!run.stderr.contains("as a value"), "{}", run.stderr);
    author.run(&["create-key-piar"]).exits(64).says(&["similar subcommands exist", "'create-key-pair'"]);
    for command in ["verify", "apply", "plan", "inspect", "status", "delete", "rehearse", "permissions"] {
        let run = author.run(&[command, "BUNDLE"]).exits(64);
        let run = run.says(&[&format!("`{command}` is a command of sts-executor")]);
        assert!(!run.stderr.contains("similar"), "{}", run.stderr);
    }
}
