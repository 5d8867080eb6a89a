use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal;

/// A flag that Ctrl-C and SIGTERM set. The first stops the reading, so that
/// what was read is finished and written; a second Ctrl-C ends the process.
pub fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    tokio::spawn(async move {
        interrupted().await;
        flag.store(true, Ordering::Relaxed);
        interrupted().await;
        std::process::exit(130);
    });
    stop
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
pub async fn interrupted() {
    match signal::unix::signal(signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = signal::ctrl_c().await;
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn interrupted() {
    let _ = signal::ctrl_c().await;
}
