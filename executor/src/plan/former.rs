//! The issuer that a cluster is moved away from: it stays as it is while the bundle names it.

use super::compare::{aligned, changes};
use super::leads::{path_in_bucket, private_bucket, public_bucket};
use super::live_keys::is_document;
use super::ownership;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::BucketName;
use sts_schemas::cluster::{Cluster, Hosting, IssuerUrl};
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::{DISCOVERY_KEY, KEYS_KEY};
use sts_schemas::oidc::{DiscoveryDocument, Jwk, TokenKey};
use sts_schemas::resource::{
    Address, Bucket, BucketStatement, Distribution, Object, Provider, Resource, identities_let_in,
};
use sts_schemas::standing::Standing;
use sts_schemas::state::{Desired, Observed};

/// Where the former issuer of a cluster is, and what serves it.
#[must_use]
pub fn former(cluster: &Cluster) -> BTreeSet<Address> {
    cluster.before_move().map(|before| addresses(&before)).unwrap_or_default()
}

fn addresses(before: &Cluster) -> BTreeSet<Address> {
    let mut addresses = match &before.hosting {
        Hosting::PublicBucket { bucket } => public_bucket(bucket),
        Hosting::PrivateBucket { bucket, .. } => private_bucket(&before.name, bucket),
        Hosting::SharedBucket { bucket, path } => path_in_bucket(&before.name, bucket, path.as_str()),
        Hosting::Elsewhere => BTreeSet::new(),
    };
    addresses.insert(Address::Provider(before.issuer.host_and_path().to_owned()));
    addresses
}

/// What of the former issuer is not as a cluster needs that still uses it, by address.
#[must_use]
pub fn faults(desired: &Desired, observed: &Observed) -> BTreeMap<Address, Standing> {
    let Some(before) = desired.cluster.before_move() else { return BTreeMap::new() };
    let audiences = desired.resources.values().find_map(|resource| match resource {
        Resource::Provider(provider) => Some(&provider.client_ids),
        _ => None,
    });
    let former = Former { key: desired.token_keys.first(), audiences, cluster: &before, observed };
    let found = addresses(&before).into_iter().filter(|address| former.needs(address));
    found.filter_map(|address| Some((address.clone(), former.fault(&address)?))).gather()
}

/// What is kept of it, in a sentence, and in another what is wrong with it.
pub(super) fn notes(desired: &Desired, observed: &Observed) -> Vec<String> {
    let Some(before) = desired.cluster.before_move() else { return Vec::new() };
    let issuer = &before.issuer;
    let is_owned = |address: &Address| {
        observed.resources.get(address).is_some_and(|found| found.is_owned_by(&before.name))
    };
    let list =
        |addresses: Vec<Address>| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let kept: Vec<_> = addresses(&before).into_iter().filter(is_owned).collect();
    let mut notes = Vec::new();
    if !kept.is_empty() {
        notes.push(format!(
            "KEPT, for it is the former issuer {issuer}, which is still in use: {}. The bundle changes nothing of it, nor \
             does --prune.",
            list(kept)
        ));
    }
    let faults: Vec<_> = faults(desired, observed).into_keys().collect();
    if !faults.is_empty() {
        notes.push(format!(
            "THE FORMER ISSUER IS NOT WHOLE: {}. A cluster that still uses {issuer} gets no credentials by it. This bundle \
             mends nothing of it; the one before the move does, with --roll-back; then apply this one again. \
             `sts-executor status` shows what is wrong.",
            list(faults)
        ));
    }
    notes
}

/// The cluster as it was before the move, and what the account holds of it.
struct Former<'a> {
    cluster: &'a Cluster,
    /// The key that the cluster's tokens are signed with.
    key: Option<&'a TokenKey>,
    /// Whom those tokens are for.
    audiences: Option<&'a BTreeSet<String>>,
    observed: &'a Observed,
}

impl Former<'_> {
    /// A distribution that reads its bucket as ccoctl had it does without what this project makes for that.
    fn needs(&self, address: &Address) -> bool {
        let (Address::AccessControl(bucket) | Address::BucketStatement(bucket, _)) = address else {
            return true;
        };
        self.identity(bucket).is_none()
    }

    /// The id of the origin access identity by which a distribution of ccoctl's reads this bucket.
    fn identity(&self, bucket: &BucketName) -> Option<&str> {
        match self.observed.resources.get(&Address::Distribution(bucket.clone()))? {
            Resource::Distribution(front) => front.identity_in_use(),
            _ => None,
        }
    }

    fn fault(&self, address: &Address) -> Option<Standing> {
        let there = match ownership::standing(address, &self.cluster.name, self.observed) {
            ownership::Standing::Owned(there) => there,
            ownership::Standing::Free => return Some(Standing::Missing),
            ownership::Standing::TakenElsewhere => return Some(foreign(ownership::TAKEN.into())),
            ownership::Standing::Veiled => return Some(foreign(ownership::VEILED.into())),
            ownership::Standing::Unfinished(other) | ownership::Standing::Foreign(other) => {
                return Some(foreign(ownership::reason(other, &self.cluster.name)));
            }
        };
        if let Some(reason) = self.of_no_use(there) {
            return Some(Standing::Blocked { reason });
        }
        let changes = changes(there, &aligned(there, &self.whole(there)));
        (!changes.is_empty()).then_some(Standing::Drifted { changes })
    }

    /// Why something is of no use to whoever reads the issuer, whatever its settings.
    fn of_no_use(&self, there: &Resource) -> Option<String> {
        match there {
            Resource::Object(keys) if is_document(keys, KEYS_KEY) => {
                let key = self.key.filter(|key| !serves(keys, key))?;
                Some(format!("it does not serve the cluster's key {key}"))
            }
            Resource::Bucket(bucket) if self.is_public() => {
                let is_closed = bucket.public_access_block.is_some_and(|block| block.restrict_public_buckets);
                is_closed.then(|| "it lets nobody in from outside its account (RestrictPublicBuckets)".into())
            }
            Resource::Bucket(bucket) => {
                let identity = self.identity(&bucket.name)?;
                let is_let_in =
                    bucket.policy.iter().any(|policy| identities_let_in(policy).contains(identity));
                (!is_let_in)
                    .then(|| format!("its policy does not let in the origin access identity {identity}"))
            }
            Resource::BucketStatement(one) => {
                let is_closed = self.observed.blocks.get(&one.bucket)?.restrict_public_buckets;
                is_closed.then(|| {
                    format!(
                        "bucket/{} lets nobody in from outside its account (RestrictPublicBuckets)",
                        one.bucket
                    )
                })
            }
            Resource::Distribution(front) => {
                let host = self.cluster.issuer.host_and_path();
                let alias = front.alias.as_ref().map(|alias| alias.host.as_str());
                let answers = alias == Some(host) || front.domain.as_deref() == Some(host);
                (!answers).then(|| format!("it does not answer for {host}"))
            }
            _ => None,
        }
    }

    /// The same as it was when the issuer was whole, in all that its readers depend on.
    fn whole(&self, there: &Resource) -> Resource {
        let Self { cluster, .. } = self;
        match there.clone() {
            Resource::Bucket(bucket) if self.is_public() => {
                let policy = Some(BucketStatement::public_policy(cluster, &bucket.name));
                Resource::Bucket(Bucket { policy, ..bucket })
            }
            Resource::BucketStatement(one) => Resource::BucketStatement(match &cluster.hosting {
                Hosting::SharedBucket { bucket, path } => BucketStatement::for_path(cluster, bucket, path),
                _ => BucketStatement::for_distribution(cluster, &one.bucket),
            }),
            Resource::Distribution(front) => {
                let texts = (front.caller_reference.clone(), front.comment.clone());
                let wanted = Distribution::of(cluster, &front.bucket, texts, front.tags.clone());
                Resource::Distribution(match front.identity_in_use() {
                    // How ccoctl has it answer is its own affair.
                    Some(_) => Distribution { origin: wanted.origin, enabled: true, ..front },
                    None => Distribution { domain: front.domain, ..wanted },
                })
            }
            Resource::Object(document) if is_document(&document, DISCOVERY_KEY) => {
                Resource::Object(discovery(document, &cluster.issuer))
            }
            Resource::Object(document) => Resource::Object(Object { barriers: BTreeMap::new(), ..document }),
            Resource::Provider(provider) => {
                let client_ids = self.audiences.into_iter().flatten().chain(&provider.client_ids);
                Resource::Provider(Provider { client_ids: client_ids.cloned().gather(), ..provider })
            }
            other => other,
        }
    }

    fn is_public(&self) -> bool {
        matches!(self.cluster.hosting, Hosting::PublicBucket { .. })
    }
}

fn foreign(reason: String) -> Standing {
    Standing::Foreign { reason }
}

/// Whether this key is in a JWKS.
fn serves(keys: &Object, key: &TokenKey) -> bool {
    let document = serde_json::from_str::<Value>(&keys.body).unwrap_or_default();
    let served = document["keys"].as_array().into_iter().flatten();
    let mut sound = served.filter_map(|jwk| serde_json::from_value::<Jwk>(jwk.clone()).ok());
    sound.any(|jwk| jwk.kid == key.kid && jwk.is_sound())
}

/// The document with those of its members put right by which AWS finds the keys.
fn discovery(there: Object, issuer: &IssuerUrl) -> Object {
    let wanted = DiscoveryDocument::of(issuer);
    let mut document = match serde_json::from_str::<Value>(&there.body) {
        Ok(document @ Value::Object(_)) => document,
        _ => serde_json::to_value(&wanted).unwrap_or_default(),
    };
    document["issuer"] = wanted.issuer.as_str().into();
    document["jwks_uri"] = wanted.jwks_uri.into();
    Object { body: document.to_string(), barriers: BTreeMap::new(), ..there }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_serves_a_former_issuer_is_known_by_its_hosting() {
        let of = |hosting: &str, issuer: &str| {
            let text = format!(
                r#"{{"name":"demo","account":"123456789012","partition":"aws","region":"eu-west-1","hosting":{{"kind":"elsewhere"}},
                "issuer":"https://oidc.example.org","former":{{"hosting":{{{hosting}}},"issuer":"https://{issuer}"}}}}"#
            );
            let found = former(&serde_json::from_str(&text).unwrap());
            found.into_iter().map(|address| address.to_string()).collect::<Vec<_>>().join(" ")
        };
        let host = "demo-oidc.s3.eu-west-1.amazonaws.com";
        assert_eq!(of(r#""kind":"elsewhere""#, "oidc.example.com"), "provider/oidc.example.com");
        let documents = "object/demo-oidc/.well-known/openid-configuration object/demo-oidc/keys.json";
        assert_eq!(
            of(r#""kind":"public-bucket","bucket":"demo-oidc""#, host),
            format!("bucket/demo-oidc {documents} provider/{host}")
        );
        let shared = of(r#""kind":"shared-bucket","bucket":"demo-oidc","path":"a""#, &format!("{host}/a"));
        assert!(
            shared.contains("object/demo-oidc/a/keys.json") && !shared.contains("bucket/demo-oidc "),
            "{shared}"
        );
        let private = of(r#""kind":"private-bucket","bucket":"demo-oidc""#, "d1.cloudfront.net");
        for part in ["bucket/demo-oidc ", "distribution/demo-oidc", "provider/d1.cloudfront.net", documents] {
            assert!(private.contains(part), "{part}: {private}");
        }
    }
}
