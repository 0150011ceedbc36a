//! What AWS answers, or why it did not, in plain words.

use super::call_log::UNWRITABLE;
use crate::account::{AccountError, AccountErrorKind};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::error::Error;

/// How it begins where no credentials were found at all, as against some that AWS does not accept.
pub(super) const NO_CREDENTIALS: &str = "no usable credentials were found";

/// The result of one call, of whatever service.
pub(super) trait Answer<T> {
    /// The answer, or what went wrong.
    fn or_error(self, call: &str, on: &str) -> Result<T, AccountError>;

    /// The answer, `None` where AWS gave one of these error codes for "there is none", or what went wrong.
    fn or_absent(self, call: &str, on: &str, absent: &[&str]) -> Result<Option<T>, AccountError>;
}

impl<T, E> Answer<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    fn or_error(self, call: &str, on: &str) -> Result<T, AccountError> {
        self.map_err(|error| in_plain_words(&error, call, on))
    }

    fn or_absent(self, call: &str, on: &str, absent: &[&str]) -> Result<Option<T>, AccountError> {
        match self {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(None),
            Err(error) => Err(in_plain_words(&error, call, on)),
        }
    }
}

fn in_plain_words<E>(error: &SdkError<E, HttpResponse>, call: &str, on: &str) -> AccountError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let request_id = error.request_id().filter(|id| !id.is_empty()).map(str::to_owned);
    let (kind, message) = match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let raw = answer.raw().body().bytes().map(excerpt).filter(|text| !text.is_empty());
            match raw.filter(|_| error.code().is_none()) {
                Some(raw) => from_stranger(&raw, status),
                None => from_service(error.code(), error.message(), status),
            }
        }
        other => from_connection(&chain(other)),
    };
    AccountError { call: call.into(), on: on.into(), message, request_id, kind }
}

/// The beginning of an answer in a form that is not AWS's, as proxies in between give it.
fn excerpt(body: &[u8]) -> String {
    const SHOWN: usize = 300;
    let text = String::from_utf8_lossy(body);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
}

/// Whoever answered did not do so in the form of AWS's: something on the way, or a host that is not AWS's.
///
/// What has a code after all, as emulators give it in a frame of their own, is taken as from the service.
fn from_stranger(raw: &str, status: u16) -> (AccountErrorKind, String) {
    let element = |name: &str| {
        let (_, rest) = raw.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    };
    if let Some(code) = element("Code") {
        return from_service(Some(code), element("Message"), status);
    }
    (AccountErrorKind::Intercepted, format!("the answer is not one of AWS's: {raw} (HTTP {status})"))
}

/// AWS has answered, with an error.
fn from_service(code: Option<&str>, message: Option<&str>, status: u16) -> (AccountErrorKind, String) {
    let code = code.unwrap_or_default();
    let said = message.filter(|text| !text.is_empty()).unwrap_or("AWS gave no reason");
    let kind = kind_of(code, status);
    let text = match kind {
        AccountErrorKind::AccessDenied => {
            let (kind, above) =
                denier(said).map_or((kind, ""), |above| (AccountErrorKind::DeniedAbove, above));
            return (
                kind,
                format!("the credentials may not do this: {said}{above} ({})", name(code, status)),
            );
        }
        AccountErrorKind::Credentials => format!("the credentials are not accepted: {said}"),
        AccountErrorKind::Quota => format!("a quota of the account is used up: {said}"),
        AccountErrorKind::Busy => format!("AWS was too busy at every attempt: {said}"),
        AccountErrorKind::Foreign => format!("another AWS account has this name: {said}"),
        _ => said.to_owned(),
    };
    (kind, format!("{text} ({})", name(code, status)))
}

fn name(code: &str, status: u16) -> String {
    if code.is_empty() { format!("HTTP {status}") } else { code.to_owned() }
}

/// Source: "Common errors" in the IAM, STS and Amazon S3 API References.
fn kind_of(code: &str, status: u16) -> AccountErrorKind {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AllAccessDisabled"
        | "NotAuthorized"
        | "OptInRequired" => AccountErrorKind::AccessDenied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => AccountErrorKind::Credentials,
        "LimitExceeded" | "LimitExceededException" | "TooManyBuckets" | "ServiceQuotaExceededException" => {
            AccountErrorKind::Quota
        }
        "BucketAlreadyExists" => AccountErrorKind::Foreign,
        "Throttling"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "ServiceUnavailable"
        | "ServiceFailure"
        | "InternalError"
        | "InternalFailure" => AccountErrorKind::Busy,
        "" if status == 403 => AccountErrorKind::AccessDenied,
        "DeleteConflict" => AccountErrorKind::InUse,
        // Source: Amazon CloudFront API Reference, `CreateDistribution`.
        "CNAMEAlreadyExists" => AccountErrorKind::HostTaken,
        // Nothing tells that this was AWS, and not something on the way.
        "" if status >= 500 => AccountErrorKind::Unreachable,
        _ if status >= 500 => AccountErrorKind::Busy,
        _ => AccountErrorKind::Other,
    }
}

/// Who else than the caller's own policies denies, where AWS's wording tells.
///
/// Source: IAM User Guide, "Troubleshoot access denied error messages".
fn denier(said: &str) -> Option<&'static str> {
    const WHO: [(&str, &str); 7] = [
        ("service control policy", "; only the administrators of the AWS organisation can change that"),
        ("resource control policy", "; only the administrators of the AWS organisation can change that"),
        (
            "permissions boundary",
            "; the permissions boundary of the caller forbids it, whatever its policies allow",
        ),
        (
            "session policy",
            "; the session was begun with a policy that forbids it: take the role on without one",
        ),
        (
            "VPC endpoint policy",
            "; the policy of the VPC endpoint on the way forbids it, for everybody who goes there",
        ),
        ("explicit deny", "; a policy denies it outright, which no other policy can lift"),
        ("BlockPublicPolicy", "; public bucket policies are blocked for the bucket or for the whole account"),
    ];
    // AWS puts "a" or "an" before the name and the plural behind "no".
    let said = said.replace("policies", "policy").replace("boundaries", "boundary");
    WHO.iter().find(|(words, _)| said.contains(words)).map(|(_, advice)| *advice)
}

/// No answer came, or none that can be read.
fn from_connection(text: &str) -> (AccountErrorKind, String) {
    let lower = text.to_lowercase();
    if let Some(at) = text.find(UNWRITABLE) {
        (AccountErrorKind::Unlogged, text[at..].to_owned())
    } else if lower.contains("length limit exceeded") {
        (
            AccountErrorKind::Other,
            "the answer is longer than any of AWS's, and was not read to its end".into(),
        )
    } else if lower.contains("tunnel error") {
        (AccountErrorKind::Intercepted, format!("the proxy on the way lets nothing through: {text}"))
    } else if lower.contains("credential") || lower.contains("identity") {
        (AccountErrorKind::Credentials, format!("{NO_CREDENTIALS}: {text}"))
    } else if lower.contains("certificate") {
        (AccountErrorKind::Certificate, format!("the other side's certificate is not trusted: {text}"))
    } else {
        (AccountErrorKind::Unreachable, format!("there was no answer: {text}"))
    }
}

/// What the SDK wraps its causes in, which tells a person nothing.
const WRAPPING: [&str; 5] = ["dispatch failure", "other", "io error", "unhandled error", "service error"];

/// The error and its causes on one line, each once.
fn chain(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !WRAPPING.contains(&text.as_str()) && !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_refusal_is_told_apart() {
        for (code, status, kind) in [
            ("AccessDenied", 403, AccountErrorKind::AccessDenied),
            ("", 403, AccountErrorKind::AccessDenied),
            ("ExpiredToken", 400, AccountErrorKind::Credentials),
            ("LimitExceeded", 409, AccountErrorKind::Quota),
            ("Throttling", 400, AccountErrorKind::Busy),
            ("Unheard", 500, AccountErrorKind::Busy),
            ("", 503, AccountErrorKind::Unreachable),
            ("DeleteConflict", 409, AccountErrorKind::InUse),
            ("CNAMEAlreadyExists", 409, AccountErrorKind::HostTaken),
            ("MalformedPolicyDocument", 400, AccountErrorKind::Other),
        ] {
            assert_eq!(kind_of(code, status), kind, "{code} {status}");
        }
    }

    #[test]
    fn what_keeps_a_call_from_aws_is_told_from_what_aws_says() {
        let (kind, text) = from_stranger("<html> Blocked </html>", 403);
        assert_eq!(kind, AccountErrorKind::Intercepted);
        assert_eq!(text, "the answer is not one of AWS's: <html> Blocked </html> (HTTP 403)");
        let emulated = "<ErrorResponse><Errors><Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        let (kind, text) = from_stranger(emulated, 403);
        assert_eq!(kind, AccountErrorKind::AccessDenied);
        assert_eq!(text, "the credentials may not do this: no (AccessDenied)");
        for (text, kind, words) in [
            (
                "dispatch: tunnel error: unsuccessful",
                AccountErrorKind::Intercepted,
                "the proxy on the way lets nothing through",
            ),
            (
                "an error occurred: the log of calls cannot be written to x: No space left on device",
                AccountErrorKind::Unlogged,
                "the log of calls cannot be written to x: No space",
            ),
            ("error trying to connect", AccountErrorKind::Unreachable, "there was no answer: "),
        ] {
            let (found, message) = from_connection(text);
            assert_eq!(found, kind, "{text}");
            assert!(message.starts_with(words), "{message}");
        }
    }

    #[test]
    fn a_denial_from_above_says_who_can_lift_it_and_a_plain_one_does_not() {
        let user = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: iam:CreateRole";
        for (why, words) in [
            ("with an explicit deny in a service control policy", "administrators of the AWS organisation"),
            (
                "because no service control policy allows the iam:CreateRole action",
                "administrators of the AWS",
            ),
            (
                "because no permissions boundary allows the iam:CreateRole action",
                "boundary of the caller forbids",
            ),
            ("because no session policy allows the iam:CreateRole action", "without one"),
            ("because no VPC endpoint policy allows the iam:CreateRole action", "VPC endpoint on the way"),
            ("with an explicit deny in an identity-based policy", "denies it outright"),
        ] {
            let (kind, text) = from_service(Some("AccessDenied"), Some(&format!("{user} {why}")), 403);
            assert_eq!(kind, AccountErrorKind::DeniedAbove, "{text}");
            assert!(text.contains(words) && text.ends_with("(AccessDenied)"), "{text}");
        }
        let why = "because no identity-based policy allows the iam:CreateRole action";
        let (kind, _) = from_service(Some("AccessDenied"), Some(&format!("{user} {why}")), 403);
        assert_eq!(kind, AccountErrorKind::AccessDenied);
        assert_eq!(
            from_service(None, None, 403),
            (
                AccountErrorKind::AccessDenied,
                "the credentials may not do this: AWS gave no reason (HTTP 403)".into()
            )
        );
    }
}
