//! Which hosts are AWS's own endpoints of a service. Below AWS's domains there are hosts of everybody's too.

use std::net::IpAddr;
use sts_schemas::aws::{Partition, Region};

/// Whether calls to this URL reach the endpoint that AWS has for the service: in a region, global, or in a network
/// of one's own (`vpce`).
///
/// A bucket, a machine, a load balancer or an API of some customer's is none, though its name ends as AWS's do.
/// Source of the names: the SDK's endpoint rules of each service; AWS General Reference, "Amazon S3 endpoints" (the
/// older ones with a hyphen); AWS `PrivateLink` Guide, "Access an AWS service using an interface VPC endpoint".
pub(super) fn serves(service: &str, url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    let host = host_of(authority);
    ["", "/"].contains(&path)
        && DOMAINS.iter().any(|(partition, dual_stack)| {
            let below = |domain: &str| host.strip_suffix(domain)?.strip_suffix('.').map(str::to_owned);
            below(partition.dns_suffix())
                .is_some_and(|name| is_endpoint(service, &name, *partition, Stack::Single))
                || below(dual_stack).is_some_and(|name| is_endpoint(service, &name, *partition, Stack::Dual))
        })
}

/// Each partition, and the domain of its dual-stack endpoints. Source: the SDKs' `partitions.json`.
const DOMAINS: [(Partition, &str); 8] = [
    (Partition::Aws, "api.aws"),
    (Partition::AwsUsGov, "api.aws"),
    (Partition::AwsCn, "api.amazonwebservices.com.cn"),
    (Partition::AwsIso, "api.aws.ic.gov"),
    (Partition::AwsIsoB, "api.aws.scloud"),
    (Partition::AwsIsoE, "api.cloud-aws.adc-e.uk"),
    (Partition::AwsIsoF, "api.aws.hci.ic.gov"),
    (Partition::AwsEusc, "api.amazonwebservices.eu"),
];

/// Which of a partition's two domains a name lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stack {
    Single,
    Dual,
}

/// Whether a name below a partition's domain is the service's.
fn is_endpoint(service: &str, name: &str, partition: Partition, stack: Stack) -> bool {
    let is_own = |label: &str| label.strip_suffix("-fips").unwrap_or(label) == service;
    let is_region = |label: &str| {
        label.parse::<Region>().is_ok_and(|region| Partition::of_region(&region) == Some(partition))
    };
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        [one] => is_own(one) || (service == "s3" && is_older(one, is_region)),
        [own, "global"] => stack == Stack::Dual && is_own(own),
        [own, "us-gov"] => partition == Partition::AwsUsGov && is_own(own),
        [own, "dualstack", region] => service.starts_with("s3") && is_own(own) && is_region(region),
        [within @ .., id, own, region, "vpce"] => {
            let (kind, shared) = match service {
                "s3" => (["bucket"].as_slice(), "s3"),
                "s3-control" => (["control"].as_slice(), "s3"),
                _ => ([].as_slice(), service),
            };
            let is_own = own.strip_suffix("-fips").unwrap_or(own) == shared;
            within == kind && id.starts_with("vpce-") && is_own && is_region(region)
        }
        [own, region] => is_own(own) && is_region(region),
        _ => false,
    }
}

/// S3's names from before there were dots in them.
fn is_older(label: &str, is_region: impl Fn(&str) -> bool) -> bool {
    let region = label.strip_prefix("s3-fips-").or_else(|| label.strip_prefix("s3-"));
    label == "s3-external-1" || region.is_some_and(is_region)
}

/// Whether the URL leads to this very machine.
pub(super) fn is_loopback(url: &str) -> bool {
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
    fn only_a_services_own_endpoints_count_as_aws() {
        for (service, url) in [
            ("iam", "https://iam.amazonaws.com"),
            ("iam", "https://iam-fips.amazonaws.com"),
            ("iam", "https://iam.us-gov.amazonaws.com"),
            ("iam", "https://iam.global.api.aws"),
            ("iam", "https://iam.us-iso-east-1.c2s.ic.gov"),
            ("sts", "https://sts.amazonaws.com"),
            ("sts", "https://sts.us-gov-west-1.amazonaws.com/"),
            ("sts", "https://sts-fips.us-east-1.api.aws"),
            ("sts", "https://vpce-1-2.sts.us-east-1.vpce.amazonaws.com"),
            ("s3", "https://s3.cn-north-1.amazonaws.com.cn:443"),
            ("s3", "https://S3.Dualstack.eu-west-1.amazonaws.com"),
            ("s3", "https://s3-us-west-2.amazonaws.com"),
            ("s3", "https://bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com"),
            ("s3-control", "https://s3-control-fips.us-east-1.amazonaws.com"),
            ("s3-control", "https://control.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com"),
            ("cloudfront", "https://cloudfront.cn-northwest-1.amazonaws.com.cn"),
        ] {
            assert!(serves(service, url), "{service} {url}");
        }
        for (service, url) in [
            ("sts", "https://abc123.execute-api.us-east-1.amazonaws.com"),
            ("sts", "https://ec2-203-0-113-1.compute-1.amazonaws.com"),
            ("sts", "https://mine-123.us-east-1.elb.amazonaws.com"),
            ("sts", "https://sts.s3.us-east-1.amazonaws.com"),
            ("s3", "https://mine.s3.eu-west-1.amazonaws.com"),
            ("s3", "https://s3.eu-west-1.amazonaws.com/mine"),
            ("sts", "https://vpce-1-2.vpce-svc-3.us-east-1.vpce.amazonaws.com"),
            ("sts", "https://sts.vpce-1.vpce-svc-3.us-east-1.vpce.amazonaws.com"),
            ("sts", "https://iam.amazonaws.com"),
            ("sts", "https://sts.us-east-1.amazonaws.com.cn"),
            ("sts", "https://sts.anything.amazonaws.com"),
            ("iam", "http://iam.amazonaws.com"),
            ("iam", "https://amazonaws.com.evil.example"),
            ("iam", "https://iam.evilamazonaws.com"),
            ("iam", "https://iam.amazonaws.com@evil.example"),
            ("iam", "https://evil.example/iam.amazonaws.com"),
            ("iam", "https://evil.example\\.amazonaws.com"),
        ] {
            assert!(!serves(service, url), "{service} {url}");
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
}
