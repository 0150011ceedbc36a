//! What a component's Secret says: an AWS configuration file, of which three settings matter.

/// Names of settings whose values are keys that do not expire. Source: AWS SDKs and Tools Reference Guide,
/// "AWS access keys"; the cloud credential operator uses the same names for the members of a Secret.
pub(crate) const LONG_LIVED: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];

/// The settings that matter, of whatever profile; values of long-lived keys are never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// Every value of `role_arn`.
    pub(crate) role_arns: Vec<String>,
    /// Every value of `web_identity_token_file`.
    pub(crate) token_files: Vec<String>,
    /// Whether there is a key that does not expire.
    pub(crate) long_lived: bool,
}

impl Credentials {
    /// Reads a file of `name = value` lines; section titles and comments are passed over.
    pub(crate) fn of_file(text: &str) -> Self {
        let mut found = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let name = name.trim().to_ascii_lowercase();
            match name.as_str() {
                "role_arn" => found.role_arns.push(value.trim().to_owned()),
                "web_identity_token_file" => found.token_files.push(value.trim().to_owned()),
                _ => found.long_lived |= LONG_LIVED.contains(&name.as_str()),
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_however_they_are_written() {
        let text = "# role_arn = no\n[default]\nRole_ARN=a\nweb_identity_token_file  =  /t \nregion = x\n";
        let found = Credentials::of_file(text);
        assert_eq!((found.role_arn(), found.token_file(), found.long_lived), ("a", "/t", false));
        assert!(Credentials::of_file("[other]\nAWS_ACCESS_KEY_ID = AKIA\n").long_lived);
        assert_eq!(Credentials::of_file("role_arn = a\nrole_arn = b").role_arns.len(), 2);
    }
}
