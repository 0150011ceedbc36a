//! What AWS would refuse in the middle is known before the first write.

use std::path::Path;
use std::time::Duration;
use sts_tests::emulator::Emulator;
use sts_tests::guard::Guard;
use sts_tests::handoff::{self, Handoff};
use sts_tests::programs::Run;
use sts_tests::proxy::{Fault, Proxy, When};
use sts_tests::tls_proxy::TlsProxy;

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");

#[test]
fn a_block_of_public_buckets_in_the_whole_account_stops_an_apply_before_it_writes() {
    let emulator = Emulator::start();
    let at = emulator.address();
    let account = handoff::account(&emulator);
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let before = account.dump();
    for switch in ["BlockPublicPolicy", "RestrictPublicBuckets"] {
        Guard::of(at).block_public_access(&[switch]);
        let _ =
            story.run(at, "plan", &[] as &[&str]).exits(1).says("Obstacle").says(switch).shows("Obstacle: ");
        let proposal = story.run(at, "plan", &["--format", "json"]).exits(1).stdout;
        let proposal: serde_json::Value = serde_json::from_str(&proposal).unwrap();
        assert!(proposal["obstacles"][0].as_str().unwrap().contains(switch), "{proposal}");
        let _ = story.run(at, "apply", &["--yes"]).exits(1).says(switch).says("nothing was changed");
        assert_eq!(account.dump(), before, "{switch}");
    }
    let elsewhere = Handoff::of(Path::new(ONE_REQUEST), &["--issuer-url", "https://oidc.example.com"]);
    let _ = elsewhere.run(at, "apply", &["--yes"]).exits(0);
    Guard::of(at).block_public_access(&["BlockPublicAcls", "IgnorePublicAcls"]);
    let _ = elsewhere.run(at, "delete", &["--yes"]).exits(0);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    let status = || story.run(at, "status", &[] as &[&str]).exits(0);
    assert!(!status().stdout.contains("OBSTACLE"));
    Guard::of(at).block_public_access(&["RestrictPublicBuckets"]);
    let _ =
        status().shows("OBSTACLE: the bundle wants a bucket that everybody may read").shows("5 of 5 in step");
}

#[test]
fn a_look_that_aws_had_no_time_for_stops_an_apply_before_it_writes_and_one_refusal_is_asked_again() {
    const LOOKS: [&str; 2] = ["configuration/publicAccessBlock", "Action=GetAccountSummary"];
    let emulator = Emulator::start();
    Guard::of(emulator.address()).block_public_access(&["BlockPublicPolicy"]);
    let account = handoff::account(&emulator);
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let before = account.dump();
    let start = |when: When, fault| Proxy::start(emulator.address(), Duration::ZERO, vec![(when, fault)]);
    let proxy = start(When::FirstHolds(LOOKS[0].into()), Fault::Throttled);
    let _ = story.run(proxy.address(), "apply", &["--yes"]).exits(1).says("BlockPublicPolicy");
    Guard::of(emulator.address()).block_public_access(&["BlockPublicAcls"]);
    for look in LOOKS {
        for fault in [Fault::Throttled, Fault::Internal] {
            let proxy = start(When::Holds(look.into()), fault);
            let flags = ["--yes", "--call-attempts", "2"];
            let run = story.run(proxy.address(), "apply", &flags).exits(1);
            let _ = run.says("Obstacle: ").says("could not be looked at").says("nothing was changed");
            assert_eq!(account.dump(), before, "{look} {fault:?}");
            let flags = ["--format", "json", "--call-attempts", "2"];
            let run = story.run(proxy.address(), "plan", &flags).exits(1);
            let _ = run.shows("could not be looked at, so run this again");
        }
        let proxy = start(When::Holds(look.into()), Fault::Denied);
        let _ = story.run(proxy.address(), "plan", &[] as &[&str]).exits(0).says("looked at beforehand");
    }
    let text = story.run(emulator.address(), "plan", &[] as &[&str]).exits(0).stdout;
    assert!(!text.contains("Obstacle"), "{text}");
}

#[test]
fn whose_credentials_these_are_is_asked_as_often_as_all_else_where_aws_is_busy() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let throttled = (1..=4).map(|n| (When::Nth(n), Fault::Throttled)).collect();
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, throttled);
    let _ = story.run(proxy.address(), "plan", &[] as &[&str]).exits(0);
    let always = vec![(When::Holds("Action=GetCallerIdentity".into()), Fault::Throttled)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, always);
    let run = story.run(proxy.address(), "plan", &["--call-attempts", "4"]).exits(1);
    let run = run.says("AWS is busy: run the same command again later, or raise --call-attempts");
    assert!(!run.stderr.contains("HTTPS_PROXY"), "{}", run.stderr);
    assert_eq!(proxy.take_traffic().calls.len(), 4);
}

#[test]
fn a_bucket_name_that_another_account_holds_is_foreign() {
    let emulator = Emulator::start();
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let before = handoff::account(&emulator).dump();
    // The emulator shows every account's buckets to everybody; AWS denies them.
    let denied = vec![(When::Holds("location".into()), Fault::Denied)];
    let proxy = Proxy::start(emulator.address(), Duration::ZERO, denied);
    let _ = story
        .run(proxy.address(), "apply", &["--yes"])
        .exits(5)
        .says("bucket/harbour-oidc")
        .says("--bucket-name");
    assert_eq!(handoff::account(&emulator).dump(), before);
}

#[test]
fn what_iam_says_is_denied_is_told_before_anything_is_written() {
    let emulator = Emulator::start();
    let proxy = TlsProxy::start(emulator.address());
    let story = Handoff::of(Path::new(ONE_REQUEST), &[]);
    let plan = || {
        let mut plan = story.executor("plan");
        let plan = proxy.lead(&mut plan).arg("--ca-bundle").arg(proxy.root());
        Run::of(
            plan.env("AWS_PROFILE", "deployer")
                .env_remove("AWS_ACCESS_KEY_ID")
                .env_remove("AWS_SECRET_ACCESS_KEY"),
        )
    };
    std::fs::create_dir_all(story.path(".aws")).unwrap();
    std::fs::write(story.path(".aws/config"), PROFILE).unwrap();
    // The emulator has no simulator: that is said, and nothing is held against anybody.
    let _ = plan().exits(0).says("could not be looked at beforehand").says("iam:SimulatePrincipalPolicy");
    proxy.simulate(SIMULATED);
    let run = plan().exits(0).says(
        "the credentials may not iam:CreateRole on arn:aws:iam::123456789012:role/harbour-a and 1 more",
    );
    assert!(!run.stderr.contains("iam:TagRole"), "what hangs on conditions is open:\n{}", run.stderr);
}

const PROFILE: &str = "
[profile deployer]
role_arn = arn:aws:iam::123456789012:role/deployer
source_profile = base
[profile base]
aws_access_key_id = testing
aws_secret_access_key = testing
";

/// As in IAM's documentation of the call; see "Response Syntax" there.
const SIMULATED: &str = r#"<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>
<member><EvalActionName>iam:CreateRole</EvalActionName><EvalDecision>implicitDeny</EvalDecision>
<EvalResourceName>arn:aws:iam::123456789012:role/harbour-a</EvalResourceName></member>
<member><EvalActionName>iam:CreateRole</EvalActionName><EvalDecision>explicitDeny</EvalDecision>
<EvalResourceName>arn:aws:iam::123456789012:role/harbour-b</EvalResourceName></member>
<member><EvalActionName>iam:PutRolePolicy</EvalActionName><EvalDecision>allowed</EvalDecision>
<EvalResourceName>arn:aws:iam::123456789012:role/harbour-a</EvalResourceName></member>
<member><EvalActionName>iam:TagRole</EvalActionName><EvalDecision>implicitDeny</EvalDecision>
<EvalResourceName>arn:aws:iam::123456789012:role/harbour-a</EvalResourceName>
<MissingContextValues><member>aws:RequestTag/owner</member></MissingContextValues></member>
</EvaluationResults></SimulatePrincipalPolicyResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>"#;
