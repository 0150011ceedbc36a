//! Text from elsewhere within Markdown: it can neither mark anything up nor hide what follows.

use crate::terminal::printable;

/// Text in which nothing is markup: everything that Markdown or HTML could take for it is escaped.
///
/// Source: `CommonMark`, "Backslash escapes": any ASCII punctuation may be escaped.
#[must_use]
pub fn plain(text: &str) -> String {
    let escaped = printable(text).chars().fold(String::new(), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
        out
    });
    // A bare address would become a link.
    escaped.replace("://", "&#58;//")
}

/// Text in the letters of a program, in a cell of a table.
#[must_use]
pub fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_comes_from_elsewhere_is_markup_or_hides_what_follows() {
        let text = "a|b\n# c <!-- `d` \u{202e}e\u{200b} [f](https://g) *h*";
        assert_eq!(
            plain(text),
            "a\\|b\\\\u{a}# c &lt;!-- \\`d\\` \\\\u{202e}e\\\\u{200b} \\[f\\](https&#58;//g) \\*h\\*"
        );
    }
}
