//! Markup that text from elsewhere cannot get into.

use crate::show::printable;
use std::fmt::Display;

/// A piece of HTML or SVG.
///
/// Tags and names of attributes are words of this program; everything else comes in as text and is escaped.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of this program's own.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, whatever it holds.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&escaped(text));
        self
    }

    /// The beginning of an element.
    pub(super) fn open(
        &mut self,
        tag: &'static str,
        attributes: &[(&'static str, &dyn Display)],
    ) -> &mut Self {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.0.push_str(&escaped(&value.to_string()));
            self.0.push('"');
        }
        self.0.push('>');
        self
    }

    /// The end of an element.
    pub(super) fn close(&mut self, tag: &'static str) -> &mut Self {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        self
    }

    /// An element with text in it.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        attributes: &[(&'static str, &dyn Display)],
        text: &str,
    ) -> &mut Self {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// The end of a line, for whoever reads the source.
    pub(super) fn line(&mut self) -> &mut Self {
        self.0.push('\n');
        self
    }

    /// The whole of it.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// The text with everything escaped that means something in HTML, in an attribute, or to a screen.
fn escaped(text: &str) -> String {
    printable(text).chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_neither_open_a_tag_nor_leave_an_attribute() {
        let mut html = Html::default();
        html.element("p", &[("title", &"\" onload='x'")], "</p><script>&\u{202e}");
        assert_eq!(
            html.into_string(),
            "<p title=\"&quot; onload=&#39;x&#39;\">&lt;/p&gt;&lt;script&gt;&amp;\\u{202e}</p>"
        );
    }
}
