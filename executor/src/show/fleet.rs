//! How accounts stand to many bundles, a line for each.

use super::wrap::wrapped;
use super::{Paint, Tone, printable};
use std::fmt::Write as _;
use sts_schemas::fleet::{FleetStandings, StandingOutcome};
use sts_schemas::standing::{Standing, Standings};

/// A line for each bundle, why one could not be compared, and a summary.
#[must_use]
pub fn text(found: &FleetStandings, paint: Paint) -> String {
    /// As wide as the longest word.
    const WIDTH: usize = "superseded".len();
    let mut out = String::new();
    for bundle in &found.bundles {
        let (tone, word, more) = in_words(&bundle.outcome);
        let word = paint.tone(tone, &format!("{word:<WIDTH$}"));
        let _ = writeln!(out, "  {word} {}", printable(&bundle.file));
        if let Some(more) = more {
            for line in more.lines() {
                out.push_str(&wrapped(&" ".repeat(WIDTH + 3), &printable(line)));
            }
        }
    }
    let count = |is_it: fn(&StandingOutcome) -> bool| {
        found.bundles.iter().filter(|bundle| is_it(&bundle.outcome)).count()
    };
    let in_step =
        count(|outcome| matches!(outcome, StandingOutcome::Compared { standings } if standings.in_step));
    let all = count(|outcome| !matches!(outcome, StandingOutcome::Superseded { .. }));
    let _ = writeln!(out, "\nStatus: {in_step} of {all} bundles in step.");
    out
}

fn in_words(outcome: &StandingOutcome) -> (Tone, &'static str, Option<String>) {
    match outcome {
        StandingOutcome::Compared { standings } if standings.in_step => (Tone::Added, "in step", None),
        StandingOutcome::Compared { standings } => {
            let (tone, word) = worst(standings);
            (tone, word, Some(counts(standings)))
        }
        StandingOutcome::Superseded { by } => (Tone::Changed, "superseded", Some(format!("by {by}"))),
        StandingOutcome::Failed { errors } => (Tone::Warning, "FAILED", Some(errors.join(": "))),
    }
}

/// A word for how an address stands, its tone, and whether it stands so.
type Kind = (&'static str, Tone, fn(&Standing) -> bool);

/// What is said of addresses that are not in step, the worst first.
const KINDS: [Kind; 5] = [
    ("foreign", Tone::Warning, |standing| matches!(standing, Standing::Foreign { .. })),
    ("missing", Tone::Removed, |standing| *standing == Standing::Missing),
    ("blocked", Tone::Removed, |standing| matches!(standing, Standing::Blocked { .. })),
    ("drifted", Tone::Changed, |standing| matches!(standing, Standing::Drifted { .. })),
    ("orphaned", Tone::Changed, |standing| *standing == Standing::Orphaned),
];

fn worst(standings: &Standings) -> (Tone, &'static str) {
    let found = KINDS.iter().find(|(_, _, is_it)| standings.addresses.values().any(is_it));
    found.map_or((Tone::Added, "in step"), |(word, tone, _)| (*tone, word))
}

/// How many addresses stand how.
fn counts(standings: &Standings) -> String {
    let all = standings.addresses.values();
    let in_step = all.clone().filter(|standing| **standing == Standing::InStep).count();
    let others = KINDS.iter().filter_map(|(word, _, is_it)| {
        let count = all.clone().filter(|standing| is_it(standing)).count();
        (count > 0).then(|| format!(", {count} {word}"))
    });
    format!("{in_step} of {} in step{}", standings.addresses.len(), others.collect::<String>())
}
