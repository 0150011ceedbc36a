//! The least an IAM identity must be allowed to plan, apply or delete a bundle.

use std::collections::BTreeSet;
use sts_schemas::aws::BucketName;
use sts_schemas::open::OpenValue;
use sts_schemas::policy::{OneOrMany, PolicyDocument, Statement};
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

/// Calls about the account as a whole; IAM takes no narrower resource for them.
///
/// Source for all of this module's names and resources: Service Authorization Reference, "Actions, resources, and
/// condition keys" of IAM and Amazon S3.
const LOOK_AROUND: &[&str] = &["iam:ListOpenIDConnectProviders", "iam:ListRoles"];

/// Reading roles, also those of an older bundle of the same cluster.
const READ_ROLES: &[&str] =
    &["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"];

const READ_PROVIDERS: &[&str] = &["iam:GetOpenIDConnectProvider"];

/// `ListBucket` makes S3 say that an object is not there, instead of denying to tell.
const READ_BUCKETS: &[&str] = &[
    "s3:GetBucketLocation",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:ListBucket",
    "s3:ListBucketVersions",
];

const READ_OBJECTS: &[&str] = &["s3:GetObject", "s3:GetObjectTagging"];

const WRITE_ROLES: &[&str] = &[
    "iam:CreateRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];

const WRITE_PROVIDERS: &[&str] = &[
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:RemoveClientIDFromOpenIDConnectProvider",
    "iam:TagOpenIDConnectProvider",
    "iam:UpdateOpenIDConnectProviderThumbprint",
];

const WRITE_BUCKETS: &[&str] = &[
    "s3:CreateBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
];

/// `PutObjectTagging` belongs to `PutObject` as soon as it brings tags.
const WRITE_OBJECTS: &[&str] = &["s3:PutObject", "s3:PutObjectTagging"];

/// CloudFront's listing calls, and `List` and `Get` of what is found by them. Its ARNs hold ids that AWS makes up.
const READ_CLOUDFRONT: &[&str] = &[
    "cloudfront:ListDistributions",
    "cloudfront:ListOriginAccessControls",
    "cloudfront:ListTagsForResource",
];

/// What is changed is read first, for its `ETag`, and what is made is looked at until it is deployed.
///
/// `CreateDistribution` and `TagResource` belong to `CreateDistributionWithTags`.
const WRITE_CLOUDFRONT: &[&str] = &[
    "cloudfront:CreateDistribution",
    "cloudfront:CreateDistributionWithTags",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:GetDistribution",
    "cloudfront:GetDistributionConfig",
    "cloudfront:TagResource",
    "cloudfront:UpdateDistribution",
];

const DELETE_CLOUDFRONT: &[&str] = &[
    "cloudfront:DeleteDistribution",
    "cloudfront:DeleteOriginAccessControl",
    "cloudfront:GetDistribution",
    "cloudfront:GetDistributionConfig",
    "cloudfront:GetOriginAccessControl",
    "cloudfront:UpdateDistribution",
];

/// Taking one statement out of a policy that others wrote in too.
const DELETE_STATEMENTS: &[&str] = &["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"];

const DELETE_ROLES: &[&str] = &["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"];
const DELETE_PROVIDERS: &[&str] = &["iam:DeleteOpenIDConnectProvider"];
const DELETE_BUCKETS: &[&str] = &["s3:DeleteBucket"];
const DELETE_OBJECTS: &[&str] = &["s3:DeleteObjectVersion"];

/// The least policy for an errand with this bundle, without `--thorough`, `--prune` and `--adopt`.
#[must_use]
pub fn least_policy(desired: &Desired, errand: Errand) -> PolicyDocument {
    let names = Names::of(desired);
    let mut statements = vec![
        statement("LookAround", LOOK_AROUND, vec!["*".to_owned()]),
        statement("ReadRoles", READ_ROLES, names.roles_and_older()),
        statement("ReadProviders", READ_PROVIDERS, names.every_provider.clone()),
        statement("ReadBuckets", READ_BUCKETS, names.buckets_to_read()),
        statement("ReadObjects", READ_OBJECTS, names.objects()),
        statement("ReadCloudFront", READ_CLOUDFRONT, names.cloudfront.clone()),
    ];
    match errand {
        Errand::Plan => {}
        Errand::Apply => statements.extend([
            statement("WriteRoles", &needed(WRITE_ROLES, desired), names.roles.clone()),
            statement("WriteProvider", &needed(WRITE_PROVIDERS, desired), names.providers.clone()),
            statement("WriteBucket", &needed(WRITE_BUCKETS, desired), names.buckets.clone()),
            statement("WriteObjects", WRITE_OBJECTS, names.objects()),
            statement("WriteCloudFront", WRITE_CLOUDFRONT, names.cloudfront.clone()),
        ]),
        Errand::Delete => statements.extend([
            statement("DeleteRoles", DELETE_ROLES, names.roles_and_older()),
            statement("DeleteProvider", DELETE_PROVIDERS, names.providers.clone()),
            statement("DeleteBucket", DELETE_BUCKETS, names.own_buckets.clone()),
            statement("DeleteObjects", DELETE_OBJECTS, names.objects()),
            statement("DeleteStatements", DELETE_STATEMENTS, names.statements.clone()),
            statement("DeleteCloudFront", DELETE_CLOUDFRONT, names.cloudfront.clone()),
        ]),
    }
    statements.retain(|statement| statement.resource != Some(OneOrMany::Many(Vec::new())));
    PolicyDocument::of(statements)
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

/// The ARNs of what a bundle makes, and the patterns of what it must look at besides.
struct Names {
    roles: Vec<String>,
    older_roles: [String; 2],
    providers: Vec<String>,
    every_provider: Vec<String>,
    buckets: Vec<String>,
    own_buckets: Vec<String>,
    statements: Vec<String>,
    cloudfront: Vec<String>,
    default_bucket: String,
}

impl Names {
    fn of(desired: &Desired) -> Self {
        let cluster = &desired.cluster;
        let partition = cluster.partition;
        let open = cluster.open();
        // In an IAM policy a star stands for what is not known yet.
        let account = if open.contains(&OpenValue::Account) { "*" } else { cluster.account.as_str() };
        let iam = format!("arn:{partition}:iam::{account}");
        let bucket_arn = |name: &BucketName| format!("arn:{partition}:s3:::{name}");
        let (mut roles, mut providers) = (Vec::new(), Vec::new());
        let (mut buckets, mut own_buckets, mut statements) = (BTreeSet::new(), Vec::new(), Vec::new());
        let mut cloudfront = Vec::new();
        for resource in desired.resources.values() {
            match resource {
                Resource::Role(role) => {
                    roles.push(format!("{iam}:role{}{}", role.path, role.name));
                }
                Resource::Provider(provider) => {
                    let issuer = if open.contains(&OpenValue::Issuer) {
                        "*.cloudfront.net"
                    } else {
                        provider.issuer.host_and_path()
                    };
                    providers.push(format!("{iam}:oidc-provider/{issuer}"));
                }
                Resource::Bucket(bucket) => {
                    buckets.insert(bucket_arn(&bucket.name));
                    own_buckets.push(bucket_arn(&bucket.name));
                }
                Resource::BucketStatement(one) => {
                    buckets.insert(bucket_arn(&one.bucket));
                    statements.push(bucket_arn(&one.bucket));
                }
                Resource::AccessControl(_) => {}
                // AWS makes up the ids in CloudFront's ARNs, and listing takes no narrower resource.
                Resource::Distribution(_) => cloudfront.push("*".to_owned()),
                Resource::Object(object) => {
                    buckets.insert(bucket_arn(&object.bucket));
                }
            }
        }
        let name = &cluster.name;
        Self {
            roles,
            older_roles: [format!("{iam}:role/{name}-*"), format!("{iam}:role/*/{name}-*")],
            providers,
            // Their tags tell whose they are, and what was applied last: a newer bundle may have had any issuer.
            every_provider: vec![format!("{iam}:oidc-provider/*")],
            buckets: buckets.into_iter().collect(),
            own_buckets,
            statements,
            cloudfront,
            default_bucket: bucket_arn(&cluster.name.default_bucket()),
        }
    }

    fn roles_and_older(&self) -> Vec<String> {
        self.roles.iter().chain(&self.older_roles).cloned().collect()
    }

    /// The default bucket is always looked for: an older bundle may have made it.
    fn buckets_to_read(&self) -> Vec<String> {
        let mut arns = self.buckets.clone();
        if !arns.contains(&self.default_bucket) {
            arns.push(self.default_bucket.clone());
        }
        arns
    }

    fn objects(&self) -> Vec<String> {
        self.buckets.iter().map(|bucket| format!("{bucket}/*")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            LOOK_AROUND,
            READ_ROLES,
            READ_PROVIDERS,
            READ_BUCKETS,
            READ_OBJECTS,
            WRITE_ROLES,
            WRITE_PROVIDERS,
            WRITE_BUCKETS,
            WRITE_OBJECTS,
            DELETE_ROLES,
            DELETE_PROVIDERS,
            DELETE_BUCKETS,
            DELETE_OBJECTS,
            DELETE_STATEMENTS,
            READ_CLOUDFRONT,
            WRITE_CLOUDFRONT,
            DELETE_CLOUDFRONT,
            &BEYOND,
        ]
        .concat()
        .into_iter()
        .collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/account/aws");
        let mut called = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
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
