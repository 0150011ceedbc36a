//! The whole way once for each hosting of the issuer, over HTTP, beside strangers that must stay as they are.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::path::Path;
use sts_tests::account::{Account, distribution_before};
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, CLUSTER, Handoff, REGION, REQUESTS, with_credentials};
use sts_tests::programs::{Run, command, program};

const OWNERSHIP: &str = "openshift.io/cloud-credential-operator/harbour";

/// All that is in the account.
fn everything(account: &Account) -> (Value, Value) {
    (account.dump(), account.fronts())
}

/// Strangers, among them a distribution of another cluster's and one in front of the bucket this one will have.
fn inhabited() -> (Emulator, Account) {
    let emulator = handoff::inhabited();
    let account = handoff::account(&emulator);
    let other = json!([{"Key": "openshift.io/cloud-credential-operator/other", "Value": "owned"}]);
    account.call(&json!([
        ["cloudfront", "create_distribution_with_tags", distribution_before("bystander-files", "", &other)],
        ["cloudfront", "create_distribution_with_tags", distribution_before("harbour-oidc", "", &other)],
        ["cloudfront", "create_origin_access_control", {"OriginAccessControlConfig": {
            "Name": "bystander-files", "Description": "somebody's", "SigningProtocol": "sigv4",
            "SigningBehavior": "always", "OriginAccessControlOriginType": "s3",
        }}],
    ]));
    (emulator, account)
}

/// Verify, plan, apply, plan, status, delete; `seen` looks at the account when all is made.
fn whole_way(flags: &[&str], emulator: &Emulator, account: &Account, seen: impl FnOnce(&Handoff, &str)) {
    let at = emulator.address();
    let before = everything(account);
    let story = Handoff::of(Path::new(REQUESTS), flags);

    let _ = Run::of(&mut story.executor("verify")).exits(0);
    let _ = Run::of(&mut story.executor("rehearse")).exits(0);
    let planned = story.run(at, "plan", &["--detailed-exitcode"]).exits(2).stdout;
    let status = story.run(at, "status", &["--detailed-exitcode"]).exits(2).stdout;
    assert!(!status.contains("known-after-apply"), "{status}");
    assert_eq!(everything(account), before, "planning writes nothing");
    let digest = planned.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap().to_owned();

    let receipt = story.path("receipt.json");
    let folder = story.path("final");
    let apply = [
        "--approve",
        &digest,
        "--receipt",
        receipt.to_str().unwrap(),
        "--output-dir",
        folder.to_str().unwrap(),
    ];
    let _ = story.run(at, "apply", &apply).exits(0);
    let applied = everything(account);
    seen(&story, &planned);
    let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(0);
    let _ = story.run(at, "status", &["--detailed-exitcode"]).exits(0);
    let _ = story.run(at, "apply", &["--yes"]).exits(0);
    assert_eq!(everything(account), applied, "applying again changes nothing");

    let _ = story.run(at, "delete", &["--yes"]).exits(0);
    assert_eq!(everything(account), before, "nothing of ours is left, and nothing else is touched");
}

/// The cluster's one distribution.
fn own(fronts: &Value) -> (String, Value) {
    let mut own = fronts["distributions"].as_object().unwrap().iter();
    let (id, found) = own.find(|(_, found)| found["tags"][OWNERSHIP] == "owned").unwrap();
    (id.clone(), found.clone())
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_private_bucket_behind_cloudfront_whose_issuer_aws_names() {
    let (emulator, account) = inhabited();
    whole_way(&["--create-private-s3-bucket"], &emulator, &account, |story, planned| {
        assert!(planned.contains("+ create provider/(known after apply)"), "{planned}");
        let (id, front) = own(&account.fronts());
        let dump = account.dump();
        let bucket = &dump["buckets"]["harbour-oidc"];
        let statement = &bucket["policy"]["Statement"][0];
        let source = format!("arn:aws:cloudfront::123456789012:distribution/{id}");
        assert_eq!(statement["Condition"]["StringEquals"]["AWS:SourceArn"], source);
        assert_eq!(statement["Principal"], json!({"Service": "cloudfront.amazonaws.com"}));
        let switches = bucket["public_access_block"].as_object().unwrap();
        assert!(switches.len() == 4 && switches.values().all(|on| *on == true), "{switches:?}");
        assert_eq!(front["viewer_protocol"], "https-only");

        let issuer = format!("https://{}", front["domain"].as_str().unwrap());
        let receipt = read_json(&story.path("receipt.json"));
        assert_eq!(receipt["bound"], json!({ "issuer": issuer }));
        let body = bucket["objects"][".well-known/openid-configuration"]["body"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(body).unwrap()["issuer"], issuer);
        let manifest = story.path("final/manifests/cluster-authentication-02-config.yaml");
        assert!(
            std::fs::read_to_string(manifest).unwrap().contains(&format!("serviceAccountIssuer: {issuer}\n"))
        );
        assert!(!dump.to_string().contains("known-after-apply"));
    });
}

#[test]
fn a_private_bucket_whose_issuer_is_an_alias() {
    let (emulator, account) = inhabited();
    let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1";
    let flags = [
        "--create-private-s3-bucket",
        "--issuer-url",
        "https://oidc.example.org",
        "--certificate-arn",
        certificate,
    ];
    whole_way(&flags, &emulator, &account, |story, planned| {
        assert!(planned.contains("+ create provider/oidc.example.org"), "{planned}");
        let front = own(&account.fronts()).1;
        assert_eq!(front["aliases"], json!(["oidc.example.org"]));
        let target = front["domain"].as_str().unwrap();
        let line = format!("oidc.example.org. CNAME {target}.");
        let record = json!({"name": "oidc.example.org", "target": target});
        assert_eq!(read_json(&story.path("receipt.json"))["dns_record"], record);
        for (command, flags) in [("apply", ["--yes"].as_slice()), ("status", &[])] {
            let told = story.run(emulator.address(), command, flags).exits(0).stdout;
            assert!(told.contains(&line), "{command}: {told}");
        }
        let review = story.path(&format!("out-{REGION}-{}/REVIEW.md", handoff::GENERATION));
        assert!(std::fs::read_to_string(review).unwrap().contains("a CNAME record at oidc.example.org"));
        assert!(read_json(&story.path("receipt.json")).get("bound").is_none(), "nothing was open");
    });
}

#[test]
fn a_path_in_a_bucket_that_is_somebody_elses() {
    let (emulator, account) = inhabited();
    let theirs = r#"{"Version":"2012-10-17","Id":"theirs","Statement":[{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bystander-files/keep.txt"}]}"#;
    account.call(&json!([["s3", "put_bucket_policy", {"Bucket": "bystander-files", "Policy": theirs}]]));
    let flags = ["--bucket-name", "bystander-files", "--issuer-path", "clusters/harbour"];
    whole_way(&flags, &emulator, &account, |_, _| {
        let dump = account.dump();
        let bucket = &dump["buckets"]["bystander-files"];
        let statements = bucket["policy"]["Statement"].as_array().unwrap();
        assert_eq!((statements.len(), &statements[0]["Sid"]), (2, &json!("Theirs")));
        assert_eq!(statements[1]["Resource"], json!(["arn:aws:s3:::bystander-files/clusters/harbour/*"]));
        let keys: Vec<_> = bucket["objects"].as_object().unwrap().keys().collect();
        let prefix = "clusters/harbour";
        let own = [format!("{prefix}/.well-known/openid-configuration"), format!("{prefix}/keys.json")];
        assert_eq!(keys, [&own[0], &own[1], "keep.txt"]);
        assert_eq!(bucket["tags"], json!({}), "a bucket of somebody else's is not marked as ours");
    });
}

#[test]
fn an_issuer_on_a_web_server_of_the_authors() {
    let (emulator, account) = inhabited();
    let buckets = account.dump()["buckets"].clone();
    let flags = ["--issuer-url", "https://oidc.example.org/harbour"];
    whole_way(&flags, &emulator, &account, |story, _| {
        let dump = account.dump();
        assert_eq!(dump["buckets"], buckets, "nothing of S3 is made");
        let provider = "arn:aws:iam::123456789012:oidc-provider/oidc.example.org/harbour";
        assert!(dump["providers"].get(provider).is_some(), "{}", dump["providers"]);
        let out = story.path(&format!("out-{REGION}-{}", handoff::GENERATION));
        let document = read_json(&out.join("02-openid-configuration"));
        assert_eq!(document["issuer"], "https://oidc.example.org/harbour");
        assert!(out.join("03-keys.json").exists());
    });
}

#[test]
fn a_bundle_for_any_account_is_bound_to_that_of_the_credentials() {
    let story = Handoff::any_account();
    for account in ["123456789012", "210987654321"] {
        let emulator = Emulator::start_as(account);
        let at = emulator.address();
        let planned = story.run(at, "plan", &["--detailed-exitcode"]).exits(2).stdout;
        assert!(planned.contains(&format!("account {account}: bound")), "{planned}");
        let receipt = story.path("receipt.json");
        let flags = ["--yes", "--receipt", receipt.to_str().unwrap()];
        let _ = story.run(at, "apply", &flags).exits(0);
        assert_eq!(read_json(&receipt)["bound"], json!({ "account": account }));
        let roles = handoff::account(&emulator).dump()["roles"].to_string();
        assert!(roles.contains(&format!("arn:aws:iam::{account}:oidc-provider/")), "{roles}");
        assert!(!roles.contains("${account}") && !roles.contains("000000000001"));
        let _ = story.run(at, "plan", &["--detailed-exitcode"]).exits(0);
        let _ = story.run(at, "delete", &["--yes"]).exits(0);
    }
}

#[test]
fn a_private_cluster_that_ccoctl_made_is_recognised_by_its_tags_and_deleted_by_name() {
    let (emulator, account) = inhabited();
    let before = everything(&account);
    let tags = json!([{"Key": OWNERSHIP, "Value": "owned"}, {"Key": "Name", "Value": CLUSTER}]);
    let identity = "origin-access-identity/cloudfront/E2QWRUHAPOMQZL";
    account.call(&json!([
        ["s3", "create_bucket",
            {"Bucket": "harbour-oidc", "CreateBucketConfiguration": {"LocationConstraint": REGION}}],
        ["s3", "put_bucket_tagging", {"Bucket": "harbour-oidc", "Tagging": {"TagSet": tags}}],
        ["s3", "put_object", {"Bucket": "harbour-oidc", "Key": "keys.json", "Body": "{}"}],
        ["cloudfront", "create_distribution_with_tags", {
            "DistributionConfigWithTags": ccoctl_distribution(identity, &tags),
        }],
    ]));
    let front = own(&account.fronts()).1;
    let url = format!("https://{}", front["domain"].as_str().unwrap());
    account.call(&json!([["iam", "create_open_id_connect_provider", {
        "Url": url, "ClientIDList": ["openshift"], "ThumbprintList": ["0".repeat(40)], "Tags": tags,
    }]]));
    let story = Handoff::of(Path::new(REQUESTS), &[]);
    let mut delete = command(&program("sts-executor"));
    delete.current_dir(story.path("")).env("HOME", story.path(""));
    delete.args(["delete", "--name", CLUSTER, "--region", REGION, "--yes"]);
    let _ = Run::of(with_credentials(&mut delete, emulator.address())).exits(0);
    assert_eq!(everything(&account), before);
}

fn ccoctl_distribution(identity: &str, tags: &Value) -> Value {
    let mut made = distribution_before("harbour-oidc", identity, tags)["DistributionConfigWithTags"].take();
    made["DistributionConfig"]["CallerReference"] = CLUSTER.into();
    made
}
