//! Another issuer for a cluster that lives: what each of the three bundles of the move changes.

use crate::previous::Settled;
use crate::render::{Files, identity_provider, json, with_tokens};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use sts_schemas::InvalidText;
use sts_schemas::cli_input::{CreateOpenIdConnectProvider, CreateRole};
use sts_schemas::cluster::{Cluster, FormerIssuer, Hosting, IssuerUrl};
use sts_schemas::gather::Gather as _;
use sts_schemas::installer_manifest::authentication;
use sts_schemas::layout::{self, Place};
use sts_schemas::lint::{Finding, lint_trust};
use sts_schemas::oidc::Jwks;
use sts_schemas::open::{OpenValue, stand_in_for_tokens};
use sts_schemas::policy::{OneOrMany, Principal, Statement};
use sts_schemas::resource::{GENERATION_TAG, Tags};

/// Why a cluster cannot be moved like this.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// A second move would begin before the first has ended.
    #[error("the cluster is being moved already, away from {0}")]
    UnderWay(IssuerUrl),
    /// Both issuers would have to serve what is exchanged.
    #[error("it serves {0} keys: an exchange of the cluster's keys is under way")]
    Exchange(usize),
    /// The next issuer cannot be this cluster's.
    #[error("the cluster cannot be moved there")]
    Unfit(#[from] InvalidText),
    /// The first bundle of the move is missing.
    #[error("it names no former issuer: the cluster is not being moved")]
    NotMoving,
    /// The second step was made already.
    #[error("it has the cluster use {0} already")]
    Switched(IssuerUrl),
    /// The second step is missing.
    #[error("it has the cluster use the former issuer {0}: without that its tokens would not count any more")]
    NotSwitched(IssuerUrl),
    /// A file that a verified bundle always has in order.
    #[error("its {path} cannot be read")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// A bundle of a move, before it is packed.
#[derive(Debug)]
pub struct Moved {
    /// The cluster that it is for.
    pub cluster: Cluster,
    /// All its files.
    pub files: Files,
    /// The roles whose trust only fits a raised quota.
    pub findings: Vec<Finding>,
}

/// The first step: the next issuer is made, and every role trusts it beside the one in use, which stays as it is.
///
/// `thumbprints` are those of the next issuer; `generation` is that of the bundle, in seconds since 1970.
///
/// # Errors
/// When a move or an exchange of keys is under way, or the next issuer gets into the way of the one in use.
pub fn add(
    before: &Settled,
    (hosting, issuer): (Hosting, IssuerUrl),
    thumbprints: &[String],
    generation: u64,
) -> Result<Moved, MoveError> {
    let old = &before.cluster;
    if let Some(former) = &old.former {
        return Err(MoveError::UnderWay(former.issuer.clone()));
    }
    let served = parse::<Jwks>(&before.files, layout::KEYS)?.keys;
    let [key] = served.as_slice() else { return Err(MoveError::Exchange(served.len())) };
    let former = FormerIssuer { hosting: old.hosting.clone(), issuer: old.issuer.clone() };
    let cluster = Cluster { hosting, issuer, former: Some(former), ..old.clone() }.checked()?;

    let known: CreateOpenIdConnectProvider = parse(&before.files, layout::PROVIDER)?;
    let mut made = identity_provider(&cluster, key, thumbprints, &tags_besides(&known, old), generation);
    let provider: CreateOpenIdConnectProvider = parse(&made, layout::PROVIDER)?;
    let provider = CreateOpenIdConnectProvider { client_id_list: known.client_id_list, ..provider };
    made.insert(layout::PROVIDER.to_owned(), json(&provider));
    // The keys stay byte for byte, and the cluster uses the issuer that it has until it is switched over.
    made.retain(|path, _| ![layout::KEYS, layout::AUTHENTICATION].contains(&path.as_str()));

    let mut files = before.files.clone();
    files.retain(|path, _| !is_of_issuer(path));
    files.extend(with_tokens(made, &cluster));
    let findings = retrust(&mut files, &cluster, |statements| {
        let beside: Vec<_> = statements.iter().map(|statement| from(statement, old, &cluster)).collect();
        beside.into_iter().chain(statements).collect()
    })?;
    Ok(Moved { cluster, files, findings })
}

/// The second: the installer's manifest names the next issuer, and nothing else changes.
///
/// # Errors
/// When the cluster is not being moved, or has been switched over already.
pub fn switch(before: &Settled) -> Result<Moved, MoveError> {
    let cluster = before.cluster.clone();
    if cluster.former.is_none() {
        return Err(MoveError::NotMoving);
    }
    if before.issuer_in_use == cluster.issuer {
        return Err(MoveError::Switched(cluster.issuer));
    }
    let mut files = before.files.clone();
    files.insert(layout::AUTHENTICATION.to_owned(), authentication(&cluster.issuer).into_bytes());
    Ok(Moved { cluster, files, findings: Vec::new() })
}

/// The third: no role trusts the former issuer any more, and nothing keeps what serves it.
///
/// # Errors
/// When the cluster is not being moved, or not switched over.
pub fn remove(before: &Settled) -> Result<Moved, MoveError> {
    let Some(former) = &before.cluster.former else { return Err(MoveError::NotMoving) };
    if before.issuer_in_use == former.issuer {
        return Err(MoveError::NotSwitched(former.issuer.clone()));
    }
    let cluster = Cluster { former: None, ..before.cluster.clone() };
    let mut files = before.files.clone();
    let provider = cluster.provider_arn();
    let trusts =
        |statement: &Statement| statement.principal.iter().flat_map(Principal::names).eq([provider.as_str()]);
    let findings = retrust(&mut files, &cluster, |mut statements| {
        statements.retain(trusts);
        statements
    })?;
    Ok(Moved { cluster, files, findings })
}

/// A file of a verified bundle, with stand-ins in its open places.
fn parse<T: DeserializeOwned>(files: &Files, path: &str) -> Result<T, MoveError> {
    let bytes = files.get(path).map(Vec::as_slice).unwrap_or_default();
    serde_json::from_slice(&stand_in_for_tokens(bytes, &OpenValue::ALL))
        .map_err(|source| MoveError::Malformed { path: path.to_owned(), source })
}

/// Whether the next issuer has another file in this place, or none.
fn is_of_issuer(path: &str) -> bool {
    let of_roles = path.starts_with("05-") || path.starts_with("06-");
    Place::of(path) == Some(Place::Aws) && !of_roles && path != layout::KEYS
}

/// The tags that the author gave, which are all but those that every provider of the cluster's has.
fn tags_besides(provider: &CreateOpenIdConnectProvider, cluster: &Cluster) -> Tags {
    let ownership = cluster.name.ownership_tag();
    let is_every = |key: &str| [ownership.as_str(), "Name", GENERATION_TAG].contains(&key);
    let besides = provider.tags.iter().filter(|tag| !is_every(&tag.key));
    besides.map(|tag| (tag.key.clone(), tag.value.clone())).gather()
}

/// Changes whom every role trusts; finds each whose trust only fits a raised quota.
fn retrust(
    files: &mut Files,
    cluster: &Cluster,
    change: impl Fn(Vec<Statement>) -> Vec<Statement>,
) -> Result<Vec<Finding>, MoveError> {
    let is_role = |path: &&String| path.starts_with("05-") && path.ends_with("-role.json");
    let paths: Vec<_> = files.keys().filter(is_role).cloned().collect();
    let (mut changed, mut findings) = (Files::new(), Vec::new());
    for path in paths {
        let mut role: CreateRole = parse(files, &path)?;
        let trust = &mut role.assume_role_policy_document;
        trust.statement = change(std::mem::take(&mut trust.statement));
        findings.extend(lint_trust(role.role_name.as_str(), trust));
        changed.insert(path, json(&role));
    }
    files.extend(with_tokens(changed, cluster));
    Ok(findings)
}

/// The same trust in tokens of the next issuer.
fn from(statement: &Statement, old: &Cluster, new: &Cluster) -> Statement {
    let (old_host, new_host) = (old.issuer.host_and_path(), new.issuer.host_and_path());
    let renamed = |key: &str| match key.strip_prefix(old_host) {
        Some(claim) => format!("{new_host}{claim}"),
        None => key.to_owned(),
    };
    let condition = statement.condition.as_ref().map(|operators| {
        let keys = operators.iter().map(|(operator, keys)| {
            let keys: BTreeMap<_, _> =
                keys.iter().map(|(key, values)| (renamed(key), values.clone())).gather();
            (operator.clone(), keys)
        });
        keys.gather()
    });
    let provider = OneOrMany::One(new.provider_arn().to_string());
    Statement {
        // IAM takes each of these once in a policy.
        sid: None,
        principal: Some(Principal::Named(BTreeMap::from([("Federated".to_owned(), provider)]))),
        condition,
        ..statement.clone()
    }
}
