//! The ARNs of what a bundle makes, and the patterns of what must be looked at besides.

use crate::plan::former;
use std::collections::BTreeSet;
use sts_schemas::aws::BucketName;
use sts_schemas::cluster::{Cluster, has_cloudfront};
use sts_schemas::gather::Gather as _;
use sts_schemas::open::OpenValue;
use sts_schemas::resource::{Address, Resource};
use sts_schemas::state::Desired;

/// The ARNs of what a bundle makes, and the patterns of what it must look at besides.
pub(super) struct Names {
    pub(super) roles: Vec<String>,
    /// The bundle's roles and all others named for the cluster.
    pub(super) roles_and_older: Vec<String>,
    pub(super) providers: Vec<String>,
    /// Whatever its name, since tags tell whose one is.
    pub(super) every_provider: Vec<String>,
    /// The cluster's own.
    pub(super) own_buckets: Vec<String>,
    /// Somebody else's, in whose policy the cluster has a statement.
    pub(super) shared_buckets: Vec<String>,
    /// The same, and the cluster's own that hold such a statement.
    pub(super) buckets_with_statements: Vec<String>,
    /// Those that the issuer's documents lie in.
    pub(super) buckets_with_objects: Vec<String>,
    /// All of these, and the one that an older bundle may have made.
    pub(super) buckets_to_read: Vec<String>,
    /// The issuer's documents.
    pub(super) objects: Vec<String>,
    /// The same, and whatever else lies in the cluster's own buckets.
    pub(super) objects_and_others: Vec<String>,
    /// `*` where the bundle has a distribution: listing and making take no narrower resource.
    pub(super) cloudfront: Vec<String>,
    /// The same where the partition has CloudFront at all: an older bundle may have made a distribution.
    pub(super) every_cloudfront: Vec<String>,
    pub(super) distributions: Vec<String>,
    pub(super) access_controls: Vec<String>,
}

impl Names {
    /// Of the bundle's own alone, and not of the former issuer that it has stay as it is.
    pub(super) fn of(desired: &Desired) -> Self {
        Self::with(desired, &BTreeSet::new())
    }

    /// The same, with what the former issuer is made of.
    pub(super) fn with_former(desired: &Desired) -> Self {
        Self::with(desired, &former(&desired.cluster))
    }

    fn with(desired: &Desired, former: &BTreeSet<Address>) -> Self {
        let arns = Arns::of(&desired.cluster);
        let (mut roles, mut strays, mut providers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut own, mut with_statements, mut with_objects) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut objects, mut fronts) = (Vec::new(), Fronts::None);
        for resource in desired.resources.values() {
            if let Resource::Role(role) = resource {
                let arn = format!("{}:role{}{}", arns.iam, role.path, role.name);
                if !arns.is_named_for_cluster(role.name.as_str()) {
                    strays.push(arn.clone());
                }
                roles.push(arn);
            }
        }
        for address in desired.resources.keys().chain(former) {
            match address {
                Address::Role(_) | Address::AccessControl(_) => {}
                Address::Provider(issuer) => {
                    let is_open = arns.is_issuer_open && !former.contains(address);
                    providers.push(arns.provider(if is_open { ANY_CLOUDFRONT } else { issuer }));
                }
                Address::Bucket(bucket) => {
                    own.insert(arns.bucket(bucket));
                }
                Address::BucketStatement(bucket, _) => {
                    with_statements.insert(arns.bucket(bucket));
                }
                Address::Object(bucket, key) => {
                    with_objects.insert(arns.bucket(bucket));
                    objects.push(format!("{}/{key}", arns.bucket(bucket)));
                }
                Address::Distribution(_) => fronts = Fronts::CloudFront,
            }
        }
        let default_bucket = arns.bucket(&desired.cluster.name.default_bucket());
        let in_others = |object: &&String| !own.iter().any(|bucket| is_in(object, bucket));
        let all = own.iter().chain(&with_statements).chain(&with_objects).chain([&default_bucket]);
        Self {
            roles_and_older: [format!("{}:role/{}-*", arns.iam, arns.cluster)]
                .into_iter()
                .chain([format!("{}:role/*/{}-*", arns.iam, arns.cluster)])
                .chain(strays)
                .collect(),
            roles,
            every_provider: vec![arns.provider("*")],
            providers,
            shared_buckets: with_statements.difference(&own).cloned().collect(),
            buckets_to_read: all.cloned().gather::<BTreeSet<_>>().into_iter().gather(),
            objects_and_others: own
                .iter()
                .map(|bucket| format!("{bucket}/*"))
                .chain(objects.iter().filter(in_others).cloned())
                .collect(),
            own_buckets: own.into_iter().collect(),
            buckets_with_statements: with_statements.into_iter().collect(),
            buckets_with_objects: with_objects.into_iter().collect(),
            objects,
            cloudfront: fronts.arns("*".to_owned()),
            every_cloudfront: has_cloudfront(desired.cluster.partition)
                .then(|| "*".to_owned())
                .into_iter()
                .collect(),
            distributions: fronts.arns(arns.front("distribution")),
            access_controls: fronts.arns(arns.front("origin-access-control")),
        }
    }
}

/// AWS, not the cluster, names the providers of CloudFront: their tags tell whose they are.
const ANY_CLOUDFRONT: &str = "*.cloudfront.net";

fn is_in(object: &str, bucket: &str) -> bool {
    object.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('/'))
}

/// What stands in front of the bucket.
enum Fronts {
    None,
    CloudFront,
}

impl Fronts {
    fn arns(&self, arn: String) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::CloudFront => vec![arn],
        }
    }
}

/// How the ARNs of a cluster begin.
struct Arns {
    cluster: String,
    /// `arn:PARTITION`.
    partition: String,
    /// `arn:PARTITION:iam::ACCOUNT`.
    iam: String,
    /// In an IAM policy a star stands for what is not known yet.
    account: String,
    is_issuer_open: bool,
}

impl Arns {
    fn of(cluster: &Cluster) -> Self {
        let open = cluster.open();
        let account = if open.contains(&OpenValue::Account) { "*" } else { cluster.account.as_str() };
        let partition = format!("arn:{}", cluster.partition);
        Self {
            cluster: cluster.name.to_string(),
            iam: format!("{partition}:iam::{account}"),
            partition,
            account: account.to_owned(),
            is_issuer_open: open.contains(&OpenValue::Issuer),
        }
    }

    fn is_named_for_cluster(&self, name: &str) -> bool {
        name.strip_prefix(&self.cluster).is_some_and(|rest| rest.starts_with('-'))
    }

    fn provider(&self, issuer: &str) -> String {
        format!("{}:oidc-provider/{issuer}", self.iam)
    }

    fn bucket(&self, name: &BucketName) -> String {
        format!("{}:s3:::{name}", self.partition)
    }

    /// All of CloudFront's of a kind: AWS makes up the ids.
    fn front(&self, kind: &str) -> String {
        format!("{}:cloudfront::{}:{kind}/*", self.partition, self.account)
    }
}
