//! What is found in clusters that are well, and in each that is not.

use super::*;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/demo-x-creds";
const ISSUER: &str = "https://demo-oidc.s3.eu-west-1.amazonaws.com";
const SECRET_KEY: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";

fn expectation() -> Expectation {
    let secret = ExpectedSecret {
        namespace: "openshift-x".into(),
        name: "creds".into(),
        role_arn: ROLE.into(),
        token_file: "/var/token".into(),
    };
    Expectation { issuer: ISSUER.parse().unwrap(), secrets: vec![secret] }
}

fn encoded(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn credentials(role: &str, token_file: &str) -> String {
    format!(
        "[default]\nsts_regional_endpoints = regional\nrole_arn = {role}\nweb_identity_token_file = {token_file}"
    )
}

fn secret(namespace: &str, name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": name,
        "labels": {"a": "b"}}, "type": "Opaque", "data": data})
}

fn component(role: &str, token_file: &str) -> Value {
    secret("openshift-x", "creds", &json!({"credentials": encoded(&credentials(role, token_file))}))
}

fn authentication(issuer: &str) -> Value {
    json!({"apiVersion": "config.openshift.io/v1", "kind": "Authentication", "metadata": {"name": "cluster"},
        "spec": {"serviceAccountIssuer": issuer, "type": "", "oauthMetadata": {"name": ""}}})
}

/// A List as `oc get secrets -A` prints it, with Secrets of two namespaces beside these.
fn list(secrets: &[Value]) -> Value {
    let mut items = vec![
        secret("default", "pull", &json!({".dockerconfigjson": "e30="})),
        secret("kube-system", "etcd", &json!({"tls.key": encoded(SECRET_KEY)})),
    ];
    items.extend_from_slice(secrets);
    json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})
}

fn dump(inputs: &[Value]) -> Dump {
    let mut dump = Dump::default();
    for input in inputs {
        dump.read(input.to_string().as_bytes()).unwrap();
    }
    dump
}

/// The findings that are not sound, as `object: what`.
fn complaints(inputs: &[Value]) -> Vec<String> {
    let (checks, _) = check(&expectation(), &dump(inputs));
    checks
        .into_iter()
        .filter_map(|Check { object, finding }| match finding {
            Finding::Sound => None,
            Finding::Missing => Some(format!("{object}: missing")),
            Finding::Wrong { what } => Some(format!("{object}: {what}")),
            Finding::Unknown { why } => Some(format!("{object}: {why}")),
        })
        .collect()
}

#[track_caller]
fn complains(inputs: &[Value], wanted: &[&str]) {
    let found = complaints(inputs);
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.contains(wanted), "{wanted:?} is not in {found:?}");
        assert!(!found.contains(SECRET_KEY) && !found.contains("AKIA"), "a value was repeated: {found}");
    }
}

#[test]
fn a_cluster_as_the_bundle_wants_it_is_sound_however_it_is_given() {
    let good = component(ROLE, "/var/token");
    complains(&[list(std::slice::from_ref(&good)), authentication(ISSUER)], &[]);
    let all = json!({"apiVersion": "v1", "kind": "List", "items": [list(std::slice::from_ref(&good)), authentication(ISSUER)]});
    complains(&[all], &[]);
    let plain = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "openshift-x", "name": "creds"},
        "stringData": {"credentials": credentials(ROLE, "/var/token")}});
    complains(&[list(&[plain]), authentication(ISSUER)], &[]);
    let mut both = Dump::default();
    let text = format!("{}\n{}\n", list(&[good]), authentication(ISSUER));
    both.read(text.as_bytes()).unwrap();
    assert!(check(&expectation(), &both).0.iter().all(|check| check.finding == Finding::Sound));
}

#[test]
fn the_administrators_secret_must_be_shown_to_be_absent() {
    let good = component(ROLE, "/var/token");
    let admin = secret("kube-system", "aws-creds", &json!({"aws_access_key_id": encoded("AKIAEXAMPLE")}));
    complains(
        &[list(&[good.clone(), admin]), authentication(ISSUER)],
        &["secret/kube-system/aws-creds: it is there"],
    );
    complains(&[good.clone(), authentication(ISSUER)], &["aws-creds: nothing given shows all Secrets"]);
    // Two namespaces are not all of them: this could be what a label selects.
    let items = [good, secret("openshift-x", "other", &json!({}))];
    let some = json!({"apiVersion": "v1", "kind": "List", "items": items});
    complains(&[some, authentication(ISSUER)], &["aws-creds: nothing given shows all Secrets"]);
    let others = [secret("a", "b", &json!({})), secret("c", "d", &json!({}))];
    let others = json!({"apiVersion": "v1", "kind": "List", "items": others});
    complains(
        &[component(ROLE, "/var/token"), others, authentication(ISSUER)],
        &["aws-creds: nothing given shows all Secrets"],
    );
}

#[test]
fn a_secret_of_a_component_must_name_its_role_and_token_and_nothing_that_lives_longer() {
    let issuer = authentication(ISSUER);
    let with = |secret: Value| [list(&[secret]), issuer.clone()];
    complains(&with(secret("openshift-y", "creds", &json!({}))), &["secret/openshift-x/creds: missing"]);
    complains(
        &with(component("arn:aws:iam::123456789012:role/other", "/var/token")),
        &[
            "its role_arn is arn:aws:iam::123456789012:role/other, and must be arn:aws:iam::123456789012:role/demo-x-creds",
        ],
    );
    complains(&with(component(SECRET_KEY, "/var/token")), &["its role_arn is no ARN"]);
    complains(&with(component(ROLE, SECRET_KEY)), &["its web_identity_token_file is not /var/token"]);
    let twice = format!("{ROLE}\nrole_arn = {ROLE}");
    complains(&with(component(&twice, "/var/token")), &["it names 2 role_arns"]);
    let minted =
        json!({"aws_access_key_id": encoded("AKIAEXAMPLE"), "aws_secret_access_key": encoded(SECRET_KEY)});
    complains(
        &with(secret("openshift-x", "creds", &minted)),
        &["it holds a long-lived key (aws_access_key_id); it has no readable `credentials`"],
    );
    let hidden = format!("{}\naws_secret_access_key = {SECRET_KEY}", credentials(ROLE, "/var/token"));
    complains(
        &with(secret("openshift-x", "creds", &json!({"credentials": encoded(&hidden)}))),
        &["it holds a long-lived key"],
    );
    complains(&with(secret("openshift-x", "creds", &json!({"credentials": "not base64"}))), &["no readable"]);
    let elsewhere = credentials(ROLE, "/var/token").replace("[default]", "[other]");
    for text in [elsewhere.as_str(), elsewhere.trim_start_matches("[other]")] {
        complains(
            &with(secret("openshift-x", "creds", &json!({"credentials": encoded(text)}))),
            &["it names 0 role_arns in its profile [default]"],
        );
    }
    let process = format!("{}\ncredential_process = /bin/{SECRET_KEY}", credentials(ROLE, "/var/token"));
    complains(
        &with(secret("openshift-x", "creds", &json!({"credentials": encoded(&process)}))),
        &["it also sets credential_process"],
    );
    for elsewhere in [
        format!("endpoint_url = https://{SECRET_KEY}"),
        format!("services = x\n[services x]\nsts =\n  endpoint_url = https://{SECRET_KEY}"),
        format!("[other]\nrole_arn = {SECRET_KEY}"),
    ] {
        let text = format!("{}\n{elsewhere}", credentials(ROLE, "/var/token"));
        complains(
            &with(secret("openshift-x", "creds", &json!({"credentials": encoded(&text)}))),
            &["which gives credentials in another way or sends them elsewhere"],
        );
    }
    let two = [list(&[component(ROLE, "/var/token"), component("x", "/var/token")]), issuer.clone()];
    complains(&two, &["its role_arn is no ARN"]);
}

#[test]
fn a_long_lived_key_anywhere_in_the_platform_counts_and_elsewhere_is_noted() {
    let good = component(ROLE, "/var/token");
    let minted = json!({"aws_access_key_id": encoded("AKIAEXAMPLE")});
    let inputs = [
        list(&[good, secret("openshift-y", "new", &minted), secret("shop", "backup", &minted)]),
        authentication(ISSUER),
    ];
    complains(&inputs, &["secret/openshift-y/new: it holds a long-lived key"]);
    let file = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
    for data in [
        json!({"cloud": encoded(file)}),
        json!({"config.json": encoded(r#"{"key": "AKIAIOSFODNN7EXAMPLE"}"#)}),
        json!({"AWS_ACCESS_KEY_ID": encoded("x")}),
    ] {
        let secrets = list(&[component(ROLE, "/var/token"), secret("openshift-adp", "cloud", &data)]);
        complains(
            &[secrets, authentication(ISSUER)],
            &["secret/openshift-adp/cloud: it holds a long-lived key"],
        );
    }
    let (_, notes) = check(&expectation(), &dump(&inputs));
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("shop/backup") && !notes[0].contains("openshift-y"), "{notes:?}");
}

#[test]
fn the_issuer_must_be_the_bundles() {
    let secrets = list(&[component(ROLE, "/var/token")]);
    complains(std::slice::from_ref(&secrets), &["authentication/cluster: missing"]);
    complains(&[secrets.clone(), authentication("")], &["it names no issuer of its own"]);
    complains(
        &[secrets.clone(), authentication("https://elsewhere.example.org")],
        &["its issuer is https://elsewhere.example.org, and must be https://demo-oidc"],
    );
    let operators = json!({"apiVersion": "operator.openshift.io/v1", "kind": "Authentication",
        "metadata": {"name": "cluster"}, "spec": {"serviceAccountIssuer": ISSUER}});
    let given = "authentication/cluster: what was given is another object (Authentication \"cluster\" of \"operator.openshift.io\")";
    complains(&[list(&[component(ROLE, "/var/token"), operators.clone()])], &[given]);
    complains(&[list(&[component(ROLE, "/var/token")]), operators], &[given]);
    let mut named = authentication(ISSUER);
    named["metadata"]["name"] = json!("mine");
    complains(&[secrets, named], &["Authentication \"mine\" of \"config.openshift.io\""]);
}

#[test]
fn a_text_in_another_encoding_is_called_so() {
    let text = list(&[component(ROLE, "/var/token")]).to_string();
    let words = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let (little, big) = (words(u16::to_le_bytes), words(u16::to_be_bytes));
    for (bytes, wanted) in [
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "UTF-8 behind a byte order mark"),
        ([b"\xff\xfe", little.as_slice()].concat(), "UTF-16, little-endian"),
        (little, "UTF-16, little-endian"),
        ([b"\xfe\xff", big.as_slice()].concat(), "UTF-16, big-endian"),
    ] {
        let error = Dump::default().read(bytes.as_slice()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn what_oc_did_not_print_is_refused_without_repeating_it() {
    for (text, wanted) in [
        ("", "holds no Secret"),
        ("{}", "holds no Secret"),
        ("[]", "holds no Secret"),
        ("apiVersion: v1\n", "no JSON"),
        (
            r#"{"kind":"Secret","apiVersion":"v1","data":"wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}"#,
            "another kind",
        ),
        (r#"{"kind":"Secret","apiVersion":"v1","data":{"credentials":{"wJalrXUtnFEMI":1}}}"#, "another kind"),
        (r#"{"kind":"List","items":[{"kind":"Secret""#, "an early end"),
    ] {
        let error = Dump::default().read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text}: {error}");
        assert!(!error.contains("wJalr"), "{error}");
    }
}
