//! A file of clusters: for each of them the flags of `create-all`, under their names.

use crate::request::document::{self, Malformed};
use crate::request::{Node, Value};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use sts_schemas::terminal::printable;

/// The most clusters of a file: more than any organisation was heard to run, and a second's work to list.
const MOST_CLUSTERS: usize = 10_000;

/// The one member of the file.
const CLUSTERS: &str = "clusters";

/// One cluster as the file lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The line it begins in, from 1.
    pub(crate) line: u64,
    /// What is said of it.
    pub(crate) flags: Flags,
    /// What stands for flags and can be none, each a sentence, under their names.
    pub(crate) wrong: BTreeMap<String, String>,
}

/// Flags by their names, without the dashes.
pub(crate) type Flags = BTreeMap<String, Given>;

/// What is given for a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// One value or several.
    Values(Vec<OsString>),
    /// A flag without a value is set.
    On,
    /// A flag is not set, even where the command line sets it for all.
    Off,
}

/// Everything that is wrong with a file of clusters as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoFleet(Vec<String>);

impl std::error::Error for NoFleet {}

impl fmt::Display for NoFleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no list of clusters:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Reads a file of clusters; what is wrong with one of them stands with that one, and is no error here.
///
/// # Errors
/// Everything that is wrong with the list, with the lines.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, NoFleet> {
    let root = document::parse(text).map_err(|malformed| NoFleet(vec![told(malformed)]))?;
    let mut problems = Vec::new();
    let mut entries = Vec::new();
    let members: &[(String, Node)] = match &root.value {
        Value::Map(members) => members,
        _ => &[],
    };
    for (name, node) in members {
        match &node.value {
            Value::List(list) if name == CLUSTERS => {
                entries.extend(list.iter().filter_map(|node| entry(node, &mut problems)));
            }
            _ if name == CLUSTERS => {
                problems.push(format!(
                    "line {}: {CLUSTERS} is {}, and a list is needed",
                    node.line,
                    node.what()
                ));
            }
            _ => problems.push(format!("line {}: {} means nothing here", node.line, printable(name))),
        }
    }
    if entries.len() > MOST_CLUSTERS {
        problems.push(format!("{} clusters are listed, and {MOST_CLUSTERS} are the most", entries.len()));
    }
    if problems.is_empty() && entries.is_empty() {
        problems.push(format!("the list {CLUSTERS} is missing or empty"));
    }
    if problems.is_empty() { Ok(entries) } else { Err(NoFleet(problems)) }
}

fn told(malformed: Malformed) -> String {
    match malformed.position {
        Some((line, column)) => format!("line {line}, column {column}: {}", malformed.message),
        None => malformed.message,
    }
}

fn entry(node: &Node, problems: &mut Vec<String>) -> Option<Entry> {
    let Value::Map(members) = &node.value else {
        problems.push(format!(
            "line {}: a cluster is {}, and flags under their names are needed",
            node.line,
            node.what()
        ));
        return None;
    };
    let (mut flags, mut wrong) = (Flags::new(), BTreeMap::new());
    for (name, value) in members {
        match given(value) {
            Ok(given) => drop(flags.insert(name.clone(), given)),
            Err(what) => drop(wrong.insert(name.clone(), format!("line {}: {name} is {what}", value.line))),
        }
    }
    let line = members.iter().map(|(_, value)| value.line).chain([node.line]).min().unwrap_or_default();
    Some(Entry { line, flags, wrong })
}

/// What stands for a flag. A number must be quoted: an account's leading zeros would be lost.
fn given(node: &Node) -> Result<Given, String> {
    match &node.value {
        Value::Text(text) => Ok(Given::Values(vec![text.into()])),
        Value::Bool(true) => Ok(Given::On),
        Value::Bool(false) => Ok(Given::Off),
        Value::List(list) => {
            let texts: Option<Vec<_>> = list.iter().map(|node| node.as_text().map(OsString::from)).collect();
            texts.map(Given::Values).ok_or_else(|| "a list of other things than text; quote each".into())
        }
        Value::Integer(_) | Value::Inexact(_) => Err("a number; put it into quotes".into()),
        Value::Null | Value::Map(_) => {
            Err(format!("{}, and text, true, false or a list is needed", node.what()))
        }
    }
}

/// The words of a command line with these flags for all clusters, where `own` do not say otherwise.
pub(crate) fn words(common: &Flags, own: &Flags) -> Vec<OsString> {
    let mut flags = common.clone();
    flags.extend(own.clone());
    let of_flag = |(name, given): (String, Given)| match given {
        Given::Off => Vec::new(),
        Given::On => vec![OsString::from(format!("--{name}"))],
        Given::Values(values) => {
            let word = |value: &OsString| {
                let mut word = OsString::from(format!("--{name}="));
                word.push(value);
                word
            };
            values.iter().map(word).collect()
        }
    };
    flags.into_iter().flat_map(of_flag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_is_a_command_line_and_says_otherwise_than_all_where_it_wants() {
        let text = "clusters:\n- name: blue\n  tag: [a=b, c=d]\n  recursive: false\n- {name: red, any-account: true}\n";
        let found = entries(text).unwrap();
        assert_eq!(found.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 5]);
        let common = Flags::from([
            ("recursive".to_owned(), Given::On),
            ("region".to_owned(), Given::Values(vec!["eu-west-1".into()])),
        ]);
        let lines = found.iter().map(|entry| words(&common, &entry.flags));
        let lines: Vec<Vec<_>> =
            lines.map(|words| words.into_iter().map(|word| word.into_string().unwrap()).collect()).collect();
        assert_eq!(lines[0], ["--name=blue", "--region=eu-west-1", "--tag=a=b", "--tag=c=d"]);
        assert_eq!(lines[1], ["--any-account", "--name=red", "--recursive", "--region=eu-west-1"]);
    }

    #[test]
    fn what_is_wrong_with_one_cluster_stands_with_that_one() {
        let text = "clusters:\n- name: blue\n  account-id: 012345678901\n- tag: [1]\n- name: red\n";
        let found = entries(text).unwrap();
        let wrong: Vec<Vec<_>> =
            found.iter().map(|entry| entry.wrong.values().map(String::as_str).collect()).collect();
        assert_eq!(
            wrong,
            [
                vec!["line 3: account-id is a number; put it into quotes"],
                vec!["line 4: tag is a list of other things than text; quote each"],
                vec![]
            ]
        );
        assert!(found[0].flags.contains_key("name"), "who it is can be told all the same");
    }

    #[test]
    fn all_that_is_wrong_with_the_list_is_told_with_its_line() {
        let told = entries("clusters:\n- name: blue\n- red\nmore: 1\n").unwrap_err().to_string();
        for words in ["line 3: a cluster is text", "line 4: more means nothing here"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        for nothing in ["", "clusters: []\n", "- a\n"] {
            assert!(entries(nothing).unwrap_err().to_string().contains("missing or empty"), "{nothing:?}");
        }
        assert!(entries("clusters: 3\n").unwrap_err().to_string().contains("a list is needed"));
        assert!(entries("clusters:\n- {name: a, name: b}\n").is_err(), "a flag twice");
    }
}
