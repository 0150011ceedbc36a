//! A receipt as text.

use super::{Paint, Tone, printable, utc};
use std::fmt::Write as _;
use sts_schemas::receipt::{Outcome, Receipt};

/// How it went: a line for each step that was not done, and a summary.
#[must_use]
pub fn text(receipt: &Receipt, paint: Paint) -> String {
    let mut out = String::new();
    let (mut done, mut failed, mut not_reached) = (0, 0, 0);
    for step in &receipt.steps {
        let address = printable(&step.address.to_string());
        match &step.outcome {
            Outcome::Done => done += 1,
            Outcome::Failed { error } => {
                failed += 1;
                let line = format!("failed       {} {address}", step.action);
                let _ = writeln!(out, "{}\n    {}", paint.tone(Tone::Removed, &line), printable(error));
            }
            Outcome::NotReached => {
                not_reached += 1;
                let line = format!("not reached  {} {address}", step.action);
                let _ = writeln!(out, "{}", paint.tone(Tone::Changed, &line));
            }
        }
    }
    let _ = writeln!(out, "Receipt: {done} done, {failed} failed, {not_reached} not reached.");
    let _ = writeln!(out, "  by      {}", printable(&receipt.caller));
    let _ = writeln!(out, "  at      {}", utc(receipt.finished));
    if let Some(issuer) = &receipt.issuer {
        let _ = writeln!(out, "  issuer  {issuer}");
    }
    out
}
