//! The files of a private bundle with one role and everything open, put together from the format's description.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use sts_schemas::cli_input::{CreateBucket, CreateDistribution, CreateOriginAccessControl};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::{Contents, ContentsReader, Problems};
use sts_schemas::installer_manifest::{SecretManifest, authentication};
use sts_schemas::layout;
use sts_schemas::oidc::{DiscoveryDocument, Jwk, Jwks};
use sts_schemas::open::{Bound, OpenValue, tokens_for_stand_ins};
use sts_schemas::resource::{
    AccessControl, BucketStatement, CACHING_DISABLED, Distribution, GENERATION_TAG, OriginAccess, Tags,
};

const KEY: &str = include_str!("../../../tests/fixtures/cluster.public");
const OWNERSHIP: &str = "openshift.io/cloud-credential-operator/demo";
const GENERATION: u64 = 1_700_000_000;
const ROLE: &str = "demo-openshift-ingress";

pub(crate) fn cluster(account: &str, issuer: &str) -> Result<Cluster, serde_json::Error> {
    serde_json::from_value(json!({
        "name": "demo", "account": account, "partition": "aws", "region": "eu-west-1",
        "hosting": {"kind": "private-bucket", "bucket": "demo-oidc"}, "issuer": issuer,
    }))
}

pub(crate) fn open() -> Cluster {
    cluster("${account}", "https://${issuer}").unwrap()
}

/// The files of a private bundle with one role and everything open.
pub(crate) fn files() -> BTreeMap<String, Vec<u8>> {
    let cluster = open();
    let bucket = cluster.bucket().unwrap().clone();
    let tags = json!([{"Key": "Name", "Value": "demo"}, {"Key": OWNERSHIP, "Value": "owned"}]);
    let mut provider_tags = tags.clone();
    let generation = json!({"Key": GENERATION_TAG, "Value": GENERATION.to_string()});
    provider_tags.as_array_mut().unwrap().push(generation);
    let trust = policy(&json!({
        "Effect": "Allow", "Principal": {"Federated": cluster.provider_arn()},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{}:sub", cluster.issuer.host_and_path()): ["system:serviceaccount:openshift-ingress:router"],
        }},
    }));
    let permissions =
        policy(&json!({"Effect": "Allow", "Action": ["route53:ListHostedZones"], "Resource": "*"}));
    let object = |key: &str| {
        let tagging = format!("Name=demo&{}=owned", OWNERSHIP.replace('/', "%2F"));
        json!({"Bucket": "demo-oidc", "Key": key, "ContentType": "application/json", "Tagging": tagging})
    };
    let switches = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true,
        "RestrictPublicBuckets": true});
    let statement = BucketStatement::for_distribution(&cluster, &bucket).policy().canonical();
    let values = [
        (layout::BUCKET, json!(CreateBucket::of(&bucket, &cluster.region))),
        (layout::BUCKET_TAGGING, json!({"Bucket": "demo-oidc", "Tagging": {"TagSet": tags}})),
        (
            layout::BUCKET_PUBLIC_ACCESS_BLOCK,
            json!({"Bucket": "demo-oidc", "PublicAccessBlockConfiguration": switches}),
        ),
        (layout::BUCKET_POLICY, json!({"Bucket": "demo-oidc", "Policy": statement})),
        (
            layout::ACCESS_CONTROL,
            json!(CreateOriginAccessControl::of(&AccessControl::of(&bucket, &cluster.name))),
        ),
        (layout::DISTRIBUTION, json!(CreateDistribution::of(&distribution(&cluster)))),
        (layout::DISCOVERY, json!(DiscoveryDocument::of(&cluster.issuer))),
        (layout::DISCOVERY_OBJECT, object(layout::DISCOVERY_KEY)),
        (layout::KEYS, json!(Jwks { keys: vec![Jwk::of_pem(KEY).unwrap()] })),
        (layout::KEYS_OBJECT, object(layout::KEYS_KEY)),
        (
            layout::PROVIDER,
            json!({"Url": cluster.issuer, "ClientIDList": ["openshift"], "Tags": provider_tags}),
        ),
        (
            "05-0-x-role.json",
            json!({"AssumeRolePolicyDocument": trust, "Description": "x", "RoleName": ROLE, "Tags": tags}),
        ),
        ("06-0-x-policy.json", json!({"PolicyDocument": permissions, "PolicyName": ROLE, "RoleName": ROLE})),
    ];
    let role_arn = format!("arn:aws:iam::{}:role/{ROLE}", cluster.account);
    let secret = SecretManifest {
        name: "cloud-credentials",
        namespace: "openshift-ingress",
        role_arn: &role_arn,
        token_file: "/var/run/token",
    };
    let mut files: BTreeMap<String, Vec<u8>> =
        values.into_iter().map(|(path, value)| (path.to_owned(), value.to_string().into_bytes())).collect();
    files.insert(layout::PUBLIC_KEY.into(), KEY.into());
    files.insert(layout::AUTHENTICATION.into(), authentication(&cluster.issuer).into());
    files.insert("manifests/ingress-credentials.yaml".into(), secret.to_text().into());
    files.insert("requests/ingress.yaml".into(), b"kind: CredentialsRequest\n".to_vec());
    files.into_iter().map(|(path, bytes)| (path, tokens_for_stand_ins(&bytes, &OpenValue::ALL))).collect()
}

fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn distribution(cluster: &Cluster) -> Distribution {
    let bucket = cluster.bucket().unwrap().clone();
    Distribution {
        origin: format!("{bucket}.s3.{}.{}", cluster.region, cluster.partition.dns_suffix()),
        caller_reference: "demo-oidc-1".into(),
        comment: "issuer".into(),
        access: OriginAccess::Control { name: bucket.to_string() },
        bucket,
        alias: None,
        viewer_protocol: "https-only".into(),
        cache_policy: CACHING_DISABLED.into(),
        enabled: true,
        unasked: BTreeMap::new(),
        guards: Vec::new(),
        domain: None,
        tags: Tags::from([(OWNERSHIP.into(), "owned".into())]),
    }
}

pub(crate) fn read(cluster: &Cluster, files: &BTreeMap<String, Vec<u8>>) -> Result<Contents, Problems> {
    let mut reader = ContentsReader::new(cluster, GENERATION);
    for (path, bytes) in files {
        reader.file(path, bytes);
    }
    reader.finish()
}

pub(crate) fn bound(account: Option<&str>, issuer: Option<&str>) -> Bound {
    Bound {
        account: account.map(|text| text.parse().unwrap()),
        issuer: issuer.map(|text| text.parse().unwrap()),
    }
}
