use tokio::signal;
use tokio::sync::watch;

/// A flag that Ctrl-C and SIGTERM set. The first stops the reading, so that
/// what was read is finished and written; a second one ends the process.
pub fn stop_on_interrupt() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        interrupted().await;
        let _ = stop.send(true);
        interrupted().await;
        std::process::exit(130);
    });
    stopped
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

/// Lets a write beyond the shell's file-size limit fail like one on a full
/// disk, in place of ending the process (Linux, SIGXFSZ).
pub fn outlive_size_limit() {
    #[cfg(target_os = "linux")]
    {
        const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();
        // The handler stays when the runtime that set it is gone.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        if let Ok(runtime) = runtime {
            let _guard = runtime.enter();
            let _ = signal::unix::signal(signal::unix::SignalKind::from_raw(SIGXFSZ));
        }
    }
}
