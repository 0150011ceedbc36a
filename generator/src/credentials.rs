//! What a component's Secret says: an AWS credentials file, of which a few settings matter.

/// Names of settings whose values are keys that do not expire. Source: AWS SDKs and Tools Reference Guide,
/// "AWS access keys"; the cloud credential operator uses the same names for the members of a Secret.
const LONG_LIVED: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];

/// Settings that give credentials in another way than a role and a token file, or send the token to another host than
/// AWS's. Source: AWS SDKs and Tools Reference Guide, "Settings reference" and "Service-specific endpoints".
const OTHER_WAYS: [&str; 9] = [
    "aws_session_token",
    "ca_bundle",
    "credential_process",
    "credential_source",
    "endpoint_url",
    "services",
    "source_profile",
    "sso_session",
    "sso_start_url",
];

/// What is said of a role or a token file beside those that count.
const OTHER_PROFILE: &str = "a role or a token in a profile beside [default]";

/// What the ids of access keys that do not expire begin with, and how long they are at least.
/// Source: IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes".
const LONG_LIVED_ID: (&str, usize) = ("AKIA", 16);

/// The settings that matter; values of long-lived keys are never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Every value of `role_arn` in the profile that the SDKs read.
    pub(crate) role_arns: Vec<String>,
    /// Every value of `web_identity_token_file` there.
    pub(crate) token_files: Vec<String>,
    /// Names of settings, there or in another section, that give credentials in another way; and [`OTHER_PROFILE`].
    pub(crate) other_ways: Vec<&'static str>,
    /// Whether there is a key that does not expire, in whatever profile.
    pub(crate) long_lived: bool,
}

impl Credentials {
    /// Reads a file of `name = value` lines; comments are passed over.
    ///
    /// A role counts in the profile `default` only: without a profile's name, no SDK looks elsewhere.
    pub(crate) fn of_file(text: &str) -> Self {
        let mut found = Self { long_lived: holds_long_lived_key(text), ..Self::default() };
        let mut section = None;
        for line in text.lines().map(str::trim) {
            if let Some(title) = line.strip_prefix('[') {
                let title = title.split(']').next().unwrap_or_default().trim();
                section = Some(title == "default");
            }
            let (Some(is_default), Some((name, value))) = (section, line.split_once('=')) else { continue };
            let name = name.trim().to_ascii_lowercase();
            match name.as_str() {
                "role_arn" | "web_identity_token_file" if !is_default => {
                    found.other_ways.push(OTHER_PROFILE);
                }
                "role_arn" => found.role_arns.push(value.trim().to_owned()),
                "web_identity_token_file" => found.token_files.push(value.trim().to_owned()),
                name => found.other_ways.extend(OTHER_WAYS.iter().find(|other| **other == name)),
            }
        }
        found.other_ways.sort_unstable();
        found.other_ways.dedup();
        found
    }

    /// The first role; empty where there is none.
    pub(crate) fn role_arn(&self) -> &str {
        self.role_arns.first().map_or("", String::as_str)
    }

    /// The first token file; empty where there is none.
    pub(crate) fn token_file(&self) -> &str {
        self.token_files.first().map_or("", String::as_str)
    }
}

/// Whether this is the name of a setting or a member that holds a key that does not expire.
pub(crate) fn is_long_lived_name(name: &str) -> bool {
    LONG_LIVED.iter().any(|known| name.trim().eq_ignore_ascii_case(known))
}

/// Whether a text sets a key that does not expire, or has the id of one anywhere in it.
pub(crate) fn holds_long_lived_key(text: &str) -> bool {
    sets_long_lived_key(text)
        || text.match_indices(LONG_LIVED_ID.0).any(|(at, prefix)| {
            let begins = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let rest = text[at + prefix.len()..].bytes();
            let id = rest.take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
            begins && id + prefix.len() >= LONG_LIVED_ID.1
        })
}

/// Whether a text gives one of these names a value, as in a file of settings, or as a member of JSON or YAML.
fn sets_long_lived_key(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    LONG_LIVED.iter().any(|name| {
        text.match_indices(name).any(|(at, _)| {
            let after = text[at + name.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
            !text[..at].ends_with(is_part_of_name) && after.starts_with(['=', ':'])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_however_they_are_written() {
        let text = "# role_arn = no\n[default]\nRole_ARN=a\n  web_identity_token_file  =  /t \nregion = x\n";
        let found = Credentials::of_file(text);
        assert_eq!((found.role_arn(), found.token_file(), found.long_lived), ("a", "/t", false));
        assert_eq!(Credentials::of_file("[ default ]\nrole_arn = a\nrole_arn = b").role_arns.len(), 2);
        let other = Credentials::of_file("[default]\nCredential_Process = /bin/x\n[b]\nsource_profile = c");
        assert_eq!(other.other_ways, ["credential_process", "source_profile"]);
        let sent = "[default]\nrole_arn = a\nservices = x\n[services x]\nsts =\n  endpoint_url = http://b\n";
        assert_eq!(Credentials::of_file(sent).other_ways, ["endpoint_url", "services"]);
        let more =
            Credentials::of_file("[default]\nrole_arn = a\n[x]\nrole_arn = b\nweb_identity_token_file = c");
        assert_eq!((more.role_arns, more.other_ways), (vec!["a".to_owned()], vec![OTHER_PROFILE]));
    }

    #[test]
    fn a_role_counts_only_where_the_sdks_look() {
        for text in ["role_arn = a", "[other]\nrole_arn = a", "[default]\n[other]\nrole_arn = a"] {
            assert_eq!(Credentials::of_file(text).role_arn(), "", "{text}");
        }
    }

    #[test]
    fn a_key_that_does_not_expire_is_found_by_its_name_and_by_its_id() {
        for text in [
            "[other]\nAWS_ACCESS_KEY_ID = x",
            "aws_secret_access_key=x",
            r#"{"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}"#,
            "key: AKIAIOSFODNN7EXAMPLE",
            r#"{"Aws_Access_Key_Id" : "x"}"#,
            "'aws_secret_access_key': x",
        ] {
            assert!(holds_long_lived_key(text), "{text}");
        }
        for text in [
            "ASIAIOSFODNN7EXAMPLE",
            "AKIA",
            "AKIAshort",
            "XAKIAIOSFODNN7EXAMPLE",
            "aws_access_key_id",
            "no_aws_access_key_id = x",
            "aws_access_key_ids = x",
        ] {
            assert!(!holds_long_lived_key(text), "{text}");
        }
    }
}
