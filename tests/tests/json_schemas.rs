//! What the programs write is what the JSON Schemas in `schemas/json` say.

use base64::Engine as _;
use std::path::{Path, PathBuf};
use sts_tests::adversary::{files, unpack};
use sts_tests::emulator::{Emulator, python};
use sts_tests::handoff::{Handoff, REQUESTS};
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

#[test]
fn what_the_programs_write_keeps_to_the_schemas() {
    let story = Handoff::prepare();
    let emulator = Emulator::start();
    let written = |name: &str, bytes: &[u8]| {
        let path = story.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let bundle = files(&unpack(&std::fs::read(story.bundle()).unwrap()));
    let token = String::from_utf8(bundle[1].bytes.clone()).unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();

    let (report, refusal, receipt) =
        (story.path("report.json"), story.path("refusal.json"), story.path("receipt.json"));
    let _ = Run::of(story.executor("verify").arg("--report").arg(&report)).exits(0);
    let cut = written("cut.tar.gz", &std::fs::read(story.bundle()).unwrap()[..1000]);
    let mut verify = command(&sts_tests::programs::program("sts-executor"));
    verify.arg("verify").arg(cut).arg("--trusted-key").arg(story.public_key()).arg("--report").arg(&refusal);
    let _ = Run::of(&mut verify).exits(3);
    let plan = story.run(emulator.address(), "plan", &["--format", "json"]).exits(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let flags = ["--yes".as_ref(), "--receipt".as_ref(), receipt.as_os_str()];
    let _ = story.run(emulator.address(), "apply", &flags).exits(0);

    let mut pairs = vec![
        ("manifest", written("manifest.json", &bundle[0].bytes)),
        ("claims", written("claims.json", &claims)),
        ("report", report),
        ("report", refusal),
        ("plan", written("plan.json", plan["plan"].to_string().as_bytes())),
        ("receipt", receipt),
    ];
    let requests = std::fs::read_dir(REQUESTS).unwrap().map(|entry| ("request", entry.unwrap().path()));
    pairs.extend(requests);
    let _ = validate(&pairs).exits(0);
}

#[test]
fn what_keeps_to_no_schema_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["manifest", "claims", "report", "plan", "receipt", "request"] {
        let file = folder.path().join(name);
        std::fs::write(&file, "{\"surprise\": 1}").unwrap();
        let run = validate(&[(name, file)]).exits(1);
        assert!(run.stdout.contains("required"), "{name}: {}", run.stdout);
    }
}
