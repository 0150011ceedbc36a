//! The one place where synchronous commands wait for asynchronous calls.

/// What drives the calls to an account. One per run: connections live as long as it does.
#[derive(Debug)]
pub struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    /// A runtime on the current thread: the work is waiting.
    ///
    /// # Errors
    /// When the operating system refuses what waiting needs.
    pub fn new() -> std::io::Result<Self> {
        tokio::runtime::Builder::new_current_thread().enable_all().build().map(Self)
    }

    /// Waits for `work` to end.
    pub fn block_on<W: Future>(&self, work: W) -> W::Output {
        self.0.block_on(work)
    }
}
