//! An approved plan, carried out before the person's eyes.

use super::receipt::{Period, ReceiptFile, receipt};
use crate::account::{Account, Runtime};
use crate::apply::{Pace, Progress, apply, until_signalled};
use crate::cli::Format;
use crate::session::{Person, Session};
use crate::show;
use crate::show::progress::{Bar, Lines};
use std::io::Write;
use sts_schemas::failure::{Exit, Failure};
use sts_schemas::plan::Plan;
use sts_schemas::receipt::{Outcome, Receipt};
use sts_schemas::state::Desired;

/// Where and for what a plan is carried out.
pub(super) struct Work<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) account: &'a dyn Account,
    pub(super) plan: &'a Plan,
    pub(super) desired: Option<&'a Desired>,
}

impl Work<'_> {
    /// Walks the plan until it ends or a signal asks to stop, and writes the receipt either way.
    pub(super) fn carry_out(
        &self,
        reserved: Option<ReceiptFile>,
        session: &mut Session<'_>,
    ) -> Result<Receipt, Failure> {
        let started = session.now();
        let pace = Pace::default();
        let stop = pace.stop.clone();
        let on_signal = || {
            let _ = writeln!(std::io::stderr(), "Stopping: what is under way finishes, nothing new begins.");
        };
        let walk = |progress: &mut dyn Progress| {
            let work = apply(self.account, self.plan, &pace, progress);
            self.runtime.block_on(until_signalled(&stop, on_signal, work))
        };
        let steps = match session.surroundings.person {
            Person::Present => walk(&mut Bar::new(self.plan.steps.len())),
            Person::Absent => walk(&mut Lines(&mut *session.err)),
        };
        let steps = steps.map_err(|error| Failure::new(Exit::Failed, error))?;
        let period = Period { started, finished: session.now() };
        let receipt = receipt(self.plan, self.desired, self.account.identity(), period, steps);
        if let Some(file) = reserved {
            let path = file.write(&receipt)?;
            session.tell(&format!("Receipt written to {}.", path.display()));
        }
        Ok(receipt)
    }
}

/// Prints a receipt as data.
///
/// For people only when it tells of steps.
pub(super) fn print(receipt: &Receipt, format: Format, session: &mut Session<'_>) -> Result<(), Failure> {
    match format {
        // There was nothing to do, and that has been said.
        Format::Text if receipt.steps.is_empty() => Ok(()),
        Format::Text => session.data(&show::receipt::text(receipt, session.surroundings.paint)),
        Format::Json => session.json(receipt),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{undone} of {all} steps were not done")]
struct Partly {
    undone: usize,
    all: usize,
}

/// An incomplete receipt is an error with an exit code of its own.
pub(super) fn judge(receipt: &Receipt) -> Result<Exit, Failure> {
    if receipt.complete {
        return Ok(Exit::Done);
    }
    let undone = receipt.steps.iter().filter(|step| step.outcome != Outcome::Done).count();
    Err(Failure::new(Exit::PartlyApplied, Partly { undone, all: receipt.steps.len() })
        .hint("run the command again: it plans anew and does what is left"))
}
