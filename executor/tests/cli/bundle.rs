//! A signed bundle with one role, put together by hand from the format's description.

use serde_json::json;
use std::collections::BTreeMap;

use std::path::Path;
use sts_schemas::archive::{BLOCK, END_BLOCKS, gzip, header, padding};
use sts_schemas::cluster::Cluster;
use sts_schemas::digest::Sha256;
use sts_schemas::installer_manifest::{SecretManifest, authentication};
use sts_schemas::layout::{self, Place};
use sts_schemas::manifest::{FileEntry, Manifest, SchemaVersion, Tool};
use sts_schemas::oidc::{DiscoveryDocument, Jwk, Jwks};
use sts_schemas::signature::{Algorithm, Claims, SigningKey, sign};

pub(crate) const GENERATION: u64 = 1_700_000_000;
pub(crate) const ROLE: &str = "demo-openshift-ingress";
const CLUSTER_KEY: &str = include_str!("cluster.public");
const OWNERSHIP: &str = "openshift.io/cloud-credential-operator/demo";

/// A signing key that is the same in every run; nobody is to trust it.
pub(crate) fn signing_key(seed: u8) -> SigningKey {
    let mut fill = |bytes: &mut [u8]| {
        bytes.fill(seed);
        true
    };
    SigningKey::generate(Algorithm::EdDsa, &mut fill).unwrap()
}

/// Writes a bundle signed with `key`, and gives the digest of its manifest.
pub(crate) fn write(path: &Path, key: &SigningKey) -> Sha256 {
    write_until(path, key, None)
}

/// The same with a signature that ends to count.
pub(crate) fn write_until(path: &Path, key: &SigningKey, exp: Option<u64>) -> Sha256 {
    let text = Wording {
        tool: "0.0.0",
        description: "OpenShift role for openshift/ingress",
        statement: json!({"Effect": "Allow", "Action": ["route53:ListHostedZones"], "Resource": "*"}),
    };
    write_worded(path, key, exp, &text)
}

/// What an author may put into a bundle in words of their own.
pub(crate) struct Wording<'a> {
    pub(crate) tool: &'a str,
    pub(crate) description: &'a str,
    pub(crate) statement: serde_json::Value,
}

/// The same in an author's own words.
pub(crate) fn write_worded(path: &Path, key: &SigningKey, exp: Option<u64>, text: &Wording<'_>) -> Sha256 {
    let files = files(text);
    let entries = files.iter().map(|(path, bytes)| FileEntry {
        path: path.clone(),
        length: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    });
    let manifest = Manifest {
        schema_version: SchemaVersion::CURRENT,
        tool: Tool { name: "sts-generator".into(), version: text.tool.into() },
        generation: GENERATION,
        cluster: cluster(),
        files: entries.collect(),
    };
    let manifest_bytes = manifest.to_bytes();
    let digest = Sha256::of(&manifest_bytes);
    let claims = Claims::of(&manifest, &digest, exp);
    let signature = sign(key, &claims).unwrap().into_bytes();
    let mut all = vec![(layout::MANIFEST.to_owned(), manifest_bytes)];
    all.push((layout::signature(key.public_key().id().as_str()), signature));
    all.extend(files);
    std::fs::write(path, packed(&format!("demo-{}", digest.short()), &all)).unwrap();
    digest
}

fn packed(top: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, bytes) in files {
        let mode = Place::of(path).unwrap().mode();
        let header = header(&format!("{top}/{path}"), mode, bytes.len() as u64).unwrap();
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(bytes);
        archive.resize(archive.len() + padding(bytes.len() as u64), 0);
    }
    archive.resize(archive.len() + BLOCK * END_BLOCKS, 0);
    gzip(&archive)
}

fn cluster() -> Cluster {
    serde_json::from_value(json!({
        "name": "demo", "account": "123456789012", "partition": "aws", "region": "eu-west-1",
        "hosting": {"kind": "public-bucket", "bucket": "demo-oidc"},
        "issuer": "https://demo-oidc.s3.eu-west-1.amazonaws.com",
    }))
    .unwrap()
}

fn files(text: &Wording<'_>) -> BTreeMap<String, Vec<u8>> {
    let cluster = cluster();
    let issuer = cluster.issuer.host_and_path();
    let tags = json!([{"Key": "Name", "Value": "demo"}, {"Key": OWNERSHIP, "Value": "owned"}]);
    let mut provider_tags = tags.clone();
    provider_tags.as_array_mut().unwrap().push(json!({
        "Key": sts_schemas::resource::GENERATION_TAG, "Value": GENERATION.to_string(),
    }));
    let policy =
        |statement: serde_json::Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let read = policy(json!({
        "Sid": "AllowReadPublicAccess", "Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::demo-oidc/*",
    }));
    let trust = policy(json!({
        "Effect": "Allow", "Principal": {"Federated": cluster.provider_arn()},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{issuer}:sub"): ["system:serviceaccount:openshift-ingress:router"],
        }},
    }));
    let permissions = policy(text.statement.clone());
    let object = |key: &str| {
        let tagging = format!("Name=demo&{}=owned", OWNERSHIP.replace('/', "%2F"));
        json!({"Bucket": "demo-oidc", "Key": key, "ContentType": "application/json", "Tagging": tagging})
    };
    let values = [
        (
            layout::BUCKET.to_owned(),
            json!({
                "ACL": "private", "Bucket": "demo-oidc",
                "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"},
            }),
        ),
        (layout::BUCKET_TAGGING.into(), json!({"Bucket": "demo-oidc", "Tagging": {"TagSet": tags}})),
        (
            layout::BUCKET_PUBLIC_ACCESS_BLOCK.into(),
            json!({
                "Bucket": "demo-oidc",
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": true, "IgnorePublicAcls": true,
                    "BlockPublicPolicy": false, "RestrictPublicBuckets": false,
                },
            }),
        ),
        (layout::BUCKET_POLICY.into(), json!({"Bucket": "demo-oidc", "Policy": read})),
        (layout::DISCOVERY.into(), json!(DiscoveryDocument::of(&cluster.issuer))),
        (layout::DISCOVERY_OBJECT.into(), object(layout::DISCOVERY_KEY)),
        (layout::KEYS.into(), json!(Jwks { keys: vec![Jwk::of_pem(CLUSTER_KEY).unwrap()] })),
        (layout::KEYS_OBJECT.into(), object(layout::KEYS_KEY)),
        (
            layout::PROVIDER.into(),
            json!({
                "Url": cluster.issuer, "ClientIDList": ["openshift", "sts.amazonaws.com"], "Tags": provider_tags,
            }),
        ),
        (
            layout::role(0, ROLE),
            json!({
                "AssumeRolePolicyDocument": trust, "Description": text.description,
                "RoleName": ROLE, "Tags": tags,
            }),
        ),
        (
            layout::role_policy(0, ROLE),
            json!({
                "PolicyDocument": permissions, "PolicyName": ROLE, "RoleName": ROLE,
            }),
        ),
    ];
    let role_arn = format!("arn:aws:iam::123456789012:role/{ROLE}");
    let secret = SecretManifest {
        name: "cloud-credentials",
        namespace: "openshift-ingress",
        role_arn: &role_arn,
        token_file: "/var/run/token",
    };
    let mut files: BTreeMap<_, _> =
        values.into_iter().map(|(path, value)| (path, value.to_string().into_bytes())).collect();
    files.insert(layout::PUBLIC_KEY.into(), CLUSTER_KEY.into());
    files.insert(layout::AUTHENTICATION.into(), authentication(&cluster.issuer).into());
    files.insert(layout::secret_manifest("openshift-ingress", "cloud-credentials"), secret.to_text().into());
    files.insert(format!("{}/ingress.yaml", layout::REQUESTS), b"kind: CredentialsRequest\n".to_vec());
    files
}
