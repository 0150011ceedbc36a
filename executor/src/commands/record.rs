//! What became of each step so far, written down as it happens.

use super::denial::Denials;
use crate::account::AccountError;
use crate::apply::{Progress, Until};
use std::time::Duration;
use sts_schemas::open::OpenValue;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::receipt::{Outcome, StepReport};
use sts_schemas::resource::Address;

/// Keeps the reports of a run up to date and hands each state of them on, and shows the progress as before.
pub(super) struct Record<'a, W> {
    steps: Vec<StepReport>,
    write: W,
    shown: &'a mut dyn Progress,
    denials: &'a mut Denials,
}

impl<'a, W: Fn(&[StepReport])> Record<'a, W> {
    /// The record of a plan of which nothing has begun, written at once: the first thing done may be a long wait.
    pub(super) fn new(
        plan: &Plan,
        write: W,
        (shown, denials): (&'a mut dyn Progress, &'a mut Denials),
    ) -> Self {
        let report = |step: &Step| StepReport {
            address: step.address(),
            action: step.verb().into(),
            outcome: Outcome::NotReached,
        };
        let steps: Vec<_> = plan.steps.iter().map(report).collect();
        if !steps.is_empty() {
            write(&steps);
        }
        Self { steps, write, shown, denials }
    }

    fn set(&mut self, step: &Step, outcome: Outcome) {
        let (address, action) = (step.address(), step.verb());
        let is_it = |report: &&mut StepReport| {
            report.action == action && (report.address == address || is_bound_to(&report.address, &address))
        };
        if let Some(report) = self.steps.iter_mut().find(is_it) {
            report.address = address;
            report.outcome = outcome;
            (self.write)(&self.steps);
        }
    }
}

/// Whether a planned address is that of a provider whose issuer was open, and the other what AWS named.
fn is_bound_to(planned: &Address, real: &Address) -> bool {
    let Address::Provider(issuer) = planned else { return false };
    issuer == OpenValue::Issuer.stand_in() && matches!(real, Address::Provider(_))
}

impl<W: Fn(&[StepReport])> Progress for Record<'_, W> {
    fn started(&mut self, step: &Step) {
        self.set(step, Outcome::UnderWay);
        self.shown.started(step);
    }

    fn finished(&mut self, step: &Step, result: Result<(), &AccountError>) {
        let outcome = match result {
            Ok(()) => Outcome::Done,
            Err(error) => {
                self.denials.note(error);
                Outcome::Failed { error: error.to_string() }
            }
        };
        self.set(step, outcome);
        self.shown.finished(step, result);
    }

    fn failed(&mut self, error: &AccountError) {
        self.denials.note(error);
        self.shown.failed(error);
    }

    fn waiting(&mut self, on: &Address, until: Until, waited: Duration) {
        self.shown.waiting(on, until, waited);
    }
}
