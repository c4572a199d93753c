//! What types can't say of a configuration.

use anyhow::{Context, ensure};
use service::endpoints::Endpoints;

use super::{Config, Smarthost};

/// The least that `message_bytes` may be, in octets. RFC 5321 section 4.5.3.1.7.
const LEAST_MESSAGE: u64 = 64 * 1024;
/// The most that `message_bytes` may be, in octets.
const MOST_MESSAGE: u64 = 1 << 30;

/// The least that `connections` may be: each listener holds a place for who comes next.
const LEAST_CONNECTIONS: u32 = 100;
/// The most that `connections` may be.
const MOST_CONNECTIONS: u32 = 1_000_000;

/// The least that `care.file_bytes` may be: what many messages share.
const LEAST_FILE: u64 = 256 * 1024;
/// The most that `care.file_bytes` may be.
const MOST_FILE: u64 = 1 << 30;

/// The most that `submission.recipients_per_message` may be.
const MOST_RECIPIENTS: u32 = smtp::limits::RECIPIENTS as u32;

/// The most that `sending.patience_hours` may be: thirty days.
const LONGEST_PATIENCE: u32 = 720;
/// The most that `dns.patience_seconds` may be.
const LONGEST_LOOKUP: u64 = 60;

/// The most that `believing.patience_seconds` may be: who sends waits ten minutes for the
/// answer (RFC 5321 section 4.5.3.2.6), and should not have to.
const LONGEST_JUDGING: u64 = 60;

/// The most that `believing.slow_down_seconds` may be: less than what sessions have to
/// end when the service stops, and far less than a client must wait (RFC 5321 section 4.5.3.2).
const LONGEST_SLOW_DOWN: u64 = 20;

/// Refuses what can't work, naming the setting. The host's name is put as the network
/// spells it: lower case, and in ASCII, as greetings and certificates need it.
pub(crate) fn settle(config: &mut Config) -> anyhow::Result<()> {
    let host = config
        .hostname
        .parse::<address::Domain>()
        .with_context(|| format!("hostname: {:?} is no name of a host", config.hostname))?;
    config.hostname = host.as_str().to_owned();
    ensure!(
        !config.service_name.trim().is_empty()
            && !config
                .service_name
                .contains(|letter: char| letter.is_control()),
        "service_name: it must be one line that is not empty"
    );
    ensure!(
        !config.listen.is_empty(),
        "listen: it must name an address; \"::\" and \"0.0.0.0\" mean all"
    );
    ensure!(
        Endpoints::from_base(config.port_base).is_some(),
        "port_base: {} makes ports beyond 65535",
        config.port_base
    );
    ensure!(
        (LEAST_MESSAGE..=MOST_MESSAGE).contains(&config.message_bytes),
        "message_bytes: it must be from {LEAST_MESSAGE} to {MOST_MESSAGE}"
    );
    ensure!(
        (LEAST_CONNECTIONS..=MOST_CONNECTIONS).contains(&config.connections),
        "connections: it must be from {LEAST_CONNECTIONS} to {MOST_CONNECTIONS}"
    );
    ensure!(
        config.connections_per_network > 0,
        "connections_per_network: with 0 nobody can connect"
    );
    ensure!(
        (LEAST_FILE..=MOST_FILE).contains(&config.care.file_bytes),
        "care.file_bytes: it must be from {LEAST_FILE} to {MOST_FILE}"
    );
    ensure!(
        (1..=LONGEST_LOOKUP).contains(&config.dns.patience_seconds),
        "dns.patience_seconds: it must be from 1 to {LONGEST_LOOKUP}"
    );
    ensure!(
        (1..=LONGEST_JUDGING).contains(&config.believing.patience_seconds),
        "believing.patience_seconds: it must be from 1 to {LONGEST_JUDGING}"
    );
    ensure!(
        config.believing.slow_down_seconds <= LONGEST_SLOW_DOWN,
        "believing.slow_down_seconds: it must be from 0 to {LONGEST_SLOW_DOWN}"
    );
    service::smtp::Lists::new(&config.believing.block_lists).context("believing.block_lists")?;
    ensure!(
        (1..=LONGEST_PATIENCE).contains(&config.sending.patience_hours),
        "sending.patience_hours: it must be from 1 to {LONGEST_PATIENCE}"
    );
    ensure!(
        config.sending.port > 0,
        "sending.port: nobody takes mail at port 0"
    );
    ensure!(
        config.sending.https_port > 0,
        "sending.https_port: nobody says anything at port 0"
    );
    let submission = &config.submission;
    ensure!(
        submission.messages_per_hour > 0 && submission.recipients_per_day > 0,
        "submission: with a limit of 0 nobody can send"
    );
    ensure!(
        (1..=MOST_RECIPIENTS).contains(&submission.recipients_per_message),
        "submission.recipients_per_message: it must be from 1 to {MOST_RECIPIENTS}"
    );
    let families = |six: bool| {
        config
            .sending
            .from
            .iter()
            .filter(|ip| ip.is_ipv6() == six)
            .count()
    };
    ensure!(
        families(true) <= 1 && families(false) <= 1,
        "sending.from: it may name one address of IPv4 and one of IPv6"
    );
    check_host(&config.sending.smarthost, "sending.smarthost")?;
    for (domain, route) in config.sending.routes.iter().flatten() {
        let name = format!("sending.routes.{domain:?}");
        ensure!(
            domain.parse::<address::Domain>().is_ok(),
            "{name}: {domain:?} is no domain"
        );
        ensure!(route.host.is_some(), "{name}: it names no host");
        check_host(route, &name)?;
    }
    config.storage.check()?;
    jiff::tz::TimeZone::get(&config.time_zone).with_context(|| {
        format!(
            "time_zone: this machine knows no zone {:?}",
            config.time_zone
        )
    })?;
    Ok(())
}

/// Of a host that mail is handed to whatever the DNS says.
fn check_host(host: &Smarthost, name: &str) -> anyhow::Result<()> {
    ensure!(host.port > 0, "{name}.port: nobody takes mail at port 0");
    ensure!(
        host.password.is_none() || host.password_file.is_none(),
        "{name}: password and password_file are both set; take one away"
    );
    let has_password = host.password.is_some() || host.password_file.is_some();
    ensure!(
        host.user.is_some() == has_password,
        "{name}: user and password go together"
    );
    Ok(())
}
