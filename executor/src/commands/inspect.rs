//! `inspect`: what is in a bundle?

use super::{bundle::BundleArgs, refusal};
use crate::cli::Form;
use crate::session::Session;
use crate::show::{contents, markdown, page};
use sts_schemas::bundle::UnverifiedBundle;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::inspection::Trust;

/// Show what is in a bundle; without a trusted key, under a warning.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor inspect BUNDLE --trusted-key author.key.pub
Example, a page for a browser:
  sts-executor inspect BUNDLE --trusted-key author.key.pub \\
      --format html > bundle.html")]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
}

pub(crate) fn run(args: &Args, form: Form, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let (trust, untrusted, verified);
    let keys = args.bundle.trust.keys(session)?;
    let source = args.bundle.open()?;
    let bundle = if keys.keys.is_empty() {
        untrusted = UnverifiedBundle::new(source).read_without_trust().map_err(refusal::of_bundle)?;
        trust = Trust::Unverified;
        untrusted.as_if_verified()
    } else {
        verified = args.bundle.verified_from(source, &keys, session)?;
        trust = Trust::Verified;
        &verified
    };
    match form {
        Form::Text => session.data(&contents::text(bundle, trust, session.surroundings.paint))?,
        Form::Json => session.json(&contents::inspection(bundle, trust))?,
        Form::Markdown => session.data(&markdown::text(bundle, trust))?,
        Form::Html => session.data(&page::text(bundle, trust))?,
    }
    Ok(Exit::Done)
}
