//! `apply`: make it so.

use super::account::{self, AccountArgs};
use super::approval::{self, ApprovalArgs};
use super::binding::{self, Look};
use super::bundle::BundleArgs;
use super::carry_out::{self, SettlingArgs, Work};
use super::installer;
use super::issuer::{self, Moment};
use super::last_look;
use super::place::Neighbours;
use super::plan::{self, ChoiceArgs};
use super::receipt::{ReceiptFile, ReceiptKeyArgs};
use crate::cli::Format;
use crate::plan::{ROLLING_BACK, is_whole_issuer, retired_keys};
use crate::session::Session;
use std::path::PathBuf;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::Plan;

/// Make the account hold what a bundle wants, once its plan is approved.
///
/// On a terminal the plan is shown and a yes is asked for. Elsewhere give --approve with the digest that
/// `plan` printed, or --yes; without either, the plan is printed and nothing is changed (exit 4).
///
/// After Ctrl-C or SIGTERM nothing new begins, and what is under way comes to its end: exit 6, or 0 where that was all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example, on a terminal, which asks:
  sts-executor apply BUNDLE --trusted-key author.key.pub
Example, without one, of a plan that was approved, with a signed receipt:
  sts-executor apply BUNDLE --trusted-key author.key.pub \\
      --approved-plan plan.json --receipt receipt.json --receipt-key admin.key")]
pub(crate) struct Args {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Let keys go that the issuer serves now: AWS takes no token any more that one of them signed.
    #[arg(long)]
    retire_live_key: bool,
    #[command(flatten)]
    settling: SettlingArgs,
    #[command(flatten)]
    approval: ApprovalArgs,
    /// Where the receipt goes; BUNDLE-receipt.json in the current folder, if anything was done, or the one there is not
    /// complete.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    receipt_key: ReceiptKeyArgs,
    /// Also write the installer's manifests, below this folder.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Fetch the issuer's documents over its real URL and compare them with the bundle's.
    ///
    /// Where the bundle makes the bucket, once all is done, with patience; where somebody else serves the issuer,
    /// before anything is changed.
    #[arg(long)]
    probe_issuer: bool,
}

impl Args {
    fn check_places(&self) -> Result<(), Failure> {
        let mut neighbours = Neighbours::default();
        self.bundle.name(&mut neighbours);
        self.account.name(&mut neighbours);
        self.approval.name(&mut neighbours);
        self.receipt_key.name(&mut neighbours);
        self.account.check_log(&neighbours)?;
        self.receipt.as_deref().map_or(Ok(()), |path| ReceiptFile::check(path, &neighbours))
    }

    fn receipt_path(&self) -> PathBuf {
        let usual = || format!("{}-receipt.json", self.bundle.stem()).into();
        self.receipt.clone().unwrap_or_else(usual)
    }

    /// A key that is served now goes only if that was said, whatever else was approved.
    fn keeps_live_keys(
        &self,
        plan: &Plan,
        look: &Look,
        (format, session): (Format, &mut Session<'_>),
    ) -> Result<(), Failure> {
        let retired = retired_keys(plan, &look.contents.desired, &look.observed);
        if retired.is_empty() || self.retire_live_key {
            return Ok(());
        }
        approval::print(plan, format, session)?;
        let change = if retired.iter().all(|keys| is_whole_issuer(keys)) {
            "names another issuer in its tokens"
        } else {
            "signs with another key"
        };
        let error = LiveKeys { kids: retired.join(", ") };
        Err(Failure::new(Exit::NotApproved, error).hint(format!(
            "nothing was changed; be sure that the cluster {change} by now and that no token as before is in use, then say \
             so with --retire-live-key"
        )))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("AWS would take no token any more that was signed with a key which the issuer serves now: {kids}")]
struct LiveKeys {
    kids: String,
}

pub(crate) fn run(args: &Args, format: Format, session: &mut Session<'_>) -> Result<Exit, Failure> {
    args.check_places()?;
    let receipt_key = args.receipt_key.read()?;
    let bundle = args.bundle.verified(session)?;
    let runtime = account::runtime()?;
    let aws = args.account.open(&runtime, &bundle.outline().cluster.region, session)?;
    let (plan, ahead, look) = plan::make(&runtime, &aws, &bundle, (&args.account, &args.choice))?;
    if !plan.foreign.is_empty() {
        approval::print(&plan, format, session)?;
    }
    plan::unobstructed(&plan)?;
    args.keeps_live_keys(&plan, &look, (format, session))?;
    let Look { contents, observed } = look;
    plan::tell(&ahead, session);
    plan::unhindered(&plan, &ahead)?;
    if let Some(folder) = &args.output_dir {
        installer::check(&contents, folder)?;
    }
    let probe = args.probe_issuer.then(|| Moment::of(&contents));
    if probe == Some(Moment::Before) {
        issuer::look(&runtime, &contents, &args.account, Moment::Before, session)?;
    }
    let place = if plan.is_empty() {
        session.tell("Nothing to do: the account holds what the bundle wants.");
        Some(args.receipt_path()).filter(|path| args.receipt.is_some() || ReceiptFile::is_owed(path))
    } else {
        // Who says yes beforehand is shown no plan.
        for note in plan.notes.iter().filter(|note| note.starts_with(ROLLING_BACK)) {
            session.warn(&format!("WARNING: {note}"));
        }
        let again = || plan::make_again(&runtime, &aws, &bundle, (&args.account, &args.choice));
        approval::obtain(&args.approval, &plan, again, (format, session))?;
        Some(args.receipt_path())
    };
    let place = place.map(|path| ReceiptFile::reserve(&path, receipt_key)).transpose()?;
    let work = Work {
        runtime: &runtime,
        account: &aws,
        plan: &plan,
        contents: Some(&contents),
        front: binding::front(&contents.desired, &observed),
        settling: args.settling.settling(),
        time_limit: args.account.time_limit(),
    };
    let mut carried = work.carry_out(place, session, |bound, session| {
        let contents = bound.unwrap_or(&contents);
        if !plan.is_empty() {
            let desired = &contents.desired;
            let scope = account::scope(desired, args.choice.reach(&args.account));
            let again = |seen: &_| args.choice.plan(&bundle, desired, seen);
            last_look::confirm(&runtime, &aws, (&scope, args.account.time_limit()), again)?;
        }
        match probe {
            Some(Moment::After) => issuer::look(&runtime, contents, &args.account, Moment::After, session),
            Some(Moment::Before) | None => Ok(()),
        }
    })?;
    carry_out::print(&carried.receipt, format, session)?;
    let exit = carry_out::judge(&mut carried)?;
    let contents = carried.contents.unwrap_or(contents);
    if let Some(folder) = &args.output_dir {
        installer::write_manifests(&contents, folder, session)?;
    }
    Ok(exit)
}
