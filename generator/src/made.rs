//! Whether a file in a directory was made by this program, or is somebody's that only lies where ours would.

use sts_schemas::cli_input::{CreateRole, PutRolePolicy};
use sts_schemas::cluster::OWNERSHIP_PREFIX;
use sts_schemas::layout::Place;
use sts_schemas::open::{OpenValue, stand_in_for_tokens};

/// Whether a run of this program wrote a file with this path and content: only such a file may be removed unasked.
#[must_use]
pub(crate) fn is_made_here(path: &str, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    match Place::of(path) {
        Some(Place::InstallerManifest) => text.contains("\nkind: Secret\n") && text.contains("role_arn = "),
        Some(Place::Request) => text.contains("CredentialsRequest"),
        Some(Place::Aws) => {
            let known = stand_in_for_tokens(bytes, &OpenValue::ALL);
            if path.starts_with("05-") {
                let role = serde_json::from_slice::<CreateRole>(&known);
                role.is_ok_and(|role| role.tags.iter().any(|tag| tag.key.starts_with(OWNERSHIP_PREFIX)))
            } else if path.starts_with("06-") {
                serde_json::from_slice::<PutRolePolicy>(&known).is_ok()
            } else {
                serde_json::from_slice::<serde_json::Map<_, _>>(&known).is_ok()
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_lies_in_a_place_of_ours_is_not_ours() {
        for (path, text) in [
            ("manifests/cluster-config.yaml", "apiVersion: v1\nkind: ConfigMap\n"),
            ("requests/NOTES.md", "read me\n"),
            ("05-9-foo-role.json", r#"{"RoleName":"foo"}"#),
            ("06-9-foo-policy.json", "{}"),
            ("01-oidc-bucket.json", "[]"),
            ("REVIEW.md", "# Review"),
        ] {
            assert!(!is_made_here(path, text.as_bytes()), "{path}");
        }
        assert!(is_made_here("requests/a.yaml", b"kind: CredentialsRequest\n"));
    }
}
