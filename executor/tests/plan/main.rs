//! What a plan says for every way an account can stand to a bundle.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod applied;
mod state;

use state::{
    BUCKET, KEYS, OWNERSHIP, PROVIDER, ROLE, address, applied, bucket, changed, changed_role, desired, empty,
    object, policy, provider, role, role_of,
};
use std::collections::{BTreeMap, BTreeSet};
use sts_executor::plan::{
    BucketContents, Orphans, PlanOptions, PlanRefused, Target, compared, plan, plan_delete,
};
use sts_schemas::digest::Sha256;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::resource::{Bucket, Resource, Role, Tags};
use sts_schemas::state::{Leftovers, Observed, Unseen};

fn planned(observed: &Observed) -> Plan {
    planned_with(observed, &PlanOptions::default())
}

fn planned_with(observed: &Observed, options: &PlanOptions) -> Plan {
    plan(Some(&Sha256::of(b"bundle")), &desired(), observed, options).unwrap()
}

fn doomed(observed: &Observed) -> Result<Plan, PlanRefused> {
    plan_delete(&Target::of_bundle(&Sha256::of(b"bundle"), &desired()), observed)
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.verb(), step.address())).collect()
}

/// The one update of a plan that must hold nothing else.
fn only_update(plan: &Plan) -> (&Resource, BTreeMap<&str, (bool, bool)>) {
    let [Step::Update { after, changes, .. }] = plan.steps.as_slice() else { panic!("{:?}", steps(plan)) };
    let sides = |change: &sts_schemas::plan::Change| (change.old.is_some(), change.new.is_some());
    (after, changes.iter().map(|(name, change)| (name.as_str(), sides(change))).collect())
}

#[test]
fn in_an_empty_account_everything_is_created_in_the_order_of_addresses() {
    let plan = planned(&empty());
    let all = [BUCKET, KEYS, PROVIDER, ROLE].map(|at| format!("create {at}"));
    assert_eq!(steps(&plan), all);
}

#[test]
fn an_account_in_step_needs_nothing() {
    let plan = planned(&applied());
    assert!(plan.is_empty() && plan.foreign.is_empty() && plan.orphans.is_empty() && plan.notes.is_empty());
}

#[test]
fn every_setting_that_drifts_is_named_and_put_right() {
    type Drift = (&'static str, fn(&mut Resource), &'static str, (bool, bool));
    let drifts: [Drift; 11] = [
        (BUCKET, |r| bucket(r).policy = None, "bucket policy", (false, true)),
        (BUCKET, |r| bucket(r).public_access_block = None, "public access block", (false, true)),
        (KEYS, |r| object(r).body = r#"{"keys":[1]}"#.into(), "content", (true, true)),
        (KEYS, |r| object(r).content_type = "text/plain".into(), "content type", (true, true)),
        (KEYS, |r| object(r).tags.clear(), "tag Name", (false, true)),
        (PROVIDER, |r| provider(r).client_ids.extend(["x".into()]), "client ids", (true, true)),
        (ROLE, |r| role_of(r).trust = policy(&["sts:AssumeRole"]), "trust policy", (true, true)),
        (ROLE, |r| role_of(r).description.clear(), "description", (true, true)),
        (ROLE, |r| role_of(r).max_session_seconds = 7200, "maximum session", (true, true)),
        (ROLE, |r| role_of(r).inline.clear(), "inline policy demo-ingress", (false, true)),
        (ROLE, |r| drop(r.tags_mut().insert("Name".into(), "x".into())), "tag Name", (true, true)),
    ];
    for (at, drift, setting, sides) in drifts {
        let observed = changed(at, drift);
        let plan = planned(&observed);
        let (after, changes) = only_update(&plan);
        assert_eq!(changes.get(setting), Some(&sides), "{at} {setting}: {changes:?}");
        assert_eq!(after, &desired().resources[&address(at)], "{at} {setting}");
    }
}

#[test]
fn policies_and_a_boundary_that_nobody_asked_for_are_shown_as_going() {
    let observed = changed_role(|role| {
        role.inline.insert("extra".into(), policy(&["iam:*"]));
        role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".into());
        role.boundary = Some("arn:aws:iam::123456789012:policy/b".parse().unwrap());
    });
    let plan = planned(&observed);
    let (after, changes) = only_update(&plan);
    let going = ["attached policies", "inline policy extra", "permissions boundary"];
    assert_eq!(changes, going.map(|name| (name, (true, false))).into());
    assert_eq!(after, &desired().resources[&address(ROLE)]);
}

#[test]
fn tags_that_somebody_added_are_no_drift_and_outlive_an_update() {
    let tagged = |role: &mut Role| drop(role.tags.insert("cost-centre".into(), "7".into()));
    assert!(planned(&changed_role(tagged)).is_empty());
    let plan = planned(&changed_role(|role| {
        tagged(role);
        role.description.clear();
    }));
    let (after, changes) = only_update(&plan);
    assert_eq!(changes.into_keys().collect::<Vec<_>>(), ["description"]);
    assert_eq!(after.tags()["cost-centre"], "7");
}

#[test]
fn thumbprints_that_aws_filled_in_are_kept_but_wanted_ones_are_set() {
    let filled = changed(PROVIDER, |r| provider(r).thumbprints.extend(["a".repeat(40)]));
    assert!(planned(&filled).is_empty());
    let mut desired = desired();
    provider(desired.resources.get_mut(&address(PROVIDER)).unwrap()).thumbprints.insert("b".repeat(40));
    let plan = plan(None, &desired, &filled, &PlanOptions::default()).unwrap();
    assert_eq!(only_update(&plan).1.into_keys().collect::<Vec<_>>(), ["thumbprints"]);
}

#[test]
fn anything_foreign_at_a_wanted_address_stops_the_whole_plan_and_is_named() {
    let mut observed = empty();
    let mut foreign = role("demo-ingress");
    foreign.tags.remove(OWNERSHIP);
    observed.resources.insert(address(ROLE), Resource::Role(foreign));
    observed.taken.insert(address(BUCKET));
    let plan = planned(&observed);
    assert!(plan.steps.is_empty());
    let held_up = format!("Held up behind what is not the cluster's: create {KEYS}, create {PROVIDER}. ");
    assert!(plan.notes.iter().any(|note| note.starts_with(&held_up)), "{:?}", plan.notes);
    assert_eq!(plan.foreign.keys().map(ToString::to_string).collect::<Vec<_>>(), [BUCKET, ROLE]);
    assert!(plan.foreign[&address(ROLE)].contains(OWNERSHIP), "{plan:?}");
}

#[test]
fn a_resource_of_another_cluster_is_foreign() {
    let observed = changed_role(|role| {
        role.tags = Tags::from([("openshift.io/cloud-credential-operator/other".into(), "owned".into())]);
    });
    assert!(planned(&observed).foreign.contains_key(&address(ROLE)));
    let shared = changed_role(|role| drop(role.tags.insert(OWNERSHIP.into(), "shared".into())));
    assert!(planned(&shared).foreign[&address(ROLE)].contains("shared"));
}

#[test]
fn an_adopted_resource_gets_the_tags_and_a_note() {
    let observed = changed_role(|role| role.tags.clear());
    let options = PlanOptions { adopt: BTreeSet::from([address(ROLE)]), ..PlanOptions::default() };
    let plan = planned_with(&observed, &options);
    let (after, changes) = only_update(&plan);
    assert!(changes.contains_key(format!("tag {OWNERSHIP}").as_str()));
    assert!(after.is_owned_by(&"demo".parse().unwrap()));
    assert!(plan.foreign.is_empty() && plan.notes.iter().any(|note| note.contains(ROLE)), "{plan:?}");
}

#[test]
fn what_another_account_holds_cannot_be_adopted() {
    let observed = Observed { taken: BTreeSet::from([address(BUCKET)]), ..empty() };
    let options = PlanOptions { adopt: BTreeSet::from([address(BUCKET)]), ..PlanOptions::default() };
    let plan = planned_with(&observed, &options);
    assert!(plan.steps.is_empty() && plan.foreign.contains_key(&address(BUCKET)));
}

#[test]
fn adopting_what_the_bundle_does_not_want_is_refused() {
    let stray = address("role/somebody-elses");
    let options = PlanOptions { adopt: BTreeSet::from([stray.clone()]), ..PlanOptions::default() };
    let refused = plan(None, &desired(), &applied(), &options).unwrap_err();
    assert_eq!(refused, PlanRefused::AdoptUnwanted { addresses: vec![stray] });
}

#[test]
fn a_bucket_that_a_cut_off_run_left_bare_is_taken_over() {
    let bare = Resource::Bucket(Bucket {
        name: "demo-oidc".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        tags: Tags::new(),
        public_access_block: None,
        policy: None,
    });
    let mut observed = empty();
    observed.resources.insert(address(BUCKET), bare);
    let plan = planned(&observed);
    assert_eq!(steps(&plan)[0], format!("update {BUCKET}"));
    assert!(plan.notes.iter().any(|note| note.contains(BUCKET)));
    assert_eq!(steps(&doomed(&observed).unwrap()), [format!("delete {BUCKET}")]);

    let left = Leftovers { keys: vec!["photo.jpg".into()], count: 1, ..Leftovers::default() };
    observed.leftovers.insert("demo-oidc".parse().unwrap(), left);
    assert!(planned(&observed).foreign.contains_key(&address(BUCKET)), "somebody uses it");
    let doomed = doomed(&observed).unwrap();
    assert!(doomed.is_empty() && doomed.foreign.contains_key(&address(BUCKET)));
}

#[test]
fn a_document_that_lost_its_tags_in_the_clusters_own_bucket_is_drift_and_elsewhere_foreign() {
    let untagged = changed(KEYS, |resource| resource.tags_mut().clear());
    assert_eq!(steps(&planned(&untagged)), [format!("update {KEYS}")]);
    let mut elsewhere = untagged;
    elsewhere.resources.get_mut(&address(BUCKET)).unwrap().tags_mut().clear();
    assert!(planned(&elsewhere).foreign.contains_key(&address(KEYS)));
}

#[test]
fn orphans_are_listed_and_removed_only_when_asked_for() {
    let orphan = address("role/demo-old");
    let mut observed = applied();
    observed.resources.insert(orphan.clone(), Resource::Role(role("demo-old")));
    let mut stranger = role("demo-stranger");
    stranger.tags.clear();
    observed.resources.insert(address("role/demo-stranger"), Resource::Role(stranger));
    let kept = planned(&observed);
    assert!(kept.is_empty());
    assert_eq!(kept.orphans, [orphan]);
    let pruned = planned_with(&observed, &PlanOptions { orphans: Orphans::Prune, ..PlanOptions::default() });
    assert_eq!(steps(&pruned), ["delete role/demo-old"]);
    assert!(pruned.orphans.is_empty());
}

#[test]
fn an_orphaned_bucket_with_strangers_in_it_is_not_pruned() {
    let mut observed = applied();
    let mut old = desired().resources[&address(BUCKET)].clone();
    bucket(&mut old).name = "demo-old".parse().unwrap();
    observed.resources.insert(old.address(), old);
    observed.leftovers.insert(
        "demo-old".parse().unwrap(),
        Leftovers { keys: vec!["x".into()], count: 1, ..Leftovers::default() },
    );
    let plan = planned_with(&observed, &PlanOptions { orphans: Orphans::Prune, ..PlanOptions::default() });
    assert!(plan.is_empty() && plan.orphans == [address("bucket/demo-old")] && !plan.notes.is_empty());
}

/// A bucket, its document and its provider, of an older bundle.
fn with_an_older_issuer() -> Observed {
    let mut observed = applied();
    let mut old_bucket = desired().resources[&address(BUCKET)].clone();
    bucket(&mut old_bucket).name = "demo-old".parse().unwrap();
    let mut old_keys = desired().resources[&address(KEYS)].clone();
    object(&mut old_keys).bucket = "demo-old".parse().unwrap();
    // A document that lost its tags is the cluster's as long as its bucket is.
    old_keys.tags_mut().clear();
    let mut old_provider = desired().resources[&address(PROVIDER)].clone();
    provider(&mut old_provider).issuer = "https://demo-old.s3.eu-west-1.amazonaws.com".parse().unwrap();
    let old = [old_bucket, old_keys, old_provider];
    observed.resources.extend(old.into_iter().map(|resource| (resource.address(), resource)));
    observed
}

#[test]
fn an_older_issuer_is_pruned_whole_and_kept_whole_where_its_bucket_must_stay() {
    const OLD: [&str; 3] =
        ["bucket/demo-old", "object/demo-old/keys.json", "provider/demo-old.s3.eu-west-1.amazonaws.com"];
    let prune = PlanOptions { orphans: Orphans::Prune, ..PlanOptions::default() };
    let observed = with_an_older_issuer();
    assert_eq!(planned(&observed).orphans, OLD.map(address));
    assert_eq!(steps(&planned_with(&observed, &prune)), OLD.map(|at| format!("delete {at}")));

    let mut full = with_an_older_issuer();
    let left = Leftovers { keys: vec!["x".into()], count: 1, ..Leftovers::default() };
    full.leftovers.insert("demo-old".parse().unwrap(), left);
    let plan = planned_with(&full, &prune);
    assert!(plan.is_empty() && plan.orphans == OLD.map(address), "{plan:?}");

    let mut veiled = with_an_older_issuer();
    veiled.resources.retain(|at, _| !OLD[..2].contains(&at.to_string().as_str()));
    veiled.unseen.insert(address(OLD[0]), Unseen::Denied);
    let plan = planned_with(&veiled, &prune);
    assert!(
        plan.is_empty() && plan.orphans == [address(OLD[2])],
        "the one lead to the bucket stays: {plan:?}"
    );
    assert!(plan.notes.iter().any(|note| note.contains("it leads to bucket/demo-old")), "{:?}", plan.notes);
}

#[test]
fn what_cannot_be_changed_is_compared_all_the_same() {
    let observed = changed_role(|role| role.path = "/old/".parse().unwrap());
    let found = compared(&desired(), &observed, &PlanOptions::default()).unwrap();
    assert_eq!(found.immovable.len(), 1);
    assert!(
        matches!(&found.steps[&address(ROLE)], Step::Update { changes, .. } if changes.contains_key("path"))
    );
}

#[test]
fn another_account_or_partition_is_refused_for_apply_and_delete() {
    let others = [
        Observed { account: "999999999999".parse().unwrap(), ..applied() },
        Observed { partition: "aws-us-gov".parse().unwrap(), ..applied() },
    ];
    for observed in others {
        let refused = plan(None, &desired(), &observed, &PlanOptions::default()).unwrap_err();
        assert!(matches!(refused, PlanRefused::WrongAccount { .. }));
        let text = refused.to_string();
        assert!(text.contains("123456789012") && text.contains(observed.account.as_str()), "{text}");
        assert!(matches!(doomed(&observed), Err(PlanRefused::WrongAccount { .. })));
    }
}

#[test]
fn settings_that_aws_cannot_change_are_refused_all_at_once() {
    let mut observed = changed_role(|role| role.path = "/old/".parse().unwrap());
    let moved = observed.resources.get_mut(&address(BUCKET)).unwrap();
    bucket(moved).region = "us-east-1".parse().unwrap();
    let text = plan(None, &desired(), &observed, &PlanOptions::default()).unwrap_err().to_string();
    for part in [BUCKET, "us-east-1", "eu-west-1", ROLE, "/old/"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn delete_takes_all_that_is_owned_and_leaves_and_lists_the_rest() {
    let mut observed = applied();
    observed.resources.insert(address("role/demo-old"), Resource::Role(role("demo-old")));
    observed.resources.get_mut(&address(ROLE)).unwrap().tags_mut().clear();
    let plan = doomed(&observed).unwrap();
    assert_eq!(steps(&plan), [BUCKET, KEYS, PROVIDER, "role/demo-old"].map(|at| format!("delete {at}")));
    assert_eq!(plan.foreign.into_keys().collect::<Vec<_>>(), [address(ROLE)]);
    assert!(doomed(&empty()).unwrap().is_empty());
}

#[test]
fn delete_stops_where_the_cluster_is_in_another_region_than_was_named() {
    let mut observed = applied();
    bucket(observed.resources.get_mut(&address(BUCKET)).unwrap()).region = "us-west-2".parse().unwrap();
    let text = doomed(&observed).unwrap_err().to_string();
    assert!(text.contains("us-west-2") && text.contains("eu-west-1"), "{text}");
}

#[test]
fn delete_is_refused_whole_while_a_bucket_holds_what_nobody_asked_for() {
    let mut observed = applied();
    let left = Leftovers { keys: vec!["backup.tar".into()], count: 3, ..Leftovers::default() };
    observed.leftovers.insert("demo-oidc".parse().unwrap(), left);
    let text = doomed(&observed).unwrap_err().to_string();
    assert!(text.contains("backup.tar") && text.contains("delete markers: 3"), "{text}");
    assert!(planned(&observed).is_empty(), "to apply, they are in nobody's way");
}

#[test]
fn a_bucket_that_may_be_emptied_is_emptied_before_it_goes() {
    let mut observed = applied();
    let left = Leftovers { keys: vec!["backup.tar".into()], count: 3, ..Leftovers::default() };
    observed.leftovers.insert("demo-oidc".parse().unwrap(), left.clone());
    let target = Target::of_bundle(&Sha256::of(b"bundle"), &desired());
    let plan = plan_delete(&Target { contents: BucketContents::Remove, ..target }, &observed).unwrap();
    assert_eq!(steps(&plan)[..2], ["empty", "delete"].map(|verb| format!("{verb} {BUCKET}")));
    assert!(matches!(&plan.steps[0], Step::Empty { leftovers, .. } if *leftovers == left));
}

#[test]
fn an_object_of_which_only_old_versions_are_left_still_goes_with_its_bucket() {
    let mut observed = applied();
    observed.resources.remove(&address(KEYS));
    observed.remains.insert(address(KEYS));
    let plan = doomed(&observed).unwrap();
    assert_eq!(steps(&plan)[..2], [BUCKET, KEYS].map(|at| format!("delete {at}")));
    let mut without_tags = observed.clone();
    for resource in without_tags.resources.values_mut() {
        resource.tags_mut().clear();
    }
    assert!(doomed(&without_tags).unwrap().is_empty(), "remains make nothing the cluster's");
    assert_eq!(steps(&planned(&observed)), [format!("create {KEYS}")]);
}

#[test]
fn the_digest_is_the_same_for_the_same_and_another_for_anything_else() {
    let digest = planned(&empty()).digest();
    assert_eq!(digest, planned(&empty()).digest());
    let others = [
        plan(Some(&Sha256::of(b"other")), &desired(), &empty(), &PlanOptions::default()).unwrap(),
        planned(&applied()),
        planned(&changed_role(|role| role.description = "a".into())),
        planned(&changed_role(|role| role.description = "b".into())),
        doomed(&applied()).unwrap(),
        doomed(&changed_role(|role| role.description = "a".into())).unwrap(),
    ];
    let mut digests: BTreeSet<_> = others.iter().map(Plan::digest).collect();
    digests.insert(digest);
    assert_eq!(digests.len(), others.len() + 1);
}
