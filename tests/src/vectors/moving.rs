//! Bundles of a cluster on its way from one issuer to another.

use super::Case;
use super::inconsistent::{authored, edited};
use super::kin::cases_of;
use super::signed::manifest_text;
use sts_schemas::cluster::{FormerIssuer, Hosting};
use sts_schemas::layout;

const ROLE: &str = "05-";

/// From a public bucket to a web server of the author's.
pub(super) const ON_ITS_WAY: &[Case] = cases_of!("moving" {
    "moving", "verified", |s| s.bundle.clone();
    "moving-to-a-third-issuer", "inconsistent: must name the provider",
        |s| edited(s, ROLE, "oidc-provider/harbour-oidc", "oidc-provider/arbours-oidc");
    "moving-from-another-account", "inconsistent: must name the provider",
        |s| edited(s, ROLE, "123456789012:oidc-provider/harbour-oidc", "000000000000:oidc-provider/harbour-oidc");
    "moving-from-another-partition", "inconsistent: must name the provider",
        |s| edited(s, ROLE, "arn:aws:iam::123456789012:oidc-provider/harbour-oidc", "arn:aws-cn:iam::123456789012:oidc-provider/harbour-oidc");
    "moving-with-others-by-the-former-issuer", "inconsistent: lets in others",
        |s| edited(s, ROLE, r#"amazonaws.com:sub\":[\"system:serviceaccount:example-backup:backup-nightly"#,
            r#"amazonaws.com:sub\":[\"system:serviceaccount:example-backup:another"#);
    "moving-a-cluster-to-a-third-issuer", "inconsistent: one form of an Authentication",
        |s| edited(s, layout::AUTHENTICATION, "harbour-oidc", "arbours-oidc");
    "moving-from-nowhere", "inconsistent: must have one statement",
        |s| authored(s, |_, manifest| manifest.cluster.former = None);
    "moving-from-where-it-is", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("https://oidc.example.org", "https://harbour-oidc.s3.eu-central-1.amazonaws.com"));
    "moving-from-what-nobody-knows", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("https://harbour-oidc.s3.eu-central-1.amazonaws.com", "https://${issuer}"));
});

/// The same to a private bucket, whose issuer AWS will name.
pub(super) const OPEN: &[Case] = cases_of!("moving-open" {
    "moving-to-what-aws-names", "verified", |s| s.bundle.clone();
    "moving-within-one-bucket", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("harbour-issuer", "harbour-oidc"));
});

/// A cluster that stands where it is, by its roles.
pub(super) const STANDING: &[Case] = &[Case {
    name: "moving-trusted-by-no-role",
    verdict: "inconsistent: must have two statements",
    damage: |sound| {
        authored(sound, |_, manifest| {
            let Ok(issuer) = "https://oidc.example.org".parse() else { return };
            manifest.cluster.former = Some(FormerIssuer { hosting: Hosting::Elsewhere, issuer });
        })
    },
}];
