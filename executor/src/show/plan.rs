//! A plan as text.

use super::value::change;
use super::wrap::{hanging, wrapped};
use super::{KNOWN_AFTER_APPLY, Paint, Tone, hide_stand_ins, powers, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use sts_schemas::aws::BucketName;
use sts_schemas::cluster::Cluster;
use sts_schemas::open::OpenValue;
use sts_schemas::plan::{Plan, Purpose, Step};
use sts_schemas::policy::{OneOrMany, PolicyDocument, Principal};
use sts_schemas::resource::{BucketStatement, DISTRIBUTION_REFERENCE, Resource};
use sts_schemas::state::Leftovers;

/// The whole plan: what it is for, each step, all that was found, a summary and the digest to approve.
#[must_use]
pub fn text(plan: &Plan, paint: Paint) -> String {
    let mut out = heading(plan, paint);
    for step in &plan.steps {
        out.push_str(&step_text(step, paint));
    }
    if !plan.steps.is_empty() {
        out.push('\n');
    }
    out.push_str(&findings(plan, paint));
    let _ = writeln!(out, "{}", paint.tone(Tone::Strong, &summary(plan)));
    let _ = writeln!(out, "Digest: {}", plan.digest());
    let named = |id: &str| format!("distribution/{id}");
    hide_stand_ins(&out.replace(&named(DISTRIBUTION_REFERENCE), &named(KNOWN_AFTER_APPLY)))
}

/// One line with the number of steps of each kind.
#[must_use]
pub fn summary(plan: &Plan) -> String {
    if !plan.foreign.is_empty() && plan.purpose == Purpose::Apply {
        return format!(
            "Plan: nothing will be done while {} foreign resource{} in the way.",
            plan.foreign.len(),
            if plan.foreign.len() == 1 { " stands" } else { "s stand" }
        );
    }
    if plan.is_empty() {
        return match plan.purpose {
            Purpose::Apply => "Plan: nothing to do, the account holds what the bundle wants.".into(),
            Purpose::Delete => "Plan: nothing to do, nothing of the cluster's was found.".into(),
        };
    }
    let count = |verb: &str| plan.steps.iter().filter(|step| step.verb() == verb).count();
    let emptied = match count("empty") {
        0 => String::new(),
        buckets => format!(", {buckets} to empty"),
    };
    format!(
        "Plan: {} to create, {} to update, {} to delete{emptied}.",
        count("create"),
        count("update"),
        count("delete")
    )
}

fn heading(plan: &Plan, paint: Paint) -> String {
    let what = match plan.purpose {
        Purpose::Apply => "Plan for",
        Purpose::Delete => "Plan to delete",
    };
    let title = format!("{what} cluster {}", plan.cluster);
    let place = format!("account {}, {} ({})", plan.account, plan.region, plan.partition);
    let keys = plan.token_keys.iter().map(|key| format!("token key {}", key.kid));
    let bound =
        bound(plan).into_iter().chain(keys).fold(String::new(), |text, line| text + "  " + &line + "\n");
    format!("{}\n  {place}\n{bound}\n", paint.tone(Tone::Strong, &title))
}

/// The values that take the places the bundle left open, and the one that is not known yet.
fn bound(plan: &Plan) -> Vec<String> {
    let waits = |step: &Step| step.address().to_string().contains(OpenValue::Issuer.stand_in());
    let account =
        plan.bound.account.as_ref().map(|account| format!("account {account}: bound, the bundle is for any"));
    let issuer = match &plan.bound.issuer {
        Some(issuer) => Some(format!("issuer {issuer}: bound, AWS named it")),
        None if plan.steps.iter().any(waits) => Some(format!("issuer {KNOWN_AFTER_APPLY}: AWS names it")),
        None => None,
    };
    account.into_iter().chain(issuer).collect()
}

/// Account and issuer of a cluster in words, where a bundle may leave them open.
pub(super) fn account_and_issuer(cluster: &Cluster) -> (String, String) {
    let open = cluster.open();
    let account = if open.contains(&OpenValue::Account) { "any account" } else { cluster.account.as_str() };
    let issuer = if open.contains(&OpenValue::Issuer) { KNOWN_AFTER_APPLY } else { cluster.issuer.as_str() };
    (account.to_owned(), issuer.to_owned())
}

fn step_text(step: &Step, paint: Paint) -> String {
    let (tone, sign) = match step {
        Step::Create { .. } => (Tone::Added, '+'),
        Step::Update { .. } => (Tone::Changed, '~'),
        Step::Delete { .. } | Step::Empty { .. } => (Tone::Removed, '-'),
    };
    let line = format!("  {sign} {} {}", step.verb(), printable(&step.address().to_string()));
    let mut out = paint.tone(tone, &line) + "\n";
    match step {
        Step::Create { after } => {
            out.push_str(&hanging("      ", "        ", &printable(&essence(after))));
        }
        Step::Update { changes, .. } => {
            for (name, values) in changes {
                out.push_str(&change(name, values, paint));
            }
        }
        Step::Delete { before: Resource::Role(role) } if !role.attached.is_empty() => {
            let attached: Vec<_> = role.attached.iter().map(String::as_str).collect();
            let line = format!("detaches, and leaves, the managed policies {}", attached.join(", "));
            out.push_str(&wrapped("      ", &printable(&line)));
        }
        Step::Delete { .. } => {}
        Step::Empty { before, leftovers } => {
            let things = "objects, old versions and delete markers that the cluster did not put there";
            out.push_str(&wrapped("      ", &format!("{} {things}", leftovers.count)));
            out.push_str(&leftover_keys(leftovers));
            out.push_str(&all_of_them(&before.name));
        }
    }
    out
}

/// What matters most about a resource, on one line; all of it is in the bundle and in the plan's JSON.
pub(super) fn essence(resource: &Resource) -> String {
    match resource {
        Resource::Bucket(bucket) => format!(
            "in {}, {}",
            bucket.region,
            match &bucket.policy {
                Some(policy) if lets_everyone_in(policy) => "open to everyone by its bucket policy",
                Some(_) => "with a bucket policy",
                None => "without a bucket policy",
            }
        ),
        Resource::AccessControl(_) => "signs what the distribution asks of the bucket".into(),
        Resource::Distribution(distribution) => {
            let host = distribution.alias.as_ref().map(|alias| alias.host.as_str());
            let host = host.or(distribution.domain.as_deref()).unwrap_or("a host that AWS names");
            format!("serves {} as {host}, {}", distribution.origin, distribution.viewer_protocol)
        }
        Resource::BucketStatement(one) => statement_essence(one),
        Resource::Object(object) => format!("{} bytes of {}", object.body.len(), object.content_type),
        Resource::Provider(provider) => {
            let audiences: Vec<_> = provider.client_ids.iter().map(String::as_str).collect();
            format!("for {}", audiences.join(", "))
        }
        Resource::Role(role) => powers::of_role(role),
    }
}

fn lets_everyone_in(policy: &PolicyDocument) -> bool {
    policy.statement.iter().any(|one| matches!(one.principal, Some(Principal::Everyone(_))))
}

fn statement_essence(one: &BucketStatement) -> String {
    let who = match &one.statement.principal {
        Some(Principal::Everyone(_)) => "anyone",
        _ => "the distribution",
    };
    let what: Vec<_> = one.statement.resource.iter().flat_map(OneOrMany::iter).collect();
    format!("lets {who} read {}", what.join(", "))
}

/// The service accounts a trust policy lets in, without the words that all of them begin with.
pub(super) fn service_accounts(trust: &PolicyDocument) -> Vec<String> {
    const SUBJECT: &str = "system:serviceaccount:";
    let mut found = Vec::new();
    for keys in trust.statement.iter().filter_map(|statement| statement.condition.as_ref()) {
        for values in keys.values().flat_map(BTreeMap::values) {
            let texts = values.iter().map(ToString::to_string);
            found.extend(texts.filter_map(|text| text.strip_prefix(SUBJECT).map(str::to_owned)));
        }
    }
    // While a cluster is moved, a role trusts two issuers, with the same service accounts each.
    let mut told = BTreeSet::new();
    found.retain(|account| told.insert(account.clone()));
    found
}

/// The resources that are not the cluster's, each with how that is known.
#[must_use]
pub fn foreign(plan: &Plan) -> String {
    plan.foreign.iter().fold(String::new(), |mut out, (address, reason)| {
        let _ = writeln!(out, "  ! {}", printable(&address.to_string()));
        out + &hanging("      ", "        ", &printable(reason))
    })
}

fn findings(plan: &Plan, paint: Paint) -> String {
    let mut out = String::new();
    if !plan.foreign.is_empty() {
        let title = match plan.purpose {
            Purpose::Apply => "Foreign: not the cluster's, in the way, and left as they are",
            Purpose::Delete => "Foreign: not the cluster's, and left as they are",
        };
        let _ = writeln!(out, "{}", paint.tone(Tone::Warning, title));
        out.push_str(&foreign(plan));
        out.push('\n');
    }
    if !plan.orphans.is_empty() {
        let _ = writeln!(out, "Orphans: the cluster's, no longer wanted, and kept (--prune removes them)");
        for address in &plan.orphans {
            let _ = writeln!(out, "  ? {}", printable(&address.to_string()));
        }
        out.push('\n');
    }
    for (bucket, left) in &plan.leftovers {
        let _ = writeln!(out, "In bucket/{bucket} beside the cluster's documents: {}", left.count);
        out.push_str(&leftover_keys(left));
        out.push_str(&all_of_them(bucket));
        out.push('\n');
    }
    for note in &plan.notes {
        let _ = writeln!(out, "{}", paint.tone(Tone::Warning, "Note:"));
        out.push_str(&wrapped("  ", &printable(note)));
        out.push('\n');
    }
    out
}

/// How to see what lies in a bucket: a plan names the first keys, and its digest covers all of them.
fn all_of_them(bucket: &BucketName) -> String {
    format!("  all of them: aws s3api list-object-versions --bucket {bucket}\n")
}

fn leftover_keys(left: &Leftovers) -> String {
    let mut out = String::new();
    for key in &left.keys {
        let _ = writeln!(out, "  . {}", printable(key));
    }
    for key in &left.hidden {
        let _ = writeln!(out, "  . {} (only old versions or delete markers)", printable(key));
    }
    for (keys, of) in [(&left.keys, "objects"), (&left.hidden, "hidden keys")] {
        if keys.len() == Leftovers::SHOWN {
            let _ = writeln!(out, "  (the first {} of the {of})", Leftovers::SHOWN);
        }
    }
    out
}
