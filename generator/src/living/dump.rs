//! What `oc get ... -o json` prints, of which only names and a few settings are kept.
//!
//! It is read as a stream, and members nobody asks about are passed over: a large cluster prints hundreds of
//! megabytes. Of the Secrets' values only what [`Credentials`] keeps outlives the reading of one object.

use crate::credentials::{Credentials, holds_long_lived_key, is_long_lived_name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{BufReader, Read};
use sts_schemas::gather::Gather as _;
use zeroize::Zeroizing;

/// The most bytes of one input: etcd holds 8 GiB at most, of which Secrets are a small part; a gigabyte is
/// a thousand Secrets of the largest size Kubernetes takes. Source: etcd documentation, "System limits".
const MOST_BYTES: u64 = 1 << 30;

/// What was given of a cluster.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dump {
    /// Every Secret.
    pub(crate) secrets: Vec<Secret>,
    /// The issuer of every `authentication/cluster`; empty where it names none.
    pub(crate) issuers: Vec<String>,
    /// Objects that are an Authentication, and not the one that names the issuer.
    pub(crate) strangers: Vec<String>,
    /// The namespaces of the Secrets of each List.
    lists: Vec<BTreeSet<String>>,
}

/// A Secret without its values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// What its member `credentials` says, where it has one that is text.
    pub(crate) credentials: Option<Credentials>,
    /// Whether it holds a key that does not expire, as a member or within one.
    pub(crate) long_lived: bool,
}

/// An input that is not what `oc` prints.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DumpError {
    #[error("it cannot be read")]
    Unreadable(#[source] std::io::Error),
    #[error("it is not what `oc get -o json` prints: {what} in line {line}, column {column}")]
    Malformed { what: &'static str, line: usize, column: usize },
    #[error("it has more than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("it is written in {0}")]
    Encoded(&'static str),
    #[error("it holds no Secret, no Authentication and no List")]
    Nothing,
}

impl DumpError {
    /// The parser's own words may repeat a value, and a value may be a secret: only kind and place are kept.
    fn of_json(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Io => {
                return Self::Unreadable(std::io::Error::from(
                    error.io_error_kind().unwrap_or(std::io::ErrorKind::Other),
                ));
            }
            Category::Syntax => "no JSON",
            Category::Data => "a member of another kind than Kubernetes gives it",
            Category::Eof => "an early end",
        };
        Self::Malformed { what, line: error.line(), column: error.column() }
    }
}

impl Dump {
    /// Takes in one input: objects and Lists, one behind the other.
    pub(crate) fn read(&mut self, mut source: impl Read) -> Result<(), DumpError> {
        let mut begin = Vec::new();
        source.by_ref().take(3).read_to_end(&mut begin).map_err(DumpError::Unreadable)?;
        if let Some(encoding) = other_encoding(&begin) {
            return Err(DumpError::Encoded(encoding));
        }
        let source = begin.as_slice().chain(source);
        // One byte more than is allowed, so that an input of just the limit is told from a larger one.
        let mut limited = source.take(MOST_BYTES + 1);
        let mut known = false;
        let mut objects =
            serde_json::Deserializer::from_reader(BufReader::new(limited.by_ref())).into_iter::<Object>();
        let result = objects.try_for_each(|object| {
            known |= self.take(object?);
            Ok(())
        });
        drop(objects);
        match result {
            _ if limited.limit() == 0 => Err(DumpError::TooLarge),
            Err(error) => Err(DumpError::of_json(&error)),
            Ok(()) if known => Ok(()),
            Ok(()) => Err(DumpError::Nothing),
        }
    }

    /// Whether a Secret of this namespace would have been seen: a List shows it, or one of all namespaces does.
    ///
    /// A List is taken for one of all namespaces when it spans most of those where the bundle wants a Secret, and
    /// one where it wants none: what a namespace or a label selects does not.
    pub(crate) fn tells_of(&self, namespace: &str, wanted: &BTreeSet<&str>) -> bool {
        let spans_all = |list: &BTreeSet<String>| {
            let shown = list.iter().filter(|shown| wanted.contains(shown.as_str())).count();
            shown > 0 && shown * 2 >= wanted.len() && list.len() > shown
        };
        self.lists.iter().any(|list| list.contains(namespace) || spans_all(list))
    }

    /// Keeps what matters of an object, and says whether it is of a kind that could matter.
    fn take(&mut self, object: Object) -> bool {
        if let Some(items) = object.items {
            let of_secrets = items.iter().filter(|item| item.is_secret());
            self.lists.push(of_secrets.map(|item| item.metadata.namespace.clone()).gather());
            for item in items {
                self.take(item);
            }
            return true;
        }
        if object.is_secret() {
            let Metadata { namespace, name } = object.metadata;
            let mut values = object.data.decoded();
            values.merge(object.string_data.plain());
            let Values { credentials, long_lived } = values;
            let long_lived = long_lived || credentials.as_ref().is_some_and(|found| found.long_lived);
            self.secrets.push(Secret { namespace, name, credentials, long_lived });
            return true;
        }
        if object.kind != "Authentication" {
            return false;
        }
        let Object { api_version, metadata, spec, .. } = object;
        // The operator's own `authentication/cluster` is another object of the same name.
        if api_version.starts_with("config.openshift.io/") && metadata.name == "cluster" {
            self.issuers.push(spec.service_account_issuer.unwrap_or_default());
        } else {
            let group = api_version.split('/').next().unwrap_or_default();
            self.strangers.push(format!("Authentication {:?} of {group:?}", metadata.name));
        }
        true
    }
}

/// The encoding of a text that begins so, where it is not the one of JSON.
///
/// Some shells write what a program prints anew: Windows `PowerShell` does. Source: RFC 8259, section 8.1.
fn other_encoding(begin: &[u8]) -> Option<&'static str> {
    match begin {
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8 behind a byte order mark"),
        [0xff, 0xfe, ..] | [_, 0, ..] => Some("UTF-16, little-endian"),
        [0xfe, 0xff, ..] | [0, _, ..] => Some("UTF-16, big-endian"),
        _ => None,
    }
}

/// Any object, or a List of objects. What is absent is empty.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Object {
    api_version: String,
    kind: String,
    metadata: Metadata,
    data: Members,
    string_data: Members,
    spec: Spec,
    items: Option<Vec<Object>>,
}

impl Object {
    fn is_secret(&self) -> bool {
        self.kind == "Secret" && self.api_version == "v1"
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    service_account_issuer: Option<String>,
}

/// The members of `data` or `stringData`, and the names of those that matter by name.
#[derive(Default)]
struct Members {
    values: Vec<(Member, Zeroizing<String>)>,
    long_lived: bool,
}

/// Which member a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Credentials,
    Other,
}

/// What the members say once they are decoded.
#[derive(Default)]
struct Values {
    credentials: Option<Credentials>,
    long_lived: bool,
}

impl Members {
    /// Of `data`: base64.
    fn decoded(self) -> Values {
        self.read(|encoded| {
            let bytes = Zeroizing::new(STANDARD.decode(encoded.as_bytes()).ok()?);
            std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
        })
    }

    /// Of `stringData`: as it is.
    fn plain(self) -> Values {
        self.read(Some)
    }

    /// What is no text is no credentials file, and holds no key that a person could have put there.
    fn read(self, decode: impl Fn(Zeroizing<String>) -> Option<Zeroizing<String>>) -> Values {
        let mut found = Values { credentials: None, long_lived: self.long_lived };
        for (member, value) in self.values {
            let Some(text) = decode(value) else { continue };
            found.long_lived |= holds_long_lived_key(&text);
            if member == Member::Credentials {
                found.credentials = Some(Credentials::of_file(&text));
            }
        }
        found
    }
}

impl Values {
    /// `stringData` takes the place of `data`, as in the API server; a long-lived key counts wherever it is.
    fn merge(&mut self, other: Self) {
        self.long_lived |= other.long_lived;
        if other.credentials.is_some() {
            self.credentials = other.credentials;
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_unit<E>(self) -> Result<Members, E> {
        Ok(Members::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            members.long_lived |= is_long_lived_name(&name);
            let member = if name == "credentials" { Member::Credentials } else { Member::Other };
            let value = map.next_value::<Option<String>>()?.map(Zeroizing::new);
            members.values.extend(value.map(|value| (member, value)));
        }
        Ok(members)
    }
}
