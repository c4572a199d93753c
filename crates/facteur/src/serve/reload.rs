//! Taking the configuration and the certificate anew, while mail goes on.

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use directory::Directory;
use session::sasl::Cleartext;
use tls::Greeter;
use tokio::sync::watch;
use toml::Table;

use super::log::Logging;
use super::{offered, warn_of_certificate};
use crate::config::{self, Config};

/// The settings that a running server takes; [`Reload::take`] has each of them. What a
/// session has begun with stays with it.
const TAKEN: [&str; 4] = ["old_devices", "tls.certificate", "tls.key", "log.level"];

/// What can change while the service runs.
pub(crate) struct Reload<'a> {
    pub(crate) data: &'a Path,
    pub(crate) file: Option<&'a Path>,
    /// What the service was started with.
    pub(crate) started: Config,
    pub(crate) greeter: Greeter,
    pub(crate) directory: Directory,
    pub(crate) offer: watch::Sender<Cleartext>,
    pub(crate) logging: Logging,
}

impl Reload<'_> {
    /// Takes all or, where something is wrong, nothing; and says which, in the log.
    pub(crate) fn run(&self) {
        match self.take() {
            Ok(waiting) if waiting.is_empty() => {
                tracing::info!("configuration and certificate taken anew");
            }
            Ok(waiting) => {
                tracing::info!("configuration and certificate taken anew");
                tracing::warn!(
                    "these settings have changed and wait for a restart: {}",
                    waiting.join(", ")
                );
            }
            Err(error) => tracing::error!("nothing is taken, all stays as it was: {error:#}"),
        }
    }

    /// The settings that have changed since the start and that only a restart takes.
    fn take(&self) -> anyhow::Result<Vec<String>> {
        let config = config::load_for(self.data, self.file)?.config;
        let tls = config.tls_in(self.data);
        // What can fail comes first.
        let waiting = differing(&self.started, &config)?;
        self.greeter.reload(&tls.certificate, &tls.key)?;
        self.logging.show(config.log.level)?;
        self.directory.set_old_devices(config.old_devices);
        self.offer.send_replace(offered(config.old_devices));
        warn_of_certificate(&self.greeter, &self.started.hostname);
        Ok(waiting)
    }
}

/// Says so in time where the user that the service has become can't read the key, which
/// root could: no SIGHUP will take a new one.
pub(crate) fn check_readable(tls: &config::Tls) {
    for file in [&tls.certificate, &tls.key] {
        if let Err(error) = File::open(file) {
            tracing::warn!(
                "{}: {error}; once it changes the service must be restarted, or its user \
                 allowed to read it",
                file.display()
            );
        }
    }
}

fn differing(one: &Config, other: &Config) -> anyhow::Result<Vec<String>> {
    let values = |config| Table::try_from(config).context("the configuration can't be compared");
    let (one, other) = (values(one)?, values(other)?);
    let differs = |name: &String| config::value_at(&one, name) != config::value_at(&other, name);
    let waits = |name: &String| !TAKEN.contains(&name.as_str());
    Ok(config::names()
        .into_iter()
        .filter(waits)
        .filter(differs)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Log, LogLevel};

    #[test]
    fn what_a_restart_takes_is_named_and_nothing_else() {
        let started = Config::default();
        let log = Log {
            level: LogLevel::Debug,
            ..Log::default()
        };
        let changed = Config {
            hostname: "mail.a.test".to_owned(),
            user: Some("facteur".to_owned()),
            old_devices: directory::OldDevices::Off,
            log,
            ..Config::default()
        };
        let named = differing(&started, &changed).unwrap();
        assert_eq!(named, ["hostname", "user"]);
        assert!(differing(&started, &started).unwrap().is_empty());
    }

    #[test]
    fn what_is_taken_is_a_setting() {
        let names = config::names();
        assert!(TAKEN.iter().all(|taken| names.iter().any(|n| n == taken)));
    }
}
