//! What an account must allow before a role can be made, as far as its trust policy tells.

use super::{Finding, Level};
use crate::policy::PolicyDocument;
use crate::resource::Role;

/// Finds a trust policy that IAM takes only after somebody raised the account's quota; `name` is whose it is.
///
/// Source of the quota's name and code: AWS General Reference, "IAM endpoints and quotas".
#[must_use]
pub fn lint_trust(name: &str, trust: &PolicyDocument) -> Option<Finding> {
    let length = trust.counted_length();
    let grouped = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    (length > Role::USUAL_TRUST_POLICY).then(|| Finding {
        level: Level::Warning,
        request: name.to_owned(),
        statement: 0,
        rule: "trust-policy-length",
        message: format!(
            "its trust policy has {} characters without white space, and IAM refuses the role above {} until the \
             account's quota \"Role trust policy length\" (L-C07B4B0D) is raised, to {} at most",
            grouped(length),
            grouped(Role::USUAL_TRUST_POLICY),
            grouped(Role::LONGEST_TRUST_POLICY)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Statement;

    #[test]
    fn a_trust_policy_above_the_usual_quota_is_a_warning_that_names_it() {
        let of_length = |length: usize| {
            let sid = |count: usize| {
                PolicyDocument::of(vec![Statement { sid: Some("x".repeat(count)), ..Statement::allow() }])
            };
            let trust = sid(length - sid(0).counted_length());
            assert_eq!(trust.counted_length(), length);
            lint_trust("parrot", &trust).map(|finding| finding.to_string())
        };
        assert_eq!(of_length(2048), None);
        let told = of_length(2049).unwrap();
        assert!(
            told.starts_with("warning [trust-policy-length] parrot: ") && told.contains("2,049"),
            "{told}"
        );
        assert!(told.contains("above 2,048 until") && told.contains("L-C07B4B0D"), "{told}");
        assert!(of_length(4096).unwrap().contains("4,096 characters"));
    }
}
