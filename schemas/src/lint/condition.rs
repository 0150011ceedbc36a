//! Which conditions keep a statement to less than its resources say, and so make a finding milder.
//!
//! One binds when its operator asks for something to be there and to be something, and its key tells what is acted
//! upon. The role's own name or tags (`aws:PrincipalArn`), the caller's place or time (`aws:SourceIp`) and the account
//! (`aws:ResourceAccount`) do not: what the role may reach stays the same. Operators that are true of what is absent
//! (`...IfExists`, `ForAllValues:`, `Null`, `Not...`) do not, nor does a value that is only wildcards.
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition context keys".

use super::pattern::is_everything;
use crate::policy::{Condition, ConditionValues};

/// A kind of keys that a condition may bind by. Names are held against each other without case, as IAM does.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// A tag of the resource, whatever the service that tells it, but for this one.
    ResourceTagBut(&'a str),
    /// The key itself, or all that begin so where it ends in `/` or `:`.
    Key(&'static str),
    /// Whatever the service itself tells, which is absent and so refused for other services' calls; and the tags that a
    /// call brings.
    AnyOfItsOwn,
}

/// A tag of the resource.
pub(super) const RESOURCE_TAG: By<'_> = By::ResourceTagBut("");

/// Whether a condition binds by one of these keys.
pub(super) fn binds(condition: Option<&Condition>, by: &[By<'_>]) -> bool {
    condition.into_iter().flatten().any(|(operator, keys)| {
        let Some(operator) = Operator::of(operator) else { return false };
        keys.iter().any(|(key, values)| by.iter().any(|by| by.is(key)) && operator.narrows(values))
    })
}

impl By<'_> {
    fn is(self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        match self {
            Self::ResourceTagBut(tag) => {
                let named = key.split_once(":resourcetag/").map(|(_, name)| name);
                named.is_some_and(|name| name != tag.to_ascii_lowercase())
            }
            Self::Key(name) => {
                let name = name.to_ascii_lowercase();
                key == name || name.ends_with(['/', ':']) && key.starts_with(&name)
            }
            Self::AnyOfItsOwn => !key.starts_with("aws:") || key.starts_with("aws:requesttag/"),
        }
    }
}

/// How an operator that asks for something takes a value.
#[derive(Debug, Clone, Copy)]
enum Operator {
    /// As it stands.
    Exactly,
    /// With wildcards.
    Pattern,
    /// As a truth value.
    Truth,
}

impl Operator {
    fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.strip_prefix("foranyvalue:").unwrap_or(&name) {
            "stringequals" | "stringequalsignorecase" | "binaryequals" | "numericequals" => {
                Some(Self::Exactly)
            }
            "stringlike" | "arnlike" | "arnequals" => Some(Self::Pattern),
            "bool" => Some(Self::Truth),
            _ => None,
        }
    }

    /// Whether none of the values, any of which will do, is true of everything.
    fn narrows(self, values: &ConditionValues) -> bool {
        let narrow = |text: String| match self {
            Self::Exactly => !text.is_empty(),
            Self::Pattern => !(is_only_wildcards(&text) || text.starts_with("arn:") && is_everything(&text)),
            Self::Truth => text.eq_ignore_ascii_case("true"),
        };
        values.iter().count() > 0 && values.iter().all(|value| narrow(value.to_string()))
    }
}

fn is_only_wildcards(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '*' | '?'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_condition_that_asks_for_something_of_the_resource_binds() {
        let by =
            [By::ResourceTagBut("mine"), By::Key("iam:PassedToService"), By::Key("kms:EncryptionContext:")];
        for (condition, expected) in [
            (r#"{"StringEquals":{"aws:ResourceTag/team":"a"}}"#, true),
            (r#"{"StringEquals":{"iam:resourcetag/team":["a","b"]}}"#, true),
            (r#"{"ForAnyValue:StringLike":{"ec2:ResourceTag/team":"a*"}}"#, true),
            (r#"{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}"#, true),
            (r#"{"StringEquals":{"kms:EncryptionContext:app":"a"}}"#, true),
            (r#"{"StringEquals":{"aws:ResourceTag/mine":"owned"}}"#, false),
            (r#"{"StringLike":{"aws:ResourceTag/team":"*"}}"#, false),
            (r#"{"StringLike":{"aws:ResourceTag/team":["a","?*"]}}"#, false),
            (r#"{"StringLike":{"aws:x":"*"}}"#, false),
            (r#"{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/x"}}"#, false),
            (r#"{"StringEquals":{"aws:ResourceAccount":"1"}}"#, false),
            (r#"{"StringNotEquals":{"aws:ResourceTag/team":"a"}}"#, false),
            (r#"{"StringEqualsIfExists":{"aws:ResourceTag/team":"a"}}"#, false),
            (r#"{"ForAllValues:StringEquals":{"aws:ResourceTag/team":"a"}}"#, false),
            (r#"{"Null":{"aws:ResourceTag/team":"false"}}"#, false),
            (r#"{"StringEquals":{"aws:ResourceTag/team":[]}}"#, false),
            (r#"{"ArnLike":{"iam:PassedToService":"arn:*"}}"#, false),
            ("{}", false),
        ] {
            let read: Condition = serde_json::from_str(condition).unwrap();
            assert_eq!(binds(Some(&read), &by), expected, "{condition}");
        }
        assert!(!binds(None, &by));
        let truth =
            |value: &str| serde_json::from_str(&format!(r#"{{"Bool":{{"kms:X":{value}}}}}"#)).unwrap();
        let by = [By::Key("kms:X")];
        assert!(binds(Some(&truth("true")), &by) && binds(Some(&truth(r#""true""#)), &by));
        assert!(!binds(Some(&truth("false")), &by));
    }
}
