//! Which bundle may follow which: the later generation, and of two bundles of one generation, the one that was applied.

use super::state::{GENERATION, PROVIDER, address, changed, desired, empty};
use super::{only_update, planned, planned_with, steps};
use sts_executor::plan::{PlanOptions, PlanRefused, RollBack, plan};
use sts_schemas::digest::Sha256;
use sts_schemas::plan::Step;
use sts_schemas::resource::{APPLIED_TAG, GENERATION_TAG};
use sts_schemas::state::Observed;

/// An account whose provider bears this mark.
fn marked(mark: &str) -> Observed {
    changed(PROVIDER, |r| drop(r.tags_mut().insert(APPLIED_TAG.into(), mark.to_owned())))
}

#[test]
fn an_older_bundle_is_refused_unless_rolling_back_is_asked_for() {
    let later = (GENERATION + 1).to_string();
    let observed = changed(PROVIDER, |r| drop(r.tags_mut().insert(GENERATION_TAG.into(), later)));
    let refused = plan(None, &desired(), &observed, &PlanOptions::default()).unwrap_err();
    assert_eq!(refused, PlanRefused::Older { bundle: GENERATION, applied: GENERATION + 1 });
    let options = PlanOptions { roll_back: RollBack::Allowed, ..PlanOptions::default() };
    let plan = planned_with(&observed, &options);
    assert_eq!(steps(&plan), [format!("update {PROVIDER}")]);
    assert!(plan.notes.iter().any(|note| note.starts_with("ROLLING BACK")));
}

#[test]
fn a_newer_bundle_writes_its_generation() {
    let earlier = (GENERATION - 1).to_string();
    let observed = changed(PROVIDER, |r| drop(r.tags_mut().insert(GENERATION_TAG.into(), earlier)));
    let plan = planned(&observed);
    let tags = [APPLIED_TAG, GENERATION_TAG].map(|tag| format!("tag {tag}"));
    assert_eq!(only_update(&plan).1.into_keys().collect::<Vec<_>>(), tags);
}

#[test]
fn another_bundle_of_the_generation_applied_is_refused_unless_rolling_back_is_asked_for() {
    let bundle = Sha256::of(b"bundle");
    let observed = marked(&format!("{GENERATION}/0123456789ab"));
    let refused = plan(Some(&bundle), &desired(), &observed, &PlanOptions::default()).unwrap_err();
    let wanted =
        PlanRefused::OfOneGeneration { bundle: bundle.short().into(), applied: "0123456789ab".into() };
    assert_eq!(refused, wanted);
    let options = PlanOptions { roll_back: RollBack::Allowed, ..PlanOptions::default() };
    let plan = planned_with(&observed, &options);
    assert!(plan.notes.iter().any(|note| note.starts_with("ROLLING BACK")), "{:?}", plan.notes);
    let (after, changes) = only_update(&plan);
    assert_eq!(changes.into_keys().collect::<Vec<_>>(), [format!("tag {APPLIED_TAG}")]);
    assert_eq!(after.tags()[APPLIED_TAG], format!("{GENERATION}/{}", bundle.short()));
}

#[test]
fn the_bundle_that_was_applied_is_known_again_and_a_stale_mark_tells_nothing() {
    let own = format!("{GENERATION}/{}", Sha256::of(b"bundle").short());
    // Another program applied the newer bundle, and left the mark of the older one.
    let stale = format!("{}/0123456789ab", GENERATION - 1);
    for mark in [own.as_str(), stale.as_str(), "no mark"] {
        let plan = planned(&marked(mark));
        assert!(plan.is_empty() && plan.notes.is_empty(), "{mark}: {:?}", plan.notes);
    }
}

#[test]
fn what_is_made_bears_the_mark_of_its_bundle() {
    let plan = planned(&empty());
    let provider = plan.steps.iter().find(|step| step.address() == address(PROVIDER)).unwrap();
    let Step::Create { after } = provider else { panic!("{provider:?}") };
    assert_eq!(after.tags()[APPLIED_TAG], format!("{GENERATION}/{}", Sha256::of(b"bundle").short()));
}
