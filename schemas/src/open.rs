//! What a bundle may leave open, and how a value takes its place: exactly two values, in this one module.
//!
//! In the files of a bundle an open value is a token, `${account}` or `${issuer}`. Until it is bound, a
//! stand-in that cannot exist takes the token's place, so that everything else can be checked.

use crate::aws::AccountId;
use crate::cluster::{Cluster, IssuerUrl};
use crate::contents::Problems;
use crate::text::InvalidText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A value that a bundle may leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenValue {
    /// The account: nobody told the author.
    Account,
    /// The issuer's host: AWS names it when the distribution is made.
    Issuer,
}

impl OpenValue {
    /// Every value that can be open.
    pub const ALL: [Self; 2] = [Self::Account, Self::Issuer];

    /// What stands for it in the files of a bundle.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Account => "${account}",
            Self::Issuer => "${issuer}",
        }
    }

    /// What stands for it in memory until it is bound.
    ///
    /// RFC 2606, section 2, keeps `.invalid` free of hosts for good. No account with these digits is known; were
    /// there one, a bundle could not be bound to it.
    #[must_use]
    pub fn stand_in(self) -> &'static str {
        match self {
            Self::Account => "000000000001",
            Self::Issuer => "known-after-apply.invalid",
        }
    }
}

/// What people read for a value until AWS has named it.
pub const KNOWN_AFTER_APPLY: &str = "(known after apply)";

/// A text for people: what stands for an issuer that AWS has not named yet is no host of anybody's.
#[must_use]
pub fn hide_stand_ins(text: &str) -> String {
    text.replace(OpenValue::Issuer.stand_in(), KNOWN_AFTER_APPLY)
}

impl fmt::Display for OpenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::Issuer => "issuer",
        })
    }
}

/// Values for what a bundle leaves open; `None` where it leaves nothing open, or the value is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerUrl>,
}

/// Values that do not fit the bundle they were given for.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A value for something the bundle itself says, and says otherwise.
    #[error("the bundle's {value} is {known}, and {given} was given")]
    NotOpen {
        /// Which value.
        value: OpenValue,
        /// What the bundle says.
        known: String,
        /// What was given.
        given: String,
    },
    /// A value that the hosting rules out.
    #[error("a value does not fit the cluster")]
    Unfit(#[from] InvalidText),
    /// With the values in their places the files contradict each other.
    #[error("with its open values bound the bundle does not hold together: {0}")]
    Inconsistent(Problems),
}

impl Bound {
    /// Whether nothing is bound.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The text that takes a token's place.
    fn text(&self, value: OpenValue) -> Option<&str> {
        match value {
            OpenValue::Account => self.account.as_ref().map(AccountId::as_str),
            OpenValue::Issuer => self.issuer.as_ref().map(IssuerUrl::host_and_path),
        }
    }

    /// A file with the values known here in place of their tokens.
    ///
    /// Twelve digits, a host and a path: neither can end a JSON string or a YAML scalar, so nothing is injected.
    #[must_use]
    pub fn fill_in(&self, file: &[u8]) -> Vec<u8> {
        let known = OpenValue::ALL.into_iter().filter_map(|value| Some((value.token(), self.text(value)?)));
        replace(file, known)
    }
}

impl Cluster {
    /// What is open about it.
    #[must_use]
    pub fn open(&self) -> Vec<OpenValue> {
        let is_open = |value: &OpenValue| match value {
            OpenValue::Account => self.account.as_str() == value.stand_in(),
            OpenValue::Issuer => self.issuer.host_and_path() == value.stand_in(),
        };
        OpenValue::ALL.into_iter().filter(is_open).collect()
    }

    /// The cluster with these values in the places that are open.
    ///
    /// # Errors
    /// When a value is not open and differs, or does not fit the hosting.
    pub fn bind(&self, bound: &Bound) -> Result<Self, BindError> {
        let open = self.open();
        let mut cluster = self.clone();
        for value in OpenValue::ALL {
            let Some(given) = bound.text(value) else { continue };
            if given == value.stand_in() {
                return Err(InvalidText::new("value to bind", given, "it is kept for what is open").into());
            }
            let known = match value {
                OpenValue::Account => self.account.as_str(),
                OpenValue::Issuer => self.issuer.host_and_path(),
            };
            if !open.contains(&value) && known != given {
                return Err(BindError::NotOpen { value, known: known.into(), given: given.into() });
            }
        }
        cluster.account = bound.account.clone().unwrap_or(cluster.account);
        cluster.issuer = bound.issuer.clone().unwrap_or(cluster.issuer);
        Ok(cluster.checked()?)
    }
}

/// The account of a bundle for any account.
#[must_use]
pub fn open_account() -> AccountId {
    stand_in(OpenValue::Account.stand_in())
}

/// The issuer of a bundle whose issuer AWS will name.
#[must_use]
pub fn open_issuer() -> IssuerUrl {
    stand_in(&format!("https://{}", OpenValue::Issuer.stand_in()))
}

#[expect(clippy::expect_used, reason = "a test parses both stand-ins")]
fn stand_in<T: std::str::FromStr<Err = InvalidText>>(text: &str) -> T {
    text.parse().expect("both stand-ins are valid text")
}

/// A file with stand-ins in place of the tokens of what is open.
#[must_use]
pub fn stand_in_for_tokens(file: &[u8], open: &[OpenValue]) -> Vec<u8> {
    replace(file, open.iter().map(|value| (value.token(), value.stand_in())))
}

/// A message with tokens in place of the stand-ins of what is open, which nobody wrote; not where it is about a stand-in.
#[must_use]
pub(crate) fn told(message: String, open: &[OpenValue]) -> String {
    if message.contains(KEPT) {
        return message;
    }
    open.iter().fold(message, |text, value| text.replace(value.stand_in(), value.token()))
}

/// What is said of a stand-in that somebody wrote.
pub(crate) const KEPT: &str = "is kept for an open";

/// A file that was made with stand-ins, with tokens in their places: what the generator writes.
#[must_use]
pub fn tokens_for_stand_ins(file: &[u8], open: &[OpenValue]) -> Vec<u8> {
    replace(file, open.iter().map(|value| (value.stand_in(), value.token())))
}

/// Each `from` by its `to`; what is no text stays as it is.
fn replace<'a>(file: &[u8], pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    match std::str::from_utf8(file) {
        Ok(text) => pairs.fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).into_bytes(),
        Err(_) => file.to_vec(),
    }
}

/// Declares how a field that may be open reads and writes: as its text, or as the token in it.
macro_rules! openable_field {
    ($(#[$doc:meta])* $name:ident, $type:ty, $value:expr, $open:path) => {
        $(#[$doc])*
        pub(crate) mod $name {
            use super::OpenValue;
            use serde::{Deserialize, Deserializer, Serializer, de::Error};

            pub(crate) fn serialize<S: Serializer>(field: &$type, to: S) -> Result<S::Ok, S::Error> {
                let value: OpenValue = $value;
                to.serialize_str(&field.as_str().replace(value.stand_in(), value.token()))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                let value: OpenValue = $value;
                let text = String::deserialize(from)?;
                if text.contains(value.stand_in()) {
                    return Err(D::Error::custom(format!("{text:?} {} {value}", super::KEPT)));
                }
                let field: $type =
                    text.replace(value.token(), value.stand_in()).parse().map_err(D::Error::custom)?;
                if text.contains(value.token()) && field != $open() {
                    return Err(D::Error::custom(format!("{text:?} is more than {}", value.token())));
                }
                Ok(field)
            }
        }
    };
}

openable_field!(
    /// An account, or `${account}`.
    account, crate::aws::AccountId, OpenValue::Account, super::open_account
);
openable_field!(
    /// An issuer, or `https://${issuer}`.
    issuer, crate::cluster::IssuerUrl, OpenValue::Issuer, super::open_issuer
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_ins_are_valid_and_come_back_as_tokens() {
        assert_eq!(open_account().as_str(), OpenValue::Account.stand_in());
        assert_eq!(open_issuer().host_and_path(), OpenValue::Issuer.stand_in());
        let file = br#"{"a":"arn:aws:iam::${account}:oidc-provider/${issuer}","b":"${aws:username}"}"#;
        let filled = stand_in_for_tokens(file, &OpenValue::ALL);
        assert!(!String::from_utf8_lossy(&filled).contains("${account}"));
        assert_eq!(tokens_for_stand_ins(&filled, &OpenValue::ALL), file);
    }

    #[test]
    fn only_what_is_known_is_filled_in() {
        let bound = Bound { account: Some("123456789012".parse().unwrap()), issuer: None };
        assert_eq!(bound.fill_in(b"${account} ${issuer}"), b"123456789012 ${issuer}");
        assert_eq!(bound.fill_in(&[0xff, b'$']), [0xff, b'$']);
    }
}
