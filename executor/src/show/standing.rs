//! How an account stands to a bundle, address by address.

use super::wrap::wrapped;
use super::{Paint, Tone, printable};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::resource::Address;
use sts_schemas::state::{Desired, Observed};

/// How each address stands, and what should be known besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standings {
    addresses: BTreeMap<Address, Standing>,
    notes: Vec<String>,
}

/// How one address stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// As wanted.
    InStep,
    /// There, but these settings differ.
    Drifted {
        /// Their names.
        settings: Vec<String>,
    },
    /// Wanted, and not there.
    Missing,
    /// There, and no longer wanted.
    Orphaned,
    /// Not the cluster's.
    Foreign {
        /// How that is known.
        reason: String,
    },
    /// Wanted, but not compared while something foreign stands in the way.
    NotCompared,
}

impl Standings {
    /// How the account stands, read from the plan that would bring it in step.
    #[must_use]
    pub fn of(desired: &Desired, observed: &Observed, plan: &Plan) -> Self {
        let mut addresses: BTreeMap<_, _> = desired
            .resources
            .keys()
            .map(|address| {
                let standing = match observed.resources.contains_key(address) {
                    false => Standing::Missing,
                    true if plan.foreign.is_empty() => Standing::InStep,
                    true => Standing::NotCompared,
                };
                (address.clone(), standing)
            })
            .collect();
        for step in &plan.steps {
            let standing = match step {
                Step::Create { .. } => Standing::Missing,
                Step::Update { changes, .. } => {
                    Standing::Drifted { settings: changes.keys().cloned().collect() }
                }
                Step::Delete { .. } | Step::Empty { .. } => Standing::Orphaned,
            };
            addresses.insert(step.address(), standing);
        }
        addresses.extend(plan.orphans.iter().map(|address| (address.clone(), Standing::Orphaned)));
        for (address, reason) in &plan.foreign {
            addresses.insert(address.clone(), Standing::Foreign { reason: reason.clone() });
        }
        Self { addresses, notes: plan.notes.clone() }
    }

    /// Whether every address is as wanted.
    #[must_use]
    pub fn are_in_step(&self) -> bool {
        self.addresses.values().all(|standing| *standing == Standing::InStep)
    }

    /// A line for each address, and a summary.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        let mut out = String::new();
        for (address, standing) in &self.addresses {
            let (tone, word, more) = match standing {
                Standing::InStep => (Tone::Added, "in step", None),
                Standing::Drifted { settings } => (Tone::Changed, "drifted", Some(settings.join(", "))),
                Standing::Missing => (Tone::Removed, "missing", None),
                Standing::Orphaned => (Tone::Changed, "orphaned", None),
                Standing::Foreign { reason } => (Tone::Warning, "foreign", Some(reason.clone())),
                Standing::NotCompared => (Tone::Warning, "not compared", None),
            };
            let word = paint.tone(tone, &format!("{word:<12}"));
            let _ = writeln!(out, "  {word}  {}", printable(&address.to_string()));
            if let Some(more) = more {
                out.push_str(&wrapped("                ", &printable(&more)));
            }
        }
        for note in &self.notes {
            let _ = writeln!(out, "\n{}", paint.tone(Tone::Warning, "Note:"));
            out.push_str(&wrapped("  ", &printable(note)));
        }
        let in_step = self.addresses.values().filter(|standing| **standing == Standing::InStep).count();
        let _ = writeln!(out, "\nStatus: {in_step} of {} in step.", self.addresses.len());
        out
    }
}
