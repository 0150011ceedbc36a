//! What people do between the two bundles of an exchange of keys, in which order.
//!
//! Source: `OpenShift` documentation, "Changing cloud provider credentials", on rotating the signing key of bound
//! service account tokens; there the cluster makes the pair itself.

use crate::rotation::Exchange;
use sts_schemas::cluster::{Cluster, Hosting};
use sts_schemas::layout::{KEYS, KEYS_KEY};

/// The secret that the next signing key is taken from, and its namespace.
const NEXT: &str = "next-bound-service-account-signing-key -n openshift-kube-apiserver-operator";

/// The secret that the cluster signs with, and its namespace: the next key comes there once that is safe.
const CURRENT: &str = "bound-service-account-signing-key -n openshift-kube-apiserver";

/// What a person types between making and applying the bundle and the next one, a line each.
pub(super) fn after_stage(cluster: &Cluster, exchange: &Exchange) -> Vec<String> {
    let mut lines = vec![
        format!(
            "the issuer serves {} (in use) and {} (new); what is left to do, in this order:",
            exchange.old.kid, exchange.new.kid
        ),
        "1. Have the account serve both keys:".to_owned(),
    ];
    lines.extend(serving(cluster, ""));
    lines.extend(
        [
            "2. Then, and no sooner, give the new pair to the cluster (NEW.key is its private half):",
            "     oc adm wait-for-stable-cluster --minimum-stable-period=5s",
        ]
        .map(str::to_owned),
    );
    lines.push(format!("     oc create secret generic {NEXT} \\"));
    lines.extend(
        [
            "         --from-file=service-account.key=NEW.key --from-file=service-account.pub=NEW.pub \\",
            "         --dry-run=client -o yaml | oc replace -f -",
            "     oc adm wait-for-stable-cluster",
            "3. Restart whatever holds tokens that the old key signed:",
            "     oc adm reboot-machine-config-pool mcp/worker mcp/master",
            "     oc adm wait-for-node-reboot nodes --all",
            "     oc adm wait-for-stable-cluster",
            "4. Make the bundle without the old key: sts-generator rotate-keys retire --previous BUNDLE ...",
            "   (BUNDLE is this one, or the last that was applied after it: retiring keeps all else as it is there).",
            "   Way back, as long as the cluster has not changed over: the bundle before this one, with --roll-back",
            "   --retire-live-key; the cluster notices nothing.",
        ]
        .map(str::to_owned),
    );
    lines
}

/// The same for the second bundle.
pub(super) fn after_retire(cluster: &Cluster, exchange: &Exchange) -> Vec<String> {
    let mut lines = vec![
        format!("the issuer serves {} only; what is left to do, in this order:", exchange.new.kid),
        format!(
            "1. Be sure that no token is in use that {} signed: the key that the cluster signs with,",
            exchange.old.kid
        ),
        "   which this prints, is the new one, and every node was restarted since it is.".to_owned(),
        format!("     oc get secret {CURRENT} \\"),
        r"         -o jsonpath='{.data.service-account\.pub}' | base64 -d".to_owned(),
        "2. Have the account serve the new key only:".to_owned(),
    ];
    lines.extend(serving(cluster, " --retire-live-key"));
    lines.push(
        "   Way back: the bundle before this one, with --roll-back: the issuer serves both keys again."
            .to_owned(),
    );
    lines
}

/// How what the issuer serves is changed.
fn serving(cluster: &Cluster, flag: &str) -> Vec<String> {
    let apply = |flag: &str| {
        ["plan", "apply"].map(|command| {
            let flag = if command == "apply" { flag } else { "" };
            format!("     sts-executor {command} BUNDLE --trusted-key AUTHOR.pub{flag}")
        })
    };
    match cluster.hosting {
        Hosting::PublicBucket { .. } | Hosting::PrivateBucket { .. } | Hosting::SharedBucket { .. } => {
            apply(flag).to_vec()
        }
        Hosting::Elsewhere => {
            let put = format!(
                "   You serve the documents yourself: put {KEYS} of the bundle (tar -xzf BUNDLE) on your web server,\n     \
                 as {}/{KEYS_KEY}. The executor cannot know which keys it serves now.",
                cluster.issuer
            );
            [put].into_iter().chain(apply(" --probe-issuer")).collect()
        }
    }
}
