//! The whole story over HTTP, once for each way to host the issuer: made offline, carried, verified, planned,
//! approved, applied, carried back, finalized, installed, looked at, and deleted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::Value;
use sts_tests::crossing::{ACCOUNT, AUTHOR, Crossing, json};
use sts_tests::handoff;

/// Plays the story with these flags of `create-all`, and gives the receipt.
fn play(flags: &[&str], open: &[&str]) -> Value {
    let emulator = handoff::inhabited();
    let at = emulator.address();
    let account = handoff::account(&emulator);
    let before = account.dump();
    let story = Crossing::of(flags);

    let receipt = story.apply(at);
    assert_eq!(receipt["complete"], true);
    let applied = account.dump();

    let finalized = story.finalize(&["--trusted-key", "admin.key.pub"]).exits(0);
    assert!(!finalized.stderr.contains("WARNING"), "{}", finalized.stderr);
    let finalized = finalized.says("receipt signed by ");
    if open.is_empty() {
        let _ = finalized.says("nothing open");
    } else {
        let _ =
            open.iter().fold(finalized, |run, value| run.says(&format!("bound from the receipt: {value}")));
    }
    let _ = story.install().exits(0).shows("installer/tls/bound-service-account-signing-key.key");
    for (name, role) in applied["roles"].as_object().unwrap() {
        let arn = role["arn"].as_str().unwrap();
        let ours = before["roles"].get(name).is_none();
        assert_eq!(ours, installed(&story).contains(&format!("role_arn = {arn}\n")), "{arn}");
    }
    let _ = story.executor(at, "status", &["--detailed-exitcode"]).exits(0);
    if !open.is_empty() {
        story.print_cluster("open.json", &[]);
        let unknown = story.check_cluster("open.json", &[]).exits(1).says("Hint: give --receipt FILE");
        let _ =
            unknown.says("the bundle leaves the account open, and only the receipt of its apply tells it");
    }
    look(&story, if open.is_empty() { &[] } else { &["--receipt", "receipt.json"] });

    let flags = ["--yes", "--receipt", "receipt.json", "--receipt-key", "admin.key"];
    let _ = story.executor(at, "delete", &flags).exits(0);
    for file in ["receipt.json", "receipt.json.jws"] {
        story.carry(file, AUTHOR);
    }
    let _ = story.finalize(&["--trusted-key", "admin.key.pub"]).exits(1).says("it tells of a delete");
    assert_eq!(account.dump(), before, "nothing of ours is left, and nothing else is touched");
    receipt
}

/// All that was installed, as one text.
fn installed(story: &Crossing) -> String {
    let folder = std::fs::read_dir(story.path(AUTHOR, "installer/manifests")).unwrap();
    folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// Looks at a cluster made of what was installed, as it should be and as it should not.
fn look(story: &Crossing, flags: &[&str]) {
    story.print_cluster("sound.json", &[]);
    let _ = story.check_cluster("sound.json", flags).exits(0).shows("The cluster uses what the bundle made.");
    let component = "example-ingress/dns-credentials";
    for (name, changes, wrong) in [
        ("admin", vec!["admin"], "secret/kube-system/aws-creds"),
        ("without", vec!["without", component], "secret/example-ingress/dns-credentials"),
        ("mint", vec!["mint", component], "secret/example-ingress/dns-credentials"),
        ("issuer", vec!["issuer", "https://kubernetes.example.org"], "authentication/cluster"),
    ] {
        story.print_cluster(name, &changes);
        let flags = [flags, &["--format", "json"]].concat();
        let run = story.check_cluster(name, &flags).exits(1);
        for value in ["AKIA", "wJalr", "hunter2"] {
            assert!(!run.stdout.contains(value) && !run.stderr.contains(value), "{name} repeats a secret");
        }
        let report = json(&run.stdout);
        assert_eq!(report["sound"], false);
        let checks = report["checks"].as_array().unwrap();
        let unsound: Vec<_> = checks
            .iter()
            .filter(|check| check["finding"]["result"] != "sound")
            .map(|c| &c["object"])
            .collect();
        assert_eq!(unsound, [wrong], "{name}");
    }
}

#[test]
fn a_public_bucket_from_requests_to_a_checked_cluster_and_back_to_nothing() {
    let receipt = play(&ACCOUNT, &[]);
    assert_eq!(receipt["issuer"], "https://harbour-oidc.s3.eu-central-1.amazonaws.com");
}

#[test]
fn an_issuer_elsewhere_from_requests_to_a_checked_cluster_and_back_to_nothing() {
    let issuer = "https://oidc.example.org/clusters/harbour";
    let receipt = play(&[ACCOUNT.as_slice(), &["--issuer-url", issuer]].concat(), &[]);
    assert_eq!(receipt["issuer"], issuer);
}

#[test]
fn a_private_bucket_in_any_account_from_requests_to_a_checked_cluster_and_back_to_nothing() {
    let receipt = play(&["--any-account", "--create-private-s3-bucket"], &["account", "issuer"]);
    assert_eq!(receipt["bound"]["issuer"], receipt["issuer"]);
    assert!(receipt["issuer"].as_str().unwrap().ends_with(".cloudfront.net"));
}

#[test]
fn a_path_in_somebodys_bucket_from_requests_to_a_checked_cluster_and_back_to_nothing() {
    let path = ["--bucket-name", "bystander-files", "--issuer-path", "clusters/harbour"];
    let receipt = play(&[ACCOUNT.as_slice(), &path].concat(), &[]);
    assert_eq!(receipt["issuer"], "https://bystander-files.s3.eu-central-1.amazonaws.com/clusters/harbour");
}

#[test]
fn a_private_bucket_by_an_alias_from_requests_to_a_checked_cluster_and_back_to_nothing() {
    let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
    let alias = ["--issuer-url", "https://oidc.example.org", "--certificate-arn", certificate];
    let flags = [ACCOUNT.as_slice(), &["--create-private-s3-bucket"], &alias].concat();
    let receipt = play(&flags, &[]);
    assert_eq!(receipt["issuer"], "https://oidc.example.org");
    assert_eq!(receipt["dns_record"]["name"], "oidc.example.org");
}
