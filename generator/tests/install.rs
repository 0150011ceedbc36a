//! What `install` puts into the installer's directory, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::EncodePublicKey as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::OnceLock;
use sts_generator::commands::install::{Format, InstallArgs, run};
use sts_schemas::installer_manifest::{SecretManifest, authentication};
use tempfile::TempDir;

const KEY: &str = "tls/bound-service-account-signing-key.key";
const AUTHENTICATION: &str = "manifests/cluster-authentication-02-config.yaml";
const SECRET: &str = "manifests/openshift-parrot-parrot-creds-credentials.yaml";
const CONFIG: &str = "install-config.yaml";
const SOUND_CONFIG: &str =
    "apiVersion: v1\nmetadata: {name: demo}\nplatform: {aws: {region: eu-west-1}}\ncredentialsMode: Manual\n";

/// A key pair as PEM. Small, because nothing here depends on its strength and large ones take seconds to make.
fn pair() -> &'static (String, String) {
    static PAIR: OnceLock<(String, String)> = OnceLock::new();
    PAIR.get_or_init(new_pair)
}

fn new_pair() -> (String, String) {
    let mut random = rsa::rand_core::UnwrapErr(getrandom::SysRng);
    let key = rsa::PrivateKey::new(&mut random, 1024).unwrap();
    let private = key.to_pkcs1_pem(rsa::pkcs8::LineEnding::LF).unwrap().to_string();
    (private, key.to_public_key().to_public_key_pem(rsa::pkcs8::LineEnding::LF).unwrap())
}

const ROLE: &str = "05-0-demo-parrot-role.json";

/// A discovery document of this host's.
fn discovery(host: &str) -> String {
    format!(
        r#"{{"issuer": "https://{host}", "jwks_uri": "https://{host}/keys.json", "response_types_supported": [],
            "subject_types_supported": [], "id_token_signing_alg_values_supported": [], "claims_supported": []}}"#
    )
}

/// A role that trusts this host's provider in this account.
fn role(account: &str, host: &str) -> String {
    let provider = format!("arn:aws:iam::{account}:oidc-provider/{host}");
    let trust = serde_json::json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{host}:sub"): ["system:serviceaccount:openshift-parrot:parrot"]}}}]});
    serde_json::json!({"RoleName": "demo-parrot", "AssumeRolePolicyDocument": trust.to_string(),
        "Description": "", "Tags": []})
    .to_string()
}

const REQUEST: &str = "requests/parrot.yaml";
const SOUND_REQUEST: &str = "apiVersion: cloudcredential.openshift.io/v1
kind: CredentialsRequest
metadata: {name: parrot}
spec:
  serviceAccountNames: [parrot]
  secretRef: {name: parrot-creds, namespace: openshift-parrot}
  providerSpec:
    kind: AWSProviderSpec
    statementEntries: [{effect: Allow, action: [s3:GetObject], resource: '*'}]
";

struct Stage {
    from: TempDir,
    to: TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { from: tempfile::tempdir().unwrap(), to: tempfile::tempdir().unwrap() };
        let (private, public) = pair();
        stage.author(KEY, private);
        stage.author("serviceaccount-signer.public", public);
        stage.author(AUTHENTICATION, &issuer("https://demo-oidc.s3.eu-west-1.amazonaws.com"));
        stage.author(SECRET, &secret("arn:aws:iam::123456789012:role/demo-parrot"));
        stage.author(
            "01-oidc-bucket.json",
            r#"{"ACL":"private","Bucket":"demo-oidc","CreateBucketConfiguration":{"LocationConstraint":"eu-west-1"}}"#,
        );
        stage.author(
            "04-iam-identity-provider.json",
            r#"{"Url":"https://demo-oidc.s3.eu-west-1.amazonaws.com","ClientIDList":["openshift"],
                "Tags":[{"Key":"openshift.io/cloud-credential-operator/demo","Value":"owned"}]}"#,
        );
        stage.author("02-openid-configuration", &discovery("demo-oidc.s3.eu-west-1.amazonaws.com"));
        stage.author(ROLE, &role("123456789012", "demo-oidc.s3.eu-west-1.amazonaws.com"));
        stage.author(REQUEST, SOUND_REQUEST);
        stage.installer(CONFIG, SOUND_CONFIG);
        stage
    }

    fn author(&self, name: &str, text: &str) {
        put(&self.from.path().join(name), text);
    }

    fn installer(&self, name: &str, text: &str) {
        put(&self.to.path().join(name), text);
    }

    fn args(&self) -> InstallArgs {
        InstallArgs {
            from: self.from.path().to_owned(),
            install_dir: self.to.path().to_owned(),
            format: Format::Installer,
            force: false,
        }
    }

    fn refusal(&self) -> String {
        let mut out = Vec::new();
        run(&self.args()).unwrap_err().print(&mut out).unwrap();
        assert!(!self.to.path().join(KEY).exists(), "the key was written although a check failed");
        String::from_utf8(out).unwrap()
    }
}

fn secret(role_arn: &str) -> String {
    let token_file = "/var/run/secrets/openshift/serviceaccount/token";
    SecretManifest { name: "parrot-creds", namespace: "openshift-parrot", role_arn, token_file }.to_text()
}

fn issuer(url: &str) -> String {
    authentication(&url.parse().unwrap())
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn manifests_and_key_land_where_the_installer_looks_with_their_modes() {
    let stage = Stage::new();
    run(&stage.args()).unwrap();
    for (name, wanted) in [(KEY, 0o600), (AUTHENTICATION, 0o644), (SECRET, 0o644)] {
        let (from, to) = (stage.from.path().join(name), stage.to.path().join(name));
        assert_eq!(fs::read(from).unwrap(), fs::read(&to).unwrap(), "{name}");
        assert_eq!(mode(&to), wanted, "{name}");
    }
    assert!(!stage.to.path().join("serviceaccount-signer.public").exists());
}

#[test]
fn a_second_run_changes_nothing_and_mends_the_mode_of_the_key() {
    let stage = Stage::new();
    run(&stage.args()).unwrap();
    let key = stage.to.path().join(KEY);
    let before = fs::metadata(stage.to.path().join(SECRET)).unwrap().modified().unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    run(&stage.args()).unwrap();
    assert_eq!(mode(&key), 0o600);
    assert_eq!(fs::metadata(stage.to.path().join(SECRET)).unwrap().modified().unwrap(), before);
}

#[test]
fn what_is_there_with_other_content_is_replaced_only_when_asked() {
    let stage = Stage::new();
    stage.installer(SECRET, "kind: Secret\n");
    let message = stage.refusal();
    assert!(message.contains(SECRET) && message.contains("--force replaces it"), "{message}");
    assert_eq!(fs::read_to_string(stage.to.path().join(SECRET)).unwrap(), "kind: Secret\n");
    run(&InstallArgs { force: true, ..stage.args() }).unwrap();
    assert!(fs::read_to_string(stage.to.path().join(SECRET)).unwrap().contains("role_arn"));
}

#[test]
fn the_installers_configuration_must_fit() {
    let manual = "credentialsMode: Manual\n";
    for (config, expected) in [
        (SOUND_CONFIG.replace(manual, ""), "add this line at the left margin: credentialsMode: Manual"),
        (
            SOUND_CONFIG.replace("Manual", "Mint"),
            "line 4 says credentialsMode: Mint; replace it by: credentialsMode: Manual",
        ),
        (
            SOUND_CONFIG.replace("eu-west-1", "us-east-1"),
            "installs into us-east-1, the OIDC bucket is made in eu-west-1",
        ),
        (SOUND_CONFIG.replace("platform", "plattform"), "platform is missing"),
        ("a: [".into(), "unclosed bracket"),
    ] {
        let stage = Stage::new();
        stage.installer(CONFIG, &config);
        let message = stage.refusal();
        assert!(message.contains(expected), "wanted {expected:?}, got {message}");
    }
}

#[test]
fn a_configuration_that_the_installer_has_consumed_is_found_in_its_manifests() {
    let indented = SOUND_CONFIG.replace("Manual", "Mint").replace('\n', "\n    ");
    let consumed = format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  install-config: |\n    {indented}\n");
    let stage = Stage::new();
    fs::remove_file(stage.to.path().join(CONFIG)).unwrap();
    assert!(stage.refusal().contains("holds neither install-config.yaml nor manifests/cluster-config.yaml"));
    stage.installer("manifests/cluster-config.yaml", &consumed);
    assert!(stage.refusal().contains("manifests/cluster-config.yaml does not ask for manual credentials"));
    stage.installer("manifests/cluster-config.yaml", &consumed.replace("Mint", "Manual"));
    run(&stage.args()).unwrap();
}

#[test]
fn open_values_and_foreign_keys_are_refused_all_in_one_run() {
    let stage = Stage::new();
    stage.author(
        SECRET,
        "kind: Secret\nstringData: {credentials: \"role_arn =\\nweb_identity_token_file = /t\"}\n",
    );
    stage.author(AUTHENTICATION, "kind: Authentication\nspec: {serviceAccountIssuer: <enter_url>}\n");
    stage.author("serviceaccount-signer.public", &new_pair().1);
    stage.installer(CONFIG, &SOUND_CONFIG.replace("Manual", "Mint"));
    let message = stage.refusal();
    for expected in [
        "parrot-creds-credentials.yaml: role_arn",
        "spec.serviceAccountIssuer: \"<enter_url>\"",
        "does not belong to serviceaccount-signer.public",
        "does not ask for manual credentials",
    ] {
        assert!(message.contains(expected), "wanted {expected:?}, got {message}");
    }
    stage.author(KEY, "-----BEGIN NOTHING-----\n");
    assert!(stage.refusal().contains("is no RSA private key in PEM"));
}

#[test]
fn a_directory_that_waits_for_its_receipt_is_refused() {
    let stage = Stage::new();
    let arn = "arn:aws:iam::${account}:role/demo-parrot";
    let credentials = format!("role_arn = {arn}\nweb_identity_token_file = /t");
    stage.author(SECRET, &format!("kind: Secret\nstringData: {{credentials: {credentials:?}}}\n"));
    stage.author(
        AUTHENTICATION,
        "kind: Authentication\nspec: {serviceAccountIssuer: \"https://${issuer}\"}\n",
    );
    let message = stage.refusal();
    for expected in [
        "parrot-creds-credentials.yaml: its account is still open, finalize the directory first",
        "config.yaml: its issuer is still open, finalize the directory first",
    ] {
        assert!(message.contains(expected), "wanted {expected:?}, got {message}");
    }
}

#[test]
fn a_finalized_directory_is_taken_though_the_providers_file_stays_open() {
    let stage = Stage::new();
    stage.author(
        "04-iam-identity-provider.json",
        r#"{"Url":"https://${issuer}","ClientIDList":["openshift"],
            "Tags":[{"Key":"openshift.io/cloud-credential-operator/demo","Value":"owned"}]}"#,
    );
    stage.author("02-openid-configuration", &discovery("${issuer}"));
    stage.author(ROLE, &role("${account}", "${issuer}"));
    stage.author(AUTHENTICATION, &issuer("https://d111111abcdef8.cloudfront.net"));
    run(&stage.args()).unwrap();
    assert!(stage.to.path().join(KEY).exists());
}

#[test]
fn what_a_receipt_could_not_have_bound_is_refused() {
    let stage = Stage::new();
    stage.author("02-openid-configuration", &discovery("${issuer}"));
    stage.author(ROLE, &role("${account}", "${issuer}"));
    for url in [
        "https://d1.cloudfront.net.example.org",
        "https://d1.cloudfront.net/x",
        "https://a.d1.cloudfront.net",
    ] {
        stage.author(AUTHENTICATION, &issuer(url));
        let message = stage.refusal();
        assert!(message.contains("no host that CloudFront gives to a distribution"), "{url}: {message}");
    }
    stage.author(AUTHENTICATION, &issuer("https://d1.cloudfront.net"));
    let second = secret("arn:aws:iam::999988887777:role/demo-parrot").replace("parrot-creds", "others");
    stage.author("manifests/openshift-parrot-others-credentials.yaml", &second);
    let message = stage.refusal();
    assert!(message.contains("roles of more than one account: 123456789012, 999988887777"), "{message}");
}

#[test]
fn manifests_that_are_not_as_they_were_made_are_refused() {
    let stage = Stage::new();
    stage.author("manifests/extra.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    let there = issuer("https://demo-oidc.s3.eu-west-1.amazonaws.com");
    stage.author(AUTHENTICATION, &format!("{there}  webhookTokenAuthenticator: {{}}\n"));
    let secret = secret("arn:aws:iam::123456789012:role/demo-parrot");
    stage.author(SECRET, &secret.replace("[default]", "[default]\n    credential_process = /bin/sh"));
    let message = stage.refusal();
    for expected in [
        "extra.yaml is of kind ConfigMap, and no bundle has such a manifest",
        "config.yaml is not as it was made: line 7",
        "credentials.yaml is not as it was made: line 9",
    ] {
        assert!(message.contains(expected), "wanted {expected:?}, got {message}");
    }
}

#[test]
fn manifests_of_another_cluster_are_refused() {
    let stage = Stage::new();
    stage.author("02-openid-configuration", &discovery("other-oidc.s3.eu-west-1.amazonaws.com"));
    stage.author(ROLE, &role("999988887777", "other-oidc.s3.eu-west-1.amazonaws.com"));
    let message = stage.refusal();
    for expected in [
        "names the issuer https://demo-oidc.s3.eu-west-1.amazonaws.com, and 02-openid-configuration is of https://other",
        "names arn:aws:iam::123456789012:role/demo-parrot, and no 05-*-role.json makes that role",
    ] {
        assert!(message.contains(expected), "wanted {expected:?}, got {message}");
    }
    fs::remove_file(stage.from.path().join(ROLE)).unwrap();
    stage.author("02-openid-configuration", &discovery("demo-oidc.s3.eu-west-1.amazonaws.com"));
    assert!(stage.refusal().contains("no 05-*-role.json makes that role"));
}

#[test]
fn a_key_as_openssl_writes_it_reaches_the_installer_as_it_reads_one() {
    use rsa::pkcs1::DecodeRsaPrivateKey as _;
    use rsa::pkcs8::EncodePrivateKey as _;
    let stage = Stage::new();
    let key = rsa::PrivateKey::from_pkcs1_pem(&pair().0).unwrap();
    stage.author(KEY, &key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap());
    run(&stage.args()).unwrap();
    assert!(fs::read_to_string(stage.to.path().join(KEY)).unwrap() == pair().0, "the same key in PKCS#1");
}

#[test]
fn hive_gets_two_secrets_that_hold_the_same_bytes() {
    let stage = Stage::new();
    fs::remove_file(stage.to.path().join(CONFIG)).unwrap();
    run(&InstallArgs { format: Format::Hive, ..stage.args() }).unwrap();
    let path = stage.to.path().join("hive-secrets.yaml");
    assert_eq!(mode(&path), 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let (manifests, key) = text.split_once("---\n").unwrap();
    assert!(manifests.contains("  name: demo-manifests\n"), "{manifests}");
    assert!(key.contains("  name: demo-bound-service-account-signing-key\n"));
    for (secret, entry, file) in [
        (manifests, "cluster-authentication-02-config.yaml", AUTHENTICATION),
        (manifests, "openshift-parrot-parrot-creds-credentials.yaml", SECRET),
        (key, "bound-service-account-signing-key.key", KEY),
    ] {
        let line = secret.lines().find_map(|line| line.trim().strip_prefix(&format!("{entry}: "))).unwrap();
        let decoded = BASE64_STANDARD.decode(line).unwrap();
        assert!(decoded == fs::read(stage.from.path().join(file)).unwrap(), "{entry} differs");
    }
}

#[test]
fn nothing_is_put_through_a_folder_that_is_a_link() {
    for folder in ["manifests", "tls"] {
        let (stage, elsewhere) = (Stage::new(), tempfile::tempdir().unwrap());
        let _ = fs::remove_dir_all(stage.to.path().join(folder));
        std::os::unix::fs::symlink(elsewhere.path(), stage.to.path().join(folder)).unwrap();
        let message = stage.refusal();
        assert!(message.contains(&format!("{folder} is a link, and leads elsewhere")), "{message}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
