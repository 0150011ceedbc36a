//! How an account stands to a bundle, address by address.

use super::value::change;
use super::wrap::wrapped;
use super::{Paint, Tone, hide_stand_ins, printable};
use crate::plan::{Comparison, faults, misnamed};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sts_schemas::digest::Sha256;
use sts_schemas::dns::DnsRecord;
use sts_schemas::gather::Gather as _;
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::plan::Step;
use sts_schemas::resource::{Address, CONTENT_TYPE, OWN_TAG_PREFIX, Resource};
use sts_schemas::standing::{Standing, Standings};
use sts_schemas::state::{Desired, Observed};

/// How the account stands, read from all that differs, be it in anybody's power to change or not.
#[must_use]
pub fn standings(
    bundle: Option<&Sha256>,
    desired: &Desired,
    observed: &Observed,
    found: Comparison,
) -> Standings {
    let mut addresses: BTreeMap<_, _> = desired
        .resources
        .keys()
        .map(|address| {
            let is_there = observed.resources.contains_key(address);
            let standing = if is_there { Standing::InStep } else { Standing::Missing };
            (address.clone(), standing)
        })
        .gather();
    for (address, step) in found.steps {
        let standing = match step {
            Step::Create { .. } => Standing::Missing,
            Step::Update { changes, .. } => Standing::Drifted { changes },
            Step::Delete { .. } | Step::Empty { .. } => Standing::Orphaned,
        };
        addresses.insert(address, standing);
    }
    addresses.extend(found.orphans.into_iter().map(|address| (address, Standing::Orphaned)));
    let foreign = found.foreign.into_iter();
    addresses.extend(foreign.map(|(address, reason)| (address, Standing::Foreign { reason })));
    let fixed = found.immovable.iter().map(|fixed| format!("AWS cannot change this: {fixed}."));
    blocked(&mut addresses, observed);
    addresses.extend(faults(desired, observed));
    let misnamed =
        misnamed(desired, observed).filter(|(address, _)| observed.resources.contains_key(address));
    addresses.extend(misnamed.map(|(address, reason)| (address, Standing::Blocked { reason })));
    let cluster = &desired.cluster;
    let front = cluster.bucket().map(|bucket| Address::Distribution(bucket.clone()));
    let front = front.and_then(|address| observed.resources.get(&address));
    let dns_record = match front {
        Some(found @ Resource::Distribution(front)) if found.is_owned_by(&cluster.name) => {
            front.domain.as_ref().and_then(|host| DnsRecord::of(cluster, host))
        }
        _ => None,
    };
    Standings {
        schema_version: SchemaVersion::CURRENT,
        bundle: bundle.cloned(),
        cluster: desired.cluster.name.clone(),
        account: observed.account.clone(),
        in_step: addresses.values().all(|standing| *standing == Standing::InStep),
        provides: addresses.values().all(is_no_loss),
        addresses,
        dns_record,
        notes: found.notes.into_iter().chain(fixed).collect(),
    }
}

/// Whether no component misses anything for how an address stands.
fn is_no_loss(standing: &Standing) -> bool {
    match standing {
        Standing::InStep | Standing::Orphaned => true,
        Standing::Drifted { changes } => changes.keys().all(|name| is_bookkeeping(name)),
        Standing::Missing | Standing::Foreign { .. } | Standing::Blocked { .. } => false,
    }
}

/// Whether a setting only tells people, or this program, what a resource is. AWS reads an issuer's documents whatever
/// their media type is.
fn is_bookkeeping(name: &str) -> bool {
    let tag = name.strip_prefix("tag ");
    ["description", "comment", CONTENT_TYPE].contains(&name)
        || tag.is_some_and(|tag| tag == "Name" || tag.starts_with(OWN_TAG_PREFIX))
}

/// What lets everybody read a path in a bucket of others' is of no use while the bucket lets in only its own account.
///
/// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", `RestrictPublicBuckets`.
fn blocked(addresses: &mut BTreeMap<Address, Standing>, observed: &Observed) {
    for (address, standing) in addresses {
        let Address::BucketStatement(bucket, _) = address else { continue };
        let is_closed = observed.blocks.get(bucket).is_some_and(|block| block.restrict_public_buckets);
        if is_closed && *standing == Standing::InStep {
            let reason =
                format!("bucket/{bucket} lets nobody in from outside its account (RestrictPublicBuckets)");
            *standing = Standing::Blocked { reason };
        }
    }
}

/// A line for each address, what drifted from which value to which, and a summary.
#[must_use]
pub fn text(standings: &Standings, paint: Paint) -> String {
    let mut out = String::new();
    // No wider than what is said: beside the usual words the longest role still fits into 80 columns.
    let width =
        standings.addresses.values().map(|standing| in_words(standing).1.len()).max().unwrap_or_default();
    for (address, standing) in &standings.addresses {
        let (tone, word) = in_words(standing);
        let word = paint.tone(tone, &format!("{word:<width$}"));
        let _ = writeln!(out, "  {word} {}", printable(&address.to_string()));
        match standing {
            Standing::Drifted { changes } => {
                for (name, values) in changes {
                    out.push_str(&change(name, values, paint));
                }
            }
            Standing::Foreign { reason } | Standing::Blocked { reason } => {
                out.push_str(&wrapped(&" ".repeat(width + 3), &printable(reason)));
            }
            Standing::InStep | Standing::Missing | Standing::Orphaned => {}
        }
    }
    for note in &standings.notes {
        let _ = writeln!(out, "\n{}", paint.tone(Tone::Warning, "Note:"));
        out.push_str(&wrapped("  ", &printable(note)));
    }
    if let Some(record) = &standings.dns_record {
        let _ = writeln!(out, "\nIn the DNS there must be: {}", printable(&record.to_string()));
    }
    let in_step = standings.addresses.values().filter(|standing| **standing == Standing::InStep).count();
    let _ = writeln!(out, "\nStatus: {in_step} of {} in step.", standings.addresses.len());
    if standings.provides && !standings.in_step {
        let is = |kind: fn(&Standing) -> bool| standings.addresses.values().any(kind);
        let mut sentence = "All that components need is there.".to_owned();
        if is(|standing| *standing == Standing::Orphaned) {
            sentence.push_str(" What is orphaned stays until --prune.");
        }
        if is(|standing| matches!(standing, Standing::Drifted { .. })) {
            sentence.push_str(" What drifted only describes and marks.");
        }
        out.push_str(&wrapped("", &sentence));
    }
    if standings.addresses.values().any(|standing| matches!(standing, Standing::Drifted { .. })) {
        let legend =
            "Where it drifted: left of the arrow and - is the account, right of it and + the bundle.";
        out.push_str(&wrapped("", legend));
    }
    hide_stand_ins(&out)
}

fn in_words(standing: &Standing) -> (Tone, &'static str) {
    match standing {
        Standing::InStep => (Tone::Added, "in step"),
        Standing::Drifted { .. } => (Tone::Changed, "drifted"),
        Standing::Missing => (Tone::Removed, "missing"),
        Standing::Orphaned => (Tone::Changed, "orphaned"),
        Standing::Foreign { .. } => (Tone::Warning, "foreign"),
        Standing::Blocked { .. } => (Tone::Removed, "blocked"),
    }
}
