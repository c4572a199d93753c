//! What happened, as an operator sees it.

use std::net::IpAddr;

use address::{AccountId, Address};
use jiff::Timestamp;
use journal::{KEPT, Lifted, Protocol, Record, Refused as SignInRefused, Sample, Times, Unsigned};
use serde::{Deserialize, Serialize};

use super::{Manager, Refused, Response};

/// Events that one answer lists: the latest.
pub const EVENTS_LISTED: usize = 1000;

/// What is asked about what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EventsOrder {
    /// To one account.
    Account {
        /// Its address.
        address: Address,
    },
    /// Attempts to send without signing in, from anywhere.
    Unsigned,
}

/// Something that happened, once or often within an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventShown {
    /// When first, RFC 3339; to the hour where no more is known.
    pub first: String,
    /// When last.
    pub last: String,
    /// How often.
    pub count: u64,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Happened {
    /// Somebody signed in, or was refused.
    SignIn {
        /// To what: `imap`, `pop3`, `smtp`.
        protocol: String,
        /// Whether over TLS.
        encrypted: bool,
        /// From where; none where there were too many networks to tell apart.
        network: Option<IpAddr>,
        /// Why it was refused.
        refused: Option<String>,
    },
    /// Messages were sent, or not.
    Sent {
        /// From where; none where there were too many networks to tell apart.
        network: Option<IpAddr>,
        /// To so many recipients.
        recipients: u64,
        /// Messages that the limit of an hour refused.
        over_hour: u64,
        /// Messages that the limit of a day refused.
        over_day: u64,
        /// Recipients that nobody knows.
        unknown: u64,
    },
    /// Somebody tried to send without signing in.
    Unsigned {
        /// The last one's address and port; none where there were too many to tell apart.
        peer: Option<String>,
        /// Its number in the log.
        session: String,
        /// The port here.
        port: u16,
        /// Whether over TLS.
        encrypted: bool,
        /// What it called itself.
        hello: String,
        /// The sender that it named; empty for `<>`.
        sender: String,
        /// Who had read mail from the same network minutes before.
        reader: Option<ReaderShown>,
    },
    /// The account was kept from sending.
    Locked {
        /// Why.
        trigger: String,
        /// Messages of the 24 hours before.
        messages: u64,
        /// Their recipients.
        recipients: u64,
        /// Recipients that nobody knows.
        unknown: u64,
        /// Messages that wait, and are held.
        held: u64,
        /// Some of what it sent.
        samples: Vec<SampleShown>,
    },
    /// A message was put into Junk by hand, or taken out of there.
    Sorted {
        /// It was put there.
        unwanted: bool,
        /// Its number; none where there were too many to tell apart.
        id: Option<String>,
        /// What was found out about who sent it, in the words of the log.
        found: Option<String>,
    },
    /// It may send again.
    Unlocked {
        /// What lifted the lock.
        by: String,
    },
}

/// Who had read mail from a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderShown {
    /// The account, if it is still there.
    pub address: Option<Address>,
    /// By what.
    pub protocol: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What a message says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleShown {
    /// Its author.
    pub from: String,
    /// Its subject.
    pub subject: String,
    /// Its number.
    pub message_id: String,
}

impl Manager {
    pub(super) async fn events_order(&self, order: EventsOrder) -> Result<Response, Refused> {
        let now = (self.clock)();
        let from = now.checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut records = match order {
            EventsOrder::Account { address } => {
                let id = self.directory.account_at(&address).await?.id;
                self.journal.of_account(id, from).await?
            }
            EventsOrder::Unsigned => self.journal.unsigned_since(from).await?,
        };
        let passed = records.len().saturating_sub(EVENTS_LISTED);
        let mut shown = Vec::new();
        for (hour, record) in records.drain(passed..) {
            shown.extend(self.event_shown(hour, record).await?);
        }
        Ok(Response::Events(shown))
    }

    async fn event_shown(
        &self,
        hour: Timestamp,
        record: Record,
    ) -> Result<Option<EventShown>, Refused> {
        let (times, what) = match record {
            Record::SignIn(of, times) => {
                let what = Happened::SignIn {
                    protocol: protocol(of.protocol),
                    encrypted: of.encrypted,
                    network: of.network,
                    refused: of.refused.map(refused),
                };
                (times, what)
            }
            Record::Sent(sent) => {
                let times = Times {
                    count: sent.messages,
                    ..Times::once(hour)
                };
                let what = Happened::Sent {
                    network: sent.network,
                    recipients: sent.recipients,
                    over_hour: sent.over_hour,
                    over_day: sent.over_day,
                    unknown: sent.unknown(),
                };
                (times, what)
            }
            Record::Unsigned(unsigned) => (unsigned.times, self.unsigned_shown(unsigned).await?),
            Record::Lock(change) => (Times::once(second(change.at)), lock_shown(change.to)),
            Record::Sorted(sorted) => {
                let said = |text: String| (!text.is_empty()).then_some(text);
                let what = Happened::Sorted {
                    unwanted: sorted.unwanted,
                    id: said(sorted.id),
                    found: said(sorted.found),
                };
                (sorted.times, what)
            }
            Record::Seen(_) => return Ok(None),
        };
        Ok(Some(EventShown {
            first: second(times.first).to_string(),
            last: second(times.last).to_string(),
            count: times.count,
            what,
        }))
    }

    async fn unsigned_shown(&self, unsigned: Unsigned) -> Result<Happened, Refused> {
        let reader = match unsigned.seen {
            None => None,
            Some(seen) => Some(ReaderShown {
                address: self.address_of(seen.account).await?,
                protocol: protocol(seen.protocol),
                at: second(seen.at).to_string(),
            }),
        };
        Ok(Happened::Unsigned {
            peer: unsigned.peer.map(|peer| peer.to_string()),
            session: format!("{:016x}", unsigned.session),
            port: unsigned.port,
            encrypted: unsigned.encrypted,
            hello: unsigned.hello,
            sender: unsigned.sender,
            reader,
        })
    }

    async fn address_of(&self, id: AccountId) -> Result<Option<Address>, Refused> {
        let account = self.directory.account(id).await?;
        Ok(account.map(|account| account.address))
    }
}

fn lock_shown(to: Result<journal::Lock, Lifted>) -> Happened {
    match to {
        Ok(lock) => Happened::Locked {
            trigger: lock.trigger,
            messages: lock.messages,
            recipients: lock.recipients,
            unknown: lock.unknown,
            held: lock.held,
            samples: lock.samples.into_iter().map(sample).collect(),
        },
        Err(Lifted::Operator) => Happened::Unlocked {
            by: "the operator".to_owned(),
        },
        Err(Lifted::Password) => Happened::Unlocked {
            by: "a new password".to_owned(),
        },
    }
}

fn sample(sample: Sample) -> SampleShown {
    SampleShown {
        from: sample.from,
        subject: sample.subject,
        message_id: sample.message_id,
    }
}

fn protocol(protocol: Protocol) -> String {
    let name = match protocol {
        Protocol::Imap => "imap",
        Protocol::Pop3 => "pop3",
        Protocol::Smtp => "smtp",
    };
    name.to_owned()
}

fn refused(why: SignInRefused) -> String {
    let why = match why {
        SignInRefused::WrongPassword => "wrong password",
        SignInRefused::Unencrypted => "not encrypted",
        SignInRefused::NotNow => "the service could not look",
    };
    why.to_owned()
}

fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH)
}
