//! Signatures that say something else than a signature may, most of them truly made by the author's key.

use super::{Case, Sound, signed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;

pub(super) const CASES: &[Case] = &[
    Case { name: "header-es256", verdict: "bad-signature", damage: |s| header(s, &[("EdDSA", "ES256")]) },
    Case { name: "header-rs256", verdict: "bad-signature", damage: |s| header(s, &[("EdDSA", "RS256")]) },
    Case { name: "header-hs256", verdict: "bad-signature", damage: |s| header(s, &[("EdDSA", "HS256")]) },
    Case { name: "header-none", verdict: "bad-signature", damage: |s| header(s, &[("EdDSA", "none")]) },
    Case { name: "header-without-type", verdict: "bad-signature", damage: without_type },
    Case { name: "header-of-another-type", verdict: "bad-signature", damage: of_another_type },
    Case { name: "header-with-crit", verdict: "bad-signature", damage: |s| more(s, r#""crit":["x"],"x":1"#) },
    Case { name: "header-with-empty-crit", verdict: "bad-signature", damage: |s| more(s, r#""crit":[]"#) },
    Case { name: "header-with-b64", verdict: "bad-signature", damage: |s| more(s, r#""b64":true"#) },
    Case {
        name: "header-algorithm-twice",
        verdict: "bad-signature",
        damage: |s| more(s, r#""alg":"EdDSA""#),
    },
    Case { name: "header-id-twice", verdict: "bad-signature", damage: id_twice },
    Case {
        name: "header-with-a-key",
        verdict: "bad-signature",
        damage: |s| more(s, r#""jwk":{"kty":"OKP"}"#),
    },
    Case {
        name: "header-with-a-url",
        verdict: "bad-signature",
        damage: |s| more(s, r#""jku":"https://keys.example.com""#),
    },
    Case { name: "header-of-another-key", verdict: "bad-signature", damage: of_another_key },
    Case {
        name: "claims-twice",
        verdict: "bad-signature",
        damage: |s| more_claims(s, r#""cluster":"harbour""#),
    },
    Case { name: "claims-of-nobody", verdict: "bad-signature", damage: |s| more_claims(s, r#""nbf":1"#) },
    Case { name: "claims-without-account", verdict: "bad-signature", damage: without_account },
    Case {
        name: "claims-end-as-text",
        verdict: "bad-signature",
        damage: |s| more_claims(s, r#""exp":"never""#),
    },
    Case {
        name: "claims-of-a-generation-in-the-year-10000",
        verdict: "bad-signature",
        damage: |s| with_claims(s, |claims| claims.replace("1700000000", "253402300800")),
    },
    ends("claims-end-as-digits-in-text", NO_MOMENT, |s| ends_at(s, r#""1700086400""#)),
    ends("claims-end-null", NO_MOMENT, |s| ends_at(s, "null")),
    ends("claims-end-as-a-fraction", NO_MOMENT, |s| ends_at(s, "1700086400.5")),
    ends("claims-end-as-a-fraction-of-nothing", NO_MOMENT, |s| ends_at(s, "1700086400.0")),
    ends("claims-end-as-a-power", NO_MOMENT, |s| ends_at(s, "17e8")),
    ends("claims-end-before-1970", NO_MOMENT, |s| ends_at(s, "-1")),
    ends("claims-end-in-the-year-10000", NO_MOMENT, |s| ends_at(s, "253402300800")),
    ends("claims-end-beyond-counting", NO_MOMENT, |s| ends_at(s, "18446744073709551616")),
    ends("claims-end-twice", NO_MOMENT, |s| ends_at(s, r#"1700086400,"exp":1700086400"#)),
    ends("claims-end-in-the-year-9999", "verified", |s| ends_at(s, "253402300799")),
    ends("claims-end-tomorrow", "verified", |s| ends_at(s, "1700086400")),
    Case { name: "signature-padded", verdict: "bad-signature", damage: |s| token(s, |t| t + "==") },
    Case { name: "signature-with-a-newline", verdict: "bad-signature", damage: |s| token(s, |t| t + "\n") },
    Case { name: "signature-in-four-parts", verdict: "bad-signature", damage: |s| token(s, |t| t + ".x") },
    Case { name: "signature-of-zeros", verdict: "bad-signature", damage: of_zeros },
];

/// What is said of an end that is no moment.
const NO_MOMENT: &str = "bad-signature";

/// A case of a signature that ends to count, or does not say when.
const fn ends(name: &'static str, verdict: &'static str, damage: fn(&Sound) -> Vec<u8>) -> Case {
    Case { name, verdict, damage }
}

fn ends_at(sound: &Sound, moment: &str) -> Vec<u8> {
    more_claims(sound, &format!(r#""exp":{moment}"#))
}

/// Header and claims of the author's signature, as text.
fn parts(sound: &Sound) -> (String, String) {
    let token = String::from_utf8_lossy(&sound.files[sound.signature()].bytes).into_owned();
    let decode = |part: Option<&str>| {
        let bytes = URL_SAFE_NO_PAD.decode(part.unwrap_or_default());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    };
    let mut parts = token.split('.');
    (decode(parts.next()), decode(parts.next()))
}

/// The bundle with this header and these claims, signed by the author whatever they say.
fn by_author(sound: &Sound, header: &str, claims: &str) -> Vec<u8> {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sound.author.sign(input.as_bytes()).to_bytes());
    signed::with_signature(sound, format!("{input}.{signature}").into_bytes())
}

fn header(sound: &Sound, changes: &[(&str, &str)]) -> Vec<u8> {
    let (mut header, claims) = parts(sound);
    for (old, new) in changes {
        assert!(header.contains(old), "{header} holds no {old}");
        header = header.replace(old, new);
    }
    by_author(sound, &header, &claims)
}

/// One more member at the end of the header.
fn more(sound: &Sound, member: &str) -> Vec<u8> {
    header(sound, &[("}", &format!(",{member}}}"))])
}

fn more_claims(sound: &Sound, member: &str) -> Vec<u8> {
    with_claims(sound, |claims| claims.replace('}', &format!(",{member}}}")))
}

/// The author's signature over claims that were changed as text.
pub(super) fn with_claims(sound: &Sound, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let (header, claims) = parts(sound);
    by_author(sound, &header, &change(&claims))
}

fn without_type(sound: &Sound) -> Vec<u8> {
    header(sound, &[(r#""typ":"sts-handoff-bundle","#, "")])
}

fn of_another_type(sound: &Sound) -> Vec<u8> {
    header(sound, &[("sts-handoff-bundle", "JWT")])
}

fn id_twice(sound: &Sound) -> Vec<u8> {
    more(sound, &format!(r#""kid":"{}""#, sound.key.public_key().id()))
}

/// The author's signature under the author's id, whose header names another key.
fn of_another_key(sound: &Sound) -> Vec<u8> {
    header(sound, &[(sound.key.public_key().id().as_str(), &"0".repeat(64))])
}

fn without_account(sound: &Sound) -> Vec<u8> {
    let (header, claims) = parts(sound);
    let account = format!(r#""account":"{}","#, sound.manifest.cluster.account);
    assert!(claims.contains(&account), "{claims} holds no {account}");
    by_author(sound, &header, &claims.replace(&account, ""))
}

fn token(sound: &Sound, change: impl FnOnce(String) -> String) -> Vec<u8> {
    let token = String::from_utf8_lossy(&sound.files[sound.signature()].bytes).into_owned();
    signed::with_signature(sound, change(token).into_bytes())
}

/// A signature of zeros, which some libraries once took from any key.
fn of_zeros(sound: &Sound) -> Vec<u8> {
    token(sound, |token| {
        let input = token.rsplit_once('.').map_or("", |(input, _)| input);
        format!("{input}.{}", URL_SAFE_NO_PAD.encode([0; 64]))
    })
}
