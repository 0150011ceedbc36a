//! What a cluster must hold, from the installer's manifests of its bundle.

use crate::credentials::Credentials;
use crate::request::{Node, document};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::gather::Gather as _;

/// What the cluster must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// The issuer.
    pub(crate) issuer: IssuerUrl,
    /// The Secrets, by namespace and name.
    pub(crate) secrets: Vec<ExpectedSecret>,
}

/// A Secret the cluster must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExpectedSecret {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) role_arn: String,
    pub(crate) token_file: String,
}

/// A bundle's manifest that is no Secret anybody could look for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExpectationError {
    #[error("the bundle's {path} is no YAML: {message}")]
    Malformed { path: String, message: String },
    #[error("the bundle's {path} lacks {what}")]
    Lacks { path: String, what: &'static str },
    #[error("no thread could be started to read the manifests")]
    NoThread(#[source] std::io::Error),
}

impl Expectation {
    /// What these manifests, given by path, make of a cluster with this issuer.
    pub(crate) fn of(
        issuer: &IssuerUrl,
        manifests: &BTreeMap<String, String>,
    ) -> Result<Self, ExpectationError> {
        let read = || manifests.iter().filter_map(|(path, text)| expected(path, text).transpose()).collect();
        let secrets: Result<Vec<_>, _> = document::with_stack(read).map_err(ExpectationError::NoThread)?;
        let mut secrets = secrets?;
        secrets.sort();
        Ok(Self { issuer: issuer.clone(), secrets })
    }

    /// Whether a Secret of this name is one of them.
    pub(crate) fn names(&self, namespace: &str, name: &str) -> bool {
        self.secrets.iter().any(|secret| secret.namespace == namespace && secret.name == name)
    }

    /// The namespaces they are in.
    pub(crate) fn namespaces(&self) -> BTreeSet<&str> {
        self.secrets.iter().map(|secret| secret.namespace.as_str()).gather()
    }

    /// Whether one of them is in this namespace.
    pub(crate) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces().contains(namespace)
    }
}

/// The Secret a manifest makes, or nothing where it makes something else.
fn expected(path: &str, text: &str) -> Result<Option<ExpectedSecret>, ExpectationError> {
    let node = document::parse(text).map_err(|malformed| ExpectationError::Malformed {
        path: path.to_owned(),
        message: malformed.message,
    })?;
    let at = |keys: &[&str]| {
        let node = keys.iter().try_fold(&node, |node, key| node.get(key));
        node.and_then(Node::as_text).map(ToOwned::to_owned)
    };
    if at(&["kind"]).as_deref() != Some("Secret") {
        return Ok(None);
    }
    let lacks = |what| ExpectationError::Lacks { path: path.to_owned(), what };
    let credentials = Credentials::of_file(&at(&["stringData", "credentials"]).unwrap_or_default());
    let some = |text: &str, what| if text.is_empty() { Err(lacks(what)) } else { Ok(text.to_owned()) };
    Ok(Some(ExpectedSecret {
        namespace: at(&["metadata", "namespace"]).ok_or_else(|| lacks("a namespace"))?,
        name: at(&["metadata", "name"]).ok_or_else(|| lacks("a name"))?,
        role_arn: some(credentials.role_arn(), "a role_arn")?,
        token_file: some(credentials.token_file(), "a web_identity_token_file")?,
    }))
}
