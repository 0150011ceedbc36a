//! Being asked to stop: what is under way finishes, nothing new begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Runs `work` to its end, and turns the first Ctrl-C or SIGTERM on the way into `stop.request()`.
///
/// `on_signal` is called once, then, to tell the person that what is under way still finishes.
///
/// # Errors
/// When the signals cannot be listened to; `work` has then not begun.
pub async fn until_signalled<W: Future>(
    stop: &Stop,
    on_signal: impl FnOnce(),
    work: W,
) -> std::io::Result<W::Output> {
    let mut work = std::pin::pin!(work);
    let mut signal = std::pin::pin!(first_signal()?);
    tokio::select! {
        output = &mut work => return Ok(output),
        () = &mut signal => {}
    }
    stop.request();
    on_signal();
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
