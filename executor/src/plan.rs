//! What is to be done: the difference between what a bundle wants and what an account holds.
//!
//! Pure: the same bundle, account and options give the same plan, and so the same digest to approve.

mod applied;
mod blind;
mod compare;
mod dangers;
mod delete;
mod former;
mod front_host;
mod fronts;
mod leads;
mod live_keys;
mod moved_issuer;
mod ownership;
mod refused;
mod unbound;

pub use compare::changes;
pub use delete::{BucketContents, Target, plan_delete};
pub use former::{faults, former};
pub(crate) use front_host::answers_elsewhere;
pub use front_host::misnamed;
pub use fronts::doubled;
pub use leads::{Leads, leads, private_bucket, public_bucket};
pub use live_keys::{is_whole_issuer, retired_keys};
pub use ownership::TAKEN;
pub use refused::{Immovable, PlanRefused};

use compare::{aligned, immovable};
use ownership::Standing;
use std::collections::{BTreeMap, BTreeSet};
use sts_schemas::alarm::alarms;
use sts_schemas::digest::Sha256;
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::open::OpenValue;
use sts_schemas::plan::{Plan, Purpose, Step};
use sts_schemas::resource::{Address, GENERATION_TAG, Resource};
use sts_schemas::state::{Desired, Observed};

/// What the person asks for beyond the bundle. The default is the cautious choice of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// What becomes of the cluster's resources that the bundle no longer wants.
    pub orphans: Orphans,
    /// Addresses where a resource that is not the cluster's may be taken over.
    pub adopt: BTreeSet<Address>,
    /// Whether an older bundle may follow a newer one.
    pub roll_back: RollBack,
}

/// What becomes of resources that bear the cluster's tag and that the bundle does not want.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Orphans {
    /// They stay and are listed: during an upgrade the old ones are still in use.
    #[default]
    Keep,
    /// They are removed.
    Prune,
}

/// Whether a bundle older than the one last applied may be applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RollBack {
    /// It may not.
    #[default]
    Refused,
    /// It may, and the plan says so.
    Allowed,
}

/// Plans to make the account hold what the bundle wants; `bundle` is the digest of its manifest.
///
/// While anything foreign stands in the way, the plan has no steps.
///
/// # Errors
/// When no plan could be right: see [`PlanRefused`].
pub fn plan(
    bundle: Option<&Sha256>,
    desired: &Desired,
    observed: &Observed,
    options: &PlanOptions,
) -> Result<Plan, PlanRefused> {
    let mut draft = compared(desired, observed, options)?;
    if let Some(bundle) = bundle {
        draft.mark(bundle, desired, observed, options.roll_back)?;
    }
    if !draft.immovable.is_empty() {
        return Err(PlanRefused::Immovable { settings: draft.immovable });
    }
    if !draft.foreign.is_empty() {
        draft.notes.extend(held_up(&draft.steps));
        draft.steps.clear();
    }
    let retired = live_keys::retired_by(draft.steps.values().collect(), desired, observed);
    draft.notes.extend(retired.iter().map(|kid| live_keys::note(kid)));
    draft.notes.extend(moved_issuer::note(draft.steps.values()));
    draft.notes.extend(dangers::note(desired, &draft.steps));
    let cluster = &desired.cluster;
    Ok(Plan {
        schema_version: SchemaVersion::CURRENT,
        purpose: Purpose::Apply,
        bundle: bundle.cloned(),
        cluster: cluster.name.clone(),
        account: observed.account.clone(),
        partition: observed.partition,
        region: cluster.region.clone(),
        bound: desired.bound.clone(),
        open: cluster.open(),
        token_keys: desired.token_keys.clone(),
        steps: draft.steps.into_values().collect(),
        foreign: draft.foreign,
        orphans: draft.orphans,
        leftovers: observed.leftovers.clone(),
        notes: draft.notes,
    })
}

/// Holds an account against a bundle, address by address, whether or not anything could be done about it.
///
/// # Errors
/// When account or options do not fit the bundle, or it is older than the account allows.
pub fn compared(
    desired: &Desired,
    observed: &Observed,
    options: &PlanOptions,
) -> Result<Comparison, PlanRefused> {
    let cluster = &desired.cluster;
    refused::check_account(&cluster.name, &cluster.account, cluster.partition, observed)?;
    let unwanted: Vec<_> =
        options.adopt.iter().filter(|address| !desired.resources.contains_key(*address)).cloned().collect();
    if !unwanted.is_empty() {
        return Err(PlanRefused::AdoptUnwanted { addresses: unwanted });
    }
    let mut draft = Comparison::default();
    draft.notes.extend(alarms(cluster, &desired.token_keys));
    draft.generation(desired, observed, options.roll_back)?;
    for (address, wanted) in &desired.resources {
        draft.wanted(address, wanted, desired, observed, options);
    }
    draft.orphans(desired, observed, options.orphans);
    draft.notes.extend(former::notes(desired, observed));
    draft.notes.extend(blind::spots(observed));
    draft.notes.extend(fronts::beside(Purpose::Apply, &cluster.name, observed));
    Ok(draft)
}

/// What waits behind something foreign, in a sentence.
fn held_up(steps: &BTreeMap<Address, Step>) -> Option<String> {
    const NAMED: usize = 20;
    let named: Vec<_> =
        steps.values().take(NAMED).map(|step| format!("{} {}", step.verb(), step.address())).collect();
    let more = match steps.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    (!named.is_empty()).then(|| {
        format!(
            "Held up behind what is not the cluster's: {}{more}. `sts-executor status BUNDLE` shows what differs.",
            named.join(", ")
        )
    })
}

/// How the note of a plan begins that takes the account back to an older bundle.
pub(crate) const ROLLING_BACK: &str = "ROLLING BACK";

/// What a bundle wants of an account, held against what that holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What would bring each address in step.
    pub steps: BTreeMap<Address, Step>,
    /// Addresses that are not the cluster's, and how that is known.
    pub foreign: BTreeMap<Address, String>,
    /// Settings that differ and that no step can change.
    pub immovable: Vec<Immovable>,
    /// The cluster's, no longer wanted, and kept.
    pub orphans: Vec<Address>,
    /// What a person should know, each a sentence.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Holds the bundle's generation against the one last applied, which stands on the provider.
    fn generation(
        &mut self,
        desired: &Desired,
        observed: &Observed,
        roll_back: RollBack,
    ) -> Result<(), PlanRefused> {
        let owned = observed.resources.iter().filter(|(address, resource)| {
            matches!(address, Address::Provider(_)) && resource.is_owned_by(&desired.cluster.name)
        });
        let mut applied = 0;
        for (address, provider) in owned {
            match provider.tags().get(GENERATION_TAG).map(|text| text.parse::<u64>()) {
                Some(Ok(generation)) => applied = applied.max(generation),
                Some(Err(_)) => self.notes.push(format!(
                    "The tag {GENERATION_TAG} of {address} is no number; whether this bundle is older could not be told."
                )),
                None => {}
            }
        }
        let bundle = desired.generation;
        match roll_back {
            _ if applied <= bundle => Ok(()),
            RollBack::Refused => Err(PlanRefused::Older { bundle, applied }),
            RollBack::Allowed => {
                self.notes.push(format!(
                    "{ROLLING_BACK}: the account holds generation {applied}, and this bundle is the older {bundle}."
                ));
                Ok(())
            }
        }
    }

    /// Decides about one address that the bundle wants.
    fn wanted(
        &mut self,
        address: &Address,
        wanted: &Resource,
        desired: &Desired,
        observed: &Observed,
        options: &PlanOptions,
    ) {
        let adopted = options.adopt.contains(address);
        if unbound::is_stand_in(address) {
            self.steps.insert(address.clone(), Step::Create { after: wanted.clone() });
            return;
        }
        let before = match ownership::standing(address, &desired.cluster.name, observed) {
            Standing::Free => {
                if adopted {
                    self.notes.push(format!("Nothing stands at {address}: there is nothing to adopt."));
                }
                self.steps.insert(address.clone(), Step::Create { after: wanted.clone() });
                return;
            }
            Standing::TakenElsewhere => {
                self.foreign.insert(address.clone(), ownership::TAKEN.into());
                return;
            }
            Standing::Veiled => {
                self.foreign.insert(address.clone(), ownership::VEILED.into());
                return;
            }
            Standing::Owned(before) => before,
            Standing::Unfinished(before) => {
                self.notes.push(format!(
                    "{address} is empty and bears no tags or policy: it is taken for unfinished work of an earlier run."
                ));
                before
            }
            Standing::Foreign(before) if adopted => {
                self.notes.push(format!(
                    "{address} is not the cluster's and is adopted: from now on it counts as the cluster's."
                ));
                before
            }
            Standing::Foreign(before) => {
                self.foreign.insert(address.clone(), ownership::reason(before, &desired.cluster.name));
                return;
            }
        };
        self.immovable.extend(immovable(before, wanted));
        let after = aligned(before, wanted);
        let mut changes = changes(before, &after);
        if changes.is_empty() && desired.cluster.open().contains(&OpenValue::Issuer) {
            changes = unbound::changes(&after);
        }
        if !changes.is_empty() {
            self.notes.extend(fronts::of_takeover(before, &after));
            self.steps.insert(address.clone(), Step::Update { before: before.clone(), after, changes });
        }
    }

    /// Lists, or removes, what is the cluster's and is not wanted.
    fn orphans(&mut self, desired: &Desired, observed: &Observed, orphans: Orphans) {
        let former = former::former(&desired.cluster);
        let is_wanted = |address: &Address| {
            let is_named = desired.resources.contains_key(address) && !unbound::is_stand_in(address);
            is_named || former.contains(address)
        };
        for address in observed.resources.keys().filter(|address| !is_wanted(address)) {
            let Standing::Owned(resource) = ownership::standing(address, &desired.cluster.name, observed)
            else {
                continue;
            };
            if unbound::is_stand_in(address) {
                self.notes.push(unbound::NOTE.into());
            }
            let obstacle = match orphans {
                Orphans::Keep => None,
                // What is to be made has this name in the plan, until AWS gives it another.
                Orphans::Prune if self.steps.contains_key(address) => None,
                Orphans::Prune => Some(ownership::kept(resource, &desired.cluster.region, observed)),
            };
            match obstacle {
                Some(None) => {
                    self.steps.insert(address.clone(), Step::Delete { before: resource.clone() });
                    continue;
                }
                Some(Some(why)) => self.notes.push(format!("{address} is an orphan and stays: {why}.")),
                None => {}
            }
            self.orphans.push(address.clone());
        }
    }
}
