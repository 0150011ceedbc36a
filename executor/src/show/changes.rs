//! What changed since an older bundle: the sentences and lines that text, Markdown and the page share.

use super::facts::places_named;
use super::wrap::wrapped;
use super::{Paint, Tone, printable};
use crate::changes::Since;
use serde_json::Value;
use std::collections::BTreeMap;
use sts_schemas::difference::{ActionDifference, Presence, Risk, RoleDifference, Scope};
use sts_schemas::inspection::SettingDifference;
use sts_schemas::plan::Change;
use sts_schemas::policy::Effect;

/// The longest value that is shown, in characters: longer ones are documents, and stand in the JSON.
const LONGEST_VALUE: usize = 160;

/// A heading and what stands below it; nothing in it is escaped yet.
pub(super) struct Part {
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
}

/// One thing that changed, and how much it should worry.
pub(super) struct Line {
    pub(super) risk: Risk,
    pub(super) text: String,
}

impl Line {
    fn new(risk: Risk, text: String) -> Self {
        Self { risk, text }
    }
}

/// What the section is called.
pub(super) fn title(since: &Since) -> String {
    let told = &since.told;
    format!("What changed since bundle {} of generation {}", told.previous, told.previous_generation)
}

/// How much changed, in a sentence.
pub(super) fn summary(since: &Since) -> String {
    let told = &since.told;
    if !told.difference.is_empty() {
        return told.difference.summary();
    }
    let is_same =
        told.resources_added.is_empty() && told.resources_removed.is_empty() && told.settings.is_empty();
    if is_same { "Nothing in cluster, roles and AWS resources." } else { "Nothing in cluster and roles." }
        .to_owned()
}

/// What changed: the cluster, its roles with the riskiest first, then what else is made in AWS.
pub(super) fn parts(since: &Since) -> Vec<Part> {
    let difference = &since.told.difference;
    let mut cluster = of_settings(&difference.cluster);
    let worry = difference.worry().map(|why| Line::new(difference.cluster_risk, format!("! {why}")));
    cluster.splice(0..0, worry);
    let cluster = Part { title: "The cluster".to_owned(), lines: cluster };
    let resources = Part { title: "AWS resources besides".to_owned(), lines: of_resources(since) };
    let roles = difference.roles.iter().map(of_role);
    let parts = [cluster].into_iter().chain(roles).chain([resources]);
    let named = |mut part: Part| {
        part.title = places_named(&since.open, &part.title);
        part.lines.iter_mut().for_each(|line| line.text = places_named(&since.open, &line.text));
        part
    };
    parts.filter(|part| !part.lines.is_empty()).map(named).collect()
}

/// The section as text.
pub(super) fn text(since: &Since, paint: Paint) -> String {
    let mut out = String::from("\n");
    out.push_str(&(paint.tone(Tone::Strong, wrapped("", &title(since)).trim_end()) + "\n"));
    for note in &since.told.notes {
        out.push_str(&(paint.tone(Tone::Warning, wrapped("  ", &printable(note)).trim_end()) + "\n"));
    }
    out.push_str(&wrapped("  ", &summary(since)));
    for part in parts(since) {
        out.push_str(&wrapped("  ", &printable(&part.title)));
        for Line { risk, text } in &part.lines {
            let level = if *risk == Risk::None { String::new() } else { format!("{} ", risk.name()) };
            out.push_str(&wrapped("      ", &printable(&(level + text))));
        }
    }
    out
}

fn of_role(role: &RoleDifference) -> Part {
    let became = match role.presence {
        Presence::Added => "a new role",
        Presence::Changed => "changed",
        Presence::Removed => "the role is no longer asked for",
    };
    let sign = role.presence.sign();
    let risk = match role.risk {
        Risk::None => String::new(),
        risk => format!(", risk: {}", risk.name()),
    };
    let title = format!("{sign} role of the Secret {}: {became}{risk}", role.secret);
    let findings = role.findings.iter();
    let mut lines: Vec<_> =
        findings.map(|gain| Line::new(gain.risk, format!("! [{}] {}", gain.rule, gain.message))).collect();
    for (sign, accounts) in [('+', &role.accounts_added), ('-', &role.accounts_removed)] {
        let account = |name| Line::new(Risk::None, format!("{sign} taken on by service account {name}"));
        lines.extend(accounts.iter().map(account));
    }
    lines.extend(role.actions.iter().flat_map(of_action));
    lines.extend(of_settings(&role.settings));
    Part { title, lines }
}

fn of_action(action: &ActionDifference) -> impl Iterator<Item = Line> {
    let denied = if action.effect == Effect::Deny { "denial of " } else { "" };
    let scopes = action.gained.iter().map(|scope| ('+', scope));
    scopes.chain(action.lost.iter().map(|scope| ('-', scope))).map(move |(sign, scope)| {
        let risk = if sign == '+' || action.gained.is_empty() { action.risk } else { Risk::None };
        Line::new(risk, format!("{sign} {denied}{} on {}", action.action, place(scope)))
    })
}

fn place(scope: &Scope) -> String {
    let condition = scope.condition.as_ref().map_or_else(String::new, |condition| format!(" if {condition}"));
    format!("{}{condition}", scope.resource)
}

fn of_settings(settings: &BTreeMap<String, Change>) -> Vec<Line> {
    settings.iter().map(|(name, change)| Line::new(Risk::None, of_setting(name, change))).collect()
}

fn of_setting(name: &str, change: &Change) -> String {
    let [old, new] = [&change.old, &change.new].map(|value| match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    });
    let is_long = |text: &str| text.chars().count() > LONGEST_VALUE;
    if is_long(&old) || is_long(&new) {
        return format!("~ {name}: another, too long to be shown");
    }
    format!("~ {name}: {old} -> {new}")
}

fn of_resources(since: &Since) -> Vec<Line> {
    let told = &since.told;
    let line = |sign| move |address: &String| Line::new(Risk::None, format!("{sign} {address}"));
    let settings = told.settings.iter().map(|SettingDifference { name, change, addresses }| {
        let whose = match addresses.as_slice() {
            [only] => only.clone(),
            [first, others @ ..] => format!("{first} and {} more", others.len()),
            [] => String::new(),
        };
        Line::new(Risk::None, format!("{}, of {whose}", of_setting(name, change)))
    });
    let added = told.resources_added.iter().map(line('+'));
    added.chain(told.resources_removed.iter().map(line('-'))).chain(settings).collect()
}
