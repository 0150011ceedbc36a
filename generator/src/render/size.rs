//! Whether roles fit into IAM's quotas, asked before anything is written.

use super::roles::{NamedRole, RoleOptions, trust};
use std::fmt::Write as _;
use sts_schemas::cluster::Cluster;
use sts_schemas::lint::{Finding, lint_trust};
use sts_schemas::resource::Role;

/// Requests whose roles IAM would refuse for their size: one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("IAM would refuse what these requests ask for:{}", list(.0))]
pub struct TooLarge(pub Vec<String>);

fn list(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = write!(text, "\n  {line}");
        text
    })
}

/// Counts the policies of every role as IAM does, and finds those that only fit a raised quota.
///
/// # Errors
/// Every role whose policies are above what IAM takes at most, by its request.
pub fn check_sizes(
    cluster: &Cluster,
    options: &RoleOptions,
    roles: &[NamedRole<'_>],
) -> Result<Vec<Finding>, TooLarge> {
    let (mut findings, mut wrong) = (Vec::new(), Vec::new());
    for NamedRole { request, .. } in roles {
        let request_name = format!("{} ({})", request.name, request.source);
        let most = Role::LONGEST_INLINE_POLICIES;
        let permissions = request.policy.counted_length();
        if permissions > most {
            wrong.push(format!(
                "{request_name}: its policy has {permissions} characters without white space, and at most {} fit a role",
                grouped(most)
            ));
        }
        let most = Role::LONGEST_TRUST_POLICY;
        let trust = trust(cluster, request, options.audience.as_deref());
        let trusting = trust.counted_length();
        if trusting > most {
            wrong.push(format!(
                "{request_name}: the trust policy for its {} service accounts has {trusting} characters without white space, \
                 and IAM takes at most {}",
                request.service_accounts.len(),
                grouped(most)
            ));
        } else {
            findings.extend(lint_trust(&request_name, &trust));
        }
    }
    if wrong.is_empty() { Ok(findings) } else { Err(TooLarge(wrong)) }
}

/// A number below a million as people read it.
fn grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}
