//! `sts-generator create-all`: key pair, issuer, roles and bundle in one go.

mod fleet;
mod kept;

pub use fleet::CreateAll;

use super::create_bundle::{bundle, known_files};
use super::create_iam_roles::role_files;
use super::create_identity_provider::ProviderArgs;
use super::generation::Generations;
use super::key_proof::BegunProof;
use super::previous::{Following, PreviousArgs};
use super::private_key::PrivateKeyArgs;
use super::seal::{ClosedBundle, Seal};
use super::signing::SigningArgs;
use super::trust::Reading;
use super::{Surroundings, create_key_pair, is_of_issuer, is_of_roles, later, stale, warn, write_files};
use crate::cli::{ClusterArgs, OutputArgs, RequestArgs, RoleArgs, TagArgs, region};
use crate::directory::Directory;
use crate::key::Cores;
use crate::render::{identity_provider, with_tokens};
use clap::Args;
use kept::{KeptArgs, Made};
use sts_schemas::cluster::{Cluster, OWNERSHIP_PREFIX};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::layout;

/// Make everything: key pair, issuer, roles, installer manifests, and the signed bundle; prints its path.
///
/// The same as create-key-pair, create-identity-provider, create-iam-roles and create-bundle one after the
/// other. A key pair in the directory is used; with --public-key-file none is ever made. With --previous it is the
/// upgrade of a living cluster: its keys and its issuer stay, and REVIEW.md begins with what changes.
/// With --fleet it is all of this for each cluster of a file, side by side.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator create-signing-key --output author.key
  sts-generator create-all --name demo --region us-east-1 \\
      --account-id 123456789012 --credentials-requests-dir requests \\
      --signing-key author.key --output-dir demo
Example, the upgrade of that cluster:
  sts-generator create-all --name demo --region us-east-1 \\
      --account-id 123456789012 --credentials-requests-dir requests-4.17 \\
      --previous BUNDLE --trusted-key author.key.pub --release 4.17 \\
      --signing-key author.key --output-dir demo-4.17
Example, a bundle for each cluster that fleet.yaml lists, which reads
  clusters:
  - {name: demo, region: us-east-1, account-id: \"123456789012\"}
  - {name: test, region: eu-west-1, any-account: true, tag: [team=a, cost=b]}
  sts-generator create-all --fleet fleet.yaml \\
      --credentials-requests-dir requests --signing-key author.key")]
pub struct OneCluster {
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    provider: ProviderArgs,
    #[command(flatten)]
    requests: RequestArgs,
    #[command(flatten)]
    roles: RoleArgs,
    #[command(flatten)]
    tags: TagArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    private_key: PrivateKeyArgs,
    #[command(flatten)]
    previous: PreviousArgs,
    #[command(flatten)]
    kept: KeptArgs,
}

impl OneCluster {
    /// Makes it, and prints the bundle's path.
    fn run(&self, surroundings: Surroundings, reading: Reading<'_>) -> Result<(), Failure> {
        self.make(surroundings, reading, Cores::All)?.print()
    }

    /// Which cluster the flags speak of.
    fn meant(&self) -> Result<Cluster, Failure> {
        let region = region(self.cluster.region.as_ref(), self.requests.selection.install_config.as_deref())?;
        self.cluster.cluster(&region)
    }

    /// Whether the directory has a key of the cluster's already; what it is, whoever takes it finds out.
    fn has_key(&self) -> bool {
        let is_there = |path: &str| self.output.output_dir.join(path).symlink_metadata().is_ok();
        is_there(layout::PRIVATE_KEY) || is_there(layout::PUBLIC_KEY)
    }

    fn make(
        &self,
        surroundings: Surroundings,
        reading: Reading<'_>,
        cores: Cores,
    ) -> Result<ClosedBundle, Failure> {
        self.output.is_apart_from(&self.requests.credentials_requests_dir)?;
        let cluster = self.meant()?;
        let following = self.previous.open(&self.signing.bundle_dir, reading)?;
        let cluster = match &following {
            Some(following) => following.issuer_of(cluster),
            None => cluster,
        };
        let proof = BegunProof::begin(&Directory::to_read(&self.output.output_dir), &cluster.issuer)?;
        let given = Made {
            roles: self.roles.clone(),
            tags: self.tags.clone(),
            thumbprints: self.provider.thumbprints()?.to_vec(),
        };
        if let Some(following) = &following {
            following.allows(&cluster, surroundings.time.after(Some(following.generation())))?;
        }
        if following.is_none() && self.provider.public_key_file.is_none() && !self.has_key() {
            later::refuse_new_key(&self.signing.bundle_dir, &cluster)?;
        }
        let seal = Seal::open(&self.signing, &self.private_key, surroundings)?;
        let made = match &following {
            None => given,
            Some(following) => self.kept.following(given, &following.previous).told(),
        };
        let tags = made.tags.tags()?;
        let roles = role_files(&cluster, &self.requests, &made.roles, &made.tags)?;
        let directory = self.output.claim()?;
        stale(&directory, known_files(&directory, &self.signing.bundle_dir)?, &roles, &is_of_roles)?;
        warn_of_other_cluster(&directory, &cluster)?;
        let key = match (&self.provider.public_key_file, &following) {
            (Some(path), following) => {
                if let Some(following) = following {
                    following.signs_with(&create_key_pair::read_public(path)?)?;
                }
                create_key_pair::given(&directory, path)?
            }
            (None, Some(following)) => following.kept_key(&directory)?,
            (None, None) => create_key_pair::existing_or_new(&directory, cores)?,
        };
        let issuer = |generation| {
            let files = identity_provider(&cluster, &key, &made.thumbprints, &tags, generation);
            let mut files = with_tokens(files, &cluster);
            // While keys are being exchanged the issuer serves two, and an upgrade changes nothing about that.
            files.extend(following.as_ref().map(Following::kept_keys).unwrap_or_default());
            files
        };
        let replaced = |path: &str| is_of_issuer(path) || is_of_roles(path);
        let generations = Generations::of_directory(&directory, surroundings, following.as_ref())?;
        let (files, settled) =
            generations.settle(&directory, (with_tokens(roles, &cluster), issuer), &replaced)?;
        write_files(&directory, &files, &replaced, "create-all")?;
        // A bundle is made of what the directory holds; thousands of roles need not be kept twice meanwhile.
        drop(files);
        bundle(&directory, &seal, Some(&cluster.region), (following.as_ref(), settled), proof)
    }
}

/// Says that the key pair in the directory is another cluster's too, where the directory was that one's.
fn warn_of_other_cluster(directory: &Directory, cluster: &Cluster) -> Result<(), Failure> {
    let provider = directory.read(layout::PROVIDER).map_err(|error| Failure::new(Exit::Failed, error))?;
    let provider = String::from_utf8(provider.unwrap_or_default()).unwrap_or_default();
    if provider.contains(OWNERSHIP_PREFIX)
        && !provider.contains(&format!("\"{}\"", cluster.name.ownership_tag()))
    {
        warn(&format!(
            "WARNING: {} is another cluster's directory, and {} gets the same key: whoever holds it can be any service \
             account of both. Give each cluster an --output-dir of its own.",
            directory.path().display(),
            cluster.name
        ));
    }
    Ok(())
}
