//! How a bundle is closed: who signs it, whether the private key goes in, and where it goes.

use super::private_key::{PrivateKey, PrivateKeyArgs};
use super::signing::{Signing, SigningArgs};
use super::{Surroundings, print_line, say};
use crate::directory::{Directory, write_whole};
use crate::pack::{PackedBundle, UnsignedBundle};
use crate::render::{Files, Upgrade, apply_script, review};
use std::path::PathBuf;
use sts_schemas::bundle::{UnverifiedBundle, VerifyError};
use sts_schemas::cli_input::{CreateOpenIdConnectProvider, Tag};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::Contents;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;
use sts_schemas::open::{OpenValue, stand_in_for_tokens, tokens_for_stand_ins};
use sts_schemas::resource::GENERATION_TAG;

/// How a bundle is closed.
pub(crate) struct Seal {
    signing: Signing,
    private_key: PrivateKey,
    bundle_dir: PathBuf,
}

impl Seal {
    /// Opens the signing key and gets the passphrases, before anything is made.
    pub(crate) fn open(
        signing: &SigningArgs,
        private_key: &PrivateKeyArgs,
        surroundings: Surroundings,
    ) -> Result<Self, Failure> {
        Ok(Self {
            private_key: private_key.open(surroundings)?,
            signing: signing.open(surroundings)?,
            bundle_dir: signing.bundle_dir.clone(),
        })
    }

    /// The same for files that come from no directory, and so without a private key.
    pub(crate) fn without_private_key(
        signing: &SigningArgs,
        surroundings: Surroundings,
    ) -> Result<Self, Failure> {
        Ok(Self {
            private_key: PrivateKey::Elsewhere,
            signing: signing.open(surroundings)?,
            bundle_dir: signing.bundle_dir.clone(),
        })
    }

    /// Puts the directory's private key among the files, where that was asked for.
    pub(crate) fn add_private_key(&self, directory: &Directory, files: &mut Files) -> Result<(), Failure> {
        self.private_key.add(directory, files)
    }

    /// Packs and signs files that hold together, and writes the bundle.
    pub(crate) fn close(
        &self,
        cluster: &Cluster,
        generation: u64,
        files: Files,
    ) -> Result<ClosedBundle, Failure> {
        let bundle = UnsignedBundle::new(cluster, generation, files)
            .and_then(|unsigned| match &self.signing {
                Signing::Key(key, end) => unsigned.sign(key, *end),
                Signing::Elsewhere => unsigned.leave_unsigned(),
            })
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let path = self.bundle_dir.join(format!("{}.tar.gz", bundle.name));
        UnverifiedBundle::new(bundle.bytes.as_slice()).read_without_trust().map_err(|source| {
            let name = bundle.name.clone();
            Failure::new(Exit::Failed, Unreadable { name, source })
                .hint("nothing was packed: the executor would refuse it too")
        })?;
        write_whole(&path, &bundle.bytes, self.private_key.bundle_mode())
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        Ok(ClosedBundle { path, bundle })
    }

    /// Says what the bundle is, and prints its path.
    pub(crate) fn tell(&self, cluster: &Cluster, closed: &ClosedBundle) -> Result<(), Failure> {
        let open = cluster.open();
        let account = if open.contains(&OpenValue::Account) { "any" } else { cluster.account.as_str() };
        say(&format!("cluster {}, account {account}, region {}", cluster.name, cluster.region));
        if open.contains(&OpenValue::Issuer) {
            say("issuer known after apply: AWS names the distribution");
        } else {
            say(&format!("issuer {}", cluster.issuer));
        }
        say(&format!("bundle digest {}", closed.bundle.digest));
        self.signing.tell();
        self.private_key.tell();
        print_line(&closed.path.display().to_string())
    }
}

/// A bundle that no reader would take, in spite of all that was checked before it was packed: it is too large.
#[derive(Debug, thiserror::Error)]
#[error("the bundle {name} cannot be read back")]
struct Unreadable {
    name: String,
    source: VerifyError,
}

/// A bundle that was written.
pub(crate) struct ClosedBundle {
    path: PathBuf,
    bundle: PackedBundle,
}

/// What is derived from files that hold together, for people and for the AWS CLI.
pub(crate) fn derived(
    contents: &Contents,
    files: &Files,
    upgrade: Option<&Upgrade>,
) -> [(&'static str, Vec<u8>); 2] {
    let open = contents.desired.cluster.open();
    [(layout::REVIEW, review(contents, upgrade)), (layout::APPLY_SCRIPT, apply_script(contents, files))]
        .map(|(path, bytes)| (path, tokens_for_stand_ins(&bytes, &open)))
}

/// The provider's file with this generation in its tag; nothing where it is no provider.
pub(crate) fn provider_of_generation(bytes: &[u8], generation: u64) -> Option<Vec<u8>> {
    let open = used_tokens(bytes);
    let known = stand_in_for_tokens(bytes, &open);
    let mut provider = serde_json::from_slice::<CreateOpenIdConnectProvider>(&known).ok()?;
    provider.tags.retain(|tag| tag.key != GENERATION_TAG);
    provider.tags.push(Tag { key: GENERATION_TAG.into(), value: generation.to_string() });
    provider.tags.sort_by(|a, b| a.key.cmp(&b.key));
    Some(tokens_for_stand_ins(&crate::render::json(&provider), &open))
}

/// The values whose tokens stand in a file.
fn used_tokens(bytes: &[u8]) -> Vec<OpenValue> {
    let text = String::from_utf8_lossy(bytes);
    OpenValue::ALL.into_iter().filter(|value| text.contains(value.token())).collect()
}
