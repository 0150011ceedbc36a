//! Where a resource is within an account.

use crate::aws::{BucketName, RoleName};
use crate::cluster::IssuerUrl;
use crate::text::InvalidText;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a resource is within an account. The order of addresses is the order of creation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Address {
    /// A bucket, by its name.
    Bucket(BucketName),
    /// An origin access control, by the bucket it is for.
    AccessControl(BucketName),
    /// A distribution, by the bucket it serves.
    Distribution(BucketName),
    /// A statement of a bucket's policy, by the bucket and its `Sid`.
    BucketStatement(BucketName, String),
    /// An object, by its bucket and key.
    Object(BucketName, String),
    /// An OIDC provider, by its issuer's host and path.
    Provider(String),
    /// A role, by its name.
    Role(RoleName),
}

impl Address {
    /// The bucket that it is or lies in, where it is of S3.
    #[must_use]
    pub fn bucket(&self) -> Option<&BucketName> {
        match self {
            Self::Bucket(name) | Self::Object(name, _) | Self::BucketStatement(name, _) => Some(name),
            Self::AccessControl(_) | Self::Distribution(_) | Self::Provider(_) | Self::Role(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket/{name}"),
            Self::AccessControl(bucket) => write!(f, "origin-access-control/{bucket}"),
            Self::Distribution(bucket) => write!(f, "distribution/{bucket}"),
            Self::BucketStatement(bucket, sid) => write!(f, "bucket-statement/{bucket}/{sid}"),
            Self::Object(bucket, key) => write!(f, "object/{bucket}/{key}"),
            Self::Provider(issuer) => write!(f, "provider/{issuer}"),
            Self::Role(name) => write!(f, "role/{name}"),
        }
    }
}

impl FromStr for Address {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        const RULE: &str = "an address is bucket/NAME, object/BUCKET/KEY, provider/HOST, role/NAME, distribution/BUCKET, \
             origin-access-control/BUCKET or bucket-statement/BUCKET/SID";
        let wrong = || InvalidText::new("address", text, RULE);
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        match kind {
            "bucket" => Ok(Self::Bucket(name.parse()?)),
            "origin-access-control" => Ok(Self::AccessControl(name.parse()?)),
            "distribution" => Ok(Self::Distribution(name.parse()?)),
            "bucket-statement" => {
                let (bucket, sid) =
                    name.split_once('/').filter(|(_, sid)| !sid.is_empty()).ok_or_else(wrong)?;
                Ok(Self::BucketStatement(bucket.parse()?, sid.to_owned()))
            }
            "object" => {
                let (bucket, key) =
                    name.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(wrong)?;
                Ok(Self::Object(bucket.parse()?, key.to_owned()))
            }
            "provider" => {
                let issuer: IssuerUrl = format!("https://{name}").parse()?;
                Ok(Self::Provider(issuer.host_and_path().to_owned()))
            }
            "role" => Ok(Self::Role(name.parse()?)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_their_text_and_sort_in_creation_order() {
        let texts = [
            "bucket/demo-oidc",
            "origin-access-control/demo-oidc",
            "distribution/demo-oidc",
            "bucket-statement/demo-oidc/StsHandoff0",
            "object/demo-oidc/.well-known/openid-configuration",
            "object/demo-oidc/keys.json",
            "provider/demo-oidc.s3.us-east-1.amazonaws.com",
            "role/demo-openshift-ingress",
        ];
        let mut addresses: Vec<Address> = texts.iter().map(|text| text.parse().unwrap()).collect();
        addresses.reverse();
        addresses.sort();
        assert_eq!(addresses.iter().map(Address::to_string).collect::<Vec<_>>(), texts);
        for text in [
            "",
            "role",
            "role/",
            "queue/x",
            "object/demo-oidc",
            "bucket/A_B",
            "provider/nohost",
            "bucket-statement/demo-oidc",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
