//! What the generator's directory holds for the installer, held against itself.

use super::belonging;
use super::target::{File, Mode};
use crate::credentials::Credentials;
use crate::directory::Directory;
use crate::request::Node;
use crate::request::document;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, LineEnding};
use rsa::{PrivateKey, PublicKey};
use std::path::Path;
use sts_schemas::aws::{Arn, Region};
use sts_schemas::cli_input::{CreateBucket, Tag};
use sts_schemas::cluster::{ClusterName, IssuerUrl};
use sts_schemas::installer_manifest::{SecretManifest, authentication, fault_of_secret, first_difference};
use sts_schemas::layout::{AUTHENTICATION, BUCKET, MANIFESTS, PROVIDER, PUBLIC_KEY, Place, TLS_KEY};
use sts_schemas::open::{OpenValue, stand_in_for_tokens};
use zeroize::Zeroizing;

/// The installer's files, and what they are for.
pub(super) struct Source {
    /// The manifests by file name, sorted.
    pub(super) manifests: Vec<(String, Vec<u8>)>,
    /// The cluster's private key, PEM.
    pub(super) key: Zeroizing<Vec<u8>>,
    /// The region of the OIDC bucket, where there is one.
    pub(super) region: Option<Region>,
    /// The cluster's name, where a tag tells it.
    pub(super) cluster: Option<ClusterName>,
}

impl Source {
    /// The files as the installer wants them.
    pub(super) fn into_files(self) -> Vec<File> {
        let manifests = self.manifests.into_iter().map(|(name, bytes)| File {
            path: format!("{MANIFESTS}/{name}"),
            bytes: Zeroizing::new(bytes),
            mode: Mode::Public,
        });
        let key = File { path: TLS_KEY.to_owned(), bytes: self.key, mode: Mode::Private };
        manifests.chain([key]).collect()
    }
}

/// Reads the directory; what is wrong goes to `problems`.
pub(super) fn read(from: &Path, problems: &mut Vec<String>) -> Source {
    let directory = &Directory::to_read(from);
    let files = directory.files().unwrap_or_else(|error| {
        problems.push(error.to_string());
        Vec::new()
    });
    let manifests = manifests(directory, &files, problems);
    let checked = document::with_stack(|| {
        let (mut parsed, mut wrong) = (Vec::new(), Vec::new());
        for (name, bytes) in &manifests {
            let path = format!("{MANIFESTS}/{name}");
            let manifest = check_manifest(&path, bytes, &mut wrong);
            parsed.extend(manifest.map(|manifest| (path, manifest)));
        }
        (parsed, wrong)
    });
    match checked {
        Ok((parsed, wrong)) => {
            problems.extend(wrong);
            belonging::check(directory, &files, &parsed, problems);
        }
        Err(error) => problems.push(format!("no thread could be started to read the manifests: {error}")),
    }
    if !manifests.iter().any(|(name, _)| AUTHENTICATION.ends_with(name.as_str())) {
        problems.push(format!("{AUTHENTICATION} is missing in {}", from.display()));
    }
    let bucket: Option<CreateBucket> = input(directory, BUCKET, problems);
    let provider: Option<Tagged> = input(directory, PROVIDER, problems);
    let cluster = provider.and_then(|provider| cluster_of(&provider.tags));
    // What is malformed asks for nothing, and would be told of twice.
    if problems.is_empty() {
        belonging::check_requests(directory, (&files, &manifests), cluster.as_ref(), problems);
    }
    let key = key(directory, problems);
    Source { manifests, key, region: bucket.and_then(region_of), cluster }
}

fn manifests(directory: &Directory, files: &[String], problems: &mut Vec<String>) -> Vec<(String, Vec<u8>)> {
    let paths = files.iter().filter(|path| Place::of(path) == Some(Place::InstallerManifest));
    let mut manifests = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&format!("{MANIFESTS}/")).unwrap_or(path);
        if let Some(bytes) = own(directory, path, problems) {
            manifests.push((name.to_owned(), bytes));
        }
    }
    manifests
}

/// A file of the directory's own, as long as a bundle takes it at most; what keeps it from being read is a problem.
pub(super) fn own(directory: &Directory, path: &str, problems: &mut Vec<String>) -> Option<Vec<u8>> {
    directory.read_own(path).unwrap_or_else(|error| {
        let why = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        problems.push(format!("{error}{why}"));
        None
    })
}

/// What a manifest tells the cluster of AWS.
pub(super) enum Manifest {
    /// Its issuer.
    Authentication(IssuerUrl),
    /// The role of one of its components.
    Secret(Arn),
}

impl Manifest {
    /// The account that it names.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::Authentication(_) => None,
            Self::Secret(role) => Some(role.account()),
        }
    }
}

/// What a manifest says; what is wrong with it goes to `problems`.
fn check_manifest(path: &str, bytes: &[u8], problems: &mut Vec<String>) -> Option<Manifest> {
    let advice = "it is still open, finalize the directory first";
    let Ok(text) = std::str::from_utf8(bytes) else {
        problems.push(format!("{path} is not UTF-8"));
        return None;
    };
    if let Some(value) = OpenValue::ALL.into_iter().find(|value| text.contains(value.token())) {
        problems.push(format!("{path}: its {value} is still open, finalize the directory first"));
        return None;
    }
    let node = match document::parse(text) {
        Ok(node) => node,
        Err(malformed) => {
            let line = malformed.position.map_or(1, |(line, _)| line);
            problems.push(format!("{path}, line {line}: {}", malformed.message));
            return None;
        }
    };
    let at = |keys: &[&str]| {
        let node = keys.iter().try_fold(&node, |node, key| node.get(key));
        node.and_then(Node::as_text).unwrap_or_default()
    };
    match at(&["kind"]) {
        "Authentication" => match at(&["spec", "serviceAccountIssuer"]).parse::<IssuerUrl>() {
            Ok(issuer) => {
                let form = authentication(&issuer);
                if text != form {
                    problems.push(format!("{path} is not as it was made: {}", first_difference(text, &form)));
                }
                return Some(Manifest::Authentication(issuer));
            }
            Err(error) => problems.push(format!("{path}: spec.serviceAccountIssuer: {error}; {advice}")),
        },
        "Secret" => {
            if SecretManifest::of_text(text).is_none() {
                problems.push(format!("{path} is not as it was made: {}", fault_of_secret(text)));
            }
            match Credentials::of_file(at(&["stringData", "credentials"])).role_arn().parse() {
                Ok(role) => return Some(Manifest::Secret(role)),
                Err(error) => problems.push(format!("{path}: role_arn: {error}; {advice}")),
            }
        }
        "" => problems.push(format!("{path} is no Kubernetes object (it has no kind)")),
        other => problems.push(format!(
            "{path} is of kind {other}, and no bundle has such a manifest: put it into the installer's directory yourself"
        )),
    }
    None
}

fn key(directory: &Directory, problems: &mut Vec<String>) -> Zeroizing<Vec<u8>> {
    let before = problems.len();
    let Some(bytes) = own(directory, TLS_KEY, problems).map(Zeroizing::new) else {
        if problems.len() == before {
            problems.push(format!("the cluster's private key {TLS_KEY} is missing"));
        }
        return Zeroizing::default();
    };
    let pem = std::str::from_utf8(&bytes).unwrap_or_default();
    let (private, bytes) = if let Ok(private) = PrivateKey::from_pkcs1_pem(pem) {
        (private, bytes)
    } else if let Some(found) = of_pkcs8(pem) {
        found
    } else {
        problems.push(format!("{TLS_KEY} is no RSA private key in PEM (RSA PRIVATE KEY or PRIVATE KEY)"));
        return bytes;
    };
    let before = problems.len();
    let Some(public) = own(directory, PUBLIC_KEY, problems) else {
        if problems.len() == before {
            problems.push(format!("the cluster's public key {PUBLIC_KEY} is missing"));
        }
        return bytes;
    };
    let public = std::str::from_utf8(&public).ok().and_then(|pem| PublicKey::from_public_key_pem(pem).ok());
    if public != Some(private.to_public_key()) {
        problems.push(format!(
            "{TLS_KEY} does not belong to {PUBLIC_KEY}: AWS would refuse every token the cluster signs"
        ));
    }
    bytes
}

/// An RSA key in PKCS#8, as OpenSSL writes it today, and the same in PKCS#1, as the installer reads it.
fn of_pkcs8(pem: &str) -> Option<(PrivateKey, Zeroizing<Vec<u8>>)> {
    let key = PrivateKey::from_pkcs8_pem(pem).ok()?;
    let pem = key.to_pkcs1_pem(LineEnding::LF).ok()?;
    let bytes = Zeroizing::new(pem.as_bytes().to_vec());
    Some((key, bytes))
}

/// A numbered file, where it is there: issuers served elsewhere have no bucket.
pub(super) fn input<T: serde::de::DeserializeOwned>(
    directory: &Directory,
    name: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    // An open issuer stays open in this file: what is installed are the finalized manifests.
    let bytes = stand_in_for_tokens(&own(directory, name, problems)?, &OpenValue::ALL);
    serde_json::from_slice(&bytes).map_err(|error| problems.push(format!("{name}: {error}"))).ok()
}

fn region_of(bucket: CreateBucket) -> Option<Region> {
    match bucket.create_bucket_configuration {
        Some(configuration) => Some(configuration.location_constraint),
        None => CreateBucket::REGION_WITHOUT_CONSTRAINT.parse().ok(),
    }
}

/// The tags of the provider; its URL may be one that AWS names, which stays open in this file for good.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tagged {
    tags: Vec<Tag>,
}

fn cluster_of(tags: &[Tag]) -> Option<ClusterName> {
    let names = tags.iter().filter_map(|tag| tag.key.rsplit('/').next()?.parse::<ClusterName>().ok());
    names.into_iter().find(|name| tags.iter().any(|tag| tag.key == name.ownership_tag()))
}
