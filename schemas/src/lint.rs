//! What a security officer would ask about the permissions that roles get.
//!
//! Both programs ask: the author's of the requests, the admin's of the bundle, whatever its review says. The
//! requests are the components' own; findings are for a person to weigh, and stop nothing unless asked to.

mod pattern;
mod rules;

pub use pattern::covers;

use crate::InvalidText;
use crate::policy::{Effect, PolicyDocument, Statement};
use crate::resource::Resource;
use crate::state::Desired;
use std::fmt;
use std::str::FromStr;

/// How much a finding should worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Broader than it may need to be.
    Warning,
    /// Lets whoever holds the role gain more than it grants.
    Danger,
}

impl Level {
    /// Every level, the mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Danger];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| InvalidText::new("lint level", text, "known are info, warning, danger"))
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it should worry.
    pub level: Level,
    /// The name of the request, or of the role that was made from it.
    pub request: String,
    /// The statement, from 1; 0 where several of them together are meant.
    pub statement: usize,
    /// The rule, a short name that stays the same from version to version.
    pub rule: &'static str,
    /// What was found and why it matters, one sentence.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.level, self.rule, self.request)?;
        if self.statement > 0 {
            write!(f, ", statement {}", self.statement)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Looks at what every role may do, as the files say that go into a bundle; a finding names the role.
#[must_use]
pub fn lint_roles(desired: &Desired) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resource in desired.resources.values() {
        if let Resource::Role(role) = resource {
            let of_role = |policy| lint_policy(role.name.as_str(), policy);
            findings.extend(role.inline.values().flat_map(of_role));
        }
    }
    findings
}

/// Looks at every statement of one policy, then at what they allow together; `name` is whose policy it is.
#[must_use]
pub fn lint_policy(name: &str, policy: &PolicyDocument) -> Vec<Finding> {
    let finding = |statement: usize, found: rules::Found| Finding {
        level: found.level,
        request: name.to_owned(),
        statement,
        rule: found.rule,
        message: found.message,
    };
    let allowed: Vec<(usize, &Statement)> =
        (1..).zip(&policy.statement).filter(|(_, statement)| statement.effect == Effect::Allow).collect();
    let mut findings = Vec::new();
    for (number, statement) in &allowed {
        findings.extend(rules::of_statement(statement).into_iter().map(|found| finding(*number, found)));
    }
    let statements: Vec<&Statement> = allowed.into_iter().map(|(_, statement)| statement).collect();
    findings.extend(rules::of_combination(&statements).into_iter().map(|found| finding(0, found)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(statements: &str) -> Vec<Finding> {
        let policy: PolicyDocument =
            serde_json::from_str(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#))
                .unwrap();
        lint_policy("parrot", &policy)
    }

    fn allow(actions: &str, resource: &str) -> String {
        format!(r#"{{"Effect":"Allow","Action":[{actions}],"Resource":"{resource}"}}"#)
    }

    fn worst(statements: &str) -> Option<(Level, &'static str)> {
        findings(statements).into_iter().map(|finding| (finding.level, finding.rule)).max()
    }

    #[test]
    fn each_pattern_is_found_at_its_level() {
        let cases = [
            (allow(r#""ec2:DescribeInstances""#, "*"), None),
            (allow(r#""s3:GetObject""#, "arn:aws:s3:::b/*"), None),
            (allow(r#""*""#, "*"), Some((Level::Danger, "all-actions"))),
            (allow(r#""*:*""#, "*"), Some((Level::Danger, "all-actions"))),
            (allow(r#""iam:*""#, "*"), Some((Level::Danger, "privilege-escalation"))),
            (allow(r#""s3:*""#, "arn:aws:s3:::b"), Some((Level::Warning, "service-wildcard"))),
            (allow(r#""kms:ReEncrypt*""#, "arn:aws:kms:r:1:key/x"), Some((Level::Info, "action-wildcard"))),
            (allow(r#""ec2:Describe*""#, "*"), Some((Level::Info, "action-wildcard"))),
            (allow(r#""ec2:TerminateInstances""#, "*"), Some((Level::Warning, "write-on-everything"))),
            (allow(r#""iam:PassRole""#, "*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""iam:passrole""#, "*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/x"), None),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/x-*"), None),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""sts:AssumeRole""#, "arn:aws:iam::*:role/*"), Some((Level::Danger, "assume-any-role"))),
            (
                allow(r#""iam:AttachRolePolicy""#, "arn:aws:iam::*:*"),
                Some((Level::Danger, "privilege-escalation")),
            ),
            (allow(r#""sts:AssumeRole""#, "*"), Some((Level::Danger, "assume-any-role"))),
            (allow(r#""iam:CreatePolicyVersion""#, "*"), Some((Level::Danger, "privilege-escalation"))),
            (allow(r#""iam:Put*""#, "*"), Some((Level::Danger, "privilege-escalation"))),
            (allow(r#""secretsmanager:GetSecretValue""#, "*"), Some((Level::Danger, "read-any-secret"))),
            (allow(r#""ssm:GetParameters*""#, "*"), Some((Level::Danger, "read-any-secret"))),
            (
                allow(r#""ssm:GetParameter""#, "arn:aws:ssm:r:1:parameter/*"),
                Some((Level::Danger, "read-any-secret")),
            ),
            (allow(r#""ssm:GetParameter""#, "arn:aws:ssm:r:1:parameter/a/*"), None),
            (allow(r#""secretsmanager:GetSecretValue""#, "arn:aws:secretsmanager:r:1:secret:demo-*"), None),
            (allow(r#""secretsmanager:ListSecrets""#, "*"), None),
            (allow(r#""kms:Decrypt""#, "*"), Some((Level::Warning, "read-any-data"))),
            (allow(r#""kms:Decrypt""#, "arn:aws:kms:r:1:key/x"), None),
            (allow(r#""s3:GetObject""#, "*"), Some((Level::Warning, "read-any-data"))),
            (allow(r#""s3:GetObject""#, "arn:aws:s3:::*"), Some((Level::Warning, "read-any-data"))),
            (allow(r#""s3:GetObject""#, "arn:aws:s3:::*/*"), Some((Level::Warning, "read-any-data"))),
            (allow(r#""s3:PutObject""#, "arn:aws:s3:::b/*"), None),
            (
                r#"{"Effect":"Allow","NotAction":"s3:x","Resource":"arn:aws:s3:::b"}"#.to_owned(),
                Some((Level::Danger, "all-actions-but-some")),
            ),
            (
                r#"{"Effect":"Allow","Action":"iam:PassRole","NotResource":"arn:aws:iam::1:role/x"}"#
                    .to_owned(),
                Some((Level::Danger, "pass-any-role")),
            ),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:ro*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/*a*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""sts:AssumeRole""#, "arn:*"), Some((Level::Danger, "assume-any-role"))),
            (
                allow(r#""secretsmanager:GetSecretValue""#, "arn:aws:secretsmanager:*:*:s*"),
                Some((Level::Danger, "read-any-secret")),
            ),
            (
                allow(r#""iam:PutRolePolicy""#, "arn:aws:iam::1:role/demo-*"),
                Some((Level::Warning, "changes-permissions")),
            ),
        ];
        for (statement, expected) in cases {
            assert_eq!(worst(&statement), expected, "{statement}: {:?}", findings(&statement));
        }
    }

    #[test]
    fn passing_a_role_to_a_service_that_runs_code_is_found_across_statements() {
        let split = format!(
            "{},{}",
            allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/x"),
            allow(r#""lambda:CreateFunction""#, "arn:aws:lambda:r:1:function:f")
        );
        assert!(findings(&split).iter().any(|finding| finding.rule == "pass-role-to-compute"));
        let denied = split.replacen("Allow", "Deny", 1);
        assert!(!findings(&denied).iter().any(|finding| finding.rule == "pass-role-to-compute"));
    }

    #[test]
    fn a_condition_lowers_what_a_broad_resource_raises() {
        let bare = allow(r#""kms:CreateGrant""#, "*");
        let bound = bare.replace(
            r#""Resource":"*""#,
            r#""Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}"#,
        );
        assert_eq!(worst(&bare), Some((Level::Warning, "grant-without-condition")));
        assert_eq!(worst(&bound), None, "{:?}", findings(&bound));
        for (action, bare_level, bound_level) in [
            ("secretsmanager:GetSecretValue", Level::Danger, Some(Level::Warning)),
            ("kms:Decrypt", Level::Warning, None),
        ] {
            let level = |text: &str| worst(&text.replace("kms:CreateGrant", action)).map(|(level, _)| level);
            assert_eq!((level(&bare), level(&bound)), (Some(bare_level), bound_level), "{action}");
        }
    }

    #[test]
    fn levels_are_read_by_their_names_and_order_by_worry() {
        assert_eq!("danger".parse(), Ok(Level::Danger));
        assert!("loud".parse::<Level>().is_err());
        assert!(Level::Info < Level::Warning && Level::Warning < Level::Danger);
    }
}
