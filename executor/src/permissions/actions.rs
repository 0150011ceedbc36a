//! What each errand calls, by what it is called on.

/// Calls about the account as a whole; IAM takes no narrower resource for them.
///
/// Source for all names and resources of this module and its parent: Service Authorization Reference, "Actions, resources, and
/// condition keys" of IAM and Amazon S3.
pub(super) const LOOK_AROUND: &[&str] = &["iam:ListOpenIDConnectProviders", "iam:ListRoles"];

/// Reading roles, also those of an older bundle of the same cluster.
pub(super) const READ_ROLES: &[&str] =
    &["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"];

pub(super) const READ_PROVIDERS: &[&str] = &["iam:GetOpenIDConnectProvider"];

pub(super) const READ_BUCKETS: &[&str] = &[
    "s3:GetBucketLocation",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:ListBucketVersions",
];

/// It makes S3 say that an object is not there, instead of denying to tell.
pub(super) const FIND_OBJECTS: &[&str] = &["s3:ListBucket"];

pub(super) const READ_OBJECTS: &[&str] = &["s3:GetObject", "s3:GetObjectTagging"];

pub(super) const WRITE_ROLES: &[&str] = &[
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

pub(super) const WRITE_PROVIDERS: &[&str] = &[
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:RemoveClientIDFromOpenIDConnectProvider",
    "iam:TagOpenIDConnectProvider",
    "iam:UpdateOpenIDConnectProviderThumbprint",
];

pub(super) const WRITE_BUCKETS: &[&str] = &[
    "s3:CreateBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
];

/// One statement in the policy of a bucket that is somebody else's.
pub(super) const WRITE_STATEMENTS: &[&str] = &["s3:PutBucketPolicy"];

/// `PutObjectTagging` belongs to `PutObject` as soon as it brings tags.
pub(super) const WRITE_OBJECTS: &[&str] = &["s3:PutObject", "s3:PutObjectTagging"];

/// CloudFront's listing calls, and `List` and `Get` of what is found by them. Its ARNs hold ids that AWS makes up.
pub(super) const READ_CLOUDFRONT: &[&str] = &[
    "cloudfront:ListDistributions",
    "cloudfront:ListOriginAccessControls",
    "cloudfront:ListTagsForResource",
];

/// `CreateDistribution` and `TagResource` belong to `CreateDistributionWithTags`.
pub(super) const MAKE_CLOUDFRONT: &[&str] = &[
    "cloudfront:CreateDistribution",
    "cloudfront:CreateDistributionWithTags",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:TagResource",
];

/// What is changed is read first, for its `ETag`, and what is made is looked at until it is deployed.
pub(super) const READ_DISTRIBUTIONS: &[&str] =
    &["cloudfront:GetDistribution", "cloudfront:GetDistributionConfig"];
pub(super) const CHANGE_DISTRIBUTIONS: &[&str] = &["cloudfront:UpdateDistribution"];
pub(super) const DELETE_DISTRIBUTIONS: &[&str] =
    &["cloudfront:DeleteDistribution", "cloudfront:UpdateDistribution"];

/// Access controls bear no tags.
pub(super) const DELETE_CONTROLS: &[&str] =
    &["cloudfront:DeleteOriginAccessControl", "cloudfront:GetOriginAccessControl"];

/// Taking one statement out of a policy that others wrote in too.
pub(super) const DELETE_STATEMENTS: &[&str] = &["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"];

/// Whether a role that shall go is in instance profiles, whatever its tags.
pub(super) const READ_PROFILES: &[&str] = &["iam:ListInstanceProfilesForRole"];
pub(super) const DELETE_ROLES: &[&str] = &["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"];
pub(super) const DELETE_PROVIDERS: &[&str] = &["iam:DeleteOpenIDConnectProvider"];
pub(super) const DELETE_BUCKETS: &[&str] = &["s3:DeleteBucket"];
/// Several versions at once take both. Source: Amazon S3 API Reference, `DeleteObjects`, "Permissions".
pub(super) const DELETE_OBJECTS: &[&str] = &["s3:DeleteObject", "s3:DeleteObjectVersion"];
