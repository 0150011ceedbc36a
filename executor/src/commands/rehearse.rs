//! `rehearse`: the whole way once, on an account in memory.

use super::binding::Look;
use super::bundle::{BundleArgs, expired};
use super::place::Neighbours;
use super::receipt::{Course, Period, ReceiptFile, receipt};
use super::{account, refusal};
use crate::account::{Account, Departing, Identity, Memory, Reach, Runtime, Search};
use crate::apply::{Pace, Settling, Staged, apply_in_stages};
use crate::cli::Format;
use crate::plan::{PlanOptions, Target, plan, plan_delete};
use crate::session::Session;
use crate::show::progress::Lines;
use crate::show::verification::Verification;
use crate::show::{self, Tone};
use std::path::PathBuf;
use std::time::Duration;
use sts_schemas::aws::AccountId;
use sts_schemas::bundle::VerifiedBundle;
use sts_schemas::cluster::{Hosting, is_named_by_aws};
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::manifest::SchemaVersion;
use sts_schemas::open::OpenValue;
use sts_schemas::plan::Plan;
use sts_schemas::receipt::Receipt;
use sts_schemas::rehearsal::Rehearsal;
use sts_schemas::resource::{Bucket, Resource, Tags};

/// Plan, apply, check and delete a bundle on an AWS account in memory. Needs no AWS and no credentials.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  sts-executor rehearse BUNDLE --trusted-key author.key.pub")]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Also write the receipt of the apply to this file. It says that it is a rehearsal's: `finalize` takes none.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum RehearsalError {
    #[error("not every step was done")]
    Incomplete,
    #[error("a second plan would still change {0} resources")]
    NotInStep(usize),
    #[error("{0} resources were left after the delete")]
    NotGone(usize),
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    // Never signed: a rehearsal's receipt must not pass for an account's.
    let mut neighbours = Neighbours::default();
    args.bundle.name(&mut neighbours);
    args.receipt.as_deref().map_or(Ok(()), |path| ReceiptFile::check(path, &neighbours))?;
    let place = args.receipt.as_deref().map(|path| ReceiptFile::reserve(path, None)).transpose()?;
    let bundle = args.bundle.verified(session)?;
    let stage = Stage::new(&bundle, format)?;
    let threshold = args.bundle.trust.threshold();

    stage.title(1, "Verify the bundle", session)?;
    let found = Verification::of(&bundle, threshold);
    stage.say(&found.text(session.surroundings.paint), session)?;

    stage.title(2, "Plan, against an empty account in memory", session)?;
    let first = stage.plan()?;
    stage.say(&show::plan::text(&first, session.surroundings.paint), session)?;

    stage.title(3, "Apply", session)?;
    let applied = stage.carry_out(&first, session)?;
    stage.say(&show::receipt::text(&applied, session.surroundings.paint), session)?;
    let written = place.map(|place| place.write(&applied)).transpose()?;

    stage.title(4, "Plan again", session)?;
    let second = stage.plan()?;
    stage.say(&(show::plan::summary(&second) + "\n"), session)?;

    stage.title(5, "Delete", session)?;
    let target = Target::of_bundle(bundle.digest(), &stage.look()?.contents.desired);
    let doomed = plan_delete(&target, &stage.look()?.observed).map_err(refusal::of_plan)?;
    let deleted = stage.carry_out(&doomed, session)?;
    let left = stage.memory.resources().len().saturating_sub(stage.held);
    stage.say(&(show::receipt::summary(&deleted) + "\n"), session)?;

    let schema_version = SchemaVersion::CURRENT;
    let seen = Rehearsal { schema_version, plan: first, applied, second_plan: second, deleted, left };
    if format == Format::Json {
        session.json(&seen)?;
    }
    if let Some(path) = written {
        session.tell(&format!("\nReceipt written to {}.", path.display()));
    }
    judge(&seen)?;
    let done = seen.applied.steps.len();
    let end = format!("Rehearsed: {done} resources made, nothing left to change, all {done} deleted again.");
    stage.say(&format!("\n{}\n", session.surroundings.paint.tone(Tone::Strong, &end)), session)?;
    Ok(Exit::Done)
}

fn judge(seen: &Rehearsal) -> Result<(), Failure> {
    let error = if !(seen.applied.complete && seen.deleted.complete) {
        RehearsalError::Incomplete
    } else if !seen.second_plan.is_empty() {
        RehearsalError::NotInStep(seen.second_plan.steps.len())
    } else if seen.left > 0 {
        RehearsalError::NotGone(seen.left)
    } else {
        return Ok(());
    };
    Err(Failure::new(Exit::Failed, error)
        .hint("do not apply the bundle; report this with the bundle's digest"))
}

/// An account for a bundle that is for any.
#[expect(clippy::expect_used, reason = "the constant is an account")]
fn rehearsal_account() -> AccountId {
    "123456789012".parse().expect("twelve digits are an account")
}

/// Where the rehearsal plays.
struct Stage<'a> {
    runtime: Runtime,
    memory: Memory,
    /// How many resources of others stood there before.
    held: usize,
    bundle: &'a VerifiedBundle,
    format: Format,
}

impl<'a> Stage<'a> {
    fn new(bundle: &'a VerifiedBundle, format: Format) -> Result<Self, Failure> {
        let cluster = &bundle.outline().cluster;
        let account_id = if cluster.open().contains(&OpenValue::Account) {
            rehearsal_account()
        } else {
            cluster.account.clone()
        };
        let identity = Identity {
            caller: format!("arn:{}:iam::{account_id}:user/rehearsal", cluster.partition),
            partition: cluster.partition,
            account: account_id,
        };
        // A distribution that stands in the account has its name, which a new one would not get there.
        let host = cluster.issuer.host_and_path();
        let named = is_named_by_aws(&cluster.issuer).then(|| host.to_owned());
        let memory = Memory::new(identity).naming_fronts(named);
        if let Hosting::SharedBucket { bucket, .. } = &cluster.hosting {
            // Somebody's bucket, as it must stand before such a bundle is applied.
            memory.hold(Resource::Bucket(Bucket {
                name: bucket.clone(),
                region: cluster.region.clone(),
                tags: Tags::new(),
                public_access_block: None,
                policy: None,
            }));
        }
        let held = memory.resources().len();
        Ok(Self { runtime: account::runtime()?, memory, held, bundle, format })
    }

    fn look(&self) -> Result<Look, Failure> {
        let reach = Reach { search: Search::Named, departing: Departing::Nothing };
        Look::at(&self.memory, &self.runtime, self.bundle, reach)
    }

    fn plan(&self) -> Result<Plan, Failure> {
        let Look { contents, observed } = self.look()?;
        let mut plan =
            plan(Some(self.bundle.digest()), &contents.desired, &observed, &PlanOptions::default())
                .map_err(refusal::of_plan)?;
        plan.notes.extend(expired(self.bundle));
        Ok(plan)
    }

    fn carry_out(&self, plan: &Plan, session: &mut Session<'_>) -> Result<Receipt, Failure> {
        let started = session.now();
        let mut lines = Vec::new();
        let mut progress = Lines(&mut lines);
        let pace = Pace::default();
        let contents = self.look()?.contents;
        let settling = Settling { first_pause: Duration::ZERO, ..Settling::default() };
        let walk = apply_in_stages(&self.memory, plan, Some(&contents), (&pace, &settling), &mut progress);
        let Staged { steps, problems, front, contents } = self.runtime.block_on(walk);
        self.say(&String::from_utf8_lossy(&lines), session)?;
        let period = Period { started, finished: session.now() };
        let desired = contents.as_ref().map(|contents| &contents.desired);
        let course = Course { steps, problems, front };
        let done = receipt(plan, desired, self.memory.identity(), period, course);
        Ok(Receipt { rehearsal: true, ..done })
    }

    fn title(&self, number: u8, title: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        let gap = if number == 1 { "" } else { "\n" };
        let title = session.surroundings.paint.tone(Tone::Strong, &format!("{number}. {title}"));
        self.say(&format!("{gap}{title}\n"), session)
    }

    /// The story is the result for people; programs get it whole at the end.
    fn say(&self, text: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        match self.format {
            Format::Text => session.data(text),
            Format::Json => Ok(()),
        }
    }
}
