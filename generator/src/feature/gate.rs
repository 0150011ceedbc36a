//! A feature gate, switched on or off.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::str::FromStr;
use sts_schemas::InvalidText;
use sts_schemas::gather::Gather as _;

/// A feature gate with whether it is on: `Name` and `Name=true` switch it on, `Name=false` off.
///
/// The truth values are those that Go's `strconv.ParseBool` takes, as the installer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateSwitch {
    /// The gate's name.
    pub name: String,
    /// Whether it is on.
    pub is_on: bool,
}

impl FromStr for GateSwitch {
    type Err = InvalidText;

    /// Source of the names' form: `features/features.go` of openshift/api.
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let refused = || {
            InvalidText::new(
                "feature gate",
                text,
                "a name of letters and digits, or Name=true or Name=false, with commas between several",
            )
        };
        let (name, value) = text.split_once('=').map_or((text, "true"), |(name, value)| (name, value));
        let (name, value) = (name.trim(), value.trim());
        let formed = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_on = match value {
            "1" | "t" | "T" | "TRUE" | "true" | "True" if formed => true,
            "0" | "f" | "F" | "FALSE" | "false" | "False" if formed => false,
            _ => return Err(refused()),
        };
        Ok(Self { name: name.to_owned(), is_on })
    }
}

/// The gates that are on.
///
/// # Errors
/// The name of one that is switched both on and off.
pub fn switched_on<'s>(
    switches: impl IntoIterator<Item = &'s GateSwitch>,
) -> Result<BTreeSet<String>, String> {
    let mut seen = BTreeMap::new();
    for switch in switches {
        if seen.insert(&switch.name, switch.is_on).is_some_and(|known| known != switch.is_on) {
            return Err(switch.name.clone());
        }
    }
    Ok(seen.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name.clone()).gather())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_switched_by_name_and_nothing_else_passes_for_one() {
        let switch = |name: &str, is_on| Ok(GateSwitch { name: name.to_owned(), is_on });
        assert_eq!("A1".parse(), switch("A1", true));
        assert_eq!(" A = true ".parse(), switch("A", true));
        assert_eq!("A=false".parse(), switch("A", false));
        assert_eq!("A=True".parse(), switch("A", true));
        assert_eq!("A=0".parse(), switch("A", false));
        for text in ["", "=true", "A=", "A=on", "A=yes", "A B", "A:true", "-A", "1A", "A=true=false"] {
            assert!(text.parse::<GateSwitch>().is_err(), "{text:?}");
        }
        let switches = ["A", "B=false", "A=true"].map(|text| text.parse().unwrap());
        assert_eq!(switched_on(&switches), Ok(["A".to_owned()].into()));
        let both = ["A", "A=false"].map(|text| text.parse().unwrap());
        assert_eq!(switched_on(&both), Err("A".to_owned()));
    }
}
