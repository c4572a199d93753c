//! What a running service is told, by signals, and what it tells systemd.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What an operator wants of a running service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// End, for SIGTERM and SIGINT.
    Stop,
    /// Take configuration and certificate anew, for SIGHUP.
    Reload,
}

/// The signals, from the moment that this is made: before it, each of them ends the
/// process.
pub(crate) struct Signals {
    term: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(crate) fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next thing told.
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.term.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hangup.recv() => Told::Reload,
        }
    }

    /// Waits until the service is told to stop once more.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Told::Stop {}
    }
}

/// Says to systemd how it goes; elsewhere nobody listens.
pub(crate) fn say(state: NotifyState<'_>) {
    let since = match state {
        // systemd wants to know since when.
        NotifyState::Reloading => NotifyState::monotonic_usec_now().ok(),
        _ => None,
    };
    let said: Vec<NotifyState<'_>> = [Some(state), since].into_iter().flatten().collect();
    if let Err(error) = sd_notify::notify(&said) {
        tracing::warn!(%error, "systemd can't be told");
    }
}

/// Says to systemd that the service turns, for as long as it does; at once pending where
/// the unit has no `WatchdogSec`.
pub(crate) async fn watchdog() {
    let Some(patience) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    // Half the time, as sd_watchdog_enabled(3) has it.
    let mut turn = tokio::time::interval((patience / 2).max(Duration::from_millis(1)));
    loop {
        turn.tick().await;
        say(NotifyState::Watchdog);
    }
}
