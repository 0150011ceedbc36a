//! Many bundles against one account, a line for each.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER_KEY, GENERATION, Handoff, REGION, REQUESTS, with_credentials};
use sts_tests::programs::{Run, command, program};
use sts_tests::proxy::Proxy;

/// The executor on all bundles of the author's folder.
fn status(story: &Handoff, emulator: &Emulator, flags: &[&str]) -> Run {
    status_at(story, emulator.address(), flags)
}

fn status_at(story: &Handoff, at: SocketAddr, flags: &[&str]) -> Run {
    let mut status = command(&program("sts-executor"));
    status.args(["status", "--all"]).arg(story.path("bundles")).arg("--trusted-key").arg(story.public_key());
    Run::of(with_credentials(&mut status, at).args(flags))
}

#[test]
fn each_bundle_has_its_line_and_one_that_cannot_be_compared_stops_no_other() {
    let emulator = Emulator::start();
    let story = Handoff::prepare();
    let file = "clusters:\n- {name: quay}\n- {name: mole, region: us-east-1}\n- {name: pier}\n";
    std::fs::write(story.path("fleet.yaml"), file).unwrap();
    let mut create = story.generator();
    create.args(["create-all", "--fleet", "fleet.yaml", "--region", REGION, "--output-dir", "fleet"]);
    create.args(["--account-id", Emulator::ACCOUNT, "--public-key-file", CLUSTER_KEY]);
    create.args(["--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"]);
    let made = Run::of(create.env("SOURCE_DATE_EPOCH", GENERATION.to_string())).exits(0).stdout;
    let made: Vec<_> = made.lines().collect();
    assert_eq!(made.len(), 3, "{made:?}");
    let apply = |bundle: &Path| {
        let mut apply = story.executor_on(bundle, "apply");
        let _ = Run::of(with_credentials(&mut apply, emulator.address()).arg("--yes")).exits(0);
    };
    apply(story.bundle());
    apply(&story.path(made[0]));
    apply(&story.path(made[1]));
    handoff::account(&emulator).call(&json!([
        ["s3", "delete_object", {"Bucket": "quay-oidc", "Key": "keys.json"}],
        ["iam", "update_role", {"RoleName": "quay-example-ingress-dns-credentials", "Description": "changed"}],
    ]));
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let run = status(&story, &emulator, &["--detailed-exitcode"]).exits(2);
    let run = run.shows(&format!("  in step    {}\n", name(&story.bundle().display().to_string())));
    let run = run.shows(&format!(
        "  missing    {}\n             9 of 11 in step, 1 missing, 1 drifted\n",
        name(made[0])
    ));
    let run = run.shows(&format!("  in step    {}\n", name(made[1])));
    let run =
        run.shows(&format!("  missing    {}\n             0 of 11 in step, 11 missing\n", name(made[2])));
    let run = run.shows("Status: 2 of 4 bundles in step.\n");

    // Side by side they come to the same, and no bundle waits for the one before it.
    let proxy = Proxy::start(emulator.address(), Duration::from_millis(300), Vec::new());
    let again = status_at(&story, proxy.address(), &["--detailed-exitcode"]).exits(2);
    assert_eq!(again.stdout, run.stdout);
    let calls = proxy.take_traffic().calls;
    let first_role = calls.iter().position(|call| call.contains("Action=GetRole")).unwrap();
    let begun = calls[..first_role].iter().filter(|call| call.contains("Action=ListRoles")).count();
    assert!(begun > 1, "{calls:#?}");

    // An older bundle, one for another account, and one that is none.
    let newer = story.create_all(Path::new(REQUESTS), GENERATION + 5, &[]);
    let other = ["--account-id", "210987654321"];
    let other = story.create_with(&other, REGION, Path::new(REQUESTS), GENERATION + 6, &[]);
    std::fs::write(story.path("bundles/zzz.tar.gz"), "none").unwrap();
    let run = status(&story, &emulator, &["--format", "json"])
        .exits(1)
        .says("2 of 7 bundles could not be compared");
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let outcome = |path: &Path| {
        let file = name(&path.display().to_string());
        let all = found["bundles"].as_array().unwrap();
        all.iter().find(|bundle| bundle["file"] == file).unwrap()["outcome"].clone()
    };
    let by = json!({"result": "superseded", "by": name(&newer.display().to_string())});
    assert_eq!(outcome(story.bundle()), by);
    assert_eq!(outcome(&newer)["result"], "compared");
    let why = "it is for account 210987654321, and the credentials belong to account 123456789012";
    assert_eq!(outcome(&other), json!({"result": "failed", "errors": [why]}));
    assert_eq!(outcome(Path::new("zzz.tar.gz"))["result"], "failed");
    assert_eq!((&found["in_step"], &found["provides"]), (&json!(false), &json!(false)));
}
