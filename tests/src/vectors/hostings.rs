//! Bundles whose issuer lives elsewhere than in a public bucket of the cluster's own.

use super::inconsistent::{authored, edited, without};
use super::kin::cases_of;
use super::signed::manifest_text;
use super::{Case, Sound};
use sts_schemas::layout;

/// A bucket that nobody but the cluster's own distribution may read.
pub(super) const PRIVATE: &[Case] = cases_of!("private" {
    "private-bucket", "verified", |s| s.bundle.clone();
    "private-bucket-whose-host-is-known", "verified", host_known;
    "private-bucket-open-to-the-public", "inconsistent: blocks everything public",
        |s| edited(s, layout::BUCKET_PUBLIC_ACCESS_BLOCK, "\"RestrictPublicBuckets\": true", "\"RestrictPublicBuckets\": false");
    "private-bucket-read-by-everyone", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, r#"{\"Service\":\"cloudfront.amazonaws.com\"}"#, r#"\"*\""#);
    "private-bucket-read-by-another-distribution", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "${distribution}", "E2QWRUHAPOMQZL");
    "private-bucket-written-by-its-distribution", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "s3:GetObject", "s3:PutObject");
    "private-bucket-under-another-sid", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "StsHandoff", "StsHandof0");
    "private-bucket-without-a-policy", "inconsistent: the file is missing", |s| without(s, layout::BUCKET_POLICY);
    "access-control-missing", "inconsistent: the file is missing", |s| without(s, layout::ACCESS_CONTROL);
    "access-control-of-another-cluster", "inconsistent: does not make the access control",
        |s| edited(s, layout::ACCESS_CONTROL, "operator/harbour=", "operator/arbours=");
    "access-control-that-never-signs", "inconsistent: does not make the access control",
        |s| edited(s, layout::ACCESS_CONTROL, "always", "never");
    "access-control-under-another-name", "inconsistent: does not make the access control",
        |s| edited(s, layout::ACCESS_CONTROL, "harbour-oidc", "arbours-oidc");
    "distribution-missing", "inconsistent: the file is missing", |s| without(s, layout::DISTRIBUTION);
    "distribution-over-plain-http", "inconsistent: over HTTPS only",
        |s| edited(s, layout::DISTRIBUTION, "https-only", "allow-all");
    "distribution-that-caches", "inconsistent: without a cache",
        |s| edited(s, layout::DISTRIBUTION, "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "658327ea-f89d-4fab-a63d-7e88639e58f6");
    "distribution-of-another-bucket", "inconsistent: of the bucket harbour-oidc alone",
        |s| edited(s, layout::DISTRIBUTION, "harbour-oidc.s3", "arbours-oidc.s3");
    "distribution-of-two-origins", "inconsistent: of the bucket harbour-oidc alone",
        |s| edited(s, layout::DISTRIBUTION, "\"Quantity\": 1", "\"Quantity\": 2");
    "distribution-with-another-access-control", "inconsistent: with the access control harbour-oidc",
        |s| edited(s, layout::DISTRIBUTION, "${origin-access-control}", "E127EXAMPLE51Z");
    "distribution-with-an-identity", "inconsistent: with the access control harbour-oidc",
        |s| edited(s, layout::DISTRIBUTION, "\"OriginAccessIdentity\": \"\"", "\"OriginAccessIdentity\": \"origin-access-identity/cloudfront/E127\"");
    "distribution-switched-off", "inconsistent: it must make a distribution",
        |s| edited(s, layout::DISTRIBUTION, "\"Enabled\": true", "\"Enabled\": false");
    "distribution-with-an-alias-of-nobody", "inconsistent: alias and certificate of the manifest",
        |s| edited(s, layout::DISTRIBUTION, "\"Origins\"", "\"Aliases\": { \"Quantity\": 1, \"Items\": [\"oidc.example.org\"] }, \"Origins\"");
    "distribution-without-a-comment", "inconsistent: CloudFront takes 1 to 128 bytes",
        |s| edited(s, layout::DISTRIBUTION, "OIDC issuer of OpenShift cluster harbour", "");
    "distribution-of-nobody", "inconsistent: the tag openshift.io", |s| edited(s, layout::DISTRIBUTION, "owned", "shared");
    "distribution-with-an-identity-to-delete", "inconsistent: or for these programs",
        |s| edited(s, layout::DISTRIBUTION, r#""Key": "Name""#, r#""Key": "sts-handoff/former-identity""#);
    "distribution-with-a-new-member", "inconsistent: unknown field",
        |s| edited(s, layout::DISTRIBUTION, "\"Enabled\"", "\"DefaultRootObject\": \"keys.json\", \"Enabled\"");
    "private-bucket-without-cloudfront", "bad-manifest", |s| manifest_text(s, |text| {
        text.replace("\"aws\"", "\"aws-us-gov\"").replace("eu-central-1", "us-gov-west-1")
    });
    "private-bucket-in-china-without-an-alias", "bad-manifest", |s| manifest_text(s, |text| {
        text.replace("\"aws\"", "\"aws-cn\"").replace("eu-central-1", "cn-north-1")
    });
    "private-bucket-under-a-host-without-certificate", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("${issuer}", "oidc.example.org"));
    "private-bucket-two-labels-below-cloudfront", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("${issuer}", "a.b.cloudfront.net"));
});

/// A private bucket whose distribution is known by a host of the author's.
pub(super) const ALIAS: &[Case] = cases_of!("alias" {
    "alias", "verified", |s| s.bundle.clone();
    "alias-of-another-host", "inconsistent: alias and certificate of the manifest",
        |s| edited(s, layout::DISTRIBUTION, "oidc.example.org", "oidc.example.com");
    "alias-under-another-certificate", "inconsistent: alias and certificate of the manifest",
        |s| edited(s, layout::DISTRIBUTION, "certificate/6f7a1e9c", "certificate/7f7a1e9c");
    "alias-under-an-old-protocol", "inconsistent: it must make a distribution",
        |s| edited(s, layout::DISTRIBUTION, "TLSv1.2_2021", "TLSv1");
    "alias-and-an-open-issuer", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("\"https://oidc.example.org\"", "\"https://${issuer}\""));
    "private-bucket-in-china", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("\"aws\"", "\"aws-cn\"").replace("eu-central-1", "cn-north-1").replace("arn:aws:", "arn:aws-cn:"));
    "alias-below-a-path", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("\"https://oidc.example.org\"", "\"https://oidc.example.org/x\""));
    "certificate-of-another-partition", "bad-manifest", |s| manifest_text(s, |text| text.replace("arn:aws:acm", "arn:aws-cn:acm"));
    "certificate-of-another-service", "bad-manifest", |s| manifest_text(s, |text| text.replace("arn:aws:acm", "arn:aws:s3"));
    "certificate-in-another-region", "bad-manifest", |s| manifest_text(s, |text| text.replace("acm:us-east-1", "acm:eu-west-1"));
    "certificate-of-another-account", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("acm:us-east-1:123456789012", "acm:us-east-1:000000000000"));
    "certificate-of-iam", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("acm:us-east-1:123456789012:certificate/", "iam::123456789012:server-certificate/"));
    "certificate-that-is-no-arn", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("arn:aws:acm:us-east-1:123456789012:certificate/", "certificate/"));
});

/// A path in a bucket that is somebody else's.
pub(super) const SHARED: &[Case] = cases_of!("shared" {
    "shared-bucket", "verified", |s| s.bundle.clone();
    "shared-bucket-made", "inconsistent: the bucket is shared", bucket_made;
    "shared-bucket-closed", "inconsistent: the bucket is shared", bucket_closed;
    "shared-bucket-read-as-a-whole", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "company-issuers/clusters/harbour/*", "company-issuers/*");
    "shared-bucket-read-beside-its-path", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "clusters/harbour/*", "clusters/harbour*");
    "shared-bucket-under-the-sid-of-another", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "StsHandoff", "StsHandof0");
    "shared-bucket-with-one-more-statement", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "[{", "[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"s3:*\\\",\\\"Resource\\\":\\\"*\\\"},{");
    "shared-bucket-of-another-name", "inconsistent: its Bucket is",
        |s| edited(s, layout::KEYS_OBJECT, "company-issuers", "company-invoices");
    "shared-bucket-over-the-path-of-another", "inconsistent: readers look for",
        |s| edited(s, layout::KEYS_OBJECT, "clusters/harbour", "clusters/arbours");
    "shared-bucket-outside-of-its-path", "inconsistent: readers look for",
        |s| edited(s, layout::DISCOVERY_OBJECT, "clusters/harbour/", "");
    "shared-bucket-with-tags-of-nobody", "inconsistent: the tag openshift.io",
        |s| edited(s, layout::DISCOVERY_OBJECT, "=owned", "=shared");
    "shared-bucket-path-that-leaves", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("clusters/harbour", "clusters/../harbour"));
    "shared-bucket-path-with-a-slash-behind", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("clusters/harbour", "clusters/harbour/"));
    "shared-bucket-path-too-long", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("clusters/harbour", &"x".repeat(129)));
    "shared-bucket-served-from-another-path", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("com/clusters/harbour\"", "com/clusters/arbours\""));
});

/// A web server of the author's.
pub(super) const ELSEWHERE: &[Case] = cases_of!("elsewhere" {
    "elsewhere", "verified", |s| s.bundle.clone();
    "elsewhere-and-an-object", "inconsistent: nothing of S3 is made", an_object;
    "elsewhere-and-a-distribution", "inconsistent: nothing of S3 is made", a_distribution;
    "elsewhere-under-another-issuer", "inconsistent: it is not the discovery document",
        |s| edited(s, layout::DISCOVERY, "oidc.example.org", "oidc.example.com");
    "elsewhere-without-its-keys", "inconsistent: the file is missing", |s| without(s, layout::KEYS);
    "elsewhere-and-unknown", "bad-manifest", |s| manifest_text(s, |text| text.replace("oidc.example.org", "${issuer}"));
    "elsewhere-with-a-bucket", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("\"elsewhere\"", "\"elsewhere\",\n      \"bucket\": \"harbour-oidc\""));
    "hosted-by-nobody-known", "bad-manifest", |s| manifest_text(s, |text| text.replace("\"elsewhere\"", "\"nowhere\""));
});

/// The usual bundle, with what belongs to another hosting.
pub(super) const PUBLIC: &[Case] = &[Case {
    name: "distribution-of-a-public-bucket",
    verdict: "inconsistent: so no distribution is made",
    damage: a_distribution,
}];

/// As it would be made anew once AWS has named the host.
fn host_known(sound: &Sound) -> Vec<u8> {
    const HOST: &str = "d111111abcdef8.cloudfront.net";
    authored(sound, |files, manifest| {
        for (path, bytes) in files.iter_mut().filter(|(path, _)| !path.starts_with(layout::REQUESTS)) {
            let Ok(text) = std::str::from_utf8(bytes) else { panic!("{path} is no text") };
            *bytes = text.replace("${issuer}", HOST).into_bytes();
        }
        manifest.cluster.issuer = format!("https://{HOST}").parse().unwrap_or_else(|error| panic!("{error}"));
    })
}

fn with_file(sound: &Sound, path: &str, text: &str) -> Vec<u8> {
    authored(sound, |files, _| drop(files.insert(path.to_owned(), text.as_bytes().to_vec())))
}

fn bucket_made(sound: &Sound) -> Vec<u8> {
    let input = r#"{"ACL":"private","Bucket":"company-issuers","CreateBucketConfiguration":{"LocationConstraint":"eu-central-1"}}"#;
    with_file(sound, layout::BUCKET, input)
}

fn bucket_closed(sound: &Sound) -> Vec<u8> {
    let switches = r#"{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}"#;
    let input = format!(r#"{{"Bucket":"company-issuers","PublicAccessBlockConfiguration":{switches}}}"#);
    with_file(sound, layout::BUCKET_PUBLIC_ACCESS_BLOCK, &input)
}

fn an_object(sound: &Sound) -> Vec<u8> {
    let tagging = "openshift.io%2Fcloud-credential-operator%2Fharbour=owned";
    let input = format!(
        r#"{{"Bucket":"harbour-oidc","Key":"keys.json","ContentType":"application/json","Tagging":"{tagging}"}}"#
    );
    with_file(sound, layout::KEYS_OBJECT, &input)
}

fn a_distribution(sound: &Sound) -> Vec<u8> {
    let input = r#"{"DistributionConfigWithTags":{"DistributionConfig":{"CallerReference":"harbour-oidc","Origins":{"Quantity":1,"Items":[{"Id":"harbour-oidc","DomainName":"harbour-oidc.s3.eu-central-1.amazonaws.com","OriginAccessControlId":"${origin-access-control}","S3OriginConfig":{"OriginAccessIdentity":""}}]},"DefaultCacheBehavior":{"TargetOriginId":"harbour-oidc","ViewerProtocolPolicy":"https-only","CachePolicyId":"4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},"Comment":"harbour","Enabled":true},"Tags":{"Items":[{"Key":"openshift.io/cloud-credential-operator/harbour","Value":"owned"}]}}}"#;
    with_file(sound, layout::DISTRIBUTION, input)
}
