//! Which of several bundles of one generation was applied last: a mark beside the generation.

use super::{Comparison, PlanRefused, ROLLING_BACK, RollBack, changes};
use std::collections::BTreeMap;
use sts_schemas::digest::Sha256;
use sts_schemas::plan::Step;
use sts_schemas::resource::{APPLIED_TAG, Address, GENERATION_TAG, Resource};
use sts_schemas::state::{Desired, Observed};

impl Comparison {
    /// Holds the bundle against the one of the same generation that was applied, and leaves its own mark with whatever is
    /// done about the provider. An account without such a mark is taken as it is.
    pub(super) fn mark(
        &mut self,
        bundle: &Sha256,
        desired: &Desired,
        observed: &Observed,
        roll_back: RollBack,
    ) -> Result<(), PlanRefused> {
        let mark = format!("{}/{}", desired.generation, bundle.short());
        for (address, provider) in &observed.resources {
            let is_owned =
                matches!(address, Address::Provider(_)) && provider.is_owned_by(&desired.cluster.name);
            let Some(other) = applied(provider, desired.generation).filter(|_| is_owned) else { continue };
            if other == bundle.short() {
                continue;
            }
            if roll_back == RollBack::Refused {
                let bundle = bundle.short().to_owned();
                return Err(PlanRefused::OfOneGeneration { bundle, applied: other.to_owned() });
            }
            self.notes.push(format!(
                "{ROLLING_BACK}: the account holds the bundle {other} of the same generation, and this one is {}.",
                bundle.short()
            ));
            let wanted = desired.resources.contains_key(address) && !self.foreign.contains_key(address);
            if wanted && !self.steps.contains_key(address) {
                let (before, after) = (provider.clone(), provider.clone());
                let changes = BTreeMap::new();
                self.steps.insert(address.clone(), Step::Update { before, after, changes });
            }
        }
        for step in self.steps.values_mut() {
            match step {
                Step::Create { after } if matches!(after, Resource::Provider(_)) => {
                    after.tags_mut().insert(APPLIED_TAG.into(), mark.clone());
                }
                // What only drifted stays as it was marked, or was not.
                Step::Update { before, after, changes: differing }
                    if matches!(after, Resource::Provider(_))
                        && (before.tags().contains_key(APPLIED_TAG)
                            || before.tags().get(GENERATION_TAG) != after.tags().get(GENERATION_TAG)) =>
                {
                    after.tags_mut().insert(APPLIED_TAG.into(), mark.clone());
                    *differing = changes(before, after);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The short digest of the bundle that a provider's mark names, if that is of the generation which its tag tells and
/// which is this one.
fn applied(provider: &Resource, generation: u64) -> Option<&str> {
    let this = generation.to_string();
    let (of, digest) = provider.tags().get(APPLIED_TAG)?.split_once('/')?;
    (of == this && provider.tags().get(GENERATION_TAG) == Some(&this)).then_some(digest)
}
