//! The same resources for other engines, for whoever may not run `sts-executor`.

mod cloudformation;
mod terraform;

use clap::ValueEnum;
use serde_json::Value;
use std::fmt;
use sts_schemas::cluster::{Hosting, IssuerUrl, is_named_by_aws};
use sts_schemas::digest::Sha256;
use sts_schemas::layout::{AUTHENTICATION, DISCOVERY, DISCOVERY_KEY, KEYS, KEYS_KEY};
use sts_schemas::open::OpenValue;
use sts_schemas::resource::Resource;
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
    /// The former issuer would be lost.
    #[error("the cluster is moved away from {issuer}, which {engine} would remove while it is still in use")]
    Moving {
        /// The former issuer.
        issuer: IssuerUrl,
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
    if let Some(former) = &desired.cluster.former {
        return Err(Inexpressible::Moving { issuer: former.issuer.clone(), engine });
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

/// What a person must know and do about the issuer whatever the engine: none of them looks at what is served now.
fn about_the_issuer(desired: &Desired) -> Vec<String> {
    let cluster = &desired.cluster;
    let mut lines = Vec::new();
    for resource in desired.resources.values() {
        if let (Resource::BucketStatement(one), Hosting::SharedBucket { bucket, .. }) =
            (resource, &cluster.hosting)
        {
            let statement = serde_json::to_string(&one.statement).unwrap_or_default();
            lines.push(format!(
                "# first, add this statement to the policy of bucket {bucket}, beside those of others, which stay: {statement}"
            ));
        }
    }
    if let Some(host) = fixed_front(desired) {
        lines.push(format!(
            "# the issuer is {host}, a name that AWS gave a distribution: unless this very distribution is what the engine \
             has already, AWS gives the new one another name, and nobody finds the issuer. Compare them, or render a bundle \
             whose issuer is open"
        ));
    }
    if let (Hosting::PrivateBucket { certificate: Some(_), .. }, host) =
        (&cluster.hosting, cluster.issuer.host_and_path())
    {
        lines.push(format!(
            "# in the DNS there must be a CNAME record from {host} to the distribution's host, which the output shows"
        ));
    }
    let kids: Vec<_> = desired.token_keys.iter().map(|key| key.kid.as_str()).collect();
    let place = if is_open(desired, OpenValue::Issuer) {
        String::new()
    } else {
        format!("; {}/{KEYS_KEY} tells which it serves now", cluster.issuer)
    };
    lines.push(format!(
        "# live keys: the issuer will serve {} and no other. Whatever other key it serves now goes, and AWS takes no token \
         any more that such a key signed{place}",
        kids.join(", ")
    ));
    lines
}

/// The host that AWS must have given the distribution already, where the issuer is such a name.
fn fixed_front(desired: &Desired) -> Option<&str> {
    let cluster = &desired.cluster;
    let is_served = matches!(cluster.hosting, Hosting::PrivateBucket { certificate: None, .. });
    (is_served && is_named_by_aws(&cluster.issuer)).then(|| cluster.issuer.host_and_path())
}

fn is_open(desired: &Desired, value: OpenValue) -> bool {
    desired.cluster.open().contains(&value)
}

/// How the issuer that AWS named comes back to the author; `output` says where the engine shows it.
fn issuer_for_the_author(output: &str) -> Vec<String> {
    vec![
        format!("# the author needs the issuer's host, which {output}"),
        format!(
            "# either in the place of {} in {AUTHENTICATION} of the author's directory, or in a receipt for `finalize`:",
            OpenValue::Issuer.token()
        ),
        "# sts-executor apply BUNDLE --receipt FILE changes nothing once all of this is done, and writes one"
            .into(),
    ]
}

/// What is to be served by the author's own server, and where.
fn documents_to_serve(desired: &Desired) -> Vec<String> {
    let issuer = &desired.cluster.issuer;
    [(DISCOVERY, DISCOVERY_KEY), (KEYS, KEYS_KEY)]
        .map(|(file, key)| format!("# serve the bundle's {file} as {issuer}/{key}"))
        .into()
}
