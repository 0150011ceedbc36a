//! An AWS account in our own words: who we are in it, what it holds, and how to change that.
//!
//! Everything behind this trait may be slow, fail, or be cut off; nothing behind it decides anything.

mod aws;
mod memory;
mod runtime;
mod survey;
mod web;
mod width;

pub use aws::{Aws, CallLimits, CallLog, ConnectOptions, ForeignEndpoints, LogError, RedirectedEndpoint};
pub use memory::{Fault, Memory};
pub use runtime::Runtime;
pub use survey::{Denied, Known, Quotas, Survey, Wish};
pub use web::{CertificateBundle, NoCertificates, Roots, Web, WebError};
pub use width::Width;

use std::collections::BTreeSet;
use sts_schemas::aws::{AccountId, BucketName, Partition, Region};
use sts_schemas::cluster::{ClusterName, OWNED, OWNERSHIP_PREFIX};
use sts_schemas::gather::Gather as _;
use sts_schemas::resource::{Address, Bucket, Distribution, Resource, Tags};
use sts_schemas::state::{Leftovers, Observed};

/// An account that can be looked at and changed, one resource at a time.
#[async_trait::async_trait(?Send)]
pub trait Account {
    /// Who the credentials belong to, as asked once when the account was opened.
    fn identity(&self) -> &Identity;

    /// How many steps it takes at once; shrinks while it throttles.
    fn width(&self) -> Width {
        Width::default()
    }

    /// Looks at what stands at the addresses in `scope` and at all else that bears the cluster's tag.
    ///
    /// # Errors
    /// When any of it cannot be read: half a picture is none.
    async fn observe(&self, scope: &Scope) -> Result<Observed, AccountError>;

    /// Looks at what the account as a whole allows, and whether the caller may do what is wished.
    ///
    /// What cannot be found out is left open: nothing depends on it. Where nothing is wished, quotas are not looked at.
    async fn survey(&self, _wishes: &[Wish]) -> Survey {
        Survey::default()
    }

    /// Makes `after` so, from `before` as it was last seen (`None`: nothing was there).
    ///
    /// Can be repeated: where `after` already stands, or half of it, the rest is done. An object is written only in
    /// the place of `before`: what somebody else put there meanwhile stays.
    ///
    /// # Errors
    /// When a call fails for good; the resource may then be half made. When an object is not as it was seen.
    async fn put(&self, before: Option<&Resource>, after: &Resource) -> Result<(), AccountError>;

    /// Makes what was seen in the bucket beside the objects with these keys be gone, with all versions.
    ///
    /// # Errors
    /// When something else lies there by now: then nothing is removed. When a call fails for good; some of it may then be
    /// gone.
    async fn empty(
        &self,
        bucket: &Bucket,
        seen: &Leftovers,
        besides: &BTreeSet<String>,
    ) -> Result<(), AccountError>;

    /// Makes `before` be gone; where it already is, that is no error.
    ///
    /// # Errors
    /// When a call fails for good; the resource may then be half gone.
    async fn remove(&self, before: &Resource) -> Result<(), AccountError>;

    /// How far the cluster's distribution for a bucket has come; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be asked.
    async fn deployment(&self, distribution: &Distribution) -> Result<Option<Deployment>, AccountError>;

    /// Takes a distribution out of service, so that it can be removed once that is deployed.
    ///
    /// # Errors
    /// When a call fails for good.
    async fn disable(&self, distribution: &Distribution) -> Result<(), AccountError>;
}

/// How far a distribution has come. Changes reach all of CloudFront's places in minutes, not at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The host AWS gave it.
    pub domain: String,
    /// Whether its last change has reached every place.
    pub is_deployed: bool,
}

/// Who the credentials belong to. Source: STS API Reference, `GetCallerIdentity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// The partition, read from the caller's ARN.
    pub partition: Partition,
    /// The caller's ARN.
    pub caller: String,
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The cluster whose tag is looked for.
    pub cluster: ClusterName,
    /// The region of its bucket.
    pub region: Region,
    /// Addresses to look at whatever their tags.
    pub wanted: BTreeSet<Address>,
    /// Those of `wanted` to which only something that was found led: a denial there is told, and stops nothing.
    pub led: BTreeSet<Address>,
    /// How far to look for other things that bear the tag.
    pub search: Search,
    /// Which roles may go, so that it matters whether instance profiles hold them.
    pub departing: Departing,
}

/// Which of the roles that are looked at may be deleted afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departing {
    /// None.
    Nothing,
    /// Those that are not wanted.
    Unwanted,
    /// All of them.
    Everything,
}

impl Scope {
    /// Whether this role may be deleted once it was looked at.
    fn may_go(&self, role: &Address) -> bool {
        match self.departing {
            Departing::Nothing => false,
            Departing::Unwanted => !self.wanted.contains(role),
            Departing::Everything => true,
        }
    }

    /// Whether this project or ccoctl would have made this for the cluster, going by the name alone.
    ///
    /// A provider in CloudFront's domain counts: AWS, not the cluster, names those.
    #[must_use]
    pub fn is_named_for_cluster(&self, address: &Address) -> bool {
        let name = match address {
            Address::Bucket(name)
            | Address::Object(name, _)
            | Address::AccessControl(name)
            | Address::BucketStatement(name, _) => name.as_str(),
            // Tags alone tell whose a distribution is, whatever bucket it serves.
            Address::Distribution(_) => return true,
            Address::Provider(issuer) if issuer.ends_with(".cloudfront.net") => return true,
            Address::Provider(issuer) => issuer,
            Address::Role(name) => name.as_str(),
        };
        name.strip_prefix(self.cluster.as_str()).is_some_and(|rest| rest.starts_with('-'))
    }

    /// Whether this address is wanted, or may bear the cluster's tag.
    fn covers(&self, address: &Address) -> bool {
        let searched = match self.search {
            // An account has few providers, and what was last applied stands on one of any name.
            Search::Named => matches!(address, Address::Provider(_)),
            Search::Leads => matches!(address, Address::Provider(_) | Address::Distribution(_)),
            Search::Thorough => true,
        };
        searched || self.wanted.contains(address) || self.is_named_for_cluster(address)
    }

    /// Whether the bucket is looked at only because something that was found led there.
    fn is_led_to(&self, bucket: &BucketName) -> bool {
        self.led.iter().any(|address| address.bucket() == Some(bucket))
    }

    /// The buckets to look at: those in which something is wanted, and the one that a bundle makes unless told otherwise.
    fn buckets(&self) -> BTreeSet<BucketName> {
        let wanted = self.wanted.iter().filter_map(Address::bucket);
        wanted.cloned().chain([self.cluster.default_bucket()]).gather()
    }
}

/// Whether two sets of tags name a cluster they both belong to.
fn owned_alike(one: &Tags, other: &Tags) -> bool {
    let owns = |(key, value): &(&String, &String)| key.starts_with(OWNERSHIP_PREFIX) && *value == OWNED;
    one.iter().filter(owns).any(|(key, value)| other.get(key) == Some(value))
}

/// How far to look in an account, and to what end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How far to look for things that bear the tag.
    pub search: Search,
    /// Which roles may go afterwards.
    pub departing: Departing,
}

/// How far to look for things that bear a cluster's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Where this project and ccoctl put them: names that begin with the cluster's, and every provider of the account.
    Named,
    /// The same, and every distribution of the account, whatever its name: they lead to the rest.
    Leads,
    /// Every role, provider and bucket of the account, whatever its name. Slow in a large account.
    Thorough,
}

/// A call to AWS that failed for good, in plain words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} on {on} failed: {message}{}", request_id.as_ref().map(|id| format!(" (request id {id})")).unwrap_or_default())]
pub struct AccountError {
    /// The call as IAM policies name it, like `iam:CreateRole`.
    pub call: String,
    /// What it was made for, an address or a name.
    pub on: String,
    /// What AWS said, or what befell the connection.
    pub message: String,
    /// The request's id, where there was an answer.
    pub request_id: Option<String>,
    /// What kind of failure it is, for those who must choose what to say next.
    pub kind: AccountErrorKind,
}

impl AccountError {
    /// A failure that no answer of AWS's tells of, and so none with a request id.
    #[must_use]
    pub fn unanswered(
        call: impl Into<String>,
        on: impl Into<String>,
        kind: AccountErrorKind,
        message: impl Into<String>,
    ) -> Self {
        Self { call: call.into(), on: on.into(), message: message.into(), request_id: None, kind }
    }

    /// Somebody else changed the thing since it was looked at, and their change was left alone.
    #[must_use]
    pub fn overtaken(call: impl Into<String>, on: impl Into<String>) -> Self {
        let message =
            "somebody else changed it since this was planned; it was left as it is now, so plan again";
        Self::unanswered(call, on, AccountErrorKind::Overtaken, message)
    }

    /// The permission that was wanting: the action AWS named, which need not be that of the call.
    ///
    /// Source of the wording: IAM User Guide, "Troubleshoot access denied error messages".
    #[must_use]
    pub fn permission(&self) -> &str {
        let named = self.message.split_once("not authorized to perform: ").map(|(_, rest)| rest);
        // Whatever follows the action, be it of a form that nobody foresaw.
        let is_part = |c: char| c.is_ascii_alphanumeric() || [':', '-', '*'].contains(&c);
        let action = named.and_then(|rest| rest.split(|c: char| !is_part(c)).next());
        action.filter(|action| action.contains(':')).unwrap_or(&self.call)
    }
}

/// Kinds of failure that call for different advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountErrorKind {
    /// The credentials may not do this.
    AccessDenied,
    /// Something above the caller's own policies denies it: no policy of the caller's can change that.
    DeniedAbove,
    /// A resource that is not the cluster's appeared at the address after planning.
    Foreign,
    /// Somebody else changed the resource after planning.
    Overtaken,
    /// There are no usable credentials, or they have expired.
    Credentials,
    /// The environment names a profile that no file defines.
    NoProfile,
    /// AWS answered at every attempt that it is too busy, or that it failed inside.
    Busy,
    /// AWS could not be reached, or did not answer in time.
    Unreachable,
    /// Whoever answered showed a certificate that is not trusted.
    Certificate,
    /// Something on the way answered in the stead of AWS, as proxies do.
    Intercepted,
    /// The call could not be written down, and so was not made or not heard.
    Unlogged,
    /// Something else still uses the resource.
    InUse,
    /// Another distribution, of whatever account, answers for the host.
    HostTaken,
    /// A quota of the account is used up.
    Quota,
    /// Anything else.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope {
            cluster: "blue".parse().unwrap(),
            region: "eu-north-1".parse().unwrap(),
            wanted: BTreeSet::new(),
            led: BTreeSet::new(),
            search: Search::Named,
            departing: Departing::Nothing,
        }
    }

    #[test]
    fn a_permission_ends_where_an_action_does() {
        for (message, permission) in [
            ("User: x is not authorized to perform: iam:TagRole on resource: y", "iam:TagRole"),
            (
                "not authorized to perform: iam:CreateRole</Message><Type>Sender</Type> (AccessDenied)",
                "iam:CreateRole",
            ),
            ("not authorized to perform: execute-api:Invoke.", "execute-api:Invoke"),
            ("not authorized to perform: <this>", "iam:GetRole"),
            ("Access Denied", "iam:GetRole"),
        ] {
            let error =
                AccountError::unanswered("iam:GetRole", "role/x", AccountErrorKind::AccessDenied, message);
            assert_eq!(error.permission(), permission, "{message}");
        }
    }

    #[test]
    fn a_name_is_the_clusters_only_with_the_hyphen_behind_it() {
        for (address, named) in [
            ("role/blue-openshift-ingress", true),
            ("role/bluebird-openshift-ingress", false),
            ("role/other", false),
            ("bucket/blue-oidc", true),
            ("provider/blue-oidc.s3.eu-north-1.amazonaws.com", true),
            ("provider/d123.cloudfront.net", true),
            ("provider/oidc.example.com", false),
        ] {
            assert_eq!(scope().is_named_for_cluster(&address.parse().unwrap()), named, "{address}");
        }
    }

    #[test]
    fn two_things_are_owned_alike_only_by_one_and_the_same_cluster() {
        let tags = |key: &str, value: &str| Tags::from([(key.to_owned(), value.to_owned())]);
        let blue = tags(&scope().cluster.ownership_tag(), OWNED);
        assert!(owned_alike(&blue, &blue));
        assert!(!owned_alike(&tags("openshift.io/cloud-credential-operator/red", OWNED), &blue));
        assert!(!owned_alike(&tags(&scope().cluster.ownership_tag(), "shared"), &blue));
        assert!(!owned_alike(&tags("Name", OWNED), &tags("Name", OWNED)));
        assert!(!owned_alike(&Tags::new(), &Tags::new()));
    }
}
