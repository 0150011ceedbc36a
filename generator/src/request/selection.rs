//! Which requests a cluster needs: feature set, gates, capabilities, and how the folder is read.

use super::partition::RewritePartition;
use crate::feature::{FeatureSet, capability, nearest};
use std::collections::BTreeSet;
use sts_schemas::aws::Partition;
use sts_schemas::gather::Gather as _;

/// Names the feature sets a manifest belongs to, as a comma list.
/// Source: openshift/enhancements, and the cluster version operator, which reads it.
const FEATURE_SET: &str = "release.openshift.io/feature-set";
/// Names the feature gates a manifest needs, as a comma list; `-Gate` wants the gate off.
const FEATURE_GATE: &str = "release.openshift.io/feature-gate";
/// Names the capabilities a manifest needs, joined by `+`.
const CAPABILITY: &str = "capability.openshift.io/name";
/// Says that an upgrade removes this object.
const DELETE: &str = "release.openshift.io/delete";

/// What is in force on the cluster, and how to read the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The feature set in force.
    pub feature_set: FeatureSet,
    /// The gates that are on; `None` leaves gates out of account, as ccoctl does.
    pub feature_gates: Option<BTreeSet<String>>,
    /// The capabilities that are on; `None` takes all for on, as ccoctl does.
    pub capabilities: Option<BTreeSet<String>>,
    /// Whether nested folders are read.
    pub recursion: Recursion,
    /// The partition the cluster is in.
    pub partition: Partition,
    /// What to do with ARNs of another partition.
    pub rewrite: RewritePartition,
}

/// Whether nested folders are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recursion {
    /// Only the folder itself, as ccoctl does.
    TopOnly,
    /// All folders below it too.
    Nested,
}

impl Selection {
    /// What ccoctl takes when no flag says otherwise.
    #[must_use]
    pub fn like_ccoctl(partition: Partition) -> Self {
        Self {
            feature_set: FeatureSet::Default,
            feature_gates: None,
            capabilities: None,
            recursion: Recursion::TopOnly,
            partition,
            rewrite: RewritePartition::Refuse,
        }
    }

    /// Holds a request's annotations against what is in force.
    pub(crate) fn verdict(&self, annotations: &[(&str, &str)]) -> Verdict {
        let value = |key: &str| annotations.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        if value(DELETE) == Some("true") {
            return Verdict::skipped(format!("{DELETE} says that the release removes it"));
        }
        if let Some(list) = value(FEATURE_SET)
            && !named(list, ',').any(|set| set == self.feature_set.name())
        {
            return Verdict::skipped(format!(
                "it belongs to feature set {}, in force is {}{}",
                if list.is_empty() { "\"\"" } else { list },
                self.feature_set,
                named(list, ',').filter_map(doubted_set).collect::<String>()
            ));
        }
        let mut verdict = Verdict { skip: None, assumed: Assumed::default() };
        if let Some(list) = value(FEATURE_GATE) {
            verdict = self.gates(list);
        }
        if value(FEATURE_SET).is_some() {
            verdict.assumed.feature_set = Some(self.feature_set);
        }
        if verdict.skip.is_none()
            && let Some(list) = value(CAPABILITY)
        {
            match &self.capabilities {
                None => verdict.assumed.capabilities = named(list, '+').map(str::to_owned).gather(),
                Some(on) => {
                    if let Some(off) = named(list, '+').find(|name| !on.contains(*name)) {
                        return Verdict::skipped(format!("it needs capability {off}, which is off"));
                    }
                }
            }
        }
        verdict
    }

    /// What of this selection is known to nobody, and what may have been meant, each a sentence for a person.
    pub(super) fn doubts(&self, known: &Switches) -> Vec<String> {
        let mut doubts = Vec::new();
        let mut capabilities: Vec<&str> = capability::names().collect();
        capabilities.extend(known.capabilities.iter().map(String::as_str));
        for name in self.capabilities.iter().flatten() {
            if !capabilities.contains(&name.as_str()) {
                let meant = meant(name, &capabilities, "check its spelling");
                doubts.push(format!("capability {name} is known neither here nor to a request: {meant}"));
            }
        }
        let mut unnamed = Vec::new();
        for name in self.feature_gates.iter().flatten().filter(|name| !known.gates.contains(*name)) {
            match nearest(name, known.gates.iter().map(String::as_str)) {
                Some(near) => {
                    doubts.push(format!("no request speaks of feature gate {name}: did you mean {near}?"));
                }
                None => unnamed.push(name.as_str()),
            }
        }
        if !unnamed.is_empty() {
            doubts.push(format!("no request speaks of feature gates {}", unnamed.join(", ")));
        }
        doubts
    }

    fn gates(&self, list: &str) -> Verdict {
        let mut assumed = Assumed::default();
        for gate in named(list, ',') {
            // Releases before 4.11 put the feature set's name here.
            if let Ok(set) = gate.parse::<FeatureSet>() {
                if set != self.feature_set {
                    return Verdict::skipped(format!(
                        "it belongs to feature set {set}, in force is {}",
                        self.feature_set
                    ));
                }
                assumed.feature_set = Some(set);
                continue;
            }
            let Some(on) = &self.feature_gates else {
                assumed.gates.insert(gate.to_owned());
                continue;
            };
            match gate.strip_prefix('-') {
                Some(unwanted) if on.contains(unwanted) => {
                    return Verdict::skipped(format!("it needs feature gate {unwanted} off, which is on"));
                }
                None if !on.contains(gate) => {
                    return Verdict::skipped(format!("it needs feature gate {gate}, which is off"));
                }
                _ => {}
            }
        }
        Verdict { skip: None, assumed }
    }
}

/// A question about a feature set that is not known.
fn doubted_set(name: &str) -> Option<String> {
    if name.parse::<FeatureSet>().is_ok() {
        return None;
    }
    let meant = meant(name, &FeatureSet::ALL.map(FeatureSet::name), "it is newer than this program");
    Some(format!("; feature set {name} is unknown: {meant}"))
}

/// A question whether the nearest of these names was meant; or else this.
fn meant(name: &str, known: &[&str], or_else: &str) -> String {
    nearest(name, known.iter().copied())
        .map_or_else(|| or_else.to_owned(), |near| format!("did you mean {near}?"))
}

/// The gates and capabilities that requests name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Switches {
    gates: BTreeSet<String>,
    capabilities: BTreeSet<String>,
}

impl Switches {
    /// Those of one request's annotations.
    pub(crate) fn of(annotations: &[(&str, &str)]) -> Self {
        let lists = |key: &'static str, separator| {
            let values = annotations.iter().filter(move |(name, _)| *name == key);
            values.flat_map(move |(_, list)| named(list, separator))
        };
        let gate = |gate: &str| gate.strip_prefix('-').unwrap_or(gate).to_owned();
        Self {
            gates: lists(FEATURE_GATE, ',').map(gate).gather(),
            capabilities: lists(CAPABILITY, '+').map(str::to_owned).gather(),
        }
    }

    /// Takes in those of others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.gates.extend(others.gates);
        self.capabilities.extend(others.capabilities);
    }
}

/// Whether a request is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Why it is not.
    pub(crate) skip: Option<String>,
    /// What was taken for granted where it is.
    pub(crate) assumed: Assumed,
}

/// What was taken for granted because nobody said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Assumed {
    /// The feature set in force, where the request belongs to that and not to all.
    pub(crate) feature_set: Option<FeatureSet>,
    /// Gates that were not looked at.
    pub(crate) gates: BTreeSet<String>,
    /// Capabilities that were taken to be on.
    pub(crate) capabilities: BTreeSet<String>,
}

impl Verdict {
    fn skipped(reason: String) -> Self {
        Self { skip: Some(reason), assumed: Assumed::default() }
    }
}

fn named(list: &str, separator: char) -> impl Iterator<Item = &str> {
    list.split(separator).map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(set: FeatureSet, gates: Option<&[&str]>, capabilities: Option<&[&str]>) -> Selection {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection {
            feature_set: set,
            feature_gates: gates.map(owned),
            capabilities: capabilities.map(owned),
            ..Selection::like_ccoctl(Partition::Aws)
        }
    }

    #[test]
    fn annotations_decide_as_the_cluster_version_operator_does() {
        use FeatureSet::{Default, TechPreviewNoUpgrade};
        let cases: &[(&str, &str, Selection, bool)] = &[
            (FEATURE_SET, "TechPreviewNoUpgrade", selection(Default, None, None), false),
            (FEATURE_SET, "TechPreviewNoUpgrade", selection(TechPreviewNoUpgrade, None, None), true),
            (
                FEATURE_SET,
                "CustomNoUpgrade,TechPreviewNoUpgrade",
                selection(TechPreviewNoUpgrade, None, None),
                true,
            ),
            (
                FEATURE_SET,
                "CustomNoUpgrade, TechPreviewNoUpgrade",
                selection(TechPreviewNoUpgrade, None, None),
                true,
            ),
            (FEATURE_SET, "CustomNoUpgrade,TechPreviewNoUpgrade", selection(Default, None, None), false),
            (FEATURE_SET, "Default", selection(Default, None, None), true),
            (FEATURE_SET, "Default,CustomNoUpgrade", selection(Default, None, None), true),
            (FEATURE_SET, "Default", selection(TechPreviewNoUpgrade, None, None), false),
            (FEATURE_SET, "", selection(Default, None, None), false),
            (FEATURE_GATE, "A,B", selection(Default, None, None), true),
            (FEATURE_GATE, "A,B", selection(Default, Some(&["A", "B"]), None), true),
            (FEATURE_GATE, "A,B", selection(Default, Some(&["A"]), None), false),
            (FEATURE_GATE, "A,-B", selection(Default, Some(&["A"]), None), true),
            (FEATURE_GATE, "-A", selection(Default, Some(&["A"]), None), false),
            (FEATURE_GATE, "TechPreviewNoUpgrade", selection(Default, None, None), false),
            (FEATURE_GATE, "TechPreviewNoUpgrade", selection(TechPreviewNoUpgrade, Some(&[]), None), true),
            (CAPABILITY, "A+B", selection(Default, None, None), true),
            (CAPABILITY, "A+B", selection(Default, None, Some(&["A"])), false),
            (CAPABILITY, "A+B", selection(Default, None, Some(&["B", "A"])), true),
            (DELETE, "true", selection(Default, None, None), false),
            (DELETE, "false", selection(Default, None, None), true),
            ("include.release.openshift.io/hypershift", "true", selection(Default, None, None), true),
        ];
        for (key, value, selection, used) in cases {
            let verdict = selection.verdict(&[(*key, *value)]);
            assert_eq!(verdict.skip.is_none(), *used, "{key}={value} under {selection:?}: {verdict:?}");
        }
    }

    #[test]
    fn names_that_nobody_knows_are_doubted_with_what_may_have_been_meant() {
        let named =
            Switches::of(&[(FEATURE_GATE, "VSphereMultiDisk,-MachineAPIMigration"), (CAPABILITY, "Weather")]);
        let gates = ["VSphereMultiDisc", "MachineAPIMigration", "Other"];
        let capabilities = ["Ingress", "Storag", "Weather", "Parrots"];
        let doubts = selection(FeatureSet::Default, Some(&gates), Some(&capabilities)).doubts(&named);
        assert_eq!(
            doubts,
            [
                "capability Parrots is known neither here nor to a request: check its spelling",
                "capability Storag is known neither here nor to a request: did you mean Storage?",
                "no request speaks of feature gate VSphereMultiDisc: did you mean VSphereMultiDisk?",
                "no request speaks of feature gates Other",
            ]
        );
        let verdict =
            selection(FeatureSet::Default, None, None).verdict(&[(FEATURE_SET, "TechPreviewNoUpgrad")]);
        let reason = verdict.skip.unwrap();
        assert!(reason.ends_with("is unknown: did you mean TechPreviewNoUpgrade?"), "{reason}");
    }
}
