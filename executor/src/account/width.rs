//! How much an account takes at once: less as soon as it says that it is too much.

use futures_util::stream::{FuturesUnordered, StreamExt};
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

    /// How many things are read at once. A role takes four calls, and IAM allows an account's readers tens a second: those
    /// of a large cluster are asked for together, and fewer as soon as IAM says that it is too much.
    pub const MOST_READS: usize = 64;

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

    /// Does all of it, so many at a time as the width allows at that moment; what came of it, in the order of ending.
    ///
    /// # Errors
    /// The first error there is; nothing begins after it, and what is under way is given up.
    pub async fn side_by_side<T, E>(
        &self,
        works: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
    ) -> Result<Vec<T>, E> {
        let (mut waiting, mut under_way, mut done) = (works.into_iter(), FuturesUnordered::new(), Vec::new());
        loop {
            while under_way.len() < self.now() {
                let Some(work) = waiting.next() else { break };
                under_way.push(work);
            }
            let Some(ended) = under_way.next().await else { return Ok(done) };
            done.push(ended?);
            self.widen();
        }
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
    /// The most that ran at once, of so many that all end well.
    async fn most_of(width: &Width, count: usize) -> usize {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = async |number| {
            most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Ordering::Relaxed);
            Ok::<usize, ()>(number)
        };
        let mut done = width.side_by_side((0..count).map(work)).await.unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..count).collect::<Vec<_>>(), "each is done once");
        most.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn as_many_run_side_by_side_as_the_width_allows_and_fewer_once_it_is_narrowed() {
        let width = Width::new(4);
        assert_eq!(most_of(&width, 0).await, 0);
        assert_eq!(most_of(&width, 3).await, 3);
        assert_eq!(most_of(&width, 20).await, 4);
        for _ in 0..2 {
            width.narrow();
        }
        assert_eq!(most_of(&width, 1).await, 1);
        assert_eq!(width.now(), 2, "each that ends well widens it again");
        width.narrow();
        assert_eq!(most_of(&width, 2).await, 1, "the second begins when the first has ended");
        assert_eq!(most_of(&width, 20).await, 4);
    }

    #[tokio::test]
    async fn after_an_error_nothing_more_begins() {
        let begun = AtomicUsize::new(0);
        let work = async |number: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            if number == 2 { Err(number) } else { Ok(number) }
        };
        assert_eq!(Width::new(1).side_by_side((0..9).map(work)).await, Err(2));
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
