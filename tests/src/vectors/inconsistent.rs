//! Bundles that their author signed and that contradict themselves: one rule broken in each.
//!
//! Behind the colon of a verdict stand words that the refusal must hold, so that it is the right one.

use super::{Case, Sound, signed};
use crate::adversary::File;
use std::collections::BTreeMap;
use sts_schemas::cluster::Hosting;
use sts_schemas::digest::Sha256;
use sts_schemas::layout;
use sts_schemas::manifest::{FileEntry, Manifest};
use sts_schemas::moment::LAST_MOMENT;
use sts_schemas::oidc::Jwks;

/// What one case replaces in the files whose paths begin so, and what the refusal must say.
macro_rules! edits {
    ($($name:literal, $words:literal, $file:expr, $old:expr => $new:expr;)*) => {
        /// Cases that are made by replacing one text.
        pub(super) const CASES: &[Case] = &[
            $(Case {
                name: $name,
                verdict: concat!("inconsistent: ", $words),
                damage: |sound| edited(sound, $file, $old, $new),
            },)*
        ];
    };
}

const ROLE: &str = "05-";
const POLICY: &str = "06-";
const SECRET: &str = "manifests/example-backup";
/// What the policy's one statement applies to.
const ALL: &str = r#"\"Resource\":\"*\""#;
const PROVIDER: &str = "oidc-provider/harbour";

edits! {
    "provider-of-another-issuer", "its Url is", layout::PROVIDER, "harbour-oidc.s3" => "arbours-oidc.s3";
    "generation-of-another-bundle", "must be the bundle's generation", layout::PROVIDER, "1700000000" => "1700000001";
    "trust-for-everybody", "may only compare", ROLE, "StringEquals" => "StringLike";
    "trust-of-another-provider", "must name the provider", ROLE, PROVIDER => "oidc-provider/arbours";
    "trust-of-another-account", "must name the provider", ROLE, "123456789012" => "000000000000";
    "trust-of-another-kind", "must name the provider", ROLE, "Federated" => "AWS";
    "trust-for-two-namespaces", "several namespaces", ROLE, "example-backup:backup-restore" => "kube-system:backup-restore";
    "trust-for-a-pattern", "which is no service account", ROLE, "example-backup:backup-restore" => "example-backup:*";
    "trust-for-a-node", "which is no service account", ROLE, "serviceaccount:example-backup:backup-restore" => "node:backup";
    "trust-without-subjects", "names no service account", ROLE, ":sub" => ":aud";
    "trust-for-another-action", "and nothing else", ROLE, "AssumeRoleWithWebIdentity" => "AssumeRole";
    "trust-under-two-conditions", "one StringEquals condition", ROLE, r#"{\"StringEquals\":"# => r#"{\"Bool\":{\"aws:x\":\"true\"},\"StringEquals\":"#;
    "boundary-of-another-account", "is not of the cluster's account", ROLE, r#""RoleName""# => r#""PermissionsBoundary": "arn:aws:iam::000000000000:policy/x", "RoleName""#;
    "boundary-of-another-partition", "is not of the cluster's partition", ROLE, r#""RoleName""# => r#""PermissionsBoundary": "arn:aws-cn:iam::123456789012:policy/x", "RoleName""#;
    "role-of-nobody", "the tag openshift.io", ROLE, "owned" => "shared";
    "role-of-another-cluster-too", "is another cluster's", ROLE, r#""Tags": ["# => r#""Tags": [{"Key":"openshift.io/cloud-credential-operator/prod","Value":"owned"},"#;
    "role-with-a-new-member", "unknown field", ROLE, r#""RoleName""# => r#""Surprise": 1, "RoleName""#;
    "role-with-a-member-twice", "duplicate field", ROLE, r#""RoleName""# => r#""RoleName": "x", "RoleName""#;
    "policy-of-another-account", "is not of the cluster's account", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"arn:aws:kms:eu-central-1:000000000000:key/x\""#;
    "policy-of-another-partition", "is not of the cluster's partition", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"arn:aws-cn:s3:::x\""#;
    "policy-without-a-role", "makes the role", POLICY, r#""RoleName": "harbour"# => r#""RoleName": "arbours"#;
    "discovery-of-another-issuer", "it is not the discovery document", layout::DISCOVERY, "harbour-oidc" => "arbours-oidc";
    "discovery-is-no-json", "EOF", layout::DISCOVERY, "}" => "";
    "keys-of-another-cluster", "is not in it", layout::KEYS, "AQAB" => "AQAC";
    "public-key-damaged", "damaged public key", layout::PUBLIC_KEY, "MIICIjAN" => "MIICIjAM";
    "bucket-of-another-name", "it does not make the bucket", "01-oidc-bucket.json", "harbour-oidc" => "arbours-oidc";
    "bucket-policy-that-writes", "this and nothing else", layout::BUCKET_POLICY, "GetObject" => "PutObject";
    "bucket-policy-for-one-account", "this and nothing else", layout::BUCKET_POLICY, r#"\"Principal\":\"*\""# => r#"\"Principal\":{\"AWS\":\"123456789012\"}"#;
    "bucket-policy-of-another-bucket", "this and nothing else", layout::BUCKET_POLICY, "s3:::harbour-oidc" => "s3:::arbours-oidc";
    "bucket-policy-of-two-statements", "this and nothing else", layout::BUCKET_POLICY, r#"\"Statement\":["# => r#"\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"123456789012\"},\"Action\":\"s3:DeleteBucket\",\"Resource\":\"*\"},"#;
    "bucket-policy-under-a-condition", "this and nothing else", layout::BUCKET_POLICY, r#"\"Action\":"# => r#"\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\"}},\"Action\":"#;
    "bucket-policy-of-an-old-language", "this and nothing else", layout::BUCKET_POLICY, "2012-10-17" => "2008-10-17";
    "bucket-closed", "AWS could not read", layout::BUCKET_PUBLIC_ACCESS_BLOCK, "false" => "true";
    "object-under-another-key", "readers look for", layout::KEYS_OBJECT, r#""keys.json""# => r#""jwks.json""#;
    "secret-with-a-placeholder", "a placeholder was left", SECRET, "arn:aws:iam" => "<enter_arn_here>";
    "secret-around-another-object", "one form of a Secret", SECRET, "apiVersion: v1\n" => " {\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"ClusterRoleBinding\", \"x\": \"\napiVersion: v1\n \"}\n";
    "secret-for-two-namespaces", "one form of a Secret", SECRET, "  namespace: " => "  \"namespace\": kube-system\n  namespace: ";
    "secret-that-runs-a-program", "one form of a Secret", SECRET, "[default]" => "[default]\n    credential_process = /bin/sh";
    "secret-with-a-member-twice", "one form of a Secret", SECRET, "type: Opaque" => "type: Opaque\ntype: Opaque";
    "authentication-of-two-issuers", "one form of an Authentication", layout::AUTHENTICATION, "spec:\n" => "spec:\n  \"serviceAccountIssuer\": https://evil.example.org\n";
    "trust-for-all-but-some", "NotPrincipal, Resource", ROLE, r#"\"Action\":"# => r#"\"NotPrincipal\":{\"AWS\":\"*\"},\"Action\":"#;
    "trust-on-a-resource", "NotPrincipal, Resource", ROLE, r#"\"Action\":"# => r#"\"Resource\":\"*\",\"Action\":"#;
    "trust-for-a-name-in-capitals", "which is no service account", ROLE, "example-backup:backup-restore" => "example-backup:Backup";
    "policy-with-a-principal", "names a principal", POLICY, r#"\"Resource\":\"*\""# => r#"\"Principal\":\"*\",\"Resource\":\"*\""#;
    "policy-without-a-resource", "either Resource or NotResource", POLICY, r#"\"Resource\":\"*\""# => r#"\"Sid\":\"x\""#;
    "boundary-of-nearly-any-account", "is not of the cluster's account", ROLE, r#""RoleName""# => r#""PermissionsBoundary": "arn:aws:iam::99999999999?:policy/x", "RoleName""#;
    "policy-of-accounts-alike", "is not of the cluster's account", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"arn:aws:kms:eu-central-1:99999999999?:key/x\""#;
    "policy-of-roles-behind-a-wildcard", "is not of the cluster's account", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"arn:aws:iam:*:123456789012:role/x\""#;
    "trust-of-two-statements", "must have one statement", ROLE, r#"\"Statement\":["# => r#"\"Statement\":[{\"Effect\":\"Deny\"},"#;
    "thumbprint-that-is-none", "is no thumbprint", layout::PROVIDER, r#""Url""# => r#""ThumbprintList": ["zz"], "Url""#;
    "bucket-with-access-control-lists", "blocks access control lists", layout::BUCKET_PUBLIC_ACCESS_BLOCK, r#""BlockPublicAcls": true"# => r#""BlockPublicAcls": false"#;
    "keys-with-a-strange-kid", "under the kid that is its own", layout::KEYS, r#""kid": ""# => r#""kid": "x"#;
    "secret-of-another-namespace", "its Secret is for namespace", SECRET, "namespace: example-backup" => "namespace: kube-system";
    "secret-of-another-role", "is no role of this bundle", SECRET, "role/harbour" => "role/arbours";
    "secret-of-another-kind", "one form of a Secret", SECRET, "kind: Secret" => "kind: ClusterRoleBinding";
    "secret-and-more", "one form of a Secret", SECRET, "type: Opaque" => "type: Opaque\n---\nkind: ClusterRoleBinding";
    "secret-with-another-line-end", "one form of a Secret", SECRET, "type: Opaque" => "type: Opaque\r---\rkind: ClusterRoleBinding";
"boundary-that-is-a-role", "is no managed policy", ROLE, r#""RoleName""# => r#""PermissionsBoundary": "arn:aws:iam::123456789012:role/x", "RoleName""#;
    "boundary-of-every-account", "is no managed policy", ROLE, r#""RoleName""# => r#""PermissionsBoundary": "arn:aws:iam::*:policy/x", "RoleName""#;
    "boundary-of-some-policies", "is no managed policy", ROLE, r#""RoleName""# => r#""PermissionsBoundary": "arn:aws:iam::123456789012:policy/x*", "RoleName""#;
    "role-described-at-length", "IAM takes descriptions", ROLE, r#""Description": ""# => &format!(r#""Description": "{}"#, "x".repeat(1001));
    "policy-of-a-resource-in-capitals", "which is neither * nor", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"ARN:aws:kms:eu-central-1:000000000000:key/x\""#;
    "policy-of-a-resource-behind-a-space", "which is neither * nor", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\" arn:aws:kms:eu-central-1:000000000000:key/x\""#;
    "policy-of-a-resource-behind-a-pattern", "which is neither * nor", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"a*n:aws:kms:eu-central-1:000000000000:key/x\""#;
    "policy-of-a-resource-cut-short", "which is neither * nor", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"arn:aws:s3\""#;
    "policy-of-all-resources-behind-another-sign", "which is neither * nor", POLICY, r#"\"Resource\":\"*\""# => r#"\"NotResource\":\"ARN:aws:s3:::x\""#;
    "policy-of-no-resources", "has an empty list", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":[]"#;
    "policy-of-an-action-of-no-service", "which is neither", POLICY, r#"\"Action\":["# => r#"\"Action\":[\"foo\","#;
    "policy-of-another-account-in-capitals", "is not of the cluster's account", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":\"arn:aws:IAM:::role/x\""#;
    "policy-name-with-a-slash", "IAM takes no PolicyName", POLICY, r#""PolicyName": "harbour"# => r#""PolicyName": "har/bour"#;
    "policy-name-too-long", "IAM takes no PolicyName", POLICY, r#""PolicyName": "harbour"# => &format!(r#""PolicyName": "{}"#, "x".repeat(129));
    "policy-name-of-nothing", "IAM takes no PolicyName", POLICY, r#""PolicyName": "harbour-example-backup-backup-credentials""# => r#""PolicyName": """#;
"trust-under-a-condition-twice", "duplicate field `StringEquals`", ROLE, r#"{\"StringEquals\":"# => r#"{\"StringEquals\":{\"aws:x\":\"y\"},\"StringEquals\":"#;
    "trust-of-a-provider-twice", "duplicate field `Federated`", ROLE, r#"{\"Federated\":"# => r#"{\"Federated\":\"*\",\"Federated\":"#;
    "policy-of-an-action-that-is-a-number", "a text or a list of texts", POLICY, r#"\"Resource\":\"*\""# => r#"\"Resource\":[\"*\",1]"#;
    "policy-under-a-fraction", "whole numbers", POLICY, r#"\"Condition\":{"# => r#"\"Condition\":{\"NumericEquals\":{\"aws:MultiFactorAuthAge\":1.5},"#;
    "role-with-a-session-of-a-fraction", "expected u32", ROLE, r#""RoleName""# => r#""MaxSessionDuration": 3600.0, "RoleName""#;
    "client-id-of-nothing", "IAM takes client ids", layout::PROVIDER, r#""openshift""# => r#""""#;
    "client-id-too-long", "IAM takes client ids", layout::PROVIDER, r#""openshift""# => &format!(r#""{}""#, "x".repeat(256));
    "object-of-another-type", "its ContentType is", layout::KEYS_OBJECT, "application/json" => "text/html";
    "discovery-with-a-new-member", "its token_endpoint must not be there", layout::DISCOVERY, r#""issuer""# => r#""token_endpoint": "https://evil.example.org", "issuer""#;
    "authentication-of-another-issuer", "one form of an Authentication", layout::AUTHENTICATION, "harbour-oidc" => "arbours-oidc";
}

/// Cases that take or add a file, or change several.
pub(super) const MORE_CASES: &[Case] = &[
    Case {
        name: "policy-of-every-accounts-roles",
        verdict: "verified",
        damage: |s| edited(s, POLICY, ALL, r#"\"Resource\":\"arn:aws:iam::*:role/x\""#),
    },
    Case {
        name: "boundary-of-aws",
        verdict: "verified",
        damage: |s| {
            let boundary = r#""PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess", "RoleName""#;
            edited(s, ROLE, r#""RoleName""#, boundary)
        },
    },
    Case {
        name: "roles-that-differ-by-case",
        verdict: "inconsistent: by case alone",
        damage: differ_by_case,
    },
    Case { name: "generation-in-the-year-9999", verdict: "verified", damage: last_generation },
    Case { name: "role-twice", verdict: "inconsistent: another file makes role/harbour", damage: role_twice },
    Case { name: "keys-none", verdict: "inconsistent: it lists 0 keys", damage: |s| keys(s, 0) },
    Case {
        name: "keys-the-same-twice",
        verdict: "inconsistent: stands there already",
        damage: |s| keys(s, 2),
    },
    Case { name: "keys-two", verdict: "verified", damage: |s| keys_of_two(s, |jwks| jwks) },
    Case {
        name: "keys-of-a-stranger-first",
        verdict: "inconsistent: must be the first in it",
        damage: |s| {
            keys_of_two(s, |mut jwks| {
                jwks.keys.reverse();
                jwks
            })
        },
    },
    Case { name: "keys-three", verdict: "inconsistent: it lists 3 keys", damage: |s| keys(s, 3) },
    Case { name: "secret-missing", verdict: "inconsistent: no Secret in", damage: |s| without(s, SECRET) },
    Case {
        name: "requests-missing",
        verdict: "inconsistent: the requests that everything was made from are missing",
        damage: |s| without(s, layout::REQUESTS),
    },
    Case {
        name: "provider-missing",
        verdict: "inconsistent: the file is missing",
        damage: |s| without(s, layout::PROVIDER),
    },
    Case {
        name: "file-nobody-asked-for",
        verdict: "inconsistent: no AWS call is known",
        damage: asked_by_nobody,
    },
    Case {
        name: "bucket-for-an-issuer-elsewhere",
        verdict: "inconsistent: nothing of S3 is made",
        damage: elsewhere,
    },
    Case {
        name: "role-with-tags-that-differ-by-case",
        verdict: "inconsistent: differs from another only by case",
        damage: |s| {
            edited(
                s,
                ROLE,
                r#""Tags": ["#,
                r#""Tags": [{"Key":"team","Value":"a"},{"Key":"Team","Value":"a"},"#,
            )
        },
    },
    Case {
        name: "role-with-a-control-character-in-a-tag",
        verdict: "inconsistent: a control character in it",
        damage: |s| edited(s, ROLE, r#""Tags": ["#, r#""Tags": [{"Key":"team","Value":"a\u001b[2K"},"#),
    },
    Case {
        name: "role-with-a-tag-too-long",
        verdict: "inconsistent: is longer than AWS takes",
        damage: long_tag,
    },
    Case { name: "policies-too-long", verdict: "inconsistent: and IAM takes 10240", damage: long_policies },
    Case {
        name: "trust-policy-too-long",
        verdict: "inconsistent: and IAM takes at most 4096",
        damage: long_trust,
    },
    Case { name: "faults-in-three-files", verdict: "inconsistent: 3 problems", damage: three_faults },
];

/// A bundle's files below the top folder, but manifest and signatures.
type Files = BTreeMap<String, Vec<u8>>;

/// The bundle with other files and another manifest, listed and signed by the author as it should be.
pub(super) fn authored(sound: &Sound, change: impl FnOnce(&mut Files, &mut Manifest)) -> Vec<u8> {
    let top = sound.top();
    let first = sound.signature() + 1;
    let named = |file: &File| (file.path.replacen(top, "", 1), file.bytes.clone());
    let mut files: Files = sound.files[first..].iter().map(named).collect();
    let mut manifest = sound.manifest.clone();
    change(&mut files, &mut manifest);
    let entry = |(path, bytes): (&String, &Vec<u8>)| FileEntry {
        path: path.clone(),
        length: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    manifest.files = files.iter().map(entry).collect();
    let mut all = sound.files[..first].to_vec();
    all.extend(files.into_iter().map(|(path, bytes)| File { path: format!("{top}{path}"), bytes }));
    signed::with_manifest(sound, &all, manifest.to_bytes())
}

/// Replaces a text in the file of this path, or in all whose paths begin so.
fn replace(files: &mut Files, file: &str, old: &str, new: &str) {
    let whole = files.contains_key(file);
    let mut replaced = false;
    let named = |path: &str| if whole { path == file } else { path.starts_with(file) };
    for (_, bytes) in files.iter_mut().filter(|(path, _)| named(path)) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        replaced |= text.contains(old);
        *bytes = text.replace(old, new).into_bytes();
    }
    assert!(replaced, "no {old:?} in {file}");
}

pub(super) fn edited(sound: &Sound, file: &str, old: &str, new: &str) -> Vec<u8> {
    authored(sound, |files, _| replace(files, file, old, new))
}

pub(super) fn without(sound: &Sound, file: &str) -> Vec<u8> {
    authored(sound, |files, _| files.retain(|path, _| !path.starts_with(file)))
}

/// The role and its policy once more, under a name in other letters.
fn differ_by_case(sound: &Sound) -> Vec<u8> {
    authored(sound, |files, _| {
        let made = |path: &String| path.starts_with("05-0-") || path.starts_with("06-0-");
        let again: Vec<_> = files
            .iter()
            .filter(|(path, _)| made(path))
            .map(|(path, bytes)| {
                let text = String::from_utf8_lossy(bytes)
                    .replace(r#""RoleName": "harbour"#, r#""RoleName": "Harbour"#);
                (path.replacen("-0-", "-1-", 1), text.into_bytes())
            })
            .collect();
        files.extend(again);
    })
}

fn last_generation(sound: &Sound) -> Vec<u8> {
    authored(sound, |files, manifest| {
        replace(files, layout::PROVIDER, &manifest.generation.to_string(), &LAST_MOMENT.to_string());
        manifest.generation = LAST_MOMENT;
    })
}

fn role_twice(sound: &Sound) -> Vec<u8> {
    authored(sound, |files, _| {
        let again: Vec<_> = files
            .iter()
            .filter(|(path, _)| path.starts_with("05-0-"))
            .map(|(path, bytes)| (path.replacen("05-0-", "05-1-", 1), bytes.clone()))
            .collect();
        files.extend(again);
    })
}

/// The cluster's key so many times over.
fn keys(sound: &Sound, count: usize) -> Vec<u8> {
    authored(sound, |files, _| {
        let bytes = files.get(layout::KEYS).cloned().unwrap_or_default();
        let mut jwks: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let key = jwks["keys"][0].clone();
        jwks["keys"] = vec![key; count].into();
        files.insert(layout::KEYS.to_owned(), jwks.to_string().into_bytes());
    })
}

/// The cluster's key and that of another cluster, ordered.
fn keys_of_two(sound: &Sound, order: fn(Jwks) -> Jwks) -> Vec<u8> {
    let kin = sound.kin("plaintext");
    let path = format!("{}{}", kin.top(), layout::KEYS);
    let other = kin.files.iter().find(|file| file.path == path).map(|file| jwks(&file.bytes));
    authored(sound, |files, _| {
        let mut both = jwks(files.get(layout::KEYS).map(Vec::as_slice).unwrap_or_default());
        both.keys.extend(other.into_iter().flat_map(|jwks| jwks.keys));
        assert_eq!(both.keys.len(), 2, "each cluster has its key");
        let bytes = serde_json::to_vec_pretty(&order(both)).unwrap_or_default();
        files.insert(layout::KEYS.to_owned(), bytes);
    })
}

fn jwks(bytes: &[u8]) -> Jwks {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("the generator's JWKS: {error}"))
}

fn asked_by_nobody(sound: &Sound) -> Vec<u8> {
    authored(sound, |files, _| drop(files.insert("07-create-user.json".into(), b"{}\n".to_vec())))
}

fn elsewhere(sound: &Sound) -> Vec<u8> {
    authored(sound, |_, manifest| manifest.cluster.hosting = Hosting::Elsewhere)
}

fn long_tag(sound: &Sound) -> Vec<u8> {
    let tag = format!(r#""Tags": [{{"Key":"x","Value":"{}"}},"#, "x".repeat(257));
    edited(sound, ROLE, r#""Tags": ["#, &tag)
}

fn long_policies(sound: &Sound) -> Vec<u8> {
    let more = r#"\"arn:aws:s3:::harbour-files/*\","#.repeat(400);
    edited(sound, POLICY, r#"\"Resource\":\"*\""#, &format!(r#"\"Resource\":[{more}\"*\"]"#))
}

fn long_trust(sound: &Sound) -> Vec<u8> {
    let subject = r#"\"system:serviceaccount:example-backup:backup-restore\""#;
    edited(sound, ROLE, subject, &vec![subject; 80].join(","))
}

fn three_faults(sound: &Sound) -> Vec<u8> {
    authored(sound, |files, _| {
        replace(files, ROLE, "StringEquals", "StringLike");
        replace(files, layout::DISCOVERY, "harbour-oidc", "arbours-oidc");
        replace(files, layout::AUTHENTICATION, "harbour-oidc", "arbours-oidc");
    })
}
