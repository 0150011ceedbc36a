//! What is going on: a moving line for a person at a terminal, nothing at all in pipes and logs.

use crate::voice::{detail, is_one_of_many, verbosity};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};
use sts_schemas::verbosity::Verbosity;

/// How often the line is drawn: often enough to be seen moving.
const TICK: Duration = Duration::from_millis(100);

/// A piece of work, named on standard error for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Stage {
    bar: ProgressBar,
    what: String,
    began: Instant,
}

impl Stage {
    /// Begins it.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        let (what, began) = (what.into(), Instant::now());
        let target = match verbosity() {
            // Many lines that move would be none to read.
            _ if is_one_of_many() => ProgressDrawTarget::hidden(),
            Verbosity::Usual => ProgressDrawTarget::stderr(),
            // With details a line for each piece of work takes its place.
            Verbosity::Quiet | Verbosity::Detailed => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(what.clone());
        // Where nobody looks there is nothing to draw, and no thread to draw it.
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, what, began }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        detail(|| format!("{}: {} ms", self.what, self.began.elapsed().as_millis()));
    }
}
