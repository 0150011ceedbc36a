//! A bundle as one page for a browser: no network, no script, to read, to print, to file.

mod changes;
mod drawing;
mod html;

use super::contents::{self, title};
use super::facts::{facts, open_places_named};
use super::grant::{Grant, action_texts, conditions, grants, is_pattern, resources};
use super::plan::essence;
use crate::changes::Since;
use html::Html;
use sts_schemas::alarm::alarms_of_bundle;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::inspection::Trust;
use sts_schemas::lint::Level;
use sts_schemas::policy::{Effect, Statement};
use sts_schemas::version::VERSION;

/// How the page looks, for every reader: on a screen in the light, in the dark, and on paper.
pub const STYLE: &str = include_str!("page/style.css");

/// What stands before the page's own words. A browser is told to fetch nothing and to run nothing.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
"#;

/// The whole page.
#[must_use]
pub fn text(bundle: &VerifiedBundle, trust: Trust, since: Option<&Since>) -> String {
    let title = title(bundle, trust);
    let mut out = Html::default();
    out.raw(HEAD).element("title", &[], &title).line();
    out.raw("<style>\n").raw(STYLE).raw("</style>\n</head>\n<body>\n<main>\n");
    out.element("h1", &[], &title).line();
    banner(&mut out, trust);
    for warning in alarms_of_bundle(bundle) {
        out.element("p", &[("class", &"banner alarm")], &warning).line();
    }
    summary(&mut out, bundle);
    if let Some(since) = since {
        changes::write(&mut out, since);
    }
    findings(&mut out, bundle);
    let grants = grants(bundle.outline());
    drawings(&mut out, &grants);
    statements(&mut out, &grants);
    other_resources(&mut out, bundle);
    files(&mut out, bundle);
    out.raw("</main>\n<footer>\n");
    out.element("p", &[], &format!("Made by sts-executor {} from the bundle's content.", *VERSION)).line();
    out.raw("</footer>\n</body>\n</html>\n");
    open_places_named(bundle, &out.into_string())
}

fn banner(out: &mut Html, trust: Trust) {
    match trust {
        Trust::Verified => out.raw(
            "<p class=\"banner good\"><strong>VERIFIED.</strong> Signed by a trusted key, whole, and consistent. \
             That says who made it, not that its permissions are wise.</p>\n",
        ),
        Trust::Unverified => out.raw(
            "<p class=\"banner alarm\"><strong>UNVERIFIED.</strong> No trusted key was given: anybody may have \
             written this.</p>\n",
        ),
    };
}

fn summary(out: &mut Html, bundle: &VerifiedBundle) {
    out.raw("<dl>\n");
    for (name, value) in facts(bundle) {
        let class = if matches!(name, "bundle" | "signed by" | "unknown key" | "token key" | "its kid") {
            "mono"
        } else {
            ""
        };
        out.element("dt", &[], name).element("dd", &[("class", &class)], &value).line();
    }
    out.raw("</dl>\n");
}

fn findings(out: &mut Html, bundle: &VerifiedBundle) {
    let findings = contents::findings(bundle);
    out.raw("<h2 id=\"twice\">What to look at twice</h2>\n");
    if findings.is_empty() {
        out.raw("<p>Nothing was found.</p>\n");
        return;
    }
    out.raw("<ul class=\"findings\">\n");
    for finding in findings {
        let class = match finding.level {
            Level::Danger => "danger",
            Level::Warning => "warning",
            Level::Info => "info",
        };
        out.open("li", &[("class", &class)]).element("span", &[("class", &"level")], class);
        let place = match finding.statement {
            0 => String::new(),
            number => format!(", statement {number}"),
        };
        out.text(" ").element("strong", &[], &finding.request).text(&format!("{place}: {}", finding.message));
        out.raw("</li>\n");
    }
    out.raw("</ul>\n");
}

fn drawings(out: &mut Html, grants: &[Grant<'_>]) {
    out.raw("<h2 id=\"who\">Who may do what</h2>\n<figure>\n<figcaption>");
    out.raw("A service account (left) takes on a role (middle), which opens services of AWS (right). ");
    out.raw("<span class=\"wild\">Underlined</span>: a wildcard, more than one action. ");
    out.raw("Dashed: denied. The same in words is under <a href=\"#statements\">Every statement</a>.");
    out.raw("</figcaption>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Drawing of roles\">\n");
    out.raw("<div class=\"columns\" aria-hidden=\"true\"><span>Service account</span><span>Role</span>");
    out.raw("<span>Services and actions</span></div>\n");
    for grant in grants {
        drawing::draw(out, grant);
    }
    out.raw("</div>\n</figure>\n");
}

fn statements(out: &mut Html, grants: &[Grant<'_>]) {
    out.raw("<h2 id=\"statements\">Every statement</h2>\n");
    for grant in grants {
        let role = grant.role;
        out.element("h3", &[], role.name.as_str()).line();
        out.element("p", &[], &role.description).line();
        let accounts =
            if grant.accounts.is_empty() { "nobody".to_owned() } else { grant.accounts.join(", ") };
        out.element("p", &[], &format!("Taken on by: {accounts}.")).line();
        if let Some(boundary) = &role.boundary {
            out.element("p", &[], &format!("Permissions boundary: {boundary}.")).line();
        }
        out.open(
            "div",
            &[
                ("class", &"wide"),
                ("tabindex", &0),
                ("role", &"region"),
                ("aria-label", &format!("Statements of {}", role.name)),
            ],
        );
        out.raw("<table class=\"statements\">\n<caption>What it may do</caption>\n<thead><tr>");
        out.raw("<th scope=\"col\" class=\"narrow\">No.</th><th scope=\"col\" class=\"narrow\">Effect</th>");
        out.raw(
            "<th scope=\"col\" class=\"actions\">Actions</th><th scope=\"col\">Resources</th><th scope=\"col\">Only if</th>",
        );
        out.raw("</tr></thead>\n<tbody>\n");
        for (number, statement) in grant.statements() {
            row(out, number, statement);
        }
        out.raw("</tbody>\n</table></div>\n");
    }
}

fn row(out: &mut Html, number: usize, statement: &Statement) {
    out.open("tr", &[]).element("td", &[("class", &"number")], &number.to_string());
    match statement.effect {
        Effect::Allow => out.raw("<td>allow</td>"),
        Effect::Deny => out.raw("<td><span class=\"denied-word\">DENY</span></td>"),
    };
    let mut actions = action_texts(statement);
    actions.sort();
    cell(out, &actions);
    cell(out, &resources(statement));
    out.raw("<td><ul>");
    for condition in conditions(statement) {
        out.raw("<li>").element("code", &[], &condition).raw("</li>");
    }
    out.raw("</ul></td></tr>\n");
}

fn cell(out: &mut Html, texts: &[String]) {
    out.raw("<td><ul>");
    for text in texts {
        let class = if is_pattern(text) { "wild" } else { "" };
        out.raw("<li>").element("code", &[("class", &class)], text).raw("</li>");
    }
    out.raw("</ul></td>");
}

fn other_resources(out: &mut Html, bundle: &VerifiedBundle) {
    out.raw(
        "<h2 id=\"resources\">AWS resources</h2>\n<table>\n<caption>In the order they are made</caption>\n",
    );
    out.raw(
        "<thead><tr><th scope=\"col\">Address</th><th scope=\"col\">What it is</th></tr></thead>\n<tbody>\n",
    );
    for (address, resource) in &bundle.outline().resources {
        out.raw("<tr><td>").element("code", &[], &address.to_string()).raw("</td>");
        out.element("td", &[], &essence(resource)).raw("</tr>\n");
    }
    out.raw("</tbody>\n</table>\n");
}

fn files(out: &mut Html, bundle: &VerifiedBundle) {
    out.raw(
        "<h2 id=\"files\">Files</h2>\n<table>\n<caption>Every file but manifest and signatures</caption>\n",
    );
    out.raw(
        "<thead><tr><th scope=\"col\">Path</th><th scope=\"col\">Bytes</th><th scope=\"col\">SHA-256</th>",
    );
    out.raw("</tr></thead>\n<tbody>\n");
    for file in &bundle.manifest().files {
        out.raw("<tr><td>").element("code", &[], &file.path).raw("</td>");
        out.element("td", &[("class", &"number")], &file.length.to_string());
        out.raw("<td>").element("code", &[], file.sha256.as_str()).raw("</td></tr>\n");
    }
    out.raw("</tbody>\n</table>\n");
}
