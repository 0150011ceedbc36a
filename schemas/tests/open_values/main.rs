//! What a bundle may leave open, and that what takes the open place is checked and can inject nothing.

#[cfg(test)]
mod files;

use files::{bound, cluster, files, open, read};
use serde_json::json;
use sts_schemas::cluster::Cluster;
use sts_schemas::layout;
use sts_schemas::open::{BindError, OpenValue};
use sts_schemas::resource::{Address, CACHING_DISABLED};

#[test]
fn a_bundle_with_everything_open_is_read_and_bound_in_one_step_or_two() {
    let contents = read(&open(), &files()).unwrap();
    assert_eq!(contents.desired.cluster.open(), OpenValue::ALL);
    let all = bound(Some("123456789012"), Some("https://d111.cloudfront.net"));
    let at_once = contents.bind(&all).unwrap();
    assert!(at_once.desired.cluster.open().is_empty());
    let account = contents.bind(&bound(Some("123456789012"), None)).unwrap();
    assert_eq!(account.desired.cluster.open(), [OpenValue::Issuer]);
    let then_issuer = account.bind(&bound(None, Some("https://d111.cloudfront.net"))).unwrap();
    assert_eq!(then_issuer.desired, at_once.desired);
    assert_eq!(then_issuer.desired.bound, all);

    let provider: Address = "provider/d111.cloudfront.net".parse().unwrap();
    assert!(at_once.desired.resources.contains_key(&provider));
    let text = format!("{:?} {:?}", at_once.desired, at_once.installer_manifests);
    for left in ["${account}", "${issuer}", "000000000001", "known-after-apply"] {
        assert!(!text.contains(left), "{left}");
    }
    assert!(text.contains("role_arn = arn:aws:iam::123456789012:role/demo-openshift-ingress"));
}

#[test]
fn a_value_that_does_not_fit_is_not_bound() {
    let contents = read(&open(), &files()).unwrap();
    for issuer in ["https://oidc.example.org", "https://a.b.cloudfront.net", "https://d1.cloudfront.net/x"] {
        let refused = contents.bind(&bound(Some("123456789012"), Some(issuer))).unwrap_err();
        assert!(matches!(refused, BindError::Unfit(_)), "{issuer}: {refused}");
    }
    let known = contents.bind(&bound(Some("123456789012"), None)).unwrap();
    let refused = known.bind(&bound(Some("210987654321"), None)).unwrap_err().to_string();
    assert_eq!(refused, "the bundle's account is 123456789012, and 210987654321 was given");
    let stand_in = contents.bind(&bound(Some("000000000001"), None)).unwrap_err();
    assert!(matches!(stand_in, BindError::Unfit(_)), "{stand_in}");
}

#[test]
fn a_token_that_the_manifest_does_not_declare_is_refused_where_it_stands() {
    let declared = cluster("123456789012", "https://${issuer}").unwrap();
    let problems = read(&declared, &files()).unwrap_err().to_string();
    assert!(problems.contains("05-0-x-role.json: ${account} stands in it"), "{problems}");
    assert!(!problems.contains("${issuer} stands in it"), "{problems}");
}

#[test]
fn a_stand_in_cannot_be_written_to_slip_past_the_check() {
    for (file, token, stand_in) in [
        ("05-0-x-role.json", "${account}", "000000000001"),
        (layout::AUTHENTICATION, "${issuer}", "known-after-apply.invalid"),
    ] {
        let mut files = files();
        let text = String::from_utf8(files[file].clone()).unwrap().replace(token, stand_in);
        files.insert(file.into(), text.into_bytes());
        let problems = read(&open(), &files).unwrap_err().to_string();
        assert!(problems.contains(&format!("{file}: {stand_in:?} is kept for an open")), "{problems}");
    }
}

#[test]
fn what_is_wrong_is_told_in_the_words_of_the_files_and_once() {
    let mut files = files();
    let role = "05-0-x-role.json";
    let text = String::from_utf8(files[role].clone()).unwrap();
    files.insert(
        role.into(),
        text.replace("oidc-provider/${issuer}", "oidc-provider/x.example.org").into_bytes(),
    );
    let problems = read(&open(), &files).unwrap_err();
    let wanted = "must name the provider arn:aws:iam::${account}:oidc-provider/${issuer} and nobody else";
    assert!(problems.to_string().contains(wanted), "{problems}");
    assert!(!problems.to_string().contains("000000000001"), "{problems}");
    let mut once = problems.0.clone();
    once.dedup();
    assert_eq!(once, problems.0);
}

#[test]
fn only_account_and_issuer_can_be_open_and_only_whole() {
    for (account, issuer) in [
        ("${account}1", "https://${issuer}"),
        ("${issuer}", "https://${issuer}"),
        ("000000000001", "https://${issuer}"),
        ("${account}", "https://${issuer}/path"),
        ("${account}", "https://x.${issuer}"),
        ("${account}", "https://known-after-apply.invalid"),
        ("${account}", "${issuer}"),
    ] {
        assert!(cluster(account, issuer).is_err(), "{account} {issuer}");
    }
    for (key, token) in [("name", "${name}"), ("region", "${region}"), ("partition", "${partition}")] {
        let mut value = serde_json::to_value(open()).unwrap();
        value[key] = token.into();
        assert!(serde_json::from_value::<Cluster>(value).is_err(), "{key}");
    }
    let text = serde_json::to_value(open()).unwrap();
    assert_eq!((&text["account"], &text["issuer"]), (&json!("${account}"), &json!("https://${issuer}")));
}

#[test]
fn a_distribution_that_serves_more_or_less_than_the_issuer_is_refused() {
    for (file, from, to) in [
        (layout::DISTRIBUTION, "https-only", "allow-all"),
        (layout::DISTRIBUTION, CACHING_DISABLED, "658327ea-f89d-4fab-a63d-7e88639e58f6"),
        (layout::DISTRIBUTION, "demo-oidc.s3.", "other-oidc.s3."),
        (layout::DISTRIBUTION, "\"Enabled\":true", "\"Enabled\":false"),
        (layout::ACCESS_CONTROL, "sigv4", "sigv2"),
        (layout::BUCKET_POLICY, "${distribution}", "E123"),
        (layout::BUCKET_POLICY, "s3:GetObject", "s3:*"),
        (layout::BUCKET_PUBLIC_ACCESS_BLOCK, "\"BlockPublicPolicy\":true", "\"BlockPublicPolicy\":false"),
    ] {
        let mut files = files();
        let text = String::from_utf8(files[file].clone()).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        files.insert(file.into(), changed.into_bytes());
        let problems = read(&open(), &files).unwrap_err();
        assert!(problems.0.iter().all(|problem| problem.file == file), "{problems}");
    }
}
