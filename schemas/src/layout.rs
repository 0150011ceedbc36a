//! The names of the files in a directory or bundle, and the places a bundle may have files in.

use crate::digest::Sha256;

/// The manifest, first in every bundle.
pub const MANIFEST: &str = "manifest.json";
/// The folder of the signatures, `<key id>.jws` each.
pub const SIGNATURES: &str = "signatures";
/// Input of `aws s3api create-bucket`.
pub const BUCKET: &str = "01-oidc-bucket.json";
/// Input of `aws s3api put-bucket-tagging`.
pub const BUCKET_TAGGING: &str = "01-oidc-bucket-tagging.json";
/// Input of `aws s3api put-public-access-block`.
pub const BUCKET_PUBLIC_ACCESS_BLOCK: &str = "01-oidc-bucket-public-access-block.json";
/// Input of `aws s3api put-bucket-policy`.
pub const BUCKET_POLICY: &str = "01-oidc-bucket-policy.json";
/// The discovery document itself.
pub const DISCOVERY: &str = "02-openid-configuration";
/// Input of `aws s3api put-object --body 02-openid-configuration`.
pub const DISCOVERY_OBJECT: &str = "02-openid-configuration-object.json";
/// The JWKS itself.
pub const KEYS: &str = "03-keys.json";
/// Input of `aws s3api put-object --body 03-keys.json`.
pub const KEYS_OBJECT: &str = "03-keys-object.json";
/// Input of `aws iam create-open-id-connect-provider`.
pub const PROVIDER: &str = "04-iam-identity-provider.json";
/// Input of `aws cloudfront create-origin-access-control`.
pub const ACCESS_CONTROL: &str = "07-cloudfront-origin-access-control.json";
/// Input of `aws cloudfront create-distribution-with-tags`.
pub const DISTRIBUTION: &str = "08-cloudfront-distribution.json";
/// The files of what must stand before AWS names the issuer: an open issuer cannot be part of them.
pub const MADE_BEFORE_ISSUER: [&str; 6] =
    [BUCKET, BUCKET_TAGGING, BUCKET_PUBLIC_ACCESS_BLOCK, BUCKET_POLICY, ACCESS_CONTROL, DISTRIBUTION];
/// The cluster's public key, SPKI PEM.
pub const PUBLIC_KEY: &str = "serviceaccount-signer.public";
/// The cluster's private key, PKCS#1 PEM; never in a bundle unless asked for.
pub const PRIVATE_KEY: &str = "serviceaccount-signer.private";
/// The same key where the installer looks for it.
pub const TLS_KEY: &str = "tls/bound-service-account-signing-key.key";
/// The folder of the installer's manifests.
pub const MANIFESTS: &str = "manifests";
/// The manifest that tells the cluster its issuer.
pub const AUTHENTICATION: &str = "manifests/cluster-authentication-02-config.yaml";
/// The folder of the requests everything was made from.
pub const REQUESTS: &str = "requests";
/// What a person reads before approving.
pub const REVIEW: &str = "REVIEW.md";
/// The whole job with the AWS CLI.
pub const APPLY_SCRIPT: &str = "apply.sh";

/// Key of the discovery document below the issuer. Source: `OpenID` Connect Discovery 1.0, section 4.
pub const DISCOVERY_KEY: &str = ".well-known/openid-configuration";
/// Key of the JWKS below the issuer. Source: ccoctl's discovery document.
pub const KEYS_KEY: &str = "keys.json";

/// The most bytes of one path component: what a ustar header's name field holds.
pub const LONGEST_COMPONENT: usize = 100;

/// Input of `aws iam create-role` for the n-th request; `name` is the role's name before it was cut.
#[must_use]
pub fn role(index: usize, name: &str) -> String {
    fitted(&format!("05-{index}-{name}"), "-role.json")
}

/// Input of `aws iam put-role-policy` for the n-th request.
#[must_use]
pub fn role_policy(index: usize, name: &str) -> String {
    fitted(&format!("06-{index}-{name}"), "-policy.json")
}

/// The Secret of one request.
#[must_use]
pub fn secret_manifest(namespace: &str, secret: &str) -> String {
    format!("{MANIFESTS}/{}", fitted(&format!("{namespace}-{secret}"), "-credentials.yaml"))
}

/// The signature of one key.
#[must_use]
pub fn signature(key_id: &str) -> String {
    format!("{SIGNATURES}/{key_id}.jws")
}

/// A file name that a ustar header can hold: one too long is cut and told apart by a digest.
fn fitted(stem: &str, suffix: &str) -> String {
    if stem.len() + suffix.len() <= LONGEST_COMPONENT {
        return format!("{stem}{suffix}");
    }
    let digest = Sha256::of(stem.as_bytes());
    let mark = &digest.as_str()[..8];
    let room = LONGEST_COMPONENT - suffix.len() - mark.len() - 1;
    format!("{}-{mark}{suffix}", &stem[..stem.floor_char_boundary(room)])
}

/// What kind of file a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `manifest.json`.
    Manifest,
    /// `signatures/<key id>.jws`.
    Signature {
        /// The key's id, as its digest.
        key_id: Sha256,
    },
    /// A numbered file at the top: input of the AWS CLI, or a document of the issuer's.
    Aws,
    /// `manifests/*.yaml`.
    InstallerManifest,
    /// The cluster's public key.
    PublicKey,
    /// The cluster's private key, in either of its places.
    PrivateKey,
    /// `requests/*`.
    Request,
    /// `REVIEW.md`.
    Review,
    /// `apply.sh`.
    ApplyScript,
}

impl Place {
    /// The place a path names, or `None` where a bundle has no business.
    ///
    /// Every component is made of ASCII letters, digits and `._@+=,-`, and does not begin with a dot,
    /// so that no path can leave the top folder, hide, or look like another.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let component = |part: &str| {
            (1..=LONGEST_COMPONENT).contains(&part.len())
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@+=,-".contains(&b))
        };
        if !path.split('/').all(component) {
            return None;
        }
        let numbered = |name: &str| {
            ["01-", "02-", "03-", "04-", "05-", "06-", "07-", "08-"].iter().any(|n| name.starts_with(n))
                && (name.ends_with(".json") || name == DISCOVERY)
        };
        match (path, path.split_once('/')) {
            (MANIFEST, _) => Some(Self::Manifest),
            (PUBLIC_KEY, _) => Some(Self::PublicKey),
            (PRIVATE_KEY | TLS_KEY, _) => Some(Self::PrivateKey),
            (REVIEW, _) => Some(Self::Review),
            (APPLY_SCRIPT, _) => Some(Self::ApplyScript),
            (name, None) if numbered(name) => Some(Self::Aws),
            (_, Some((SIGNATURES, name))) => {
                let key_id = name.strip_suffix(".jws")?.parse().ok()?;
                Some(Self::Signature { key_id })
            }
            (_, Some((MANIFESTS, name))) if !name.contains('/') && name.ends_with(".yaml") => {
                Some(Self::InstallerManifest)
            }
            (_, Some((REQUESTS, _))) => Some(Self::Request),
            _ => None,
        }
    }

    /// The mode of the file, on disk and in the bundle.
    #[must_use]
    pub fn mode(&self) -> u32 {
        match self {
            Self::PrivateKey => 0o600,
            Self::ApplyScript => 0o755,
            _ => 0o644,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_the_generator_writes_has_its_place() {
        let long = "x".repeat(300);
        let names = [
            BUCKET,
            BUCKET_TAGGING,
            BUCKET_PUBLIC_ACCESS_BLOCK,
            BUCKET_POLICY,
            DISCOVERY,
            DISCOVERY_OBJECT,
            KEYS,
            KEYS_OBJECT,
            PROVIDER,
            ACCESS_CONTROL,
            DISTRIBUTION,
            PUBLIC_KEY,
            PRIVATE_KEY,
            TLS_KEY,
            AUTHENTICATION,
            REVIEW,
            APPLY_SCRIPT,
            MANIFEST,
            "requests/0000_30_x.yaml",
            "requests/nested/x.json",
        ];
        let made = [
            role(0, &long),
            role_policy(12, "demo"),
            secret_manifest(&long, "s"),
            signature(&"0".repeat(64)),
        ];
        for name in names.iter().copied().chain(made.iter().map(String::as_str)) {
            assert!(Place::of(name).is_some(), "{name}");
        }
    }

    #[test]
    fn paths_that_leave_hide_or_surprise_have_no_place() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "requests/../x",
            "requests//x",
            "requests/.hidden",
            "./manifest.json",
            "manifest.json/",
            "Manifest.json",
            "01-x.sh",
            "bin/x",
            "manifests/a/b.yaml",
            "manifests/x.yml",
            "requests/a b",
            "requests/\u{e9}",
            "signatures/x.jws",
            "requests\\x",
            "requests/x\0",
        ] {
            assert_eq!(Place::of(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_to_what_a_header_holds_and_stays_unique() {
        let (a, b) = (role(0, &"a".repeat(200)), role(0, &format!("{}b", "a".repeat(199))));
        assert_eq!((a.len(), b.len()), (LONGEST_COMPONENT, LONGEST_COMPONENT));
        assert_ne!(a, b);
        assert_eq!(role(3, "demo-x"), "05-3-demo-x-role.json");
    }
}
