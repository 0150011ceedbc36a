//! Standard error: what people read there, in lines that their terminal does not break.

use super::WIDTH;
use std::io::{self, IsTerminal as _, Write};
use terminal_size::terminal_size_of;

/// Programs whose commands a person copies from what is said.
const PROGRAMS: [&str; 5] = ["sts-generator", "sts-executor", "aws", "oc", "terraform"];

/// Standard error, line by line: each goes out whole, whatever other threads say meanwhile.
///
/// Where it is a terminal, lines that are longer than that is wide, or than [`WIDTH`], are broken between words and go on
/// further in. Elsewhere they stay as they are, for programs to search. What is to be copied stays in one piece: commands
/// and flags behind a colon or at the beginning, whatever stands in backticks, objects of JSON, quoted text that fits
/// on a line, and every word, as paths and digests are. A path with a blank in it is more than one word.
#[derive(Debug)]
pub struct Notices {
    width: Option<usize>,
    held: Vec<u8>,
}

/// Standard error as it is now.
#[must_use]
pub fn notices() -> Notices {
    let width = io::stderr().is_terminal().then(|| {
        // A terminal that does not say how wide it is counts as an ordinary one.
        let size = terminal_size_of(io::stderr());
        size.map_or(WIDTH, |(columns, _)| usize::from(columns.0).clamp(WIDTH / 2, WIDTH))
    });
    Notices { width, held: Vec::new() }
}

impl Notices {
    /// The text as it would be written: for whoever draws on the terminal beside it.
    #[must_use]
    pub fn fitted(&self, text: &str) -> String {
        match self.width {
            Some(width) => text.split('\n').map(|line| broken(line, width)).collect::<Vec<_>>().join("\n"),
            None => text.to_owned(),
        }
    }

    fn let_go(&mut self, end: usize) -> io::Result<()> {
        let rest = self.held.split_off(end);
        let lines = std::mem::replace(&mut self.held, rest);
        io::stderr().write_all(self.fitted(&String::from_utf8_lossy(&lines)).as_bytes())
    }
}

impl Write for Notices {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if let Some(at) = self.held.iter().rposition(|byte| *byte == b'\n') {
            self.let_go(at + 1)?;
        }
        Ok(bytes.len())
    }

    /// Lets go of what ends in no line end too, as a question does.
    fn flush(&mut self) -> io::Result<()> {
        self.let_go(self.held.len())
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        // Where standard error is gone, nobody is left to tell.
        let _ = self.flush();
    }
}

/// One line as several, where it is too long and may be broken.
fn broken(line: &str, width: usize) -> String {
    let text = line.trim_end();
    // A command that goes on in the next line is copied with it.
    if seen(text) <= width || text.ends_with('\\') {
        return line.to_owned();
    }
    let head = head(text, width);
    let (begin, rest) = text.split_at(head);
    let deeper = match begin.trim_start() {
        // What is commented out stays so.
        "# " => begin.to_owned(),
        "" => begin.to_owned() + "  ",
        _ => " ".repeat(seen(begin)),
    };
    let mut out = begin.to_owned();
    let (mut filled, mut is_begun) = (seen(begin), false);
    let room = width.saturating_sub(seen(&deeper));
    let pieces = Pieces { rest, room, may_command: true };
    for piece in pieces {
        if is_begun && filled + 1 + seen(piece) > width {
            out = out + "\n" + &deeper;
            filled = seen(&deeper);
        } else if is_begun {
            out.push(' ');
            filled += 1;
        }
        out.push_str(piece);
        filled += seen(piece);
        is_begun = true;
    }
    out + &line[text.len()..]
}

/// Where the text of a line begins: behind its blanks, and behind a number, a comment's sign or the columns of a table.
fn head(line: &str, width: usize) -> usize {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if text.starts_with("# ") {
        return indent + 2;
    }
    if number.len() < text.len() && number.starts_with(". ") {
        return line.len() - number.len() + 2;
    }
    let gap = text.match_indices("  ").map(|(at, _)| at).take_while(|at| indent + at < width / 2).last();
    let behind = |at: usize| text.len() - text[at..].trim_start_matches(' ').len();
    indent + gap.map_or(0, behind)
}

/// The pieces of a text that stay whole.
struct Pieces<'a> {
    rest: &'a str,
    /// How long a piece may be that need not stay whole.
    room: usize,
    /// Whether the next word may begin a command.
    may_command: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.trim_start_matches(' ');
        if text.is_empty() {
            return None;
        }
        let end = self.end(text);
        let (piece, rest) = text.split_at(end);
        // Clap's usage shows what may stand in a command, and is none.
        (self.rest, self.may_command) = (rest, piece.ends_with(':') && piece != "Usage:");
        Some(piece)
    }
}

impl Pieces<'_> {
    fn end(&self, text: &str) -> usize {
        let mut ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
        let word = ends.next().unwrap_or(text.len());
        if self.may_command && PROGRAMS.contains(&&text[..word]) {
            return text.len();
        }
        if self.may_command && text.starts_with("--") {
            // A flag and its value.
            return ends.next().unwrap_or(text.len());
        }
        if is_closed(&text[..word]) {
            return word;
        }
        let end = ends.find(|end| is_closed(&text[..*end])).unwrap_or(word);
        let is_to_copy = text[..end].contains(['`', '{']);
        if is_to_copy || seen(&text[..end]) <= self.room { end } else { word }
    }
}

/// Whether all that this text opens is closed in it.
fn is_closed(text: &str) -> bool {
    let count = |sign: &str| text.matches(sign).count();
    let quotes = count("\"") - count("\\\"");
    quotes.is_multiple_of(2) && count("`").is_multiple_of(2) && count("{") <= count("}")
}

/// How many columns a text takes: its signs, but for those that set colours. Source: ECMA-48, 5.4.
fn seen(text: &str) -> usize {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().chars().count();
    let behind = |part: &str| part.chars().skip_while(|c| !c.is_ascii_alphabetic()).skip(1).count();
    parts.fold(first, |sum, part| sum + behind(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_60(text: &str) -> String {
        Notices { width: Some(60), held: Vec::new() }.fitted(text)
    }

    #[test]
    fn a_long_line_goes_on_further_in_and_a_short_one_stays_as_it_is() {
        let text = format!("Hint: {}", "word ".repeat(20));
        let shown = at_60(text.trim_end());
        assert!(shown.lines().count() > 1 && shown.lines().all(|line| line.len() <= 60), "{shown}");
        assert!(shown.lines().skip(1).all(|line| line.starts_with("  word")), "{shown}");
        assert_eq!(at_60("  a   short\n\nline \n"), "  a   short\n\nline \n");
    }

    #[test]
    fn what_is_to_be_copied_stays_in_one_piece() {
        let command = "sts-generator install --from a-folder --install-dir another --and-more words";
        for text in [
            command.to_owned(),
            format!("       {command}"),
            format!("       --from-literal={command} \\"),
            format!("# as a whole:\n{command}"),
            format!("next, when the other side is done with it: {command}"),
            format!("something long enough to be broken, `{command}` and something behind"),
            "a policy of the bucket says {\"Statement\": [{\"Effect\":  \"Allow\"}, {\"and\": {\"so\": \"on\"}}]}".to_owned(),
            format!("cannot use /some/{} for what it is", "folder/".repeat(12)),
        ] {
            let shown = at_60(&text);
            let whole = |part: &str| shown.lines().any(|line| line.contains(part));
            let kept = [command, "{\"Statement\": [{\"Effect\":  \"Allow\"}, {\"and\": {\"so\": \"on\"}}]}", "/some/folder/"];
            assert!(kept.into_iter().any(whole), "{shown}");
            assert_eq!(shown.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
        }
        assert!(at_60(&"Usage: sts-generator --name <NAME> ".repeat(3)).lines().all(|line| line.len() <= 60));
    }

    #[test]
    fn numbers_comments_and_columns_keep_their_indent() {
        let words = "word ".repeat(15);
        for (head, deeper) in
            [("2. ", "   "), ("# ", "# "), ("   ", "     "), ("  account     ", "              ")]
        {
            let shown = at_60(&format!("{head}{words}"));
            let mut lines = shown.trim_end().lines();
            assert!(lines.next().unwrap().starts_with(&format!("{head}word")), "{shown}");
            assert!(
                lines.all(|line| line.starts_with(&format!("{deeper}word")) && line.len() <= 60),
                "{shown}"
            );
        }
    }

    #[test]
    fn colours_take_no_room() {
        let coloured = "\x1b[1;31mword\x1b[0m ".repeat(10);
        assert_eq!(seen(&coloured), 50);
        assert_eq!(at_60(&coloured), coloured);
    }

    #[test]
    fn a_quote_that_fits_stays_whole_and_a_longer_one_does_not() {
        let shown =
            at_60("spec.providerSpec.statementEntries[0].action holds \"ec 2:AttachVolume\": it is wrong");
        assert!(shown.contains("\n  \"ec 2:AttachVolume\":"), "{shown}");
        let shown = at_60(&format!("\"{}\" is too long", "word ".repeat(20)));
        assert!(shown.lines().all(|line| line.len() <= 60), "{shown}");
    }
}
