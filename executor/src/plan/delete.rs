//! Planning towards nothing.

use super::ownership::{self, Standing};
use super::refused::{self, PlanRefused};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::{AccountId, Partition, Region};
use sts_schemas::cluster::ClusterName;
use sts_schemas::digest::Sha256;
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::open::Bound;
use sts_schemas::plan::{Plan, Purpose, Step};
use sts_schemas::resource::Address;
use sts_schemas::state::{Desired, Observed};

/// The cluster that shall be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The digest of the bundle's manifest; none when deleted by name.
    pub bundle: Option<Sha256>,
    /// The cluster.
    pub cluster: ClusterName,
    /// The account it is in.
    pub account: AccountId,
    /// That account's partition.
    pub partition: Partition,
    /// The region of its bucket.
    pub region: Region,
    /// Where its resources are, tags or no tags.
    pub wanted: BTreeSet<Address>,
}

impl Target {
    /// The cluster of a bundle whose manifest has this digest.
    #[must_use]
    pub fn of_bundle(bundle: &Sha256, desired: &Desired) -> Self {
        Self {
            bundle: Some(bundle.clone()),
            cluster: desired.cluster.name.clone(),
            account: desired.cluster.account.clone(),
            partition: desired.cluster.partition,
            region: desired.cluster.region.clone(),
            wanted: desired.resources.keys().cloned().collect(),
        }
    }
}

/// Plans to remove all that bears the cluster's tag; what does not is listed and left.
///
/// # Errors
/// When the account is another, or a bucket holds what the cluster did not put there: then nothing at all
/// is planned, because a delete that must stop halfway had better not begin.
pub fn plan_delete(target: &Target, observed: &Observed) -> Result<Plan, PlanRefused> {
    refused::check_account(&target.cluster, &target.account, target.partition, observed)?;
    let mut steps = Vec::new();
    let mut foreign = BTreeMap::new();
    let mut notes = Vec::new();
    for address in observed.resources.keys().chain(&observed.taken).collect::<BTreeSet<_>>() {
        match ownership::standing(address, &target.cluster, observed) {
            Standing::Owned(before) => steps.push(Step::Delete { before: before.clone() }),
            Standing::Unfinished(before) if target.wanted.contains(address) => {
                notes.push(format!(
                    "{address} is empty and bears no tags or policy: it is taken for unfinished work of an earlier run."
                ));
                steps.push(Step::Delete { before: before.clone() });
            }
            Standing::Foreign(other) | Standing::Unfinished(other) => {
                foreign.insert(address.clone(), ownership::reason(other, &target.cluster));
            }
            Standing::TakenElsewhere => {
                foreign.insert(address.clone(), ownership::TAKEN.into());
            }
            Standing::Free => {}
        }
    }
    let going: BTreeSet<_> = steps.iter().map(Step::address).collect();
    let in_the_way: BTreeMap<_, _> = observed
        .leftovers
        .iter()
        .filter(|(bucket, left)| left.count > 0 && going.contains(&Address::Bucket((*bucket).clone())))
        .map(|(bucket, left)| (bucket.clone(), left.clone()))
        .collect();
    if !in_the_way.is_empty() {
        return Err(PlanRefused::Leftovers { leftovers: in_the_way });
    }
    Ok(Plan {
        schema_version: SchemaVersion::CURRENT,
        purpose: Purpose::Delete,
        bundle: target.bundle.clone(),
        cluster: target.cluster.clone(),
        account: observed.account.clone(),
        partition: observed.partition,
        region: target.region.clone(),
        bound: Bound::default(),
        steps,
        foreign,
        orphans: Vec::new(),
        leftovers: BTreeMap::new(),
        notes,
    })
}
