//! Where calls go. A variable or profile can send privileged calls anywhere: that is shown, or refused.

mod host;

use crate::account::{AccountError, AccountErrorKind};
use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use host::{is_loopback, serves};
use sts_schemas::aws::Region;

/// Whether calls may go to hosts that are neither AWS's nor this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignEndpoints {
    /// They may not.
    Refuse,
    /// The person said so.
    Allow,
}

/// A service whose calls go where the configuration says, and not where the SDK would send them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectedEndpoint {
    /// The service: `sts`, `iam`, `s3`, `s3-control` or `cloudfront`.
    pub service: &'static str,
    /// Where its calls go instead, as the configuration says: a password may stand in it.
    pub(super) url: String,
}

impl RedirectedEndpoint {
    /// Where its calls go, without anything secret.
    #[must_use]
    pub fn place(&self) -> String {
        place(&self.url)
    }
}

/// A URL without user, password and query.
pub(super) fn place(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") }
}

/// The services used, each with the variable that can redirect it and its name in profiles.
///
/// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
const SERVICES: [(&str, &str); 5] = [
    ("sts", "STS"),
    ("iam", "IAM"),
    ("s3", "S3"),
    ("s3-control", "S3 Control"),
    ("cloudfront", "CloudFront"),
];

/// The services that the configuration sends somewhere, be it to another of AWS's own endpoints.
pub(super) fn all(config: &SdkConfig) -> Vec<RedirectedEndpoint> {
    let named = |&(service, id): &(&'static str, &str)| {
        configured(config, id).map(|url| RedirectedEndpoint { service, url })
    };
    SERVICES.iter().filter_map(named).collect()
}

/// Those that go to hosts that are not AWS's for this service.
pub(super) fn redirected(all: &[RedirectedEndpoint]) -> Vec<RedirectedEndpoint> {
    all.iter().filter(|endpoint| !serves(endpoint.service, &endpoint.url)).cloned().collect()
}

/// What each client of the SDK does for itself, in the same order.
pub(super) fn configured(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let key = key.build().ok()?;
    let own = config.service_config().and_then(|loaded| loaded.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// The configuration without endpoints that are set to nothing, which the SDK would take for addresses.
pub(super) fn without_empty(config: SdkConfig) -> SdkConfig {
    let mut builder = config.clone().into_builder();
    if config.endpoint_url().is_some_and(is_blank) {
        builder.set_endpoint_url(None);
    }
    builder.service_config(WithoutEmpty(config)).build()
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Settings of single services, as a configuration was loaded with them.
#[derive(Debug)]
struct WithoutEmpty(SdkConfig);

impl LoadServiceConfig for WithoutEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !is_blank(value))
    }
}

/// Refuses endpoints that are neither AWS's nor on this machine, unless they are allowed.
pub(super) fn check(
    redirected: &[RedirectedEndpoint],
    foreign: ForeignEndpoints,
) -> Result<(), AccountError> {
    let strange = redirected.iter().find(|endpoint| !is_loopback(&endpoint.url));
    match strange {
        Some(endpoint) if foreign == ForeignEndpoints::Refuse => Err(AccountError::unanswered(
            format!("{}:*", endpoint.service),
            endpoint.place(),
            AccountErrorKind::Unreachable,
            format!(
                "the environment or profile sends calls to a host that is not AWS's own for {}",
                endpoint.service
            ),
        )),
        _ => Ok(()),
    }
}

/// Adds to an error of the connection which endpoint it was, and which proxy the environment names.
pub(super) fn name_endpoint(
    mut error: AccountError,
    (all, named): (&[RedirectedEndpoint], &[(&'static str, String)]),
    region: &Region,
) -> AccountError {
    const ON_THE_WAY: [AccountErrorKind; 3] =
        [AccountErrorKind::Unreachable, AccountErrorKind::Certificate, AccountErrorKind::Intercepted];
    // The SDK recites what it cannot use.
    for endpoint in all {
        error.message = error.message.replace(&endpoint.url, &endpoint.place());
    }
    if ON_THE_WAY.contains(&error.kind) && error.request_id.is_none() {
        let service = error.call.split(':').next().unwrap_or_default();
        let redirect = all.iter().find(|endpoint| endpoint.service == service);
        let place = redirect
            .map_or_else(|| format!("AWS's {service} endpoint for {region}"), RedirectedEndpoint::place);
        error.message = format!("{}; the endpoint is {place}{}", error.message, proxies(named));
    }
    error
}

/// The proxies that the environment names, without the passwords that may stand in them.
fn proxies(named: &[(&'static str, String)]) -> String {
    let named = named.iter().map(|(name, url)| {
        let place = place(url);
        let scheme = if place.contains("://") { "" } else { "http://" };
        format!("; {name} is {scheme}{place}")
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_endpoint_is_refused_until_it_is_allowed() {
        let strange = [RedirectedEndpoint { service: "iam", url: "https://aws.example".into() }];
        let error = check(&strange, ForeignEndpoints::Refuse).unwrap_err();
        assert!(error.to_string().contains("https://aws.example"), "{error}");
        assert!(check(&strange, ForeignEndpoints::Allow).is_ok());
    }

    #[test]
    fn nothing_secret_of_an_endpoint_is_shown() {
        for (url, shown) in [
            ("http://user:secret@host:5000/a", "http://host:5000/a"),
            ("https://host?token=secret", "https://host"),
            ("http://user:se/cr@et@host/#secret", "http://host/"),
            ("http://host\\@secret", "http://secret"),
            ("user:secret@host", "host"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ] {
            assert_eq!(place(url), shown);
        }
        let strange =
            [RedirectedEndpoint { service: "iam", url: "https://me:secret@aws.example?k=secret".into() }];
        let error = check(&strange, ForeignEndpoints::Refuse).unwrap_err().to_string();
        assert!(error.contains("https://aws.example ") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_proxy_is_named_and_its_password_is_not() {
        let named = [
            ("HTTPS_PROXY", "http://me:se@cret@proxy.example:3128".to_owned()),
            ("ALL_PROXY", "other.example".to_owned()),
        ];
        assert_eq!(
            proxies(&named),
            "; HTTPS_PROXY is http://proxy.example:3128; ALL_PROXY is http://other.example"
        );
        assert_eq!(proxies(&[]), "");
    }
}
