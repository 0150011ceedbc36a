//! Steps as they begin and end.

use super::{hide_stand_ins, printable};
use crate::account::AccountError;
use crate::apply::{Progress, Until};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::time::Duration;
use sts_schemas::plan::Step;
use sts_schemas::resource::Address;
use sts_schemas::terminal::notices;

/// A line for each step that ends: what stands in logs and pipes.
#[derive(Debug)]
pub struct Lines<W: Write>(pub W);

impl<W: Write> Progress for Lines<W> {
    fn started(&mut self, _step: &Step) {}

    fn finished(&mut self, step: &Step, result: Result<(), &AccountError>) {
        // Progress is a courtesy: where it cannot be written, the receipt still tells all.
        let _ = writeln!(self.0, "{}", line(step, result));
    }

    fn failed(&mut self, error: &AccountError) {
        let _ = writeln!(self.0, "{}", failure(error));
    }

    fn waiting(&mut self, on: &Address, until: Until, waited: Duration) {
        let _ = writeln!(self.0, "{}", waiting(on, until, waited));
    }
}

/// Only the steps that fail: for whoever wants to hear of nothing else.
#[derive(Debug)]
pub struct Failures<W: Write>(pub W);

impl<W: Write> Progress for Failures<W> {
    fn started(&mut self, _step: &Step) {}

    fn finished(&mut self, step: &Step, result: Result<(), &AccountError>) {
        if result.is_err() {
            let _ = writeln!(self.0, "{}", line(step, result));
        }
    }

    fn waiting(&mut self, _on: &Address, _until: Until, _waited: Duration) {}
}

/// A bar on a terminal, with the same lines above it.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for so many steps, on standard error.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("  [{bar:30}] {pos}/{len}  {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }
}

impl Progress for Bar {
    fn started(&mut self, step: &Step) {
        self.0.set_message(named(&step.address()));
    }

    fn finished(&mut self, step: &Step, result: Result<(), &AccountError>) {
        self.0.println(notices().fitted(&line(step, result)));
        self.0.inc(1);
    }

    fn failed(&mut self, error: &AccountError) {
        self.0.println(notices().fitted(&failure(error)));
    }

    fn waiting(&mut self, on: &Address, until: Until, waited: Duration) {
        self.0.set_message(waiting(on, until, waited).trim().to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn named(address: &Address) -> String {
    hide_stand_ins(&printable(&address.to_string()))
}

fn waiting(on: &Address, until: Until, waited: Duration) -> String {
    let what = match until {
        Until::Deployed => "deployed",
        Until::Disabled => "disabled everywhere",
    };
    format!("  waiting for {} to be {what}, {} s so far", named(on), waited.as_secs())
}

fn failure(error: &AccountError) -> String {
    format!("  FAILED: {}", printable(&error.to_string()))
}

fn line(step: &Step, result: Result<(), &AccountError>) -> String {
    let done = match step {
        Step::Create { .. } => "created",
        Step::Update { .. } => "updated",
        Step::Delete { .. } => "deleted",
        Step::Empty { .. } => "emptied",
    };
    let address = named(&step.address());
    match result {
        Ok(()) => format!("  {done} {address}"),
        Err(error) => format!("  FAILED to {} {address}: {}", step.verb(), printable(&error.to_string())),
    }
}
