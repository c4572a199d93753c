//! Where log lines go: standard error, as text for people or as JSON for programs.

use std::io::{IsTerminal, stderr};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging. What other crates than ours say is shown from warnings on.
pub(crate) fn start(log: &Log) -> anyhow::Result<()> {
    let filter = format!("warn,{}", ours(log.level.into()));
    let filter = EnvFilter::try_new(filter).context("log.level")?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        // A line that can't be written (a full disk under it, a closed pipe) is lost. To say
        // so there, as is the default, would fail too, and take the thread along.
        .log_internal_errors(false)
        .with_target(false)
        .with_ansi(stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging can't start: {error}"))
}

/// The crates of the house, each at the level asked for.
fn ours(level: tracing::Level) -> String {
    const CRATES: [&str; 10] = [
        "facteur",
        "web",
        "service",
        "net",
        "tls",
        "store",
        "queue",
        "directory",
        "kv",
        "blob",
    ];
    CRATES.map(|name| format!("{name}={level}")).join(",")
}
