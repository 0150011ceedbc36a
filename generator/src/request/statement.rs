//! `statementEntries` of an AWS request into a policy document.
//!
//! Source of the shape: `StatementEntry` of openshift/cloud-credential-operator's `v1` API: `effect`, `action`
//! as a list, `resource` as one string, `policyCondition` as operator, key and one value or a list.

use super::fields::Fields;
use super::node::{Node, Value};
use super::partition::{Fitted, fit};
use super::selection::Selection;
use std::collections::BTreeMap;
use sts_schemas::policy::{
    Condition, ConditionValues, Effect, OneOrMany, PolicyDocument, Scalar, Statement, is_action,
};

/// Reads the statements of a `providerSpec`; what was rewritten goes to `notes`.
pub(crate) fn read(
    fields: &mut Fields<'_>,
    provider_spec: &Node,
    selection: &Selection,
    notes: &mut Vec<String>,
) -> Option<PolicyDocument> {
    const PATH: &str = "spec.providerSpec.";
    let entries = fields.list(provider_spec, PATH, "statementEntries")?;
    let mut reader = Reader { fields, selection, notes };
    let statements: Vec<_> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| reader.statement(entry, &format!("{PATH}statementEntries[{index}]")))
        .collect();
    let statements: Option<Vec<_>> = statements.into_iter().collect();
    statements.map(PolicyDocument::of)
}

struct Reader<'r, 'a> {
    fields: &'r mut Fields<'a>,
    selection: &'r Selection,
    notes: &'r mut Vec<String>,
}

impl Reader<'_, '_> {
    fn statement(&mut self, entry: &Node, path: &str) -> Option<Statement> {
        if !matches!(entry.value, Value::Map(_)) {
            self.fields.mistyped(entry, path, "", "a mapping");
            return None;
        }
        let path = &format!("{path}.");
        let effect = self.effect(entry, path);
        let actions = self.actions(entry, path);
        let resource =
            self.fields.text(entry, path, "resource").and_then(|(text, node)| self.resource(text, node));
        let condition = self.condition(entry, path);
        Some(Statement {
            effect: effect?,
            action: Some(OneOrMany::Many(actions?)),
            resource: Some(OneOrMany::One(resource?)),
            condition: condition?,
            ..Statement::allow()
        })
    }

    fn effect(&mut self, entry: &Node, path: &str) -> Option<Effect> {
        let (text, node) = self.fields.text(entry, path, "effect")?;
        match text {
            "Allow" => Some(Effect::Allow),
            "Deny" => Some(Effect::Deny),
            other => {
                self.fields.wrong(node, format!("{path}effect must be Allow or Deny, this is {other:?}"));
                None
            }
        }
    }

    fn actions(&mut self, entry: &Node, path: &str) -> Option<Vec<String>> {
        if entry.get("action").is_none() {
            self.fields.wrong(entry, format!("{path}action is missing"));
            return None;
        }
        if let Some(Value::List(list)) = entry.get("action").map(|node| &node.value)
            && list.is_empty()
        {
            self.fields.wrong(entry, format!("{path}action names no action"));
            return None;
        }
        let texts = self.fields.texts(entry, path, "action");
        for (text, node) in &texts {
            if !is_action(text) {
                let rule = "an action is *, or service:Name with * and ? in the name";
                self.fields.wrong(node, format!("{path}action holds {text:?}: {rule}"));
            }
        }
        Some(texts.into_iter().map(|(text, _)| text.to_owned()).collect())
    }

    fn resource(&mut self, text: &str, node: &Node) -> Option<String> {
        if text != "*" && !text.starts_with("arn:") {
            self.fields.wrong(node, format!("the resource {text:?} is neither * nor an ARN"));
            return None;
        }
        if text.starts_with("arn:") && text.splitn(6, ':').count() < 6 {
            let rule = "arn:<partition>:<service>:<region>:<account>:<resource>";
            self.fields.wrong(node, format!("the resource {text:?} is no whole ARN: {rule}"));
            return None;
        }
        self.fitted(text, node)
    }

    /// The text with the cluster's partition in it, where it is an ARN of another.
    fn fitted(&mut self, text: &str, node: &Node) -> Option<String> {
        if let Some(template) = unfilled_template(text) {
            self.fields.wrong(node, format!("{text:?} holds {template}, a template that was not filled in"));
            return None;
        }
        match fit(text, self.selection.partition, self.selection.rewrite) {
            Fitted::Unchanged => Some(text.to_owned()),
            Fitted::Rewritten(new) => {
                self.notes.push(format!("{}: rewrote {text} to {new}", self.fields.source(node)));
                Some(new)
            }
            Fitted::Foreign(message) => {
                self.fields.wrong(node, message);
                None
            }
        }
    }

    /// The outer `None` says that something was wrong, the inner one that there is no condition.
    #[expect(
        clippy::option_option,
        reason = "an absent condition is no failure, and both must be told apart"
    )]
    fn condition(&mut self, entry: &Node, path: &str) -> Option<Option<Condition>> {
        let Some(node) = entry.get("policyCondition") else { return Some(None) };
        let path = format!("{path}policyCondition");
        let operators = self.members(node, &path)?;
        let mut condition = Condition::new();
        let mut sound = true;
        for (operator, keys) in operators {
            let path = format!("{path}.{operator}");
            if !is_operator(operator) {
                let source = self.fields.source(keys);
                self.notes
                    .push(format!("{source}: {path}: IAM is not known to have such a condition operator"));
            }
            let Some(keys) = self.members(keys, &path) else {
                sound = false;
                continue;
            };
            let mut values = BTreeMap::new();
            for (key, value) in keys {
                match self.values(value, &format!("{path}.{key}")) {
                    Some(read) => drop(values.insert(key.clone(), read)),
                    None => sound = false,
                }
            }
            condition.insert(operator.clone(), values);
        }
        sound.then_some((!condition.is_empty()).then_some(condition))
    }

    fn members<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n [(String, Node)]> {
        if let Value::Map(members) = &node.value {
            return Some(members);
        }
        self.fields.mistyped(node, path, "", "a mapping");
        None
    }

    fn values(&mut self, node: &Node, path: &str) -> Option<ConditionValues> {
        if let Value::List(nodes) = &node.value {
            let scalars: Vec<_> = nodes.iter().map(|node| self.scalar(node, path)).collect();
            return scalars.into_iter().collect::<Option<_>>().map(ConditionValues::Many);
        }
        self.scalar(node, path).map(ConditionValues::One)
    }

    fn unkept(&mut self, node: &Node, path: &str) {
        let what = "must be put in quotes, or written as a whole number without zeros in front";
        let why = "YAML does not keep this number as it is written";
        self.fields.wrong(node, format!("{path} {what}: {why}"));
    }

    fn scalar(&mut self, node: &Node, path: &str) -> Option<Scalar> {
        match &node.value {
            Value::Bool(value) => Some(Scalar::Bool(*value)),
            Value::Text(_) if self.fields.is_number_elsewhere(node) => {
                self.fields.wrong(
                    node,
                    format!(
                        "{path}: to Kubernetes this is a number: write it without _, or as text in quotes"
                    ),
                );
                None
            }
            Value::Text(text) => self.fitted(text, node).map(Scalar::Text),
            Value::Integer(value) => {
                let number = self.fields.whole_number(node, *value).map(Scalar::Integer);
                if number.is_none() {
                    self.unkept(node, path);
                }
                number
            }
            Value::Inexact(_) => {
                self.unkept(node, path);
                None
            }
            Value::Null | Value::List(_) | Value::Map(_) => {
                self.fields.mistyped(node, path, "", "text, a truth value or a number");
                None
            }
        }
    }
}

/// Whether IAM has such a condition operator.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
fn is_operator(text: &str) -> bool {
    const COMPARED: [(&str, &[&str]); 6] = [
        ("String", &["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"]),
        ("Numeric", ORDERED),
        ("Date", ORDERED),
        ("Arn", &["Equals", "NotEquals", "Like", "NotLike"]),
        ("Binary", &["Equals"]),
        ("", &["Bool", "IpAddress", "NotIpAddress"]),
    ];
    const ORDERED: &[&str] =
        &["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"];
    let of_sets = text.strip_prefix("ForAllValues:").or_else(|| text.strip_prefix("ForAnyValue:"));
    let text = of_sets.unwrap_or(text);
    let always = text.strip_suffix("IfExists").unwrap_or(text);
    text == "Null"
        || COMPARED
            .iter()
            .any(|(kind, ways)| always.strip_prefix(kind).is_some_and(|way| ways.contains(&way)))
}

/// The first `${...}` that is no variable of IAM's: those have a colon, or stand for `*`, `?` or `$` themselves.
/// Source: IAM User Guide, "IAM policy elements: Variables and tags".
fn unfilled_template(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').map_or(rest.len(), |end| start + end + 1);
        let template = &rest[start..end];
        if !template.contains(':') && !["${*}", "${?}", "${$}"].contains(&template) {
            return Some(template);
        }
        rest = &rest[end..];
    }
    None
}
