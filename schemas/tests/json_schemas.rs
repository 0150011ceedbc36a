//! The JSON Schemas in `schemas/json` are those of the types: a stale one fails here.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p sts-schemas --test json_schemas` writes them anew.

use schemars::Schema;
use std::path::Path;

fn schemas() -> [(&'static str, Schema); 14] {
    [
        ("manifest", schemars::schema_for!(sts_schemas::manifest::Manifest)),
        ("difference", schemars::schema_for!(sts_schemas::difference::Difference)),
        ("fleet-bundles", schemars::schema_for!(sts_schemas::fleet::FleetBundles)),
        ("fleet-status", schemars::schema_for!(sts_schemas::fleet::FleetStandings)),
        ("claims", schemars::schema_for!(sts_schemas::signature::Claims)),
        ("plan", schemars::schema_for!(sts_schemas::plan::Plan)),
        ("cluster-report", schemars::schema_for!(sts_schemas::cluster_report::ClusterReport)),
        ("receipt-claims", schemars::schema_for!(sts_schemas::receipt::ReceiptClaims)),
        ("proposal", schemars::schema_for!(sts_schemas::plan::Proposal)),
        ("report", schemars::schema_for!(sts_schemas::report::Report)),
        ("status", schemars::schema_for!(sts_schemas::standing::Standings)),
        ("receipt", schemars::schema_for!(sts_schemas::receipt::Receipt)),
        ("inspection", schemars::schema_for!(sts_schemas::inspection::Inspection)),
        ("rehearsal", schemars::schema_for!(sts_schemas::rehearsal::Rehearsal)),
    ]
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's switch to write instead of compare")]
fn the_json_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("json");
    for (name, schema) in schemas() {
        let path = folder.join(format!("{name}.schema.json"));
        let wanted = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var("UPDATE_SCHEMAS").is_ok() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, wanted, "{name}.schema.json is stale: run this test with UPDATE_SCHEMAS=1");
    }
}
