//! What became of each step so far, written down as it happens.

use crate::account::AccountError;
use crate::apply::Progress;
use sts_schemas::plan::{Plan, Step};
use sts_schemas::receipt::{Outcome, StepReport};

/// Keeps the reports of a run up to date and hands each state of them on, and shows the progress as before.
pub(super) struct Record<'a, W> {
    steps: Vec<StepReport>,
    write: W,
    shown: &'a mut dyn Progress,
}

impl<'a, W: Fn(&[StepReport])> Record<'a, W> {
    /// The record of a plan of which nothing has begun.
    pub(super) fn new(plan: &Plan, write: W, shown: &'a mut dyn Progress) -> Self {
        let report = |step: &Step| StepReport {
            address: step.address(),
            action: step.verb().into(),
            outcome: Outcome::NotReached,
        };
        Self { steps: plan.steps.iter().map(report).collect(), write, shown }
    }

    fn set(&mut self, step: &Step, outcome: Outcome) {
        let (address, action) = (step.address(), step.verb());
        if let Some(report) =
            self.steps.iter_mut().find(|report| report.address == address && report.action == action)
        {
            report.outcome = outcome;
            (self.write)(&self.steps);
        }
    }
}

impl<W: Fn(&[StepReport])> Progress for Record<'_, W> {
    fn started(&mut self, step: &Step) {
        self.set(step, Outcome::UnderWay);
        self.shown.started(step);
    }

    fn finished(&mut self, step: &Step, result: Result<(), &AccountError>) {
        let outcome = match result {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed { error: error.to_string() },
        };
        self.set(step, outcome);
        self.shown.finished(step, result);
    }
}
