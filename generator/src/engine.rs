//! The same resources for other engines, for whoever may not run `sts-executor`.

mod cloudformation;
mod terraform;

use clap::ValueEnum;
use serde_json::Value;
use std::fmt;
use sts_schemas::aws::BucketName;
use sts_schemas::cluster::Hosting;
use sts_schemas::digest::Sha256;
use sts_schemas::open::OpenValue;
use sts_schemas::state::Desired;

/// What carries resources out, where it is not `sts-executor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// AWS `CloudFormation`.
    #[value(name = "cloudformation")]
    CloudFormation,
    /// Terraform and what reads its JSON syntax.
    Terraform,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudFormation => "CloudFormation",
            Self::Terraform => "Terraform",
        })
    }
}

/// A cluster's resources as an engine wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendering {
    /// The template or configuration.
    pub document: Value,
    /// What a person does with it, and after it; a line each.
    pub steps: Vec<String>,
}

/// What an engine cannot say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    /// AWS names the issuer, and nothing but a receipt carries it back to the author.
    #[error("the issuer is open: AWS names it, and {0} writes no receipt that carries it back to the author")]
    OpenIssuer(Engine),
    /// Statements of others would be lost.
    #[error(
        "bucket {bucket} is shared: {engine} would put this cluster's policy in the place of everybody's"
    )]
    SharedBucket {
        /// The bucket.
        bucket: BucketName,
        /// The engine.
        engine: Engine,
    },
    /// More than fits.
    #[error("the cluster needs {count} resources, and a template of {engine} holds at most {most}")]
    TooMany {
        /// How many it needs.
        count: usize,
        /// How many fit.
        most: usize,
        /// The engine.
        engine: Engine,
    },
}

/// What a cluster needs, in an engine's words.
///
/// # Errors
/// When the engine has no words for it.
pub fn rendering(desired: &Desired, engine: Engine) -> Result<Rendering, Inexpressible> {
    if desired.cluster.open().contains(&OpenValue::Issuer) {
        return Err(Inexpressible::OpenIssuer(engine));
    }
    if let Hosting::SharedBucket { bucket, .. } = &desired.cluster.hosting {
        return Err(Inexpressible::SharedBucket { bucket: bucket.clone(), engine });
    }
    match engine {
        Engine::CloudFormation => cloudformation::rendering(desired),
        Engine::Terraform => Ok(terraform::rendering(desired)),
    }
}

/// A name of letters and digits that is a role's own, and stays its own when other roles come and go.
fn role_label(role: &str) -> String {
    const DIGITS: usize = 8;
    let readable: String = role.chars().filter(char::is_ascii_alphanumeric).collect();
    let digest = Sha256::of(role.as_bytes()).to_string();
    format!("Role{readable}{}", &digest[..DIGITS])
}

/// What is to be served by the author's own server, and where.
fn documents_to_serve(desired: &Desired) -> Vec<String> {
    use sts_schemas::layout::{DISCOVERY, DISCOVERY_KEY, KEYS, KEYS_KEY};
    let issuer = &desired.cluster.issuer;
    [(DISCOVERY, DISCOVERY_KEY), (KEYS, KEYS_KEY)]
        .map(|(file, key)| format!("# serve the bundle's {file} as {issuer}/{key}"))
        .into()
}
