//! How much an account takes at once: less as soon as it says that it is too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many steps may be under way at once, shared by all who hold a clone.
///
/// Halved by every throttled call and widened again by every step that ends well, so that throttling slows a
/// run down and does not end it.
#[derive(Debug, Clone)]
pub struct Width {
    now: Arc<AtomicUsize>,
    most: usize,
}

impl Width {
    /// IAM throttles an account's writing calls in the low tens a second, and a role is one call at a time.
    pub const MOST: usize = 10;

    /// At most so many, at least one.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { now: Arc::new(AtomicUsize::new(most)), most }
    }

    /// How many there may be now.
    #[must_use]
    pub fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// A call was throttled.
    pub fn narrow(&self) {
        self.now.store((self.now() / 2).max(1), Ordering::Relaxed);
    }

    /// A step ended well.
    pub fn widen(&self) {
        self.now.store((self.now() + 1).min(self.most), Ordering::Relaxed);
    }
}

impl Default for Width {
    fn default() -> Self {
        Self::new(Self::MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_halves_the_width_down_to_one_and_success_restores_it() {
        let width = Width::new(10);
        let other = width.clone();
        for expected in [5, 2, 1, 1] {
            width.narrow();
            assert_eq!(other.now(), expected);
        }
        for _ in 0..20 {
            other.widen();
        }
        assert_eq!(width.now(), 10);
        assert_eq!(Width::new(0).now(), 1);
    }
}
