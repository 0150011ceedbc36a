//! The least an IAM identity must be allowed to plan, apply or delete a bundle.

mod actions;
mod names;
mod parts;

pub use parts::parts;

use names::Names;
use std::collections::BTreeMap;
use sts_schemas::cluster::OWNED;
use sts_schemas::policy::{Condition, ConditionValues, OneOrMany, PolicyDocument, Scalar, Statement};
use sts_schemas::resource::Resource;
use sts_schemas::state::Desired;

/// What the identity shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Errand {
    /// Look: `plan` and `status`.
    Plan,
    /// Look, make and change.
    Apply,
    /// Look and delete.
    Delete,
}

/// The least policy for an errand with this bundle, without `--thorough`, `--prune` and `--adopt`.
///
/// What is deleted, and distributions that are changed, must bear the cluster's tag: their names are patterns that
/// fit a cluster `demo-2` as well as `demo`. Roles are made and changed by their own names: the tags of what was made
/// a moment ago may not count yet.
#[must_use]
pub fn least_policy(desired: &Desired, errand: Errand) -> PolicyDocument {
    // What the former issuer is made of is looked at, and goes with the cluster; nothing else is done to it.
    let all = Names::with_former(desired);
    let names = match errand {
        Errand::Plan | Errand::Delete => Names::with_former(desired),
        Errand::Apply => Names::of(desired),
    };
    let owned = || owned(desired);
    let cloudfront = match errand {
        Errand::Plan | Errand::Apply => all.cloudfront,
        // That nothing is left can only be said of what was looked at.
        Errand::Delete => all.every_cloudfront,
    };
    let mut statements = vec![
        statement("LookAround", actions::LOOK_AROUND, vec!["*".to_owned()]),
        statement("ReadRoles", actions::READ_ROLES, all.roles_and_older),
        statement("ReadProviders", actions::READ_PROVIDERS, all.every_provider),
        statement("ReadBuckets", actions::READ_BUCKETS, all.buckets_to_read),
        statement("FindObjects", actions::FIND_OBJECTS, all.buckets_with_objects),
        statement("ReadObjects", actions::READ_OBJECTS, all.objects),
        statement("ReadCloudFront", actions::READ_CLOUDFRONT, cloudfront),
    ];
    match errand {
        Errand::Plan => {}
        Errand::Apply => statements.extend([
            statement("WriteRoles", &needed(actions::WRITE_ROLES, desired), names.roles),
            statement("WriteProvider", &needed(actions::WRITE_PROVIDERS, desired), names.providers),
            statement("WriteBucket", &needed(actions::WRITE_BUCKETS, desired), names.own_buckets),
            statement("WriteStatement", actions::WRITE_STATEMENTS, names.shared_buckets),
            statement("WriteObjects", actions::WRITE_OBJECTS, names.objects),
            statement("MakeCloudFront", actions::MAKE_CLOUDFRONT, names.cloudfront),
            statement("ReadDistribution", actions::READ_DISTRIBUTIONS, names.distributions.clone()),
            only_if(
                owned(),
                statement("ChangeDistribution", actions::CHANGE_DISTRIBUTIONS, names.distributions),
            ),
        ]),
        Errand::Delete => statements.extend([
            statement("ReadProfiles", actions::READ_PROFILES, names.roles_and_older.clone()),
            only_if(owned(), statement("DeleteRoles", actions::DELETE_ROLES, names.roles_and_older)),
            only_if(owned(), statement("DeleteProvider", actions::DELETE_PROVIDERS, names.providers)),
            statement("DeleteBucket", actions::DELETE_BUCKETS, names.own_buckets),
            statement("DeleteObjects", actions::DELETE_OBJECTS, names.objects_and_others),
            statement("DeleteStatements", actions::DELETE_STATEMENTS, names.buckets_with_statements),
            statement("ReadDistribution", actions::READ_DISTRIBUTIONS, names.distributions.clone()),
            only_if(
                owned(),
                statement("DeleteDistribution", actions::DELETE_DISTRIBUTIONS, names.distributions),
            ),
            statement("DeleteAccessControl", actions::DELETE_CONTROLS, names.access_controls),
        ]),
    }
    statements.retain(|statement| statement.resource != Some(OneOrMany::Many(Vec::new())));
    PolicyDocument::of(statements)
}

/// How long a managed policy may be, by [`PolicyDocument::counted_length`].
///
/// Source: IAM User Guide, "IAM and AWS STS quotas".
pub const MANAGED_POLICY_LENGTH: usize = 6144;

/// That the resource bears the cluster's tag.
fn owned(desired: &Desired) -> Condition {
    let key = format!("aws:ResourceTag/{}", desired.cluster.name.ownership_tag());
    let value = ConditionValues::One(Scalar::Text(OWNED.to_owned()));
    BTreeMap::from([("StringEquals".to_owned(), BTreeMap::from([(key, value)]))])
}

/// Without the actions that only other bundles call for.
fn needed(actions: &[&'static str], desired: &Desired) -> Vec<&'static str> {
    let any = |wants: fn(&Resource) -> bool| desired.resources.values().any(wants);
    let boundary = any(|resource| matches!(resource, Resource::Role(role) if role.boundary.is_some()));
    let thumbprints =
        any(|resource| matches!(resource, Resource::Provider(provider) if !provider.thumbprints.is_empty()));
    let no_policy = any(|resource| matches!(resource, Resource::Bucket(bucket) if bucket.policy.is_none()));
    let is_needed = |action: &str| match action {
        "iam:PutRolePermissionsBoundary" => boundary,
        "iam:UpdateOpenIDConnectProviderThumbprint" => thumbprints,
        "s3:DeleteBucketPolicy" => no_policy,
        _ => true,
    };
    actions.iter().copied().filter(|action| is_needed(action)).collect()
}

fn statement(sid: &str, actions: &[&str], resources: Vec<String>) -> Statement {
    Statement {
        sid: Some(sid.to_owned()),
        action: Some(OneOrMany::Many(actions.iter().map(|action| (*action).to_owned()).collect())),
        resource: Some(OneOrMany::Many(resources)),
        ..Statement::allow()
    }
}

fn only_if(condition: Condition, statement: Statement) -> Statement {
    Statement { condition: Some(condition), ..statement }
}

#[cfg(test)]
mod tests {
    use super::actions;
    use std::collections::BTreeSet;

    /// Actions that only `--thorough`, `--adopt`, managed policies, a look ahead, or a cluster that ccoctl made call for.
    const BEYOND: [&str; 8] = [
        "s3:ListAllMyBuckets",
        "iam:AttachRolePolicy",
        "s3:GetAccountPublicAccessBlock",
        "iam:GetAccountSummary",
        "iam:SimulatePrincipalPolicy",
        "cloudfront:DeleteCloudFrontOriginAccessIdentity",
        "cloudfront:GetCloudFrontOriginAccessIdentity",
        "cloudfront:UpdateOriginAccessControl",
    ];

    #[test]
    fn every_call_the_account_makes_is_in_one_of_the_policies() {
        let known: BTreeSet<&str> = [
            actions::LOOK_AROUND,
            actions::READ_ROLES,
            actions::READ_PROVIDERS,
            actions::READ_BUCKETS,
            actions::READ_OBJECTS,
            actions::WRITE_ROLES,
            actions::WRITE_PROVIDERS,
            actions::WRITE_BUCKETS,
            actions::WRITE_OBJECTS,
            actions::READ_PROFILES,
            actions::DELETE_ROLES,
            actions::DELETE_PROVIDERS,
            actions::DELETE_BUCKETS,
            actions::DELETE_OBJECTS,
            actions::DELETE_STATEMENTS,
            actions::FIND_OBJECTS,
            actions::WRITE_STATEMENTS,
            actions::READ_CLOUDFRONT,
            actions::MAKE_CLOUDFRONT,
            actions::READ_DISTRIBUTIONS,
            actions::CHANGE_DISTRIBUTIONS,
            actions::DELETE_DISTRIBUTIONS,
            actions::DELETE_CONTROLS,
            &BEYOND,
        ]
        .concat()
        .into_iter()
        .collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/account/aws");
        let mut called = BTreeSet::new();
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.is_file()) {
            let text = std::fs::read_to_string(path).unwrap();
            let quoted = text.split('"').filter(|part| {
                ["iam:", "s3:", "cloudfront:"].iter().any(|service| part.starts_with(service))
            });
            called.extend(
                quoted
                    .filter(|part| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':'))
                    .map(str::to_owned),
            );
        }
        assert!(called.len() > 30, "the calls were found: {called:?}");
        let unknown: Vec<_> = called.iter().filter(|call| !known.contains(call.as_str())).collect();
        assert!(unknown.is_empty(), "{unknown:?} are called, and no policy allows them");
    }
}
