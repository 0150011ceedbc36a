//! Whether an issuer's URL serves the documents of a bundle, seen the way AWS and everybody else sees it.

use crate::account::WebError;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::gather::Gather as _;
use sts_schemas::layout::DISCOVERY_KEY;
use sts_schemas::oidc::{DiscoveryDocument, IssuerDocuments, Jwks};

/// How long an issuer may take to serve the right thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// It has been serving for long; only what passes in seconds is waited for.
    Standing,
    /// Its bucket was made a moment ago; names and objects are still on their way.
    Settling {
        /// How long to wait for them at most.
        limit: Duration,
    },
}

impl Patience {
    /// The pauses before each further look: 3 seconds in all, or about a minute and a half, as far as the limit goes.
    fn pauses(self) -> impl Iterator<Item = Duration> {
        let (pauses, limit): (&[u64], _) = match self {
            Self::Standing => (&[1, 2], Duration::MAX),
            Self::Settling { limit } => (&[1, 2, 4, 8, 15, 30, 30], limit),
        };
        let mut waited = Duration::ZERO;
        pauses.iter().map(|seconds| Duration::from_secs(*seconds)).take_while(move |pause| {
            waited += *pause;
            waited <= limit
        })
    }
}

/// An issuer that does not serve what it should: one line for each thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the issuer {issuer} does not serve what the bundle holds:{}", list(problems))]
pub struct Unserved {
    /// The issuer.
    pub issuer: IssuerUrl,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

fn list(problems: &[String]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let _ = write!(text, "\n  {problem}");
        text
    })
}

/// Fetches both documents until they are right, and gives notes about what is right but not the same.
///
/// # Errors
/// When they are not right after the last look: all that is wrong with them then.
pub fn probe(
    issuer: &IssuerUrl,
    documents: &IssuerDocuments,
    patience: Patience,
    get: impl Fn(&str) -> Result<Vec<u8>, WebError>,
    mut pause: impl FnMut(Duration),
) -> Result<Vec<String>, Unserved> {
    let mut pauses = patience.pauses();
    loop {
        let look = look(issuer, documents, &get);
        if look.problems.is_empty() {
            return Ok(look.notes);
        }
        let Some(next) = pauses.next() else {
            return Err(Unserved { issuer: issuer.clone(), problems: look.problems });
        };
        pause(next);
    }
}

#[derive(Default)]
struct Look {
    problems: Vec<String>,
    notes: Vec<String>,
}

fn look(
    issuer: &IssuerUrl,
    documents: &IssuerDocuments,
    get: &impl Fn(&str) -> Result<Vec<u8>, WebError>,
) -> Look {
    let mut look = Look::default();
    let both: [(String, &str, Comparison); 2] = [
        (format!("{issuer}/{DISCOVERY_KEY}"), &documents.discovery, compare_discovery),
        (issuer.jwks_uri(), &documents.keys, compare_keys),
    ];
    for (url, wanted, compare) in both {
        match get(&url) {
            Err(error) => look.problems.push(format!("{url}: {error}")),
            Ok(found) if found == wanted.as_bytes() => {}
            Ok(found) => match compare(&String::from_utf8_lossy(&found), wanted) {
                Ok(()) => {
                    look.notes
                        .push(format!("{url} serves other bytes than the bundle's, of the same meaning."));
                }
                Err(what) => look.problems.push(format!("{url}: {what}")),
            },
        }
    }
    look
}

/// Whether found text means the same as wanted text; else what is different.
type Comparison = fn(&str, &str) -> Result<(), String>;

fn compare_discovery(found: &str, wanted: &str) -> Result<(), String> {
    let parse = |text| serde_json::from_str::<DiscoveryDocument>(text);
    let document = parse(found).map_err(|error| format!("it is no discovery document: {error}"))?;
    match parse(wanted) {
        Ok(wanted) if document == wanted => Ok(()),
        Ok(wanted) if document.issuer != wanted.issuer => {
            Err(format!("it names the issuer {}, not {}", document.issuer, wanted.issuer))
        }
        Ok(wanted) if document.jwks_uri != wanted.jwks_uri => {
            Err(format!("it names keys at {}, not at {}", document.jwks_uri, wanted.jwks_uri))
        }
        _ => Err("its claims or algorithms are not those of the bundle's".into()),
    }
}

fn compare_keys(found: &str, wanted: &str) -> Result<(), String> {
    let parse = |text| serde_json::from_str::<Jwks>(text);
    let keys = parse(found).map_err(|error| format!("it is no key set: {error}"))?;
    let wanted = parse(wanted).map_err(|error| format!("the bundle's is no key set: {error}"))?;
    let ids = |set: &Jwks| set.keys.iter().map(|key| key.kid.clone()).gather::<BTreeSet<_>>();
    let (here, there) = (ids(&wanted), ids(&keys));
    let named = |ids: Vec<&String>| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    let (missing, strange): (Vec<_>, Vec<_>) =
        (here.difference(&there).collect(), there.difference(&here).collect());
    match (missing.is_empty(), strange.is_empty()) {
        (true, true) if keys == wanted => Ok(()),
        (true, true) => Err("a key has the id of the bundle's and is another".into()),
        (true, false) => Err(format!("it lists keys that the bundle does not: {}", named(strange))),
        (false, _) => Err(format!("it lacks the bundle's key {}", named(missing))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn issuer() -> IssuerUrl {
        "https://oidc.example.com/demo".parse().unwrap()
    }

    fn documents() -> IssuerDocuments {
        let key = r#"{"use":"sig","kty":"RSA","kid":"first","alg":"RS256","n":"AQAB","e":"AQAB"}"#;
        IssuerDocuments {
            discovery: serde_json::to_string_pretty(&DiscoveryDocument::of(&issuer())).unwrap(),
            keys: format!(r#"{{"keys": [{key}]}}"#),
        }
    }

    /// What a probe says when the issuer serves these texts from the start.
    fn verdict(discovery: &str, keys: &str) -> String {
        let get = |url: &str| Ok(if url.ends_with("keys.json") { keys.into() } else { Vec::from(discovery) });
        match probe(&issuer(), &documents(), Patience::Standing, get, |_| {}) {
            Ok(notes) => notes.join("\n"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_way_to_serve_the_wrong_thing_is_named() {
        let IssuerDocuments { discovery, keys } = documents();
        assert_eq!(verdict(&discovery, &keys), "");
        let compact = discovery.split_whitespace().collect::<String>();
        assert!(verdict(&compact, &keys).contains("of the same meaning"), "{}", verdict(&compact, &keys));
        for (discovery, keys, words) in [
            (
                discovery.replace("/demo\"", "/other\""),
                keys.clone(),
                "names the issuer https://oidc.example.com/other",
            ),
            (discovery.replace("keys.json", "jwks.json"), keys.clone(), "names keys at"),
            (discovery.replace("RS256", "ES256"), keys.clone(), "claims or algorithms"),
            ("<html>".into(), keys.clone(), "no discovery document"),
            (discovery.clone(), keys.replace("first", "second"), "lacks the bundle's key first"),
            (
                discovery.clone(),
                keys.replace("\"AQAB\",\"e\"", "\"AQAC\",\"e\""),
                "has the id of the bundle's and is another",
            ),
            (discovery.clone(), r#"{"keys":[]}"#.into(), "lacks the bundle's key"),
            (discovery.clone(), "{}".into(), "no key set"),
        ] {
            assert!(
                verdict(&discovery, &keys).contains(words),
                "{words:?} in {}",
                verdict(&discovery, &keys)
            );
        }
    }

    #[test]
    fn what_comes_late_is_waited_for_and_what_never_comes_is_not() {
        let IssuerDocuments { discovery, keys } = documents();
        let (looks, waited) = (Cell::new(0), Cell::new(0));
        let get = |late: i32| {
            let (looks, discovery, keys) = (&looks, &discovery, &keys);
            move |url: &str| {
                looks.set(looks.get() + 1);
                match looks.get() {
                    nth if nth <= late => Err(WebError::Status(404)),
                    _ if url.ends_with("keys.json") => Ok(Vec::from(keys.as_str())),
                    _ => Ok(Vec::from(discovery.as_str())),
                }
            }
        };
        let pause = |pause: Duration| waited.set(waited.get() + pause.as_secs());
        assert!(
            probe(&issuer(), &documents(), Patience::Settling { limit: Duration::MAX }, get(5), pause)
                .is_ok()
        );
        assert!(looks.get() > 5 && waited.get() < 10);
        waited.set(0);
        let error =
            probe(&issuer(), &documents(), Patience::Settling { limit: Duration::MAX }, get(i32::MAX), pause)
                .unwrap_err();
        assert_eq!((error.problems.len(), waited.get()), (2, 90));
        assert!(error.to_string().contains("HTTP 404"), "{error}");
    }
}
