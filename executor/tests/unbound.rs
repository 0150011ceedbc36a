//! An issuer that AWS does not name is written nowhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its input has failed")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use sts_executor::account::{
    Account, AccountError, Departing, Deployment, Identity, Memory, Runtime, Scope, Search,
};
use sts_executor::apply::{Pace, Settling, Staged, apply, apply_in_stages};
use sts_executor::plan::{Orphans, PlanOptions, plan};
use sts_schemas::bundle::{Expiry, UnverifiedBundle};
use sts_schemas::contents::Contents;
use sts_schemas::open::{Bound, open_issuer};
use sts_schemas::plan::{Plan, Step};
use sts_schemas::receipt::Outcome;
use sts_schemas::resource::{Address, Bucket, Distribution, Resource};
use sts_schemas::signature::{PublicKey, TrustStore};
use sts_schemas::state::{Leftovers, Observed};

const STAND_IN: &str = "known-after-apply.invalid";

fn identity() -> Identity {
    Identity {
        account: "123456789012".parse().unwrap(),
        partition: "aws".parse().unwrap(),
        caller: "arn:aws:iam::123456789012:user/admin".into(),
    }
}

/// A bundle with an open issuer, bound to the account.
fn contents() -> Contents {
    let vectors = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors"));
    let bundle = std::fs::read(vectors.join("all-open/bundle.tar.gz")).unwrap();
    let key = std::fs::read_to_string(vectors.join("trusted.pub")).unwrap();
    let trust = TrustStore::new(vec![PublicKey::from_pem(&key).unwrap()], NonZeroUsize::MIN).unwrap();
    let bundle =
        UnverifiedBundle::new(bundle.as_slice()).verify(&trust, Expiry::Enforced(1_700_000_000)).unwrap();
    bundle.bind(&Bound { account: Some(identity().account), issuer: None }).unwrap()
}

async fn look(account: &dyn Account, contents: &Contents) -> Observed {
    let scope = Scope {
        cluster: contents.desired.cluster.name.clone(),
        region: contents.desired.cluster.region.clone(),
        wanted: contents.desired.resources.keys().cloned().collect(),
        led: [].into(),
        search: Search::Named,
        departing: Departing::Nothing,
    };
    account.observe(&scope).await.unwrap()
}

async fn planned(account: &dyn Account, contents: &Contents, options: &PlanOptions) -> Plan {
    plan(None, &contents.desired, &look(account, contents).await, options).unwrap()
}

/// An account whose distributions nobody can look at once they are made.
struct Forgetful(Memory);

#[async_trait::async_trait(?Send)]
impl Account for Forgetful {
    fn identity(&self) -> &Identity {
        self.0.identity()
    }

    async fn observe(&self, scope: &Scope) -> Result<Observed, AccountError> {
        self.0.observe(scope).await
    }

    async fn put(&self, before: Option<&Resource>, after: &Resource) -> Result<(), AccountError> {
        self.0.put(before, after).await
    }

    async fn empty(
        &self,
        bucket: &Bucket,
        seen: &Leftovers,
        besides: &BTreeSet<String>,
    ) -> Result<(), AccountError> {
        self.0.empty(bucket, seen, besides).await
    }

    async fn remove(&self, before: &Resource) -> Result<(), AccountError> {
        self.0.remove(before).await
    }

    async fn deployment(&self, _: &Distribution) -> Result<Option<Deployment>, AccountError> {
        Ok(None)
    }

    async fn disable(&self, distribution: &Distribution) -> Result<(), AccountError> {
        self.0.disable(distribution).await
    }
}

fn written(account: &Memory) -> String {
    serde_json::to_string(&account.resources().values().collect::<Vec<_>>()).unwrap()
}

async fn staged(account: &dyn Account, plan: &Plan, contents: &Contents) -> Staged {
    apply_in_stages(account, plan, Some(contents), (&Pace::default(), &Settling::default()), &mut ()).await
}

fn block_on<W: Future>(work: W) -> W::Output {
    Runtime::new().unwrap().block_on(work)
}

#[test]
fn nothing_behind_a_distribution_that_is_not_to_be_seen_is_written() {
    block_on(async {
        let (account, contents) = (Forgetful(Memory::new(identity())), contents());
        let plan = planned(&account, &contents, &PlanOptions::default()).await;
        let staged = staged(&account, &plan, &contents).await;
        assert!(staged.problems[0].contains("gone, or not to be seen yet"), "{:?}", staged.problems);
        for step in &staged.steps {
            let comes_first = ["bucket/", "origin-access-control/", "distribution/"];
            let is_first = comes_first.iter().any(|kind| step.address.to_string().starts_with(kind));
            assert_eq!(step.outcome, if is_first { Outcome::Done } else { Outcome::NotReached }, "{step:?}");
        }
        assert!(!written(&account.0).contains(STAND_IN));
        assert_eq!(staged.contents.unwrap().desired.cluster.issuer, open_issuer());
    });
}

#[test]
fn a_step_that_holds_a_stand_in_never_goes_to_an_account() {
    block_on(async {
        let (account, contents) = (Memory::new(identity()), contents());
        let plan = planned(&account, &contents, &PlanOptions::default()).await;
        for step in &plan.steps {
            let Step::Create { after } = step else { continue };
            let is_open = serde_json::to_string(after).unwrap().contains(STAND_IN);
            let one = Plan { steps: vec![step.clone()], ..plan.clone() };
            let before = account.resources();
            let report = apply(&account, &one, &Pace::default(), &mut ()).await.remove(0);
            let refused = matches!(&report.outcome, Outcome::Failed { error } if error.contains("issuer is not known yet"));
            assert_eq!(refused, is_open, "{report:?}");
            assert!(!is_open || account.resources() == before, "{report:?}");
        }
    });
}

#[test]
fn what_an_earlier_fault_made_of_a_stand_in_is_never_in_step() {
    block_on(async {
        let (account, contents) = (Memory::new(identity()), contents());
        let desired = &contents.desired.resources;
        for resource in desired.values().filter(|resource| !matches!(resource, Resource::Distribution(_))) {
            account.hold(resource.clone());
        }
        let provider: Address = format!("provider/{STAND_IN}").parse().unwrap();
        for orphans in [Orphans::Keep, Orphans::Prune] {
            let options = PlanOptions { orphans, ..PlanOptions::default() };
            let plan = planned(&account, &contents, &options).await;
            assert_eq!(plan.orphans, std::slice::from_ref(&provider));
            let is_open = |resource: &Resource| serde_json::to_string(resource).unwrap().contains(STAND_IN);
            for (address, _) in desired.iter().filter(|(_, resource)| is_open(resource)) {
                assert!(plan.steps.iter().any(|step| step.address() == *address), "{address}");
            }
        }
        let plan = planned(&account, &contents, &PlanOptions::default()).await;
        let staged = staged(&account, &plan, &contents).await;
        assert!(staged.steps.iter().all(|step| step.outcome == Outcome::Done), "{:?}", staged.steps);
        let bound = staged.contents.unwrap();
        let found = account.resources();
        for (address, wanted) in &bound.desired.resources {
            assert!(matches!(wanted, Resource::Distribution(_)) || found.contains_key(address), "{address}");
            assert!(!serde_json::to_string(&found[address]).unwrap().contains(STAND_IN), "{address}");
        }
        let pruned = PlanOptions { orphans: Orphans::Prune, ..PlanOptions::default() };
        let mut scope = bound.clone();
        scope.desired.resources.insert(provider.clone(), desired[&provider].clone());
        let seen = look(&account, &scope).await;
        let plan = plan_of(&bound, &seen, &pruned);
        assert_eq!(plan.steps.iter().map(Step::address).collect::<Vec<_>>(), [provider]);
    });
}

fn plan_of(contents: &Contents, observed: &Observed, options: &PlanOptions) -> Plan {
    plan(None, &contents.desired, observed, options).unwrap()
}
