//! A difference for people: as plain text, and as Markdown that stands in `REVIEW.md` too.

mod markdown;

pub(crate) use markdown::{CHANGES, markdown};

use std::fmt::Write as _;
use sts_schemas::access::BOUNDARY;
use sts_schemas::difference::{
    ActionDifference, Difference, Presence, Risk, RoleDifference, Scope, Side, SideKind,
};
use sts_schemas::plan::Change;
use sts_schemas::policy::Effect;
use sts_schemas::terminal::printable;

/// The difference as plain text, the riskiest first.
#[must_use]
pub(crate) fn text(difference: &Difference) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_text(&mut out, difference);
    out
}

fn write_text(out: &mut String, difference: &Difference) -> std::fmt::Result {
    if let Some(warning) = unverified(difference) {
        writeln!(out, "{warning}")?;
    }
    writeln!(out, "{}", difference.summary())?;
    for (word, side) in [("old", &difference.old), ("new", &difference.new)] {
        writeln!(out, "  {word}  {}", described(side))?;
    }
    if !difference.cluster.is_empty() {
        writeln!(out, "\nThe cluster")?;
        write_settings(out, &difference.cluster)?;
        if let Some(why) = difference.worry() {
            writeln!(out, "  {:<8} ! {why}", difference.cluster_risk.name())?;
        }
    }
    for role in &difference.roles {
        write_role(out, role)?;
    }
    Ok(())
}

fn write_role(out: &mut String, role: &RoleDifference) -> std::fmt::Result {
    writeln!(
        out,
        "\n{:<8} {} {} ({})",
        shouted(role),
        role.presence.sign(),
        role.secret,
        became(role.presence)
    )?;
    for (sign, accounts) in [('+', &role.accounts_added), ('-', &role.accounts_removed)] {
        for account in accounts {
            let risk = if sign == '+' { risk_of_accounts(role) } else { "" };
            writeln!(out, "  {risk:<8} {sign} service account {}", printable(account))?;
        }
    }
    for action in &role.actions {
        write_action(out, action)?;
    }
    write_settings(out, &role.settings)?;
    for gain in &role.findings {
        writeln!(out, "  {:<8} ! [{}] {}", gain.risk.name(), gain.rule, printable(&gain.message))?;
    }
    Ok(())
}

fn write_action(out: &mut String, action: &ActionDifference) -> std::fmt::Result {
    let risk = risk_name(action);
    let head =
        format!("  {risk:<8} {} {}{}", action.presence.sign(), denied(action), printable(&action.action));
    let scopes: Vec<_> = action
        .gained
        .iter()
        .map(|scope| ('+', scope))
        .chain(action.lost.iter().map(|scope| ('-', scope)))
        .collect();
    if let ([(_, only)], true) = (scopes.as_slice(), action.presence != Presence::Changed) {
        return writeln!(out, "{head} on {}", place(only));
    }
    writeln!(out, "{head}")?;
    scopes.iter().try_for_each(|(sign, scope)| writeln!(out, "  {:<8}   {sign} on {}", "", place(scope)))
}

fn write_settings(
    out: &mut String,
    settings: &std::collections::BTreeMap<String, Change>,
) -> std::fmt::Result {
    settings.iter().try_for_each(|(name, change)| {
        let (old, new) = values(change);
        let risk = risk_of_setting(name);
        writeln!(out, "  {risk:<8} ~ {name}: {} -> {}", printable(&old), printable(&new))
    })
}

/// What is said before everything else where a bundle's signatures were not checked.
fn unverified(difference: &Difference) -> Option<&'static str> {
    let untrusted = |side: &Side| side.kind == SideKind::UnverifiedBundle;
    (untrusted(&difference.old) || untrusted(&difference.new))
        .then_some("UNVERIFIED: nobody checked who signed; give --trusted-key before you rely on this.")
}

fn described(side: &Side) -> String {
    let kind = match side.kind {
        SideKind::Requests => "requests",
        SideKind::Directory => "directory",
        SideKind::VerifiedBundle => "bundle, verified",
        SideKind::UnverifiedBundle => "bundle, UNVERIFIED",
    };
    let digest = side.bundle.as_ref().map_or_else(String::new, |digest| format!(", digest {digest}"));
    format!("{} ({kind}{digest})", printable(&side.name))
}

fn became(presence: Presence) -> &'static str {
    match presence {
        Presence::Added => "a new role",
        Presence::Changed => "changed",
        Presence::Removed => "the role is no longer asked for",
    }
}

fn shouted(role: &RoleDifference) -> String {
    match role.risk {
        Risk::None => "-".to_owned(),
        risk => risk.name().to_uppercase(),
    }
}

/// The risk's name where service accounts that come gain what the role allowed already, which no other line tells.
fn risk_of_accounts(role: &RoleDifference) -> &'static str {
    let actions = role.actions.iter().map(|action| action.risk);
    let told = actions.chain(role.findings.iter().map(|gain| gain.risk)).max().unwrap_or_default();
    if role.risk > told { role.risk.name() } else { "" }
}

/// The same of a setting.
fn risk_of_setting(name: &str) -> &'static str {
    if name == BOUNDARY { Risk::Warning.name() } else { "" }
}

/// The risk's name; nothing is said where there is none.
fn risk_name(action: &ActionDifference) -> &'static str {
    match action.risk {
        Risk::None => "",
        risk => risk.name(),
    }
}

fn denied(action: &ActionDifference) -> &'static str {
    if action.effect == Effect::Deny { "denial of " } else { "" }
}

fn place(scope: &Scope) -> String {
    let condition = scope.condition.as_ref().map_or_else(String::new, |condition| format!(" if {condition}"));
    printable(&format!("{}{condition}", scope.resource))
}

fn values(change: &Change) -> (String, String) {
    let shown = |value: &Option<serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "none".to_owned(),
    };
    (shown(&change.old), shown(&change.new))
}
