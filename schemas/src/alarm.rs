//! What a person must know of a bundle before anything else: that more may speak for the cluster than usual.

use crate::bundle::VerifiedBundle;
use crate::cluster::Cluster;
use crate::contents::PrivateKeyForm;
use crate::oidc::TokenKey;
use crate::open::hide_stand_ins;

/// A sentence in capitals for each way in which more than one key of one issuer may speak for the cluster.
#[must_use]
pub fn alarms(cluster: &Cluster, token_keys: &[TokenKey]) -> Vec<String> {
    several_token_keys(token_keys).into_iter().chain(two_issuers(cluster)).collect()
}

/// The same of a whole bundle, and a sentence where the cluster's private key lies open in it.
#[must_use]
pub fn alarms_of_bundle(bundle: &VerifiedBundle) -> Vec<String> {
    let outline = bundle.outline();
    alarms(&outline.cluster, &outline.token_keys).into_iter().chain(open_private_key(bundle)).collect()
}

fn open_private_key(bundle: &VerifiedBundle) -> Option<String> {
    let keys = bundle.private_keys().iter().filter(|(_, form)| **form == PrivateKeyForm::Plaintext);
    let paths: Vec<_> = keys.map(|(path, _)| path.as_str()).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "PRIVATE KEY INSIDE: the bundle carries the cluster's private key in plain text, in {}. Whoever can read the \
             bundle can make tokens of the cluster. Nothing here needs it.",
            paths.join(" and in ")
        )
    })
}

fn several_token_keys(keys: &[TokenKey]) -> Option<String> {
    let [first, others @ ..] = keys else { return None };
    if others.is_empty() {
        return None;
    }
    let others: Vec<_> = others.iter().map(ToString::to_string).collect();
    Some(format!(
        "TWO KEYS: tokens signed with either of these are accepted: {first}, the bundle's public key, and {}. \
         A second key belongs to a rotation of the cluster's key and to nothing else: make sure whose it is.",
        others.join(", ")
    ))
}

fn two_issuers(cluster: &Cluster) -> Option<String> {
    let former = &cluster.former.as_ref()?.issuer;
    Some(format!(
        "TWO ISSUERS: tokens of either of these are accepted, by every role: {}, and {former}, which the cluster is moved \
         away from. A second issuer belongs to a move of the cluster and to nothing else: make sure whose it is.",
        hide_stand_ins(cluster.issuer.as_str())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{FormerIssuer, Hosting};
    use crate::digest::Sha256;

    #[test]
    fn a_second_key_and_a_second_issuer_are_told_and_one_of_each_is_not() {
        let key = TokenKey { kid: "47DE".into(), sha256: Sha256::of(b"") };
        let mut cluster = Cluster {
            name: "demo".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            partition: "aws".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            hosting: Hosting::Elsewhere,
            issuer: "https://oidc.example.org".parse().unwrap(),
            former: None,
        };
        assert_eq!(alarms(&cluster, std::slice::from_ref(&key)), [] as [String; 0]);
        cluster.former = Some(FormerIssuer {
            hosting: Hosting::Elsewhere,
            issuer: "https://oidc.example.com".parse().unwrap(),
        });
        let [keys, issuers] = &alarms(&cluster, &[key.clone(), key])[..] else { panic!("two alarms") };
        assert!(
            keys.starts_with("TWO KEYS: tokens signed with either of these are accepted: 47DE"),
            "{keys}"
        );
        assert!(
            issuers.starts_with("TWO ISSUERS: ") && issuers.contains("oidc.example.com, which"),
            "{issuers}"
        );
    }
}
