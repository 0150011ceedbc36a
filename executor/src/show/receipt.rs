//! A receipt as text.

use super::wrap::{width, wrapped};
use super::{Paint, Tone, hide_stand_ins, printable, utc};
use std::fmt::Write as _;
use sts_schemas::receipt::{Outcome, Receipt};

/// One line with how many steps ended in which way.
#[must_use]
pub fn summary(receipt: &Receipt) -> String {
    let count =
        |wanted: fn(&Outcome) -> bool| receipt.steps.iter().filter(|step| wanted(&step.outcome)).count();
    format!(
        "Receipt: {} done, {} failed, {} not reached.",
        count(|outcome| matches!(outcome, Outcome::Done)),
        count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        count(|outcome| matches!(outcome, Outcome::NotReached))
    )
}

/// What became of a step; where its address leaves no room on the line, it stands below.
fn line(became: &str, action: &str, address: &str) -> String {
    let line = format!("{became:<12} {action} {address}");
    if line.chars().count() <= width() { line } else { format!("{became:<12} {action}\n    {address}") }
}

/// How it went: a line for each step that was not done, and a summary.
#[must_use]
pub fn text(receipt: &Receipt, paint: Paint) -> String {
    let mut out = String::new();
    for step in &receipt.steps {
        let address = printable(&step.address.to_string());
        match &step.outcome {
            Outcome::Done => {}
            Outcome::Failed { error } => {
                let line = line("failed", &step.action, &address);
                let _ = writeln!(out, "{}", paint.tone(Tone::Removed, &line));
                out.push_str(&wrapped("    ", &printable(error)));
            }
            Outcome::UnderWay => {
                let line = line("under way", &step.action, &address);
                let _ = writeln!(out, "{}", paint.tone(Tone::Warning, &line));
            }
            Outcome::NotReached => {
                let line = line("not reached", &step.action, &address);
                let _ = writeln!(out, "{}", paint.tone(Tone::Changed, &line));
            }
        }
    }
    for problem in &receipt.problems {
        let _ = writeln!(out, "{}", paint.tone(Tone::Removed, "not complete"));
        out.push_str(&wrapped("    ", &printable(problem)));
    }
    let _ = writeln!(out, "{}", summary(receipt));
    if receipt.rehearsal {
        let _ = writeln!(out, "{}", paint.tone(Tone::Warning, "  a rehearsal's, in an account in memory"));
    }
    let _ = writeln!(out, "  by      {}", printable(&receipt.caller));
    let _ = writeln!(out, "  at      {}", utc(receipt.finished));
    if let Some(issuer) = &receipt.issuer {
        let _ = writeln!(out, "  issuer  {issuer}");
    }
    if let Some(record) = &receipt.dns_record {
        let _ = writeln!(out, "  to make in the DNS, or nobody finds the issuer:");
        let _ = writeln!(out, "    {}", printable(&record.to_string()));
    }
    for note in &receipt.notes {
        let _ = writeln!(out, "{}", paint.tone(Tone::Warning, "  Note:"));
        out.push_str(&wrapped("    ", &printable(note)));
    }
    hide_stand_ins(&out)
}
