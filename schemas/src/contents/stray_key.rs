//! Private keys where none belongs: in a request, in the review, within a text of some file.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How every PEM block begins. Source: RFC 7468, section 2.
const BEGIN: &str = "-----BEGIN ";
/// How it begins in base64, as the data of a Secret are written.
const BEGIN_IN_BASE64: &str = "LS0tLS1CRUdJTi";
/// What the label of every private key has in it. Source: RFC 7468, sections 10 to 13, and `OpenSSH`'s and `OpenPGP`'s.
const PRIVATE: &str = "PRIVATE KEY";
/// The most bytes of a label that is looked at.
const LONGEST_LABEL: usize = 59;

/// The cut of a label may end in the middle of a group.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What kind of private key a file holds, in words; `None` where none is seen.
pub(super) fn private_key_in(bytes: &[u8]) -> Option<String> {
    // All that is looked for is ASCII: it is whole within what is text, whatever stands around that.
    let texts: Vec<&str> = match std::str::from_utf8(bytes) {
        Ok(text) => vec![text],
        Err(_) => bytes.utf8_chunks().map(|chunk| chunk.valid()).collect(),
    };
    let texts = || texts.iter().copied();
    texts().find_map(in_pem).or_else(|| texts().find_map(in_base64)).or_else(|| {
        let has = |name| texts().any(|text| after(text, name).any(is_member));
        (has("\"kty\"") && has("\"d\"")).then(|| "a JSON Web Key with the member d".to_owned())
    })
}

fn in_pem(text: &str) -> Option<String> {
    after(text, BEGIN).find_map(private_label).map(ToOwned::to_owned)
}

/// The label at the beginning of a text, if it is that of a private key.
fn private_label(text: &str) -> Option<&str> {
    let (label, _) = text.split_once("-----")?;
    (label.len() <= LONGEST_LABEL && label.contains(PRIVATE)).then_some(label)
}

fn in_base64(text: &str) -> Option<String> {
    after(text, BEGIN_IN_BASE64).find_map(|rest| {
        let of_alphabet = |sign: &char| sign.is_ascii_alphanumeric() || matches!(sign, '+' | '/');
        let more = rest.chars().take_while(of_alphabet).take(2 * LONGEST_LABEL);
        let encoded: String = BEGIN_IN_BASE64.chars().chain(more).collect();
        let decoded = LENIENT.decode(&encoded[..encoded.len() / 4 * 4]).ok()?;
        let decoded = String::from_utf8_lossy(&decoded);
        private_label(decoded.strip_prefix(BEGIN)?).map(|label| format!("{label} in base64"))
    })
}

/// Whether a JSON member with a text follows its name. A key in JSON has `kty`, and `d` if it is private.
///
/// Source: RFC 7517, section 4, and RFC 7518, sections 6.2.2 and 6.3.2.
fn is_member(rest: &str) -> bool {
    let value = rest.trim_start().strip_prefix(':');
    value.is_some_and(|value| value.trim_start().starts_with('"'))
}

/// What follows each occurrence of a text.
fn after<'a>(text: &'a str, sought: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(sought).map(move |(at, _)| &text[at + sought.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_seen_in_every_form_it_travels_in() {
        for (text, kind) in [
            ("# a key:\n-----BEGIN RSA PRIVATE KEY-----\nMII", "RSA PRIVATE KEY"),
            ("  -----BEGIN ENCRYPTED PRIVATE KEY-----", "ENCRYPTED PRIVATE KEY"),
            (r#"{"a":"-----BEGIN PRIVATE KEY-----\nMII"}"#, "PRIVATE KEY"),
            ("-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----", "EC PRIVATE KEY"),
            ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "PGP PRIVATE KEY BLOCK"),
            ("  tls.key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2", "PRIVATE KEY in base64"),
            ("  tls.key: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUk=", "RSA PRIVATE KEY in base64"),
            (r#"{"kty":"RSA","n":"x","d": "x"}"#, "a JSON Web Key with the member d"),
        ] {
            assert_eq!(private_key_in(text.as_bytes()).as_deref(), Some(kind), "{text}");
        }
    }

    #[test]
    fn what_only_speaks_of_keys_is_none() {
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "keep the PRIVATE KEY at home",
            "-----BEGIN ",
            "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K",
            "LS0tLS1CRUdJTi",
            r#"{"kty":"RSA","n":"x","e":"d"}"#,
            r#"{"kty":"RSA"} "d" is a letter"#,
        ] {
            assert_eq!(private_key_in(text.as_bytes()), None, "{text}");
        }
    }
}
