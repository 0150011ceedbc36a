//! The flags that name the bundle a new one follows.

use super::later::Lookout;
use super::seal::{ClosedBundle, Seal, derived};
use super::trust::{Reading, TrustArgs};
use super::{create_key_pair, in_file, open_regular, say, warn};
use crate::access;
use crate::asked;
use crate::directory::Directory;
use crate::pack::check;
use crate::previous::{Previous, PreviousError, UPGRADEABLE_TO};
use crate::render::{Files, NewManifest, Upgrade, mark_provider};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use sts_schemas::InvalidText;
use sts_schemas::access::{Access, difference};
use sts_schemas::cluster::Cluster;
use sts_schemas::contents::Contents;
use sts_schemas::difference::{Difference, Side, SideKind};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::gather::Gather as _;
use sts_schemas::layout;
use sts_schemas::oidc::Jwk;
use sts_schemas::open::{OpenValue, stand_in_for_tokens, tokens_for_stand_ins};
use sts_schemas::plan::Change;

/// Which bundle a new one follows.
#[derive(Debug, Clone, Args)]
pub(crate) struct PreviousArgs {
    /// The cluster's bundle so far, for an upgrade: the new one keeps its keys and its issuer, and says what changes.
    #[arg(long, value_name = "BUNDLE")]
    previous: Option<PathBuf>,
    /// The release of OpenShift that the cluster is to be upgraded to, like 4.17.
    #[arg(long, value_name = "VERSION", requires = "previous")]
    release: Option<Release>,
    /// Follow BUNDLE although --bundle-dir has later ones of the cluster with other keys or another issuer.
    #[arg(long, requires = "previous")]
    leave_out_later: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

/// A release of OpenShift: two or three numbers with dots between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release(String);

/// An upgrade that would be none.
#[derive(Debug, thiserror::Error)]
#[error("it let the cluster upgrade to a later release than {release}")]
struct EarlierRelease {
    release: String,
}

impl Release {
    /// What releases are ordered by.
    fn numbers(&self) -> Vec<u32> {
        self.0.split('.').filter_map(|part| part.parse().ok()).collect()
    }
}

impl FromStr for Release {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let parts: Vec<_> = text.split('.').collect();
        let number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if (2..=3).contains(&parts.len()) && parts.iter().all(number) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidText::new("release", text, "two or three numbers with dots between them, like 4.17"))
    }
}

/// A bundle that a new one follows, and where it leads.
#[derive(Debug)]
pub(crate) struct Following {
    path: PathBuf,
    pub(crate) previous: Previous,
    release: Option<Release>,
    /// Where to look for later bundles before one is made that follows; none where nobody wants that.
    lookout: Option<Lookout>,
}

impl PreviousArgs {
    /// Verifies the previous bundle, where there is one; the new one goes to `bundle_dir`.
    pub(crate) fn open(&self, bundle_dir: &Path, reading: Reading<'_>) -> Result<Option<Following>, Failure> {
        let Some(path) = &self.previous else {
            return if self.trust.is_given() {
                Err(Failure::new(Exit::Usage, "--trusted-key is for --previous, and there is none"))
            } else {
                Ok(None)
            };
        };
        let previous = read_previous(path, &self.trust, reading)?;
        let earlier = |release: &&Release| {
            let known = previous.release().and_then(|text| text.parse::<Release>().ok());
            known.is_some_and(|known| release.numbers() < known.numbers())
        };
        if let Some(release) = self.release.as_ref().filter(earlier) {
            let error = EarlierRelease { release: release.0.clone() };
            return Err(in_file(path, error).hint(
                "no cluster goes back to an earlier release: give the release that the upgrade is to, or leave --release out",
            ));
        }
        let lookout = (!self.leave_out_later).then(|| Lookout::new(bundle_dir, &self.trust, reading));
        // Keys and issuer are not the new bundle's to say: that they are the cluster's last is seen before anything is made.
        lookout.as_ref().map_or(Ok(()), |lookout| lookout.refuse_other_keys(&previous))?;
        Ok(Some(Following { path: path.clone(), previous, release: self.release.clone(), lookout }))
    }
}

/// Verifies a bundle, and takes it apart; it is read twice, so that no more of it is kept than counts.
pub(super) fn read_previous(
    path: &Path,
    trust: &TrustArgs,
    reading: Reading<'_>,
) -> Result<Previous, Failure> {
    let mut file = open_regular(path)?;
    let bundle = trust.applied(BufReader::new(&file), reading)?;
    file.rewind().map_err(|error| in_file(path, error))?;
    Previous::of(bundle, BufReader::new(file)).map_err(|error| in_file(path, error))
}

impl Following {
    /// A previous bundle that was read from this path, on the way to no other release.
    pub(super) fn of(path: &Path, previous: Previous) -> Self {
        Self { path: path.to_owned(), previous, release: None, lookout: None }
    }

    /// Its generation: a new bundle's is later.
    pub(crate) fn generation(&self) -> u64 {
        self.previous.generation()
    }

    /// The cluster with the issuer that the previous bundle has for it, where AWS once named that and no flag can.
    pub(crate) fn issuer_of(&self, cluster: Cluster) -> Cluster {
        let known = self.previous.cluster();
        if cluster.open().contains(&OpenValue::Issuer) && cluster.hosting == known.hosting {
            return Cluster { issuer: known.issuer.clone(), ..cluster };
        }
        cluster
    }

    /// Whether a new bundle for this cluster can follow, of `generation`.
    pub(crate) fn allows(&self, cluster: &Cluster, generation: u64) -> Result<(), Failure> {
        self.previous.precedes(cluster, generation).map_err(|error| self.refused(error))
    }

    /// Tells of a later bundle that says otherwise than these files.
    pub(crate) fn tell_of_later(&self, files: &Files) -> Result<(), Failure> {
        self.lookout.as_ref().map_or(Ok(()), |lookout| lookout.tell(&self.previous, files))
    }

    /// Whether a new bundle of `generation` would outrank it.
    pub(crate) fn is_before(&self, generation: u64) -> Result<(), Failure> {
        self.previous.is_before(generation).map_err(|error| self.refused(error))
    }

    /// Packs a bundle whose files are those of the previous one but for what a step of a living cluster's changes.
    ///
    /// The generation, the review and the script follow from the rest.
    pub(crate) fn succeed(
        &self,
        seal: &Seal,
        (cluster, generation): (&Cluster, u64),
        mut files: Files,
    ) -> Result<ClosedBundle, Failure> {
        mark_provider(&mut files, generation);
        let wrong = |problems| in_file(&self.path, problems);
        let (requests, contents) =
            asked::read(&files, cluster.partition, || check(cluster, generation, &files)).map_err(wrong)?;
        let contents = contents.map_err(wrong)?;
        let upgrade = self.upgrade(&contents);
        let derived = derived(&contents, &files, Some(&upgrade), &requests.notes);
        files.extend(derived.map(|(path, bytes)| (path.to_owned(), bytes)));
        let closed = seal.close(cluster, generation, files)?;
        if self.previous.has_private_key() {
            say("the previous bundle carries a private key of the cluster's; this one does not");
        }
        Ok(closed)
    }

    /// Whether these files serve the same keys.
    pub(crate) fn keeps_its_keys(&self, files: &Files) -> Result<(), Failure> {
        self.previous.serves_the_keys_of(files).map_err(|error| self.refused(error))
    }

    /// Whether this is the key that the cluster signs with.
    pub(crate) fn signs_with(&self, key: &Jwk) -> Result<(), Failure> {
        let known = self.previous.signing_key().map_err(|error| self.refused(error))?;
        if known == *key { Ok(()) } else { Err(self.refused(PreviousError::OtherKeys)) }
    }

    /// The cluster's public key, put into a directory that has no other.
    pub(crate) fn kept_key(&self, directory: &Directory) -> Result<Jwk, Failure> {
        create_key_pair::kept(directory, &self.path, self.previous.public_key())
    }

    /// The list of keys as the issuer serves it.
    pub(crate) fn kept_keys(&self) -> Files {
        let keys = self.previous.files().get(layout::KEYS).cloned();
        keys.map(|bytes| (layout::KEYS.to_owned(), bytes)).into_iter().gather()
    }

    /// A previous bundle that a new one cannot follow.
    fn refused(&self, error: PreviousError) -> Failure {
        let hint = match &error {
            PreviousError::OtherCluster(_) => {
                "an upgrade keeps all of these: give the flags the previous bundle was made with; without --previous \
                 a bundle of its own is made, for another cluster"
            }
            PreviousError::OtherKeys => {
                "an upgrade keeps the cluster's keys; `rotate-keys stage` begins to exchange them"
            }
            PreviousError::Moving(_) => {
                "end the move first, with `move-issuer switch` and `remove`; or give it up and give the bundle before it"
            }
            PreviousError::NoLater { .. } => {
                "set SOURCE_DATE_EPOCH to a later time, or to none; or give the bundle that was applied last"
            }
            PreviousError::Last => {
                "whoever signed it gave it a date that never was: take their key out of the trusted ones, give the bundle \
                 before it instead, and have the new one applied with --roll-back"
            }
            PreviousError::OtherBytes(_) | PreviousError::Changed | PreviousError::Keys(_) => {
                "fetch the previous bundle again"
            }
        };
        in_file(&self.path, error).hint(hint)
    }

    /// What the new bundle changes, for its review.
    pub(crate) fn upgrade(&self, contents: &Contents) -> Upgrade {
        let (old, new) = (self.previous.access(), Access::of_contents(contents));
        let side = Side { name: "this bundle".to_owned(), kind: SideKind::Directory, bundle: None };
        Upgrade {
            difference: difference(access::PROGRAM, (self.previous.side(), &old), (side, &new)),
            manifests: self.manifests(contents),
            annotation: self.release.as_ref().map(annotation),
        }
    }

    /// The manifests that the cluster does not have as this bundle wants them.
    fn manifests(&self, contents: &Contents) -> Vec<NewManifest> {
        let open = contents.desired.cluster.open();
        let known = |path: &String, text: &String| {
            // What is open has a value in the contents, as it has none in the files.
            let file = self.previous.files().get(path).map(|bytes| stand_in_for_tokens(bytes, &open));
            file.as_deref() == Some(text.as_bytes())
        };
        let new = contents.installer_manifests.iter().filter(|(path, text)| !known(path, text));
        new.map(|(path, text)| NewManifest {
            path: path.clone(),
            is_open: tokens_for_stand_ins(text.as_bytes(), &open) != text.as_bytes(),
        })
        .collect()
    }
}

/// Says what is left to do by hand; the line is whole only where the release was told.
pub(crate) fn tell(upgrade: &Upgrade) {
    for change in of_all_roles(&upgrade.difference) {
        warn(&format!("WARNING: {change}"));
    }
    let unknown = Release("<version>".to_owned());
    let line = upgrade.annotation.clone().unwrap_or_else(|| annotation(&unknown));
    say(
        "once `sts-executor status BUNDLE --gate` on this bundle exits with 0 (`provides` in its JSON), let the cluster \
         upgrade:",
    );
    for line in upgrade.gifts().chain([line]) {
        say(&format!("  {line}"));
    }
}

/// What changes about roles that stay, and is no permission: a sentence for each setting. An upgrade seldom means to.
fn of_all_roles(difference: &Difference) -> Vec<String> {
    let mut changed = BTreeMap::<&str, (usize, &Change)>::new();
    for (name, change) in difference.roles.iter().flat_map(|role| &role.settings) {
        changed.entry(name).or_insert((0, change)).0 += 1;
    }
    let shown = |value: &Option<Value>| {
        let text = value.as_ref().and_then(Value::as_str).map(str::to_owned);
        text.unwrap_or_else(|| "none".to_owned())
    };
    let sentence = |(name, (count, change)): (&str, (usize, &Change))| {
        let (old, new) = (shown(&change.old), shown(&change.new));
        format!(
            "the {name} of {count} roles is another than in the previous bundle, as of one from {old} to {new}"
        )
    };
    changed.into_iter().map(sentence).collect()
}

/// What lets a cluster in manual mode upgrade. Source: `OpenShift` documentation, "Preparing to update a cluster
/// with manually maintained credentials".
fn annotation(release: &Release) -> String {
    // From the second upgrade on there is a value already.
    format!("oc annotate cloudcredential cluster {UPGRADEABLE_TO}{} --overwrite", release.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_two_or_three_numbers_and_nothing_a_shell_would_take_otherwise() {
        for text in ["4.17", "4.17.3", "5.0"] {
            assert!(text.parse::<Release>().is_ok(), "{text}");
        }
        for text in ["", "4", "4.", "4.17.3.1", "v4.17", "4.17;id", "4.x", "4.17 --all", "<version>"] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }
}
