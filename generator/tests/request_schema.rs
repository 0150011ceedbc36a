//! The JSON Schema of what the generator reads of a `CredentialsRequest`, held against what it really reads.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p sts-generator --test request_schema` writes it anew. The generator reads YAML
//! with positions and not through these types; so each rule of the schema is tried on the generator here.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(dead_code, reason = "the types are there for their schema alone")]

use schemars::JsonSchema;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use sts_generator::request::{Selection, read_folder};
use sts_schemas::aws::Partition;
use sts_schemas::policy::{ConditionValues, Effect};

/// What the generator reads of a request for AWS; members besides are left alone.
///
/// Source: openshift/cloud-credential-operator, `CredentialsRequest` of API version v1.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CredentialsRequest {
    /// The API.
    #[schemars(regex(pattern = "^cloudcredential\\.openshift\\.io/v1$"))]
    api_version: String,
    /// The kind.
    #[schemars(regex(pattern = "^CredentialsRequest$"))]
    kind: String,
    /// Name and annotations.
    metadata: Metadata,
    /// What is asked for.
    spec: Wish,
}

/// Name and annotations.
#[derive(JsonSchema)]
struct Metadata {
    /// The request's name.
    #[schemars(length(min = 1, max = 253))]
    name: String,
    /// Feature set, feature gates, capabilities and removal are read.
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// What is asked for.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Spec")]
struct Wish {
    /// The service accounts that may take the role on.
    #[schemars(length(min = 1))]
    service_account_names: Vec<String>,
    /// The Secret that tells a component its role.
    secret_ref: SecretRef,
    /// Where the component's pods find their token.
    #[serde(default)]
    cloud_token_path: Option<String>,
    /// What AWS is to allow.
    provider_spec: ProviderSpec,
}

/// A Secret.
#[derive(JsonSchema)]
struct SecretRef {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    name: String,
    /// Its namespace, which is that of the service accounts.
    #[schemars(length(min = 1, max = 63))]
    namespace: String,
}

/// What AWS is to allow.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProviderSpec {
    /// Always `AWSProviderSpec`; requests for other clouds are skipped.
    #[schemars(regex(pattern = "^AWSProviderSpec$"))]
    kind: String,
    /// The statements of the role's policy.
    #[schemars(length(min = 1))]
    statement_entries: Vec<StatementEntry>,
}

/// One statement.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StatementEntry {
    /// Whether it allows or denies.
    effect: Effect,
    /// What may be done.
    #[schemars(length(min = 1))]
    action: Vec<String>,
    /// To what: `*` or an ARN.
    #[schemars(regex(pattern = "^(\\*$|arn:)"))]
    resource: String,
    /// Under which conditions: operator, key, values.
    #[serde(default)]
    policy_condition: BTreeMap<String, BTreeMap<String, ConditionValues>>,
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's switch to write instead of compare")]
fn the_schema_of_requests_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/json/request.schema.json");
    let schema = schemars::schema_for!(CredentialsRequest);
    let wanted = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var("UPDATE_SCHEMAS").is_ok() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "request.schema.json is stale: run this test with UPDATE_SCHEMAS=1");
}

fn sound() -> Value {
    json!({
        "apiVersion": "cloudcredential.openshift.io/v1",
        "kind": "CredentialsRequest",
        "metadata": {"name": "parrot"},
        "spec": {
            "serviceAccountNames": ["parrot-operator"],
            "secretRef": {"name": "parrot-creds", "namespace": "openshift-parrot"},
            "providerSpec": {
                "apiVersion": "cloudcredential.openshift.io/v1",
                "kind": "AWSProviderSpec",
                "statementEntries": [{"effect": "Allow", "action": ["s3:GetObject"], "resource": "*"}],
            },
        },
    })
}

/// Whether the generator uses this as a request.
fn taken(request: &Value) -> bool {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("request.json.yaml"), request.to_string()).unwrap();
    read_folder(folder.path(), &Selection::like_ccoctl(Partition::Aws)).is_ok_and(|read| read.used.len() == 1)
}

#[test]
fn the_generator_refuses_what_the_schema_refuses() {
    assert!(taken(&sound()));
    let entry = "/spec/providerSpec/statementEntries/0";
    let wrong: [(&str, Value); 15] = [
        ("/apiVersion", json!("cloudcredential.openshift.io/v2")),
        ("/kind", json!("Secret")),
        ("/metadata", json!({})),
        ("/metadata/name", json!("")),
        ("/spec/serviceAccountNames", json!([])),
        ("/spec/secretRef", json!({"name": "parrot-creds"})),
        ("/spec/secretRef/name", json!(3)),
        ("/spec/secretRef/namespace", json!("x".repeat(64))),
        ("/spec/providerSpec/kind", json!("GCPProviderSpec")),
        ("/spec/providerSpec/statementEntries", json!([])),
        (&format!("{entry}/effect"), json!("Maybe")),
        (&format!("{entry}/action"), json!([])),
        (&format!("{entry}/action"), json!("s3:GetObject")),
        (&format!("{entry}/resource"), json!("bucket")),
        (entry, json!({"effect": "Allow", "action": ["s3:*"], "resource": "*", "policyCondition": ["x"]})),
    ];
    for (pointer, value) in wrong {
        let mut request = sound();
        *request.pointer_mut(pointer).unwrap() = value.clone();
        assert!(!taken(&request), "{pointer} as {value}");
    }
}
