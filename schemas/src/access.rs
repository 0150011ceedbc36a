//! What a set of roles may do, as data: whoever asks for them, requests or a bundle, in one form.
//!
//! Pure. A role is known by the Secret that hands it on: requests know no role's name.

mod difference;

pub use difference::{beyond, difference};

use crate::cluster::Hosting;
use crate::contents::Contents;
use crate::difference::Scope;
use crate::gather::Gather as _;
use crate::installer_manifest::SecretManifest;
use crate::oidc::Jwks;
use crate::open::OpenValue;
use crate::policy::{Effect, PolicyDocument, Statement};
use crate::resource::{Resource, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Values by the names people know them by.
type Settings = BTreeMap<String, String>;

/// What a set of roles may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The roles by their Secrets, `<namespace>/<name>`.
    roles: BTreeMap<String, RoleAccess>,
    /// What is known about the cluster; requests know nothing of it.
    cluster: Option<Settings>,
}

/// What one role may do, and who may take it on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RoleAccess {
    /// As `<namespace>/<name>`.
    service_accounts: BTreeSet<String>,
    /// The statements of all its permissions policies.
    statements: Vec<Statement>,
    /// What else is known about it; requests know nothing of it.
    settings: Option<Settings>,
}

/// An action, allowed or denied, with all the places where it is.
type Grants = BTreeMap<(Effect, String), BTreeSet<Scope>>;

/// A role as a request asks for it, before it has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRole {
    /// The Secret that is to hand it on, `<namespace>/<name>`.
    pub secret: String,
    /// Who is to take it on, as `<namespace>/<name>`.
    pub service_accounts: BTreeSet<String>,
    /// What it is to be allowed.
    pub statements: Vec<Statement>,
}

impl Access {
    /// What roles may do that are asked for and not made yet.
    #[must_use]
    pub fn of_asked(roles: impl IntoIterator<Item = AskedRole>) -> Self {
        let role = |AskedRole { secret, service_accounts, statements }: AskedRole| {
            (secret, RoleAccess { service_accounts, statements, settings: None })
        };
        Self { roles: roles.into_iter().map(role).collect(), cluster: None }
    }

    /// What a directory's or bundle's files ask for. They hold together: each Secret is in its one form.
    #[must_use]
    pub fn of_contents(contents: &Contents) -> Self {
        let arns = contents.desired.role_arns();
        let mut by_arn = BTreeMap::new();
        for resource in contents.desired.resources.values() {
            if let Resource::Role(role) = resource
                && let Some(arn) = arns.get(&role.name)
            {
                by_arn.insert(arn.as_str(), role);
            }
        }
        let secrets = contents.installer_manifests.values().filter_map(|text| SecretManifest::of_text(text));
        let roles = secrets.filter_map(|secret| {
            let role = by_arn.get(secret.role_arn)?;
            Some((format!("{}/{}", secret.namespace, secret.name), RoleAccess::of_role(role)))
        });
        Self { roles: roles.gather(), cluster: Some(cluster_settings(contents)) }
    }
}

impl RoleAccess {
    fn of_role(role: &Role) -> Self {
        let mut settings = Settings::from([
            ("role name".to_owned(), role.name.to_string()),
            ("path".to_owned(), role.path.to_string()),
            ("maximum session".to_owned(), format!("{} s", role.max_session_seconds)),
        ]);
        if let Some(boundary) = &role.boundary {
            settings.insert(BOUNDARY.to_owned(), boundary.to_string());
        }
        let audiences = audiences(role);
        if !audiences.is_empty() {
            settings.insert(AUDIENCE.to_owned(), audiences.join(", "));
        }
        Self {
            service_accounts: subjects(&role.trust).into_iter().collect(),
            statements: role.inline.values().flat_map(|policy| policy.statement.clone()).collect(),
            settings: Some(settings),
        }
    }

    /// Each action with all the places where it is allowed or denied.
    fn grants(&self) -> Grants {
        let mut grants = Grants::new();
        if self.statements.is_empty() {
            return grants;
        }
        let meaning = PolicyDocument::of(self.statements.clone()).meaning();
        for (statement, written) in meaning["Statement"].as_array().into_iter().flatten().map(|one| {
            let denies = one["Effect"] == "Deny";
            (one, if denies { Effect::Deny } else { Effect::Allow })
        }) {
            let condition = statement.get("Condition").map(ToString::to_string);
            for action in named(statement, "Action", "NotAction") {
                let places = grants.entry((written, action)).or_default();
                for resource in named(statement, "Resource", "NotResource") {
                    places.insert(Scope { resource, condition: condition.clone() });
                }
            }
        }
        grants
    }
}

/// The setting that keeps a role's permissions from growing.
pub const BOUNDARY: &str = "permissions boundary";
/// The setting that keeps tokens made for others out.
const AUDIENCE: &str = "audience";
/// The setting that tells two clusters apart.
const NAME: &str = "name";
/// The setting that says whose tokens count.
const ISSUER: &str = "issuer";
/// The setting that says whose tokens count besides, while the cluster is moved.
const FORMER: &str = "former issuer";
/// The setting that says which keys may have signed them.
const TOKEN_KEYS: &str = "keys of tokens";
/// What stands between two of these keys.
const KEY_GAP: &str = ", ";
/// How actions and resources begin that a statement names by what they are not.
const ALL_BUT: &str = "all but ";

/// The texts under one name, or one text for those under its opposite.
fn named(statement: &serde_json::Value, name: &str, opposite: &str) -> Vec<String> {
    let texts = |name: &str| -> Option<Vec<String>> {
        let list = statement.get(name)?.as_array()?;
        Some(list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
    };
    match (texts(name), texts(opposite)) {
        (Some(names), _) => names,
        (None, Some(but)) => vec![format!("{ALL_BUT}{}", but.join(", "))],
        (None, None) => Vec::new(),
    }
}

/// The service accounts a role's trust policy lets in, as `<namespace>/<name>`.
#[must_use]
pub fn subjects(trust: &PolicyDocument) -> Vec<String> {
    let subject = |text: &String| text.trim_start_matches("system:serviceaccount:").replace(':', "/");
    compared(trust, ":sub").iter().map(subject).collect()
}

/// The audiences whose tokens alone a role takes; none where it takes those of all that the provider takes.
#[must_use]
pub fn audiences(role: &Role) -> Vec<String> {
    compared(&role.trust, ":aud")
}

/// What a role's trust policy compares a token's claim with.
fn compared(trust: &PolicyDocument, claim: &str) -> Vec<String> {
    let conditions = trust.statement.iter().filter_map(|statement| statement.condition.as_ref());
    let values = conditions
        .flat_map(|condition| condition.values().flatten())
        .filter(|(key, _)| key.ends_with(claim))
        .flat_map(|(_, values)| values.iter().map(ToString::to_string));
    // While a cluster is moved, the same is compared for each of two issuers.
    let mut told = BTreeSet::new();
    values.filter(|value| told.insert(value.clone())).collect()
}

fn cluster_settings(contents: &Contents) -> Settings {
    let (cluster, keys) = (&contents.desired.cluster, &contents.documents.keys);
    let open = cluster.open();
    let shown = |value: OpenValue, text: &str| {
        if open.contains(&value) { "left open".to_owned() } else { text.to_owned() }
    };
    let hosting = match &cluster.hosting {
        Hosting::PublicBucket { bucket } => format!("public bucket {bucket}"),
        Hosting::PrivateBucket { bucket, .. } => format!("private bucket {bucket}"),
        Hosting::SharedBucket { bucket, path } => format!("path {path} in shared bucket {bucket}"),
        Hosting::Elsewhere => "elsewhere".to_owned(),
    };
    let former = cluster.former.iter().map(|former| {
        let is_in_use = *contents.issuer_in_use() == former.issuer;
        let use_of_it = if is_in_use { "the cluster uses it" } else { "it is only trusted" };
        (FORMER.to_owned(), format!("{} ({use_of_it})", former.issuer))
    });
    let kids = serde_json::from_str::<Jwks>(keys).map(|jwks| jwks.keys).unwrap_or_default();
    let kids: Vec<_> = kids.into_iter().map(|key| key.kid).collect();
    let known = [
        (NAME.to_owned(), cluster.name.to_string()),
        ("account".to_owned(), shown(OpenValue::Account, cluster.account.as_str())),
        ("partition".to_owned(), cluster.partition.to_string()),
        ("region".to_owned(), cluster.region.to_string()),
        (ISSUER.to_owned(), shown(OpenValue::Issuer, cluster.issuer.as_str())),
        ("hosting".to_owned(), hosting),
        (TOKEN_KEYS.to_owned(), kids.join(KEY_GAP)),
    ];
    known.into_iter().chain(former).gather()
}
