//! Whatever call goes wrong, in whatever way, the next runs finish the job.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its input has failed")]

use std::collections::BTreeSet;
use sts_executor::account::{Account, Departing, Fault, Identity, Memory, Scope, Search};
use sts_executor::apply::{Pace, apply};
use sts_executor::plan::{self, BucketContents, Orphans, PlanOptions, PlanRefused, Target, plan_delete};
use sts_schemas::cluster::{Cluster, Hosting};
use sts_schemas::plan::{Plan, Purpose, Step};
use sts_schemas::receipt::{Outcome, StepReport};
use sts_schemas::resource::{Address, Bucket, Object, Provider, PublicAccessBlock, Resource, Role, Tags};
use sts_schemas::state::{Desired, State};

/// More runs than any of these cases needs: each may be cut by one fault only.
const RUNS: usize = 4;

fn identity() -> Identity {
    Identity {
        account: "210987654321".parse().unwrap(),
        partition: "aws".parse().unwrap(),
        caller: "arn:aws:iam::210987654321:user/admin".into(),
    }
}

fn tags() -> Tags {
    Tags::from([("openshift.io/cloud-credential-operator/blue".to_owned(), "owned".to_owned())])
}

fn policy(principal: &str) -> sts_schemas::policy::PolicyDocument {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{principal}"Action":["s3:GetObject"],"Resource":["*"]}}]}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn role(name: &str) -> Resource {
    Resource::Role(Role {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        description: "for a test".into(),
        trust: policy(r#""Principal":{"Federated":"x"},"#),
        boundary: None,
        max_session_seconds: 3600,
        tags: tags(),
        inline: [(name.to_owned(), policy("")), ("more".to_owned(), policy(""))].into(),
        attached: BTreeSet::new(),
    })
}

/// A public bucket with its two documents, a provider and two roles.
fn wanted() -> State {
    let object = |key: &str| {
        Resource::Object(Object {
            bucket: "blue-oidc".parse().unwrap(),
            key: key.into(),
            content_type: "application/json".into(),
            body: "{}".into(),
            barriers: std::collections::BTreeMap::new(),
            tags: tags(),
        })
    };
    let resources = [
        Resource::Bucket(Bucket {
            name: "blue-oidc".parse().unwrap(),
            region: "eu-north-1".parse().unwrap(),
            tags: tags(),
            public_access_block: Some(PublicAccessBlock {
                block_public_acls: true,
                ignore_public_acls: true,
                block_public_policy: false,
                restrict_public_buckets: false,
            }),
            policy: Some(policy(r#""Principal":"*","#)),
        }),
        object(".well-known/openid-configuration"),
        object("keys.json"),
        Resource::Provider(Provider {
            issuer: "https://blue-oidc.s3.eu-north-1.amazonaws.com".parse().unwrap(),
            client_ids: ["openshift".to_owned()].into(),
            thumbprints: ["0".repeat(40)].into(),
            tags: tags(),
        }),
        role("blue-one"),
        role("blue-two"),
    ];
    resources.into_iter().map(|resource| (resource.address(), resource)).collect()
}

fn scope(wanted: &State) -> Scope {
    Scope {
        cluster: "blue".parse().unwrap(),
        region: "eu-north-1".parse().unwrap(),
        wanted: wanted.keys().cloned().collect(),
        led: BTreeSet::new(),
        search: Search::Named,
        departing: Departing::Everything,
    }
}

/// The plainest plan from what is there to what is wanted; nothing wanted means to delete.
async fn plan(account: &Memory, desired: &State) -> Option<Plan> {
    let there = account.observe(&scope(&wanted())).await.ok()?.resources;
    let steps = there.keys().chain(desired.keys()).collect::<BTreeSet<_>>().into_iter().filter_map(
        |address| match (there.get(address).cloned(), desired.get(address).cloned()) {
            (None, Some(after)) => Some(Step::Create { after }),
            (Some(before), None) => Some(Step::Delete { before }),
            (Some(before), Some(after)) if before != after => {
                Some(Step::Update { before, after, changes: [].into() })
            }
            _ => None,
        },
    );
    Some(Plan {
        schema_version: sts_schemas::manifest::SchemaVersion::CURRENT,
        purpose: if desired.is_empty() { Purpose::Delete } else { Purpose::Apply },
        bundle: None,
        cluster: "blue".parse().unwrap(),
        account: identity().account,
        partition: identity().partition,
        region: "eu-north-1".parse().unwrap(),
        bound: sts_schemas::open::Bound::default(),
        open: Vec::new(),
        token_keys: Vec::new(),
        steps: steps.collect(),
        foreign: [].into(),
        orphans: Vec::new(),
        leftovers: [].into(),
        notes: Vec::new(),
    })
}

async fn run(account: &Memory, desired: &State) -> Vec<StepReport> {
    match plan(account, desired).await {
        Some(plan) => apply(account, &plan, &Pace::default(), &mut ()).await,
        None => Vec::new(),
    }
}

fn block_on<W: Future>(work: W) -> W::Output {
    sts_executor::account::Runtime::new().unwrap().block_on(work)
}

/// An account in which everything wanted stands.
async fn full() -> Memory {
    let account = Memory::new(identity());
    run(&account, &wanted()).await;
    assert_eq!(account.resources(), wanted());
    account
}

/// How many calls it takes to get from the account that `start` makes to `desired`.
async fn calls_of(start: &Memory, desired: &State) -> usize {
    let before = start.calls();
    run(start, desired).await;
    start.calls() - before
}

#[test]
fn apply_converges_after_a_fault_at_any_call() {
    block_on(async {
        let calls = calls_of(&Memory::new(identity()), &wanted()).await;
        assert!(calls >= 14, "{calls} calls make too easy a case");
        for fault in [Fault::Refused, Fault::AnswerLost] {
            for nth in 0..calls {
                let account = Memory::new(identity());
                account.fail(nth, fault);
                for _ in 0..RUNS {
                    run(&account, &wanted()).await;
                }
                assert_eq!(account.resources(), wanted(), "{fault:?} at call {nth}");
                assert!(plan(&account, &wanted()).await.unwrap().is_empty(), "{fault:?} at call {nth}");
            }
        }
    });
}

#[test]
fn delete_converges_after_a_fault_at_any_call() {
    block_on(async {
        let calls = calls_of(&full().await, &State::new()).await;
        assert!(calls >= 11, "{calls} calls make too easy a case");
        for fault in [Fault::Refused, Fault::AnswerLost] {
            for nth in 0..calls {
                let account = full().await;
                account.fail(nth, fault);
                for _ in 0..RUNS {
                    run(&account, &State::new()).await;
                }
                assert_eq!(account.resources(), State::new(), "{fault:?} at call {nth}");
            }
        }
    });
}

#[test]
fn nothing_of_a_later_rank_begins_after_a_failure_and_siblings_finish() {
    block_on(async {
        let account = Memory::new(identity());
        let plan = plan(&account, &wanted()).await.unwrap();
        // Four calls make the bucket; the fifth is one of the two objects or the provider.
        account.fail(4, Fault::Refused);
        let reports = apply(&account, &plan, &Pace::default(), &mut ()).await;
        let mut words: Vec<_> = reports
            .iter()
            .map(|report| match report.outcome {
                Outcome::Done => "done",
                Outcome::Failed { .. } => "failed",
                Outcome::UnderWay => "under way",
                Outcome::NotReached => "not reached",
            })
            .collect();
        words[1..4].sort_unstable();
        assert_eq!(words, ["done", "done", "done", "failed", "not reached", "not reached"]);
    });
}

#[test]
fn a_stop_lets_no_step_begin() {
    block_on(async {
        let account = Memory::new(identity());
        let plan = plan(&account, &wanted()).await.unwrap();
        let (pace, calls) = (Pace::default(), account.calls());
        pace.stop.request();
        let reports = apply(&account, &plan, &pace, &mut ()).await;
        assert!(reports.iter().all(|report| report.outcome == Outcome::NotReached));
        assert_eq!(account.calls(), calls);
    });
}

#[test]
fn what_appears_after_planning_and_is_not_ours_stays_as_it_is() {
    block_on(async {
        for foreign in wanted().into_values().filter(|resource| !matches!(resource, Resource::Object(_))) {
            let account = Memory::new(identity());
            let plan = plan(&account, &wanted()).await.unwrap();
            let mut foreign = foreign;
            foreign.tags_mut().clear();
            account.hold(foreign.clone());
            let reports = apply(&account, &plan, &Pace::default(), &mut ()).await;
            let at = foreign.address();
            let report = reports.iter().find(|report| report.address == at).unwrap();
            assert!(
                matches!(&report.outcome, Outcome::Failed { error } if error.contains("not the cluster's"))
            );
            assert_eq!(account.resources()[&at], foreign);
        }
    });
}

#[test]
fn an_object_that_somebody_wrote_after_planning_is_not_written_over() {
    block_on(async {
        let at: Address = "object/blue-oidc/keys.json".parse().unwrap();
        let with_body = |body: &str| match wanted().remove(&at).unwrap() {
            Resource::Object(object) => Resource::Object(Object { body: body.into(), ..object }),
            other => panic!("{other:?} is no object"),
        };
        let drifted = full().await;
        drifted.hold(with_body("drifted"));
        for account in [Memory::new(identity()), drifted] {
            let plan = plan(&account, &wanted()).await.unwrap();
            account.hold(with_body("somebody's"));
            let reports = apply(&account, &plan, &Pace::default(), &mut ()).await;
            let report = reports.iter().find(|report| report.address == at).unwrap();
            assert!(
                matches!(&report.outcome, Outcome::Failed { error } if error.contains("somebody else changed it")),
                "{report:?}"
            );
            assert_eq!(account.resources()[&at], with_body("somebody's"));
        }
    });
}

#[test]
fn tags_of_others_survive_and_strangers_are_not_seen() {
    block_on(async {
        let account = full().await;
        let at: Address = "role/blue-one".parse().unwrap();
        let mut changed = account.resources()[&at].clone();
        changed.tags_mut().insert("team".into(), "a".into());
        let mut stranger = role("blue-three");
        stranger.tags_mut().clear();
        account.hold(changed);
        account.hold(stranger.clone());
        run(&account, &State::new()).await;
        assert_eq!(account.resources().into_values().collect::<Vec<_>>(), [stranger]);
    });
}

#[test]
fn a_role_in_an_instance_profile_stops_a_delete_before_it_begins_and_outlives_a_prune() {
    block_on(async {
        let account = full().await;
        account.lend("blue-one".parse().unwrap(), "workers");
        let cluster = Cluster {
            name: "blue".parse().unwrap(),
            account: identity().account,
            partition: identity().partition,
            region: "eu-north-1".parse().unwrap(),
            hosting: Hosting::Elsewhere,
            issuer: "https://oidc.example.org".parse().unwrap(),
            former: None,
        };
        let target = Target {
            bundle: None,
            cluster: cluster.name.clone(),
            account: cluster.account.clone(),
            partition: cluster.partition,
            region: cluster.region.clone(),
            wanted: wanted().into_keys().collect(),
            contents: BucketContents::default(),
        };
        let observed = account.observe(&scope(&wanted())).await.unwrap();
        let refused = plan_delete(&target, &observed).unwrap_err();
        assert!(matches!(&refused, PlanRefused::Lent { lent } if lent.len() == 1), "{refused}");
        assert!(refused.to_string().ends_with("role/blue-one is in workers"), "{refused}");

        // Of a bundle that wants neither role, with `--prune`, and of one whose roles stay.
        let mut resources = wanted();
        resources.retain(|address, _| !matches!(address, Address::Role(_)));
        let unwanted = Scope { departing: Departing::Unwanted, ..scope(&resources) };
        let observed = account.observe(&unwanted).await.unwrap();
        let bound = sts_schemas::open::Bound::default();
        let desired = Desired { cluster, generation: 1, resources, token_keys: Vec::new(), bound };
        let options = PlanOptions { orphans: Orphans::Prune, ..PlanOptions::default() };
        let pruned = plan::plan(None, &desired, &observed, &options).unwrap();
        let gone: Vec<_> = pruned.steps.iter().map(|step| step.address().to_string()).collect();
        assert!(
            gone.contains(&"role/blue-two".into()) && !gone.contains(&"role/blue-one".into()),
            "{gone:?}"
        );
        assert_eq!(pruned.orphans, ["role/blue-one".parse().unwrap()]);
        assert!(pruned.notes.iter().any(|note| note.contains("as in workers")), "{:?}", pruned.notes);
        let staying = Scope { departing: Departing::Unwanted, ..scope(&wanted()) };
        assert!(
            account.observe(&staying).await.unwrap().lent.is_empty(),
            "nobody asks about roles that stay"
        );

        // Who lends it after the plan makes the delete fail before provider and bucket go.
        run(&account, &State::new()).await;
        let left = account.resources().into_keys().filter(|address| matches!(address, Address::Role(_)));
        assert_eq!(left.collect::<Vec<_>>(), ["role/blue-one".parse().unwrap()]);
    });
}
