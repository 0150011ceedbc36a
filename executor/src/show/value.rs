//! One setting's old and new value.

use super::wrap::{cut, width};
use super::{Paint, Tone, keys, printable};
use serde_json::Value;
use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::{ChangeTag, DiffOp, group_diff_ops};
use std::fmt::Write as _;
use sts_schemas::plan::Change;

/// How many unchanged lines stand around a changed one.
const CONTEXT: usize = 2;

/// The lines that show what becomes of the setting `name`, each ending in a newline.
pub(super) fn change(name: &str, change: &Change, paint: Paint) -> String {
    let name = printable(name);
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if fits(&name, old, new) => {
            format!("      {name}: {} -> {}\n", one_line(old), one_line(new))
        }
        (None, Some(new)) if is_short(new) => {
            format!(
                "      {name}: {}\n",
                paint.tone(Tone::Added, &long(&name, &format!("+ {}", one_line(new))))
            )
        }
        (Some(old), None) if is_short(old) => {
            format!(
                "      {name}: {}\n",
                paint.tone(Tone::Removed, &long(&name, &format!("- {}", one_line(old))))
            )
        }
        (old, new) => {
            let shown = keys::change(change, paint);
            let shown = shown.unwrap_or_else(|| diff(&pretty(old.as_ref()), &pretty(new.as_ref()), paint));
            format!("      {name}:\n{shown}")
        }
    }
}

/// Whether both values stand in one line of a terminal; else they stand below each other.
fn fits(name: &str, old: &Value, new: &Value) -> bool {
    /// What stands before, between and behind: `      name: old -> new`.
    const AROUND: usize = 6 + 2 + 4;
    let length = |text: &str| text.chars().count();
    is_short(old)
        && is_short(new)
        && AROUND + length(name) + length(&one_line(old)) + length(&one_line(new)) <= width()
}

/// Where a value goes on that is longer than a line: nothing else begins so.
const BEHIND: &str = "            | ";

/// A value behind the name of its setting.
fn long(name: &str, value: &str) -> String {
    cut(6 + name.chars().count() + 2, BEHIND, value)
}

fn is_short(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

fn one_line(value: &Value) -> String {
    printable(&value.to_string())
}

fn pretty(value: Option<&Value>) -> String {
    value
        .and_then(|value| serde_json::to_string_pretty(value).ok())
        .map(|text| text + "\n")
        .unwrap_or_default()
}

/// Lines are the same only in the same member: the `"*"` of a Resource is not that of an Action.
fn diff(old: &str, new: &str, paint: Paint) -> String {
    let (old, new) = (placed(old), placed(new));
    let mut text = String::new();
    for (index, group) in group_diff_ops(operations(&old, &new), CONTEXT).iter().enumerate() {
        if index > 0 {
            text.push_str("          ...\n");
        }
        for line in group.iter().flat_map(|operation| operation.iter_changes(&old, &new)) {
            let content = cut(10, BEHIND, &printable(line.value().text));
            let line = match line.tag() {
                ChangeTag::Equal => format!("  {content}"),
                ChangeTag::Insert => paint.tone(Tone::Added, &format!("+ {content}")),
                ChangeTag::Delete => paint.tone(Tone::Removed, &format!("- {content}")),
            };
            let _ = writeln!(text, "        {line}");
        }
    }
    text
}

/// What makes the new lines of the old ones. By one algorithm's name: by any, all five come into the program.
fn operations(old: &[Placed<'_>], new: &[Placed<'_>]) -> Vec<DiffOp> {
    let mut found = Compact::new(Replace::new(Capture::new()), old, new);
    // What captures cannot fail.
    let Ok(()) = myers::diff_deadline_raw(&mut found, old, 0..old.len(), new, 0..new.len(), None);
    found.into_inner().into_inner().into_ops()
}

/// A line of indented JSON, and the members it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed<'a> {
    members: Vec<&'a str>,
    text: &'a str,
}

fn placed(json: &str) -> Vec<Placed<'_>> {
    const INDENT: usize = 2;
    let mut members: Vec<&str> = Vec::new();
    json.lines()
        .map(|text| {
            let content = text.trim_start();
            members.truncate((text.len() - content.len()) / INDENT);
            let line = Placed { members: members.clone(), text };
            members.push(content.split_once("\": ").map_or("", |(member, _)| member));
            line
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::wrap::WIDTH;
    use super::*;
    use serde_json::json;

    #[test]
    fn values_stand_in_one_line_where_they_fit_and_below_each_other_where_not() {
        let shown = |old: &str, new: &str| {
            change("description", &Change { old: Some(json!(old)), new: Some(json!(new)) }, Paint::Plain)
        };
        let line = format!("      description: \"{}\" -> \"{}\"\n", "a".repeat(26), "b".repeat(27));
        assert_eq!(line.trim_end().len(), WIDTH);
        assert_eq!(shown(&"a".repeat(26), &"b".repeat(27)), line);
        let (old, new) = ("a".repeat(27), "b".repeat(27));
        let lines = format!("      description:\n        - \"{old}\"\n        + \"{new}\"\n");
        assert_eq!(shown(&old, &new), lines);
    }

    #[test]
    fn a_wildcard_that_goes_is_not_taken_for_one_that_stays() {
        let old = json!([{"Action": ["*"], "Resource": ["*"]}]);
        let new = json!([{"Action": ["ec2:Describe"], "Resource": ["*"]}]);
        let shown = change("policy", &Change { old: Some(old), new: Some(new) }, Paint::Plain);
        let lines: Vec<_> = shown.lines().map(str::trim).collect();
        assert!(lines.contains(&"-       \"*\"") && lines.contains(&"+       \"ec2:Describe\""), "{shown}");
    }
}
