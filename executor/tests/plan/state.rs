//! A bundle's wishes and an account that holds them, small enough to be read whole.

use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::cluster::{Cluster, Hosting};
use sts_schemas::policy::{OneOrMany, PolicyDocument, Statement};
use sts_schemas::resource::{
    Address, Bucket, GENERATION_TAG, Object, Provider, PublicAccessBlock, Resource, Role, Tags,
};
use sts_schemas::state::{Desired, Observed};

pub(crate) const GENERATION: u64 = 1_700_000_000;
pub(crate) const OWNERSHIP: &str = "openshift.io/cloud-credential-operator/demo";
pub(crate) const BUCKET: &str = "bucket/demo-oidc";
pub(crate) const KEYS: &str = "object/demo-oidc/keys.json";
pub(crate) const PROVIDER: &str = "provider/demo-oidc.s3.eu-west-1.amazonaws.com";
pub(crate) const ROLE: &str = "role/demo-ingress";

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn owned() -> Tags {
    Tags::from([(OWNERSHIP.to_owned(), "owned".to_owned()), ("Name".into(), "demo".into())])
}

pub(crate) fn policy(actions: &[&str]) -> PolicyDocument {
    let action = OneOrMany::Many(actions.iter().map(|&action| action.to_owned()).collect());
    let resource = OneOrMany::One("*".into());
    PolicyDocument::of(vec![Statement {
        action: Some(action),
        resource: Some(resource),
        ..Statement::allow()
    }])
}

pub(crate) fn role(name: &str) -> Role {
    Role {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        description: "OpenShift role for x/y".into(),
        trust: policy(&["sts:AssumeRoleWithWebIdentity"]),
        boundary: None,
        max_session_seconds: Role::DEFAULT_SESSION_SECONDS,
        tags: owned(),
        inline: BTreeMap::from([(name.to_owned(), policy(&["ec2:DescribeRegions"]))]),
        attached: BTreeSet::new(),
    }
}

pub(crate) fn desired() -> Desired {
    let issuer = "https://demo-oidc.s3.eu-west-1.amazonaws.com";
    let mut provider_tags = owned();
    provider_tags.insert(GENERATION_TAG.into(), GENERATION.to_string());
    let resources = [
        Resource::Bucket(Bucket {
            name: "demo-oidc".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            tags: owned(),
            public_access_block: Some(PublicAccessBlock {
                block_public_acls: true,
                ignore_public_acls: true,
                block_public_policy: false,
                restrict_public_buckets: false,
            }),
            policy: Some(policy(&["s3:GetObject"])),
        }),
        Resource::Object(Object {
            bucket: "demo-oidc".parse().unwrap(),
            key: "keys.json".into(),
            content_type: "application/json".into(),
            body: r#"{"keys":[]}"#.into(),
            barriers: BTreeMap::new(),
            tags: owned(),
        }),
        Resource::Provider(Provider {
            issuer: issuer.parse().unwrap(),
            client_ids: BTreeSet::from(["openshift".into(), "sts.amazonaws.com".into()]),
            thumbprints: BTreeSet::new(),
            tags: provider_tags,
        }),
        Resource::Role(role("demo-ingress")),
    ];
    Desired {
        token_keys: Vec::new(),
        bound: sts_schemas::open::Bound::default(),
        cluster: Cluster {
            name: "demo".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            partition: "aws".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            hosting: Hosting::PublicBucket { bucket: "demo-oidc".parse().unwrap() },
            issuer: issuer.parse().unwrap(),
            former: None,
        },
        generation: GENERATION,
        resources: resources.into_iter().map(|resource| (resource.address(), resource)).collect(),
    }
}

pub(crate) fn empty() -> Observed {
    Observed {
        account: "123456789012".parse().unwrap(),
        partition: "aws".parse().unwrap(),
        resources: BTreeMap::new(),
        taken: BTreeSet::new(),
        leftovers: BTreeMap::new(),
        remains: BTreeSet::new(),
        fronts: BTreeMap::new(),
        blocks: BTreeMap::new(),
        regions: BTreeMap::new(),
        identities: BTreeMap::new(),
        lent: BTreeMap::new(),
        unseen: BTreeMap::new(),
    }
}

/// An account that holds just what the bundle wants.
pub(crate) fn applied() -> Observed {
    Observed { resources: desired().resources, ..empty() }
}

/// The account after one resource was changed behind the bundle's back.
pub(crate) fn changed(at: &str, change: impl FnOnce(&mut Resource)) -> Observed {
    let mut observed = applied();
    change(observed.resources.get_mut(&address(at)).unwrap());
    observed
}

pub(crate) fn changed_role(change: impl FnOnce(&mut Role)) -> Observed {
    changed(ROLE, |resource| {
        if let Resource::Role(role) = resource {
            change(role);
        }
    })
}

pub(crate) fn bucket(resource: &mut Resource) -> &mut Bucket {
    let Resource::Bucket(bucket) = resource else { panic!("{resource:?}") };
    bucket
}

pub(crate) fn object(resource: &mut Resource) -> &mut Object {
    let Resource::Object(object) = resource else { panic!("{resource:?}") };
    object
}

pub(crate) fn provider(resource: &mut Resource) -> &mut Provider {
    let Resource::Provider(provider) = resource else { panic!("{resource:?}") };
    provider
}

pub(crate) fn role_of(resource: &mut Resource) -> &mut Role {
    let Resource::Role(role) = resource else { panic!("{resource:?}") };
    role
}
