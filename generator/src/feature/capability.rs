//! Parts of a cluster that can be left out at installation.

use std::collections::BTreeSet;
use std::str::FromStr;
use sts_schemas::InvalidText;
use sts_schemas::gather::Gather as _;

/// The sets an `install-config.yaml` may start from, each with what it adds to the one before.
///
/// Source: `ClusterVersionCapabilitySets` of openshift/api, `config/v1/types_cluster_version.go`. A set is
/// never changed once its release is out.
const SETS: [(&str, &[&str]); 8] = [
    ("v4.11", &["baremetal", "marketplace", "openshift-samples", "MachineAPI"]),
    ("v4.12", &["Console", "Insights", "Storage", "CSISnapshot"]),
    ("v4.13", &["NodeTuning"]),
    ("v4.14", &["Build", "DeploymentConfig", "ImageRegistry"]),
    ("v4.15", &["OperatorLifecycleManager", "CloudCredential"]),
    ("v4.16", &["Ingress", "CloudControllerManager"]),
    ("v4.17", &[]),
    ("v4.18", &["OperatorLifecycleManagerV1"]),
];

/// The set of the release that is installed, whatever it is: every capability that release knows.
pub const CURRENT: &str = "vCurrent";

/// Every capability that a set of this program's switches on; a newer release may know more.
pub fn names() -> impl Iterator<Item = &'static str> {
    SETS.iter().flat_map(|(_, names)| names.iter().copied())
}

/// The name of a capability, known or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CapabilityName(pub String);

impl FromStr for CapabilityName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let name = text.trim();
        let formed = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if formed {
            return Ok(Self(name.to_owned()));
        }
        let rule = "a name of letters, digits and -, with commas between several; what is not named is off";
        Err(InvalidText::new("capability", text, rule))
    }
}

/// What a baseline switches on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// Everything the release knows; the default.
    Everything,
    /// Just these.
    Only(BTreeSet<String>),
}

impl Baseline {
    /// What `baselineCapabilitySet` of this name switches on, or `None` for a name this program does not know.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name {
            CURRENT => Some(Self::Everything),
            "None" => Some(Self::Only(BTreeSet::new())),
            _ => {
                let last = SETS.iter().position(|(set, _)| *set == name)?;
                let names = SETS[..=last].iter().flat_map(|(_, names)| names.iter());
                Some(Self::Only(names.map(|name| (*name).to_owned()).gather()))
            }
        }
    }

    /// Every name [`Baseline::of`] knows.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        ["None"].into_iter().chain(SETS.iter().map(|(name, _)| *name)).chain([CURRENT]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(name: &str) -> usize {
        match Baseline::of(name).unwrap() {
            Baseline::Everything => usize::MAX,
            Baseline::Only(names) => names.len(),
        }
    }

    #[test]
    fn a_name_is_a_word_and_no_switch_or_sum() {
        for text in names().chain(["Weather", " Ingress "]) {
            assert_eq!(text.parse(), Ok(CapabilityName(text.trim().to_owned())));
        }
        for text in ["", "Ingress=true", "A+B", "A B", "-A", "A;B"] {
            assert!(text.parse::<CapabilityName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_sets_have_the_sizes_openshift_gives_them() {
        let sizes: Vec<_> = Baseline::names().into_iter().map(size).collect();
        assert_eq!(sizes, [0, 4, 8, 9, 12, 14, 16, 16, 17, usize::MAX]);
        assert_eq!(Baseline::of("v4.10"), None);
        let Some(Baseline::Only(v4_15)) = Baseline::of("v4.15") else { panic!("a closed set") };
        assert!(v4_15.contains("CloudCredential") && !v4_15.contains("Ingress"));
    }
}
