//! Bundles that leave values open, and tokens where nothing is.

use super::inconsistent::edited;
use super::kin::cases_of;
use super::signed::{by_author, manifest_text};
use super::{Case, Sound};
use sts_schemas::layout;

const ROLE: &str = "05-";
const POLICY: &str = "06-";
const SECRET: &str = "manifests/example-backup";

/// For whichever account it is applied in.
pub(super) const ANY_ACCOUNT: &[Case] = cases_of!("any-account" {
    "any-account", "verified", |s| s.bundle.clone();
    "any-account-trusting-the-provider-of-one", "inconsistent: must name the provider",
        |s| edited(s, ROLE, "${account}", "123456789012");
    "any-account-reaching-into-one", "inconsistent: is not of the cluster's account",
        |s| edited(s, POLICY, r#"\"Resource\":\"*\""#, r#"\"Resource\":\"arn:aws:kms:eu-central-1:123456789012:key/x\""#);
    "any-account-with-the-role-of-one", "inconsistent: is no role of this bundle",
        |s| edited(s, SECRET, "${account}", "123456789012");
    "any-account-with-the-digits-kept-for-it", "inconsistent: is kept for an open account",
        |s| edited(s, ROLE, "${account}", "000000000001");
    "any-account-and-an-issuer-unasked", "inconsistent: ${issuer} stands in it",
        |s| edited(s, ROLE, "OpenShift role for", "OpenShift role at ${issuer} for");
    "any-account-and-more-digits", "bad-manifest", |s| manifest_text(s, |text| text.replace("${account}", "${account}0"));
    "any-account-by-the-digits-kept-for-it", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("${account}", "000000000001"));
    "any-account-claimed-for-one", "claims-differ", |s| by_author(s, |claims| claims.account = one_account());
    "any-account-claimed-by-the-digits-kept-for-it", "bad-signature", claimed_by_digits;
});

/// Neither account nor issuer is known.
pub(super) const ALL_OPEN: &[Case] = cases_of!("all-open" {
    "all-open", "verified", |s| s.bundle.clone();
    "all-open-with-the-host-kept-for-it", "inconsistent: is kept for an open issuer",
        |s| edited(s, layout::PROVIDER, "${issuer}", "known-after-apply.invalid");
    "all-open-with-one-provider", "inconsistent: its Url is",
        |s| edited(s, layout::PROVIDER, "${issuer}", "d111111abcdef8.cloudfront.net");
    "all-open-with-one-issuer-for-the-cluster", "inconsistent: one form of an Authentication",
        |s| edited(s, layout::AUTHENTICATION, "${issuer}", "d111111abcdef8.cloudfront.net");
    "all-open-with-the-distribution-of-one-account", "inconsistent: this and nothing else",
        |s| edited(s, layout::BUCKET_POLICY, "${account}", "123456789012");
    "all-open-with-the-issuer-in-the-distributions-comment", "inconsistent: is made before AWS names the issuer",
        |s| edited(s, layout::DISTRIBUTION, r#""Comment": ""#, r#""Comment": "${issuer} "#);
    "all-open-with-the-account-in-a-tag", "inconsistent: a tag has no open account",
        |s| edited(s, layout::BUCKET_TAGGING, r#""Value": ""#, r#""Value": "${account}"#);
    "issuer-open-below-a-path", "bad-manifest", |s| manifest_text(s, |text| text.replace("${issuer}", "${issuer}/x"));
    "issuer-open-by-the-host-kept-for-it", "bad-manifest",
        |s| manifest_text(s, |text| text.replace("${issuer}", "known-after-apply.invalid"));
    "issuer-known-and-its-token", "inconsistent: ${issuer} stands in it",
        |s| manifest_text(s, |text| text.replace("${issuer}", "d111111abcdef8.cloudfront.net"));
});

/// The usual bundle, which leaves nothing open.
pub(super) const NOTHING_OPEN: &[Case] = &[
    Case {
        name: "account-known-and-its-token",
        verdict: "inconsistent: ${account} stands in it",
        damage: |s| edited(s, SECRET, "123456789012", "${account}"),
    },
    Case {
        name: "token-where-nothing-is-open",
        verdict: "inconsistent: ${account} stands in it",
        damage: |s| edited(s, ROLE, "OpenShift role for", "OpenShift role in ${account} for"),
    },
    Case {
        name: "issuer-known-and-the-host-kept-for-an-open-one",
        verdict: "inconsistent: is kept for an open issuer",
        damage: |s| edited(s, ROLE, "OpenShift role for", "OpenShift role of known-after-apply.invalid for"),
    },
    Case {
        name: "region-left-open",
        verdict: "bad-manifest",
        damage: |s| manifest_text(s, |text| text.replace("\"eu-central-1\"", "\"${region}\"")),
    },
];

fn one_account() -> sts_schemas::aws::AccountId {
    "123456789012".parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Claims that say what no writer does: the digits that stand in memory for an open account.
fn claimed_by_digits(sound: &Sound) -> Vec<u8> {
    super::tokens::with_claims(sound, |claims| claims.replace("${account}", "000000000001"))
}
