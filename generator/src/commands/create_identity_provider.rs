//! `sts-generator create-identity-provider`: everything about the issuer.

use super::generation::Generations;
use super::{Surroundings, create_key_pair, is_of_issuer, say, write_files};
use crate::cli::{ClusterArgs, OutputArgs, TagArgs, region};
use crate::render::{Files, identity_provider, with_tokens};
use clap::Args;
use std::path::PathBuf;
use sts_schemas::cli_input::CreateOpenIdConnectProvider;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::open::tokens_for_stand_ins;

/// Write the OIDC documents, the bucket that serves them, the IAM OIDC provider and the issuer's manifest.
///
/// The public key is that of --public-key-file, or serviceaccount-signer.public in the directory.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sts-generator create-identity-provider --name demo --region us-east-1 \\
      --account-id 123456789012 --output-dir demo
Then create-iam-roles with the ARN of the provider this describes:
  arn:aws:iam::123456789012:oidc-provider/demo-oidc.s3.us-east-1.amazonaws.com")]
pub struct CreateIdentityProvider {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Take the region from the installer's configuration.
    #[arg(long, value_name = "FILE")]
    install_config: Option<PathBuf>,
    #[command(flatten)]
    provider: ProviderArgs,
    #[command(flatten)]
    tags: TagArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What the provider is made of.
#[derive(Debug, Clone, Args)]
pub struct ProviderArgs {
    /// The cluster's public key (`PUBLIC KEY` PEM); with it, no key is ever made.
    #[arg(long, value_name = "FILE")]
    pub public_key_file: Option<PathBuf>,
    #[command(flatten)]
    thumbprints: ThumbprintArgs,
}

/// How AWS knows the issuer's server.
#[derive(Debug, Clone, Args)]
pub struct ThumbprintArgs {
    /// SHA-1 thumbprint of the issuer's certificate authority; AWS finds its own where none is given.
    #[arg(long = "thumbprint", value_name = "HEX", value_parser = parse_thumbprint)]
    thumbprints: Vec<String>,
}

impl ProviderArgs {
    /// As [`ThumbprintArgs::thumbprints`].
    pub(crate) fn thumbprints(&self) -> Result<&[String], Failure> {
        self.thumbprints.thumbprints()
    }
}

impl ThumbprintArgs {
    /// The thumbprints; more than IAM takes are refused, before anything is written.
    pub(crate) fn thumbprints(&self) -> Result<&[String], Failure> {
        if self.thumbprints.len() > CreateOpenIdConnectProvider::MOST_THUMBPRINTS {
            let error = format!(
                "--thumbprint is given {} times: {}",
                self.thumbprints.len(),
                CreateOpenIdConnectProvider::TOO_MANY_THUMBPRINTS
            );
            return Err(Failure::new(Exit::Usage, error));
        }
        Ok(&self.thumbprints)
    }
}

/// Source: IAM API Reference, `CreateOpenIDConnectProvider`: 40 hexadecimal digits.
fn parse_thumbprint(text: &str) -> Result<String, String> {
    if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a thumbprint is 40 hexadecimal digits".into())
    }
}

impl CreateIdentityProvider {
    pub(crate) fn run(&self, surroundings: Surroundings) -> Result<(), Failure> {
        let region = region(self.cluster.region.as_ref(), self.install_config.as_deref())?;
        let cluster = self.cluster.cluster(&region)?;
        let (tags, thumbprints) = (self.tags.tags()?, self.provider.thumbprints()?);
        let directory = self.output.claim()?;
        let key = match &self.provider.public_key_file {
            Some(path) => create_key_pair::given(&directory, path)?,
            None => create_key_pair::existing(&directory)?,
        };
        let render = |generation| {
            let files = identity_provider(&cluster, &key, thumbprints, &tags, generation);
            with_tokens(files, &cluster)
        };
        let generations = Generations::of_directory(&directory, surroundings, None)?;
        let (files, _) = generations.settle(&directory, (Files::new(), render), &is_of_issuer)?;
        write_files(&directory, &files, &is_of_issuer, "create-identity-provider")?;
        let arn = tokens_for_stand_ins(cluster.provider_arn().as_str().as_bytes(), &cluster.open());
        say(&format!("for create-iam-roles: --identity-provider-arn {}", String::from_utf8_lossy(&arn)));
        Ok(())
    }
}
