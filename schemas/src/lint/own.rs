//! What a bundle makes that none of its roles should change: whoever can has more than its policy says.

use super::pattern::matches;
use crate::aws::{Arn, RoleName, RolePath};
use crate::cluster::{Cluster, Hosting};
use crate::layout::{DISCOVERY_KEY, KEYS_KEY};
use crate::policy::{ConditionValues, Statement};
use crate::resource::Resource;
use crate::state::Desired;
use std::collections::BTreeSet;

/// What a bundle's roles are held against: its issuer's bucket, and the roles themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// The ARN of the bucket that serves the issuer, where it is in one.
    bucket: Option<String>,
    /// The ARNs of the documents in it.
    documents: Vec<String>,
    /// How the ARN of a distribution in front of it begins, where there is one: AWS makes up the rest.
    distribution: Option<String>,
    /// The ARNs of the roles and of the policies that bound them.
    roles: BTreeSet<String>,
    /// The key of the tag that all of it bears.
    tag: String,
    /// What its tag `Name` says.
    name: String,
}

impl Own {
    /// What a cluster with these roles calls its own; `boundary` is the policy that bounds them.
    pub fn of<'a>(
        cluster: &Cluster,
        roles: impl IntoIterator<Item = (&'a RolePath, &'a RoleName)>,
        boundary: Option<&Arn>,
    ) -> Self {
        let arn = |(path, name)| Arn::role(cluster.partition, &cluster.account, path, name).to_string();
        let roles = roles.into_iter().map(arn).chain(boundary.map(ToString::to_string)).collect();
        let (bucket, prefix) = bucket_of(cluster).unzip();
        let bucket = bucket.map(|name| format!("arn:{}:s3:::{name}", cluster.partition));
        let document = |key: &str| {
            let prefix = prefix.as_deref().unwrap_or_default();
            bucket.as_ref().map(|bucket| format!("{bucket}/{prefix}{key}"))
        };
        let documents = [DISCOVERY_KEY, KEYS_KEY].into_iter().filter_map(document).collect();
        let is_fronted = matches!(cluster.hosting, Hosting::PrivateBucket { .. });
        let distribution =
            || format!("arn:{}:cloudfront::{}:distribution/", cluster.partition, cluster.account);
        let distribution = is_fronted.then(distribution);
        Self {
            bucket,
            documents,
            distribution,
            roles,
            tag: cluster.name.ownership_tag(),
            name: cluster.name.to_string(),
        }
    }

    /// What a bundle calls its own.
    pub(super) fn of_desired(desired: &Desired) -> Self {
        let roles = || {
            desired
                .resources
                .values()
                .filter_map(|resource| if let Resource::Role(role) = resource { Some(role) } else { None })
        };
        let mut own = Self::of(&desired.cluster, roles().map(|role| (&role.path, &role.name)), None);
        own.roles.extend(roles().filter_map(|role| role.boundary.as_ref()).map(ToString::to_string));
        own
    }

    /// Whether a condition on this tag, its key in any letters, leads to what a bundle makes.
    pub(super) fn is_tagged(&self, tag: &str, values: &ConditionValues) -> bool {
        let is_its_name = |value: String| matches(value.as_bytes(), self.name.as_bytes());
        tag.eq_ignore_ascii_case(&self.tag)
            || tag.eq_ignore_ascii_case(NAME_TAG) && values.iter().any(|value| is_its_name(value.to_string()))
    }

    /// What bears these tags.
    #[cfg(test)]
    pub(super) fn tagged(tag: &str, name: &str) -> Self {
        Self { tag: tag.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// Whether a statement is about the bucket as such, and about a document in it.
    pub(super) fn issuer_in(&self, statement: &Statement) -> (bool, bool) {
        (
            self.bucket.iter().any(|arn| reaches(statement, arn)),
            self.documents.iter().any(|arn| reaches(statement, arn)),
        )
    }

    /// Whether a statement may be about the distribution that serves the issuer.
    pub(super) fn has_distribution_in(&self, statement: &Statement) -> bool {
        self.distribution.iter().any(|begin| {
            let is_one =
                |pattern: &str| names(pattern, &format!("{begin}{SOME_ID}")) || pattern.starts_with(begin);
            match (&statement.resource, &statement.not_resource) {
                (Some(resources), _) => resources.iter().any(is_one),
                (None, Some(others)) => {
                    !others.iter().any(|pattern| names(pattern, &format!("{begin}{SOME_ID}")))
                }
                (None, None) => false,
            }
        })
    }

    /// Whether a statement is about one of the roles, or of the policies that bound them.
    pub(super) fn has_role_in(&self, statement: &Statement) -> bool {
        self.roles.iter().any(|arn| reaches(statement, arn))
    }
}

/// The tag that all of a bundle bears besides, with the cluster's name.
const NAME_TAG: &str = "Name";

/// The bucket of the issuer's documents, and what their keys begin with.
fn bucket_of(cluster: &Cluster) -> Option<(String, String)> {
    match &cluster.hosting {
        Hosting::PublicBucket { bucket } | Hosting::PrivateBucket { bucket, .. } => {
            Some((bucket.to_string(), String::new()))
        }
        Hosting::SharedBucket { bucket, path } => Some((bucket.to_string(), format!("{path}/"))),
        // Who makes roles alone knows the provider, and does not tell who hosts it.
        Hosting::Elsewhere => {
            let issuer = cluster.issuer.host_and_path();
            let (host, path) = issuer.split_once('/').unwrap_or((issuer, ""));
            let (bucket, _) = host.split_once(".s3.")?;
            let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
            Some((bucket.to_owned(), prefix))
        }
    }
}

/// Stands for an id that AWS is yet to make up.
const SOME_ID: &str = "E1";

/// Whether a statement is about the resource of this ARN.
fn reaches(statement: &Statement, arn: &str) -> bool {
    if let Some(resources) = &statement.resource {
        return resources.iter().any(|pattern| names(pattern, arn));
    }
    statement
        .not_resource
        .as_ref()
        .is_some_and(|resources| !resources.iter().any(|pattern| names(pattern, arn)))
}

fn names(pattern: &str, arn: &str) -> bool {
    if !pattern.contains("${") {
        return matches(pattern.as_bytes(), arn.as_bytes());
    }
    // A variable may stand for anything.
    let mut parts = pattern.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    let pattern = parts.fold(first, |text, part| {
        let rest = part.split_once('}').map_or("", |(_, rest)| rest);
        format!("{text}*{rest}")
    });
    matches(pattern.as_bytes(), arn.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_may_stand_for_what_is_ones_own() {
        let arn = "arn:aws:iam::1:role/demo-x";
        assert!(names("arn:aws:iam::${aws:PrincipalAccount}:role/demo-*", arn));
        assert!(names("arn:aws:iam::*:role/*${aws:PrincipalTag/x}", arn));
        assert!(!names("arn:aws:iam::${aws:PrincipalAccount}:role/other", arn));
        assert!(names("arn:aws:iam::1:role/demo-?", arn) && !names("arn:aws:iam::1:role/Demo-x", arn));
    }
}
