//! The bundle that a new one follows: verified, and taken apart into its files.

use crate::render::{Files, is_own_tag};
use std::io::Read;
use sts_schemas::access::Access;
use sts_schemas::bundle::{Entries, VerifiedBundle, VerifyError};
use sts_schemas::cluster::{Cluster, IssuerUrl};
use sts_schemas::difference::{Side, SideKind};
use sts_schemas::digest::Sha256;
use sts_schemas::gather::Gather as _;
use sts_schemas::installer_manifest::SecretManifest;
use sts_schemas::layout::{self, Place};
use sts_schemas::moment::LAST_MOMENT;
use sts_schemas::oidc::{ClusterKeyError, Jwk, Jwks};
use sts_schemas::open::OpenValue;
use sts_schemas::receipt::{CheckedReceipt, ReceiptError};
use sts_schemas::resource::{Resource, Role};

/// What tells a cluster in manual mode that it may upgrade, as far as the release.
pub(crate) const UPGRADEABLE_TO: &str = "cloudcredential.openshift.io/upgradeable-to=";

/// A bundle that was made before, for the same cluster.
#[derive(Debug)]
pub struct Previous {
    bundle: VerifiedBundle,
    files: Files,
}

/// A new bundle that cannot follow the previous one.
#[derive(Debug, thiserror::Error)]
pub enum PreviousError {
    /// The bytes are not in the form of a bundle, and so not those that were verified.
    #[error("the archive inside it is not that of the verified bundle")]
    OtherBytes(#[from] VerifyError),
    /// The bytes were changed after they had been verified.
    #[error("it was changed while it was read")]
    Changed,
    /// Something that a living cluster depends on would change.
    #[error("the previous bundle and the new one are not for the same cluster:{}", listed(.0))]
    OtherCluster(Vec<String>),
    /// The keys that tokens may be signed with would change.
    #[error("{} would not be that of the previous bundle", layout::KEYS)]
    OtherKeys,
    /// Another issuer is still trusted beside its own.
    #[error("the cluster is being moved away from {0}: both issuers are trusted")]
    Moving(IssuerUrl),
    /// The time that was told is no later than the previous bundle's.
    #[error(
        "the previous bundle is of generation {previous}, and the new one would be of {new}, which is no later"
    )]
    NoLater {
        /// The previous bundle's, in seconds since 1970.
        previous: u64,
        /// The new one's, likewise.
        new: u64,
    },
    /// The previous bundle is of the last generation there is.
    #[error("the previous bundle is of the last generation there is, {LAST_MOMENT}, and none can follow it")]
    Last,
    /// A document that a verified bundle always has in order.
    #[error("the previous bundle's keys cannot be read")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn listed(differences: &[String]) -> String {
    differences.iter().fold(String::new(), |text, line| format!("{text}\n  {line}"))
}

/// What a bundle says once its issuer is known.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The cluster it is for.
    pub cluster: Cluster,
    /// The issuer that the cluster's tokens are of by the installer's manifests in it.
    pub issuer_in_use: IssuerUrl,
    /// Its files but for private keys, manifest and signatures.
    pub files: Files,
}

/// A bundle of which it is not known what its issuer is.
#[derive(Debug, thiserror::Error)]
pub enum UnsettledError {
    /// AWS named it, and the bundle cannot know.
    #[error("AWS named its issuer when it was applied, and only the receipt of that tells the name")]
    OpenIssuer,
    /// The receipt is of something else.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
}

impl Previous {
    /// Takes a bundle apart; `source` is what it was verified from, read once more. Its private keys, if it has any, stay
    /// out.
    ///
    /// # Errors
    /// When the bytes are others by now.
    pub fn of(bundle: VerifiedBundle, mut source: impl Read) -> Result<Self, PreviousError> {
        let mut entries = Entries::open(&mut source)?;
        let mut files = Files::new();
        // A reader takes no manifest whose files are not sorted.
        let listed = &bundle.manifest().files;
        let digest_of = |path: &str| {
            let at = listed.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
            listed.get(at).map(|entry| &entry.sha256)
        };
        while let Some(mut entry) = entries.next_entry()? {
            let known = match entry.place {
                Place::Manifest => Some(bundle.digest()),
                Place::Signature { .. } | Place::PrivateKey => continue,
                _ => digest_of(&entry.path),
            };
            if known != Some(&Sha256::of(&entry.bytes)) {
                return Err(PreviousError::Changed);
            }
            if entry.place != Place::Manifest {
                files.insert(entry.path, std::mem::take(&mut *entry.bytes));
            }
        }
        Ok(Self { bundle, files })
    }

    /// Its files but for private keys, manifest and signatures.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The cluster it is for.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.bundle.manifest().cluster
    }

    /// Its generation, in seconds since 1970.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.bundle.manifest().generation
    }

    /// The release that its review lets the cluster upgrade to, where it was told.
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        let review = self.files.get(layout::REVIEW).map(Vec::as_slice).unwrap_or_default();
        let (_, rest) = std::str::from_utf8(review).ok()?.split_once(UPGRADEABLE_TO)?;
        rest.split_whitespace().next()
    }

    /// Whether a private key of the cluster's lies in it.
    #[must_use]
    pub fn has_private_key(&self) -> bool {
        !self.bundle.private_keys().is_empty()
    }

    /// The public key that the cluster's tokens are signed with, as PEM.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.files.get(layout::PUBLIC_KEY).map(Vec::as_slice).unwrap_or_default()
    }

    /// That key as the issuer serves it.
    ///
    /// # Errors
    /// When it cannot be read, which verification has excluded.
    pub fn signing_key(&self) -> Result<Jwk, PreviousError> {
        let pem = std::str::from_utf8(self.public_key()).map_err(|_| ClusterKeyError::NotPem);
        pem.and_then(Jwk::of_pem).map_err(|error| PreviousError::Keys(error.into()))
    }

    /// Every key that the issuer serves.
    ///
    /// # Errors
    /// When they cannot be read, which verification has excluded.
    pub fn keys(&self) -> Result<Jwks, PreviousError> {
        let bytes = self.files.get(layout::KEYS).map(Vec::as_slice).unwrap_or_default();
        serde_json::from_slice(bytes).map_err(|error| PreviousError::Keys(error.into()))
    }

    /// What it says with nothing of the issuer left open; `receipt` tells of its apply.
    ///
    /// # Errors
    /// When AWS named the issuer and no receipt tells it, or the receipt is not that of the bundle's complete apply.
    pub fn settled(&self, receipt: Option<&CheckedReceipt>) -> Result<Settled, UnsettledError> {
        let contents = match receipt {
            Some(receipt) => &receipt.complete(&self.bundle)?,
            None => self.bundle.contents(),
        };
        let cluster = contents.desired.cluster.clone();
        if cluster.open().contains(&OpenValue::Issuer) {
            return Err(UnsettledError::OpenIssuer);
        }
        let issuer_in_use = contents.issuer_in_use().clone();
        let filled = |(path, bytes): (&String, &Vec<u8>)| {
            let is_bindable = matches!(Place::of(path), Some(Place::Aws | Place::InstallerManifest));
            let bytes = if is_bindable { contents.desired.bound.fill_in(bytes) } else { bytes.clone() };
            (path.clone(), bytes)
        };
        Ok(Settled { cluster, issuer_in_use, files: self.files.iter().map(filled).gather() })
    }

    /// The tags that all it makes bears, but for those that this program sets itself, which say whose it is.
    #[must_use]
    pub fn author_tags(&self) -> Vec<(String, String)> {
        let mut resources = self.resources().map(Resource::tags);
        let first = resources.next().cloned().unwrap_or_default();
        let common = resources.fold(first, |mut common, tags| {
            common.retain(|key, value| tags.get(key) == Some(value));
            common
        });
        common.into_iter().filter(|(key, _)| !is_own_tag(key)).collect()
    }

    /// The thumbprints that it gives its provider.
    #[must_use]
    pub fn thumbprints(&self) -> Vec<String> {
        let provider = self.resources().find_map(|resource| match resource {
            Resource::Provider(provider) => Some(provider),
            _ => None,
        });
        provider.into_iter().flat_map(|provider| provider.thumbprints.iter().cloned()).collect()
    }

    /// All that it makes and that can bear tags.
    fn resources(&self) -> impl Iterator<Item = &Resource> {
        let all = self.bundle.contents().desired.resources.values();
        all.filter(|resource| !matches!(resource, Resource::BucketStatement(_) | Resource::AccessControl(_)))
    }

    /// Its roles.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.bundle.contents().desired.resources.values().filter_map(|resource| match resource {
            Resource::Role(role) => Some(role),
            _ => None,
        })
    }

    /// The names of its roles, each behind the one that it had before that was cut to IAM's length.
    pub fn role_names(&self) -> impl Iterator<Item = (String, String)> {
        let manifests = self.bundle.contents().installer_manifests.values();
        manifests.filter_map(|text| SecretManifest::of_text(text)).map(|secret| {
            let long_name = format!("{}-{}-{}", self.cluster().name, secret.namespace, secret.name);
            let name = secret.role_arn.rsplit('/').next().unwrap_or_default().to_owned();
            (long_name, name)
        })
    }

    /// What its roles may do.
    #[must_use]
    pub fn access(&self) -> Access {
        Access::of_contents(self.bundle.contents())
    }

    /// What it is called in a difference.
    #[must_use]
    pub fn side(&self) -> Side {
        let digest = self.bundle.digest();
        Side {
            name: format!("{}-{}", self.cluster().name, digest.short()),
            kind: SideKind::VerifiedBundle,
            bundle: Some(digest.clone()),
        }
    }

    /// Whether a new bundle for this cluster, made at `generation` (seconds since 1970), can follow.
    ///
    /// # Errors
    /// That its issuer is being moved; everything that a living cluster depends on and that would change, at once; or
    /// that it is no later.
    pub fn precedes(&self, cluster: &Cluster, generation: u64) -> Result<(), PreviousError> {
        let (old, new) = (self.cluster(), cluster);
        if let Some(former) = &old.former {
            return Err(PreviousError::Moving(former.issuer.clone()));
        }
        let differences: Vec<String> = [
            ("name", old.name.to_string(), new.name.to_string()),
            ("account", old.account.to_string(), new.account.to_string()),
            ("partition", old.partition.to_string(), new.partition.to_string()),
            ("region", old.region.to_string(), new.region.to_string()),
            ("issuer", old.issuer.to_string(), new.issuer.to_string()),
            ("hosting", old.hosting.to_string(), new.hosting.to_string()),
        ]
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(what, old, new)| format!("{what}: {old}, and now {new}"))
        .collect();
        if !differences.is_empty() {
            return Err(PreviousError::OtherCluster(differences));
        }
        self.is_before(generation)
    }

    /// Whether a new bundle made at `generation` (seconds since 1970) would outrank it.
    ///
    /// # Errors
    /// When it would not.
    pub fn is_before(&self, generation: u64) -> Result<(), PreviousError> {
        let previous = self.generation();
        if previous >= LAST_MOMENT {
            return Err(PreviousError::Last);
        }
        if generation <= previous {
            return Err(PreviousError::NoLater { previous, new: generation });
        }
        Ok(())
    }

    /// Whether these files serve the same keys.
    ///
    /// # Errors
    /// When they do not.
    pub fn serves_the_keys_of(&self, files: &Files) -> Result<(), PreviousError> {
        let read = |files: &Files| {
            let bytes = files.get(layout::KEYS)?;
            serde_json::from_slice::<Jwks>(bytes).ok()
        };
        let same_signer = files.get(layout::PUBLIC_KEY).is_some_and(|pem| {
            let pem = std::str::from_utf8(pem).unwrap_or_default();
            Jwk::of_pem(pem).ok() == self.signing_key().ok()
        });
        if same_signer && read(files) == read(&self.files) { Ok(()) } else { Err(PreviousError::OtherKeys) }
    }
}
