//! Servers, ports and user name, as the pages show them.

use directory::Account;
use service::endpoints::{Service, Tls};
use words::keys as k;

use crate::rich::{self, Html, Words};
use crate::site::Site;

/// The ports table: what people know as SSL on and SSL off.
pub(crate) struct Ports {
    pub(crate) rows: Vec<PortRow>,
}

/// One service in it.
pub(crate) struct PortRow {
    pub(crate) name: String,
    /// With SSL from the first byte; and without, or with STARTTLS.
    pub(crate) cells: [PortShown; 2],
}

/// One port in it.
pub(crate) struct PortShown {
    pub(crate) port: Option<u16>,
    /// Whether it is the one that the reader types here.
    pub(crate) mine: bool,
}

impl Ports {
    /// The site's ports. The one of `mine` is marked as the reader's own.
    pub(crate) fn of(site: &Site, words: Words, mine: Option<(Service, Tls)>) -> Self {
        let names = [
            (Service::Imap, k::PORTS_IMAP),
            (Service::Pop3, k::PORTS_POP3),
            (Service::Submission, k::PORTS_SUBMISSION),
        ];
        let shown = |service, tls| PortShown {
            port: site.endpoints.port(service, tls),
            mine: mine == Some((service, tls)),
        };
        let row = |(service, name)| PortRow {
            name: words.t(name),
            cells: [Tls::Implicit, Tls::StartTls].map(|tls| shown(service, tls)),
        };
        Self {
            rows: names.into_iter().map(row).collect(),
        }
    }
}

/// One setting: what a device calls it, what to put there, and why.
pub(crate) struct Setting {
    pub(crate) label: String,
    pub(crate) value: Html,
    pub(crate) why: Option<String>,
}

/// User name, password and servers of an account, or of any account.
pub(crate) fn settings(site: &Site, words: Words, account: Option<&Account>) -> Vec<Setting> {
    let mut all = vec![user(site, words, account), password(words)];
    let hosts = &site.hosts;
    let server = |label, host: &str, why: Option<words::Key>| Setting {
        label: words.t(label),
        value: rich::value(host),
        why: why.map(|key| words.t(key)),
    };
    if hosts.imap == hosts.pop3 && hosts.imap == hosts.submission {
        all.push(server(
            k::SETTINGS_SERVER,
            &hosts.imap,
            Some(k::SETTINGS_SERVER_WHY),
        ));
        return all;
    }
    if hosts.imap == hosts.pop3 {
        all.push(server(k::SETTINGS_SERVERS_INCOMING, &hosts.imap, None));
    } else {
        all.push(server(k::SETTINGS_SERVER_IMAP, &hosts.imap, None));
        all.push(server(k::SETTINGS_SERVER_POP3, &hosts.pop3, None));
    }
    all.push(server(
        k::SETTINGS_SERVERS_OUTGOING,
        &hosts.submission,
        None,
    ));
    all
}

fn user(site: &Site, words: Words, account: Option<&Account>) -> Setting {
    let label = words.t(k::SETTINGS_USER);
    match account {
        Some(account) => Setting {
            label,
            value: rich::value(&account.address.to_string()),
            why: Some(words.t(k::SETTINGS_USER_WHY)),
        },
        None => {
            let example = example(site, words);
            let value = words.rich(k::SETTINGS_USER_GENERIC, &[("example", &example)]);
            Setting {
                label,
                value,
                why: None,
            }
        }
    }
}

fn password(words: Words) -> Setting {
    let value = words.h(k::SETTINGS_PASSWORD_WHY);
    Setting {
        label: words.t(k::SETTINGS_PASSWORD),
        value,
        why: None,
    }
}

/// An address such as the readers of this service have.
pub(crate) fn example(site: &Site, words: Words) -> String {
    format!(
        "{}@{}",
        words.t(k::GUIDE_EXAMPLE_NAME),
        site.domain.to_unicode()
    )
}
