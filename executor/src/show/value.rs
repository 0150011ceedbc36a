//! One setting's old and new value.

use super::{Paint, Tone, printable};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;
use sts_schemas::plan::Change;

/// How many unchanged lines stand around a changed one.
const CONTEXT: usize = 2;

/// The lines that show what becomes of the setting `name`, each ending in a newline.
pub(super) fn change(name: &str, change: &Change, paint: Paint) -> String {
    let name = printable(name);
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if is_short(old) && is_short(new) => {
            format!("      {name}: {} -> {}\n", one_line(old), one_line(new))
        }
        (None, Some(new)) if is_short(new) => {
            format!("      {name}: {}\n", paint.tone(Tone::Added, &format!("+ {}", one_line(new))))
        }
        (Some(old), None) if is_short(old) => {
            format!("      {name}: {}\n", paint.tone(Tone::Removed, &format!("- {}", one_line(old))))
        }
        (old, new) => format!("      {name}:\n{}", diff(&pretty(old.as_ref()), &pretty(new.as_ref()), paint)),
    }
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

fn diff(old: &str, new: &str, paint: Paint) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            text.push_str("          ...\n");
        }
        for line in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let content = printable(line.value().trim_end_matches('\n'));
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
