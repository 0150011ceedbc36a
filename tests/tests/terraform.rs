//! Terraform itself, with the provider that people have, makes the account that apply would make.
//!
//! Neither can be brought by the tests: where `terraform` or a mirror of its provider is missing, the test says that
//! nothing was proven. The mirror is what `terraform providers mirror FOLDER` writes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{Handoff, REQUESTS, account, inhabited, with_credentials};
use sts_tests::programs::{Run, command};

/// Names the folder with a mirror of provider hashicorp/aws.
const MIRROR: &str = "TERRAFORM_MIRROR";

/// One configuration in a directory of its own.
struct Configuration {
    folder: tempfile::TempDir,
    story: Handoff,
}

impl Configuration {
    /// Renders the story's bundle, beside what leads the engine to a mirror and to buckets by path.
    fn of(story: Handoff, mirror: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut render = story.generator();
        render.args(["render", "--format", "terraform", "--trusted-key", "author.key.pub"]);
        let rendered = Run::of(render.arg(story.bundle())).exits(0);
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("main.tf.json", &rendered.stdout);
        put("override.tf.json", &json!({"provider": {"aws": {"s3_use_path_style": true}}}).to_string());
        let path = mirror.to_str().unwrap();
        let mirrored = format!("provider_installation {{\n  filesystem_mirror {{ path = {path:?} }}\n}}\n");
        put("terraform.rc", &mirrored);
        Self { folder, story }
    }

    fn terraform(&self, emulator: &Emulator, line: &[&str]) -> Run {
        let mut terraform = command(Path::new("terraform"));
        terraform.current_dir(self.folder.path()).env("HOME", self.folder.path());
        terraform.env("TF_CLI_CONFIG_FILE", self.folder.path().join("terraform.rc"));
        terraform.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1");
        Run::of(with_credentials(&mut terraform, emulator.address()).args(line))
    }

    /// Makes all of it, and holds the account against the bundle.
    fn is_what_apply_makes(&self, emulator: &Emulator) {
        let _ = self.terraform(emulator, &["init", "-input=false", "-no-color"]).exits(0);
        let _ = self.terraform(emulator, &["validate", "-no-color"]).exits(0);
        let apply = ["apply", "-auto-approve", "-input=false", "-no-color"];
        let _ = self.terraform(emulator, &apply).exits(0).shows("Apply complete! Resources: ");
        let plan = self.story.run(emulator.address(), "plan", &["--detailed-exitcode"]).exits(0);
        assert!(plan.stdout.contains("nothing to do"), "{}", plan.stdout);
    }
}

/// The mirror, where Terraform and it are at hand.
fn mirror() -> Option<PathBuf> {
    let mirror = std::env::var_os(MIRROR).map(PathBuf::from).filter(|mirror| mirror.is_dir());
    let runs = command(Path::new("terraform")).arg("version").output().is_ok_and(|run| run.status.success());
    if mirror.is_none() || !runs {
        let why = if runs { "TERRAFORM_MIRROR names no folder" } else { "there is no terraform" };
        // Past the harness, which shows nothing of tests that pass.
        let line = format!("NOT PROVEN: no configuration was run: {why}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    }
    mirror
}

#[test]
fn terraform_makes_the_account_that_apply_makes_however_the_issuer_is_hosted() {
    let Some(mirror) = mirror() else { return };
    let requests = Path::new(REQUESTS);
    for story in [
        Handoff::prepare(),
        Handoff::any_account(),
        Handoff::of(requests, &["--create-private-s3-bucket"]),
        Handoff::of(requests, &["--issuer-url", "https://oidc.example.org/harbour"]),
    ] {
        Configuration::of(story, &mirror).is_what_apply_makes(&inhabited());
    }
}

#[test]
fn terraform_finds_nothing_to_change_in_what_it_made_and_takes_all_of_it_away() {
    let Some(mirror) = mirror() else { return };
    let emulator = Emulator::start();
    let made = Configuration::of(Handoff::prepare(), &mirror);
    made.is_what_apply_makes(&emulator);
    let plan = ["plan", "-detailed-exitcode", "-input=false", "-no-color"];
    let _ = made.terraform(&emulator, &plan).exits(0);
    let _ = made.terraform(&emulator, &["destroy", "-auto-approve", "-input=false", "-no-color"]).exits(0);
    let left = account(&emulator).dump();
    for kind in ["roles", "buckets"] {
        assert_eq!(left[kind], json!({}), "{left:#}");
    }
}
