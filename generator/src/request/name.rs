//! Names as Kubernetes allows them.

/// The most characters of a DNS label. Source: RFC 1123, and Kubernetes, "Object Names and IDs".
const LONGEST_LABEL: usize = 63;
/// The most characters of a DNS subdomain. Source: as above.
const LONGEST_SUBDOMAIN: usize = 253;

/// What kind of name a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// A namespace: one DNS label.
    Namespace,
    /// An object or service account: DNS labels joined by dots.
    Object,
}

/// Checks a name; the error is the rule it breaks.
pub(crate) fn check(name: &str, kind: NameKind) -> Result<(), String> {
    if name.contains("${") || name.contains("{{") {
        return Err("it is a template that was not filled in".into());
    }
    let (longest, labels) = match kind {
        NameKind::Namespace => (LONGEST_LABEL, vec![name]),
        NameKind::Object => (LONGEST_SUBDOMAIN, name.split('.').collect()),
    };
    if name.len() > longest {
        return Err(format!("at most {longest} characters are allowed, these are {}", name.len()));
    }
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &&str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(|b| alphanumeric(*b))
            && bytes.last().is_some_and(|b| alphanumeric(*b))
            && bytes.iter().all(|b| alphanumeric(*b) || *b == b'-')
    };
    if labels.iter().all(label) {
        return Ok(());
    }
    Err(match kind {
        NameKind::Namespace => {
            "lower-case letters, digits and inner hyphens are allowed (RFC 1123 label)".into()
        }
        NameKind::Object => {
            "lower-case letters, digits, inner hyphens and dots are allowed (RFC 1123 subdomain)".into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rfc_1123() {
        for name in ["a", "openshift-ingress-operator", "0-9"] {
            assert_eq!(check(name, NameKind::Namespace), Ok(()), "{name}");
        }
        assert_eq!(check("a.b-c.d", NameKind::Object), Ok(()));
        for name in ["", "A", "a_b", "-a", "a-", "a.b", "${NAMESPACE}", "é", "a b", &"x".repeat(64)] {
            assert!(check(name, NameKind::Namespace).is_err(), "{name}");
        }
        for name in ["a..b", ".a", "a.", &"x".repeat(254)] {
            assert!(check(name, NameKind::Object).is_err(), "{name}");
        }
    }
}
