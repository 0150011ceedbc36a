//! What OpenShift can switch on and off: feature sets and capabilities.

pub mod capability;
mod gate;
pub mod install_config;
mod near;

pub use capability::CapabilityName;
pub use gate::{GateSwitch, switched_on};
pub use install_config::{CredentialsMode, InstallConfig, InstallConfigError};
pub(crate) use near::nearest;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use std::fmt;
use std::str::FromStr;
use sts_schemas::InvalidText;

/// A set of feature gates that a cluster runs with.
///
/// Source: `FeatureSet` of openshift/api, `config/v1/types_feature.go`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureSet {
    /// What is supported; the API's empty name.
    Default,
    /// Previews too; such a cluster cannot be upgraded.
    TechPreviewNoUpgrade,
    /// Gates chosen one by one; such a cluster cannot be upgraded.
    CustomNoUpgrade,
    /// What developers work on; such a cluster cannot be upgraded.
    DevPreviewNoUpgrade,
    /// What the OKD distribution runs with.
    Okd,
}

impl FeatureSet {
    /// Every feature set that is known.
    pub const ALL: [Self; 5] = [
        Self::Default,
        Self::TechPreviewNoUpgrade,
        Self::CustomNoUpgrade,
        Self::DevPreviewNoUpgrade,
        Self::Okd,
    ];

    /// Its name in annotations, in `install-config.yaml` and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::TechPreviewNoUpgrade => "TechPreviewNoUpgrade",
            Self::CustomNoUpgrade => "CustomNoUpgrade",
            Self::DevPreviewNoUpgrade => "DevPreviewNoUpgrade",
            Self::Okd => "OKD",
        }
    }
}

impl ValueEnum for FeatureSet {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FeatureSet {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|set| set.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|set| set.name()).collect();
            InvalidText::new("feature set", text, format!("known are {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_set_is_read_by_its_name_and_no_other() {
        for set in FeatureSet::ALL {
            assert_eq!(set.name().parse(), Ok(set));
        }
        for text in ["", "default", "TechPreview"] {
            assert!(text.parse::<FeatureSet>().is_err(), "{text:?}");
        }
    }
}
