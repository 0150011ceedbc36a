//! Being asked to stop: what is under way finishes, nothing new begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A wish, shared by all who hold a clone, that no further step be begun.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks to stop. Cannot be taken back.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether anybody has asked.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a run is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Ctrl-C or SIGTERM.
    Signal,
    /// It has taken as long as it may.
    TimeUp,
}

/// Runs `work` to its end, and turns the first Ctrl-C or SIGTERM on the way, or the end of `limit`, into
/// `stop.request()`.
///
/// `on_stop` is called once, then, to tell the person that what is under way still finishes.
///
/// # Errors
/// When the signals cannot be listened to; `work` has then not begun.
pub async fn until_stopped<W: Future>(
    stop: &Stop,
    limit: Duration,
    on_stop: impl FnOnce(Reason),
    work: W,
) -> std::io::Result<W::Output> {
    let mut work = std::pin::pin!(work);
    let mut signal = std::pin::pin!(first_signal()?);
    let reason = tokio::select! {
        output = &mut work => return Ok(output),
        () = &mut signal => Reason::Signal,
        () = tokio::time::sleep(limit) => Reason::TimeUp,
    };
    stop.request();
    on_stop(reason);
    Ok(work.await)
}

#[cfg(unix)]
fn first_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn first_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
