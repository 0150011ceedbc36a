//! The receipt: what an apply or delete did, carried back across the gap.

mod returned;

pub use returned::{CheckedReceipt, ReceiptClaims, ReceiptError, UnverifiedReceipt};

use crate::aws::{AccountId, Arn, Partition, Region, RoleName};
use crate::cluster::{ClusterName, IssuerUrl};
use crate::digest::Sha256;
use crate::dns::DnsRecord;
use crate::manifest::{SchemaVersion, Tool};
use crate::open::{Bound, OpenValue};
use crate::plan::{Purpose, Step};
use crate::resource::Address;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// What was done to an account, resource by resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The version of this shape.
    pub schema_version: SchemaVersion,
    /// The program that wrote it.
    pub tool: Tool,
    /// What was attempted.
    pub purpose: Purpose,
    /// True where it was done in an account in memory, for practice; absent where it was done for real.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
    /// The digest of the bundle's manifest; none when a cluster was deleted by name.
    pub bundle: Option<Sha256>,
    /// The digest of the plan that was carried out.
    pub plan: Sha256,
    /// The cluster.
    pub cluster: ClusterName,
    /// The account it was done in.
    pub account: AccountId,
    /// That account's partition.
    pub partition: Partition,
    /// The region.
    pub region: Region,
    /// The values that took the places the bundle left open; nothing where it left none.
    #[serde(default, skip_serializing_if = "Bound::is_empty")]
    pub bound: Bound,
    /// Who did it: the ARN that AWS gave for the credentials.
    pub caller: String,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// When it ended, in seconds since 1970.
    pub finished: u64,
    /// The notes of the plan, as they were approved: what was overridden, adopted or rolled back.
    pub notes: Vec<String>,
    /// Whether every step was done and the last look found all as it shall be. False in what a run that was killed
    /// leaves behind.
    pub complete: bool,
    /// What went wrong beside the steps, each a sentence; a receipt with any is not complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The issuer the cluster's tokens name; none after a delete.
    pub issuer: Option<IssuerUrl>,
    /// The record in the DNS without which nobody finds the issuer; none where AWS names the issuer's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_record: Option<DnsRecord>,
    /// The ARN of the OIDC provider; none after a delete.
    pub provider: Option<Arn>,
    /// The ARN of every role the bundle asks for; empty after a delete.
    pub roles: BTreeMap<RoleName, Arn>,
    /// What became of each step of the plan, in its order.
    pub steps: Vec<StepReport>,
}

impl Receipt {
    /// The bytes of a receipt's file: JSON indented by two spaces, a newline at the end.
    ///
    /// # Panics
    /// Never: every part of a receipt has a JSON form.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a receipt holds only strings, numbers, lists and maps by text")]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a receipt has a JSON form");
        bytes.push(b'\n');
        bytes
    }
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepReport {
    /// The resource. A provider that was not reached before AWS named its issuer stands there as
    /// `provider/(known after apply)`.
    #[serde(deserialize_with = "address")]
    #[schemars(with = "Address")]
    pub address: Address,
    /// `create`, `update`, `delete` or `empty`.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// Carried out.
    Done,
    /// Tried, and failed; the resource may be half made until the next run.
    Failed {
        /// What AWS said, in plain words.
        error: String,
    },
    /// Begun, and the program was cut off before it saw the end: it may be done, half done, or not.
    UnderWay,
    /// Not begun, because an earlier step failed or the run was interrupted.
    NotReached,
}

impl Serialize for StepReport {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // What is to be deleted is there, whatever its name.
        let is_unnamed = self.action != Step::DELETE
            && matches!(&self.address, Address::Provider(issuer) if issuer == OpenValue::Issuer.stand_in());
        let address = if is_unnamed { UNNAMED.to_owned() } else { self.address.to_string() };
        let mut report = to.serialize_struct("StepReport", 3)?;
        report.serialize_field("address", &address)?;
        report.serialize_field("action", &self.action)?;
        report.serialize_field("outcome", &self.outcome)?;
        report.end()
    }
}

/// What is written for the address of a provider whose issuer AWS has not named yet: as the plan says it to people, and no
/// stand-in, which would pass for a host.
const UNNAMED: &str = "provider/(known after apply)";

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
    let text = String::deserialize(from)?;
    if text == UNNAMED {
        return Ok(Address::Provider(OpenValue::Issuer.stand_in().to_owned()));
    }
    text.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{KNOWN_AFTER_APPLY, open_issuer};

    #[test]
    fn a_provider_whose_issuer_nobody_named_is_written_without_a_stand_in_and_read_again() {
        let report = |issuer: &str, action: &str| StepReport {
            address: Address::Provider(issuer.into()),
            action: action.into(),
            outcome: Outcome::NotReached,
        };
        let issuer = open_issuer();
        let stand_in = issuer.host_and_path();
        assert!(UNNAMED.ends_with(KNOWN_AFTER_APPLY));
        for (issuer, action, written) in [
            (stand_in, "create", UNNAMED),
            (stand_in, "update", UNNAMED),
            (stand_in, "delete", "provider/known-after-apply.invalid"),
            ("d111111abcdef8.cloudfront.net", "create", "provider/d111111abcdef8.cloudfront.net"),
        ] {
            let json = serde_json::to_value(report(issuer, action)).unwrap();
            assert_eq!(json["address"], written);
            assert_eq!(serde_json::from_value::<StepReport>(json).unwrap(), report(issuer, action));
        }
        let role = serde_json::json!({
            "address": "role/(known after apply)", "action": "create", "outcome": {"result": "not-reached"},
        });
        assert!(serde_json::from_value::<StepReport>(role).is_err());
    }
}
