//! A bundle's resources in the words of other engines, judged by tools that nobody here wrote.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use sts_tests::aws_cli::with_aws;
use sts_tests::emulator::{Emulator, python};
use sts_tests::handoff::{self, Handoff, REGION, REQUESTS};
use sts_tests::programs::{Run, command};

const LINTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/lint_template.py");
const CERTIFICATE: &str =
    "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

/// Every way to host an issuer.
const HOSTINGS: [(&str, &[&str]); 5] = [
    ("private, named by AWS", &["--create-private-s3-bucket"]),
    ("shared", SHARED),
    ("public", &[]),
    ("elsewhere", &["--issuer-url", "https://oidc.example.org/harbour"]),
    (
        "private",
        &[
            "--create-private-s3-bucket",
            "--issuer-url",
            "https://oidc.example.org",
            "--certificate-arn",
            CERTIFICATE,
        ],
    ),
];

/// A path in a bucket that others use too.
const SHARED: &[&str] = &["--bucket-name", "bystander-files", "--issuer-path", "clusters/harbour"];

fn render(story: &Handoff, format: &str) -> Run {
    let mut line = story.generator();
    line.args(["render", "--format", format, "--trusted-key", "author.key.pub"]).arg(story.bundle());
    Run::of(&mut line)
}

fn parsed(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn cloudformations_own_linter_has_nothing_to_say_about_any_template() {
    let folder = tempfile::tempdir().unwrap();
    let mut stories: Vec<_> =
        HOSTINGS.iter().map(|(name, flags)| (*name, Handoff::of(REQUESTS.as_ref(), flags))).collect();
    stories.push(("any account", Handoff::any_account()));
    let mut linter = command(&python());
    linter.args([LINTER, "--regions", REGION, "--"]);
    for (name, story) in &stories {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, render(story, "cloudformation").exits(0).stdout).unwrap();
        linter.arg(path);
    }
    let run = Run::of(&mut linter).exits(0);
    assert_eq!(run.stdout, "");
    std::fs::write(folder.path().join("wrong.json"), r#"{"Resources": {"A": {"Type": "AWS::IAM::Role"}}}"#)
        .unwrap();
    let wrong = Run::of(command(&python()).args([LINTER, "--"]).arg(folder.path().join("wrong.json")));
    assert_ne!(wrong.code, 0, "the linter does look");
}

/// The emulator makes stacks of roles and buckets; it knows neither providers, nor policies and blocks of buckets.
#[test]
fn a_stack_makes_the_roles_that_apply_would_make() {
    let emulator = Emulator::start();
    let story = Handoff::prepare();
    let template = story.path("template.json");
    std::fs::write(&template, render(&story, "cloudformation").exits(0).stdout).unwrap();
    let stack = |region: &str| {
        let mut aws = with_aws(Path::new("aws"), &emulator);
        aws.args(["cloudformation", "create-stack", "--stack-name", "harbour", "--region", region]);
        aws.args(["--capabilities", "CAPABILITY_NAMED_IAM", "--template-body"]);
        aws.arg(format!("file://{}", template.display()));
        Run::of(&mut aws)
    };
    let _ = stack(REGION).exits(0);
    let plan = story.run(emulator.address(), "plan", &["--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap_or_else(|_| panic!("{}", plan.stderr));
    let steps = plan["plan"]["steps"].as_array().unwrap();
    let differs = |step: &Value| -> BTreeSet<String> {
        let changes = step["changes"].as_object().into_iter().flatten();
        changes.map(|(setting, _)| setting.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    for step in steps {
        let (kind, action) = (step["after"]["kind"].as_str().unwrap(), step["action"].as_str().unwrap());
        let expected: (&str, &[&str]) = match kind {
            "bucket" => ("update", &["bucket policy", "public access"]),
            // The emulator keeps a stack's inline policies as Python's text of them, which is no JSON.
            "role" => ("update", &["inline policy"]),
            _ => ("create", &[]),
        };
        let expected = (expected.0, expected.1.iter().map(ToString::to_string).collect());
        assert_eq!((action, differs(step)), expected, "{step:#}");
    }
    assert_eq!(steps.len(), 11, "nothing is missing from the comparison");
    assert_eq!(handoff::account(&emulator).dump()["roles"].as_object().unwrap().len(), 7);
}

#[test]
fn terraform_gets_every_resource_with_the_bundles_own_words_and_keeps_to_its_account() {
    let story = Handoff::prepare();
    let document = parsed(&render(&story, "terraform").exits(0));
    assert_eq!(
        document["provider"]["aws"],
        json!({"region": REGION, "allowed_account_ids": [Emulator::ACCOUNT]})
    );
    let count = |kind: &str| document["resource"][kind].as_object().map_or(0, serde_json::Map::len);
    let counts = ["aws_iam_role", "aws_iam_role_policy", "aws_s3_object", "aws_s3_bucket_policy"].map(count);
    assert_eq!(counts, [7, 7, 2, 1]);
    let provider = &document["resource"]["aws_iam_openid_connect_provider"]["issuer"];
    assert_eq!(provider["url"], format!("https://harbour-oidc.s3.{REGION}.amazonaws.com"));
    let keys = document["resource"]["aws_s3_object"]["keys"]["content"].as_str().unwrap();
    assert_eq!(
        keys,
        std::fs::read_to_string(story.path("out-eu-central-1-1700000000/03-keys.json")).unwrap()
    );
}

#[test]
fn an_account_that_is_open_becomes_the_engines_reference_to_its_own() {
    let story = Handoff::any_account();
    let template = render(&story, "cloudformation").exits(0);
    assert!(template.stdout.contains("arn:aws:iam::${AWS::AccountId}:oidc-provider/"), "{}", template.stdout);
    let configuration = render(&story, "terraform").exits(0);
    assert!(configuration.stdout.contains("::${data.aws_caller_identity.current.account_id}:oidc-provider/"));
    for text in [template.stdout, configuration.stdout] {
        assert!(!text.contains("000000000001") && !text.contains("${account}"), "{text}");
    }
}

#[test]
fn an_issuer_that_aws_names_becomes_a_reference_wherever_it_stands_and_comes_back_as_an_output() {
    let any = ["--any-account", "--create-private-s3-bucket"];
    let mut open = Handoff::prepare();
    let bundle = open.create_with(&any, REGION, Path::new(REQUESTS), handoff::GENERATION + 1, &[]);
    open.take(bundle);
    let told = Handoff::of(REQUESTS.as_ref(), &["--create-private-s3-bucket"]);
    for (story, account) in [(&told, "123456789012"), (&open, "${AWS::AccountId}")] {
        let run = render(story, "cloudformation").exits(0).says("# live keys: the issuer will serve ");
        let run =
            run.says("sed \"s/\\${issuer}/$ISSUER/g\" 02-openid-configuration").says("output IssuerHost");
        let template = parsed(&run);
        for (name, role) in template["Resources"].as_object().unwrap() {
            if role["Type"] == "AWS::IAM::Role" {
                let trust = role["Properties"]["AssumeRolePolicyDocument"]["Fn::Sub"].as_str().unwrap();
                let bound = trust.replace("${IssuerDistribution.DomainName}", "d1.cloudfront.net");
                let bound: Value = serde_json::from_str(&bound).unwrap();
                let statement = &bound["Statement"][0];
                assert!(statement["Condition"]["StringEquals"]["d1.cloudfront.net:sub"].is_array(), "{name}");
                let provider = format!("arn:aws:iam::{account}:oidc-provider/d1.cloudfront.net");
                assert_eq!(statement["Principal"]["Federated"], provider, "{name}");
            }
        }
        assert_eq!(template["Outputs"]["IssuerHost"]["Value"]["Fn::GetAtt"][1], "DomainName");
        assert!(!run.stdout.contains("known-after-apply") && !run.stdout.contains("000000000001"));
    }
    let run = render(&told, "terraform").exits(0).says("`terraform output -raw issuer_host` prints:");
    let resources = &parsed(&run)["resource"];
    let host = "${aws_cloudfront_distribution.issuer.domain_name}";
    assert_eq!(resources["aws_iam_openid_connect_provider"]["issuer"]["url"], format!("https://{host}"));
    let discovery = resources["aws_s3_object"]["discovery"]["content"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(discovery).unwrap()["issuer"], format!("https://{host}"));
    assert!(!run.stdout.contains("known-after-apply"));
}

#[test]
fn an_alias_needs_a_record_to_the_distributions_host_which_is_an_output() {
    let story = Handoff::of(REQUESTS.as_ref(), HOSTINGS[4].1);
    let record = "a CNAME record from oidc.example.org to the distribution's host";
    let template = parsed(&render(&story, "cloudformation").exits(0).says(record));
    let value = &template["Outputs"]["DistributionHost"]["Value"]["Fn::GetAtt"];
    assert_eq!(value, &json!(["IssuerDistribution", "DomainName"]));
    let configuration = parsed(&render(&story, "terraform").exits(0).says(record));
    let value = &configuration["output"]["distribution_host"]["value"];
    assert_eq!(value, "${aws_cloudfront_distribution.issuer.domain_name}");
}

#[test]
fn a_bucket_of_others_keeps_its_policy_and_the_statement_is_told_to_a_person() {
    let story = Handoff::of(REQUESTS.as_ref(), SHARED);
    for (format, policy) in
        [("cloudformation", "AWS::S3::BucketPolicy"), ("terraform", "aws_s3_bucket_policy")]
    {
        let run = render(&story, format).exits(0);
        let run =
            run.says("add this statement to the policy of bucket bystander-files, beside those of others");
        let run = run.says(r#""arn:aws:s3:::bystander-files/clusters/harbour/*""#);
        assert!(!run.stdout.contains(policy) && !run.stdout.contains("\"AWS::S3::Bucket\""), "{format}");
    }
    let keys = &parsed(&render(&story, "terraform"))["resource"]["aws_s3_object"]["keys"];
    assert_eq!(
        (&keys["bucket"], &keys["key"]),
        (&json!("bystander-files"), &json!("clusters/harbour/keys.json"))
    );
}

#[test]
fn a_rendering_says_which_keys_the_issuer_will_serve_since_no_engine_looks_at_those_it_serves() {
    let story = Handoff::prepare();
    let served = std::fs::read_to_string(story.path("out-eu-central-1-1700000000/03-keys.json")).unwrap();
    let served: Value = serde_json::from_str(&served).unwrap();
    let kid = served["keys"][0]["kid"].as_str().unwrap();
    for format in ["cloudformation", "terraform"] {
        let run = render(&story, format)
            .exits(0)
            .says(&format!("# live keys: the issuer will serve {kid} and no other"));
        let _ = run
            .says("https://harbour-oidc.s3.eu-central-1.amazonaws.com/keys.json tells which it serves now");
    }
}

#[test]
fn a_bundle_that_nobody_trusted_signed_is_not_rendered() {
    let (story, other) = (Handoff::prepare(), Handoff::prepare());
    let mut line = story.generator();
    line.args(["render", "--format", "terraform", "--trusted-key"])
        .arg(other.public_key())
        .arg(story.bundle());
    assert_eq!(Run::of(&mut line).exits(3).stdout, "");
}
