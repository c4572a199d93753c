//! What the pages know of the service that they belong to.

use std::net::IpAddr;
use std::sync::Arc;

use address::Domain;
use directory::{Account, Directory, OldDevices};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use journal::Journal;
use service::endpoints::{Endpoints, Service, Tls};
use service::publish::Mode;

/// Where pages take the time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One service, as its pages show it.
#[derive(Clone)]
pub struct Site {
    /// What the pages call the service; `Facteur` unless the host has put its own name.
    pub name: String,
    /// The domain whose mail the sign-in page stands for.
    pub domain: Domain,
    /// Accounts and their passwords.
    pub directory: Directory,
    /// What happened.
    pub journal: Journal,
    /// The ports in use.
    pub endpoints: Endpoints,
    /// The host names that people type into their devices.
    pub hosts: Hosts,
    /// What other servers are asked to do where they can't send mail here encrypted.
    pub mta_sts: Mode,
    /// The time zone in which pages write times.
    pub time_zone: TimeZone,
    /// The time.
    pub clock: Clock,
}

/// The names of the servers, as a device needs them. One name may serve all roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Incoming by IMAP.
    pub imap: String,
    /// Incoming by POP3.
    pub pop3: String,
    /// Outgoing.
    pub submission: String,
    /// These pages.
    pub pages: String,
    /// Mail from other servers.
    pub transfer: String,
}

impl Hosts {
    /// One name for everything.
    pub fn same(name: &str) -> Self {
        let name = || name.to_owned();
        Self {
            imap: name(),
            pop3: name(),
            submission: name(),
            pages: name(),
            transfer: name(),
        }
    }
}

/// The other end of the connection that a request came on. Whoever accepts the
/// connection gives it to each request as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

impl Site {
    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether an account may be used without safe encryption, by its own switch and
    /// the service's rule.
    pub(crate) fn admits_old_devices(&self, account: &Account) -> bool {
        account.old_devices && self.directory.old_devices() == OldDevices::ByAccount
    }

    /// A moment as people here read it.
    pub(crate) fn local(&self, moment: Timestamp) -> DateTime {
        self.time_zone.to_datetime(moment)
    }

    /// What a port of the encrypted pages adds to a host name: nothing for 443.
    pub(crate) fn pages_authority(&self, host: &str) -> String {
        match self.endpoints.port(Service::Pages, Tls::Implicit) {
            None | Some(443) => host.to_owned(),
            Some(port) => format!("{host}:{port}"),
        }
    }
}
