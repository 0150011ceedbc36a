//! How much a role may do, in a few words: never fewer than it is.

use super::grant::is_pattern;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use sts_schemas::gather::Gather as _;
use sts_schemas::policy::{Effect, OneOrMany, PolicyDocument, Statement};
use sts_schemas::resource::Role;

/// How long a session of a role lasts at most where nothing else is said, in seconds. Source: IAM API, `CreateRole`,
/// `MaxSessionDuration`.
const USUAL_SESSION: u32 = 3600;

/// What a role may do, for whom, how long and within what.
pub(super) fn powers(role: &Role, accounts: &[String]) -> String {
    let mut words = actions(role);
    if accounts.is_empty() {
        words = format!("may do {words}");
    } else {
        words = format!("{words} for {}", accounts.join(", "));
    }
    if role.max_session_seconds != USUAL_SESSION {
        let _ = write!(words, ", in sessions of up to {} seconds", role.max_session_seconds);
    }
    if let Some(boundary) = &role.boundary {
        let _ = write!(words, ", within the permissions boundary {boundary}");
    }
    words
}

fn actions(role: &Role) -> String {
    let allowed: Vec<&Statement> = role.inline.values().flat_map(allowing).collect();
    let named: Vec<&str> =
        allowed.iter().filter_map(|one| one.action.as_ref()).flat_map(OneOrMany::iter).collect();
    if named.iter().any(|action| is_everything(action)) {
        return "EVERY ACTION".to_owned();
    }
    if allowed.iter().any(|one| one.not_action.is_some()) {
        return "EVERY ACTION but some".to_owned();
    }
    let whole: BTreeSet<String> = named.iter().filter_map(|action| whole_service(action)).gather();
    let others: Vec<_> = named.iter().filter(|action| whole_service(action).is_none()).collect();
    let wild = others.iter().filter(|action| is_pattern(action)).count();
    let wild = if wild == 0 { String::new() } else { format!(", {}", counted(wild, "wildcard")) };
    if whole.is_empty() {
        return counted(others.len(), "action") + &wild;
    }
    let whole = format!("EVERY ACTION of {}", Vec::from_iter(whole).join(", "));
    if others.is_empty() { whole } else { format!("{whole}, and {} more{wild}", others.len()) }
}

fn allowing(policy: &PolicyDocument) -> impl Iterator<Item = &Statement> {
    policy.statement.iter().filter(|statement| statement.effect == Effect::Allow)
}

/// Whether a pattern is of stars alone, before its colon and behind.
fn is_everything(action: &str) -> bool {
    let (service, verb) = action.split_once(':').unwrap_or((action, "*"));
    is_any(service) && is_any(verb)
}

/// The service of which a pattern means every action.
fn whole_service(action: &str) -> Option<String> {
    let (service, verb) = action.split_once(':')?;
    is_any(verb).then(|| service.to_ascii_lowercase())
}

/// Whether a pattern fits every text of some length. Source: IAM User Guide, "Using wildcards in policies".
fn is_any(pattern: &str) -> bool {
    pattern.contains('*') && pattern.bytes().all(|byte| matches!(byte, b'*' | b'?'))
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The same of a role as it stands in a bundle.
pub(super) fn of_role(role: &Role) -> String {
    powers(role, &super::plan::service_accounts(&role.trust))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(statements: &Value) -> String {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let role = json!({
            "name": "demo-a", "path": "/", "description": "", "boundary": null,
            "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}, "max_session_seconds": 3600,
            "tags": {}, "inline": {"demo-a": policy}, "attached": [],
        });
        actions(&serde_json::from_value::<Role>(role).unwrap())
    }

    #[test]
    fn a_role_that_may_do_much_is_never_told_by_a_small_number() {
        let allow = |action: Value| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        for (action, words) in [
            (json!("*"), "EVERY ACTION"),
            (json!(["s3:GetObject", "*:*"]), "EVERY ACTION"),
            (json!(["**:?*"]), "EVERY ACTION"),
            (json!(["iam:*", "S3:**"]), "EVERY ACTION of iam, s3"),
            (
                json!(["iam:*", "s3:GetObject", "ec2:Describe*"]),
                "EVERY ACTION of iam, and 2 more, 1 wildcard",
            ),
            (json!(["s3:GetObject"]), "1 action"),
            (json!(["s3:Get*", "s3:Put?bject"]), "2 actions, 2 wildcards"),
        ] {
            assert_eq!(of(&json!([allow(action)])), words);
        }
        let but = json!({"Effect": "Allow", "NotAction": ["s3:GetObject"], "Resource": "*"});
        assert_eq!(of(&json!([but])), "EVERY ACTION but some");
        assert_eq!(of(&json!([but, allow(json!("*"))])), "EVERY ACTION");
        let denied = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        assert_eq!(of(&json!([denied, allow(json!("s3:GetObject"))])), "1 action");
    }
}
