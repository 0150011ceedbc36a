//! What the roles of a plan can do beyond what their policies say, for the person who approves it.

use std::collections::BTreeMap;
use sts_schemas::lint::{Level, lint_roles};
use sts_schemas::plan::Step;
use sts_schemas::resource::{Address, Resource};
use sts_schemas::state::Desired;

/// A note that names every role which a step gives dangerous permissions, and the rules that tell of it.
pub(super) fn note(desired: &Desired, steps: &BTreeMap<Address, Step>) -> Option<String> {
    let given: Vec<_> = steps.values().filter_map(role_given_permissions).collect();
    let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let findings = lint_roles(desired);
    for finding in findings.iter().filter(|finding| finding.level == Level::Danger) {
        let Some(role) = given.iter().find(|role| **role == finding.request) else { continue };
        let of_role = rules.entry(role).or_default();
        if !of_role.contains(&finding.rule) {
            of_role.push(finding.rule);
        }
    }
    let told: Vec<_> = rules.iter().map(|(role, rules)| format!("{role} ({})", rules.join(", "))).collect();
    (!told.is_empty()).then(|| {
        format!(
            "DANGER: whoever holds one of these roles can gain more than its policy grants: {}. `sts-executor inspect \
             BUNDLE` says how.",
            told.join("; ")
        )
    })
}

/// The role whose permissions a step makes or changes.
fn role_given_permissions(step: &Step) -> Option<&str> {
    let role = match step {
        Step::Create { after: Resource::Role(role) } => role,
        Step::Update { before: Resource::Role(before), after: Resource::Role(role), .. }
            if before.inline != role.inline =>
        {
            role
        }
        _ => return None,
    };
    Some(role.name.as_str())
}
