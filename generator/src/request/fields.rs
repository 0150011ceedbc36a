//! Typed reading of a tree's fields, as Kubernetes reads JSON; everything wrong is kept, not only the first.

use super::document::Document;
use super::node::{Node, Value};
use super::problem::{Problem, Source};

/// Reads the fields of one document and keeps what is wrong with them.
pub(crate) struct Fields<'a> {
    file: &'a str,
    document: Document<'a>,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// A reader of this document.
    pub(crate) fn of(file: &'a str, document: Document<'a>) -> Self {
        Self { file, document, problems: Vec::new() }
    }

    /// What was wrong so far.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Where a node stands in the file.
    pub(crate) fn source(&self, node: &Node) -> Source {
        Source {
            file: self.file.to_owned(),
            document: self.document.number,
            line: self.document.lines_before + node.line,
        }
    }

    /// Keeps a problem with a node.
    pub(crate) fn wrong(&mut self, node: &Node, message: impl Into<String>) {
        let problem =
            Problem { source: self.source(node), column: Some(node.column), message: message.into() };
        self.problems.push(problem);
    }

    /// A mapping that must be there.
    pub(crate) fn mapping<'n>(&mut self, parent: &'n Node, path: &str, key: &str) -> Option<&'n Node> {
        let node = self.required(parent, path, key)?;
        if matches!(node.value, Value::Map(_)) {
            return Some(node);
        }
        self.mistyped(node, path, key, "a mapping");
        None
    }

    /// Text that must be there and not be empty.
    pub(crate) fn text<'n>(
        &mut self,
        parent: &'n Node,
        path: &str,
        key: &str,
    ) -> Option<(&'n str, &'n Node)> {
        let node = self.required(parent, path, key)?;
        let text = self.typed_text(node, path, key)?;
        if text.is_empty() {
            self.wrong(node, format!("{path}{key} is empty"));
            return None;
        }
        Some((text, node))
    }

    /// Text that may be absent.
    pub(crate) fn optional_text<'n>(
        &mut self,
        parent: &'n Node,
        path: &str,
        key: &str,
    ) -> Option<(&'n str, &'n Node)> {
        let node = parent.get(key)?;
        self.typed_text(node, path, key).map(|text| (text, node))
    }

    /// A list of texts; absent is empty.
    pub(crate) fn texts<'n>(&mut self, parent: &'n Node, path: &str, key: &str) -> Vec<(&'n str, &'n Node)> {
        let Some(nodes) = self.list(parent, path, key) else { return Vec::new() };
        let mut texts = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            if let Some(text) = self.typed_text(node, path, &format!("{key}[{index}]")) {
                texts.push((text, node));
            }
        }
        texts
    }

    /// A list; absent is `None`.
    pub(crate) fn list<'n>(&mut self, parent: &'n Node, path: &str, key: &str) -> Option<&'n [Node]> {
        let node = parent.get(key)?;
        if let Value::List(nodes) = &node.value {
            return Some(nodes);
        }
        self.mistyped(node, path, key, "a list");
        None
    }

    /// The members of a mapping, all of them text; absent is empty.
    pub(crate) fn text_map<'n>(
        &mut self,
        parent: &'n Node,
        path: &str,
        key: &str,
    ) -> Vec<(&'n str, &'n str)> {
        let Some(node) = parent.get(key) else { return Vec::new() };
        let Value::Map(members) = &node.value else {
            self.mistyped(node, path, key, "a mapping");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (name, value) in members {
            if value.value == Value::Null {
                texts.push((name.as_str(), ""));
            } else if let Some(text) = self.typed_text(value, path, &format!("{key}[{name}]")) {
                texts.push((name.as_str(), text));
            }
        }
        texts
    }

    /// Keeps that a field is not what it must be.
    pub(crate) fn mistyped(&mut self, node: &Node, path: &str, key: &str, wanted: &str) {
        let unquoted = matches!(node.value, Value::Bool(_) | Value::Integer(_) | Value::Inexact(_));
        let quotes = if wanted == "text" && unquoted { "; put it in quotes" } else { "" };
        self.wrong(node, format!("{path}{key} must be {wanted}, this is {}{quotes}", node.what()));
    }

    /// A whole number as Kubernetes reads it, which takes one with a zero in front for octal; none where it was written
    /// otherwise and readers differ. Source: `resolve` of go.yaml.in/yaml, with which sigs.k8s.io/yaml reads.
    pub(crate) fn whole_number(&self, node: &Node, value: i64) -> Option<i64> {
        let mut written = self.written(node).peekable();
        let sign = written.next_if(|c| matches!(c, '+' | '-'));
        let digits: String = written.take_while(|c| c.is_ascii_digit() || *c == '_').collect();
        if digits.len() == 1 || !digits.starts_with('0') {
            return Some(value);
        }
        let octal = i64::from_str_radix(&digits, 8).ok()?;
        Some(if sign == Some('-') { -octal } else { octal })
    }

    /// Whether a text stands there without quotes, and Kubernetes takes it for a number: it drops every underscore
    /// first. Source: `resolve` of go.yaml.in/yaml, with which sigs.k8s.io/yaml reads.
    pub(crate) fn is_number_elsewhere(&self, node: &Node) -> bool {
        let Some(text) = node.as_text().filter(|text| text.contains('_') && !text.starts_with('_')) else {
            return false;
        };
        let digits = text.replace('_', "").to_ascii_lowercase();
        let digits = digits.trim_start_matches(['+', '-']);
        let is_number = [("0x", 16), ("0o", 8), ("0b", 2)].iter().any(|(mark, radix)| {
            digits.strip_prefix(mark).is_some_and(|rest| u64::from_str_radix(rest, *radix).is_ok())
        }) || digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits.parse::<f64>().is_ok();
        is_number && self.written(node).take(text.chars().count()).eq(text.chars())
    }

    /// The line from where a node's text begins.
    fn written(&self, node: &Node) -> impl Iterator<Item = char> {
        let line = usize::try_from(node.line).unwrap_or_default().checked_sub(1);
        let column = usize::try_from(node.column).unwrap_or_default().saturating_sub(1);
        let line = line.and_then(|line| self.document.text.lines().nth(line)).unwrap_or_default();
        line.chars().skip(column)
    }

    fn required<'n>(&mut self, parent: &'n Node, path: &str, key: &str) -> Option<&'n Node> {
        let node = parent.get(key);
        if node.is_none() {
            self.wrong(parent, format!("{path}{key} is missing"));
        }
        node
    }

    fn typed_text<'n>(&mut self, node: &'n Node, path: &str, key: &str) -> Option<&'n str> {
        let text = node.as_text();
        if text.is_none() {
            self.mistyped(node, path, key, "text");
        } else if self.is_number_elsewhere(node) {
            self.wrong(node, format!("{path}{key} must be put in quotes: to Kubernetes it is a number"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::document;

    #[test]
    fn an_unquoted_text_that_kubernetes_takes_for_a_number_must_be_put_in_quotes() {
        for (written, is_number) in [
            ("1_", true),
            ("1__0", true),
            ("0_8", true),
            ("-1_.5", true),
            ("0x1__f", true),
            ("1_e3", true),
            ("_1", false),
            ("1_a", false),
            ("us_east_1", false),
            ("'1_'", false),
            ("\"1__0\"", false),
        ] {
            let text = format!("a: {written}\n");
            let document = *document::split(&text).first().unwrap();
            let node = document::parse(document.text).unwrap();
            let mut fields = Fields::of("a.yaml", document);
            fields.text(&node, "", "a");
            let problems: Vec<String> = fields.into_problems().into_iter().map(|p| p.message).collect();
            let expected = ["a must be put in quotes: to Kubernetes it is a number".to_owned()];
            assert_eq!(problems, if is_number { &expected[..] } else { &[] }, "{written}");
        }
    }
}
