//! Sees every attempt at every call: it writes the log, tells who listens, and notices when AWS wants calls to be fewer.

use super::call_log::{CallLog, Entry, Event};
use super::endpoint::place;
use crate::account::Width;
use crate::session::Listener;
use aws_sdk_sts::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use http_body_util::Limited;
use std::time::Instant;

/// The most that is read of an answer. The longest of AWS's, a page of a thousand versions with long keys, has a few
/// megabytes.
const LONGEST_ANSWER: usize = 16 << 20;

/// An interceptor of the SDK's, one for all clients.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    log: Option<CallLog>,
    listener: Option<Listener>,
    /// Of changing and of looking: what AWS throttles, it throttles for the account.
    widths: [Width; 2],
}

/// When an attempt began, and what it is about: the request itself is gone by the time of the answer.
#[derive(Debug)]
struct Begun {
    at: Instant,
    subject: String,
    host: String,
}

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl Witness {
    pub(super) fn new(log: Option<CallLog>, listener: Option<Listener>, widths: [Width; 2]) -> Self {
        Self { log, listener, widths }
    }
}

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "Witness"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (subject, host) = (subject(context.request()), host(context.request()));
        config.interceptor_state().store_put(Begun { at: Instant::now(), subject, host });
        let Some(log) = &self.log else { return Ok(()) };
        let entry = entry(Event::Sent, config);
        if !entry.only_reads() {
            // Whoever is cut off now finds in the log what may have happened.
            log.append(entry)?;
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::empty());
        *body = SdkBody::from_body_1_x(Limited::new(whole, LONGEST_ANSWER));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let code = context.response().and_then(error_code);
        let status = context.response().map(|response| response.status().as_u16());
        if is_throttling(status, code.as_deref()) {
            self.widths.iter().for_each(Width::narrow);
        }
        if self.log.is_none() && self.listener.is_none() {
            return Ok(());
        }
        let failed = context.output_or_error().is_none_or(|result| result.is_err());
        let entry = Entry {
            milliseconds: config.load::<Begun>().map(|begun| begun.at.elapsed().as_millis()),
            status,
            request_id: context.response().and_then(request_id),
            error: match (failed, code, status) {
                (false, ..) => None,
                (true, Some(code), _) => Some(code),
                (true, None, Some(_)) => Some("an answer that is not AWS's".into()),
                (true, None, None) => Some("no answer".into()),
            },
            ..entry(Event::Answered, config)
        };
        if let Some(Listener(told)) = self.listener {
            let host = config.load::<Begun>().map_or("", |begun| &begun.host);
            told(&line(&entry, host));
        }
        self.log.as_ref().map_or(Ok(()), |log| log.append(entry))?;
        Ok(())
    }
}

/// An attempt and what came of it, for a person.
fn line(entry: &Entry, host: &str) -> String {
    let came = match (&entry.error, entry.status) {
        (None, Some(status)) => status.to_string(),
        (Some(error), Some(status)) => format!("{status} {error}"),
        (Some(error), None) => error.clone(),
        (None, None) => "no answer".into(),
    };
    let attempt = if entry.attempt > 1 { format!(", attempt {}", entry.attempt) } else { String::new() };
    let took = entry.milliseconds.map_or_else(String::new, |ms| format!(", {ms} ms"));
    let subject = if entry.on.is_empty() { host } else { &entry.on };
    let at = if subject.starts_with(host) { String::new() } else { format!(" at {host}") };
    format!("{} {subject}{at}{attempt}: {came}{took}", entry.call)
}

fn entry(event: Event, config: &ConfigBag) -> Entry {
    let operation = config.load::<Metadata>();
    let service = operation.map_or_else(String::new, |operation| operation.service().to_lowercase());
    let name = operation.map_or("", Metadata::name);
    Entry {
        time: 0,
        event,
        call: format!("{service}:{name}"),
        on: config.load::<Begun>().map_or_else(String::new, |begun| begun.subject.clone()),
        attempt: config.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts),
        status: None,
        request_id: None,
        milliseconds: None,
        error: None,
    }
}

/// What a call is about: the names in the body of IAM's calls, and host and path of all others.
///
/// Neither holds anything secret: signatures and tokens travel in headers.
fn subject(request: &HttpRequest) -> String {
    const NAMES: [&str; 5] = ["RoleName=", "PolicyName=", "PolicyArn=", "OpenIDConnectProviderArn=", "Url="];
    let body = request.body().bytes().unwrap_or_default();
    if body.starts_with(b"Action=") {
        let text = String::from_utf8_lossy(body);
        let named = text.split('&').filter(|pair| NAMES.iter().any(|name| pair.starts_with(name)));
        return named.map(decoded).collect::<Vec<_>>().join(" ");
    }
    without_scheme(&place(request.uri())).to_owned()
}

fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// Where a call goes.
fn host(request: &HttpRequest) -> String {
    let place = place(request.uri());
    without_scheme(&place).split('/').next().unwrap_or_default().to_owned()
}

/// The two characters of ARNs and URLs that a form encodes, as they are.
fn decoded(pair: &str) -> String {
    pair.replace("%3A", ":").replace("%2F", "/")
}

/// The error code in an answer, where it has the XML form that all services in use here give.
fn error_code(response: &HttpResponse) -> Option<String> {
    if response.status().is_success() {
        return None;
    }
    let text = String::from_utf8_lossy(response.body().bytes()?);
    let (code, _) = text.split_once("<Code>")?.1.split_once("</Code>")?;
    Some(code.to_owned())
}

fn request_id(response: &HttpResponse) -> Option<String> {
    let headers = response.headers();
    ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| headers.get(*name)).map(str::to_owned)
}

/// Source: "Common errors" in the IAM API Reference, and "Error responses" in the Amazon S3 API Reference.
fn is_throttling(status: Option<u16>, code: Option<&str>) -> bool {
    const CODES: [&str; 5] =
        ["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"];
    status == Some(429) || code.is_some_and(|code| CODES.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(uri).unwrap();
        request
    }

    #[test]
    fn a_subject_is_made_of_names_and_never_of_content() {
        for (uri, body, expected) in [
            (
                "https://iam.amazonaws.com/",
                "Action=PutRolePolicy&RoleName=a-b&PolicyName=c&PolicyDocument=%7B%7D",
                "RoleName=a-b PolicyName=c",
            ),
            (
                "https://iam.amazonaws.com/",
                "Action=CreateOpenIDConnectProvider&Url=https%3A%2F%2Fx.example&Tags.member.1.Key=k",
                "Url=https://x.example",
            ),
            (
                "https://a-oidc.s3.eu-west-1.amazonaws.com/keys.json?x=y",
                "{}",
                "a-oidc.s3.eu-west-1.amazonaws.com/keys.json",
            ),
            ("http://127.0.0.1:5000/a-oidc?tagging", "", "127.0.0.1:5000/a-oidc"),
            ("http://me:secret@127.0.0.1:5000/a-oidc?tagging", "", "127.0.0.1:5000/a-oidc"),
        ] {
            assert_eq!(subject(&request(uri, body)), expected);
        }
    }

    #[test]
    fn a_line_tells_call_subject_host_answer_and_time() {
        let entry = Entry {
            time: 0,
            event: Event::Answered,
            call: "iam:GetRole".into(),
            on: "RoleName=a-b".into(),
            attempt: 1,
            status: Some(200),
            request_id: None,
            milliseconds: Some(31),
            error: None,
        };
        assert_eq!(
            line(&entry, "iam.amazonaws.com"),
            "iam:GetRole RoleName=a-b at iam.amazonaws.com: 200, 31 ms"
        );
        let on = "a-oidc.s3.eu-west-1.amazonaws.com/keys.json".to_owned();
        let other = Entry { call: "s3:GetObject".into(), on, attempt: 2, ..entry };
        let other = Entry { status: Some(503), error: Some("SlowDown".into()), milliseconds: None, ..other };
        assert_eq!(
            line(&other, "a-oidc.s3.eu-west-1.amazonaws.com"),
            "s3:GetObject a-oidc.s3.eu-west-1.amazonaws.com/keys.json, attempt 2: 503 SlowDown"
        );
        let unanswered = Entry { on: String::new(), status: None, error: Some("no answer".into()), ..other };
        assert_eq!(line(&unanswered, "127.0.0.1:9"), "s3:GetObject 127.0.0.1:9, attempt 2: no answer");
        assert_eq!(host(&request("http://127.0.0.1:5000/a-oidc?tagging", "")), "127.0.0.1:5000");
    }

    #[test]
    fn throttling_is_told_from_other_failures() {
        assert!(is_throttling(Some(400), Some("Throttling")));
        assert!(is_throttling(Some(503), Some("SlowDown")));
        assert!(is_throttling(Some(429), None));
        assert!(!is_throttling(Some(503), Some("ServiceUnavailable")));
        assert!(!is_throttling(None, None));
    }
}
