//! One Kubernetes object: used, skipped or wrong.

use super::fields::Fields;
use super::name::{self, NameKind};
use super::node::{Node, Value};
use super::problem::{Skipped, Source};
use super::selection::{Assumed, Selection, Switches};
use super::statement;
use sts_schemas::policy::PolicyDocument;

/// The kind of a request, and of a list of them. Source: openshift/cloud-credential-operator's API.
const KIND: &str = "CredentialsRequest";
const LIST_KINDS: [&str; 2] = ["List", "CredentialsRequestList"];
const API_GROUP: &str = "cloudcredential.openshift.io/";
const API_VERSION: &str = "cloudcredential.openshift.io/v1";
const AWS_KIND: &str = "AWSProviderSpec";

/// What a component of the cluster asks AWS for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsRequest {
    /// Where it stands.
    pub source: Source,
    /// Its `metadata.name`.
    pub name: String,
    /// The namespace of the Secret it wants.
    pub secret_namespace: String,
    /// The name of that Secret.
    pub secret_name: String,
    /// The service accounts of that namespace that may use it, at least one.
    pub service_accounts: Vec<String>,
    /// Where the component's pods find their token (`cloudTokenPath`), if not in the usual place.
    pub token_path: Option<String>,
    /// What it may do.
    pub policy: PolicyDocument,
}

/// What the objects of a document came to; what is wrong is in the reader of fields.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) used: Vec<CredentialsRequest>,
    pub(crate) skipped: Vec<Skipped>,
    /// Whether there was a request among them, used, skipped or wrong.
    pub(crate) held_request: bool,
    /// Kinds of other objects among them.
    pub(crate) other_kinds: Vec<String>,
    /// What was rewritten.
    pub(crate) notes: Vec<String>,
    /// What its requests say they depend on.
    pub(crate) named: Switches,
    /// What was taken for granted, by the name of the request.
    pub(crate) assumed: Vec<(String, Assumed)>,
}

/// Reads a document's object, or the objects of a list.
pub(crate) fn read(fields: &mut Fields<'_>, node: &Node, selection: &Selection, outcome: &mut Outcome) {
    let kind = node.get("kind").and_then(Node::as_text).unwrap_or_default();
    let version = node.get("apiVersion").and_then(Node::as_text).unwrap_or_default();
    if node.value == Value::Null {
        return;
    }
    let skip = |fields: &Fields<'_>, outcome: &mut Outcome, reason: String| {
        outcome.skipped.push(Skipped { source: fields.source(node), reason });
    };
    if LIST_KINDS.contains(&kind) {
        for item in fields.list(node, "", "items").unwrap_or_default() {
            read(fields, item, selection, outcome);
        }
    } else if kind == KIND && (version.is_empty() || version.starts_with(API_GROUP)) {
        outcome.held_request = true;
        if let Err(reason) = request(fields, node, selection, outcome) {
            skip(fields, outcome, reason);
        }
    } else if kind.is_empty() && node.get("spec").and_then(|spec| spec.get("providerSpec")).is_some() {
        outcome.held_request = true;
        fields.wrong(node, format!("kind is missing; a request says kind: {KIND}"));
    } else if kind.is_empty() {
        outcome.other_kinds.push("unknown".into());
        skip(fields, outcome, "it is no Kubernetes object (it has no kind)".into());
    } else {
        outcome.other_kinds.push(kind.to_owned());
        skip(fields, outcome, format!("it is a {kind}, not a {KIND}"));
    }
}

/// Reads one request; `Err` says why it is skipped.
fn request(
    fields: &mut Fields<'_>,
    node: &Node,
    selection: &Selection,
    outcome: &mut Outcome,
) -> Result<(), String> {
    if let Some((version, at)) = fields.text(node, "", "apiVersion")
        && version != API_VERSION
    {
        fields.wrong(at, format!("apiVersion must be {API_VERSION}, this is {version:?}"));
    }
    // A manifest that removes a request need say no more than which one, and what is not needed is not looked at.
    let has_cloud = node.get("spec").and_then(|spec| spec.get("providerSpec")).is_some();
    if let Some(reason) = selection.verdict(&plain_annotations(node)).skip.filter(|_| !has_cloud) {
        return Err(reason);
    }
    let metadata = fields.mapping(node, "", "metadata");
    let spec = fields.mapping(node, "", "spec");
    let provider_spec = spec.and_then(|spec| fields.mapping(spec, "spec.", "providerSpec"));
    let cloud = provider_spec.and_then(|provider| fields.text(provider, "spec.providerSpec.", "kind"));
    if let Some((cloud, _)) = cloud
        && cloud != AWS_KIND
    {
        return Err(format!("it is for another cloud ({cloud})"));
    }
    let annotations = metadata.map(|metadata| fields.text_map(metadata, "metadata.", "annotations"));
    let annotations = annotations.unwrap_or_default();
    outcome.named.extend(Switches::of(&annotations));
    let verdict = selection.verdict(&annotations);
    if let Some(reason) = verdict.skip {
        return Err(reason);
    }
    let (Some(metadata), Some(spec), Some(provider_spec)) = (metadata, spec, provider_spec) else {
        return Ok(());
    };
    let name = named(fields, metadata, "metadata.", "name", NameKind::Object);
    let secret = fields.mapping(spec, "spec.", "secretRef");
    let secret_namespace =
        secret.and_then(|secret| named(fields, secret, "spec.secretRef.", "namespace", NameKind::Namespace));
    let secret_name =
        secret.and_then(|secret| named(fields, secret, "spec.secretRef.", "name", NameKind::Object));
    let service_accounts = service_accounts(fields, spec);
    let token_path = token_path(fields, spec);
    if provider_spec.get("statementEntries").is_none_or(is_empty_list) {
        fields.wrong(provider_spec, "spec.providerSpec.statementEntries holds no statement");
    }
    let policy = statement::read(fields, provider_spec, selection, &mut outcome.notes);
    if let (Some(name), Some(secret_namespace), Some(secret_name), Some(service_accounts), Some(policy)) =
        (name, secret_namespace, secret_name, service_accounts, policy)
    {
        outcome.assumed.push((name.clone(), verdict.assumed));
        let source = fields.source(node);
        outcome.used.push(CredentialsRequest {
            source,
            name,
            secret_namespace,
            secret_name,
            service_accounts,
            token_path,
            policy,
        });
    }
    Ok(())
}

/// The annotations that are text, whatever else is wrong with the object.
fn plain_annotations(node: &Node) -> Vec<(&str, &str)> {
    let annotations = node.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let Some(Value::Map(members)) = annotations.map(|node| &node.value) else { return Vec::new() };
    members.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_text()?))).collect()
}

fn named(fields: &mut Fields<'_>, parent: &Node, path: &str, key: &str, kind: NameKind) -> Option<String> {
    let (text, node) = fields.text(parent, path, key)?;
    if let Err(rule) = name::check(text, kind) {
        fields.wrong(node, format!("{path}{key} cannot be {text:?}: {rule}"));
    }
    Some(text.to_owned())
}

fn service_accounts(fields: &mut Fields<'_>, spec: &Node) -> Option<Vec<String>> {
    const KEY: &str = "serviceAccountNames";
    if spec.get(KEY).is_none_or(is_empty_list) {
        let advice = "without one, nobody could take the role on; add the component's service accounts";
        fields.wrong(spec, format!("spec.{KEY} is missing or empty: {advice}"));
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for (index, (text, node)) in fields.texts(spec, "spec.", KEY).into_iter().enumerate() {
        if let Err(rule) = name::check(text, NameKind::Object) {
            fields.wrong(node, format!("spec.{KEY}[{index}] cannot be {text:?}: {rule}"));
        }
        if names.iter().any(|name| name == text) {
            fields.wrong(node, format!("spec.{KEY} names {text} twice"));
        }
        names.push(text.to_owned());
    }
    (!names.is_empty()).then_some(names)
}

fn token_path(fields: &mut Fields<'_>, spec: &Node) -> Option<String> {
    let (path, node) = fields.optional_text(spec, "spec.", "cloudTokenPath")?;
    if path.is_empty() {
        return None;
    }
    let formed = path.starts_with('/')
        && !path.ends_with('/')
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    if !formed {
        let rule = "an absolute path of a file is needed, without spaces";
        fields.wrong(node, format!("spec.cloudTokenPath cannot be {path:?}: {rule}"));
    }
    Some(path.to_owned())
}

fn is_empty_list(node: &Node) -> bool {
    matches!(&node.value, Value::List(nodes) if nodes.is_empty())
}
