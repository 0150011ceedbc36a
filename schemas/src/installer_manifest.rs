//! The two kinds of manifest that the installer gets, in the one form that this format has for each.
//!
//! The installer applies whatever stands in these files. What a YAML reader makes of a text is hard to foretell
//! without being one; whether two texts are the same is not.

use crate::cluster::IssuerUrl;

/// The Secret that hands a role to a component: an AWS configuration file for its SDK.
///
/// Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretManifest<'a> {
    /// The Secret's name.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The ARN of the role.
    pub role_arn: &'a str,
    /// The path that the component finds its token at.
    pub token_file: &'a str,
}

const NAME: &str = "  name: ";
const NAMESPACE: &str = "  namespace: ";
const ROLE_ARN: &str = "    role_arn = ";
const TOKEN_FILE: &str = "    web_identity_token_file = ";

impl<'a> SecretManifest<'a> {
    /// The manifest's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { name, namespace, role_arn, token_file } = self;
        let (name, namespace) = (scalar(name), scalar(namespace));
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n{NAME}{name}\n{NAMESPACE}{namespace}\nstringData:\n  \
             credentials: |-\n    [default]\n    sts_regional_endpoints = regional\n{ROLE_ARN}{role_arn}\n\
             {TOKEN_FILE}{token_file}\ntype: Opaque\n"
        )
    }

    /// What a text says, if it is one that [`SecretManifest::to_text`] makes, byte for byte.
    #[must_use]
    pub fn of_text(text: &'a str) -> Option<Self> {
        let value = |mark: &str| text.lines().find_map(|line| line.strip_prefix(mark));
        let found = Self {
            name: value(NAME)?.trim_matches('"'),
            namespace: value(NAMESPACE)?.trim_matches('"'),
            role_arn: value(ROLE_ARN)?,
            token_file: value(TOKEN_FILE)?,
        };
        let sound = is_name(found.name)
            && is_name(found.namespace)
            && found.role_arn.bytes().all(|byte| byte.is_ascii_graphic())
            && is_token_file(found.token_file);
        (sound && found.to_text() == text).then_some(found)
    }
}

/// The manifest that tells the cluster its issuer.
#[must_use]
pub fn authentication(issuer: &IssuerUrl) -> String {
    format!(
        "apiVersion: config.openshift.io/v1\nkind: Authentication\nmetadata:\n  name: cluster\nspec:\n  \
         serviceAccountIssuer: {issuer}\n"
    )
}

/// Whether a path can be written as the value of a line: absolute, and printable ASCII without spaces.
#[must_use]
pub fn is_token_file(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The characters of names of Kubernetes objects. Source: RFC 1123, section 2.1, as Kubernetes reads it.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
}

/// A name as a YAML scalar: plain where every reader takes it for text, else in quotes.
///
/// Source: YAML 1.1, "Language-Independent Types": null, bool, int, float, timestamp. But for these words
/// they all begin with a digit, a sign, a dot or `~`.
fn scalar(name: &str) -> String {
    const NOT_TEXT: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && !NOT_TEXT.contains(&name) {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: SecretManifest<'_> = SecretManifest {
        name: "creds",
        namespace: "openshift-x",
        role_arn: "arn:aws:iam::123456789012:role/demo-x",
        token_file: "/var/run/secrets/openshift/serviceaccount/token",
    };

    #[test]
    fn a_secret_is_the_yaml_that_components_read() {
        let wanted = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: creds\n  namespace: openshift-x\n\
            stringData:\n  credentials: |-\n    [default]\n    sts_regional_endpoints = regional\n    \
            role_arn = arn:aws:iam::123456789012:role/demo-x\n    \
            web_identity_token_file = /var/run/secrets/openshift/serviceaccount/token\ntype: Opaque\n";
        assert_eq!(SECRET.to_text(), wanted);
        assert_eq!(SecretManifest::of_text(wanted), Some(SECRET));
    }

    #[test]
    fn names_that_yaml_takes_for_something_else_stand_in_quotes() {
        for (name, written) in
            [("no", "\"no\""), ("1e5", "\"1e5\""), ("nobody", "nobody"), ("a.b-1", "a.b-1")]
        {
            let text = SecretManifest { name, ..SECRET }.to_text();
            assert!(text.contains(&format!("\n  name: {written}\n")), "{text}");
            assert_eq!(SecretManifest::of_text(&text).map(|secret| secret.name), Some(name));
        }
    }

    #[test]
    fn any_other_text_is_none_whatever_yaml_would_make_of_it() {
        let text = SECRET.to_text();
        let changes = [
            format!(" {{\"kind\": \"ClusterRoleBinding\", \"x\": \"\n{text} \"}}"),
            text.replace("  namespace: ", "  \"namespace\": kube-system\n  namespace: "),
            text.replace("type: Opaque", "type: Opaque\ntype: Opaque"),
            text.replace("[default]", "[default]\n    credential_process = /bin/sh"),
            text.replace("  name: creds", "  name: \"creds\""),
            text.replace("  name: creds", "  name: &a creds"),
            text.replace("kind: Secret\n", "kind: Secret\n  List\n"),
            text.replace("/var/run", "var/run"),
            text.replace("/token\n", "/token # x\n"),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
            format!("{text}---\n"),
            format!("# x\n{text}"),
        ];
        for change in changes {
            assert_eq!(SecretManifest::of_text(&change), None, "{change}");
        }
    }
}
