//! What is noted, and how two records of the same thing are added.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use address::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Addresses that are told apart among those that are unknown, in a record. Whoever asks for
/// one wrong address again and again (an old device does that) is not taken for somebody who
/// guesses; whoever has asked for so many is.
const UNKNOWN: usize = 64;
/// Messages of which a record has a sample.
const SAMPLES: usize = 3;

/// One thing that happened in one hour, once or often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Sign-ins that are alike.
    SignIn(SignIn, Times),
    /// What an account sent from one network.
    Sent(Sent),
    /// Attempts to send without signing in.
    Unsigned(Unsigned),
    /// Who was at a network.
    Seen(Seen),
    /// An account was kept from sending, or no longer.
    Lock(LockChange),
    /// A reader said what is unwanted, or is not.
    Sorted(Sorted),
}

/// When something happened, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The first time, in seconds since 1970.
    pub first: i64,
    /// The last time.
    pub last: i64,
    /// How often.
    pub count: u64,
}

/// What somebody signed in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// Submission, by SMTP.
    Smtp,
}

/// Why a sign-in to an account that exists was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refused {
    /// The password is another.
    WrongPassword,
    /// It was not encrypted, and the account does not allow that.
    Unencrypted,
    /// The service was too busy, or could not look.
    NotNow,
}

/// What sign-ins have alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignIn {
    /// To what.
    pub protocol: Protocol,
    /// Whether over TLS.
    pub encrypted: bool,
    /// From where ([`network_of`]); none where there were too many networks.
    pub network: Option<IpAddr>,
    /// Why they were refused; none if they were not.
    pub refused: Option<Refused>,
}

/// What an account sent, in one hour and from one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// From where; none where there were too many networks.
    pub network: Option<IpAddr>,
    /// Messages that were accepted.
    pub messages: u64,
    /// Recipients of them.
    pub recipients: u64,
    /// Recipients that were asked for: those, and who is unknown here.
    pub asked: u64,
    /// Messages that the limit of an hour refused.
    pub over_hour: u64,
    /// Messages that the limit of a day refused.
    pub over_day: u64,
    /// Recipients that nobody knows, here or elsewhere, by a hash of their address.
    pub unknown: Vec<u32>,
    /// Further ones, counted each time.
    pub unknown_more: u64,
    /// What some of the messages say of themselves: in memory alone, until it is needed.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

/// What a message says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its author.
    pub from: String,
    /// Its subject.
    pub subject: String,
    /// Its number.
    pub message_id: String,
}

/// Attempts to send without signing in, from one network with one sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsigned {
    /// When, and how often.
    pub times: Times,
    /// Where the last one came from; none where there were too many networks.
    pub peer: Option<SocketAddr>,
    /// The connection of the last one, as the log has it.
    pub session: u64,
    /// The port here.
    pub port: u16,
    /// Whether over TLS.
    pub encrypted: bool,
    /// What it called itself.
    pub hello: String,
    /// The sender that it named; empty for `<>`.
    pub sender: String,
    /// Who had read mail from that network minutes before: *POP before SMTP*.
    pub seen: Option<Seen>,
}

/// Somebody who was at a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Who.
    pub account: AccountId,
    /// By what they read their mail there.
    pub protocol: Protocol,
    /// When they last signed in, in seconds since 1970.
    pub at: i64,
}

/// That an account was kept from sending, or no longer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockChange {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Which.
    pub to: Result<Lock, Lifted>,
}

/// Why an account was kept from sending, and what it had done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What gave the reason, by its name.
    pub trigger: String,
    /// Messages of the last 24 hours.
    pub messages: u64,
    /// Recipients of them.
    pub recipients: u64,
    /// Recipients that nobody knows.
    pub unknown: u64,
    /// Messages of it that wait, and are held.
    pub held: u64,
    /// Some of what it sent.
    pub samples: Vec<Sample>,
}

/// A message that its reader put into Junk, or took out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sorted {
    /// When, and how often; several messages together where there were too many.
    pub times: Times,
    /// It was put there.
    pub unwanted: bool,
    /// Its number, as in its `Received` field, or a name for it in the account; empty where
    /// there were too many.
    pub id: String,
    /// What was found out about who sent it, in the words of the log; empty where it was not
    /// judged.
    pub found: String,
}

/// What lifted a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifted {
    /// The operator.
    Operator,
    /// A new password.
    Password,
}

/// What counts as one network: an IPv4 address, or the first 64 bits of an IPv6 address, which
/// is what one line gets (RFC 6177).
pub fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        four => four,
    }
}

impl Times {
    /// Once, at this time.
    pub fn once(at: Timestamp) -> Times {
        let at = at.as_second();
        Times {
            first: at,
            last: at,
            count: 1,
        }
    }

    fn add(&mut self, other: Times) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count = self.count.saturating_add(other.count);
    }
}

impl Sent {
    /// How many recipients nobody knew; the same one counts once.
    pub fn unknown(&self) -> u64 {
        self.unknown_more.saturating_add(self.unknown.len() as u64)
    }

    /// Adds a recipient that nobody knows, by a hash of its address.
    pub fn add_unknown(&mut self, hash: u32) {
        if self.unknown.contains(&hash) {
            return;
        }
        match self.unknown.len() < UNKNOWN {
            true => self.unknown.push(hash),
            false => self.unknown_more = self.unknown_more.saturating_add(1),
        }
    }

    /// Adds what was done in another hour, by another process or from another network.
    pub fn add(&mut self, other: &Sent) {
        self.messages = self.messages.saturating_add(other.messages);
        self.recipients = self.recipients.saturating_add(other.recipients);
        self.asked = self.asked.saturating_add(other.asked);
        self.over_hour = self.over_hour.saturating_add(other.over_hour);
        self.over_day = self.over_day.saturating_add(other.over_day);
        self.unknown_more = self.unknown_more.saturating_add(other.unknown_more);
        for hash in &other.unknown {
            self.add_unknown(*hash);
        }
        let room = SAMPLES.saturating_sub(self.samples.len());
        let samples = other.samples.iter().take(room).cloned();
        self.samples.extend(samples);
    }
}

impl Record {
    /// Adds what happened elsewhere, or later, and is the same. What is not is left.
    pub(crate) fn add(&mut self, other: Record) {
        match (self, other) {
            (Self::SignIn(_, times), Self::SignIn(_, more)) => times.add(more),
            (Self::Sent(sent), Self::Sent(more)) => sent.add(&more),
            (Self::Unsigned(one), Self::Unsigned(other)) => {
                let mut times = one.times;
                times.add(other.times);
                if other.times.last >= one.times.last {
                    *one = other;
                }
                one.times = times;
            }
            (Self::Seen(one), Self::Seen(other)) if other.at >= one.at => *one = other,
            (Self::Sorted(one), Self::Sorted(other)) => one.times.add(other.times),
            (Self::Lock(one), Self::Lock(other)) if other.at >= one.at => *one = other,
            _ => {}
        }
    }

    /// When it last happened, in seconds since 1970; not known of what is counted by the hour.
    pub fn last(&self) -> Option<i64> {
        match self {
            Self::SignIn(_, times) => Some(times.last),
            Self::Sent(_) => None,
            Self::Unsigned(unsigned) => Some(unsigned.times.last),
            Self::Seen(seen) => Some(seen.at),
            Self::Lock(change) => Some(change.at),
            Self::Sorted(sorted) => Some(sorted.times.last),
        }
    }

    /// The same without what tells its network, or its message, from others.
    pub(crate) fn of_any_network(mut self) -> Record {
        match &mut self {
            Self::SignIn(of, _) => of.network = None,
            Self::Sent(sent) => sent.network = None,
            Self::Unsigned(unsigned) => unsigned.peer = None,
            Self::Sorted(sorted) => {
                sorted.id.clear();
                sorted.found.clear();
            }
            Self::Seen(_) | Self::Lock(_) => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_one_network() {
        let network = |ip: &str| network_of(ip.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.2"), network("192.0.2.1"));
    }

    #[test]
    fn a_recipient_asked_for_again_counts_once_and_a_guesser_all() {
        let mut sent = Sent::default();
        for _ in 0..1000 {
            sent.add_unknown(7);
        }
        assert_eq!(sent.unknown(), 1);
        for hash in 0..1000 {
            sent.add_unknown(hash);
        }
        assert_eq!(sent.unknown(), 1000);
        let mut twice = sent.clone();
        twice.add(&sent);
        // Those that are told apart are the same again.
        assert_eq!(twice.unknown(), 2 * 1000 - UNKNOWN as u64);
    }

    #[test]
    fn the_last_attempt_stands_for_all_of_its_kind() {
        let unsigned = |at: i64, hello: &str| {
            Record::Unsigned(Unsigned {
                times: Times::once(Timestamp::from_second(at).unwrap()),
                peer: None,
                session: 1,
                port: 587,
                encrypted: false,
                hello: hello.to_owned(),
                sender: String::new(),
                seen: None,
            })
        };
        for order in [[(5, "b"), (3, "a")], [(3, "a"), (5, "b")]] {
            let [(at, hello), (then, again)] = order;
            let mut one = unsigned(at, hello);
            one.add(unsigned(then, again));
            let Record::Unsigned(one) = one else {
                panic!("another record");
            };
            let Times { first, last, count } = one.times;
            assert_eq!((first, last, count, one.hello.as_str()), (3, 5, 2, "b"));
        }
    }
}
