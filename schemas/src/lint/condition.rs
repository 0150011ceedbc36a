//! Which conditions keep a statement to less than its resources say, and so make a finding milder.
//!
//! One binds when its operator asks for something to be there and to be something, and its key tells what is acted
//! upon. The role's own name or tags (`aws:PrincipalArn`), the caller's place or time (`aws:SourceIp`) and the account
//! (`aws:ResourceAccount`) do not: what the role may reach stays the same. Operators that are true of what is absent
//! (`...IfExists`, `ForAllValues:`, `Null`, `Not...`) do not, nor does a value that is only wildcards, or one that is taken
//! from the resource itself (`${aws:ResourceTag/x}`). Nor do the tags that this program puts on what a bundle makes: they
//! lead straight to it.
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition context keys".

use super::own::Own;
use super::pattern::is_everything;
use crate::policy::{Condition, ConditionValues};

/// A kind of keys that a condition may bind by. Names are held against each other without case, as IAM does.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// A tag of the resource, whatever the service that tells it.
    ResourceTag,
    /// The key itself, or all that begin so where it ends in `/` or `:`.
    Key(&'static str),
    /// Whatever the service itself tells, which is absent and so refused for other services' calls; and the tags that a
    /// call brings.
    AnyOfItsOwn,
}

/// Whether a condition binds by one of these keys, and not to what a bundle calls its own.
pub(super) fn binds(condition: Option<&Condition>, by: &[By], own: &Own) -> bool {
    condition.into_iter().flatten().any(|(operator, keys)| {
        let Some(operator) = Operator::of(operator) else { return false };
        keys.iter().any(|(key, values)| {
            let key = key.to_ascii_lowercase();
            let is_own = tag_of(&key).is_some_and(|tag| own.is_tagged(tag, values));
            !is_own && by.iter().any(|by| by.is(&key)) && operator.narrows(&key, values)
        })
    })
}

/// The tag of the resource that a key in small letters is about.
fn tag_of(key: &str) -> Option<&str> {
    key.split_once(RESOURCE_TAG).map(|(_, name)| name)
}

const RESOURCE_TAG: &str = ":resourcetag/";

impl By {
    fn is(self, key: &str) -> bool {
        match self {
            Self::ResourceTag => tag_of(key).is_some(),
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
    fn narrows(self, key: &str, values: &ConditionValues) -> bool {
        let narrow = |text: String| match self {
            _ if is_of_itself(key, &text) => false,
            Self::Exactly => !text.is_empty(),
            Self::Pattern => !(is_only_wildcards(&text) || text.starts_with("arn:") && is_everything(&text)),
            Self::Truth => text.eq_ignore_ascii_case("true"),
        };
        values.iter().count() > 0 && values.iter().all(|value| narrow(value.to_string()))
    }
}

/// Whether a value is taken from the key that it is held against, or from another tag of the same resource.
fn is_of_itself(key: &str, value: &str) -> bool {
    value.to_ascii_lowercase().split("${").skip(1).any(|variable| {
        let name = variable.split(['}', ',']).next().unwrap_or_default().trim();
        name == key || name.contains(RESOURCE_TAG)
    })
}

fn is_only_wildcards(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '*' | '?'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_condition_that_asks_for_something_of_the_resource_binds() {
        let by = [By::ResourceTag, By::Key("iam:PassedToService"), By::Key("kms:EncryptionContext:")];
        let own = Own::tagged("mine", "our-bucket");
        for (condition, expected) in [
            (r#"{"StringEquals":{"aws:ResourceTag/team":"a"}}"#, true),
            (r#"{"StringEquals":{"iam:resourcetag/team":["a","b"]}}"#, true),
            (r#"{"ForAnyValue:StringLike":{"ec2:ResourceTag/team":"a*"}}"#, true),
            (r#"{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}"#, true),
            (r#"{"StringEquals":{"kms:EncryptionContext:app":"a"}}"#, true),
            (r#"{"StringEquals":{"aws:ResourceTag/mine":"owned"}}"#, false),
            (r#"{"StringEquals":{"aws:ResourceTag/Mine":"owned"}}"#, false),
            (r#"{"StringEquals":{"aws:ResourceTag/Name":"our-bucket"}}"#, false),
            (r#"{"StringLike":{"s3:ResourceTag/name":["x","our-*"]}}"#, false),
            (r#"{"StringEquals":{"aws:ResourceTag/Name":"another"}}"#, true),
            (r#"{"StringEquals":{"aws:ResourceTag/x":"${aws:ResourceTag/x}"}}"#, false),
            (r#"{"StringLike":{"iam:ResourceTag/x":"${aws:resourcetag/X, 'a'}*"}}"#, false),
            (r#"{"StringEquals":{"iam:PassedToService":"${iam:PassedToService}"}}"#, false),
            (r#"{"StringEquals":{"aws:ResourceTag/x":"${aws:PrincipalTag/x}"}}"#, true),
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
            assert_eq!(binds(Some(&read), &by, &own), expected, "{condition}");
        }
        assert!(!binds(None, &by, &own));
        let truth =
            |value: &str| serde_json::from_str(&format!(r#"{{"Bool":{{"kms:X":{value}}}}}"#)).unwrap();
        let by = [By::Key("kms:X")];
        assert!(binds(Some(&truth("true")), &by, &own) && binds(Some(&truth(r#""true""#)), &by, &own));
        assert!(!binds(Some(&truth("false")), &by, &own));
    }
}
