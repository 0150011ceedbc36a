//! What a security officer would ask about the permissions that roles get.
//!
//! Both programs ask: the author's of the requests, the admin's of the bundle, whatever its review says. The
//! requests are the components' own; findings are for a person to weigh, and stop nothing unless asked to.

mod condition;
mod own;
mod pattern;
mod reach;
mod rules;
mod trust;

pub use own::Own;
pub use pattern::{covers, covers_resources};
pub use reach::BROAD_RESOURCE;
pub use trust::lint_trust;

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
    let own = Own::of_desired(desired);
    let mut findings = Vec::new();
    for resource in desired.resources.values() {
        if let Resource::Role(role) = resource {
            let of_role = |policy| lint_policy(role.name.as_str(), policy, &own);
            findings.extend(role.inline.values().flat_map(of_role));
            findings.extend(lint_trust(role.name.as_str(), &role.trust));
        }
    }
    findings
}

/// Looks at every statement of one policy, then at what they allow together; `name` is whose policy it is, and `own`
/// what the policies beside it belong to.
#[must_use]
pub fn lint_policy(name: &str, policy: &PolicyDocument, own: &Own) -> Vec<Finding> {
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
        findings.extend(rules::of_statement(statement, own).into_iter().map(|found| finding(*number, found)));
    }
    let statements: Vec<&Statement> = allowed.into_iter().map(|(_, statement)| statement).collect();
    findings.extend(rules::of_combination(&statements, own).into_iter().map(|found| finding(0, found)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Partition, RoleName};
    use crate::cluster::{Cluster, Hosting};

    fn findings(statements: &str) -> Vec<Finding> {
        let policy: PolicyDocument =
            serde_json::from_str(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#))
                .unwrap();
        lint_policy("parrot", &policy, &Own::of(&cluster(), [(&"/".parse().unwrap(), &own_role())], None))
    }

    /// A condition that everything a bundle makes fulfils.
    const OWNED: &str =
        r#""StringEquals":{"aws:ResourceTag/openshift.io/cloud-credential-operator/harbour":"owned"}"#;

    fn own_role() -> RoleName {
        "harbour-parrot".parse().unwrap()
    }

    fn cluster() -> Cluster {
        Cluster {
            name: "harbour".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            partition: Partition::Aws,
            region: "us-east-1".parse().unwrap(),
            hosting: Hosting::Elsewhere,
            issuer: "https://harbour-oidc.s3.us-east-1.amazonaws.com".parse().unwrap(),
            former: None,
        }
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
            (allow(r#""ec2:DescribeInstances""#, "*"), Some((Level::Info, "broad-resource"))),
            (allow(r#""s3:GetObject""#, "arn:aws:s3:::b/*"), None),
            (allow(r#""*""#, "*"), Some((Level::Danger, "all-actions"))),
            (allow(r#""*:*""#, "*"), Some((Level::Danger, "all-actions"))),
            (allow(r#""iam:*""#, "*"), Some((Level::Danger, "privilege-escalation"))),
            (allow(r#""s3:*""#, "arn:aws:s3:::b"), Some((Level::Warning, "service-wildcard"))),
            (allow(r#""kms:ReEncrypt*""#, "arn:aws:kms:r:1:key/x"), Some((Level::Info, "action-wildcard"))),
            (allow(r#""ec2:Describe*""#, "*"), Some((Level::Info, "broad-resource"))),
            (allow(r#""ec2:TerminateInstances""#, "*"), Some((Level::Warning, "write-on-everything"))),
            (allow(r#""iam:PassRole""#, "*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""iam:passrole""#, "*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/x"), None),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/x1-*"), Some((Level::Info, "broad-resource"))),
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
            (
                allow(r#""ssm:GetParameter""#, "arn:aws:ssm:r:1:parameter/a/*"),
                Some((Level::Info, "broad-resource")),
            ),
            (
                allow(r#""secretsmanager:GetSecretValue""#, "arn:aws:secretsmanager:r:1:secret:demo-??????"),
                None,
            ),
            (allow(r#""secretsmanager:ListSecrets""#, "*"), Some((Level::Info, "broad-resource"))),
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
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""iam:PassRole""#, "arn:aws:iam::1:role?*"), Some((Level::Danger, "pass-any-role"))),
            (allow(r#""sts:AssumeRole""#, "arn:aws:iam::1:r?le*"), Some((Level::Danger, "assume-any-role"))),
            (
                allow(r#""iam:PassRole""#, "arn:aws:iam::1:role*x"),
                Some((Level::Warning, "pass-role-by-pattern")),
            ),
            (allow(r#""sqs:SendMessage""#, "arn:aws:sqs:r:1:role*"), Some((Level::Info, "broad-resource"))),
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
    fn only_a_condition_that_binds_lowers_what_a_broad_resource_raises() {
        let bare = allow(r#""kms:CreateGrant""#, "*");
        let bound = bare.replace(
            r#""Resource":"*""#,
            r#""Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}"#,
        );
        assert_eq!(worst(&bare), Some((Level::Warning, "grant-without-condition")));
        assert_eq!(worst(&bound), Some((Level::Info, "broad-resource")), "{:?}", findings(&bound));
        let tag = r#""StringEquals":{"aws:ResourceTag/team":"a"}"#;
        let lent = r#""Bool":{"kms:GrantIsForAWSResource":true}"#;
        let anything = r#""StringLike":{"aws:x":"*"}"#;
        let itself = r#""StringEquals":{"aws:ResourceTag/x":"${aws:ResourceTag/x}"}"#;
        for (action, condition, expected) in [
            ("secretsmanager:GetSecretValue", tag, Some(Level::Warning)),
            ("secretsmanager:GetSecretValue", lent, Some(Level::Danger)),
            ("secretsmanager:GetSecretValue", anything, Some(Level::Danger)),
            ("kms:Decrypt", tag, Some(Level::Info)),
            ("kms:Decrypt", lent, Some(Level::Warning)),
            (
                "iam:PassRole",
                r#""StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}"#,
                Some(Level::Warning),
            ),
            (
                "iam:PassRole",
                r#""StringEquals":{"aws:PrincipalArn":"arn:aws:iam::1:role/x"}"#,
                Some(Level::Danger),
            ),
            ("iam:PassRole", anything, Some(Level::Danger)),
            ("iam:PassRole", OWNED, Some(Level::Danger)),
            ("sts:AssumeRole", OWNED, Some(Level::Danger)),
            ("iam:AttachRolePolicy", OWNED, Some(Level::Danger)),
            ("secretsmanager:GetSecretValue", OWNED, Some(Level::Danger)),
            ("secretsmanager:GetSecretValue", itself, Some(Level::Danger)),
            ("ec2:TerminateInstances", tag, Some(Level::Info)),
            ("ec2:CreateTags", r#""StringEquals":{"ec2:CreateAction":"RunInstances"}"#, Some(Level::Info)),
            ("ec2:TerminateInstances", anything, Some(Level::Warning)),
        ] {
            let text = bound.replace("kms:CreateGrant", action).replace(lent, condition);
            assert_eq!(worst(&text).map(|(level, _)| level), expected, "{text}: {:?}", findings(&text));
        }
    }

    #[test]
    fn what_reaches_the_issuers_distribution_is_a_danger_where_there_is_one() {
        let bucket = "harbour-oidc".parse().unwrap();
        let hosting = Hosting::PrivateBucket { bucket, certificate: None };
        let private = Cluster { hosting, ..cluster() };
        for (resource, expected) in [
            ("*", true),
            ("arn:aws:cloudfront::123456789012:distribution/*", true),
            ("arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE", true),
            ("arn:aws:cloudfront::*:distribution/*", true),
            ("arn:aws:cloudfront::999988887777:distribution/*", false),
            ("arn:aws:s3:::x", false),
        ] {
            let statement: Statement =
                serde_json::from_str(&allow(r#""cloudfront:Update*""#, resource)).unwrap();
            let policy = PolicyDocument::of(vec![statement]);
            for (cluster, expected) in [(&private, expected), (&cluster(), false)] {
                let own = Own::of(cluster, [(&"/".parse().unwrap(), &own_role())], None);
                let found = lint_policy("parrot", &policy, &own);
                let forges = found.iter().any(|finding| finding.rule == "forge-tokens");
                assert_eq!(forges, expected, "{resource} {}", cluster.hosting);
            }
        }
    }

    #[test]
    fn what_reaches_the_issuers_documents_or_the_bundles_own_roles_is_a_danger() {
        let levels = |text: &str, rule: &str| {
            let found = findings(text).into_iter().filter(|finding| finding.rule == rule);
            found.map(|finding| finding.level).max()
        };
        for (actions, resource, expected) in [
            (r#""s3:PutObject""#, "arn:aws:s3:::harbour-oidc/*", true),
            (r#""s3:PutObject""#, "arn:aws:s3:::harbour-oidc/keys.json", true),
            (r#""s3:Put*""#, "arn:aws:s3:::harbour*", true),
            (r#""s3:*""#, "*", true),
            (r#""s3:PutBucketPolicy""#, "arn:aws:s3:::*-oidc", true),
            (r#""s3:PutObject""#, "arn:aws:s3:::harbour-oidc/other/*", false),
            (r#""s3:PutObject""#, "arn:aws:s3:::harbour-registry/*", false),
            (r#""s3:GetObject""#, "arn:aws:s3:::harbour-oidc/*", false),
        ] {
            let text = allow(actions, resource);
            assert_eq!(levels(&text, "forge-tokens"), expected.then_some(Level::Danger), "{text}");
        }
        for (actions, resource, expected) in [
            (r#""iam:PutRolePolicy""#, "arn:aws:iam::123456789012:role/harbour-*", true),
            (r#""iam:Attach*""#, "arn:aws:iam::*:role/harbour-parrot", true),
            (r#""iam:UpdateAssumeRolePolicy""#, "arn:aws:iam::${aws:PrincipalAccount}:role/h*", true),
            (r#""iam:PutRolePolicy""#, "arn:aws:iam::123456789012:role/other-*", false),
        ] {
            let text = allow(actions, resource);
            assert_eq!(levels(&text, "changes-own-roles"), expected.then_some(Level::Danger), "{text}");
        }
        // The tag that all of it bears keeps nothing of it away.
        let bound = |tag: &str| {
            let condition =
                format!(r#""Condition":{{"StringEquals":{{"aws:ResourceTag/{tag}":"owned"}}}},"Resource""#);
            let text = allow(r#""iam:PutRolePolicy""#, "arn:aws:iam::123456789012:role/harbour-*");
            levels(&text.replace(r#""Resource""#, &condition), "changes-own-roles")
        };
        assert_eq!(bound(&cluster().name.ownership_tag()), Some(Level::Danger));
        assert_eq!(bound("team"), Some(Level::Warning));
    }

    #[test]
    fn a_policy_is_a_danger_that_may_change_the_policy_that_bounds_the_roles() {
        let boundary = "arn:aws:iam::123456789012:policy/bound".parse().unwrap();
        let text = allow(r#""iam:CreatePolicyVersion""#, "arn:aws:iam::123456789012:policy/b*");
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#);
        let policy: PolicyDocument = serde_json::from_str(&policy).unwrap();
        let rule = |boundary| {
            let found = lint_policy("parrot", &policy, &Own::of(&cluster(), [], boundary));
            found.into_iter().map(|finding| (finding.level, finding.rule)).max()
        };
        assert_eq!(rule(Some(&boundary)), Some((Level::Danger, "changes-own-roles")));
        assert_eq!(rule(None), Some((Level::Warning, "changes-permissions")));
    }

    #[test]
    fn what_names_roles_of_any_account_is_told() {
        let of_any = |action: &str| worst(&allow(action, "arn:aws:iam::*:role/x"));
        assert_eq!(of_any(r#""sts:AssumeRole""#), Some((Level::Warning, "assume-in-any-account")));
        assert_eq!(of_any(r#""iam:PassRole""#), Some((Level::Info, "any-account")));
        assert_eq!(worst(&allow(r#""iam:PassRole""#, "arn:aws:iam::1:role/x")), None);
    }

    #[test]
    fn levels_are_read_by_their_names_and_order_by_worry() {
        assert_eq!("danger".parse(), Ok(Level::Danger));
        assert!("loud".parse::<Level>().is_err());
        assert!(Level::Info < Level::Warning && Level::Warning < Level::Danger);
    }
}
