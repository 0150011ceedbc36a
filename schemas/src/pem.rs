//! Finding the PEM block in a file that may begin with comments. Source: RFC 7468, section 2.

const BEGIN: &str = "-----BEGIN ";

/// The label of the first PEM block of a text, `None` where there is no block.
pub(crate) fn label(text: &str) -> Option<&str> {
    let (label, _) = block(text)?[BEGIN.len()..].split_once("-----")?;
    Some(label)
}

/// How many PEM blocks begin in a text.
pub(crate) fn count(text: &str) -> usize {
    text.matches(BEGIN).count()
}

/// The block itself and what follows it, without comments before it.
pub(crate) fn block(text: &str) -> Option<&str> {
    Some(&text[text.find(BEGIN)?..])
}

/// What the first line `# <label>: <value>` before the block says.
pub(crate) fn comment<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let before = &text[..text.find(BEGIN)?];
    before.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(label)?.strip_prefix(": "))
}

/// Such a line.
pub(crate) fn to_comment(label: &str, value: &str) -> String {
    format!("# {label}: {value}\n")
}
