//! The issuer that a cluster is moved away from: it stays as it is while the bundle names it.

use super::leads::{path_in_bucket, private_bucket, public_bucket};
use std::collections::BTreeSet;
use sts_schemas::cluster::{Cluster, Hosting};
use sts_schemas::resource::Address;
use sts_schemas::state::{Desired, Observed};

/// Where the former issuer of a cluster is, and what serves it.
#[must_use]
pub fn former(cluster: &Cluster) -> BTreeSet<Address> {
    let Some(before) = cluster.before_move() else { return BTreeSet::new() };
    let mut addresses = match &before.hosting {
        Hosting::PublicBucket { bucket } => public_bucket(bucket),
        Hosting::PrivateBucket { bucket, .. } => private_bucket(&before.name, bucket),
        Hosting::SharedBucket { bucket, path } => path_in_bucket(&before.name, bucket, path.as_str()),
        Hosting::Elsewhere => BTreeSet::new(),
    };
    addresses.insert(Address::Provider(before.issuer.host_and_path().to_owned()));
    addresses
}

/// What is kept of it, in a sentence, and in another what is wrong with its provider.
pub(super) fn notes(desired: &Desired, observed: &Observed) -> Vec<String> {
    let Some(before) = desired.cluster.before_move() else { return Vec::new() };
    let issuer = &before.issuer;
    let is_owned = |address: &Address| {
        observed.resources.get(address).is_some_and(|found| found.is_owned_by(&before.name))
    };
    let kept: Vec<_> =
        former(&desired.cluster).into_iter().filter(is_owned).map(|address| address.to_string()).collect();
    let mut notes = Vec::new();
    if !kept.is_empty() {
        notes.push(format!(
            "KEPT, for it is the former issuer {issuer}, which is still in use: {}. The bundle changes nothing of it, nor \
             does --prune.",
            kept.join(", ")
        ));
    }
    let provider = Address::Provider(issuer.host_and_path().to_owned());
    match observed.resources.get(&provider) {
        None => notes.push(format!(
            "The former issuer's {provider} is not there: no token of that issuer counts in this account."
        )),
        Some(found) if !found.is_owned_by(&before.name) => {
            notes.push(format!("The former issuer's {provider} is not the cluster's by its tags."));
        }
        Some(_) => {}
    }
    notes
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
