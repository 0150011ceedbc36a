//! The receipt's way back: which receipts `finalize` takes, and which it refuses, for the right reason.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "it runs tar")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use sts_schemas::digest::Sha256;
use sts_schemas::receipt::ReceiptClaims;
use sts_schemas::signature::{SigningKey, sign};
use sts_tests::handoff::{CLUSTER, CLUSTER_KEY, Handoff, REGION, REQUESTS};
use sts_tests::programs::Run;

/// A bundle, the receipt of a rehearsal of it, and the same as if it were an account's; nobody signed them.
struct WayBack {
    handoff: Handoff,
    rehearsed: Value,
    receipt: Value,
}

impl WayBack {
    fn begin() -> Self {
        Self::of(Handoff::prepare())
    }

    fn of(handoff: Handoff) -> Self {
        let path = handoff.path("receipt.json");
        let _ = Run::of(handoff.executor("rehearse").arg("--receipt").arg(&path)).exits(0);
        let rehearsed: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut receipt = rehearsed.clone();
        assert_eq!(receipt.as_object_mut().unwrap().remove("rehearsal"), Some(json!(true)));
        Self { handoff, rehearsed, receipt }
    }

    fn finalize(&self, receipt: &Path, output: &str, flags: &[&str]) -> Run {
        let mut command = self.handoff.generator();
        command.args(["finalize", "--output-dir", output, "--author-key", "author.key.pub", "--bundle"]);
        Run::of(command.arg(self.handoff.bundle()).arg("--receipt").arg(receipt).args(flags))
    }

    fn check_cluster(&self, receipt: &Path, flags: &[&str]) -> Run {
        let mut command = self.handoff.generator();
        command.args(["check-cluster", "--trusted-key", "author.key.pub", "--bundle"]);
        command.arg(self.handoff.bundle()).arg("--receipt").arg(receipt).args(flags);
        Run::of(command.arg("dump.json"))
    }

    fn put(&self, name: &str, receipt: &Value) -> PathBuf {
        let path = self.handoff.path(name);
        std::fs::write(&path, receipt.to_string()).unwrap();
        path
    }
}

/// Files below a folder, by path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn a_complete_receipt_of_this_bundle_gives_the_authors_own_manifests_and_says_who_did_not_sign_it() {
    let story = WayBack::begin();
    let path = story.put("good.json", &story.receipt);
    let out = "out-eu-central-1-1700000000";
    let manifests = story.handoff.path(out).join("manifests");
    let made = files(&manifests);
    std::fs::remove_dir_all(&manifests).unwrap();
    let run = story.finalize(&path, out, &[]).exits(0);
    let _ = run.says("WARNING: nobody vouches for").says("left nothing open");
    assert_eq!(files(&manifests), made);
    let _ = story.finalize(&path, out, &[]).exits(0).says("0 files written, 0 changed");
}

#[test]
fn a_directory_in_which_no_bundle_was_made_is_refused_and_a_path_with_blanks_can_be_copied() {
    let story = WayBack::begin();
    let path = story.put("good.json", &story.receipt);
    let advice = "the directory that the bundle was made in";
    let _ = story.finalize(&path, "nowhere", &[]).exits(1).says("there is no directory nowhere").says(advice);
    assert!(!story.handoff.path("nowhere").exists());
    let cluster = story.handoff.path("cluster");
    std::fs::create_dir_all(cluster.join("manifests")).unwrap();
    for (file, words) in
        [("install-config.yaml", "an installer's directory"), ("manifests", "nothing of a bundle")]
    {
        std::fs::write(cluster.join("install-config.yaml"), "").unwrap();
        if file == "manifests" {
            std::fs::remove_dir(cluster.join("manifests")).unwrap();
            std::fs::remove_file(cluster.join("install-config.yaml")).unwrap();
        }
        let _ = story.finalize(&path, "cluster", &[]).exits(1).says(words).says(advice);
    }
    assert_eq!(files(&cluster).len(), 0);
    let blanks = story.handoff.path("a dir of it's");
    std::fs::rename(story.handoff.path("out-eu-central-1-1700000000"), blanks).unwrap();
    let run = story.finalize(&path, "a dir of it's", &[]).exits(0);
    let _ = run.says(r"next: sts-generator install --from 'a dir of it'\''s' --install-dir DIR");
}

#[test]
fn the_same_inputs_after_a_finalize_open_nothing_again() {
    let story = WayBack::of(Handoff::any_account());
    let path = story.put("good.json", &story.receipt);
    let out = "out-eu-central-1-1700000000";
    let _ = story.finalize(&path, out, &[]).exits(0);
    let (folder, bundles) = (story.handoff.path(out).join("manifests"), story.handoff.path("bundles"));
    let before = (files(&folder), files(&bundles));
    for epoch in [Some("1700000000"), None] {
        let mut again = story.handoff.generator();
        again.args(["create-all", "--name", CLUSTER, "--region", REGION, "--any-account"]);
        again.args(["--public-key-file", CLUSTER_KEY, "--credentials-requests-dir", REQUESTS]);
        again.args(["--signing-key", "author.key", "--bundle-dir", "bundles", "--output-dir", out]);
        if let Some(epoch) = epoch {
            again.env("SOURCE_DATE_EPOCH", epoch);
        }
        let run =
            Run::of(&mut again).exits(1).says("with the values that finalize put in: nothing was changed");
        let _ = run.says("its bundle is ");
        assert_eq!((files(&folder), files(&bundles)), before, "{epoch:?}");
    }
}

#[test]
fn a_receipt_without_an_open_value_is_refused_without_a_value_that_nobody_gave() {
    let story = WayBack::of(Handoff::any_account());
    let mut receipt = story.receipt.clone();
    receipt.as_object_mut().unwrap().remove("bound");
    let path = story.put("unbound.json", &receipt);
    let run = story.finalize(&path, "out-eu-central-1-1700000000", &[]).exits(1);
    let run = run.says("the bundle leaves the account open, and it has no value for it");
    assert!(!run.stderr.contains("000000000001"), "{}", run.stderr);
}

#[test]
fn a_finalize_that_is_cut_between_two_files_is_found_by_install_and_ended_by_the_next() {
    let story = WayBack::of(Handoff::any_account());
    let path = story.put("good.json", &story.receipt);
    let out = "out-eu-central-1-1700000000";
    let folder = story.handoff.path(out).join("manifests");
    let open = files(&folder);
    let last = open.keys().last().unwrap().clone();
    std::fs::remove_file(&last).unwrap();
    std::fs::create_dir(&last).unwrap();
    let _ = story.finalize(&path, out, &[]).exits(1).says("cannot write");
    let install = || {
        let mut install = story.handoff.generator();
        Run::of(install.args(["install", "--from", out, "--install-dir", "nowhere"])).exits(1)
    };
    assert!(files(&folder).iter().any(|(path, bytes)| open[path] != *bytes), "some were written");
    std::fs::remove_dir(&last).unwrap();
    let _ = install().says("is half written").says("not as finalize would have left");
    let _ = story.finalize(&path, out, &[]).exits(0).says("bound from the receipt");
    assert!(!install().stderr.contains("half written"));
    let bound = files(&folder);
    assert!(
        bound.keys().eq(open.keys())
            && !bound.values().any(|bytes| String::from_utf8_lossy(bytes).contains("${"))
    );
}

#[test]
fn a_receipt_that_is_not_of_this_bundles_complete_apply_is_refused_with_every_reason() {
    let story = WayBack::begin();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut receipt = story.receipt.clone();
        change(&mut receipt);
        receipt
    };
    let provider = "arn:aws:iam::123456789012:oidc-provider/elsewhere.example.org";
    let role = "harbour-example-ingress-dns-credentials";
    for (name, receipt, reason) in [
        ("delete", changed(&|r| r["purpose"] = json!("delete")), "it tells of a delete"),
        ("bundle", changed(&|r| r["bundle"] = json!("0".repeat(64))), "it is of 000000"),
        ("none", changed(&|r| r["bundle"] = Value::Null), "it is of no bundle"),
        ("incomplete", changed(&|r| r["complete"] = json!(false)), "not complete"),
        (
            "failed",
            changed(&|r| r["steps"][3]["outcome"] = json!({"result": "not-reached"})),
            "1 steps were not",
        ),
        (
            "unseen",
            changed(&|r| {
                r["complete"] = json!(false);
                r["problems"] = json!(["nobody looked"]);
            }),
            "not complete: nobody looked",
        ),
        ("cluster", changed(&|r| r["cluster"] = json!("haven")), "its cluster is haven"),
        ("account", changed(&|r| r["account"] = json!("999988887777")), "its account is 999988887777"),
        ("partition", changed(&|r| r["partition"] = json!("aws-cn")), "its partition is aws-cn"),
        ("region", changed(&|r| r["region"] = json!("eu-west-1")), "its region is eu-west-1"),
        (
            "issuer",
            changed(&|r| r["issuer"] = json!("https://evil.example.org")),
            "its issuer is https://evil",
        ),
        ("provider", changed(&|r| r["provider"] = json!(provider)), "its provider is arn:aws:iam"),
        (
            "role",
            changed(&|r| r["roles"][role] = json!("arn:aws:iam::123456789012:role/other")),
            "ARN of the role",
        ),
        ("lost", changed(&|r| drop(r["roles"].as_object_mut().unwrap().remove(role))), "is missing"),
        (
            "more",
            changed(&|r| r["roles"]["x"] = json!("arn:aws:iam::123456789012:role/x")),
            "of the role x is",
        ),
        ("version", changed(&|r| r["schema_version"] = json!("2.0")), "of version \"2.0\""),
        ("extra", changed(&|r| r["surprise"] = json!(1)), "unknown field"),
    ] {
        let path = story.put(&format!("{name}.json"), &receipt);
        let run = story.finalize(&path, "refused", &[]).exits(1).says(reason);
        assert!(!story.handoff.path("refused").exists(), "{name} left files: {}", run.stderr);
    }
    let two = changed(&|r| {
        r["cluster"] = json!("haven");
        r["account"] = json!("999988887777");
    });
    let run = story.finalize(&story.put("two.json", &two), "refused", &[]).exits(1);
    let _ = run.says("2 disagreements").says("its cluster is haven").says("its account is 999988887777");
}

#[test]
fn a_rehearsals_receipt_completes_nothing_even_when_an_executor_signed_it() {
    let story = WayBack::begin();
    let path = story.put("receipt.json", &story.rehearsed);
    let make = ["create-signing-key", "--output", "admin.key"];
    let _ = Run::of(story.handoff.generator().args(make)).exits(0);
    let bytes = std::fs::read(&path).unwrap();
    let pem = std::fs::read_to_string(story.handoff.path("admin.key")).unwrap();
    let key = SigningKey::from_pem(&pem, None).unwrap();
    let signature = sign(&key, &ReceiptClaims { receipt_sha256: Sha256::of(&bytes) }).unwrap();
    std::fs::write(story.handoff.path("receipt.json.jws"), signature).unwrap();
    for flags in [[].as_slice(), &["--executor-key", "admin.key.pub"]] {
        let _ = story.finalize(&path, "final", flags).exits(1).says("it tells of a rehearsal");
        let _ = story.check_cluster(&path, flags).exits(1).says("it tells of a rehearsal");
    }
    assert!(!story.handoff.path("final").exists());
}

#[test]
fn with_an_executors_key_only_what_it_signed_as_a_receipt_counts() {
    let story = WayBack::begin();
    let path = story.put("receipt.json", &story.receipt);
    let make = |name: &str| {
        let _ = Run::of(story.handoff.generator().args(["create-signing-key", "--output", name])).exits(0);
    };
    make("admin.key");
    let trusting = |key: &str| story.finalize(&path, "final", &["--executor-key", key]);
    let _ = trusting("admin.key.pub").exits(1).says("nobody signed it");

    // The author's own signature of the bundle, from inside the bundle, put in the place of the receipt's.
    let mut unpack = std::process::Command::new("tar");
    let tar =
        unpack.arg("-xOzf").arg(story.handoff.bundle()).args(["--wildcards", "*/signatures/*"]).output();
    std::fs::write(story.handoff.path("receipt.json.jws"), tar.unwrap().stdout).unwrap();
    let _ = trusting("author.key.pub").exits(1).says("its signature does not hold").says("typ");
    let _ = trusting("author.key").exits(1).says("PRIVATE KEY");
    assert!(!story.handoff.path("final").exists());
}

#[test]
fn a_directorys_own_bundle_needs_no_key_and_another_needs_its_authors() {
    let story = WayBack::begin();
    let path = story.put("receipt.json", &story.receipt);
    let out = "out-eu-central-1-1700000000";
    let finalize = |flags: &[&str]| {
        let mut command = story.handoff.generator();
        command.args(["finalize", "--output-dir", out, "--receipt"]).arg(&path).args(flags);
        Run::of(&mut command)
    };
    let _ = finalize(&[]).exits(0).says("the bundle left nothing open");
    let bundle = story.handoff.bundle();
    let bundle = bundle.to_str().unwrap();
    let _ = finalize(&["--bundle", bundle]).exits(0);
    let _ = finalize(&["--bundle-dir", "elsewhere"]).exits(1).says("say where it lies with --bundle-dir");

    // Whoever signs receipts cannot put a bundle of their own in the place of the author's.
    let note = story.handoff.path(&format!("{out}/.bundled"));
    let packed = std::fs::read_to_string(&note).unwrap();
    let name = packed.lines().next().unwrap();
    let other = format!("{name}\n{}\n", Sha256::of(b"another manifest"));
    std::fs::write(&note, other).unwrap();
    for flags in
        [[].as_slice(), &["--bundle", bundle], &["--bundle", bundle, "--trusted-key", "author.key.pub"]]
    {
        let _ = finalize(flags).exits(3).says("and this is another").says("with --author-key");
    }
    let author = ["--bundle", bundle, "--author-key", "author.key.pub"];
    let _ = finalize(&author).exits(0);
    for early in [format!("{name}\n"), String::new()] {
        std::fs::write(&note, early).unwrap();
        let _ = finalize(&[]).exits(1).says("does not say which bundle it was packed into");
        let _ = finalize(&author).exits(0);
    }
}

#[test]
fn a_directory_of_another_cluster_is_left_as_it_is() {
    let story = WayBack::begin();
    let path = story.put("receipt.json", &story.receipt);
    let folder = story.handoff.path("theirs/manifests");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("other-credentials.yaml"), "kind: Secret\n").unwrap();
    let before = files(&folder);
    let run = story.finalize(&path, "theirs", &[]).exits(1);
    let _ = run.says("manifests/other-credentials.yaml").says("the directory that the bundle was made in");
    assert_eq!(files(&folder), before);

    // The same requests for another cluster make manifests of the same names: only the rest tells them apart.
    let out = story.handoff.path("out-eu-central-1-1700000000");
    let copy = story.handoff.path("copy");
    for file in ["02-openid-configuration", "serviceaccount-signer.public"] {
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir(&copy).unwrap();
        for (path, bytes) in files(&out) {
            std::fs::write(copy.join(path.file_name().unwrap()), bytes).unwrap();
        }
        let _ = story.finalize(&path, "copy", &[]).exits(0).says("receipt of the apply that ended 20");
        std::fs::remove_dir_all(copy.join("manifests")).unwrap();
        std::fs::write(copy.join(file), "another").unwrap();
        let run = story.finalize(&path, "copy", &[]).exits(1);
        let _ = run.says(&format!("{file} is another than the bundle's"));
        assert!(!copy.join("manifests").exists(), "nothing was written");
    }
}
