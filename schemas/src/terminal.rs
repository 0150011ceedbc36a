//! Text for a terminal that must not obey it.

use std::fmt::Write as _;

/// The text with everything escaped that moves a cursor or turns the direction of writing.
///
/// Names come from whoever may write to the account, or put a file into a folder.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() || is_bidirectional_control(c) {
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

/// Source: Unicode Standard Annex #9, "Directional Formatting Characters".
fn is_bidirectional_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_move_the_cursor_or_turn_around() {
        assert_eq!(printable("a\x1b[2Kb\u{202e}c\u{9b}"), "a\\u{1b}[2Kb\\u{202e}c\\u{9b}");
        assert_eq!(printable("größe €"), "größe €");
    }
}
