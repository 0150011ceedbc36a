//! Permissions that turned out to be wanting in the middle of a run, and where to get them.

use crate::account::{AccountError, AccountErrorKind};
use std::collections::BTreeSet;
use sts_schemas::plan::Purpose;

/// What was denied so far.
#[derive(Debug, Default)]
pub(super) struct Denials {
    /// Permissions that no policy of the caller's gives.
    missing: BTreeSet<String>,
    /// Permissions that something above the caller's own policies denies.
    above: BTreeSet<String>,
}

impl Denials {
    /// Keeps the permission that an error tells of, if it tells of one.
    pub(super) fn note(&mut self, error: &AccountError) {
        let known = match error.kind {
            AccountErrorKind::AccessDenied => &mut self.missing,
            AccountErrorKind::DeniedAbove => &mut self.above,
            _ => return,
        };
        known.insert(error.permission().to_owned());
    }

    /// What to do about all of them, as the beginning of a sentence; nothing where nothing was denied.
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
        (!told.is_empty()).then(|| {
            format!(
                "{}; `sts-executor permissions BUNDLE --for {errand}` prints a policy with all that is needed",
                told.join("; ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(kind: AccountErrorKind, call: &str) -> AccountError {
        AccountError::unanswered(call, "role/demo", kind, "no")
    }

    #[test]
    fn each_kind_of_denial_has_its_advice_and_other_failures_have_none() {
        let mut denials = Denials::default();
        denials.note(&denied(AccountErrorKind::Quota, "iam:CreateRole"));
        assert_eq!(denials.advice(Purpose::Apply), None);
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
