//! The same as Markdown: a table for each role.

use super::{became, denied, described, place, risk_of_accounts, risk_of_setting, unverified, values};
use std::fmt::Write as _;
use sts_schemas::difference::{Difference, RoleDifference};
use sts_schemas::terminal::printable;

/// The heading of the section in a review.
pub(crate) const CHANGES: &str = "## What changes";

/// The difference as Markdown, the riskiest first; headings begin at the second level.
#[must_use]
pub(crate) fn markdown(difference: &Difference) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_markdown(&mut out, difference);
    out
}

fn write_markdown(out: &mut String, difference: &Difference) -> std::fmt::Result {
    writeln!(out, "{CHANGES}\n")?;
    if let Some(warning) = unverified(difference) {
        writeln!(out, "**{warning}**\n")?;
    }
    writeln!(out, "{}\n", difference.summary())?;
    writeln!(out, "- old: {}", inert(&described(&difference.old)))?;
    writeln!(out, "- new: {}", inert(&described(&difference.new)))?;
    if !difference.cluster.is_empty() {
        writeln!(out, "\n### The cluster\n\n| | old | new |\n| --- | --- | --- |")?;
        for (name, change) in &difference.cluster {
            let (old, new) = values(change);
            writeln!(out, "| {name} | {} | {} |", inert(&old), inert(&new))?;
        }
        if let Some(why) = difference.worry() {
            writeln!(out, "\nRisk: {}; {why}.", difference.cluster_risk.name())?;
        }
    }
    difference.roles.iter().try_for_each(|role| write_role(out, role))
}

fn write_role(out: &mut String, role: &RoleDifference) -> std::fmt::Result {
    writeln!(out, "\n### {} {}: {}\n", role.presence.sign(), inert(&role.secret), became(role.presence))?;
    writeln!(out, "Risk: {}.\n\n| risk | | what | where |\n| --- | --- | --- | --- |", role.risk.name())?;
    for (sign, accounts) in [('+', &role.accounts_added), ('-', &role.accounts_removed)] {
        for account in accounts {
            let risk = if sign == '+' { risk_of_accounts(role) } else { "" };
            writeln!(out, "| {risk} | {sign} | service account | {} |", inert(account))?;
        }
    }
    for action in &role.actions {
        let what = format!("{}{}", denied(action), action.action);
        let scopes = action.gained.iter().map(|scope| ('+', scope));
        for (sign, scope) in scopes.chain(action.lost.iter().map(|scope| ('-', scope))) {
            let risk = if sign == '+' || action.gained.is_empty() { action.risk.name() } else { "none" };
            writeln!(out, "| {risk} | {sign} | {} | {} |", inert(&what), inert(&place(scope)))?;
        }
    }
    for (name, change) in &role.settings {
        let (old, new) = values(change);
        writeln!(out, "| {} | ~ | {name} | {} -> {} |", risk_of_setting(name), inert(&old), inert(&new))?;
    }
    if !role.findings.is_empty() {
        writeln!(out)?;
    }
    role.findings
        .iter()
        .try_for_each(|gain| writeln!(out, "- {} [{}] {}", gain.risk.name(), gain.rule, inert(&gain.message)))
}

/// Text that stays text: nothing in it makes a table, a link, an emphasis or HTML.
fn inert(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        if "\\`*_[]<>|~&#!".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    // A bare address would become a link.
    out.replace("://", "&#58;//")
}
