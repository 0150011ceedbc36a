//! `sts-generator rotate-keys`: the two bundles with which a living cluster gets another signing key.

mod steps;

use super::create_key_pair::read_public;
use super::later;
use super::previous::{Following, read_previous};
use super::seal::Seal;
use super::signing::SigningArgs;
use super::trust::{Reading, TrustArgs};
use super::{Surroundings, in_file, say};
use crate::rotation::{Exchange, RotationError, retire, stage};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use steps::{after_retire, after_stage};
use sts_schemas::failure::Failure;

/// The example of the first step.
const STAGED: &str = "Example, NEW.pub being made where the cluster's private key may be:
  sts-generator rotate-keys stage --previous BUNDLE \\
      --trusted-key author.key.pub --public-key-file NEW.pub \\
      --signing-key author.key";
/// The example of the second.
const RETIRED: &str = "Example, once STAGED-BUNDLE is applied and the cluster signs with the new key:
  sts-generator rotate-keys retire --previous STAGED-BUNDLE \\
      --trusted-key author.key.pub --signing-key author.key";

/// Give a living cluster another signing key, in two bundles that change keys.json and nothing else.
///
/// `stage` has the issuer serve the new key beside the one in use; then the cluster changes over, by the `oc`
/// commands that are printed; `retire` takes the old key away. No key is made here, and no private key is needed.
#[derive(Debug, Args)]
#[command(after_help = [STAGED, RETIRED].join("\n"))]
pub struct RotateKeys {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Stage(Stage),
    Retire(Retire),
}

/// Have the issuer serve the new key beside the one that is in use.
#[derive(Debug, Args)]
#[command(after_help = STAGED)]
#[command(override_usage = "sts-generator rotate-keys stage [OPTIONS] --previous <BUNDLE>
         --public-key-file <FILE>")]
struct Stage {
    #[command(flatten)]
    common: Common,
    /// The cluster's next public key: `PUBLIC KEY` PEM of an RSA key of 2048 bits or more.
    #[arg(long, value_name = "FILE")]
    public_key_file: PathBuf,
}

/// Have the issuer serve the new key only, once the cluster signs with it.
#[derive(Debug, Args)]
#[command(after_help = RETIRED)]
struct Retire {
    #[command(flatten)]
    common: Common,
    /// The public key that stays, to be sure that it is the one that was staged.
    #[arg(long, value_name = "FILE")]
    public_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Common {
    /// The cluster's bundle so far; for `retire`, the one that `stage` made, or the last that was applied after it.
    ///
    /// One that a later bundle of the cluster in --bundle-dir follows already is refused: the new one would undo that.
    #[arg(long, value_name = "BUNDLE")]
    previous: PathBuf,
    /// Follow BUNDLE although --bundle-dir has later ones of the cluster: what they changed is not in the new one.
    #[arg(long)]
    leave_out_later: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    signing: SigningArgs,
}

impl RotateKeys {
    pub(crate) fn run(&self, surroundings: Surroundings, reading: Reading<'_>) -> Result<(), Failure> {
        match &self.step {
            Step::Stage(args) => {
                let new = read_public(&args.public_key_file)?;
                args.common.follow(surroundings, reading, |following| {
                    let exchange = stage(&following.previous, new)?;
                    Ok((exchange, after_stage as fn(&_, &_) -> _))
                })
            }
            Step::Retire(args) => {
                let given = args.public_key_file.as_deref().map(read_public).transpose()?;
                args.common.follow(surroundings, reading, |following| {
                    let exchange = retire(&following.previous, given.as_ref())?;
                    Ok((exchange, after_retire as fn(&_, &_) -> _))
                })
            }
        }
    }
}

/// What is left to do once a bundle of an exchange is made.
type Afterwards = fn(&sts_schemas::cluster::Cluster, &Exchange) -> Vec<String>;

impl Common {
    /// Makes the bundle that equals the previous one but for what `exchange` changes.
    fn follow(
        &self,
        surroundings: Surroundings,
        reading: Reading<'_>,
        exchange: impl FnOnce(&Following) -> Result<(Exchange, Afterwards), RotationError>,
    ) -> Result<(), Failure> {
        let previous = read_previous(&self.previous, &self.trust, reading)?;
        let following = Following::of(&self.previous, previous);
        let cluster = following.previous.cluster();
        let generation = surroundings.time.after(Some(following.generation()));
        following.allows(cluster, generation)?;
        let (exchange, afterwards) = exchange(&following).map_err(|error| self.refused(error))?;
        let seal = Seal::without_private_key(&self.signing, surroundings)?;
        let mut files = following.previous.files().clone();
        files.extend(exchange.files.clone());
        if !self.leave_out_later {
            let trusting = (&self.trust, reading);
            later::refuse(&self.signing.bundle_dir, trusting, &following.previous, &files)?;
        }
        let closed = following.succeed(&seal, (cluster, generation), files)?;
        for line in afterwards(cluster, &exchange) {
            say(&line);
        }
        seal.tell(cluster, &closed);
        closed.print()
    }

    fn refused(&self, error: RotationError) -> Failure {
        let hint = match &error {
            RotationError::UnderWay(_) => {
                "end it first, with `rotate-keys retire` on this bundle; or give it up: have the bundle before this one \
                 applied with --roll-back and --retire-live-key, and stage anew from that one with --leave-out-later"
            }
            RotationError::SameKey(_) => {
                "give the public half of another pair, made where the cluster's private key may be"
            }
            RotationError::NothingStaged => "give the bundle that `rotate-keys stage` made",
            RotationError::OtherKey { .. } => "give the public key that was staged, or leave the flag out",
            RotationError::Previous(_) => "fetch the previous bundle again",
        };
        in_file(&self.previous, error).hint(hint)
    }
}
