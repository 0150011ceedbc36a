//! Counting calls, and making chosen ones go wrong.

use std::collections::BTreeMap;

/// A way for a call to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and the caller is told so.
    Refused,
    /// It happens, but the caller never hears of it.
    AnswerLost,
}

/// The calls made so far, and the faults still to come.
#[derive(Debug, Default)]
pub(super) struct Calls {
    made: usize,
    faults: BTreeMap<usize, Fault>,
}

impl Calls {
    pub(super) fn made(&self) -> usize {
        self.made
    }

    /// Counts one more call, and says what shall go wrong with it.
    pub(super) fn next(&mut self) -> Option<Fault> {
        let fault = self.faults.remove(&self.made);
        self.made += 1;
        fault
    }

    /// The `nth` call from now, counted from 0, shall go wrong.
    pub(super) fn plan(&mut self, nth: usize, fault: Fault) {
        self.faults.insert(self.made + nth, fault);
    }
}
