//! Lines that fit a terminal.

/// How wide text is: what a terminal has had since punched cards.
pub(super) const WIDTH: usize = 80;

/// The text on lines of at most 80 characters, each behind `indent`, each ending in a newline.
///
/// Words are never cut: a longer one stands on a line of its own.
pub(super) fn wrapped(indent: &str, text: &str) -> String {
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
    fn lines_are_filled_but_never_too_wide_unless_one_word_is() {
        let text = wrapped("  ", &"word ".repeat(40));
        assert_eq!(text.matches("word").count(), 40);
        assert!(text.lines().all(|line| line.starts_with("  ") && line.len() <= WIDTH));
        assert!(text.lines().next().unwrap().len() > WIDTH - 6);
        let long = "x".repeat(100);
        assert_eq!(wrapped("  ", &format!("a {long} b")), format!("  a\n  {long}\n  b\n"));
    }
}
