//! `inspect`: what is in a bundle?

use super::{bundle::BundleArgs, refusal};
use crate::changes::Since;
use crate::cli::Form;
use crate::session::Session;
use crate::show::{contents, markdown, page};
use std::path::{Path, PathBuf};
use sts_schemas::bundle::{UnverifiedBundle, VerifiedBundle};
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
    /// An older bundle of the same cluster: say what changed since.
    ///
    /// It is verified with the same keys, and compared as it is, whatever it or the newer one says of the other. That a
    /// signature of it has ended is told, and refuses nothing.
    #[arg(long, value_name = "OLD")]
    previous: Option<PathBuf>,
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
    let since = args.previous.as_deref().map(|old| since(args, old, (bundle, trust), session)).transpose()?;
    let since = since.as_ref();
    match form {
        Form::Text => session.data(&contents::text(bundle, trust, since, session.surroundings.paint))?,
        Form::Json => session.json(&contents::inspection(bundle, trust, since))?,
        Form::Markdown => session.data(&markdown::text(bundle, trust, since))?,
        Form::Html => session.data(&page::text(bundle, trust, since))?,
    }
    Ok(Exit::Done)
}

/// What changed since the older bundle: read with the trust that the newer one was read with.
fn since(
    args: &Args,
    old: &Path,
    (bundle, trust): (&VerifiedBundle, Trust),
    session: &Session<'_>,
) -> Result<Since, Failure> {
    let older = args.bundle.beside(old);
    let (untrusted, verified);
    let previous = match trust {
        Trust::Unverified => {
            let source = UnverifiedBundle::new(older.open()?);
            untrusted = source.read_without_trust().map_err(|error| refusal::of_previous(old, error))?;
            untrusted.as_if_verified()
        }
        Trust::Verified => {
            verified = older.verified_as_previous(session)?;
            &verified
        }
    };
    Since::between(previous, bundle, trust).map_err(|error| {
        Failure::new(Exit::Usage, error).hint("give a bundle that was made for the same cluster before")
    })
}
