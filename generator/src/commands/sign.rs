//! `sts-generator sign`: one more signature on a bundle that is there.

mod attach;
mod consent;
mod subject;

use super::signing::SigningManner;
use super::{Person, Surroundings, in_file, print_line, read_input, say, warn};
use crate::directory::{write_new, write_whole};
use clap::{ArgGroup, Args};
use std::path::{Path, PathBuf};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::signature::{self, Algorithm, Claims, KeyError, PublicKey};
use subject::{Standing, Subject};

/// Add a signature to a bundle, in place: with a key file, or in two steps with a key kept elsewhere.
///
/// The bundle is read and checked as sts-executor would, and what is signed is shown; on a terminal a yes is asked
/// for. Nothing but the signature changes in it: what others sign at the same time stays, and another bundle that came in its
/// place is left as it is. A link to a bundle stays one. With --trusted-key only a bundle that a holder of such a key has
/// signed is taken; without it, the signatures that are there are not checked. For a key in a token or a key service, --to-be-signed writes the bytes to sign, and --attach
/// takes the signature over them, in bytes: of Ed25519, ECDSA (DER or two numbers) or RSA.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("way").required(true).args(["signing_key", "to_be_signed", "attach"]))]
#[command(after_help = "Example, with the key in another program:
  sts-generator sign BUNDLE --public-key hsm.pub --to-be-signed input
  openssl pkeyutl -sign -rawin -inkey hsm.key -in input -out signature
  sts-generator sign BUNDLE --public-key hsm.pub --attach signature")]
#[command(override_usage = "sts-generator sign [OPTIONS] <BUNDLE>
         <--signing-key <FILE>|--to-be-signed <FILE>|--attach <SIGNATURE>>")]
pub struct Sign {
    /// The bundle, a .tar.gz made by this program.
    bundle: PathBuf,
    /// The key to sign with, as create-signing-key makes it, or another PKCS#8 PEM.
    ///
    /// PKCS#8 PEM: Ed25519, ECDSA on P-256 or P-384, or RSA of 2048 bits or more, as create-signing-key, `openssl
    /// genpkey` and `ssh-keygen -m PKCS8` (RSA and ECDSA only) make it. Encrypted, it is PBES2 with AES-CBC and scrypt
    /// or PBKDF2 with SHA-2: what these three do when not told otherwise. Not read: OpenSSH's own form, `EC PRIVATE KEY`,
    /// `RSA PRIVATE KEY`, RSA-PSS keys, triple DES.
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
    #[command(flatten)]
    manner: SigningManner,
    /// Write what a key kept elsewhere has to sign into this file, and change nothing.
    #[arg(long, value_name = "FILE", requires = "public_key")]
    to_be_signed: Option<PathBuf>,
    /// Take this signature, made elsewhere, into the bundle.
    #[arg(long, value_name = "SIGNATURE", requires = "public_key", conflicts_with = "expires")]
    attach: Option<PathBuf>,
    /// The public key of the key kept elsewhere, PUBLIC KEY PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "signing_key")]
    public_key: Option<PathBuf>,
    /// What --to-be-signed wrote; --attach needs it where that was with --expires.
    #[arg(long, value_name = "FILE", requires = "attach")]
    signed: Option<PathBuf>,
    /// A public key, as author.key.pub, one of whose signatures must be there and hold; can be given more than once.
    #[arg(long, value_name = "FILE")]
    trusted_key: Vec<PathBuf>,
    /// Do not ask, on a terminal either.
    #[arg(long)]
    yes: bool,
}

impl Sign {
    pub(crate) fn run(&self, surroundings: Surroundings) -> Result<(), Failure> {
        let subject = Subject::read(&self.bundle, &self.trusted_key, surroundings.clock)?;
        // What is asked about is shown, however quiet the rest is.
        let asks = self.to_be_signed.is_none() && self.person(surroundings) == Person::Present;
        subject.show(if asks { warn } else { say });
        if let Some(path) = &self.signing_key {
            return self.with_key(path, &subject, surroundings);
        }
        let key = self.public_key()?;
        match (&self.to_be_signed, &self.attach) {
            (Some(path), _) => self.write_input(path, &subject, &key, surroundings),
            (None, Some(path)) => self.attach(path, &subject, &key, surroundings),
            (None, None) => Err(Failure::new(Exit::Usage, "nothing was said to sign with")),
        }
    }

    fn with_key(&self, path: &Path, subject: &Subject, surroundings: Surroundings) -> Result<(), Failure> {
        let key = self.manner.key(path, surroundings.person)?;
        let claims = subject.claims(self.manner.end(surroundings));
        if subject.standing(key.public_key(), &claims)? == Standing::Signed {
            return self.nothing_to_do(key.public_key());
        }
        self.consent(subject, surroundings)?;
        let token = signature::sign(&key, &claims).map_err(|error| in_file(path, error))?;
        self.put(subject, key.public_key(), &token)
    }

    fn write_input(
        &self,
        path: &Path,
        subject: &Subject,
        key: &PublicKey,
        surroundings: Surroundings,
    ) -> Result<(), Failure> {
        let algorithm = self.manner.algorithm.unwrap_or_else(|| Algorithm::default_for(key.kind()));
        if algorithm.key_kind() != key.kind() {
            let error = KeyError::OtherKind { algorithm, kind: key.kind() };
            return Err(in_file(self.public_key.as_deref().unwrap_or(path), error));
        }
        let claims = subject.claims(self.manner.end(surroundings));
        subject.standing(key, &claims)?;
        let input = signature::signing_input(algorithm, key, &claims)
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        let written = if is_earlier_input(path) {
            write_whole(path, input.as_bytes(), 0o644).map(drop)
        } else {
            write_new(path, input.as_bytes(), 0o644)
        };
        written.map_err(|error| {
            Failure::new(Exit::Failed, error).hint("give --to-be-signed a path where nothing is yet")
        })?;
        say(&format!("to be signed by {} with {algorithm}: {}", key.id(), path.display()));
        if let Some(end) = claims.exp {
            let end = sts_schemas::moment::utc(end);
            say(&format!("it counts until {end}: give --signed {} with --attach", path.display()));
        }
        print_line(&path.display().to_string())
    }

    fn attach(
        &self,
        path: &Path,
        subject: &Subject,
        key: &PublicKey,
        surroundings: Surroundings,
    ) -> Result<(), Failure> {
        let signature = read_input(path)?;
        let inputs = match &self.signed {
            Some(path) => vec![attach::given_input(&read_input(path)?)],
            None => attach::possible_inputs(self.manner.algorithm, key, &subject.claims(None)),
        };
        let (token, claims) =
            attach::assemble(&inputs, key, &signature).map_err(|error| in_file(path, error))?;
        let wanted = subject.claims(claims.exp);
        if claims != wanted {
            let found = Box::new(claims);
            return Err(in_file(path, attach::AttachError::AnotherBundle { found }));
        }
        if subject.standing(key, &wanted)? == Standing::Signed {
            return self.nothing_to_do(key);
        }
        self.consent(subject, surroundings)?;
        self.put(subject, key, &token)
    }

    fn consent(&self, subject: &Subject, surroundings: Surroundings) -> Result<(), Failure> {
        consent::obtain(&subject.name(), self.person(surroundings))
    }

    /// Who there is to be asked: nobody, where --yes was said.
    fn person(&self, surroundings: Surroundings) -> Person {
        if self.yes { Person::Absent } else { surroundings.person }
    }

    fn public_key(&self) -> Result<PublicKey, Failure> {
        let path = self.public_key.as_deref().unwrap_or(Path::new(""));
        let text = String::from_utf8_lossy(&read_input(path)?).into_owned();
        PublicKey::from_pem(&text).map_err(|error| {
            in_file(path, error)
                .hint("give the key as openssl pkey -pubout or a key service shows it: PUBLIC KEY PEM")
        })
    }

    fn nothing_to_do(&self, key: &PublicKey) -> Result<(), Failure> {
        say(&format!("nothing to do: {} has signed this bundle already", key.id()));
        print_line(&self.bundle.display().to_string())
    }

    /// Writes the bundle with the signature in it, once a reader has taken the result.
    fn put(&self, subject: &Subject, key: &PublicKey, token: &str) -> Result<(), Failure> {
        subject.put(key, token)?;
        say(&format!("signed by {}", key.id()));
        print_line(&self.bundle.display().to_string())
    }
}

/// What a signature over another bundle is about, on one line.
fn bundle_of(claims: &Claims) -> String {
    format!("bundle {}, cluster {}, account {}", claims.manifest_sha256, claims.cluster, claims.account)
}

/// Whether a file is what --to-be-signed wrote before, and no key that would be lost.
fn is_earlier_input(path: &Path) -> bool {
    // RFC 7515, section 5.1: the base64url text of a JSON object, `{"`, stands first.
    path.is_file() && std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"eyJ"))
}
