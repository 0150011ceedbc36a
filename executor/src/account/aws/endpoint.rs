//! Where calls go. A variable or profile can send privileged calls anywhere: that is shown, or refused.

use crate::account::{AccountError, AccountErrorKind};
use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use std::net::IpAddr;
use sts_schemas::aws::{Partition, Region};

/// Whether calls may go to hosts that are neither AWS's nor this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignEndpoints {
    /// They may not.
    Refuse,
    /// The person said so.
    Allow,
}

/// A service whose calls go to a host that is not AWS's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectedEndpoint {
    /// The service: `sts`, `iam`, `s3` or `s3-control`.
    pub service: &'static str,
    /// Where its calls go instead.
    pub url: String,
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

/// The services that the configuration sends to hosts that are not AWS's.
pub(super) fn redirected(config: &SdkConfig) -> Vec<RedirectedEndpoint> {
    let named = |&(service, id): &(&'static str, &str)| {
        let url = configured(config, id)?;
        (!is_aws(&url)).then_some(RedirectedEndpoint { service, url })
    };
    SERVICES.iter().filter_map(named).collect()
}

/// What each client of the SDK does for itself, in the same order.
pub(super) fn configured(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let key = key.build().ok()?;
    let own = config.service_config().and_then(|loaded| loaded.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
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
            &endpoint.url,
            AccountErrorKind::Unreachable,
            "the environment or profile sends calls to a host that is not AWS's",
        )),
        _ => Ok(()),
    }
}

/// Adds to an error of the connection which endpoint it was.
pub(super) fn name_endpoint(
    mut error: AccountError,
    redirected: &[RedirectedEndpoint],
    region: &Region,
) -> AccountError {
    let on_the_way = [AccountErrorKind::Unreachable, AccountErrorKind::Certificate].contains(&error.kind);
    if on_the_way && error.request_id.is_none() {
        let service = error.call.split(':').next().unwrap_or_default();
        let redirect = redirected.iter().find(|endpoint| endpoint.service == service);
        let place = redirect.map_or_else(
            || format!("AWS's {service} endpoint for {region}"),
            |endpoint| endpoint.url.clone(),
        );
        error.message = format!("{}; the endpoint is {place}", error.message);
    }
    error
}

/// `https` and one of the partitions' domains, or the ones AWS uses for dual-stack names.
fn is_aws(url: &str) -> bool {
    const DUAL_STACK: [&str; 2] = ["api.aws", "api.amazonwebservices.com.cn"];
    let suffixes = Partition::ALL.iter().map(|partition| partition.dns_suffix()).chain(DUAL_STACK);
    let Some(host) = url.strip_prefix("https://").map(host_of) else { return false };
    suffixes.into_iter().any(|suffix| host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}

fn is_loopback(url: &str) -> bool {
    let host = host_of(url.split_once("://").map_or(url, |(_, rest)| rest));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host of what follows a URL's `://`, in lower case, without user, port or path.
fn host_of(rest: &str) -> String {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let end = host.rfind(']').map_or_else(|| host.find(':'), |bracket| Some(bracket + 1));
    host[..end.unwrap_or(host.len())].trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_in_the_domains_of_aws_count_as_aws() {
        for url in [
            "https://iam.amazonaws.com",
            "https://sts.us-gov-west-1.amazonaws.com/",
            "https://vpce-1-2.sts.us-east-1.vpce.amazonaws.com",
            "https://s3.cn-north-1.amazonaws.com.cn:443",
            "https://s3.dualstack.eu-west-1.api.aws",
        ] {
            assert!(is_aws(url), "{url}");
        }
        for url in [
            "http://iam.amazonaws.com",
            "https://amazonaws.com.evil.example",
            "https://evilamazonaws.com",
            "https://iam.amazonaws.com@evil.example",
            "https://evil.example/iam.amazonaws.com",
            "https://evil.example\\.amazonaws.com",
        ] {
            assert!(!is_aws(url), "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for url in
            ["http://127.0.0.1:5000", "http://localhost:5000/x", "http://[::1]:5000", "http://127.9.9.9"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://10.0.0.1",
            "http://localhost.example",
            "http://127.0.0.1@evil.example",
            "http://moto:5000",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn a_strange_endpoint_is_refused_until_it_is_allowed() {
        let strange = [RedirectedEndpoint { service: "iam", url: "https://aws.example".into() }];
        let error = check(&strange, ForeignEndpoints::Refuse).unwrap_err();
        assert!(error.to_string().contains("https://aws.example"), "{error}");
        assert!(check(&strange, ForeignEndpoints::Allow).is_ok());
    }
}
