//! Who may do what, as text: every statement of every role, as Markdown and HTML have it too.

use super::grant::{Grant, action_texts, conditions, grants, resources};
use super::wrap::hanging;
use super::{Paint, Tone, printable};
use std::fmt::Write as _;
use sts_schemas::policy::{Effect, Statement};
use sts_schemas::state::Desired;

/// Where lines go on that say something of a role, and of a statement: nowhere does one begin there.
const BEHIND_ROLE: &str = "        ";
const BEHIND_STATEMENT: &str = "            ";

/// A paragraph for each role.
pub(super) fn text(desired: &Desired, paint: Paint) -> String {
    grants(desired).iter().fold(String::new(), |mut out, grant| {
        let _ = writeln!(out, "  {}", paint.tone(Tone::Strong, &printable(grant.role.name.as_str())));
        for line in of_role(grant) {
            out.push_str(&hanging("      ", BEHIND_ROLE, &printable(&line)));
        }
        for (number, statement) in grant.statements() {
            let [first, rest @ ..] = &of_statement(number, statement)[..] else { continue };
            out.push_str(&hanging("      ", BEHIND_ROLE, &printable(first)));
            for line in rest {
                out.push_str(&hanging("          ", BEHIND_STATEMENT, &printable(line)));
            }
        }
        out
    })
}

fn of_role(grant: &Grant<'_>) -> Vec<String> {
    let accounts = grant.accounts.iter().map(|account| format!("taken on by {account}"));
    let boundary = grant.role.boundary.iter().map(|boundary| format!("permissions boundary {boundary}"));
    [format!("Description: {}", grant.role.description)].into_iter().chain(accounts).chain(boundary).collect()
}

fn of_statement(number: usize, statement: &Statement) -> Vec<String> {
    let effect = match statement.effect {
        Effect::Allow => "allow",
        Effect::Deny => "DENY",
    };
    let mut lines = vec![
        format!("{number}. {effect} {}", action_texts(statement).join(", ")),
        format!("on {}", resources(statement).join(", ")),
    ];
    lines.extend(conditions(statement).iter().map(|condition| format!("only if {condition}")));
    lines
}
