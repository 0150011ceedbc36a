//! An approved plan, carried out before the person's eyes.

use super::denial::Denials;
use super::receipt::{Course, Period, ReceiptFile, receipt};
use super::record::Record;
use crate::account::{Account, Runtime};
use crate::apply::{Pace, Progress, Reason, Settling, Staged, apply_in_stages, until_stopped};
use crate::cli::Format;
use crate::session::{Person, Session};
use crate::show;
use crate::show::progress::{Bar, Failures, Lines};
use std::io::Write;
use std::time::Duration;
use sts_schemas::contents::Contents;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::{Plan, Purpose};
use sts_schemas::receipt::{Outcome, Receipt, StepReport};
use sts_schemas::terminal::notices;
use sts_schemas::verbosity::Verbosity;

/// How long to wait for what AWS carries out by and by.
#[derive(Debug, clap::Args)]
pub(super) struct SettlingArgs {
    /// How long to wait for a CloudFront distribution to be deployed, in seconds; the next run waits on.
    #[arg(long, value_name = "SECONDS", default_value_t = Settling::LIMIT_SECONDS)]
    deployment_timeout: u32,
}

impl SettlingArgs {
    pub(super) fn settling(&self) -> Settling {
        Settling { limit: Duration::from_secs(self.deployment_timeout.into()), ..Settling::default() }
    }
}

/// Where and for what a plan is carried out.
pub(super) struct Work<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) account: &'a dyn Account,
    pub(super) plan: &'a Plan,
    pub(super) contents: Option<&'a Contents>,
    /// The host of the cluster's distribution, where it was seen.
    pub(super) front: Option<String>,
    pub(super) settling: Settling,
    /// How long it may take before nothing new begins.
    pub(super) time_limit: Duration,
}

impl Work<'_> {
    /// Walks the plan until it ends or is asked to stop, and writes the receipt either way.
    ///
    /// Where every step was done, `confirm` has the last word on whether the account is as it shall be.
    pub(super) fn carry_out(
        &self,
        reserved: Option<ReceiptFile>,
        session: &mut Session<'_>,
        confirm: impl FnOnce(Option<&Contents>, &mut Session<'_>) -> Result<(), Failure>,
    ) -> Result<Carried, Failure> {
        let started = session.now();
        let pace = Pace { width: self.account.width(), ..Pace::default() };
        let clock = session.surroundings.clock;
        let so_far = |steps: &[StepReport]| {
            if let Some(file) = &reserved {
                let period = Period { started, finished: clock() };
                let desired = self.contents.map(|contents| &contents.desired);
                let identity = self.account.identity();
                let course = Course { steps: steps.to_vec(), ..Course::default() };
                let so_far = receipt(self.plan, desired, identity, period, course);
                // All may be done, but nobody has looked at the account once more.
                file.write_so_far(&Receipt { complete: false, ..so_far });
            }
        };
        let mut denials = Denials::default();
        let mut walk = |progress: &mut dyn Progress| {
            let mut record = Record::new(self.plan, so_far, (progress, &mut denials));
            let pace_and_settling = (&pace, &self.settling);
            let work =
                apply_in_stages(self.account, self.plan, self.contents, pace_and_settling, &mut record);
            self.runtime.block_on(until_stopped(&pace.stop, self.time_limit, tell_of_stop, work))
        };
        let staged = match (session.surroundings.verbosity, session.surroundings.person) {
            (Verbosity::Quiet, _) => walk(&mut Failures(&mut *session.err)),
            (Verbosity::Usual, Person::Present) => walk(&mut Bar::new(self.plan.steps.len())),
            // A bar would stand in the way of the lines that tell of calls.
            (Verbosity::Usual | Verbosity::Detailed, _) => walk(&mut Lines(&mut *session.err)),
        };
        let staged = staged.map_err(|error| Failure::new(Exit::Failed, error))?;
        let Staged { steps, problems, front, contents } = staged;
        let mut course = Course { steps, problems, front: front.or_else(|| self.front.clone()) };
        course.problems.extend(contents.as_ref().and_then(|contents| unbound(self.plan, contents)));
        let mut doubt = None;
        if course.is_complete()
            && let Err(failure) = confirm(contents.as_ref(), session)
        {
            course.problems.push(failure.chain().join(": "));
            doubt = Some(failure);
        }
        let desired = contents.as_ref().map(|contents| &contents.desired);
        let period = Period { started, finished: session.now() };
        let receipt = receipt(self.plan, desired, self.account.identity(), period, course);
        if let Some(file) = reserved {
            let written = file.write(&receipt).inspect_err(|_| {
                // Nothing else may tell what was done.
                session.warn(show::receipt::text(&receipt, session.surroundings.paint_err).trim_end());
            });
            let path = written?;
            session.tell(&format!("Receipt written to {}.", path.display()));
        }
        Ok(Carried { receipt, contents, denials, doubt })
    }
}

/// What is said of an apply at whose end a value of the bundle's is still open.
fn unbound(plan: &Plan, contents: &Contents) -> Option<String> {
    let open: Vec<_> = contents.desired.cluster.open().iter().map(ToString::to_string).collect();
    (plan.purpose == Purpose::Apply && !open.is_empty())
        .then(|| format!("not known yet at the end of the run: {}", open.join(", ")))
}

/// What became of a plan.
pub(super) struct Carried {
    pub(super) receipt: Receipt,
    /// The contents with all that AWS named on the way.
    pub(super) contents: Option<Contents>,
    denials: Denials,
    /// What the last look found wrong.
    doubt: Option<Failure>,
}

/// Says why nothing new begins. Standard error itself: the session's is with whoever shows the progress.
pub(super) fn tell_of_stop(reason: Reason) {
    let why = match reason {
        Reason::Signal => "Stopping",
        Reason::TimeUp => "The time of --run-timeout is up",
    };
    let _ = writeln!(notices(), "{why}: what is under way finishes, nothing new begins.");
}

/// Prints a receipt as data.
///
/// For people only when it tells of steps, or of something that they must do.
pub(super) fn print(receipt: &Receipt, format: Format, session: &mut Session<'_>) -> Result<(), Failure> {
    let printed = match format {
        // There was nothing to do, and that has been said.
        Format::Text if receipt.steps.is_empty() && receipt.dns_record.is_none() => Ok(()),
        Format::Text => session.data(&show::receipt::text(receipt, session.surroundings.paint)),
        Format::Json => session.json(receipt),
    };
    printed.map_err(|failure| {
        failure.hint("the steps were carried out all the same: the receipt's file says which")
    })
}

#[derive(Debug, thiserror::Error)]
#[error("{undone} of {all} steps were not done")]
struct Partly {
    undone: usize,
    all: usize,
}

/// An incomplete receipt is an error with an exit code of its own.
pub(super) fn judge(carried: &mut Carried) -> Result<Exit, Failure> {
    let Carried { receipt, denials, doubt, .. } = carried;
    if receipt.complete {
        return Ok(Exit::Done);
    }
    if let Some(doubt) = doubt.take() {
        return Err(doubt);
    }
    let undone = receipt.steps.iter().filter(|step| step.outcome != Outcome::Done).count();
    let again = "run the command again: it plans anew and does what is left";
    let hint = match denials.advice(receipt.purpose) {
        Some(advice) => format!("{advice}; then {again}"),
        None => again.to_owned(),
    };
    Err(Failure::new(Exit::PartlyApplied, Partly { undone, all: receipt.steps.len() }).hint(hint))
}
