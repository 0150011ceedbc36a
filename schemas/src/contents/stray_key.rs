//! Private keys where none belongs: in a request, in the review, within a text of some file.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How every PEM block begins. Source: RFC 7468, section 2.
const BEGIN: &[u8] = b"-----BEGIN ";
/// How it begins in base64, as the data of a Secret are written: at the beginning of a group of three bytes, and behind
/// one and two others, each with what makes a whole group of it.
const BEGIN_IN_BASE64: [(&str, &str); 3] =
    [("", "LS0tLS1CRUdJTi"), ("AC", "0tLS0tQkVHSU4g"), ("AAA", "tLS0tLUJFR0lOI")];
/// What the label of every private key has in it. Source: RFC 7468, sections 10 to 13, and `OpenSSH`'s and `OpenPGP`'s.
const PRIVATE: &str = "PRIVATE KEY";
/// The most bytes of a label that is looked at.
const LONGEST_LABEL: usize = 59;
/// What ends a label.
const DASHES: &str = "-----";

/// The cut of a label may end in the middle of a group.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What kind of private key a file holds, in words; `None` where none is seen.
///
/// One walk over the bytes, be they text or not: all that is looked for is ASCII. Nothing of them is kept.
pub(super) fn private_key_in(bytes: &[u8]) -> Option<String> {
    let (mut has_kty, mut has_d) = (false, false);
    for (at, byte) in bytes.iter().enumerate() {
        let rest = &bytes[at..];
        let label = match byte {
            b'-' => private_label(rest, &mut [0; DECODED]).map(ToOwned::to_owned),
            b'L' | b'0' | b't' => in_base64(rest),
            b'"' => {
                has_kty = has_kty || is_member(rest, b"kty");
                has_d = has_d || is_member(rest, b"d");
                None
            }
            _ => None,
        };
        if label.is_some() {
            return label;
        }
    }
    (has_kty && has_d).then(|| "a JSON Web Key with the member d".to_owned())
}

/// Room for the beginning of a block with its label.
const DECODED: usize = 3 * (BEGIN.len() + LONGEST_LABEL + DASHES.len()).div_ceil(3) + 3;

/// The label of the block that begins a text, if it is that of a private key.
fn private_label<'a>(text: &[u8], room: &'a mut [u8; DECODED]) -> Option<&'a str> {
    let rest = text.strip_prefix(BEGIN)?;
    let rest = &rest[..rest.len().min(LONGEST_LABEL + DASHES.len())];
    let end = rest.windows(DASHES.len()).position(|window| window == DASHES.as_bytes())?;
    room[..end].copy_from_slice(&rest[..end]);
    let label = std::str::from_utf8(&room[..end]).ok()?;
    label.contains(PRIVATE).then_some(label)
}

/// The same in base64.
const ENCODED: usize = DECODED / 3 * 4;

fn in_base64(rest: &[u8]) -> Option<String> {
    let begins_with = |begin: &str| begin.bytes().eq(signs(rest).take(begin.len()));
    let (whole, begin) = BEGIN_IN_BASE64.into_iter().find(|(_, begin)| begins_with(begin))?;
    // The rest of the space and the first two bits of a letter: few other texts have that there.
    if whole.is_empty() && signs(rest).nth(begin.len()) != Some(b'B') {
        return None;
    }
    let of_alphabet = |sign: &u8| sign.is_ascii_alphanumeric() || matches!(sign, b'+' | b'/');
    let (mut encoded, mut decoded) = ([0; ENCODED], [0; DECODED]);
    let all = whole.bytes().chain(signs(rest).take_while(of_alphabet));
    let length = encoded.iter_mut().zip(all).map(|(place, sign)| *place = sign).count();
    let length = LENIENT.decode_slice_unchecked(&encoded[..length / 4 * 4], &mut decoded).ok()?;
    // What fills up the group is as many bytes as signs, less one.
    let text = decoded[..length].get(whole.len().saturating_sub(1)..)?;
    private_label(text, &mut [0; DECODED]).map(|label| format!("{label} in base64"))
}

/// The signs of a text that is perhaps wrapped in lines: blanks and line ends between them, and what JSON writes for
/// these, are passed over.
fn signs(mut rest: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b'\r' | b'\n', after @ ..] | [b'\\', b't' | b'r' | b'n', after @ ..] = rest
        {
            rest = after;
        }
        let (sign, after) = rest.split_first()?;
        rest = after;
        Some(*sign)
    })
}

/// Whether a text begins with the name of a JSON member and that is followed by a text. A key in JSON has `kty`, and `d`
/// if it is private. The quotes may be escaped: a key within a text of JSON is one too.
///
/// Source: RFC 7517, section 4, and RFC 7518, sections 6.2.2 and 6.3.2.
fn is_member(text: &[u8], name: &[u8]) -> bool {
    let quote = |text: &'_ [u8]| -> Option<usize> {
        let escapes = text.iter().take_while(|byte| **byte == b'\\').count();
        (text.get(escapes) == Some(&b'"')).then_some(escapes + 1)
    };
    let Some(rest) = text.strip_prefix(b"\"").and_then(|text| text.strip_prefix(name)) else { return false };
    let Some(rest) = quote(rest).map(|length| &rest[length..]) else { return false };
    let value = rest.trim_ascii_start().strip_prefix(b":");
    value.is_some_and(|value| quote(value.trim_ascii_start()).is_some())
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
            // What stands before the block moves it within the groups of three bytes.
            ("tls.key: Ci0tLS0tQkVHSU4gUFJJVkFURSBLRVktLS0tLQpNSUk=", "PRIVATE KEY in base64"),
            ("tls.key: I2EKLS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSQ==", "PRIVATE KEY in base64"),
            ("tls.key: I2EtLS0tLUJFR0lOIFBSSVZBVEUgS0VZLS0tLS0KTUlJ", "PRIVATE KEY in base64"),
            ("I2EtLS0tLUJFR0lOIEVDIFBSSVZBVEUgS0VZLS0tLS0KTUlJ", "EC PRIVATE KEY in base64"),
            (r#"{"kty":"RSA","n":"x","d": "x"}"#, "a JSON Web Key with the member d"),
            (r#"{"jwk":"{\"kty\":\"RSA\",\"d\":\"x\"}"}"#, "a JSON Web Key with the member d"),
        ] {
            assert_eq!(private_key_in(text.as_bytes()).as_deref(), Some(kind), "{text}");
            let within = [&[0xff, 0xfe][..], text.as_bytes(), &[0xff]].concat();
            assert_eq!(private_key_in(&within).as_deref(), Some(kind), "{text} within what is no text");
        }
    }

    #[test]
    fn a_private_key_in_base64_is_seen_however_that_is_wrapped_and_whatever_stands_before() {
        for before in 0..80 {
            let text = format!("{}-----BEGIN EC PRIVATE KEY-----\nMII\n-----END", "#".repeat(before));
            let encoded = base64::engine::general_purpose::STANDARD.encode(text);
            for (wrap, between) in
                [(76, "\n"), (64, "\r\n"), (20, "\n    "), (8, "\n\t"), (3, "\\n"), (1, " ")]
            {
                let lines: Vec<_> =
                    encoded.as_bytes().chunks(wrap).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let wrapped = format!("data: |{between}{}{between}", lines.join(between));
                let found = private_key_in(wrapped.as_bytes());
                assert_eq!(found.as_deref(), Some("EC PRIVATE KEY in base64"), "{wrapped}");
            }
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
