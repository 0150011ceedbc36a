//! Text for a terminal: as wide as that is, and nothing that it would obey.

use std::fmt::Write as _;

/// The text with everything escaped that moves a cursor, turns the direction of writing, or is not seen at all.
///
/// Names come from whoever may write to the account, or put a file into a folder.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_unsafe(c) {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        } else {
            out.push(c);
        }
        out
    })
}

/// The same for a text of several lines, which stay lines.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// JSON whose texts a terminal may show: within them stand escapes for what [`printable`] escapes. It says the same.
#[must_use]
pub fn printable_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        // Line ends between the members stay; within a text there is none.
        if c != '\n' && is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
        out
    })
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || is_bidirectional_control(c) || is_invisible(c)
}

/// Spaces without width, separators of lines, and tags. Source: Unicode Character Database, general categories Cf, Zl
/// and Zp, those that stand in no writing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Source: Unicode Standard Annex #9, "Directional Formatting Characters".
fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How wide text is: what a terminal has had since punched cards.
pub const WIDTH: usize = 80;

/// The text on lines of at most 80 characters, each behind `indent`, each ending in a newline.
///
/// Words are never cut: a longer one stands on a line of its own.
#[must_use]
pub fn wrapped(indent: &str, text: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let width = indent.chars().count() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && width > WIDTH {
            out.push_str(&format_line(indent, &line));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(&format_line(indent, &line));
    out
}

fn format_line(indent: &str, line: &str) -> String {
    format!("{indent}{line}").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_move_the_cursor_or_turn_around() {
        assert_eq!(printable("a\x1b[2Kb\u{202e}c\u{9b}"), "a\\u{1b}[2Kb\\u{202e}c\\u{9b}");
        assert_eq!(printable("größe €"), "größe €");
        assert_eq!(printable("a\u{200b}b\u{2028}c\u{e0041}"), "a\\u{200b}b\\u{2028}c\\u{e0041}");
    }

    #[test]
    fn json_says_the_same_in_escapes() {
        let value = serde_json::json!({"a\u{9b}": "b\u{202e}\n\u{e0041}é"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = printable_json(&text);
        assert!(!safe.chars().any(|c| c != '\n' && is_unsafe(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn lines_are_filled_but_never_too_wide_unless_one_word_is() {
        let text = wrapped("  ", &"word ".repeat(40));
        assert_eq!(text.matches("word").count(), 40);
        assert!(text.lines().all(|line| line.starts_with("  ") && line.len() <= WIDTH));
        assert!(text.lines().next().unwrap().len() > WIDTH - 6);
        let long = "x".repeat(100);
        assert_eq!(wrapped("  ", &format!("a {long} b")), format!("  a\n  {long}\n  b\n"));
    }
}
