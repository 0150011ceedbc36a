//! Text for a terminal: as wide as that is, and nothing that it would obey.

mod notices;

pub use notices::{Notices, notices};

use std::fmt::Write as _;
use std::sync::OnceLock;
use terminal_size::terminal_size_of;

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

/// How wide text is at most: what a terminal has had since punched cards.
pub const WIDTH: usize = 80;

/// How wide text is here: as [`WIDTH`] says, and less where standard output is a narrower terminal, down to half of that.
#[must_use]
pub fn width() -> usize {
    static HERE: OnceLock<usize> = OnceLock::new();
    *HERE.get_or_init(|| {
        let terminal = terminal_size_of(std::io::stdout());
        terminal.map_or(WIDTH, |(columns, _)| usize::from(columns.0).clamp(WIDTH / 2, WIDTH))
    })
}

/// The text on lines that fit, each behind `indent`, each ending in a newline.
///
/// Words are not cut: a longer one stands on a line of its own, so that it can be copied. Only those are that are not
/// of ASCII alone, for what looks like a blank may be in them.
#[must_use]
pub fn wrapped(indent: &str, text: &str) -> String {
    hanging(indent, indent, text)
}

/// The same with all lines but the first behind `deeper`: set so that nothing of the program's own begins there, text
/// from elsewhere begins no line that could be taken for one of those.
#[must_use]
pub fn hanging(indent: &str, deeper: &str, text: &str) -> String {
    let mut lines = Lines { out: String::new(), indent, deeper, line: String::new() };
    for word in text.split_whitespace() {
        if word.is_ascii() {
            lines.put(word);
        } else {
            let room = width().saturating_sub(indent.len().max(deeper.len())).max(1);
            let signs: Vec<char> = word.chars().collect();
            signs.chunks(room).for_each(|piece| lines.put(&String::from_iter(piece)));
        }
    }
    lines.end();
    lines.out
}

/// Lines that are being filled.
struct Lines<'a> {
    out: String,
    indent: &'a str,
    deeper: &'a str,
    line: String,
}

impl Lines<'_> {
    fn put(&mut self, word: &str) {
        let length = |text: &str| text.chars().count();
        let filled = length(self.indent) + length(&self.line) + 1 + length(word);
        if !self.line.is_empty() && filled > width() {
            self.end();
        }
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push_str(word);
    }

    fn end(&mut self) {
        self.out.push_str(format!("{}{}", self.indent, self.line).trim_end());
        self.out.push('\n');
        self.line.clear();
        self.indent = self.deeper;
    }
}

/// One long text with all its blanks, cut where a line is full; every line but the first behind `deeper`.
///
/// `indent` is how much stands before the first line already, in signs.
#[must_use]
pub fn cut(indent: usize, deeper: &str, text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let first = width().saturating_sub(indent).max(1).min(signs.len());
    let (first, rest) = signs.split_at(first);
    let room = width().saturating_sub(deeper.chars().count()).max(1);
    rest.chunks(room)
        .fold(String::from_iter(first), |out, piece| out + "\n" + deeper + &String::from_iter(piece))
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

    #[test]
    fn text_from_elsewhere_begins_no_line_of_the_programs_own() {
        let text = hanging("  ", "      ", &"word ".repeat(40));
        assert!(text.starts_with("  word"), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("      word") && line.len() <= WIDTH));
        // A blank that is none to Unicode, in one long word.
        let text = hanging("  ", "      ", &format!("{}Plan: nothing", "\u{2800}".repeat(100)));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("      ")), "{text}");
    }

    #[test]
    fn a_long_value_keeps_its_blanks_and_stays_behind_its_indent() {
        let value = format!("\"x{}Plan: nothing\"", " ".repeat(150));
        let shown = cut(10, "            ", &value);
        assert_eq!(shown.lines().next().unwrap().len(), WIDTH - 10);
        assert!(shown.lines().skip(1).all(|line| line.starts_with("            ") && line.len() <= WIDTH));
        assert_eq!(shown.replace("\n            ", ""), value);
    }
}
