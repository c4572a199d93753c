//! Where log lines go: standard error, as text for people or as JSON for programs.

use std::io::{IsTerminal, stderr};

use anyhow::Context;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use crate::config::{Log, LogFormat, LogLevel};

/// The log as it runs: how much it shows can change.
#[derive(Clone, Debug)]
pub(crate) struct Logging(reload::Handle<EnvFilter, Registry>);

impl Logging {
    /// Shows so much from now on.
    pub(crate) fn show(&self, level: LogLevel) -> anyhow::Result<()> {
        self.0.reload(filter(level)?).context("log.level")
    }
}

/// Starts logging.
pub(crate) fn start(log: &Log) -> anyhow::Result<Logging> {
    let (shown, handle) = reload::Layer::new(filter(log.level)?);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(stderr)
        // A line that can't be written (a full disk under it, a closed pipe) is lost. To say
        // so there, as is the default, would fail too, and take the thread along.
        .log_internal_errors(false)
        .with_target(false)
        .with_ansi(stderr().is_terminal());
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let log = tracing_subscriber::registry().with(shown).with(lines);
    log.try_init()
        .map_err(|error| anyhow::anyhow!("logging can't start: {error}"))?;
    Ok(Logging(handle))
}

/// What other crates than ours say is shown from warnings on; what a stranger's name server
/// gets wrong is no warning to anybody here, and would be one for each of his messages.
fn filter(level: LogLevel) -> anyhow::Result<EnvFilter> {
    let others = "warn,hickory_net=off,hickory_proto=off,hickory_resolver=off";
    EnvFilter::try_new(format!("{others},{}", ours(level.into()))).context("log.level")
}

/// The crates of the house, each at the level asked for.
fn ours(level: tracing::Level) -> String {
    const CRATES: [&str; 13] = [
        "facteur",
        "web",
        "delivery",
        "service",
        "net",
        "dns",
        "tls",
        "store",
        "queue",
        "directory",
        "journal",
        "kv",
        "blob",
    ];
    CRATES.map(|name| format!("{name}={level}")).join(",")
}
