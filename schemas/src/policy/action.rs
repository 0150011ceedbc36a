//! What an action looks like.

/// Whether a text has the form of an action: `*`, or a service and a name, with `*` and `?` in either.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Action".
#[must_use]
pub fn is_action(text: &str) -> bool {
    let Some((service, name)) = text.split_once(':') else { return text == "*" };
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?');
    let of_service = |byte: u8| of_name(byte) || byte == b'-';
    !service.is_empty() && service.bytes().all(of_service) && !name.is_empty() && name.bytes().all(of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_a_service_and_a_name_or_is_a_star() {
        for text in ["*", "s3:GetObject", "ec2:Describe*", "*:*", "execute-api:Invoke", "i?m:Pass*"] {
            assert!(is_action(text), "{text}");
        }
        for text in [
            "",
            "foo",
            "s3:",
            ":GetObject",
            "s3:Get Object",
            "s3:Get:Object",
            "s3:a\u{1b}",
            "s3:Get-Object",
            "**",
        ] {
            assert!(!is_action(text), "{text}");
        }
    }
}
