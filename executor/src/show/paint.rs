//! Colour where it is wanted, and text that cannot play tricks on a terminal.

use std::fmt::Write as _;

/// Whether text may bear colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Letters only.
    Plain,
    /// With ANSI colours.
    Colour,
}

/// What a piece of text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something comes to be.
    Added,
    /// Something changes.
    Changed,
    /// Something goes.
    Removed,
    /// Something to look at twice.
    Warning,
    /// A heading.
    Strong,
}

impl Paint {
    /// The text in the colour of its tone, or as it is.
    #[must_use]
    pub fn tone(self, tone: Tone, text: &str) -> String {
        if self == Self::Plain {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Added => "32",
            Tone::Changed => "33",
            Tone::Removed => "31",
            Tone::Warning => "1;33",
            Tone::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// The text with everything escaped that moves a cursor or turns the direction of writing.
///
/// Names and tags come from whoever may write to the account: a terminal must not obey them.
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

    #[test]
    fn plain_text_bears_no_escape() {
        assert_eq!(Paint::Plain.tone(Tone::Warning, "x"), "x");
        assert_eq!(Paint::Colour.tone(Tone::Added, "x"), "\x1b[32mx\x1b[0m");
    }
}
