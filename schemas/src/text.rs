//! Text that was checked once, at the edge, and is a type ever after.

/// A text that breaks the rule of the thing it should be.
///
/// The message recites what was given and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no {what}: {rule}")]
pub struct InvalidText {
    /// What the text should have been, in a few words.
    pub what: &'static str,
    /// The text as it was given, cut at 200 characters.
    pub given: String,
    /// The rule it breaks.
    pub rule: String,
}

impl InvalidText {
    /// Says that `given` is no `what`, and which `rule` it breaks.
    #[must_use]
    pub fn new(what: &'static str, given: &str, rule: impl Into<String>) -> Self {
        Self { what, given: given.chars().take(200).collect(), rule: rule.into() }
    }
}

/// Declares a newtype over `String` whose only way in is its check.
///
/// The check is a function `fn(&str) -> Result<(), String>` whose error is the rule that was broken.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::text::InvalidText;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                match $check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(rule) => Err($crate::text::InvalidText::new($what, &text, rule)),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use checked_text;
