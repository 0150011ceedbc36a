//! A cluster that ccoctl made is recognised, and changed no more than it must be.

use serde_json::{Value, json};
use sts_tests::emulator::{Emulator, python};
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION, REQUESTS};
use sts_tests::programs::{Run, command};

const TAG: &str = "sts-handoff/generation";

#[test]
fn a_cluster_made_by_ccoctl_gets_our_tag_and_its_defects_mended_and_nothing_else() {
    let emulator = Emulator::start();
    let story = Handoff::prepare();
    let keys = story.path(&format!("out-{REGION}-{}/03-keys.json", handoff::GENERATION));
    let mut seed = command(&python());
    seed.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/ccoctl_cluster.py"))
        .args([CLUSTER, REGION, REQUESTS]);
    handoff::with_credentials(&mut seed, emulator.address()).env("AWS_DEFAULT_REGION", REGION);
    let _ = Run::of(seed.arg(keys)).exits(0);
    let account = handoff::account(&emulator);
    let before = account.dump();

    let run = story.run(emulator.address(), "plan", &["--format", "json"]).exits(0);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let content_type = json!({ "old": "application/octet-stream", "new": "application/json" });
    let bundle = story.bundle().file_name().unwrap().to_string_lossy().into_owned();
    let digest = bundle.strip_prefix("harbour-").and_then(|name| name.strip_suffix(".tar.gz")).unwrap();
    let mark = format!("{}/{digest}", handoff::GENERATION);
    let expected = json!([
        [format!("object/{CLUSTER}-oidc/.well-known/openid-configuration"), { "content type": content_type }],
        [format!("object/{CLUSTER}-oidc/keys.json"), { "content type": content_type }],
        [
            format!("provider/{CLUSTER}-oidc.s3.{REGION}.amazonaws.com"),
            {
                (format!("tag {TAG}")): { "old": null, "new": handoff::GENERATION.to_string() },
                "tag sts-handoff/applied": { "old": null, "new": mark },
            },
        ],
    ]);
    let steps: Value = plan["plan"]["steps"].as_array().unwrap().iter().map(changed).collect();
    assert_eq!(steps, expected);
    assert_eq!((&plan["plan"]["foreign"], &plan["plan"]["orphans"]), (&json!({}), &json!([])));

    let _ = story.run(emulator.address(), "apply", &["--yes"]).exits(0);
    let _ = story.run(emulator.address(), "plan", &["--detailed-exitcode"]).exits(0);
    let after = account.dump();
    assert_eq!(after["roles"], before["roles"], "roles and their policies are as ccoctl made them");
    let _ = story.run(emulator.address(), "delete", &["--yes"]).exits(0);
    assert_eq!(account.dump()["roles"], json!({}));
}

/// The address and the changes of an update; the action of anything else.
fn changed(step: &Value) -> Value {
    if step["action"] != "update" {
        return json!([step["action"], step]);
    }
    let after = &step["after"];
    let text = |name: &str| after[name].as_str().unwrap_or_default().to_owned();
    let address = match after["kind"].as_str() {
        Some("object") => format!("object/{}/{}", text("bucket"), text("key")),
        Some("provider") => format!("provider/{}", text("issuer").trim_start_matches("https://")),
        _ => text("name"),
    };
    json!([address, step["changes"]])
}
