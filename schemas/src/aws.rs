//! AWS's own names: partitions, regions, accounts, buckets, roles, ARNs.

use crate::text::{InvalidText, checked_text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A closed world of AWS regions with accounts, endpoints and ARNs of its own.
///
/// Source: AWS General Reference, "Amazon Resource Names (ARNs)", and the SDKs' `partitions.json`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// AWS `GovCloud` (US).
    AwsUsGov,
    /// The regions in China.
    AwsCn,
    /// Isolated, US top secret.
    AwsIso,
    /// Isolated, US secret.
    AwsIsoB,
    /// Isolated, Europe.
    AwsIsoE,
    /// Isolated, US intelligence community.
    AwsIsoF,
    /// The European Sovereign Cloud.
    AwsEusc,
}

impl Partition {
    /// Every partition known to this program.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::AwsUsGov,
        Self::AwsCn,
        Self::AwsIso,
        Self::AwsIsoB,
        Self::AwsIsoE,
        Self::AwsIsoF,
        Self::AwsEusc,
    ];

    /// The second field of every ARN of this partition.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsCn => "aws-cn",
            Self::AwsIso => "aws-iso",
            Self::AwsIsoB => "aws-iso-b",
            Self::AwsIsoE => "aws-iso-e",
            Self::AwsIsoF => "aws-iso-f",
            Self::AwsEusc => "aws-eusc",
        }
    }

    /// The last part of the host names of this partition's endpoints.
    #[must_use]
    pub fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
            Self::AwsCn => "amazonaws.com.cn",
            Self::AwsIso => "c2s.ic.gov",
            Self::AwsIsoB => "sc2s.sgov.gov",
            Self::AwsIsoE => "cloud.adc-e.uk",
            Self::AwsIsoF => "csp.hci.ic.gov",
            Self::AwsEusc => "amazonaws.eu",
        }
    }

    /// How the regions of this partition begin: the part before `-<word>-<number>`.
    fn region_prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Aws => &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
            Self::AwsUsGov => &["us-gov"],
            Self::AwsCn => &["cn"],
            Self::AwsIso => &["us-iso"],
            Self::AwsIsoB => &["us-isob"],
            Self::AwsIsoE => &["eu-isoe"],
            Self::AwsIsoF => &["us-isof"],
            Self::AwsEusc => &["eusc-de"],
        }
    }

    /// The regions this program knows. Source: AWS Regions and Availability Zones User Guide, "AWS Regions", the same of
    /// GovCloud and China, and the SDKs' `partitions.json` for the isolated ones; read in November 2026.
    const REGIONS: [&'static str; 46] = [
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "us-gov-east-1",
        "us-gov-west-1",
        "cn-north-1",
        "cn-northwest-1",
        "us-iso-east-1",
        "us-iso-west-1",
        "us-isob-east-1",
        "us-isob-west-1",
        "eu-isoe-west-1",
        "us-isof-east-1",
        "us-isof-south-1",
        "eusc-de-east-1",
    ];

    /// Whether this program knows the region itself, and not only the partition its name would belong to.
    #[must_use]
    pub fn knows(region: &Region) -> bool {
        Self::REGIONS.contains(&region.as_str())
    }

    /// The partition a region's name belongs to, or `None` for a region this program does not know.
    ///
    /// Source: the `regionRegex` of each partition in the SDKs' `partitions.json`.
    #[must_use]
    pub fn of_region(region: &Region) -> Option<Self> {
        let (rest, number) = region.as_str().rsplit_once('-')?;
        let (prefix, word) = rest.rsplit_once('-')?;
        let numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let worded = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        if !(numbered && worded) {
            return None;
        }
        Self::ALL.into_iter().find(|partition| partition.region_prefixes().contains(&prefix))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Partition {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|partition| partition.id() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|partition| partition.id()).collect();
            InvalidText::new("AWS partition", text, format!("known are {}", known.join(", ")))
        })
    }
}

checked_text!(
    /// The name of an AWS region, like `us-east-1`.
    ///
    /// Only the form is checked here; [`Partition::of_region`] says whether the region is known.
    Region, "AWS region", check_region
);

fn check_region(text: &str) -> Result<(), String> {
    let formed = text.len() <= 32
        && text.split('-').count() >= 3
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
    if formed { Ok(()) } else { Err("a region looks like us-east-1 or us-gov-west-1".into()) }
}

checked_text!(
    /// The 12 digits that name an AWS account.
    AccountId, "AWS account id", check_account
);

fn check_account(text: &str) -> Result<(), String> {
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err("an account id is 12 digits".into())
    }
}

checked_text!(
    /// The name of an S3 bucket that can be reached over HTTPS by its host name.
    ///
    /// Source: Amazon S3 User Guide, "General purpose bucket naming rules". Dots are legal there but
    /// break the wildcard certificate of `https://<bucket>.s3...`, and so are refused.
    BucketName, "S3 bucket name", check_bucket
);

fn check_bucket(text: &str) -> Result<(), String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&text.len()) {
        return Err(format!("3 to 63 characters are needed, these are {}", text.len()));
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("only lower-case letters, digits and hyphens are possible".into());
    }
    if !(edge(text.chars().next()) && edge(text.chars().last())) {
        return Err("it must begin and end with a letter or digit".into());
    }
    let reserved = ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| text.starts_with(prefix))
        || ["-s3alias", "--ol-s3", "--x-s3", "--table-s3"].iter().any(|suffix| text.ends_with(suffix));
    if reserved { Err("AWS reserves this prefix or suffix".into()) } else { Ok(()) }
}

checked_text!(
    /// The name of an IAM role.
    ///
    /// Source: IAM API Reference, `CreateRole`: 1 to 64 characters of `[\w+=,.@-]`.
    RoleName, "IAM role name", check_role
);

fn check_role(text: &str) -> Result<(), String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=RoleName::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err("1 to 64 letters, digits or characters of _+=,.@- are needed".into())
    }
}

impl RoleName {
    /// The most characters a role's name may have. Source: IAM API Reference, `CreateRole`.
    pub const MAX_LENGTH: usize = 64;
}

checked_text!(
    /// The path of an IAM role, `/` unless the organisation wants another.
    ///
    /// Source: IAM API Reference, `CreateRole`: begins and ends with `/`, at most 512 characters.
    RolePath, "IAM path", check_path
);

fn check_path(text: &str) -> Result<(), String> {
    let formed = text == "/"
        || (text.len() > 2
            && text.starts_with('/')
            && text.ends_with('/')
            && text.len() <= 512
            && text.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\'));
    if formed { Ok(()) } else { Err("it begins and ends with / and holds no spaces".into()) }
}

impl Default for RolePath {
    fn default() -> Self {
        Self("/".into())
    }
}

checked_text!(
    /// An Amazon Resource Name: `arn:<partition>:<service>:<region>:<account>:<resource>`.
    Arn, "ARN", check_arn
);

fn check_arn(text: &str) -> Result<(), String> {
    let fields: Vec<_> = text.splitn(6, ':').collect();
    let whole = fields.len() == 6 && fields[0] == "arn" && !fields[2].is_empty() && !fields[5].is_empty();
    if !whole {
        return Err("an ARN is arn:<partition>:<service>:<region>:<account>:<resource>".into());
    }
    Partition::from_str(fields[1]).map(|_| ()).map_err(|error| error.to_string())
}

impl Arn {
    /// The ARN of a role.
    #[must_use]
    pub fn role(partition: Partition, account: &AccountId, path: &RolePath, name: &RoleName) -> Self {
        Self(format!("arn:{partition}:iam::{account}:role{path}{name}"))
    }

    /// The ARN of the IAM OIDC provider for an issuer, given as host and path.
    #[must_use]
    pub fn oidc_provider(partition: Partition, account: &AccountId, host_and_path: &str) -> Self {
        Self(format!("arn:{partition}:iam::{account}:oidc-provider/{host_and_path}"))
    }

    /// The fields between the colons; the sixth is the resource, colons and all.
    fn field(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }

    /// The partition, the ARN's second field.
    #[must_use]
    pub fn partition(&self) -> Partition {
        self.field(1).parse().unwrap_or(Partition::Aws)
    }

    /// The service, like `iam`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.field(2)
    }

    /// The region's text; empty for resources that are in none or in all.
    #[must_use]
    pub fn region(&self) -> &str {
        self.field(3)
    }

    /// The account's text; empty for resources like buckets that name none.
    #[must_use]
    pub fn account(&self) -> &str {
        self.field(4)
    }

    /// Everything behind the account, like `role/name`.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.field(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_has_a_partition() {
        for region in Partition::REGIONS {
            assert!(Partition::of_region(&region.parse().unwrap()).is_some(), "{region}");
        }
        assert!(!Partition::knows(&"us-esat-1".parse().unwrap()));
    }

    #[test]
    fn every_partition_is_found_by_one_of_its_regions() {
        let regions = [
            ("us-east-1", Partition::Aws),
            ("mx-central-1", Partition::Aws),
            ("us-gov-west-1", Partition::AwsUsGov),
            ("cn-north-1", Partition::AwsCn),
            ("us-iso-east-1", Partition::AwsIso),
            ("us-isob-east-1", Partition::AwsIsoB),
            ("eu-isoe-west-1", Partition::AwsIsoE),
            ("us-isof-south-1", Partition::AwsIsoF),
            ("eusc-de-east-1", Partition::AwsEusc),
        ];
        for (region, partition) in regions {
            assert_eq!(Partition::of_region(&region.parse().unwrap()), Some(partition), "{region}");
        }
        assert_eq!(Partition::of_region(&"mars-north-1".parse().unwrap()), None);
    }

    #[test]
    fn impossible_names_are_refused_with_their_rule() {
        for bucket in ["ab", "Upper-oidc", "dots.are.legal.elsewhere", "-edge", &"x".repeat(64)] {
            assert!(bucket.parse::<BucketName>().is_err(), "{bucket}");
        }
        for reserved in [
            "xn--a",
            "sthree-a",
            "amzn-s3-demo-a",
            "a-s3alias",
            "a--ol-s3",
            "a.mrap",
            "a--x-s3",
            "a--table-s3",
        ] {
            assert!(reserved.parse::<BucketName>().is_err(), "{reserved}");
        }
        assert!("nowhere".parse::<Region>().is_err());
        assert!("12345678901".parse::<AccountId>().is_err());
        assert!("x".repeat(65).parse::<RoleName>().is_err());
        assert!("arn:aws-mars:iam::1:role/x".parse::<Arn>().is_err());
        let error = "Bad_Name".parse::<BucketName>().unwrap_err().to_string();
        assert!(error.contains("Bad_Name") && error.contains("lower-case"), "{error}");
    }
}
