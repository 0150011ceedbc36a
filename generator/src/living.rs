//! A running cluster, as `oc` prints it, held against what its bundle says.
//!
//! Pure but for reading: what must be comes from the bundle's manifests, what is from the person's files.

mod dump;
mod expectation;

pub(crate) use dump::{Dump, DumpError};
pub(crate) use expectation::Expectation;

use dump::Secret;
use expectation::ExpectedSecret;
use sts_schemas::aws::Arn;
use sts_schemas::cluster::IssuerUrl;
use sts_schemas::cluster_report::{Check, Finding};

/// The Secret of the account's administrator, which a cluster in manual mode does not have.
/// Source: `OpenShift` documentation, "Verifying that the cluster uses short-term credentials".
const ADMIN: (&str, &str) = ("kube-system", "aws-creds");

/// Checks in the order a person reads them, and notes.
pub(crate) fn check(expectation: &Expectation, dump: &Dump) -> (Vec<Check>, Vec<String>) {
    let mut checks = vec![admin(expectation, dump), issuer(&expectation.issuer, dump)];
    checks.extend(expectation.secrets.iter().map(|expected| component(expected, dump)));
    let mut elsewhere = Vec::new();
    for secret in dump.secrets.iter().filter(|secret| secret.long_lived) {
        let (namespace, name) = (secret.namespace.as_str(), secret.name.as_str());
        if (namespace, name) == ADMIN || expectation.names(namespace, name) {
            continue;
        }
        if is_of_the_platform(namespace) || expectation.has_namespace(namespace) {
            let what = format!("{LONG_LIVED_KEY}, and the bundle has no role for it");
            checks.push(Check { object: object(namespace, name), finding: Finding::Wrong { what } });
        } else {
            elsewhere.push(format!("{namespace}/{name}"));
        }
    }
    (checks, notes(&elsewhere))
}

const LONG_LIVED_KEY: &str = "it holds a long-lived key (aws_access_key_id)";

/// Namespaces of the platform's own. Source: `OpenShift` documentation, "Projects": names that begin with
/// `openshift-` and `kube-` are reserved for it.
fn is_of_the_platform(namespace: &str) -> bool {
    namespace == "openshift" || namespace.starts_with("openshift-") || namespace.starts_with("kube-")
}

fn notes(elsewhere: &[String]) -> Vec<String> {
    if elsewhere.is_empty() {
        return Vec::new();
    }
    let (count, list) = (elsewhere.len(), elsewhere.join(", "));
    vec![format!("{count} Secrets outside the platform hold a long-lived key (aws_access_key_id): {list}")]
}

fn object(namespace: &str, name: &str) -> String {
    format!("secret/{namespace}/{name}")
}

fn admin(expectation: &Expectation, dump: &Dump) -> Check {
    let (namespace, name) = ADMIN;
    let there = dump.secrets.iter().any(|secret| (secret.namespace.as_str(), secret.name.as_str()) == ADMIN);
    let finding = if there {
        Finding::Wrong {
            what: "it is there: the cluster holds the key of the account's administrator".into(),
        }
    } else if dump.tells_of(namespace, &expectation.namespaces()) {
        Finding::Sound
    } else {
        Finding::Unknown {
            why: "nothing given shows all Secrets: give what `oc get secrets -A -o json` printed".into(),
        }
    };
    Check { object: object(namespace, name), finding }
}

fn issuer(wanted: &IssuerUrl, dump: &Dump) -> Check {
    let mut finding = Finding::Missing;
    for found in &dump.issuers {
        finding = match found.parse::<IssuerUrl>() {
            _ if found == wanted.as_str() => Finding::Sound,
            _ if found.is_empty() => Finding::Wrong { what: "it names no issuer of its own".into() },
            Ok(found) => Finding::Wrong { what: format!("its issuer is {found}, and must be {wanted}") },
            Err(_) => Finding::Wrong { what: format!("its issuer is {found:?}, and must be {wanted}") },
        };
        if finding != Finding::Sound {
            break;
        }
    }
    if finding == Finding::Missing && !dump.strangers.is_empty() {
        let why = format!(
            "what was given is another object ({}): give what `oc get authentication cluster -o json` printed",
            dump.strangers.join(", ")
        );
        finding = Finding::Unknown { why };
    }
    Check { object: "authentication/cluster".into(), finding }
}

fn component(expected: &ExpectedSecret, dump: &Dump) -> Check {
    let mut finding = Finding::Missing;
    let same = |secret: &&Secret| secret.namespace == expected.namespace && secret.name == expected.name;
    // Given twice, as from two looks at the cluster, each copy must be right.
    for secret in dump.secrets.iter().filter(same) {
        let wrong = differences(expected, secret);
        if wrong.is_empty() {
            finding = Finding::Sound;
        } else {
            finding = Finding::Wrong { what: wrong.join("; ") };
            break;
        }
    }
    Check { object: object(&expected.namespace, &expected.name), finding }
}

/// What a Secret has that it must not have. Only what is a role's ARN is repeated: all else may be a secret.
fn differences(expected: &ExpectedSecret, secret: &Secret) -> Vec<String> {
    let mut wrong = Vec::new();
    if secret.long_lived {
        wrong.push(LONG_LIVED_KEY.to_owned());
    }
    let Some(credentials) = &secret.credentials else {
        wrong.push("it has no readable `credentials`".into());
        return wrong;
    };
    match credentials.role_arns.as_slice() {
        [found] if *found == expected.role_arn => {}
        [found] => wrong.push(match found.parse::<Arn>() {
            Ok(found) => format!("its role_arn is {found}, and must be {}", expected.role_arn),
            Err(_) => format!("its role_arn is no ARN, and must be {}", expected.role_arn),
        }),
        found => {
            let profile = "in its profile [default]";
            wrong.push(format!(
                "it names {} role_arns {profile}, and must name {}",
                found.len(),
                expected.role_arn
            ));
        }
    }
    for other in &credentials.other_ways {
        wrong.push(format!(
            "it also sets {other}, which gives credentials in another way or sends them elsewhere"
        ));
    }
    if credentials.token_files != [expected.token_file.as_str()] {
        wrong.push(format!("its web_identity_token_file is not {}", expected.token_file));
    }
    wrong
}

#[cfg(test)]
mod tests;
