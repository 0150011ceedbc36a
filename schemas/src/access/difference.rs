//! The difference of two sets of roles, ranked by what the lint knows.

use super::{
    ALL_BUT, Access, BOUNDARY, FORMER, Grants, ISSUER, KEY_GAP, NAME, RoleAccess, Settings, TOKEN_KEYS,
};
use crate::difference::{ActionDifference, Difference, Gain, Presence, Risk, RoleDifference, Scope, Side};
use crate::gather::Gather as _;
use crate::lint::{BROAD_RESOURCE, Finding, Own, covers, covers_resources, lint_policy};
use crate::manifest::{SchemaVersion, Tool};
use crate::plan::Change;
use crate::policy::{Effect, OneOrMany, PolicyDocument, Statement};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What is between two sets of roles; `program` compares them, `old` and `new` say where they were found.
#[must_use]
pub fn difference(program: &str, old: (Side, &Access), new: (Side, &Access)) -> Difference {
    let ((old_side, old), (new_side, new)) = (old, new);
    let secrets: BTreeSet<&String> = old.roles.keys().chain(new.roles.keys()).gather();
    let mut roles: Vec<_> = secrets
        .into_iter()
        .filter_map(|secret| of_role(secret, old.roles.get(secret), new.roles.get(secret)))
        .collect();
    roles.sort_by_key(|role| (Reverse(role.risk), role.presence));
    let cluster = of_settings(old.cluster.as_ref(), new.cluster.as_ref());
    Difference {
        schema_version: SchemaVersion::CURRENT,
        tool: Tool { name: program.into(), version: env!("CARGO_PKG_VERSION").into() },
        old: old_side,
        new: new_side,
        cluster_risk: risk_of_cluster(&cluster),
        cluster,
        roles,
    }
}

/// What roles may do beyond what was asked for them: the actions, by the Secrets of the roles.
#[must_use]
pub fn beyond(asked: &Access, made: &Access) -> BTreeMap<String, Vec<String>> {
    let of_role = |(secret, made): (&String, &RoleAccess)| {
        let asked = grants_as_spelt_by(Some(made), Some(asked.roles.get(secret)?));
        let is_gain = |found: &ActionDifference| match found.effect {
            Effect::Allow => found.gained.iter().any(|scope| !was_allowed(&found.action, scope, &asked)),
            Effect::Deny => !found.lost.is_empty(),
        };
        let gains = of_actions(&asked, &made.grants()).into_iter().filter(is_gain);
        let actions: Vec<String> = gains.map(|found| found.action).collect();
        (!actions.is_empty()).then(|| (secret.clone(), actions))
    };
    made.roles.iter().filter_map(of_role).gather()
}

/// How much it should worry what comes about the cluster itself; two clusters are not each other's old and new.
///
/// Whoever holds a key that the issuer serves, or serves the issuer, may take on every role.
fn risk_of_cluster(changes: &BTreeMap<String, Change>) -> Risk {
    if changes.contains_key(NAME) {
        return Risk::None;
    }
    let keys = changes.get(TOKEN_KEYS).is_some_and(|change| {
        let listed = |value: &Option<Value>| -> BTreeSet<String> {
            let text = value.as_ref().and_then(Value::as_str).unwrap_or_default();
            text.split(KEY_GAP).map(str::to_owned).collect()
        };
        !listed(&change.new).is_subset(&listed(&change.old))
    });
    let issuer =
        changes.contains_key(ISSUER) || changes.get(FORMER).is_some_and(|change| change.old.is_none());
    if keys || issuer { Risk::Danger } else { Risk::None }
}

/// What differs about one role, if anything does.
fn of_role(secret: &str, old: Option<&RoleAccess>, new: Option<&RoleAccess>) -> Option<RoleDifference> {
    let presence = match (old, new) {
        (None, Some(_)) => Presence::Added,
        (Some(_), None) => Presence::Removed,
        _ => Presence::Changed,
    };
    let accounts =
        |role: Option<&RoleAccess>| role.map(|role| role.service_accounts.clone()).unwrap_or_default();
    let (before, after) = (accounts(old), accounts(new));
    let accounts_added: Vec<String> = after.difference(&before).cloned().collect();
    let accounts_removed: Vec<String> = before.difference(&after).cloned().collect();
    let actions = of_actions(&grants_as_spelt_by(new, old), &grants(new));
    let settings = match (old, new) {
        (Some(old), Some(new)) => of_settings(old.settings.as_ref(), new.settings.as_ref()),
        _ => BTreeMap::new(),
    };
    if presence == Presence::Changed
        && accounts_added.is_empty()
        && accounts_removed.is_empty()
        && actions.is_empty()
        && settings.is_empty()
    {
        return None;
    }
    let findings = findings(old, new, &actions);
    let mut risk = actions.iter().map(|action| action.risk).max().unwrap_or_default();
    risk = findings.iter().map(|gain| gain.risk).fold(risk, Risk::max);
    if let Some(new) = new.filter(|_| !accounts_added.is_empty()) {
        // Whoever comes to a role gains all that the role may do.
        risk = risk.max(risk_of(&new.statements)).max(Risk::Info);
    }
    if !settings.is_empty() {
        let freed = settings.contains_key(BOUNDARY);
        risk = risk.max(if freed { Risk::Warning } else { Risk::Info });
    }
    Some(RoleDifference {
        secret: secret.to_owned(),
        presence,
        risk,
        accounts_added,
        accounts_removed,
        actions,
        settings,
        findings,
    })
}

fn grants(role: Option<&RoleAccess>) -> Grants {
    role.map(RoleAccess::grants).unwrap_or_default()
}

/// What the old role may do, in the new one's letters: IAM takes no account of case in actions and condition keys.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Action" and "Condition".
fn grants_as_spelt_by(new: Option<&RoleAccess>, old: Option<&RoleAccess>) -> Grants {
    let new = grants(new);
    let nowhere = BTreeSet::new();
    let mut respelt = Grants::new();
    for ((effect, action), scopes) in grants(old) {
        let same = new.keys().find(|(other, name)| *other == effect && name.eq_ignore_ascii_case(&action));
        let key = same.cloned().unwrap_or((effect, action));
        let known = new.get(&key).unwrap_or(&nowhere);
        let scopes = scopes.into_iter().map(|scope| {
            let same = known.iter().find(|other| is_same(other, &scope));
            same.cloned().unwrap_or(scope)
        });
        respelt.entry(key).or_default().extend(scopes);
    }
    respelt
}

fn is_same(one: &Scope, other: &Scope) -> bool {
    one.resource == other.resource && folded(one) == folded(other)
}

/// A scope's condition with its keys in small letters; their values and the operators stay as they are.
fn folded(scope: &Scope) -> Option<BTreeMap<String, BTreeMap<String, Value>>> {
    let condition: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(scope.condition.as_deref()?).ok()?;
    let small = |keys: BTreeMap<String, Value>| {
        keys.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).gather()
    };
    Some(condition.into_iter().map(|(operator, keys)| (operator, small(keys))).gather())
}

fn of_settings(old: Option<&Settings>, new: Option<&Settings>) -> BTreeMap<String, Change> {
    let (Some(old), Some(new)) = (old, new) else { return BTreeMap::new() };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).gather();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| {
            let value = |settings: &Settings| settings.get(name).map(|text| text.as_str().into());
            (name.clone(), Change { old: value(old), new: value(new) })
        })
        .gather()
}

fn of_actions(old: &Grants, new: &Grants) -> Vec<ActionDifference> {
    let nowhere = BTreeSet::new();
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).gather();
    let mut actions = Vec::new();
    for key in keys {
        let (before, after) = (old.get(key).unwrap_or(&nowhere), new.get(key).unwrap_or(&nowhere));
        let gained: Vec<Scope> = after.difference(before).cloned().collect();
        let lost: Vec<Scope> = before.difference(after).cloned().collect();
        let presence = match (gained.is_empty(), lost.is_empty()) {
            (true, true) => continue,
            _ if before.is_empty() => Presence::Added,
            _ if after.is_empty() => Presence::Removed,
            _ => Presence::Changed,
        };
        let (effect, action) = key.clone();
        let risk = match effect {
            Effect::Allow => gained.iter().map(|scope| risk_of_grant(&action, scope, old)).max(),
            // A prohibition that is gone lets in whatever else allows; with its whole role, nothing.
            Effect::Deny if !lost.is_empty() && !new.is_empty() => Some(Risk::Warning),
            Effect::Deny => None,
        };
        actions.push(ActionDifference {
            presence,
            effect,
            action,
            risk: risk.unwrap_or_default(),
            gained,
            lost,
        });
    }
    actions.sort_by_key(|action| (Reverse(action.risk), action.presence));
    actions
}

/// How much it should worry that an action is allowed here; nothing is new that was allowed all along.
fn risk_of_grant(action: &str, scope: &Scope, old: &Grants) -> Risk {
    if was_allowed(action, scope, old) {
        return Risk::None;
    }
    if action.starts_with(ALL_BUT) {
        return Risk::Danger;
    }
    let least = if scope.resource.starts_with(ALL_BUT) { Risk::Warning } else { Risk::None };
    risk_of(&[statement(action, scope)]).max(least)
}

fn was_allowed(action: &str, scope: &Scope, old: &Grants) -> bool {
    let is_plain = |scope: &Scope| !scope.resource.starts_with(ALL_BUT);
    let wider = |before: &Scope| {
        let everywhere = before.resource == "*"
            || before.resource == scope.resource
            || is_plain(before) && is_plain(scope) && covers_resources(&before.resource, &scope.resource);
        everywhere && (before.condition.is_none() || before.condition == scope.condition)
    };
    old.iter().any(|((effect, known), scopes)| {
        let covered = known == action || (!known.starts_with(ALL_BUT) && covers(known, action));
        *effect == Effect::Allow && covered && scopes.iter().any(wider)
    })
}

/// A statement that allows just this.
fn statement(action: &str, scope: &Scope) -> Statement {
    Statement {
        action: Some(OneOrMany::One(action.to_owned())),
        resource: Some(OneOrMany::One(scope.resource.clone())),
        condition: scope.condition.as_deref().and_then(|json| serde_json::from_str(json).ok()),
        ..Statement::allow()
    }
}

fn risk_of(statements: &[Statement]) -> Risk {
    lint(statements.to_vec()).map(|finding| finding.level.into()).max().unwrap_or_default()
}

/// What the lint finds, but for where it holds: a difference says that of every action.
fn lint(statements: Vec<Statement>) -> impl Iterator<Item = Finding> {
    let found = lint_policy("", &PolicyDocument::of(statements), &Own::default());
    found.into_iter().filter(|finding| finding.rule != BROAD_RESOURCE)
}

/// What the lint finds in what is gained, and in what old and new permissions allow together.
fn findings(old: Option<&RoleAccess>, new: Option<&RoleAccess>, actions: &[ActionDifference]) -> Vec<Gain> {
    let old_grants = grants_as_spelt_by(new, old);
    // Actions that are gained on the same terms are spoken of together, as a statement would.
    let mut gained: BTreeMap<&Scope, Vec<&str>> = BTreeMap::new();
    for difference in actions.iter().filter(|one| one.effect == Effect::Allow) {
        for scope in &difference.gained {
            if !difference.action.starts_with(ALL_BUT) && !was_allowed(&difference.action, scope, &old_grants)
            {
                gained.entry(scope).or_default().push(&difference.action);
            }
        }
    }
    let statements = gained.into_iter().map(|(scope, actions)| Statement {
        action: Some(OneOrMany::Many(actions.into_iter().map(str::to_owned).collect())),
        ..statement("", scope)
    });
    let alone = lint(statements.collect());
    let together = |role: Option<&RoleAccess>| {
        let statements = role.map(|role| role.statements.clone()).unwrap_or_default();
        lint(statements).filter(|found| found.statement == 0)
    };
    let known: BTreeSet<&str> = together(old).map(|finding| finding.rule).gather();
    let combined = together(new).filter(|finding| !known.contains(finding.rule));
    let mut gains: Vec<Gain> = alone
        .filter(|finding| finding.statement > 0)
        .chain(combined)
        .map(|finding| Gain {
            risk: finding.level.into(),
            rule: finding.rule.to_owned(),
            message: finding.message,
        })
        .collect();
    gains.sort_by_key(|gain| Reverse(gain.risk));
    gains.dedup();
    gains
}
