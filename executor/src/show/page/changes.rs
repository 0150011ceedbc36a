//! What changed since an older bundle, as a section of the page.

use super::html::Html;
use crate::changes::Since;
use crate::show::changes::{parts, summary, title};
use sts_schemas::difference::Risk;

/// Writes the section.
pub(super) fn write(out: &mut Html, since: &Since) {
    out.element("h2", &[("id", &"changed")], &title(since)).line();
    for note in &since.told.notes {
        out.element("p", &[("class", &"banner alarm")], note).line();
    }
    out.element("p", &[], &summary(since)).line();
    for part in parts(since) {
        out.element("h3", &[], &part.title).line();
        out.raw("<ul class=\"findings\">\n");
        for line in &part.lines {
            let class = if line.risk == Risk::None { "" } else { line.risk.name() };
            out.open("li", &[("class", &class)]);
            if line.risk > Risk::None {
                out.element("span", &[("class", &"level")], class).text(" ");
            }
            out.element("code", &[], &line.text).raw("</li>\n");
        }
        out.raw("</ul>\n");
    }
}
