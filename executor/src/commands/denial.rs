//! What went wrong in the middle of a run, and what to do about it: above all, permissions that were wanting.

use super::refusal;
use crate::account::{AccountError, AccountErrorKind};
use std::collections::BTreeSet;
use sts_schemas::plan::Purpose;

/// What was denied so far, and what else calls for advice.
#[derive(Debug, Default)]
pub(super) struct Denials {
    /// Permissions that no policy of the caller's gives.
    missing: BTreeSet<String>,
    /// Permissions that something above the caller's own policies denies.
    above: BTreeSet<String>,
    /// What to do about failures of other kinds.
    others: BTreeSet<String>,
}

impl Denials {
    /// Keeps the permission that an error tells of, if it tells of one, or else the advice for its kind.
    pub(super) fn note(&mut self, error: &AccountError) {
        let known = match error.kind {
            AccountErrorKind::AccessDenied => &mut self.missing,
            AccountErrorKind::DeniedAbove => &mut self.above,
            _ => return self.others.extend(refusal::advice(error)),
        };
        known.insert(error.permission().to_owned());
    }

    /// What to do about all of them, as the beginning of a sentence; nothing where there is no telling.
    pub(super) fn advice(&self, purpose: Purpose) -> Option<String> {
        let list = |actions: &BTreeSet<String>| actions.iter().cloned().collect::<Vec<_>>().join(", ");
        let missing = (!self.missing.is_empty())
            .then(|| format!("the credentials in use need the permission {}", list(&self.missing)));
        let above = (!self.above.is_empty())
            .then(|| format!("have whoever made the denial of {} except it", list(&self.above)));
        let told: Vec<_> = missing.into_iter().chain(above).collect();
        let errand = match purpose {
            Purpose::Apply => "apply",
            Purpose::Delete => "delete",
        };
        let policy = format!(
            "`sts-executor permissions BUNDLE --for {errand}` prints a policy with all that is needed"
        );
        let policy = (!told.is_empty()).then_some(policy);
        let told: Vec<_> = told.into_iter().chain(policy).chain(self.others.iter().cloned()).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(kind: AccountErrorKind, call: &str) -> AccountError {
        AccountError::unanswered(call, "role/demo", kind, "no")
    }

    #[test]
    fn each_kind_of_failure_has_its_advice_and_one_of_no_kind_has_none() {
        let mut denials = Denials::default();
        denials.note(&denied(AccountErrorKind::Other, "iam:CreateRole"));
        assert_eq!(denials.advice(Purpose::Apply), None);
        for (kind, call, words) in [
            (AccountErrorKind::Quota, "iam:CreateRole", "raise the quota"),
            (AccountErrorKind::Credentials, "iam:CreateRole", "log in again where they expired"),
            (AccountErrorKind::Foreign, "s3:CreateBucket", "share the names of buckets"),
            (AccountErrorKind::Intercepted, "iam:CreateRole", "those who run the proxy"),
            (AccountErrorKind::Unlogged, "iam:CreateRole", "make room where the log is"),
            (AccountErrorKind::InUse, "iam:DeleteRole", "whatever uses it"),
            (AccountErrorKind::HostTaken, "cloudfront:CreateDistribution", "give the host up there"),
        ] {
            let mut alone = Denials::default();
            alone.note(&denied(kind, call));
            let advice = alone.advice(Purpose::Apply).unwrap();
            assert!(advice.contains(words) && !advice.contains("permissions BUNDLE"), "{advice}");
        }
        denials.note(&denied(AccountErrorKind::AccessDenied, "iam:TagRole"));
        denials.note(&denied(AccountErrorKind::AccessDenied, "iam:CreateRole"));
        denials.note(&denied(AccountErrorKind::DeniedAbove, "s3:PutObject"));
        let advice = denials.advice(Purpose::Delete).unwrap();
        for words in [
            "need the permission iam:CreateRole, iam:TagRole; ",
            "the denial of s3:PutObject except it; ",
            "`sts-executor permissions BUNDLE --for delete`",
        ] {
            assert!(advice.contains(words), "{advice}");
        }
    }
}
