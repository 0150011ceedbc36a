//! The record in the DNS that a person must make: AWS names its target, and no AWS call of ours makes it.

use crate::cluster::{Cluster, Hosting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A CNAME record: the issuer's host is another name of the distribution's.
///
/// Source: Amazon CloudFront Developer Guide, "Use custom URLs by adding alternate domain names (CNAMEs)".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsRecord {
    /// The issuer's host.
    pub name: String,
    /// The host that AWS gave the distribution.
    pub target: String,
}

impl DnsRecord {
    /// The record that a cluster needs whose distribution has this host; none where AWS names the issuer.
    #[must_use]
    pub fn of(cluster: &Cluster, target: &str) -> Option<Self> {
        match &cluster.hosting {
            Hosting::PrivateBucket { certificate: Some(_), .. } => {
                Some(Self { name: cluster.issuer.host_and_path().to_owned(), target: target.to_owned() })
            }
            _ => None,
        }
    }
}

/// As in a zone file. Source: RFC 1035, section 5.1.
impl fmt::Display for DnsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. CNAME {}.", self.name, self.target)
    }
}
