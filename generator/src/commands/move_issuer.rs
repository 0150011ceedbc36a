//! `sts-generator move-issuer`: the three bundles with which a living cluster gets another issuer.

mod steps;

use super::later;
use super::previous::{Following, read_previous};
use super::seal::Seal;
use super::signing::SigningArgs;
use super::trust::{ExecutorArgs, Reading, TrustArgs};
use super::{Surroundings, create_identity_provider, in_file, say, tell_findings};
use crate::cli::HostingArgs;
use crate::moving::{MoveError, Moved, add, remove, switch};
use crate::previous::{Settled, UnsettledError};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};

/// The example of the first step.
const ADDED: &str = "Example, from a public bucket to a web server of yours:
  sts-generator move-issuer add --previous BUNDLE \\
      --trusted-key author.key.pub --issuer-url https://oidc.example.org/demo \\
      --signing-key author.key";
/// The example of the second.
const SWITCHED: &str = "Example, once ADDED-BUNDLE is applied:
  sts-generator move-issuer switch --previous ADDED-BUNDLE \\
      --trusted-key author.key.pub --signing-key author.key";
/// The example of the last.
const REMOVED: &str = "Example, once the cluster has changed over and nothing holds a token of the
former issuer:
  sts-generator move-issuer remove --previous SWITCHED-BUNDLE \\
      --trusted-key author.key.pub --signing-key author.key";

/// Move a living cluster to another issuer, in three bundles, each with its plan and its way back.
///
/// `add` makes the next issuer and has every role trust both; `switch` has the cluster use it, by the `oc` commands
/// that are printed; `remove` takes the trust in the former one away. The cluster's key stays the same.
#[derive(Debug, Args)]
#[command(after_help = [ADDED, SWITCHED, REMOVED].join("\n"))]
pub struct MoveIssuer {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Add(Add),
    Switch(Switch),
    Remove(Remove),
}

/// Make the next issuer, and have every role trust it beside the one that is in use.
#[derive(Debug, Args)]
#[command(after_help = ADDED)]
struct Add {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    hosting: HostingArgs,
    #[command(flatten)]
    thumbprints: create_identity_provider::ThumbprintArgs,
}

/// Have the cluster use the next issuer, while every role still trusts both.
#[derive(Debug, Args)]
#[command(after_help = SWITCHED)]
struct Switch {
    #[command(flatten)]
    common: Common,
}

/// Have every role trust the next issuer only, once nothing holds a token of the former one. No way leads back.
#[derive(Debug, Args)]
#[command(after_help = REMOVED)]
struct Remove {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// The bundle that was applied last: the cluster's own so far, or the one that the step before made.
    ///
    /// One that a later bundle of the cluster in --bundle-dir follows already is refused: the new one would undo that.
    #[arg(long, value_name = "BUNDLE")]
    previous: PathBuf,
    /// Follow BUNDLE although --bundle-dir has later ones of the cluster: what they changed is not in the new one.
    #[arg(long)]
    leave_out_later: bool,
    /// The receipt of its apply, where AWS named the issuer of that bundle.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    executor: ExecutorArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    signing: SigningArgs,
}

impl MoveIssuer {
    pub(crate) fn run(&self, surroundings: Surroundings, reading: Reading<'_>) -> Result<(), Failure> {
        match &self.step {
            Step::Add(args) => {
                let thumbprints = args.thumbprints.thumbprints()?;
                args.common.follow((surroundings, reading), steps::after_add, |before, generation| {
                    let cluster = &before.cluster;
                    let next = args.hosting.hosting(&cluster.name, &cluster.region, cluster.partition)?;
                    add(before, next, thumbprints, generation).map_err(|error| args.common.refused(error))
                })
            }
            Step::Switch(Switch { common }) => {
                common.follow((surroundings, reading), steps::after_switch, |before, _| {
                    switch(before).map_err(|error| common.refused(error))
                })
            }
            Step::Remove(Remove { common }) => {
                common.follow((surroundings, reading), steps::after_remove, |before, _| {
                    remove(before).map_err(|error| common.refused(error))
                })
            }
        }
    }
}

/// What is left to do once a bundle of a move is made, from what was before it and what it says.
type Afterwards = fn(&Settled, &Moved) -> Vec<String>;

impl Common {
    /// Makes the bundle that equals the previous one but for what `step` changes.
    fn follow(
        &self,
        (surroundings, reading): (Surroundings, Reading<'_>),
        afterwards: Afterwards,
        step: impl FnOnce(&Settled, u64) -> Result<Moved, Failure>,
    ) -> Result<(), Failure> {
        let previous = read_previous(&self.previous, &self.trust, reading)?;
        let following = Following::of(&self.previous, previous);
        let generation = surroundings.time.after(Some(following.generation()));
        following.is_before(generation)?;
        let before = self.settled(&following)?;
        let moved = step(&before, generation)?;
        if !self.leave_out_later {
            let trusting = (&self.trust, reading);
            later::refuse(&self.signing.bundle_dir, trusting, &following.previous, &moved.files)?;
        }
        let seal = Seal::without_private_key(&self.signing, surroundings)?;
        let closed = following.succeed(&seal, (&moved.cluster, generation), moved.files.clone())?;
        tell_findings(&moved.findings);
        for line in afterwards(&before, &moved) {
            say(&line);
        }
        seal.tell(&moved.cluster, &closed);
        closed.print()
    }

    /// The previous bundle with nothing of its issuer left open.
    fn settled(&self, following: &Following) -> Result<Settled, Failure> {
        let receipt = self.receipt.as_deref().map(|path| self.executor.receipt(path)).transpose()?;
        let settled = following.previous.settled(receipt.as_ref());
        settled.map_err(|error| match (&error, &self.receipt) {
            (UnsettledError::Receipt(_), Some(path)) => {
                in_file(path, error).hint("ask for the receipt of a complete apply of this very bundle")
            }
            _ => in_file(&self.previous, error).hint("give it with --receipt"),
        })
    }

    fn refused(&self, error: MoveError) -> Failure {
        let hint = match &error {
            MoveError::UnderWay(_) => {
                "end it first, with `move-issuer switch` and `remove`; or give it up: have the bundle before this one \
                 applied with --roll-back and --retire-live-key, and begin anew from that one with --leave-out-later"
            }
            MoveError::Exchange(_) => "end it first, with `rotate-keys retire`",
            MoveError::Unfit(error) => {
                return Failure::new(Exit::Usage, MoveError::Unfit(error.clone())).hint(
                    "say where the next issuer is: --issuer-url for a server of yours, or a bucket of another name with \
                     --bucket-name, private with --create-private-s3-bucket",
                );
            }
            MoveError::NotMoving => "give the bundle that `move-issuer add` made",
            MoveError::Switched(_) => "go on with `move-issuer remove`",
            MoveError::NotSwitched(_) => "give the bundle that `move-issuer switch` made",
            MoveError::Malformed { .. } => "fetch the previous bundle again",
        };
        in_file(&self.previous, error).hint(hint)
    }
}
