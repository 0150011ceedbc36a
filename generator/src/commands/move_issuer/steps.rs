//! What people do between the three bundles of a move, in which order, and what undoes each.
//!
//! Source: `OpenShift` documentation, "Using bound service account tokens" and "Changing the cloud provider credentials
//! configuration": the API server goes on to trust the issuer before for 24 hours, and a pod gets a token of the new one
//! when it asks for another, or is restarted.

use crate::moving::Moved;
use crate::previous::Settled;
use sts_schemas::cluster::{Cluster, Hosting, IssuerUrl};
use sts_schemas::layout::{DISCOVERY, DISCOVERY_KEY, KEYS, KEYS_KEY};
use sts_schemas::open::{OpenValue, hide_stand_ins};

/// What a person types between making and applying the bundle and the next one, a line each.
pub(super) fn after_add(before: &Settled, moved: &Moved) -> Vec<String> {
    let (old, new) = (&before.cluster.issuer, shown(&moved.cluster.issuer));
    let mut lines = vec![
        format!("every role trusts {new} (next) and {old} (in use); what is left to do, in this order:"),
        "1. Have the account trust both:".to_owned(),
    ];
    lines.extend(documents(&moved.cluster));
    let flag = if moved.cluster.hosting == Hosting::Elsewhere { " --probe-issuer" } else { "" };
    lines.extend(applied(flag));
    let receipt = if moved.cluster.open().contains(&OpenValue::Issuer) { " --receipt RECEIPT" } else { "" };
    lines.extend([
        format!("2. Make the next bundle: sts-generator move-issuer switch --previous BUNDLE{receipt} ..."),
        "   Way back: the bundle before this one, with --roll-back --retire-live-key; the cluster notices nothing."
            .to_owned(),
    ]);
    lines
}

/// The same for the second bundle.
pub(super) fn after_switch(before: &Settled, moved: &Moved) -> Vec<String> {
    let (old, new) = (&before.issuer_in_use, &moved.cluster.issuer);
    let mut lines = vec![
        format!("the cluster shall use {new}, and {old} stays trusted; what is left to do, in this order:"),
        "1. Have the account know this bundle; only its generation changes there:".to_owned(),
    ];
    lines.extend(applied(""));
    lines.push("2. Then give the issuer to the cluster:".to_owned());
    lines.extend(patched(new));
    lines.extend(
        [
            "3. Restart whatever holds a token of the former issuer; the API server knows that one for 24 hours more:",
            "     oc adm reboot-machine-config-pool mcp/worker mcp/master",
            "     oc adm wait-for-node-reboot nodes --all",
            "     oc adm wait-for-stable-cluster",
            "4. Make the last bundle: sts-generator move-issuer remove --previous BUNDLE ...",
            "   Way back: give the cluster its former issuer again, and restart as above; the account trusts both.",
        ]
        .map(str::to_owned),
    );
    lines.extend(patched(old));
    lines
}

/// The same for the last bundle.
pub(super) fn after_remove(before: &Settled, moved: &Moved) -> Vec<String> {
    let former = before.cluster.former.as_ref().map_or(&before.cluster.issuer, |former| &former.issuer);
    let mut lines = vec![
        format!("every role trusts {} only; what is left to do, in this order:", moved.cluster.issuer),
        format!("1. Be sure that no token of {former} is in use: that this prints the other issuer,"),
        "   that every node was restarted since it does, and that nothing outside of the cluster holds one."
            .to_owned(),
        "     oc get authentication.config cluster -o jsonpath='{.spec.serviceAccountIssuer}'".to_owned(),
        "2. Have the account trust the new issuer only:".to_owned(),
    ];
    lines.extend(applied(" --retire-live-key"));
    lines.extend(
        [
            "   Way back, as long as nothing was pruned: the bundle before this one, with --roll-back.",
            "3. Take away what the former issuer was made of. FROM THEN ON NO WAY LEADS BACK:",
            "     sts-executor plan BUNDLE --trusted-key AUTHOR.pub --prune",
            "     sts-executor apply BUNDLE --trusted-key AUTHOR.pub --prune",
        ]
        .map(str::to_owned),
    );
    lines
}

fn shown(issuer: &IssuerUrl) -> String {
    hide_stand_ins(issuer.as_str())
}

fn applied(flag: &str) -> [String; 2] {
    [("plan", ""), ("apply", flag)]
        .map(|(command, flag)| format!("     sts-executor {command} BUNDLE --trusted-key AUTHOR.pub{flag}"))
}

/// What must be served before AWS is told to trust it, where the author serves it.
fn documents(cluster: &Cluster) -> Vec<String> {
    if cluster.hosting != Hosting::Elsewhere {
        return Vec::new();
    }
    let issuer = &cluster.issuer;
    vec![
        "   You serve the documents yourself: put these two of the bundle (tar -xzf BUNDLE) on your web server first,"
            .to_owned(),
        format!("     {DISCOVERY} as {issuer}/{DISCOVERY_KEY}"),
        format!("     {KEYS} as {issuer}/{KEYS_KEY}"),
    ]
}

/// How a cluster is given an issuer, and waited for.
fn patched(issuer: &IssuerUrl) -> [String; 3] {
    [
        "     oc patch authentication.config cluster --type merge \\".to_owned(),
        format!("         -p '{{\"spec\":{{\"serviceAccountIssuer\":\"{issuer}\"}}}}'"),
        "     oc adm wait-for-stable-cluster".to_owned(),
    ]
}
