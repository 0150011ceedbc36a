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

/// What keeps a text from being a Secret in its one form: the first line that differs, and what it must be.
#[must_use]
pub fn fault_of_secret(text: &str) -> String {
    let value = |mark: &str| text.lines().find_map(|line| line.strip_prefix(mark));
    let values = [(NAME, value(NAME)), (NAMESPACE, value(NAMESPACE)), (ROLE_ARN, value(ROLE_ARN))];
    let missing =
        values.into_iter().chain([(TOKEN_FILE, value(TOKEN_FILE))]).find(|(_, value)| value.is_none());
    if let Some((mark, _)) = missing {
        return format!("no line of it begins with {mark:?}");
    }
    let found = |mark| value(mark).unwrap_or_default().trim_matches('"');
    for (mark, kind) in [(NAME, "name"), (NAMESPACE, "namespace")] {
        if !is_name(found(mark)) {
            return format!("{:?} is no {kind}, which has a to z, digits, - and .", found(mark));
        }
    }
    let wanted = SecretManifest {
        name: found(NAME),
        namespace: found(NAMESPACE),
        role_arn: value(ROLE_ARN).unwrap_or_default(),
        token_file: value(TOKEN_FILE).unwrap_or_default(),
    };
    if !is_token_file(wanted.token_file) {
        return format!("{:?} is no absolute path of printable ASCII without spaces", wanted.token_file);
    }
    first_difference(text, &wanted.to_text())
}

/// The ARN on the line of a text that names a role, whatever else stands in it.
#[must_use]
pub(crate) fn role_arn_in(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(ROLE_ARN))
}

/// The first line in which a text differs from another, with what must stand there.
#[must_use]
pub fn first_difference(found: &str, wanted: &str) -> String {
    // Line ends count: they are part of the bytes.
    let (mut found, mut wanted) = (found.split_inclusive('\n'), wanted.split_inclusive('\n'));
    for number in 1_usize.. {
        match (found.next(), wanted.next()) {
            (Some(found), Some(wanted)) if found == wanted => {}
            (Some(found), Some(wanted)) => {
                return format!("line {number} is {found:?}, and must be {wanted:?}");
            }
            (Some(found), None) => return format!("line {number}, {found:?}, is one too many"),
            (None, Some(wanted)) => return format!("line {number} is missing, and must be {wanted:?}"),
            (None, None) => break,
        }
    }
    "it has a character that may not stand in it".into()
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
    fn the_line_that_differs_is_named() {
        let text = SECRET.to_text();
        for (from, to, why) in [
            (
                "kind: Secret",
                "kind: ConfigMap",
                r#"line 2 is "kind: ConfigMap\n", and must be "kind: Secret\n""#,
            ),
            ("type: Opaque\n", "", r#"line 12 is missing, and must be "type: Opaque\n""#),
            ("type: Opaque\n", "type: Opaque\n---\n", r#"line 13, "---\n", is one too many"#),
            ("type: Opaque\n", "type: Opaque", r#"line 12 is "type: Opaque", and must be "type: Opaque\n""#),
            ("  name: creds\n", "", r#"no line of it begins with "  name: ""#),
            ("  name: creds", "  name: Creds", r#""Creds" is no name"#),
            ("/var/run", "var/run", "is no absolute path"),
            ("  name: creds", "  name: \"creds\"", r#"line 4 is "  name: \"creds\"\n", and must be"#),
        ] {
            let changed = text.replace(from, to);
            let fault = fault_of_secret(&changed);
            assert!(fault.contains(why), "{changed}: {fault}");
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
