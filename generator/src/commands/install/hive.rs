//! The same files as the Secrets that Hive and ACM take.
//!
//! Source: openshift/hive, `docs/aws-sts-provisioning.md` and the `ClusterDeployment` API:
//! `spec.boundServiceAccountSigningKeySecretRef` names a Secret with the key
//! `bound-service-account-signing-key.key`; of the Secret in `spec.provisioning.manifestsSecretRef`, every
//! key becomes a file in the installer's `manifests/`, so the Authentication manifest must keep its name.

use super::source::Source;
use super::target::{File, Mode};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The file that holds both Secrets.
pub(super) const FILE: &str = "hive-secrets.yaml";
const KEY_ENTRY: &str = "bound-service-account-signing-key.key";

/// One file with both Secrets; what else a `ClusterDeployment` needs goes to `notes`.
pub(super) fn files(source: &Source, notes: &mut Vec<String>) -> Vec<File> {
    let prefix = source.cluster.as_ref().map_or_else(String::new, |name| format!("{name}-"));
    let (manifests, key) =
        (format!("{prefix}manifests"), format!("{prefix}bound-service-account-signing-key"));
    notes.push(format!(
        "apply {FILE} in the namespace of the ClusterDeployment, and set there \
         spec.provisioning.manifestsSecretRef.name: {manifests} and \
         spec.boundServiceAccountSigningKeySecretRef.name: {key}"
    ));
    // Room for all of it at once: a string that grows leaves copies of the key behind.
    let room = source.manifests.iter().map(|(name, bytes)| name.len() + bytes.len() * 2).sum::<usize>();
    let mut text = Zeroizing::new(String::with_capacity(4096 + room + source.key.len() * 2));
    secret(
        &mut text,
        &manifests,
        source.manifests.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
    );
    text.push_str("---\n");
    secret(&mut text, &key, [(KEY_ENTRY, source.key.as_slice())].into_iter());
    let bytes = Zeroizing::new(std::mem::take(&mut *text).into_bytes());
    vec![File { path: FILE.to_owned(), bytes, mode: Mode::Private }]
}

/// Base64, as `oc create secret --from-file` writes it: the bytes arrive as they are.
fn secret<'a>(text: &mut String, name: &str, entries: impl Iterator<Item = (&'a str, &'a [u8])>) {
    let _ = write!(text, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\ndata:\n");
    for (key, bytes) in entries {
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(bytes));
        let _ = writeln!(text, "  {key}: {}", encoded.as_str());
    }
}
