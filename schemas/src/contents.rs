//! The files of a directory or bundle, parsed and held against each other.
//!
//! The generator runs this before it packs, the reader after it verified: one set of rules for both.

mod arns;
mod documents;
mod hosting;
mod installer;
mod private;
mod private_key;
mod problem;
mod roles;
mod stray_key;
mod tags;

pub use arns::arn_faults;
pub use private_key::PrivateKeyForm;
pub use problem::{Problem, Problems};
pub use stray_key::private_key_in;

use crate::cli_input::{
    CreateBucket, CreateDistribution, CreateOpenIdConnectProvider, CreateOriginAccessControl, CreateRole,
    PutBucketPolicy, PutBucketTagging, PutObject, PutPublicAccessBlock, PutRolePolicy,
};
use crate::cluster::{Cluster, IssuerUrl};
use crate::installer_manifest::authentication;
use crate::json;
use crate::layout::{self, Place};
use crate::oidc::IssuerDocuments;
use crate::open::{self, BindError, Bound, OpenValue};
use crate::resource::{GENERATION_TAG, Provider, Resource};
use crate::state::{Desired, State};
use private_key::PrivateKey;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Files that hold together: what they ask for, and what the installer gets.
///
/// Stand-ins are in the places that are still open, as [`Cluster::open`] of the desired cluster tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Every resource the files ask for.
    pub desired: Desired,
    /// The installer's manifests by path, as text.
    pub installer_manifests: BTreeMap<String, String>,
    /// What the issuer's URL must serve, whoever serves it.
    pub documents: IssuerDocuments,
    /// Private keys among the files by path; empty unless somebody asked for them.
    pub private_keys: BTreeMap<String, PrivateKeyForm>,
    /// The files as they are, where they have open places.
    open_files: BTreeMap<String, Vec<u8>>,
}

impl Contents {
    /// The issuer of the cluster's tokens, as the installer's manifests name it: while the cluster is moved that is the
    /// former one, until a bundle switches over.
    #[must_use]
    pub fn issuer_in_use(&self) -> &IssuerUrl {
        let cluster = &self.desired.cluster;
        let named = self.installer_manifests.get(layout::AUTHENTICATION);
        let former = cluster.former.as_ref().map(|former| &former.issuer);
        former.filter(|former| named == Some(&authentication(former))).unwrap_or(&cluster.issuer)
    }

    /// The same with these values in the open places, read and checked as if they had always stood there.
    ///
    /// A value that is not given stays open.
    ///
    /// # Errors
    /// When a value does not fit, or the files no longer hold together.
    pub fn bind(&self, bound: &Bound) -> Result<Self, BindError> {
        let cluster = self.desired.cluster.bind(bound)?;
        if cluster == self.desired.cluster {
            return Ok(self.clone());
        }
        let mut reader = ContentsReader::new(&cluster, self.desired.generation);
        for (path, bytes) in &self.open_files {
            reader.file(path, &bound.fill_in(bytes));
        }
        let mut contents = reader.finish().map_err(BindError::Inconsistent)?;
        contents.private_keys.clone_from(&self.private_keys);
        let Bound { account, issuer } = self.desired.bound.clone();
        let taken = |value| self.desired.cluster.open().contains(&value);
        contents.desired.bound = Bound {
            account: bound.account.clone().filter(|_| taken(OpenValue::Account)).or(account),
            issuer: bound.issuer.clone().filter(|_| taken(OpenValue::Issuer)).or(issuer),
        };
        Ok(contents)
    }
}

/// Takes files in one by one, and says at the end whether they hold together.
#[derive(Debug)]
pub struct ContentsReader {
    cluster: Cluster,
    generation: u64,
    parsed: Parsed,
    problems: Vec<Problem>,
}

/// The files by what they are, each parsed for itself.
#[derive(Debug, Default)]
struct Parsed {
    bucket: Option<CreateBucket>,
    bucket_tagging: Option<PutBucketTagging>,
    public_access_block: Option<PutPublicAccessBlock>,
    bucket_policy: Option<PutBucketPolicy>,
    access_control: Option<CreateOriginAccessControl>,
    distribution: Option<CreateDistribution>,
    discovery: Option<String>,
    discovery_object: Option<PutObject>,
    keys: Option<String>,
    keys_object: Option<PutObject>,
    public_key: Option<String>,
    provider: Option<CreateOpenIdConnectProvider>,
    roles: BTreeMap<String, CreateRole>,
    policies: BTreeMap<String, PutRolePolicy>,
    installer_manifests: BTreeMap<String, String>,
    private_keys: BTreeMap<String, PrivateKey>,
    requests: usize,
    open_files: BTreeMap<String, Vec<u8>>,
}

impl ContentsReader {
    /// Begins with what the manifest says: the cluster and the generation in seconds since 1970.
    #[must_use]
    pub fn new(cluster: &Cluster, generation: u64) -> Self {
        Self { cluster: cluster.clone(), generation, parsed: Parsed::default(), problems: Vec::new() }
    }

    /// Takes in one file. What is wrong with it is kept for [`ContentsReader::finish`].
    pub fn file(&mut self, path: &str, bytes: &[u8]) {
        let Some(place) = Place::of(path) else {
            self.problem(path, "nothing belongs here");
            return;
        };
        if place != Place::PrivateKey
            && let Some(kind) = stray_key::private_key_in(bytes)
        {
            let what = format!(
                "a private key stands in it ({kind}): whoever reads the bundle can use it, and nothing here needs it"
            );
            self.problem(path, what);
        }
        let open = self.cluster.open();
        // A private key has no open places, and is not kept.
        if !open.is_empty() && place != Place::PrivateKey {
            // What nobody parses has no open places, and would only take memory.
            let unread = matches!(place, Place::Request | Place::Review | Place::ApplyScript);
            let kept = if unread { Vec::new() } else { bytes.to_vec() };
            self.parsed.open_files.insert(path.to_owned(), kept);
        }
        let filled = self.stand_ins(path, bytes, &open);
        let bytes = filled.as_deref().unwrap_or(bytes);
        match place {
            Place::Manifest | Place::Signature { .. } | Place::Review | Place::ApplyScript => {}
            Place::Request => self.parsed.requests += 1,
            Place::PrivateKey => self.private_key(path, bytes),
            Place::PublicKey => self.parsed.public_key = self.text(path, bytes),
            Place::InstallerManifest => {
                if let Some(text) = self.text(path, bytes) {
                    self.parsed.installer_manifests.insert(path.to_owned(), text);
                }
            }
            Place::Aws => self.aws_file(path, bytes),
        }
    }

    fn aws_file(&mut self, path: &str, bytes: &[u8]) {
        match path {
            layout::DISCOVERY => self.parsed.discovery = self.text(path, bytes),
            layout::KEYS => self.parsed.keys = self.text(path, bytes),
            layout::BUCKET => self.parsed.bucket = self.json(path, bytes),
            layout::BUCKET_TAGGING => self.parsed.bucket_tagging = self.json(path, bytes),
            layout::BUCKET_PUBLIC_ACCESS_BLOCK => self.parsed.public_access_block = self.json(path, bytes),
            layout::BUCKET_POLICY => self.parsed.bucket_policy = self.json(path, bytes),
            layout::DISCOVERY_OBJECT => self.parsed.discovery_object = self.json(path, bytes),
            layout::KEYS_OBJECT => self.parsed.keys_object = self.json(path, bytes),
            layout::ACCESS_CONTROL => self.parsed.access_control = self.json(path, bytes),
            layout::DISTRIBUTION => self.parsed.distribution = self.json(path, bytes),
            layout::PROVIDER => self.parsed.provider = self.json(path, bytes),
            _ if path.starts_with("05-") && path.ends_with("-role.json") => {
                if let Some(role) = self.json(path, bytes) {
                    self.parsed.roles.insert(path.to_owned(), role);
                }
            }
            _ if path.starts_with("06-") && path.ends_with("-policy.json") => {
                if let Some(policy) = self.json(path, bytes) {
                    self.parsed.policies.insert(path.to_owned(), policy);
                }
            }
            _ => self.problem(path, "no AWS call is known for a file of this name"),
        }
    }

    /// Holds all files against each other.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn finish(mut self) -> Result<Contents, Problems> {
        let mut resources = State::new();
        let parsed = std::mem::take(&mut self.parsed);
        hosting::check(&mut self, &parsed, &mut resources);
        let token_keys = documents::check(&mut self, &parsed);
        private_key::check(&mut self, &parsed);
        self.provider(parsed.provider.as_ref(), &mut resources);
        let unread = roles::check(&mut self, &parsed, &mut resources);
        installer::check(&mut self, &parsed, &unread);
        if parsed.requests == 0 {
            self.problem(layout::REQUESTS, "the requests that everything was made from are missing");
        }
        if !self.problems.is_empty() {
            return Err(Problems(self.problems).told(&self.cluster.open()));
        }
        let desired = Desired {
            cluster: self.cluster,
            generation: self.generation,
            resources,
            token_keys,
            bound: Bound::default(),
        };
        let Parsed { installer_manifests, private_keys, discovery, keys, open_files, .. } = parsed;
        // A missing one was a problem.
        let documents =
            IssuerDocuments { discovery: discovery.unwrap_or_default(), keys: keys.unwrap_or_default() };
        let private_keys = private_keys.into_iter().map(|(path, key)| (path, key.form())).collect();
        Ok(Contents { desired, installer_manifests, documents, private_keys, open_files })
    }

    /// The file with stand-ins for its tokens, or `None` where it has none: only what the manifest calls open may
    /// have any.
    fn stand_ins(&mut self, path: &str, bytes: &[u8], open: &[OpenValue]) -> Option<Vec<u8>> {
        let bindable = matches!(Place::of(path), Some(Place::Aws | Place::InstallerManifest));
        let text = std::str::from_utf8(bytes).ok().filter(|_| bindable)?;
        for value in OpenValue::ALL {
            let (token, stand_in) = (value.token(), value.stand_in());
            if text.contains(token) && !open.contains(&value) {
                self.problem(
                    path,
                    format!("{token} stands in it, and the manifest does not say that the {value} is open"),
                );
            }
            // No issuer is ever called so; twelve digits may stand anywhere for something else.
            let kept = value == OpenValue::Issuer || open.contains(&value);
            if kept && text.contains(stand_in) {
                self.problem(path, format!("{stand_in:?} {} {value}", open::KEPT));
            }
            if value == OpenValue::Issuer
                && text.contains(token)
                && layout::MADE_BEFORE_ISSUER.contains(&path)
            {
                self.problem(
                    path,
                    format!("{token} stands in it, and it is made before AWS names the {value}"),
                );
            }
        }
        (!open.is_empty()).then(|| open::stand_in_for_tokens(bytes, open))
    }

    fn provider(&mut self, input: Option<&CreateOpenIdConnectProvider>, resources: &mut State) {
        let Some(input) = input else {
            self.missing(layout::PROVIDER);
            return;
        };
        if input.url != self.cluster.issuer {
            let what =
                format!("its Url is {}, and the cluster's issuer is {}", input.url, self.cluster.issuer);
            self.problem(layout::PROVIDER, what);
        }
        if input.client_id_list.is_empty() || input.client_id_list.len() > 100 {
            self.problem(layout::PROVIDER, "IAM takes 1 to 100 client ids");
        }
        for id in &input.client_id_list {
            let length = id.chars().count();
            if !(1..=Provider::LONGEST_CLIENT_ID).contains(&length) {
                let what = format!(
                    "IAM takes client ids of 1 to {} characters, {id:?} has {length}",
                    Provider::LONGEST_CLIENT_ID
                );
                self.problem(layout::PROVIDER, what);
            }
        }
        if input.thumbprint_list.len() > CreateOpenIdConnectProvider::MOST_THUMBPRINTS {
            let what = CreateOpenIdConnectProvider::TOO_MANY_THUMBPRINTS;
            self.problem(layout::PROVIDER, what);
        }
        for thumbprint in &input.thumbprint_list {
            if thumbprint.len() != 40 || !thumbprint.bytes().all(|b| b.is_ascii_hexdigit()) {
                let what = format!("{thumbprint:?} is no thumbprint, which has 40 hexadecimal digits");
                self.problem(layout::PROVIDER, what);
            }
        }
        let tags = self.owned_tags(layout::PROVIDER, &input.tags);
        let generation = self.generation.to_string();
        if tags.get(GENERATION_TAG) != Some(&generation) {
            let what = format!("its tag {GENERATION_TAG} must be the bundle's generation, {generation}");
            self.problem(layout::PROVIDER, what);
        }
        let provider = Provider {
            issuer: input.url.clone(),
            client_ids: input.client_id_list.iter().cloned().collect(),
            thumbprints: input.thumbprint_list.iter().cloned().collect(),
            tags,
        };
        self.place(layout::PROVIDER, Resource::Provider(provider), resources);
    }

    fn private_key(&mut self, path: &str, bytes: &[u8]) {
        match PrivateKey::read(path, bytes) {
            Ok(key) => drop(self.parsed.private_keys.insert(path.to_owned(), key)),
            Err(what) => self.problem(path, what),
        }
    }

    fn problem(&mut self, file: &str, what: impl Into<String>) {
        self.problems.push(Problem::of(file, what.into()));
    }

    /// A file that was not parsed: it is missing, unless it is there and what is wrong with it was told.
    fn missing(&mut self, file: &str) {
        if !self.is_faulty(file) {
            self.problem(file, "the file is missing");
        }
    }

    /// Whether something was found wrong with a file.
    fn is_faulty(&self, file: &str) -> bool {
        self.problems.iter().any(|problem| problem.file == file)
    }

    fn text(&mut self, path: &str, bytes: &[u8]) -> Option<String> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            if let Some(mark) = PLACEHOLDERS.iter().find(|mark| text.contains(**mark)) {
                self.problem(path, format!("a placeholder was left in it: {mark:?}"));
            }
            return Some(text.to_owned());
        }
        self.problem(path, "it is no UTF-8 text");
        None
    }

    fn json<T: DeserializeOwned>(&mut self, path: &str, bytes: &[u8]) -> Option<T> {
        let text = self.text(path, bytes)?;
        match json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(path, error.to_string());
                None
            }
        }
    }

    /// Puts a resource at its address, which must be free.
    fn place(&mut self, path: &str, resource: Resource, resources: &mut State) {
        let address = resource.address();
        if resources.insert(address.clone(), resource).is_some() {
            self.problem(path, format!("another file makes {address} too"));
        }
    }
}

/// What other tools leave for a person to fill in; nothing of it may stand in a bundle.
const PLACEHOLDERS: [&str; 3] = ["<enter_", "_here>", "POPULATE ROLE ARN"];
