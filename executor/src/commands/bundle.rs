//! Opening a bundle: whom to trust, and the one way to a verified one.

use super::place::Neighbours;
use super::{at_least_one, refusal};
use crate::session::Session;
use crate::show::utc;
use std::fs::File;
use std::io::{BufReader, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;
use sts_schemas::alarm::alarms_of_bundle;
use sts_schemas::bundle::{Expiry, UnverifiedBundle, VerifiedBundle};
use sts_schemas::contents::PrivateKeyForm;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::signature::{KEY_FOLDER, TrustStore, TrustedKeys, exposed, trusted_keys};

/// A bundle, and whose signatures count.
#[derive(Debug, clap::Args)]
pub(crate) struct BundleArgs {
    /// The bundle, a .tar.gz made by sts-generator.
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Whose signatures count.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TrustArgs {
    /// A public key that may sign bundles; can be given more than once.
    ///
    /// Without it, every *.pub in sts-handoff/trusted-keys of the user's configuration folder is trusted.
    #[arg(long, value_name = "FILE")]
    trusted_key: Vec<PathBuf>,
    /// How many different trusted keys must have signed.
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroUsize>)]
    threshold: NonZeroUsize,
    /// Take signatures whose time has ended; the report, the plan and the receipt say so.
    #[arg(long)]
    allow_expired: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {what} {path}")]
struct Unreadable {
    what: &'static str,
    path: String,
    #[source]
    source: std::io::Error,
}

impl BundleArgs {
    /// Verifies the bundle, and tells the person what the signatures left open.
    pub(crate) fn verified(&self, session: &mut Session<'_>) -> Result<VerifiedBundle, Failure> {
        let source = self.open()?;
        let keys = self.trust.keys(session)?;
        self.verified_from(source, &keys, session)
    }

    /// The same, from bytes that were opened and keys that were read before.
    pub(crate) fn verified_from(
        &self,
        source: impl Read,
        trusted: &TrustedKeys,
        session: &mut Session<'_>,
    ) -> Result<VerifiedBundle, Failure> {
        session.detail(|| format!("Reading the bundle {}.", self.bundle.display()));
        self.trust.tell(trusted, session);
        let trust = TrustStore::new(trusted.keys.clone(), self.trust.threshold)
            .map_err(|error| refusal::of_trust(error, session))?;
        let expiry = if self.trust.allow_expired {
            Expiry::Overridden(session.now())
        } else {
            Expiry::Enforced(session.now())
        };
        let began = Instant::now();
        let bundle = UnverifiedBundle::new(source).verify(&trust, expiry).map_err(refusal::of_bundle)?;
        session.detail(|| format!("Verified it: {} ms.", began.elapsed().as_millis()));
        for warning in warnings(&bundle) {
            session.warn(&format!("WARNING: {warning}"));
        }
        for (path, _) in bundle.private_keys().iter().filter(|(_, form)| **form == PrivateKeyForm::Encrypted)
        {
            session.tell(&format!(
                "Note: the bundle carries the cluster's private key in {path}, encrypted. Nothing here needs it."
            ));
        }
        Ok(bundle)
    }

    /// Another bundle, of which the same signatures count.
    pub(crate) fn beside(&self, bundle: &Path) -> Self {
        Self { bundle: bundle.to_owned(), trust: self.trust.clone() }
    }

    /// Verifies the bundle as one that was good once: that its signatures have ended is for the caller to tell.
    pub(crate) fn verified_as_previous(&self, session: &Session<'_>) -> Result<VerifiedBundle, Failure> {
        let keys = self.trust.keys(session)?;
        let trust = TrustStore::new(keys.keys, self.trust.threshold)
            .map_err(|error| refusal::of_trust(error, session))?;
        let source = UnverifiedBundle::new(self.open()?);
        let verified = source.verify(&trust, Expiry::Overridden(session.now()));
        verified.map_err(|error| refusal::of_previous(&self.bundle, error))
    }

    /// Names the bundle and the keys that were given.
    pub(crate) fn name<'a>(&'a self, neighbours: &mut Neighbours<'a>) {
        neighbours.reads("the bundle", Some(&self.bundle));
        self.trust.name(neighbours);
    }

    /// The file, opened and not yet looked into.
    pub(crate) fn open(&self) -> Result<BufReader<File>, Failure> {
        let unreadable = |error| unreadable("the bundle", &self.bundle, error);
        let file = File::open(&self.bundle).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            let error = "it is a folder, and a bundle is one file, NAME.tar.gz";
            return Err(unreadable(std::io::Error::other(error)));
        }
        Ok(BufReader::new(file))
    }

    /// The bundle's file name without its endings.
    pub(crate) fn stem(&self) -> String {
        let name =
            self.bundle.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.strip_suffix(".tar.gz").unwrap_or(&name).to_owned()
    }
}

/// What whoever decides about a bundle that was verified should know of it, each a sentence.
pub(super) fn warnings(bundle: &VerifiedBundle) -> Vec<String> {
    let ahead = bundle.is_ahead_of_the_clock().then(|| ahead_of_the_clock(bundle));
    expired(bundle).chain(ahead).chain(alarms_of_bundle(bundle)).collect()
}

/// A sentence for each signature that counts only because a person said that its end does not.
pub(super) fn expired(bundle: &VerifiedBundle) -> impl Iterator<Item = String> {
    bundle.signers().iter().filter(|signer| signer.expired).map(|signer| {
        let ended = signer.expires.map_or_else(String::new, |end| format!(" at {}", utc(end)));
        format!(
            "EXPIRED: the signature of the key {} ended to count{ended}, and is taken because of --allow-expired.",
            signer.key
        )
    })
}

/// What to know of a bundle that says it was made later than it is. No time of day is in it: a plan holds such a note.
pub(super) fn ahead_of_the_clock(bundle: &VerifiedBundle) -> String {
    format!(
        "AHEAD OF THE CLOCK: the bundle says it was made at {}, which the clock here has not reached: one of the two \
         clocks is wrong, or the author lies.",
        utc(bundle.manifest().generation)
    )
}

impl TrustArgs {
    /// Names the keys that were given.
    pub(crate) fn name<'a>(&'a self, neighbours: &mut Neighbours<'a>) {
        self.trusted_key.iter().for_each(|key| neighbours.reads("a trusted key", Some(key)));
    }

    /// How many trusted keys must have signed.
    pub(crate) fn threshold(&self) -> usize {
        self.threshold.get()
    }

    /// The flags by which a person let something count that otherwise would not.
    pub(crate) fn overridden(&self, bundle: &VerifiedBundle) -> Vec<String> {
        let ended = expired(bundle).next().is_some();
        if self.allow_expired && ended { vec!["--allow-expired".into()] } else { Vec::new() }
    }

    /// The keys that were given, else those of the configuration folder.
    pub(crate) fn keys(&self, session: &Session<'_>) -> Result<TrustedKeys, Failure> {
        let configuration = session.surroundings.configuration.as_deref();
        trusted_keys(&self.trusted_key, configuration).map_err(|error| {
            let advice = error.advice();
            Failure::new(Exit::Failed, error).hint(advice)
        })
    }

    /// Names the keys that count to who looks for a fault.
    fn tell(&self, trusted: &TrustedKeys, session: &mut Session<'_>) {
        let TrustedKeys { keys, repeated } = trusted;
        for warning in exposed(&self.trusted_key).iter().chain(repeated) {
            session.warn(&format!("WARNING: {warning}"));
        }
        let configuration = session.surroundings.configuration.clone();
        session.detail(|| match configuration {
            Some(folder) if self.trusted_key.is_empty() => {
                format!("Trusted keys in {}: {}.", folder.join(KEY_FOLDER).display(), keys.len())
            }
            _ => format!("Trusted keys given: {}.", keys.len()),
        });
        for key in keys {
            session.detail(|| format!("Trusting {}, {}.", key.id(), key.kind()));
        }
    }
}

fn unreadable(what: &'static str, path: &Path, source: std::io::Error) -> Failure {
    Failure::new(Exit::Failed, Unreadable { what, path: path.display().to_string(), source })
}
