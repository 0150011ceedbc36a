//! Networks, proxies and ways to come by credentials: each as a person would set it, with real host names.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use sts_tests::emulator::Emulator;
use sts_tests::handoff::{self, GENERATION, Handoff};
use sts_tests::programs::Run;
use sts_tests::tls_proxy::TlsProxy;

const ONE_REQUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/one-request");

/// An emulated account behind a proxy that ends TLS, and a bundle for it.
struct Office {
    emulator: Emulator,
    proxy: TlsProxy,
    story: Handoff,
}

impl Office {
    fn open() -> Self {
        let emulator = Emulator::start();
        let proxy = TlsProxy::start(emulator.address());
        Self { proxy, emulator, story: Handoff::of(Path::new(ONE_REQUEST), &[]) }
    }

    /// The executor behind the proxy, which it trusts.
    fn executor(&self, subcommand: &str) -> Command {
        let mut command = self.story.executor(subcommand);
        self.proxy.lead(&mut command).arg("--ca-bundle").arg(self.proxy.root());
        command
    }
}

fn hosts(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_proxy_that_signs_its_own_certificates_works_once_it_is_trusted() {
    let office = Office::open();
    let refused = Run::of(office.proxy.lead(&mut office.story.executor("plan"))).exits(1);
    let _ = refused.says("certificate is not trusted").says("--ca-bundle");

    let applied = Run::of(office.executor("apply").args(["--yes", "--probe-issuer"])).exits(0);
    let _ = applied.says("The issuer serves the bundle's documents");
    let seen = office.proxy.take_hosts();
    let bucket = "harbour-oidc.s3.eu-central-1.amazonaws.com";
    for host in ["sts.eu-central-1.amazonaws.com", "iam.amazonaws.com", bucket] {
        assert!(seen.contains(host), "{host} in {seen:?}");
    }
    assert!(!handoff::account(&office.emulator).dump()["roles"].as_object().unwrap().is_empty());

    let mut by_variable = office.story.executor("plan");
    office.proxy.lead(&mut by_variable).env("AWS_CA_BUNDLE", office.proxy.root());
    let _ = Run::of(by_variable.arg("--detailed-exitcode")).exits(0);
    let _ = Run::of(office.executor("plan").env("AWS_CA_BUNDLE", "/nowhere.pem")).exits(0);
}

#[test]
fn a_file_without_certificates_is_refused_before_anything_is_sent() {
    let office = Office::open();
    let wrong = office.story.path("wrong.pem");
    std::fs::write(&wrong, "no certificate").unwrap();
    for path in [wrong.as_path(), Path::new("nowhere.pem")] {
        let mut command = office.story.executor("plan");
        let run = Run::of(office.proxy.lead(&mut command).env("AWS_CA_BUNDLE", path)).exits(1);
        let _ = run.says(path.to_str().unwrap()).says("AWS_CA_BUNDLE");
    }
    assert!(office.proxy.take_hosts().is_empty());
}

#[test]
fn what_the_issuer_serves_is_held_against_the_bundle() {
    let office = Office::open();
    let _ = Run::of(office.executor("apply").arg("--yes")).exits(0);
    // To this second bundle the same URL is somebody else's web server, and it serves another key.
    let account = handoff::account(&office.emulator);
    let elsewhere = Handoff::of(
        Path::new(ONE_REQUEST),
        &["--issuer-url", "https://harbour-oidc.s3.eu-central-1.amazonaws.com"],
    );
    let mut probe = elsewhere.executor("apply");
    office.proxy.lead(&mut probe).arg("--ca-bundle").arg(office.proxy.root());
    account.call(&serde_json::json!([["s3", "put_object",
        {"Bucket": "harbour-oidc", "Key": "keys.json", "Body": r#"{"keys":[]}"#}]]));
    let before = account.dump();
    let run = Run::of(probe.args(["--yes", "--roll-back", "--probe-issuer"])).exits(1);
    let _ = run.says("keys.json: it lacks the bundle's key").says("nothing was changed");
    assert_eq!(account.dump(), before, "AWS is told of no issuer that is not right");
}

#[test]
fn an_issuer_that_nobody_can_read_after_an_apply_leaves_a_receipt_that_is_incomplete_until_somebody_can() {
    let office = Office::open();
    let receipt = || {
        let stem = office.story.bundle().file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.gz");
        let name = format!("{stem}-receipt.json");
        let text = std::fs::read_to_string(office.story.path(&name)).unwrap();
        let receipt = serde_json::from_str::<serde_json::Value>(&text).unwrap();
        (receipt["complete"].as_bool().unwrap(), receipt["problems"].to_string())
    };
    let apply = || {
        let mut command = office.executor("apply");
        command.args(["--yes", "--probe-issuer", "--run-timeout", "20"]);
        command
    };
    office.proxy.close_to_the_public(true);
    let _ =
        Run::of(&mut apply()).exits(6).says("the account is as wanted").says("run the same command again");
    let (complete, problems) = receipt();
    assert!(!complete && problems.contains("does not serve what the bundle holds"), "{problems}");
    // Nothing is left to do but to look, and to say so where the last receipt did not.
    office.proxy.close_to_the_public(false);
    let _ = Run::of(&mut apply()).exits(0).says("Nothing to do").says("Receipt written to");
    assert_eq!(receipt(), (true, "null".to_owned()));
    let again = Run::of(&mut apply()).exits(0);
    assert!(!again.stderr.contains("Receipt written"), "{}", again.stderr);
}

#[test]
fn calls_go_to_the_endpoints_of_the_clusters_partition() {
    let office = Office::open();
    // Source of the IAM names: AWS General Reference, "IAM endpoints and quotas", and the SDK's partition data.
    for (region, iam, suffix) in [
        ("us-east-1", "iam.amazonaws.com", "amazonaws.com"),
        ("us-gov-west-1", "iam.us-gov.amazonaws.com", "amazonaws.com"),
        ("cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "amazonaws.com.cn"),
        ("us-iso-west-1", "iam.us-iso-east-1.c2s.ic.gov", "c2s.ic.gov"),
        ("us-isob-east-1", "iam.us-isob-east-1.sc2s.sgov.gov", "sc2s.sgov.gov"),
        ("eu-isoe-west-1", "iam.eu-isoe-west-1.cloud.adc-e.uk", "cloud.adc-e.uk"),
        ("us-isof-south-1", "iam.us-isof-south-1.csp.hci.ic.gov", "csp.hci.ic.gov"),
        ("eusc-de-east-1", "iam.eusc-de-east-1.amazonaws.eu", "amazonaws.eu"),
    ] {
        let bundle = office.story.create_all_in(region, Path::new(ONE_REQUEST), GENERATION, &[]);
        let mut plan = office.story.executor_on(&bundle, "plan");
        let _ = Run::of(office.proxy.lead(&mut plan).arg("--ca-bundle").arg(office.proxy.root()));
        let (sts, s3) = (format!("sts.{region}.{suffix}"), format!("harbour-oidc.s3.{region}.{suffix}"));
        let control = format!("123456789012.s3-control.{region}.{suffix}");
        let mut seen = office.proxy.take_hosts();
        assert!(seen.remove(&control), "{control} in {seen:?}");
        assert_eq!(seen, hosts(&[iam, &sts, &s3]), "{region}");
    }
}

#[test]
fn validated_endpoints_are_used_where_the_environment_asks_for_them() {
    let office = Office::open();
    let _ = Run::of(office.executor("plan").env("AWS_USE_FIPS_ENDPOINT", "true")).exits(0);
    let names = [
        "iam-fips.amazonaws.com",
        "sts-fips.eu-central-1.amazonaws.com",
        "harbour-oidc.s3-fips.eu-central-1.amazonaws.com",
        "123456789012.s3-control-fips.eu-central-1.amazonaws.com",
    ];
    assert_eq!(office.proxy.take_hosts(), hosts(&names));
}

#[test]
fn hosts_in_no_proxy_are_reached_directly() {
    let office = Office::open();
    let direct = |no_proxy: &str| {
        let mut command = office.story.executor("plan");
        handoff::with_credentials(&mut command, office.emulator.address())
            // A port where nobody listens.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("NO_PROXY", no_proxy)
            .args(["--call-attempts", "1"]);
        Run::of(&mut command)
    };
    let _ = direct("example.com").exits(1).says("there was no answer");
    let _ = direct("example.com,127.0.0.1").exits(0);
}

#[test]
fn a_proxy_that_refuses_is_named_and_is_not_taken_for_aws() {
    let office = Office::open();
    let page = "<html><h1>Blocked</h1></html>";
    let refusing = Refusing::start(page);
    let mut tunnel = office.story.executor("plan");
    office.proxy.lead(&mut tunnel).env("HTTPS_PROXY", format!("http://me:secret@{}", refusing.0));
    let run = Run::of(&mut tunnel).exits(1).says(&format!("HTTPS_PROXY is http://{}", refusing.0));
    let run = run.says("the proxy on the way lets nothing through").says("those who run the proxy");
    assert!(!run.stderr.contains("secret"), "{}", run.stderr);
    let mut plain = office.story.executor("plan");
    handoff::with_credentials(&mut plain, office.emulator.address())
        .env("HTTP_PROXY", format!("http://{}", refusing.0));
    let run = Run::of(&mut plain).exits(1).says(page).says("those who run the proxy");
    assert!(!run.stderr.contains("permission sts:"), "{}", run.stderr);
}

/// A proxy that answers whatever it is asked with 403 and a page of its own.
struct Refusing(SocketAddr);

impl Refusing {
    fn start(page: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let _ = client.read(&mut [0; 8192]);
                let length = page.len();
                let _ = write!(
                    client,
                    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
                );
            }
        });
        Self(address)
    }
}

#[test]
fn each_service_can_have_an_endpoint_of_its_own() {
    let office = Office::open();
    let mut command = office.executor("plan");
    command.env("AWS_ENDPOINT_URL_IAM", office.emulator.endpoint());
    let _ = Run::of(&mut command).exits(0).says("calls to iam go to http://127.0.0.1");
    let seen = office.proxy.take_hosts();
    assert!(
        !seen.contains("iam.amazonaws.com") && seen.contains("sts.eu-central-1.amazonaws.com"),
        "{seen:?}"
    );
    let _ = Run::of(command.env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")).exits(0);
    assert!(office.proxy.take_hosts().contains("iam.amazonaws.com"));
    let mut foreign = office.executor("plan");
    let _ =
        Run::of(foreign.env("AWS_ENDPOINT_URL_S3", "https://store.example")).exits(1).says("store.example");
}

#[test]
fn a_customers_host_in_the_domain_of_aws_is_a_strangers_and_an_endpoint_set_to_nothing_is_not_set() {
    let office = Office::open();
    let own = "sts.eu-central-1.amazonaws.com";
    for host in ["abc123.execute-api.us-east-1.amazonaws.com", "mine.s3.us-east-1.amazonaws.com"] {
        let mut plan = office.executor("plan");
        plan.env("AWS_ENDPOINT_URL", format!("https://{host}"));
        let _ =
            Run::of(&mut plan).exits(1).says(host).says("not AWS's own").says("--allow-foreign-endpoints");
        assert_eq!(office.proxy.take_hosts(), hosts(&[]), "nothing was sent");
        let run = Run::of(plan.arg("--allow-foreign-endpoints"));
        assert!(office.proxy.take_hosts().contains(host));
        if host.contains("execute-api") {
            let _ = run.says(&format!("go to https://{host}, not to AWS"));
        }
    }
    let mut plan = office.executor("plan");
    let _ = Run::of(plan.env("AWS_ENDPOINT_URL_STS", "https://sts.us-east-1.amazonaws.com")).exits(0);
    assert!(office.proxy.take_hosts().contains("sts.us-east-1.amazonaws.com"));
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"] {
        let _ = Run::of(office.executor("plan").env(variable, "")).exits(0);
        assert!(office.proxy.take_hosts().contains(own), "{variable}");
    }
}

/// Profiles of somebody who may take on the role `deployer` in several ways.
const PROFILES: &str = "
[profile base]
aws_access_key_id = testing
aws_secret_access_key = testing
[profile deployer]
role_arn = arn:aws:iam::123456789012:role/deployer
role_session_name = ticket-42
source_profile = base
[profile web]
role_arn = arn:aws:iam::123456789012:role/deployer
role_session_name = pipeline
web_identity_token_file = token
[profile process]
credential_process = cat credentials.json
[profile signed-on]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
sso_account_id = 123456789012
sso_role_name = deployer
";

#[test]
fn credentials_come_from_profiles_roles_tokens_processes_and_single_sign_on() {
    let office = Office::open();
    let write = |name: &str, text: &str| {
        let path = office.story.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(".aws/config", PROFILES);
    write("token", "a.web.token");
    write("credentials.json", r#"{"Version":1,"AccessKeyId":"testing","SecretAccessKey":"testing"}"#);
    // The SDK finds the session by the SHA-1 of the start URL.
    let session = "e8be5486177c5b5392bd9aa76563515b29358e6e";
    write(
        &format!(".aws/sso/cache/{session}.json"),
        r#"{"accessToken":"signed-on","expiresAt":"2099-01-01T00:00:00Z","region":"eu-central-1"}"#,
    );
    for (profile, caller, host) in [
        ("base", "Account 123456789012 as", None),
        ("deployer", "assumed-role/deployer/ticket-42", None),
        ("web", "assumed-role/deployer/pipeline", None),
        ("process", "Account 123456789012 as", None),
        ("signed-on", "Account 123456789012 as", Some("portal.sso.eu-central-1.amazonaws.com")),
    ] {
        let mut plan = office.executor("plan");
        plan.env("AWS_PROFILE", profile).env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        let _ = Run::of(&mut plan).exits(0).says(caller);
        let seen = office.proxy.take_hosts();
        assert!(host.is_none_or(|host| seen.contains(host)), "{profile}: {seen:?}");
    }
    let mut variables = office.executor("plan");
    variables.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    variables
        .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/deployer")
        .env("AWS_ROLE_SESSION_NAME", "cluster")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", office.story.path("token"));
    let _ = Run::of(&mut variables).exits(0).says("assumed-role/deployer/cluster");
    let mut nobody = office.executor("plan");
    nobody.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let _ = Run::of(&mut nobody).exits(1).says("no usable credentials").says("AWS_PROFILE");
    // A profile that is not there, beside files that are, and where there is none.
    let config = office.story.path(".aws/config");
    for (profile, file) in [("nope", config.to_str()), ("nope", Some("/nowhere/config")), ("", None)] {
        let mut missing = office.executor("plan");
        missing.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        missing.env("AWS_PROFILE", profile);
        if let Some(file) = file {
            missing.env("AWS_CONFIG_FILE", file);
        }
        let run = Run::of(&mut missing).exits(1).says(file.unwrap_or(config.to_str().unwrap()));
        let run =
            run.says(&format!("AWS_PROFILE names the profile {profile:?}, and there is none of that name"));
        let run = run.says(".aws/credentials (which cannot be read)").says("`aws configure list-profiles`");
        assert!(!run.stderr.contains("chain") && !run.stderr.contains("Ec2"), "{}", run.stderr);
    }
}
