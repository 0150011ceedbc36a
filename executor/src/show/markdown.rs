//! A bundle as Markdown: for a ticket, a merge request, a file.

use super::changes;
use super::contents::{findings, title};
use super::facts::{facts, open_places_named};
use super::grant::{action_texts, conditions, grants, resources};
use super::plan::essence;
use crate::changes::Since;
use std::fmt::Write as _;
use sts_schemas::alarm::alarms_of_bundle;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::difference::Risk;
use sts_schemas::inspection::Trust;
use sts_schemas::markdown::{code, plain};
use sts_schemas::policy::{Effect, Statement};

/// The whole text.
#[must_use]
pub fn text(bundle: &VerifiedBundle, trust: Trust, since: Option<&Since>) -> String {
    let mut out = format!("# {}\n\n", plain(&title(bundle, trust)));
    out.push_str(match trust {
        Trust::Verified => "**VERIFIED.** Signed by a trusted key, whole, and consistent.\n\n",
        Trust::Unverified => "**UNVERIFIED.** No trusted key was given: anybody may have written this.\n\n",
    });
    for warning in alarms_of_bundle(bundle) {
        let _ = writeln!(out, "**{}**\n", plain(&warning));
    }
    out.push_str("| | |\n| --- | --- |\n");
    for (name, value) in facts(bundle) {
        let _ = writeln!(out, "| {name} | {} |", plain(&value));
    }
    if let Some(since) = since {
        write_changes(&mut out, since);
    }
    out.push_str("\n## What to look at twice\n\n");
    let findings = findings(bundle);
    for finding in &findings {
        let _ = writeln!(out, "- {}", plain(&finding.to_string()));
    }
    if findings.is_empty() {
        out.push_str("Nothing was found.\n");
    }
    roles(&mut out, bundle);
    out.push_str("\n## AWS resources\n\n| address | what it is |\n| --- | --- |\n");
    for (address, resource) in &bundle.outline().resources {
        let _ = writeln!(out, "| {} | {} |", code(&address.to_string()), plain(&essence(resource)));
    }
    out.push_str("\n## Files\n\n| path | bytes | SHA-256 |\n| --- | ---: | --- |\n");
    for file in &bundle.manifest().files {
        let _ = writeln!(out, "| {} | {} | {} |", code(&file.path), file.length, code(file.sha256.as_str()));
    }
    open_places_named(bundle, &out)
}

fn write_changes(out: &mut String, since: &Since) {
    let _ = writeln!(out, "\n## {}\n", plain(&changes::title(since)));
    for note in &since.told.notes {
        let _ = writeln!(out, "**{}**\n", plain(note));
    }
    let _ = writeln!(out, "{}", plain(&changes::summary(since)));
    for part in changes::parts(since) {
        let _ = writeln!(out, "\n### {}\n", plain(&part.title));
        for line in &part.lines {
            let level = match line.risk {
                Risk::None => String::new(),
                risk => format!("**{}** ", risk.name()),
            };
            let _ = writeln!(out, "- {level}{}", code(&line.text));
        }
    }
}

fn roles(out: &mut String, bundle: &VerifiedBundle) {
    out.push_str("\n## Who may do what\n");
    for grant in grants(bundle.outline()) {
        let _ = writeln!(
            out,
            "\n### {}\n\nDescription: {}\n",
            plain(grant.role.name.as_str()),
            plain(&grant.role.description)
        );
        for account in &grant.accounts {
            let _ = writeln!(out, "- taken on by {}", code(account));
        }
        if let Some(boundary) = &grant.role.boundary {
            let _ = writeln!(out, "- permissions boundary {}", code(boundary.as_str()));
        }
        for (name, service) in &grant.services {
            let words = name.sense.words();
            let what = if name.sense.is_all_but() {
                service.actions.iter().map(|action| code(&action.0)).collect::<Vec<_>>().join(", ")
            } else {
                format!("{}: {}", code(name.called()), service.count())
            };
            let _ = writeln!(out, "- {}{}", format!("{words} {what}").trim(), service.extent());
        }
        out.push_str("\n| no. | effect | actions | resources | only if |\n| --- | --- | --- | --- | --- |\n");
        for (number, statement) in grant.statements() {
            let _ = writeln!(out, "| {number} | {}", row(statement));
        }
    }
}

fn row(statement: &Statement) -> String {
    let effect = match statement.effect {
        Effect::Allow => "allow",
        Effect::Deny => "**DENY**",
    };
    let list = |texts: Vec<String>| texts.iter().map(|text| code(text)).collect::<Vec<_>>().join("<br>");
    format!(
        "{effect} | {} | {} | {} |",
        list(action_texts(statement)),
        list(resources(statement)),
        list(conditions(statement))
    )
}
