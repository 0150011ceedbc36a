//! One role for each request: its name, who may take it on, and what it may do.

use super::{Files, cluster_tags, json};
use crate::request::CredentialsRequest;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sts_schemas::aws::{Arn, RoleName, RolePath};
use sts_schemas::cli_input::{CreateRole, PutRolePolicy, tag_list};
use sts_schemas::cluster::{Cluster, ClusterName};
use sts_schemas::digest::Sha256;
use sts_schemas::gather::Gather as _;
use sts_schemas::installer_manifest::SecretManifest;
use sts_schemas::layout;
use sts_schemas::policy::{ConditionValues, OneOrMany, PolicyDocument, Principal, Scalar, Statement};
use sts_schemas::resource::Tags;

/// How a role is named when `<cluster>-<namespace>-<secret>` is longer than IAM takes, or two requests give the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum RoleNaming {
    /// Cut at 64 bytes, as ccoctl does; two requests may end in one name, cut or not, which is refused.
    #[default]
    Ccoctl,
    /// Told apart by eight digits of a digest, where a name is cut and where two would be one.
    Hashed,
}

/// What an author may choose for all roles.
#[derive(Debug, Clone, Default)]
pub struct RoleOptions {
    /// The permissions boundary.
    pub boundary: Option<Arn>,
    /// The path.
    pub path: RolePath,
    /// The audience a token must have beside the right subject.
    pub audience: Option<String>,
    /// How long a session may last, in seconds.
    pub session_seconds: Option<u32>,
    /// More tags.
    pub tags: Tags,
}

/// A request with the name of the role made for it.
#[derive(Debug)]
pub struct NamedRole<'a> {
    /// The request.
    pub request: &'a CredentialsRequest,
    /// The role's name.
    pub name: RoleName,
    /// The name before it was cut; files bear it, as ccoctl's do.
    pub long_name: String,
}

/// Requests that would end in one role: every clash, with all its requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("requests end in the same role name:{}", list(.0))]
pub struct NamingError(Clashes);

/// The requests, each with its name before it was cut, by the name that they end in.
type Clashes = BTreeMap<String, Vec<(String, String)>>;

impl NamingError {
    /// Whether it is the cut at 64 characters that makes names the same, and so shorter ones may differ.
    #[must_use]
    pub fn is_of_the_cut(&self) -> bool {
        self.0.values().any(|takers| is_of_the_cut(takers))
    }
}

fn is_of_the_cut(takers: &[(String, String)]) -> bool {
    takers.iter().any(|(long_name, _)| takers.iter().any(|(other, _)| other != long_name))
}

fn list(clashes: &Clashes) -> String {
    clashes.iter().fold(String::new(), |mut text, (name, takers)| {
        let cut = if is_of_the_cut(takers) { ", once it is cut at 64 characters" } else { "" };
        let requests: Vec<_> = takers.iter().map(|(_, request)| request.as_str()).collect();
        let _ = write!(text, "\n  {name}{cut}: {}", requests.join(" and "));
        text
    })
}

/// Names a role for each request, in their order.
///
/// # Errors
/// When requests end in one name; every such name is listed with all its requests.
///
/// # Panics
/// Never: names of Kubernetes objects hold nothing that a role's name may not.
#[expect(clippy::expect_used, reason = "names of Kubernetes objects are valid in role names")]
pub fn name_roles<'a>(
    cluster: &ClusterName,
    naming: RoleNaming,
    requests: &'a [CredentialsRequest],
) -> Result<Vec<NamedRole<'a>>, NamingError> {
    let mut takers = Clashes::new();
    let mut named = Vec::new();
    for request in requests {
        let long_name = format!("{cluster}-{}-{}", request.secret_namespace, request.secret_name);
        let name = cut(&long_name, naming);
        let taker = format!("{} ({})", request.name, request.source);
        takers.entry(name.clone()).or_default().push((long_name.clone(), taker));
        let name = name.parse().expect("names of Kubernetes objects are valid in role names");
        named.push(NamedRole { request, name, long_name });
    }
    takers.retain(|_, takers| takers.len() > 1);
    if naming == RoleNaming::Hashed {
        for role in named.iter_mut().filter(|role| takers.contains_key(role.name.as_str())) {
            let whose = format!("{}/{}", role.request.secret_namespace, role.request.secret_name);
            role.name = marked(&role.long_name, &whose).parse().expect("as above, and hexadecimal digits");
        }
        takers.clear();
    }
    if takers.is_empty() { Ok(named) } else { Err(NamingError(takers)) }
}

fn cut(long_name: &str, naming: RoleNaming) -> String {
    if long_name.len() <= RoleName::MAX_LENGTH {
        return long_name.to_owned();
    }
    match naming {
        RoleNaming::Ccoctl => long_name[..RoleName::MAX_LENGTH].to_owned(),
        RoleNaming::Hashed => marked(long_name, long_name),
    }
}

/// The names that the role of a request may have, however names are cut and told apart.
pub(crate) fn possible_names(cluster: &ClusterName, request: &CredentialsRequest) -> [String; 3] {
    let (namespace, secret) = (&request.secret_namespace, &request.secret_name);
    let long_name = format!("{cluster}-{namespace}-{secret}");
    let told_apart = marked(&long_name, &format!("{namespace}/{secret}"));
    [cut(&long_name, RoleNaming::Ccoctl), cut(&long_name, RoleNaming::Hashed), told_apart]
}

/// Whether a role of this name was told apart by [`RoleNaming::Hashed`] when its long name was cut.
#[must_use]
pub fn is_marked(long_name: &str, name: &str) -> bool {
    long_name.len() > RoleName::MAX_LENGTH && cut(long_name, RoleNaming::Hashed) == name
}

/// A name with the first digits of a digest at its end, within IAM's length.
fn marked(long_name: &str, of: &str) -> String {
    const MARK: usize = 8;
    let kept = long_name.len().min(RoleName::MAX_LENGTH - MARK - 1);
    format!("{}-{}", &long_name[..kept], &Sha256::of(of.as_bytes()).as_str()[..MARK])
}

/// Where the token of a component is mounted unless its request says otherwise. Source: ccoctl.
pub(crate) const TOKEN_FILE: &str = "/var/run/secrets/openshift/serviceaccount/token";

/// Role, policy and Secret of every request.
#[must_use]
pub fn roles(cluster: &Cluster, options: &RoleOptions, roles: &[NamedRole<'_>]) -> Files {
    let tags = tag_list(&cluster_tags(&cluster.name, &options.tags));
    let mut files = Files::new();
    for (index, role) in roles.iter().enumerate() {
        let NamedRole { request, name, long_name } = role;
        let create = CreateRole {
            assume_role_policy_document: trust(cluster, request, options.audience.as_deref()),
            description: format!("OpenShift role for {}/{}", request.secret_namespace, request.secret_name),
            max_session_duration: options.session_seconds,
            path: Some(options.path.clone()).filter(|path| path.as_str() != "/"),
            permissions_boundary: options.boundary.clone(),
            role_name: name.clone(),
            tags: tags.clone(),
        };
        let policy = PutRolePolicy {
            policy_document: request.policy.clone(),
            policy_name: name.to_string(),
            role_name: name.clone(),
        };
        let arn = Arn::role(cluster.partition, &cluster.account, &options.path, name);
        let (namespace, secret) = (&request.secret_namespace, &request.secret_name);
        files.insert(layout::role(index, long_name), json(&create));
        files.insert(layout::role_policy(index, long_name), json(&policy));
        let mut path = layout::secret_manifest(namespace, secret);
        if files.contains_key(&path) {
            // a-b/c and a/b-c would share a file.
            path = layout::secret_manifest(namespace, &marked(secret, &format!("{namespace}/{secret}")));
        }
        let manifest = SecretManifest {
            name: secret,
            namespace,
            role_arn: arn.as_str(),
            token_file: request.token_path.as_deref().unwrap_or(TOKEN_FILE),
        };
        files.insert(path, manifest.to_text().into_bytes());
    }
    files
}

/// Only the request's service accounts, only through this cluster's provider.
pub(super) fn trust(
    cluster: &Cluster,
    request: &CredentialsRequest,
    audience: Option<&str>,
) -> PolicyDocument {
    let issuer = cluster.issuer.host_and_path();
    let subjects = request
        .service_accounts
        .iter()
        .map(|account| Scalar::Text(format!("system:serviceaccount:{}:{account}", request.secret_namespace)));
    let mut compared = BTreeMap::from([(format!("{issuer}:sub"), ConditionValues::Many(subjects.gather()))]);
    if let Some(audience) = audience {
        let audience = ConditionValues::Many(vec![Scalar::Text(audience.to_owned())]);
        compared.insert(format!("{issuer}:aud"), audience);
    }
    let provider = OneOrMany::One(cluster.provider_arn().to_string());
    PolicyDocument::of(vec![Statement {
        principal: Some(Principal::Named(BTreeMap::from([("Federated".to_owned(), provider)]))),
        action: Some(OneOrMany::One("sts:AssumeRoleWithWebIdentity".into())),
        condition: Some(BTreeMap::from([("StringEquals".to_owned(), compared)])),
        ..Statement::allow()
    }])
}
