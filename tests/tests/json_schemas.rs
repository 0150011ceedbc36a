//! What the programs write is what the JSON Schemas in `schemas/json` say.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use sts_tests::adversary::{files, unpack};
use sts_tests::crossing::{ADMIN, AUTHOR, Crossing};
use sts_tests::emulator::{Emulator, python};
use sts_tests::handoff::{CLUSTER_KEY, GENERATION, Handoff, REGION, REQUESTS, with_credentials};
use sts_tests::programs::{Run, command};

const VALIDATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/validate.py");
const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/json");

/// Holds files against the schemas of these names.
fn validate(pairs: &[(&str, PathBuf)]) -> Run {
    let mut validate = command(&python());
    validate.arg(VALIDATE);
    for (schema, file) in pairs {
        validate.arg(Path::new(SCHEMAS).join(format!("{schema}.schema.json"))).arg(file);
    }
    Run::of(&mut validate)
}

/// The names of all schemas.
fn schemas() -> BTreeSet<String> {
    let names = std::fs::read_dir(SCHEMAS).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_str().unwrap().strip_suffix(".schema.json").unwrap().to_owned()).collect()
}

fn written(path: PathBuf, bytes: &[u8]) -> PathBuf {
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The claims of a compact JWS.
fn claims_of(token: &[u8]) -> Vec<u8> {
    let claims = std::str::from_utf8(token).unwrap().split('.').nth(1).unwrap();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap()
}

/// What a public bucket's story leaves behind, by the schema of each file.
fn told(story: &Handoff) -> Vec<(&'static str, PathBuf)> {
    let emulator = Emulator::start();
    let bundle = files(&unpack(&std::fs::read(story.bundle()).unwrap()));
    let (report, refusal, receipt) =
        (story.path("report.json"), story.path("refusal.json"), story.path("receipt.json"));
    let _ = Run::of(story.executor("verify").arg("--report").arg(&report)).exits(0);
    let cut = written(story.path("cut.tar.gz"), &std::fs::read(story.bundle()).unwrap()[..1000]);
    let mut verify = command(&sts_tests::programs::program("sts-executor"));
    verify.arg("verify").arg(cut).arg("--trusted-key").arg(story.public_key()).arg("--report").arg(&refusal);
    let _ = Run::of(&mut verify).exits(3);
    let proposal = story.run(emulator.address(), "plan", &["--format", "json"]).exits(0).stdout;
    let plan: Value = serde_json::from_str(&proposal).unwrap();
    let rehearsal = Run::of(story.executor("rehearse").args(["--format", "json"])).exits(0).stdout;
    let inspection = Run::of(story.executor("inspect").args(["--format", "json"])).exits(0).stdout;
    let mut compare = story.executor("inspect");
    let compared =
        Run::of(compare.args(["--format", "json", "--previous"]).arg(story.bundle())).exits(0).stdout;
    let flags = ["--yes".as_ref(), "--receipt".as_ref(), receipt.as_os_str()];
    let _ = story.run(emulator.address(), "apply", &flags).exits(0);
    let mut diff = story.generator();
    diff.args(["diff", "--format", "json"])
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request"), REQUESTS]);
    let difference = Run::of(&mut diff).exits(0).stdout;
    let status = drifted_status(story, &emulator);
    let [fleet, standings] = told_of_a_fleet(story, &emulator);
    vec![
        ("manifest", written(story.path("manifest.json"), &bundle[0].bytes)),
        ("claims", written(story.path("claims.json"), &claims_of(&bundle[1].bytes))),
        ("difference", written(story.path("difference.json"), difference.as_bytes())),
        ("fleet-bundles", written(story.path("fleet.json"), fleet.as_bytes())),
        ("fleet-status", written(story.path("standings.json"), standings.as_bytes())),
        ("rehearsal", written(story.path("rehearsal.json"), rehearsal.as_bytes())),
        ("inspection", written(story.path("inspection.json"), inspection.as_bytes())),
        ("inspection", written(story.path("compared.json"), compared.as_bytes())),
        ("report", report),
        ("report", refusal),
        ("proposal", written(story.path("proposal.json"), proposal.as_bytes())),
        ("plan", written(story.path("plan.json"), plan["plan"].to_string().as_bytes())),
        ("status", written(story.path("status.json"), status.to_string().as_bytes())),
        ("receipt", receipt),
    ]
}

/// What is said of many clusters: one whose bundle is made, one whose is not, and all bundles of a folder, one of
/// which was superseded and one of which is none.
fn told_of_a_fleet(story: &Handoff, emulator: &Emulator) -> [String; 2] {
    let file = "clusters:\n- {name: harbour}\n- {name: QUAY}\n";
    let _ = written(story.path("fleet.yaml"), file.as_bytes());
    let _ = written(story.path("bundles/none.tar.gz"), b"none");
    let mut create = story.generator();
    create.args(["create-all", "--fleet", "fleet.yaml", "--format", "json", "--region", REGION]);
    create.args([
        "--account-id",
        Emulator::ACCOUNT,
        "--public-key-file",
        CLUSTER_KEY,
        "--output-dir",
        "fleet",
    ]);
    create.args(["--credentials-requests-dir", REQUESTS, "--signing-key", "author.key"]);
    let later = (GENERATION + 10).to_string();
    let bundles = Run::of(create.env("SOURCE_DATE_EPOCH", later)).exits(1).stdout;
    let mut status = command(&sts_tests::programs::program("sts-executor"));
    status.args(["status", "--format", "json", "--all"]).arg(story.path("bundles"));
    status.arg("--trusted-key").arg(story.public_key());
    let standings = Run::of(with_credentials(&mut status, emulator.address())).exits(1).stdout;
    [bundles, standings]
}

/// What a story leaves behind that begins with nothing known of account and issuer, and ends in a cluster.
fn told_to_its_end(story: &Crossing) -> Vec<(&'static str, PathBuf)> {
    let emulator = Emulator::start();
    let bundle = files(&unpack(&std::fs::read(story.path(AUTHOR, story.bundle())).unwrap()));
    let proposal = story.executor(emulator.address(), "plan", &["--format", "json"]).exits(0).stdout;
    let _ = story.apply(emulator.address());
    let _ = story.finalize(&["--trusted-key", "admin.key.pub"]).exits(0);
    let _ = story.install().exits(0);
    story.print_cluster("good.json", &[]);
    story.print_cluster("bad.json", &["admin", "issuer", "https://oidc.example.org"]);
    let report = |name: &str, exit| {
        let flags = ["--receipt", "receipt.json", "--executor-key", "admin.key.pub", "--format", "json"];
        let run = story.check_cluster(name, &flags).exits(exit);
        written(story.path(AUTHOR, &format!("report-of-{name}")), run.stdout.as_bytes())
    };
    let token = std::fs::read(story.path(ADMIN, "receipt.json.jws")).unwrap();
    vec![
        ("manifest", written(story.path(AUTHOR, "manifest.json"), &bundle[0].bytes)),
        ("claims", written(story.path(AUTHOR, "claims.json"), &claims_of(&bundle[1].bytes))),
        ("proposal", written(story.path(ADMIN, "proposal.json"), proposal.as_bytes())),
        ("receipt", story.path(ADMIN, "receipt.json")),
        ("receipt-claims", written(story.path(ADMIN, "receipt-claims.json"), &claims_of(&token))),
        ("cluster-report", report("good.json", 0)),
        ("cluster-report", report("bad.json", 1)),
    ]
}

#[test]
fn what_the_programs_write_keeps_to_the_schemas() {
    let handoff = Handoff::prepare();
    let crossing = Crossing::of(&["--any-account", "--create-private-s3-bucket"]);
    let mut pairs = told(&handoff);
    pairs.extend(told_to_its_end(&crossing));
    pairs.extend(std::fs::read_dir(REQUESTS).unwrap().map(|entry| ("request", entry.unwrap().path())));
    let tried: BTreeSet<_> = pairs.iter().map(|(schema, _)| (*schema).to_owned()).collect();
    assert_eq!(tried, schemas(), "every schema is tried on what a program wrote");
    let _ = validate(&pairs).exits(0);
}

/// The status of an account of which something is gone, something drifted and something is left from before.
fn drifted_status(story: &Handoff, emulator: &Emulator) -> Value {
    let (gone, drifted) =
        ("harbour-example-backup-backup-credentials", "harbour-example-ingress-dns-credentials");
    let owned = json!([{"Key": "openshift.io/cloud-credential-operator/harbour", "Value": "owned"}]);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    sts_tests::handoff::account(emulator).call(&json!([
        ["iam", "delete_role_policy", {"RoleName": gone, "PolicyName": gone}],
        ["iam", "delete_role", {"RoleName": gone}],
        ["iam", "update_role", {"RoleName": drifted, "Description": "changed"}],
        ["iam", "create_role",
            {"RoleName": "harbour-from-before", "AssumeRolePolicyDocument": trust, "Tags": owned}],
    ]));
    let at = emulator.address();
    let text = story.run(at, "status", &["--detailed-exitcode"]).exits(2);
    let _ = text.shows("  orphaned role/harbour-from-before\n").shows("      description:\n");
    let status: Value =
        serde_json::from_str(&story.run(at, "status", &["--format", "json"]).exits(0).stdout).unwrap();
    let standing = |role: &str| &status["addresses"][format!("role/{role}")];
    assert_eq!(standing(gone)["standing"], "missing");
    assert_eq!(standing("harbour-from-before")["standing"], "orphaned");
    assert_eq!(standing(drifted)["standing"], "drifted");
    assert_eq!(standing(drifted)["changes"]["description"]["old"], "changed");
    assert_eq!(status["in_step"], false);
    status
}

#[test]
fn what_keeps_to_no_schema_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for name in schemas() {
        let file = written(folder.path().join(&name), b"{\"surprise\": 1}");
        let run = validate(&[(&name, file)]).exits(1);
        assert!(run.stdout.contains("required"), "{name}: {}", run.stdout);
    }
}
