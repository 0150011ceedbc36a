//! Planning towards nothing.

use super::blind;
use super::former::former;
use super::fronts;
use super::ownership::{self, Standing};
use super::refused::{self, PlanRefused};
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::aws::{AccountId, BucketName, Partition, Region, RoleName};
use sts_schemas::cluster::{ClusterName, OWNED, OWNERSHIP_PREFIX};
use sts_schemas::digest::Sha256;
use sts_schemas::gather::Gather as _;
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::open::Bound;
use sts_schemas::plan::{Plan, Purpose, Step};
use sts_schemas::resource::{Address, Bucket, Object, Resource, Tags};
use sts_schemas::state::{Desired, Leftovers, Observed, Unseen};

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
    /// What becomes of things in its buckets that the cluster did not put there.
    pub contents: BucketContents,
}

/// What becomes of things that others put into a bucket that shall go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BucketContents {
    /// Nothing is deleted while there are any.
    #[default]
    Refuse,
    /// They go with the bucket.
    Remove,
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
            wanted: desired.resources.keys().cloned().chain(former(&desired.cluster)).gather(),
            contents: BucketContents::default(),
        }
    }
}

/// Plans to remove all that bears the cluster's tag; what does not is listed and left.
///
/// # Errors
/// When the account is another, a bucket of the cluster's may not be looked at or is the origin of a distribution of the
/// cluster's that stays, a bucket holds what the cluster did not put there and may not be emptied, or a role is in an
/// instance profile: then nothing at all is planned, because a delete that must stop halfway had better not begin.
pub fn plan_delete(target: &Target, observed: &Observed) -> Result<Plan, PlanRefused> {
    refused::check_account(&target.cluster, &target.account, target.partition, observed)?;
    let mut notes = unseen(target, observed)?;
    let mut steps = Vec::new();
    let mut foreign = BTreeMap::new();
    for address in observed.resources.keys().chain(&observed.taken).gather::<BTreeSet<_>>() {
        match ownership::standing(address, &target.cluster, observed) {
            Standing::Owned(before) => {
                if !before.is_owned_by(&target.cluster) {
                    notes.push(format!(
                        "{address} lacks the cluster's tag: somebody else put it there. It goes, for it lies in the \
                         cluster's bucket at the name of the issuer's document."
                    ));
                }
                notes.extend(shared_with_others(before, &target.cluster));
                steps.push(Step::Delete { before: before.clone() });
            }
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
            // What is wanted of it has been refused above, and the rest is in the notes.
            Standing::Veiled | Standing::Free => {}
        }
    }
    if let Some((bucket, found)) = steps.iter().filter_map(home).find(|(_, found)| *found != target.region) {
        return Err(PlanRefused::OtherRegion { bucket, found, named: target.region.clone() });
    }
    refuse_lent(&steps, observed)?;
    steps.extend(remains(&steps, observed));
    notes.extend(fronts::of_delete(&target.cluster, &steps, observed)?);
    let contents = contents(&steps, observed);
    match target.contents {
        BucketContents::Refuse if !contents.is_empty() => {
            return Err(PlanRefused::Leftovers { leftovers: contents });
        }
        BucketContents::Refuse => {}
        BucketContents::Remove => steps.extend(emptying(&steps, contents)),
    }
    steps.sort_by_key(|step| (step.address(), !matches!(step, Step::Empty { .. })));
    Ok(Plan {
        schema_version: SchemaVersion::CURRENT,
        purpose: Purpose::Delete,
        bundle: target.bundle.clone(),
        cluster: target.cluster.clone(),
        account: observed.account.clone(),
        partition: observed.partition,
        region: target.region.clone(),
        bound: Bound::default(),
        open: Vec::new(),
        token_keys: Vec::new(),
        steps,
        foreign,
        orphans: Vec::new(),
        leftovers: BTreeMap::new(),
        notes,
    })
}

/// Of which other clusters a resource bears the tag too, in a sentence: what goes may be theirs as well.
fn shared_with_others(before: &Resource, cluster: &ClusterName) -> Option<String> {
    let own = cluster.ownership_tag();
    let is_other = |(key, value): &(&String, &String)| {
        key.starts_with(OWNERSHIP_PREFIX) && **key != own && *value == OWNED
    };
    let others: Vec<&str> = before.tags().iter().filter(is_other).map(|(key, _)| key.as_str()).collect();
    (!others.is_empty()).then(|| {
        format!(
            "{} also bears the tag {} = \"owned\": another cluster may need it, and it goes all the same.",
            before.address(),
            others.join(", ")
        )
    })
}

/// A sentence for each thing that was not seen and may be the cluster's all the same.
///
/// # Errors
/// When a bucket in which the cluster has something is denied: that nothing is left there, nobody could say.
fn unseen(target: &Target, observed: &Observed) -> Result<Vec<String>, PlanRefused> {
    let expected: BTreeSet<&BucketName> = target.wanted.iter().filter_map(Address::bucket).gather();
    let (mut veiled, mut strange, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for (address, why) in &observed.unseen {
        let is_expected = address.bucket().is_some_and(|bucket| expected.contains(bucket));
        match why {
            Unseen::Denied if matches!(address, Address::Distribution(_)) => {
                notes.push(blind::DISTRIBUTIONS.into());
            }
            Unseen::Denied if is_expected => veiled.push(address.clone()),
            Unseen::Denied => strange.push(address),
            Unseen::Elsewhere if is_expected && !target.wanted.contains(address) => notes.push(format!(
                "{address} is another account's: what of the cluster's lies in it was not looked at."
            )),
            Unseen::Absent | Unseen::Elsewhere => {}
        }
    }
    notes.extend(blind::each(&strange));
    if veiled.is_empty() { Ok(notes) } else { Err(PlanRefused::Veiled { addresses: veiled }) }
}

/// Whoever put a role into an instance profile must take it out: only they know what runs with it.
fn refuse_lent(steps: &[Step], observed: &Observed) -> Result<(), PlanRefused> {
    let goes = |role: &RoleName| steps.iter().any(|step| step.address() == Address::Role(role.clone()));
    let lent = observed.lent.iter().filter(|(role, _)| goes(role));
    let lent: BTreeMap<_, _> = lent.map(|(role, profiles)| (role.clone(), profiles.clone())).gather();
    if lent.is_empty() { Ok(()) } else { Err(PlanRefused::Lent { lent }) }
}

/// The bucket of the cluster that a step tells of, and its region: the bucket itself, or the provider it serves.
fn home(step: &Step) -> Option<(BucketName, Region)> {
    match step {
        Step::Delete { before: Resource::Bucket(bucket) } => {
            Some((bucket.name.clone(), bucket.region.clone()))
        }
        Step::Delete { before: Resource::Provider(provider) } => provider.issuer.bucket_and_region(),
        _ => None,
    }
}

/// Whether one of these steps deletes the bucket.
fn deletes<'a>(steps: &'a [Step], bucket: &BucketName) -> Option<&'a Bucket> {
    steps.iter().find_map(|step| match step {
        Step::Delete { before: Resource::Bucket(before) } if before.name == *bucket => Some(before),
        _ => None,
    })
}

/// Steps for the cluster's objects that are not there but left versions behind, in buckets that go.
fn remains(steps: &[Step], observed: &Observed) -> Vec<Step> {
    let mut found = Vec::new();
    for address in &observed.remains {
        let Address::Object(bucket, key) = address else { continue };
        if deletes(steps, bucket).is_some() {
            let before = Object {
                bucket: bucket.clone(),
                key: key.clone(),
                content_type: String::new(),
                body: String::new(),
                barriers: BTreeMap::new(),
                tags: Tags::new(),
            };
            found.push(Step::Delete { before: Resource::Object(before) });
        }
    }
    found
}

/// What others put into the buckets that go.
fn contents(steps: &[Step], observed: &Observed) -> BTreeMap<BucketName, Leftovers> {
    let left = observed.leftovers.iter();
    left.filter(|(bucket, left)| left.count > 0 && deletes(steps, bucket).is_some())
        .map(|(bucket, left)| (bucket.clone(), left.clone()))
        .gather()
}

fn emptying(steps: &[Step], contents: BTreeMap<BucketName, Leftovers>) -> Vec<Step> {
    let buckets = contents.into_iter().filter_map(|(name, leftovers)| {
        deletes(steps, &name).map(|before| Step::Empty { before: before.clone(), leftovers })
    });
    buckets.collect()
}
