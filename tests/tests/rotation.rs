//! A living cluster gets another signing key: staged, in step, retired only when that is said, and back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use sts_schemas::oidc::Jwk;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, GENERATION, Handoff, REGION, REQUESTS, with_credentials};
use sts_tests::programs::{Run, command, unwrapped};
use sts_tests::tokens::tried;

/// A cluster that signs with the key in `old.key` and shall sign with the one in `new.key`.
struct Story {
    author: Handoff,
    emulator: Emulator,
}

impl Story {
    fn begin() -> Self {
        let this = Self { author: Handoff::prepare(), emulator: Emulator::start() };
        for name in ["old", "new"] {
            let key = this.author.path(&format!("{name}.key"));
            let make = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"];
            let _ = Run::of(command(Path::new("openssl")).args(make).arg(&key)).exits(0);
            let public = this.author.path(&format!("{name}.pub"));
            let mut half = command(Path::new("openssl"));
            let _ = Run::of(half.args(["pkey", "-pubout", "-in"]).arg(&key).arg("-out").arg(public)).exits(0);
        }
        this
    }

    fn kid(&self, name: &str) -> String {
        Jwk::of_pem(&std::fs::read_to_string(self.author.path(name)).unwrap()).unwrap().kid
    }

    /// A bundle made with this command so many seconds after the first.
    fn make(&self, seconds: u64, arguments: &[&str]) -> Run {
        let mut generator = self.author.generator();
        generator.env("SOURCE_DATE_EPOCH", (GENERATION + seconds).to_string()).args(arguments);
        Run::of(generator.args(["--signing-key", "author.key"])).exits(0)
    }

    fn rotate(&self, seconds: u64, step: &str, previous: &str, flags: &[&str]) -> Run {
        let fixed = ["rotate-keys", step, "--previous", previous, "--trusted-key", "author.key.pub"];
        self.make(seconds, &[&fixed[..], flags].concat())
    }

    fn run(&self, bundle: &str, subcommand: &str, flags: &[&str]) -> Run {
        let mut executor = self.author.executor_on(Path::new(bundle), subcommand);
        Run::of(with_credentials(&mut executor, self.emulator.address()).args(flags))
    }

    /// Whether AWS lets tokens in that these keys signed.
    fn lets_in(&self) -> [bool; 2] {
        let case = json!({"token": {"role": format!("{CLUSTER}-example-ingress-dns-credentials"),
            "subject": "system:serviceaccount:example-ingress:ingress-names", "audience": "openshift"}});
        ["old.key", "new.key"].map(|key| {
            let result = tried(&self.author.path(key), &self.emulator, &case);
            result["token"]["assumed"].is_string()
        })
    }
}

fn bundle(run: &Run) -> &str {
    run.stdout.trim_end()
}

#[test]
fn keys_are_exchanged_in_two_bundles_and_none_that_is_served_goes_unless_that_is_said() {
    let story = Story::begin();
    let account = handoff::account(&story.emulator);
    let (old, new) = (story.kid("old.pub"), story.kid("new.pub"));
    let fixed = ["create-all", "--name", CLUSTER, "--region", REGION, "--account-id", Emulator::ACCOUNT];
    let inputs =
        ["--credentials-requests-dir", REQUESTS, "--public-key-file", "old.pub", "--output-dir", "first"];
    let first = story.make(1, &[&fixed[..], &inputs].concat());
    let _ = story.run(bundle(&first), "apply", &["--yes"]).exits(0);
    assert_eq!(story.lets_in(), [true, false]);
    let before = account.dump();

    let staged = story.rotate(2, "stage", bundle(&first), &["--public-key-file", "new.pub"]);
    let staged = staged.says("oc create secret generic next-bound-service-account-signing-key");
    let plan = story.run(bundle(&staged), "plan", &["--detailed-exitcode"]).exits(2);
    let plan = plan.shows(&format!("+ key {new} comes")).shows(&format!("  key {old} stays"));
    let _ = plan.shows("Plan: 0 to create, 2 to update, 0 to delete.");
    let _ = story.run(bundle(&staged), "apply", &["--yes"]).exits(0);
    let _ = story.run(bundle(&staged), "status", &["--detailed-exitcode"]).exits(0);
    assert_eq!(story.lets_in(), [true, true]);
    let after = account.dump();
    assert_eq!(before["roles"], after["roles"], "nothing but keys.json and the generation changed");

    // The way back that is printed, as long as the cluster signs with the old key; and forth again.
    let staged =
        staged.says("Way back, as long as the cluster has not changed over: the bundle before this one");
    let back = ["--yes", "--roll-back", "--retire-live-key"];
    let _ = story.run(bundle(&first), "apply", &back).exits(0);
    assert_eq!(story.lets_in(), [true, false]);
    let _ = story.run(bundle(&staged), "apply", &["--yes"]).exits(0);
    assert_eq!(account.dump(), after);

    let retired = story.rotate(3, "retire", bundle(&staged), &[]).says("--retire-live-key");
    let retired = retired.says("Way back: the bundle before this one, with --roll-back");
    let plan = story.run(bundle(&retired), "plan", &[]).exits(0).shows(&format!("- key {old} goes"));
    let digest = plan.stdout.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap().to_owned();
    let words = unwrapped(&plan.stdout);
    assert!(words.contains(&format!("A LIVE KEY GOES: {old}, which the issuer serves now.")), "{words}");
    let refused = story.run(bundle(&retired), "apply", &["--approve", &digest]).exits(4);
    let refused = refused.says(&old).says("--retire-live-key");
    assert!(refused.stdout.contains("A LIVE KEY GOES"), "{}", refused.stdout);
    assert_eq!(account.dump(), after, "nothing was changed");
    let flags = ["--approve", &digest, "--retire-live-key"];
    let _ = story.run(bundle(&retired), "apply", &flags).exits(0);
    assert_eq!(story.lets_in(), [false, true]);
    let _ = story.run(bundle(&retired), "status", &["--detailed-exitcode"]).exits(0);

    // What the executor cannot read, others may: a byte order mark hides no key that goes.
    let served = account.dump()["buckets"]["harbour-oidc"]["objects"]["keys.json"]["body"].clone();
    let veiled = format!("\u{feff}{}", served.as_str().unwrap());
    let put = json!({"Bucket": "harbour-oidc", "Key": "keys.json", "Body": veiled, "ContentType": "application/json"});
    account.call(&json!([["s3", "put_object", put]]));
    let _ = story.run(bundle(&retired), "apply", &["--yes"]).exits(4).says("a keys.json that cannot be read");
    let _ = story.run(bundle(&retired), "apply", &["--yes", "--retire-live-key"]).exits(0);

    // Back to where both are served; all the way back would take the key away that the cluster signs with now.
    let _ = story.run(bundle(&staged), "apply", &["--yes", "--roll-back"]).exits(0);
    assert_eq!(story.lets_in(), [true, true]);
    let _ = story.run(bundle(&first), "apply", &["--yes", "--roll-back"]).exits(4).says(&new);
    assert_eq!(story.lets_in(), [true, true]);
}

#[test]
fn documents_that_somebody_else_serves_are_to_be_put_there_by_hand() {
    let story = Story::begin();
    let fixed =
        ["create-all", "--name", CLUSTER, "--region", REGION, "--any-account", "--output-dir", "first"];
    let inputs = ["--credentials-requests-dir", REQUESTS, "--public-key-file", "old.pub"];
    let issuer = ["--issuer-url", "https://oidc.example.org/blue"];
    let first = story.make(1, &[&fixed[..], &inputs, &issuer].concat());
    let staged = story.rotate(2, "stage", bundle(&first), &["--public-key-file", "new.pub"]);
    let staged = staged.says("as https://oidc.example.org/blue/keys.json");
    let retired = story.rotate(3, "retire", bundle(&staged), &["--public-key-file", "new.pub"]);
    for bundle in [bundle(&first), bundle(&staged), bundle(&retired)] {
        // Nothing but the generation on the provider is the executor's: no key of theirs can be seen, or kept.
        let _ = story.run(bundle, "apply", &["--yes"]).exits(0);
        let _ = story.run(bundle, "status", &["--detailed-exitcode"]).exits(0);
    }
    let dump: Value = handoff::account(&story.emulator).dump();
    assert_eq!(dump["buckets"], json!({}));
}
