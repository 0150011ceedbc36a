//! IAM policy documents as data, with one canonical rendering and a comparison by meaning.

mod action;
mod alike;
pub use self::{action::is_action, alike::same_meaning};
use crate::gather::Gather as _;
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A policy document: trust policy, permissions policy or bucket policy.
///
/// Keeps the form it was read in (one string or a list of one), so that what is written equals what was
/// meant letter for letter; [`PolicyDocument::meaning`] is for comparing.
///
/// Source: IAM User Guide, "Grammar of the IAM JSON policy language".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PolicyDocument {
    /// The version of the language.
    pub version: LanguageVersion,
    /// A name for the document; services other than IAM use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The statements, at least one.
    #[serde(deserialize_with = "one_or_many_statements")]
    pub statement: Vec<Statement>,
}

/// A version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LanguageVersion {
    /// The current one.
    #[serde(rename = "2012-10-17")]
    V2012,
    /// The one before; found in bucket policies of older tools.
    #[serde(rename = "2008-10-17")]
    V2008,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    /// A name for the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Who may, in trust and bucket policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// Everybody but these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_principal: Option<Principal>,
    /// What may be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<OneOrMany>,
    /// Everything but these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_action: Option<OneOrMany>,
    /// To what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<OneOrMany>,
    /// To everything but these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_resource: Option<OneOrMany>,
    /// Under which conditions: operator, key, values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

impl Statement {
    /// A statement that allows, with all else still absent.
    #[must_use]
    pub fn allow() -> Self {
        Self {
            sid: None,
            effect: Effect::Allow,
            principal: None,
            not_principal: None,
            action: None,
            not_action: None,
            resource: None,
            not_resource: None,
            condition: None,
        }
    }
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Effect {
    /// Lets it happen, unless another statement denies.
    Allow,
    /// Forbids it, whatever else allows.
    Deny,
}

/// Who a statement speaks of: `"*"`, or kinds of principals with their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a principal is \"*\", or kinds of principals, each with a text or a list of texts"
)]
pub enum Principal {
    /// A bare string; IAM knows only `*`.
    Everyone(String),
    /// `AWS`, `Federated`, `Service` or `CanonicalUser`, each with its names.
    Named(BTreeMap<String, OneOrMany>),
}

impl Principal {
    /// Everyone's `*`, or all the names, of whatever kind.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (everyone, named) = match self {
            Self::Everyone(everyone) => (Some(everyone.as_str()), None),
            Self::Named(named) => (None, Some(named)),
        };
        everyone.into_iter().chain(named.into_iter().flat_map(BTreeMap::values).flat_map(OneOrMany::iter))
    }
}

/// A string, or a list of strings: IAM takes either nearly everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text or a list of texts is needed here")]
pub enum OneOrMany {
    /// A bare string.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The strings, however they were written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::Many(many) => many.iter(),
        }
        .map(String::as_str)
    }
}

/// Condition operator, then condition key, then the values it is held against.
pub type Condition = BTreeMap<String, BTreeMap<String, ConditionValues>>;

/// The values of one condition key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a condition's values are texts, whole numbers or truth values, one or a list of them"
)]
pub enum ConditionValues {
    /// A bare value.
    One(Scalar),
    /// A list.
    Many(Vec<Scalar>),
}

impl ConditionValues {
    /// The values, however they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Scalar> {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::Many(many) => many.iter(),
        }
    }
}

/// A single value in a condition; IAM takes `true`, `3` and `"true"`, `"3"` for the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, a whole number or a truth value is needed here")]
pub enum Scalar {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text, the usual case.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl PolicyDocument {
    /// Whether one of its statements allows something to everybody.
    #[must_use]
    pub fn lets_everybody_in(&self) -> bool {
        let everybody = serde_json::json!({ "AWS": ["*"] });
        let lets_in = |statement: &Statement| {
            let principal = statement.principal.as_ref().map(meaning_of_principal);
            statement.effect == Effect::Allow && principal.as_ref() == Some(&everybody)
        };
        self.statement.iter().any(lets_in)
    }

    /// A document in the current language.
    #[must_use]
    pub fn of(statement: Vec<Statement>) -> Self {
        Self { version: LanguageVersion::V2012, id: None, statement }
    }

    /// The document as JSON on one line, members in the order of the types above.
    ///
    /// # Panics
    /// Never: every part of a document has a JSON form.
    #[must_use]
    #[expect(clippy::expect_used, reason = "maps with string keys and scalars always have a JSON form")]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).expect("a policy document has a JSON form")
    }

    /// The length IAM counts against its quotas: characters that are not white space.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas".
    #[must_use]
    pub fn counted_length(&self) -> usize {
        self.canonical().chars().filter(|c| !c.is_whitespace()).count()
    }

    /// The document reduced to what it means: lists sorted and never bare, scalars as text.
    ///
    /// Two documents that IAM cannot tell apart are equal here.
    #[must_use]
    pub fn meaning(&self) -> Value {
        let mut statements: Vec<Value> = self.statement.iter().map(meaning_of_statement).collect();
        statements.sort_by_key(Value::to_string);
        let mut document = serde_json::Map::new();
        document.insert("Version".into(), serde_json::json!(self.version));
        if let Some(id) = &self.id {
            document.insert("Id".into(), id.as_str().into());
        }
        document.insert("Statement".into(), statements.into());
        document.into()
    }
}

fn meaning_of_statement(statement: &Statement) -> Value {
    let mut map = serde_json::Map::new();
    if let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty()) {
        map.insert("Sid".into(), sid.into());
    }
    map.insert("Effect".into(), serde_json::json!(statement.effect));
    for (name, principal) in [("Principal", &statement.principal), ("NotPrincipal", &statement.not_principal)]
    {
        if let Some(principal) = principal {
            map.insert(name.into(), meaning_of_principal(principal));
        }
    }
    for (name, list) in [
        ("Action", &statement.action),
        ("NotAction", &statement.not_action),
        ("Resource", &statement.resource),
        ("NotResource", &statement.not_resource),
    ] {
        if let Some(list) = list {
            map.insert(name.into(), sorted(list.iter().map(str::to_owned)));
        }
    }
    if let Some(condition) = statement.condition.as_ref().filter(|condition| !condition.is_empty()) {
        let operators = condition.iter().map(|(operator, keys)| {
            let keys =
                keys.iter().map(|(key, values)| (key.clone(), sorted(values.iter().map(Scalar::to_string))));
            (operator.clone(), Value::Object(keys.collect()))
        });
        map.insert("Condition".into(), Value::Object(operators.collect()));
    }
    map.into()
}

/// `"*"` and `{"AWS": "*"}` both mean everyone. Source: IAM User Guide, "AWS JSON policy elements: Principal".
fn meaning_of_principal(principal: &Principal) -> Value {
    match principal {
        Principal::Everyone(name) => serde_json::json!({ "AWS": [name] }),
        Principal::Named(kinds) => {
            let kinds =
                kinds.iter().map(|(kind, names)| (kind.clone(), sorted(names.iter().map(str::to_owned))));
            Value::Object(kinds.collect())
        }
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Value {
    let texts: std::collections::BTreeSet<String> = texts.gather();
    texts.into_iter().collect::<Vec<_>>().into()
}

/// One statement or a list, read so that an error says what is wrong within a statement.
fn one_or_many_statements<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Statement>, D::Error> {
    struct Statements;

    impl<'de> Visitor<'de> for Statements {
        type Value = Vec<Statement>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a statement or a list of statements")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }

        fn visit_map<A: MapAccess<'de>>(self, one: A) -> Result<Self::Value, A::Error> {
            Statement::deserialize(MapAccessDeserializer::new(one)).map(|statement| vec![statement])
        }
    }

    let statements = deserializer.deserialize_any(Statements)?;
    if statements.is_empty() {
        return Err(serde::de::Error::custom("a policy needs at least one statement"));
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> PolicyDocument {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn documents_that_iam_cannot_tell_apart_mean_the_same() {
        let written = document(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["b:Y","a:X"],"Resource":"*",
                "Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}}]}"#,
        );
        let returned = document(
            r#"{"Statement":{"Condition":{"Bool":{"kms:GrantIsForAWSResource":["true"]}},"Resource":["*"],
                "Action":["a:X","b:Y"],"Effect":"Allow"},"Version":"2012-10-17"}"#,
        );
        assert_ne!(written, returned);
        assert_eq!(written.meaning(), returned.meaning());
    }

    #[test]
    fn a_changed_effect_action_or_condition_changes_the_meaning() {
        let base =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:X","Resource":"*"}]}"#;
        for (from, to) in [("Allow", "Deny"), ("a:X", "a:Y"), ("\"*\"", "\"arn:aws:s3:::x\"")] {
            assert_ne!(document(base).meaning(), document(&base.replace(from, to)).meaning(), "{to}");
        }
    }

    #[test]
    fn the_canonical_rendering_keeps_the_form_it_was_read_in() {
        let text =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a:X"],"Resource":"*"}]}"#;
        assert_eq!(document(text).canonical(), text);
    }

    #[test]
    fn unknown_elements_and_empty_documents_are_refused() {
        for text in [
            r#"{"Version":"2012-10-17","Statement":[]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Actions":"x"}]}"#,
            r#"{"Version":"2025-01-01","Statement":[{"Effect":"Allow"}]}"#,
        ] {
            assert!(serde_json::from_str::<PolicyDocument>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_within_a_policy_is_said_in_words() {
        for (from, to, why) in [
            (r#"[{"Effect""#, r#"[{"Efect""#, "unknown field `Efect`"),
            ("[{", r#"["x",{"#, "expected struct Statement"),
            (r#""a:X""#, "1", "a text or a list of texts is needed here"),
            (r#""*""#, "[1]", "a text or a list of texts is needed here"),
            (r#""Resource""#, r#""Principal":7,"Resource""#, "a principal is \"*\", or kinds of principals"),
            (
                r#""Resource""#,
                r#""Condition":{"Bool":{"a":1.5}},"Resource""#,
                "whole numbers or truth values",
            ),
        ] {
            let good =
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:X","Resource":"*"}]}"#;
            let text = good.replace(from, to);
            let error = serde_json::from_str::<PolicyDocument>(&text).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("untagged"), "{text}: {error}");
        }
        let error = serde_json::from_str::<PolicyDocument>(r#"{"Version":"2012-10-17","Statement":7}"#);
        assert!(error.unwrap_err().to_string().contains("a statement or a list of statements"));
        let one = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Acton":"a:X"}}"#;
        assert!(serde_json::from_str::<PolicyDocument>(one).unwrap_err().to_string().contains("`Acton`"));
    }
}
