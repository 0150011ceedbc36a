//! A living cluster gets another issuer in three bundles: both trusted, in step, back, and nothing of the former left.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use sts_tests::account::Account;
use sts_tests::emulator::{Emulator, python};
use sts_tests::handoff::{self, CLUSTER, GENERATION, Handoff, REGION, with_credentials};
use sts_tests::programs::{Run, command, unwrapped};
use sts_tests::tokens::tried;

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");
const PUBLIC: &str = "https://harbour-oidc.s3.eu-central-1.amazonaws.com";
const CUSTOM: &str = "https://oidc.example.org/harbour";

/// A cluster whose tokens the key in `cluster.key` signs, and the bundles that are made for it.
struct Story {
    author: Handoff,
    emulator: Emulator,
    account: Account,
    requests: &'static str,
}

impl Story {
    fn begin(requests: &'static str, emulator: Emulator) -> Self {
        let (author, account) = (Handoff::prepare(), handoff::account(&emulator));
        let key = author.path("cluster.key");
        let make = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"];
        let _ = Run::of(command(Path::new("openssl")).args(make).arg(&key)).exits(0);
        let mut half = command(Path::new("openssl"));
        half.args(["pkey", "-pubout", "-in"]).arg(&key).arg("-out").arg(author.path("cluster.pub"));
        let _ = Run::of(&mut half).exits(0);
        Self { author, emulator, account, requests }
    }

    /// The bundle of the cluster as it is at first, with these flags about its issuer.
    fn first(&self, flags: &[&str]) -> String {
        self.create_all(1, &[&["--output-dir", "first"], flags].concat())
    }

    fn create_all(&self, seconds: u64, flags: &[&str]) -> String {
        let fixed = ["create-all", "--name", CLUSTER, "--region", REGION, "--account-id", Emulator::ACCOUNT];
        let inputs = ["--credentials-requests-dir", self.requests, "--public-key-file", "cluster.pub"];
        let run = self.make(seconds, &[&fixed[..], &inputs, flags].concat());
        run.exits(0).stdout.trim_end().to_owned()
    }

    /// Runs this command so many seconds after the first.
    fn make(&self, seconds: u64, arguments: &[&str]) -> Run {
        let mut generator = self.author.generator();
        generator.env("SOURCE_DATE_EPOCH", (GENERATION + seconds).to_string()).args(arguments);
        Run::of(generator.args(["--signing-key", "author.key"]))
    }

    fn step(&self, seconds: u64, step: &str, previous: &str, flags: &[&str]) -> Run {
        let fixed = ["move-issuer", step, "--previous", previous, "--trusted-key", "author.key.pub"];
        self.make(seconds, &[&fixed[..], flags].concat())
    }

    /// The bundle of a step.
    fn moved(&self, seconds: u64, step: &str, previous: &str, flags: &[&str]) -> String {
        self.step(seconds, step, previous, flags).exits(0).stdout.trim_end().to_owned()
    }

    fn run(&self, bundle: &str, subcommand: &str, flags: &[&str]) -> Run {
        let mut executor = self.author.executor_on(Path::new(bundle), subcommand);
        Run::of(with_credentials(&mut executor, self.emulator.address()).args(flags))
    }

    fn apply(&self, bundle: &str, flags: &[&str]) {
        let _ = self.run(bundle, "apply", &[&["--yes"], flags].concat()).exits(0);
        let _ = self.run(bundle, "plan", &["--detailed-exitcode"]).exits(0);
    }

    fn everything(&self) -> (Value, Value) {
        (self.account.dump(), self.account.fronts())
    }

    /// Whether AWS lets tokens of these issuers in.
    fn lets_in(&self, issuers: [&str; 2]) -> [bool; 2] {
        let case = |issuer: &str| {
            json!({"role": format!("{CLUSTER}-example-backup-backup-credentials"), "provider": issuer,
                "subject": "system:serviceaccount:example-backup:backup-restore", "audience": "openshift"})
        };
        let cases = json!({"0": case(issuers[0]), "1": case(issuers[1])});
        let results = tried(&self.author.path("cluster.key"), &self.emulator, &cases);
        ["0", "1"].map(|name| results[name]["assumed"].is_string())
    }

    /// A gate does not pass while the issuer that the cluster still uses is not whole.
    fn misses_what_the_former_issuer_lost(&self, bundle: &str) {
        let bucket = "harbour-oidc";
        let arn = provider(PUBLIC);
        let closed = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true,
            "RestrictPublicBuckets": true});
        let open = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": false,
            "RestrictPublicBuckets": false});
        let block = |block: &Value| {
            let parameters = json!({"Bucket": bucket, "PublicAccessBlockConfiguration": block});
            json!(["s3", "put_public_access_block", parameters])
        };
        let _ = self.run(bundle, "status", &["--gate"]).exits(0);
        self.account.call(&json!([block(&closed)]));
        let gate = self.run(bundle, "status", &["--gate"]).exits(2);
        assert!(words(&gate).contains("blocked bucket/harbour-oidc"), "{}", gate.stdout);
        self.account.call(&json!([block(&open)]));
        let _ = self.run(bundle, "status", &["--gate"]).exits(0);
        self.account.call(&json!([
            ["iam", "delete_open_id_connect_provider", {"OpenIDConnectProviderArn": arn}],
            ["s3", "delete_bucket_policy", {"Bucket": bucket}],
            ["s3", "put_object", {"Bucket": bucket, "Key": "keys.json", "Body": "{\"keys\":[]}"}],
            ["s3", "delete_object", {"Bucket": bucket, "Key": ".well-known/openid-configuration"}],
        ]));
        let gate = self.run(bundle, "status", &["--gate"]).exits(2);
        for told in [
            "missing provider/harbour-oidc.s3",
            "drifted bucket/harbour-oidc",
            "blocked object/harbour-oidc/keys.json",
            "missing object/harbour-oidc/.well-known/openid-configuration",
            "THE FORMER ISSUER IS NOT WHOLE",
            "the one before the move does, with --roll-back",
        ] {
            assert!(words(&gate).contains(told), "{told}: {}", gate.stdout);
        }
        let plan = self.run(bundle, "plan", &[]).exits(0);
        assert!(words(&plan).contains("THE FORMER ISSUER IS NOT WHOLE"), "{}", plan.stdout);
    }

    /// Every role trusts just these issuers, in this order, and each has its provider.
    fn trusts(&self, issuers: &[&str]) {
        let dump = self.account.dump();
        let wanted: Vec<_> = issuers.iter().map(|issuer| provider(issuer)).collect();
        let own =
            dump["roles"].as_object().unwrap().iter().filter(|(name, _)| name.starts_with("harbour-example"));
        let mut roles = 0;
        for (name, role) in own {
            let statements = role["trust"]["Statement"].as_array().unwrap();
            let found: Vec<_> =
                statements.iter().map(|one| one["Principal"]["Federated"].as_str().unwrap()).collect();
            assert_eq!(found, wanted, "{name}");
            let subjects = |one: &Value| {
                let compared = one["Condition"]["StringEquals"].as_object().unwrap();
                compared.values().cloned().collect::<Vec<_>>()
            };
            assert!(statements.iter().all(|one| subjects(one) == subjects(&statements[0])), "{role}");
            roles += 1;
        }
        assert!(roles > 0 && wanted.iter().all(|arn| dump["providers"].get(arn).is_some()), "{dump}");
    }
}

/// The ARN of an issuer's provider.
fn provider(issuer: &str) -> String {
    format!("arn:aws:iam::{}:oidc-provider/{}", Emulator::ACCOUNT, issuer.trim_start_matches("https://"))
}

/// What a person is told, as one line.
fn words(run: &Run) -> String {
    unwrapped(&run.stdout)
}

#[test]
fn a_cluster_of_ccoctls_is_moved_to_a_custom_issuer_and_back_until_nothing_of_the_former_is_left() {
    let story = Story::begin(ONE_REQUEST, Emulator::start());
    let empty = story.everything();
    let first = story.first(&[]);
    let mut seed = command(&python());
    seed.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/ccoctl_cluster.py"));
    seed.args([CLUSTER, REGION, ONE_REQUEST]).arg(story.author.path("first/03-keys.json"));
    with_credentials(&mut seed, story.emulator.address()).env("AWS_DEFAULT_REGION", REGION);
    let _ = Run::of(&mut seed).exits(0);
    story.apply(&first, &[]);
    let before = story.everything();
    story.trusts(&[PUBLIC]);

    let added = story.step(2, "add", &first, &["--issuer-url", CUSTOM]).exits(0);
    let added = added.says(&format!("02-openid-configuration as {CUSTOM}/.well-known/openid-configuration"));
    let added = added.says("move-issuer switch").stdout.trim_end().to_owned();
    let plan = story.run(&added, "plan", &["--prune", "--detailed-exitcode"]).exits(2);
    assert!(plan.stdout.contains("Plan: 1 to create, 1 to update, 0 to delete."), "{}", plan.stdout);
    for told in [
        format!("TWO ISSUERS: tokens of either of these are accepted, by every role: {CUSTOM}, and {PUBLIC}"),
        format!("KEPT, for it is the former issuer {PUBLIC}"),
    ] {
        assert!(words(&plan).contains(&told), "{told}: {}", plan.stdout);
    }
    assert!(!words(&plan).contains("LIVE KEY GOES") && !plan.stdout.contains("Orphans"), "{}", plan.stdout);
    story.apply(&added, &["--prune"]);
    let status = story.run(&added, "status", &["--detailed-exitcode"]).exits(0);
    assert!(words(&status).contains("KEPT, for it is the former issuer"), "{}", status.stdout);
    story.trusts(&[CUSTOM, PUBLIC]);
    assert_eq!(story.lets_in([PUBLIC, PUBLIC]), [true, true]);
    assert_eq!(story.everything().0["buckets"], before.0["buckets"], "what serves the former issuer stays");
    let both = story.everything();
    story.misses_what_the_former_issuer_lost(&added);
    story.apply(&first, &["--roll-back", "--retire-live-key", "--prune"]);
    story.apply(&added, &[]);
    let arn = provider(PUBLIC);
    let thumbprints = &both.0["providers"][&arn]["thumbprints"];
    let kept = json!({"OpenIDConnectProviderArn": arn, "ThumbprintList": thumbprints});
    story.account.call(&json!([["iam", "update_open_id_connect_provider_thumbprint", kept]]));
    assert_eq!(story.everything(), both, "the bundle before the move mends all but what AWS had filled in");

    // Back: the account cannot tell which issuer the cluster uses.
    let _ = story.run(&first, "apply", &["--yes"]).exits(3).says("--roll-back");
    let back = ["--yes", "--roll-back"];
    let refused = story.run(&first, "apply", &back).exits(4).says(CUSTOM).says("--retire-live-key");
    assert!(
        words(&refused).contains(&format!("A LIVE KEY GOES: every key of {CUSTOM}")),
        "{}",
        refused.stdout
    );
    assert_eq!(story.everything(), both, "nothing was changed");
    story.apply(&first, &["--roll-back", "--retire-live-key", "--prune"]);
    assert_eq!(story.everything(), before, "all the way back");
    story.apply(&added, &[]);
    assert_eq!(story.everything(), both);

    let switched = story.step(3, "switch", &added, &[]).exits(0);
    let switched = switched.says(&format!("-p '{{\"spec\":{{\"serviceAccountIssuer\":\"{CUSTOM}\"}}}}'"));
    let switched =
        switched.says(&format!("\"serviceAccountIssuer\":\"{PUBLIC}\"")).stdout.trim_end().to_owned();
    let plan = story.run(&switched, "plan", &[]).exits(0);
    assert!(plan.stdout.contains("Plan: 0 to create, 1 to update, 0 to delete."), "{}", plan.stdout);
    assert!(plan.stdout.contains("sts-handoff/generation"), "{}", plan.stdout);
    story.apply(&switched, &["--prune"]);
    story.trusts(&[CUSTOM, PUBLIC]);
    assert_eq!(
        story.everything().0["roles"],
        both.0["roles"],
        "switching is the cluster's, not the account's"
    );
    let _ = story.run(&first, "apply", &["--yes"]).exits(3).says("newer generation");

    let removed = story.step(4, "remove", &switched, &[]).exits(0).says("FROM THEN ON NO WAY LEADS BACK");
    let removed = removed.says("--retire-live-key").stdout.trim_end().to_owned();
    let trusting = story.everything();
    let plan = story.run(&removed, "plan", &[]).exits(0);
    assert!(words(&plan).contains(&format!("A LIVE KEY GOES: every key of {PUBLIC}")), "{}", plan.stdout);
    for orphan in ["provider/harbour-oidc.s3", "bucket/harbour-oidc", "object/harbour-oidc/keys.json"] {
        assert!(plan.stdout.contains(&format!("? {orphan}")), "{orphan}: {}", plan.stdout);
    }
    let _ = story.run(&removed, "apply", &["--yes", "--prune"]).exits(4).says(PUBLIC);
    assert_eq!(story.everything(), trusting, "nothing was changed");
    story.apply(&removed, &["--retire-live-key"]);
    story.trusts(&[CUSTOM]);
    assert_eq!(story.lets_in([PUBLIC, PUBLIC]), [false, false]);
    story.apply(&switched, &["--roll-back"]);
    story.trusts(&[CUSTOM, PUBLIC]);
    assert_eq!(story.lets_in([PUBLIC, PUBLIC]), [true, true]);
    story.apply(&removed, &["--retire-live-key", "--prune"]);
    let _ = story.run(&removed, "status", &["--detailed-exitcode"]).exits(0);
    assert!(!story.account.dump().to_string().contains("harbour-oidc"), "nothing of the former is left");
    assert_eq!(story.account.dump()["buckets"], json!({}));
    let _ = story.run(&removed, "delete", &["--yes"]).exits(0);
    assert_eq!(story.everything(), empty);
}

#[test]
fn a_cluster_is_moved_behind_cloudfront_and_its_tokens_count_all_the_while() {
    let story = Story::begin(ONE_REQUEST, Emulator::start_slow(1));
    let empty = story.everything();
    let first = story.first(&[]);
    story.apply(&first, &[]);
    let private = ["--create-private-s3-bucket", "--bucket-name", "harbour-issuer"];
    let _ = story.step(2, "add", &first, &private[..1]).exits(64).says("--bucket-name");
    let added = story.moved(2, "add", &first, &private);
    story.apply(&added, &["--receipt", "receipt.json"]);
    let receipt = std::fs::read_to_string(story.author.path("receipt.json")).unwrap();
    let issuer = serde_json::from_str::<Value>(&receipt).unwrap()["issuer"].as_str().unwrap().to_owned();
    assert!(issuer.ends_with(".cloudfront.net"), "{issuer}");
    story.trusts(&[&issuer, PUBLIC]);
    assert_eq!(story.lets_in([&issuer, PUBLIC]), [true, true]);
    let _ = story.run(&added, "status", &["--detailed-exitcode"]).exits(0);

    let _ = story.step(3, "switch", &added, &[]).exits(1).says("give it with --receipt");
    let switched = story.moved(3, "switch", &added, &["--receipt", "receipt.json"]);
    story.apply(&switched, &[]);
    assert_eq!(story.lets_in([&issuer, PUBLIC]), [true, true]);
    let removed = story.moved(4, "remove", &switched, &[]);
    story.apply(&removed, &["--retire-live-key", "--prune"]);
    story.trusts(&[&issuer]);
    assert_eq!(story.lets_in([&issuer, PUBLIC]), [true, false]);
    let dump = story.account.dump();
    assert!(!dump.to_string().contains("harbour-oidc"), "nothing of the former is left: {dump}");

    // The issuer that AWS named then is that of every bundle to come.
    let upgrade = ["--previous", &removed, "--trusted-key", "author.key.pub", "--output-dir", "upgraded"];
    let upgraded = story.create_all(5, &[&upgrade[..], &private].concat());
    let plan = words(&story.run(&upgraded, "plan", &["--detailed-exitcode"]).exits(2));
    assert!(
        plan.contains("0 to create, 1 to update, 0 to delete") && plan.contains("sts-handoff/generation"),
        "{plan}"
    );
    story.apply(&upgraded, &[]);
    story.trusts(&[&issuer]);
    let _ = story.run(&upgraded, "delete", &["--yes"]).exits(0);
    assert_eq!(story.everything(), empty);
}

#[test]
fn a_distribution_of_another_name_than_the_issuers_is_an_obstacle_before_anything_is_made() {
    let story = Story::begin(ONE_REQUEST, Emulator::start_slow(0));
    let first = story.first(&[]);
    story.apply(&first, &[]);
    let private = ["--create-private-s3-bucket", "--bucket-name", "harbour-issuer"];
    let added = story.moved(2, "add", &first, &private);
    story.apply(&added, &["--receipt", "receipt.json"]);
    let receipt = std::fs::read_to_string(story.author.path("receipt.json")).unwrap();
    let issuer = serde_json::from_str::<Value>(&receipt).unwrap()["issuer"].as_str().unwrap().to_owned();
    let forged = "https://d111111abcdef8.cloudfront.net";
    let host = |issuer: &str| issuer.trim_start_matches("https://").to_owned();
    let other = receipt.replace(&host(&issuer), &host(forged));
    std::fs::write(story.author.path("forged.json"), other).unwrap();
    let misled = story.moved(3, "switch", &added, &["--receipt", "forged.json"]);
    let before = story.everything();
    let told = format!(
        "answers for {}, a name that AWS gave it, and not for the bundle's issuer {forged}",
        host(&issuer)
    );
    let plan = story.run(&misled, "plan", &[]).exits(1);
    assert!(unwrapped(&plan.stderr).contains(&told), "{}", plan.stderr);
    let _ = story.run(&misled, "apply", &["--yes", "--retire-live-key"]).exits(1).says("--previous");
    assert_eq!(story.everything(), before, "nothing was changed");
    let gate = words(&story.run(&misled, "status", &["--gate"]).exits(2));
    assert!(gate.contains("blocked distribution/harbour-issuer") && gate.contains(&told), "{gate}");

    // The right bundle, on an account where the distribution is gone: AWS would give a new one another name.
    let switched = story.moved(4, "switch", &added, &["--receipt", "receipt.json", "--leave-out-later"]);
    let rehearsal = story.author.executor_on(Path::new(&switched), "rehearse");
    let _ = Run::of(&mut { rehearsal }).exits(0);
    let fresh = Emulator::start_slow(0);
    let anew = |subcommand: &str, flags: &[&str]| {
        let mut executor = story.author.executor_on(Path::new(&switched), subcommand);
        Run::of(with_credentials(&mut executor, fresh.address()).args(flags))
    };
    let plan = anew("plan", &[]).exits(1);
    let told = format!("the bundle's issuer {issuer} is a name that AWS once gave a distribution");
    assert!(unwrapped(&plan.stderr).contains(&told), "{}", plan.stderr);
    let _ = anew("apply", &["--yes"]).exits(1).says("nothing was changed");
    assert_eq!(handoff::account(&fresh).fronts()["distributions"], json!({}));
    let gate = words(&anew("status", &["--gate"]).exits(2));
    assert!(gate.contains(&format!("OBSTACLE: {told}")), "{gate}");

    let removed = story.moved(5, "remove", &switched, &[]);
    for format in ["cloudformation", "terraform"] {
        let mut render = story.author.generator();
        render.args(["render", "--format", format, "--trusted-key", "author.key.pub", &removed]);
        let run = Run::of(&mut render)
            .exits(0)
            .says(&format!("the issuer is {}, a name that AWS gave", host(&issuer)));
        let asserted = run.stdout.contains("${self.domain_name == ");
        assert_eq!(asserted, format == "terraform", "{}", run.stdout);
    }
}

#[test]
fn a_private_former_issuer_goes_with_its_distribution_and_a_cluster_on_its_way_is_deleted_with_both() {
    let story = Story::begin(ONE_REQUEST, Emulator::start_slow(1));
    let empty = story.everything();
    let first = story.first(&["--create-private-s3-bucket"]);
    story.apply(&first, &["--receipt", "receipt.json"]);
    let private = story.everything();
    let flags = ["--bucket-name", "harbour-issuer", "--receipt", "receipt.json"];
    let added = story.moved(2, "add", &first, &flags);
    story.apply(&added, &["--prune"]);
    let (both, fronts) = story.everything();
    assert_eq!(
        (&both["buckets"]["harbour-oidc"], &fronts),
        (&private.0["buckets"]["harbour-oidc"], &private.1)
    );
    let removed = story.moved(4, "remove", &story.moved(3, "switch", &added, &[]), &[]);
    story.apply(&removed, &["--retire-live-key", "--prune"]);
    let (dump, fronts) = story.everything();
    assert_eq!(dump["buckets"].as_object().unwrap().keys().collect::<Vec<_>>(), ["harbour-issuer"]);
    assert_eq!(fronts, empty.1, "distribution and access control went with the bucket");
    let _ = story.run(&removed, "delete", &["--yes"]).exits(0);
    assert_eq!(story.everything(), empty);

    story.apply(&first, &["--receipt", "again.json"]);
    let flags = ["--bucket-name", "harbour-issuer", "--receipt", "again.json", "--leave-out-later"];
    let added = story.moved(5, "add", &first, &flags);
    story.apply(&added, &[]);
    let _ = story.run(&added, "delete", &["--yes"]).exits(0);
    assert_eq!(story.everything(), empty, "both issuers go with the cluster");
}
