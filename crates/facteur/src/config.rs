//! The configuration: one TOML file, one typed value.
//!
//! Each setting is said once, where [`Config`] defines it: its name, its type, its
//! default and what it does. The file that the quick start writes, the reference in
//! `docs/configuration.md` and the check of names are all made of that.
//!
//! | file | what it does |
//! | --- | --- |
//! | `config.rs` | the settings |
//! | `keys.rs` | their names, and the nearest one to a wrong name |
//! | `load.rs` | file and environment into a [`Config`], with the source of each value |
//! | `storage.rs` | the settings of where mail is kept |
//! | `secret.rs` | a setting that is never shown |
//! | `check.rs` | what types can't say |
//! | `documented.rs` | the file and the reference, with every setting explained |

mod check;
mod documented;
mod keys;
mod load;
mod secret;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use directory::OldDevices;
use serde::{Deserialize, Serialize};

pub(crate) use check::settle;
pub(crate) use documented::documented;
pub(crate) use keys::names;
pub(crate) use load::{Source, load_for, value_at};
pub(crate) use secret::Secret;

/// The configuration's name in the data folder.
pub(crate) const FILE: &str = "facteur.toml";

/// Defines a part of the configuration together with its defaults, and keeps what is
/// said of each setting so that it can be shown to operators too.
macro_rules! settings {
    (
        #[doc = $about:literal]
        struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, )+
        }
    ) => {
        #[doc = $about]
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            $( $(#[doc = $doc])+ pub(crate) $field: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $name {
            /// Names of the settings, and what is said of each.
            pub(super) const DOCS: &'static [(&'static str, &'static str)] =
                &[ $( (stringify!($field), concat!($($doc, "\n"),+)), )+ ];
        }
    };
}

// Behind the macro, which it uses.
mod storage;

pub(crate) use storage::{Bodies, Database, Engine, Notices, S3, Storage};

settings! {
    /// All that an operator can decide.
    struct Config {
        /// The name of this host: in greetings, in `Received` fields, and what devices
        /// have as their server. It must lead here by DNS, and the certificate must name it.
        hostname: String = "localhost".to_owned(),
        /// What people know the service by, on its pages.
        service_name: String = "Facteur".to_owned(),
        /// Addresses of this machine to listen at. `::` and `0.0.0.0` mean all of them.
        listen: Vec<IpAddr> = vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
        /// Added to each standard port: 10000 makes 993 into 10993. With 0 they are the
        /// standard ports, and opening them takes root, a capability or systemd.
        port_base: u16 = 0,
        /// When started as root: the user to become once the ports are open. The data
        /// folder must be that user's, and the key readable by it, so that SIGHUP can take
        /// a new one.
        user: Option<String> = None,
        /// Who may sign in without encryption: `off` (nobody) or `by-account` (whoever's
        /// account has old devices on: `facteur account set ADDRESS --old-devices on`).
        old_devices: OldDevices = OldDevices::ByAccount,
        /// The largest message that is accepted, in octets.
        message_bytes: u64 = 52_428_800,
        /// Connections that are served at once, all ports together; who comes then waits.
        /// The system's limit on open files must allow twice as many.
        connections: u32 = 20_000,
        /// How many of them one network may have: one IPv4 address, or the first 64 bits
        /// of an IPv6 address. A device takes up to five; behind one address there may be
        /// a whole school. This machine itself may have any number.
        connections_per_network: u32 = 1_000,
        /// The time zone of dates that the service writes, as IANA names it:
        /// `Europe/Paris`, or `UTC`.
        time_zone: String = "UTC".to_owned(),
        /// What other servers are asked to do where they can't send mail here encrypted, to a
        /// host whose certificate is right (MTA-STS): `testing` (send it all the same, and
        /// report it), `enforce` (hold it back) or `none`. It counts for domains that publish
        /// it (`facteur domain dns`).
        mta_sts: service::publish::Mode = service::publish::Mode::Testing,
        /// How mail is taken from people who signed in.
        submission: Submission = Submission::default(),
        /// Where the certificate is.
        tls: Tls = Tls::default(),
        /// What is logged.
        log: Log = Log::default(),
        /// How the mail that is kept is cared for.
        care: Care = Care::default(),
        /// Where mail is kept.
        storage: Storage = Storage::default(),
        /// How the DNS is asked.
        dns: Dns = Dns::default(),
        /// How it is found out who sent the mail of other servers.
        believing: Believing = Believing::default(),
        /// How mail is sent to other hosts.
        sending: Sending = Sending::default(),
    }
}

settings! {
    /// How mail is taken from people who signed in to send it.
    struct Submission {
        /// Whether the `Received` field of what they send names their device and its
        /// address, for all who get it. Else a fixed word stands there; the log has both.
        name_clients: bool = false,
        /// How many messages an account may send in an hour of the clock. An account that was
        /// refused some by this in three hours of a day may send no more until it has a new
        /// password, or until `facteur account unlock`. One account may have another limit
        /// (`facteur account limits`).
        messages_per_hour: u32 = 200,
        /// How many recipients one of their messages may have, from 1 to 1000.
        recipients_per_message: u32 = 100,
        /// To how many recipients an account may send in 24 hours, each message counted anew: a
        /// club of some hundred members gets a letter each day, and whoever has stolen a
        /// password does not get far. One account may have another limit.
        recipients_per_day: u32 = 2_000,
    }
}

settings! {
    /// Files of the certificate, PEM. A relative path begins in the data folder.
    struct Tls {
        /// The certificate of this host, and after it those between it and its authority
        /// (PEM). A relative path begins in the data folder.
        certificate: PathBuf = PathBuf::from("tls/certificate.pem"),
        /// The private key of the certificate (PEM).
        key: PathBuf = PathBuf::from("tls/key.pem"),
    }
}

settings! {
    /// The log, which goes to the standard error.
    struct Log {
        /// `text` for people, `json` for machines.
        format: LogFormat = LogFormat::Text,
        /// The least that is logged: `error`, `warn`, `info` (one line a session),
        /// `debug` or `trace`. None of them shows a secret or the content of a message.
        level: LogLevel = LogLevel::Info,
    }
}

settings! {
    /// What keeps the folder of the messages, or their bucket, small beside the service.
    struct Care {
        /// The least time between two passes, in seconds. They come more seldom where they
        /// take long, so that they take a fiftieth of the time at most, and once a day at
        /// least.
        pause_seconds: u64 = 3600,
        /// How long a file must have been found needless before it goes, in seconds: longer
        /// than anybody takes to read a message that is moved or removed meanwhile. A message
        /// in a bucket stays for an hour at least, whatever this says: other nodes may be
        /// about to record it.
        grace_seconds: u64 = 3600,
        /// How large the files are that messages share, in octets. Of smaller ones space
        /// comes back sooner, and there are more of them.
        file_bytes: u64 = 67_108_864,
    }
}

settings! {
    /// How the DNS is asked.
    struct Dns {
        /// Whom to ask: IP addresses, with a port where it is not 53 (`127.0.0.1:5353`). With
        /// none, whom the system asks (`/etc/resolv.conf`). It should be a resolver of your
        /// own, on this machine or near: block lists answer no big public one.
        servers: Vec<dns::Server> = Vec::new(),
        /// Whether answers are validated (DNSSEC), as DANE needs. Set it to false only where
        /// the servers keep signatures back: signed domains are then bogus, and no mail gets
        /// there.
        dnssec: bool = true,
        /// A file of DNSKEY records that are trusted beside those of the root. A relative path
        /// begins in the data folder.
        trust_anchors: Option<PathBuf> = None,
        /// The most time that one lookup may take, in seconds, from 1 to 60.
        patience_seconds: u64 = 5,
    }
}

settings! {
    /// How it is found out who sent the mail of other servers.
    struct Believing {
        /// Networks whose mail is taken as it is: not judged (SPF, DKIM, DMARC), told of in
        /// no `Authentication-Results`, never slowed down or counted. They may still not send to elsewhere. A relay
        /// before this service belongs here, if it judges itself.
        trusted_networks: Vec<net::Network> = loopback(),
        /// The most time that judging one message may take, in seconds, from 1 to 60. What
        /// is not known by then is `temperror`, and the message is taken.
        patience_seconds: u64 = 5,
        /// How many recipients the mail of one network may have in an hour, where nothing
        /// special is known of it; 0 is no limit. A network is 256 addresses of IPv4, or the
        /// first 56 bits of IPv6. One that has stood by its mail (DMARC, or SPF or DKIM) for
        /// an hour and 20 messages may have 20 times as many; one that mostly asks for
        /// recipients who are not here, or sends what its domains do not stand by, a tenth. As
        /// many may come at once, and again as the hour passes; what is beyond is asked to
        /// come later. Each node counts for itself, and anew when it starts.
        network_per_hour: u32 = 1000,
        /// How many messages of one sender may come in an hour, from all networks together
        /// that have not stood by their mail for an hour; 0 is no limit.
        sender_per_hour: u32 = 500,
        /// How many messages may come to one address in an hour, from everywhere; 0 is no
        /// limit.
        recipient_per_hour: u32 = 2000,
        /// The longest that an answer waits, in seconds, from 0 to 20; 0 is no wait. The first
        /// three messages of a network that was never seen wait for a third of it or so, one
        /// that has mostly done wrong waits for each sender and recipient.
        slow_down_seconds: u64 = 5,
        /// Lists in the DNS of addresses that send unwanted mail, each with what is done with
        /// the mail of whom it names: `refuse`, `junk` (it goes to Junk) or `note` (it is told
        /// with the message): `["zen.spamhaus.org refuse"]`. Ask for leave where the list
        /// wants that, and ask by a name server of your own. What lists do not answer in time
        /// is taken. Postmaster is reached by everybody.
        block_lists: Vec<String> = Vec::new(),
        /// Domains of mailing lists and forwarders whose word counts (ARC): what changed on
        /// their way, so that its author's domain would not stand by it, is taken if they say
        /// that it did before.
        trusted_sealers: Vec<address::Domain> = Vec::new(),
        /// Whether the mail of others that an address here sends on is sealed with what was
        /// found out about it (ARC), in the name of that address's domain and with its key.
        seal: bool = false,
    }
}

settings! {
    /// How mail is sent to other hosts.
    struct Sending {
        /// For how many hours a message is tried before its sender is told that it could not
        /// be delivered, from 1 to 720.
        patience_hours: u32 = 120,
        /// The port at which other hosts take mail: 25 all over the world, another in a network
        /// of your own.
        port: u16 = 25,
        /// The port at which other domains say what can be demanded of their hosts (MTA-STS):
        /// 443 all over the world, another in a network of your own.
        https_port: u16 = 443,
        /// Networks that mail may be sent to although they are private or this machine's own:
        /// `192.168.7.0/24`, or single addresses. No other private address is ever gone to,
        /// whatever the DNS of a recipient says.
        private_networks: Vec<net::Network> = Vec::new(),
        /// Certificates of authorities (PEM) that are trusted beside the system's, where the
        /// certificate of another host has to be verified. A relative path begins in the data
        /// folder.
        authorities: Option<PathBuf> = None,
        /// Addresses of this machine that connections go out from, one of each family at most;
        /// without one the system chooses. It should be one whose name by DNS is `hostname`.
        from: Vec<IpAddr> = Vec::new(),
        /// Hosts that take all mail for a domain each, whatever the DNS says, and before any
        /// smarthost: a section `[sending.routes."example.org"]` for each, with what a smarthost
        /// has: `host`, `port`, `tls`, `user`, `password` or `password_file`.
        routes: Option<BTreeMap<String, Smarthost>> = None,
        /// A host that takes all mail from here and sends it on, where this machine may not
        /// send by itself.
        smarthost: Smarthost = Smarthost::default(),
    }
}

settings! {
    /// A host that takes all mail from here and sends it on.
    struct Smarthost {
        /// Its name, which its certificate must have. Without one, mail goes to the hosts of
        /// each recipient's domain.
        host: Option<String> = None,
        /// Its port.
        port: u16 = 587,
        /// When encryption begins: `starttls`, or `at-once` as on port 465. It always does.
        tls: SmarthostTls = SmarthostTls::Starttls,
        /// The account there; without one nobody signs in.
        user: Option<String> = None,
        /// Its password. It is better kept in a file of its own, below, or given by the
        /// environment; `config show` prints stars.
        password: Option<Secret> = None,
        /// The file whose first line is the password. A relative path begins in the data
        /// folder. Started as root, the file is read before the user changes.
        password_file: Option<PathBuf> = None,
    }
}

/// When the encryption to a smarthost begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SmarthostTls {
    /// By STARTTLS.
    Starttls,
    /// With the first octet. RFC 8314 section 3.3.
    AtOnce,
}

/// This machine itself.
fn loopback() -> Vec<net::Network> {
    let texts = ["127.0.0.0/8", "::1/128"].into_iter();
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A line that a person reads.
    Text,
    /// A line of JSON.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    /// What somebody must look at.
    Error,
    /// And what may become that.
    Warn,
    /// And one line a session.
    Info,
    /// And each step.
    Debug,
    /// And more.
    Trace,
}

impl From<LogLevel> for tracing::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl Config {
    /// How the DNS is asked, with paths that can be opened.
    pub(crate) fn dns_in(&self, data: &Path) -> dns::Settings {
        dns::Settings {
            servers: self.dns.servers.clone(),
            dnssec: self.dns.dnssec,
            trust_anchors: self.dns.trust_anchors.as_ref().map(|path| data.join(path)),
            patience: Duration::from_secs(self.dns.patience_seconds),
        }
    }

    /// The authorities trusted beside the system's, as a path that can be opened.
    pub(crate) fn authorities_in(&self, data: &Path) -> Option<PathBuf> {
        self.sending
            .authorities
            .as_ref()
            .map(|path| data.join(path))
    }

    /// The files of the certificate, as paths that can be opened.
    pub(crate) fn tls_in(&self, data: &Path) -> Tls {
        Tls {
            certificate: data.join(&self.tls.certificate),
            key: data.join(&self.tls.key),
        }
    }
}

#[cfg(test)]
mod tests;
