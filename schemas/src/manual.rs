//! Pages of the manual: what of them is to be read line by line.
//!
//! Source of the requests and escapes: `groff(7)` and `groff_man(7)`.

/// What begins a section.
const SECTION: &str = "\n.SH ";

/// A page that clap rendered, with the usage and the examples of the command's help in it, line by line.
///
/// Clap's own synopsis leaves out what values are called, and it fills the lines of examples, which nobody can copy
/// then.
#[must_use]
pub(crate) fn page(rendered: &str, usage: &str, examples: &str) -> String {
    let mut sections = rendered.split(SECTION);
    let mut page = sections.next().unwrap_or_default().to_owned();
    for section in sections {
        page.push_str(SECTION);
        match section.split_once('\n') {
            Some(("SYNOPSIS", _)) => page.push_str(&synopsis(usage)),
            Some(("EXTRA", _)) => {
                // An example may be as wide as the terminal: it stands at the margin.
                page.push_str("EXAMPLES\n.in 0\n");
                page.push_str(&verbatim(examples));
            }
            _ => page.push_str(section),
        }
    }
    if !page.ends_with('\n') {
        page.push('\n');
    }
    page
}

/// The section of a usage, with what is to be replaced in italics.
fn synopsis(usage: &str) -> String {
    const TITLE: &str = "Usage: ";
    // Further lines are indented as far as the title is wide.
    const INDENT: &str = "       ";
    let lines = usage
        .lines()
        .map(|line| line.strip_prefix(TITLE).or_else(|| line.strip_prefix(INDENT)).unwrap_or(line));
    let text = verbatim(&lines.collect::<Vec<_>>().join("\n"));
    format!("SYNOPSIS\n{}", text.replace('<', "<\\fI").replace('>', "\\fR>"))
}

/// Lines as they are: not filled, nothing broken, no character replaced by a nicer one.
fn verbatim(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
        .replace('`', "\\(ga")
        .replace('~', "\\(ti")
        .replace('^', "\\(ha");
    let mut roff = String::from(".nf\n");
    for line in escaped.lines() {
        // A line that begins with a dot would be a request; these are not.
        roff.push_str("\\&");
        roff.push_str(line);
        roff.push('\n');
    }
    roff + ".fi"
}

#[cfg(test)]
mod tests {
    use super::*;

    const RENDERED: &str =
        ".TH x 1\n.SH NAME\nx\n.SH SYNOPSIS\n\\fBx\\fR [\\-\\-f]\n.SH DESCRIPTION\nDoes x.\n.SH EXTRA\na b\n";

    #[test]
    fn usage_and_examples_stand_line_by_line_in_the_place_of_claps_own() {
        let usage = "Usage: x [OPTIONS] --f <F>\n       x --g";
        let page = page(RENDERED, usage, "Example:\n  x --f ~/a \\\n      'b'\n.c");
        assert_eq!(
            page,
            ".TH x 1\n.SH NAME\nx\n.SH SYNOPSIS\n.nf\n\\&x [OPTIONS] \\-\\-f <\\fIF\\fR>\n\\&x \\-\\-g\n.fi\n\
             .SH DESCRIPTION\nDoes x.\n\
             .SH EXAMPLES\n.in 0\n.nf\n\\&Example:\n\\&  x \\-\\-f \\(ti/a \\e\n\\&      \\(aqb\\(aq\n\\&.c\n.fi\n"
        );
    }
}
