//! What is going on, for a person at a terminal; nothing at all in pipes and logs.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// How often the line is drawn: often enough to be seen moving.
const TICK: Duration = Duration::from_millis(100);

/// A piece of work, named on standard error for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Stage(ProgressBar);

impl Stage {
    /// Begins it.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(what.into());
        // Where nobody looks there is nothing to draw, and no thread to draw it.
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
