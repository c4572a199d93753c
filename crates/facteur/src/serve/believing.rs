//! How mail from other servers is judged, as it is set.

use std::time::Duration;

use anyhow::Context;
use dns::Resolver;
use service::smtp::{Believing, Doors, Limits, Lists};

use crate::config::Config;

/// All that judging needs.
pub(super) fn believing(config: &Config, dns: Resolver) -> anyhow::Result<Believing> {
    let set = &config.believing;
    let limits = Limits {
        of_network: set.network_per_hour,
        of_sender: set.sender_per_hour,
        of_recipient: set.recipient_per_hour,
        pause: Duration::from_secs(set.slow_down_seconds),
    };
    Ok(Believing {
        dns,
        trusted: set.trusted_networks.as_slice().into(),
        patience: Duration::from_secs(set.patience_seconds),
        doors: Doors::new(limits),
        lists: Lists::new(&set.block_lists).context("believing.block_lists")?,
        trusted_sealers: set.trusted_sealers.as_slice().into(),
    })
}
