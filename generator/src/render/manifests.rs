//! The installer's manifests: one Secret for each role, and the cluster's issuer.

use serde::Serialize;
use serde_saphyr::LitStr;
use sts_schemas::aws::Arn;
use sts_schemas::cluster::IssuerUrl;

/// Where the token of a component is mounted unless its request says otherwise. Source: ccoctl.
const TOKEN_FILE: &str = "/var/run/secrets/openshift/serviceaccount/token";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Secret<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    string_data: Credentials<'a>,
    #[serde(rename = "type")]
    purpose: &'a str,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Serialize)]
struct Credentials<'a> {
    credentials: LitStr<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication<'a> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    spec: AuthenticationSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationSpec<'a> {
    service_account_issuer: &'a str,
}

/// The Secret that hands a role to a component: an AWS configuration file for its SDK.
///
/// Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider".
#[must_use]
pub fn secret(namespace: &str, name: &str, role: &Arn, token_file: Option<&str>) -> Vec<u8> {
    let token_file = token_file.unwrap_or(TOKEN_FILE);
    let credentials = format!(
        "[default]\nsts_regional_endpoints = regional\nrole_arn = {role}\nweb_identity_token_file = {token_file}"
    );
    yaml(&Secret {
        api_version: "v1",
        kind: "Secret",
        metadata: Metadata { name, namespace: Some(namespace) },
        string_data: Credentials { credentials: LitStr(&credentials) },
        purpose: "Opaque",
    })
}

/// The manifest that tells the cluster its issuer.
pub(super) fn authentication(issuer: &IssuerUrl) -> Vec<u8> {
    yaml(&Authentication {
        api_version: "config.openshift.io/v1",
        kind: "Authentication",
        metadata: Metadata { name: "cluster", namespace: None },
        spec: AuthenticationSpec { service_account_issuer: issuer.as_str() },
    })
}

#[expect(clippy::expect_used, reason = "structs of strings have a YAML form")]
fn yaml(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_saphyr::to_string(value).expect("it has a YAML form");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_yaml_that_components_read() {
        let role: Arn = "arn:aws:iam::123456789012:role/demo-x".parse().unwrap();
        let text = String::from_utf8(secret("openshift-x", "creds", &role, None)).unwrap();
        let wanted = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: creds\n  namespace: openshift-x\n\
            stringData:\n  credentials: |-\n    [default]\n    sts_regional_endpoints = regional\n    \
            role_arn = arn:aws:iam::123456789012:role/demo-x\n    \
            web_identity_token_file = /var/run/secrets/openshift/serviceaccount/token\ntype: Opaque\n";
        assert_eq!(text, wanted);
        assert!(String::from_utf8(secret("n", "s", &role, Some("/t"))).unwrap().contains("file = /t\n"));
    }
}
