//! Policy documents as AWS gives them back.

use sts_schemas::digest::Sha256;
use sts_schemas::policy::PolicyDocument;

/// Reads a document that came as it was stored.
///
/// What this program's strict reading does not understand becomes a document that says so and equals no
/// other: it shows up as a difference, and putting the wanted one in its place repairs it.
pub(super) fn read(text: &str) -> PolicyDocument {
    serde_json::from_str(text).unwrap_or_else(|error| PolicyDocument {
        id: Some(format!("not understood by this program ({error}), sha256 {}", Sha256::of(text.as_bytes()))),
        ..PolicyDocument::of(Vec::new())
    })
}

/// Reads a document that came percent-encoded. Source: IAM API Reference, `GetRolePolicy`.
pub(super) fn read_encoded(text: &str) -> PolicyDocument {
    read(&percent_decoded(text))
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let byte = (first == b'%').then(|| tail.get(..2).and_then(from_hex)).flatten();
        decoded.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn from_hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_plus_signs_stay() {
        assert_eq!(percent_decoded("%7B%22a%22%3A%22b+c%20%C3%A9%22%7D"), "{\"a\":\"b+c é\"}");
        assert_eq!(percent_decoded("100%, %zz, %4"), "100%, %zz, %4");
    }

    #[test]
    fn documents_that_are_not_understood_differ_from_all_others() {
        let one = read(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Novelty":1}]}"#);
        let other = read(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Novelty":2}]}"#);
        assert_ne!(one.meaning(), other.meaning());
        assert!(one.id.is_some_and(|id| id.contains("not understood")));
    }
}
