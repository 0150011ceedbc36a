//! Who a key file says holds the key: a comment before the PEM, which nobody vouches for.

use crate::pem;
use crate::text::checked_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

checked_text!(
    /// A name or a way to reach somebody, on one line.
    HolderText,
    "name or contact",
    check
);

/// The most characters of a name or contact: what fits on a line beside its label.
const LONGEST: usize = 58;

fn check(text: &str) -> Result<(), String> {
    let plain = |c: char| {
        !c.is_control() && !matches!(c, '\u{61c}' | '\u{200e}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    if text.trim() == text && (1..=LONGEST).contains(&text.chars().count()) && text.chars().all(plain) {
        return Ok(());
    }
    Err(format!("1 to {LONGEST} characters on one line, without control characters or blanks around them"))
}

/// Who a key file says holds the key. It is shown, as a claim, and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<HolderText>,
    /// How to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<HolderText>,
}

const NAME: &str = "name";
const CONTACT: &str = "contact";

impl Holder {
    /// What the comments before a PEM block say; what breaks the rules of a [`HolderText`] is passed over.
    #[must_use]
    pub fn of_key_file(text: &str) -> Option<Self> {
        let find = |label| pem::comment(text, label).and_then(|value| value.parse().ok());
        let holder = Self { name: find(NAME), contact: find(CONTACT) };
        (holder != Self::default()).then_some(holder)
    }

    /// The comments to write before the PEM block.
    #[must_use]
    pub fn to_comments(&self) -> String {
        let line = |label, text: &Option<HolderText>| {
            text.as_ref().map_or_else(String::new, |text| pem::to_comment(label, text.as_str()))
        };
        line(NAME, &self.name) + &line(CONTACT, &self.contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";

    #[test]
    fn a_holder_survives_its_comments() {
        let holder = Holder {
            name: Some("Ada Lovelace, platform team".parse().unwrap()),
            contact: Some("+44 20 7946 0000".parse().unwrap()),
        };
        assert_eq!(Holder::of_key_file(&(holder.to_comments() + PEM)), Some(holder));
        assert_eq!(Holder::of_key_file(PEM), None);
        assert_eq!(Holder::default().to_comments(), "");
    }

    #[test]
    fn a_claim_that_could_deceive_a_terminal_is_passed_over() {
        for name in ["a\u{1b}[2K", "a\u{202e}b", "a\u{9b}", "", &"x".repeat(59)] {
            assert_eq!(Holder::of_key_file(&format!("# name: {name}\n{PEM}")), None, "{name:?}");
        }
        let behind = format!("{PEM}# name: Mallory\n");
        assert_eq!(Holder::of_key_file(&behind), None, "only what stands before the key is a comment");
    }
}
