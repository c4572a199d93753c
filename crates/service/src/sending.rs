//! What accounts send, counted; and stopping an account that looks as if somebody else were
//! sending with it.
//!
//! Counted is in the journal, decided in `limits`, and whether an account is stopped is in the
//! directory, which is asked for each message, so that it counts at once on every node. On one
//! node a limit is never passed: a message is counted before it is accepted, and no more once
//! it is not. A node knows what others counted up to some seconds ago
//! ([`journal::FLUSH`]): so long each of them may let as much through.

use std::collections::BTreeMap;
use std::net::IpAddr;

use address::{AccountId, Address, Password};
use directory::{Directory, DirectoryError};
use events::Refusal;
use jiff::{Timestamp, ToSpan};
use journal::{Journal, JournalError, Lifted, Lock, LockChange, Sample, Sent, SentHour};
use limits::{Hour, LEAST_STRANGE, Limits, Over, Trigger, day_before};
use queue::{Queue, QueueError};

use crate::trouble;

/// How many days an account's usual one is the middle of.
const DAYS: i64 = 29;

/// Counts what accounts send, and stops them.
#[derive(Clone)]
pub struct Sending {
    /// Who may send.
    pub directory: Directory,
    /// What was sent.
    pub journal: Journal,
    /// Where mail waits that is held.
    pub queue: Queue,
    /// How much an account may send, of which nothing else is said.
    pub limits: Limits,
}

/// A message that is counted and not yet accepted.
#[must_use = "it is to be given back where nothing comes of it"]
pub(crate) struct Counted {
    account: AccountId,
    sent: Sent,
    at: Timestamp,
}

/// Why it is not known what an account sent, or why it was not stopped.
#[derive(Debug, thiserror::Error)]
enum SendingError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl From<SendingError> for Refusal {
    fn from(error: SendingError) -> Refusal {
        tracing::error!(%error, "what an account sends could not be counted");
        Refusal::Temporary
    }
}

/// What an account sent in a day.
struct Day {
    hours: Vec<SentHour>,
    all: Sent,
}

impl Day {
    fn of(hours: Vec<SentHour>) -> Day {
        let mut all = Sent::default();
        hours.iter().for_each(|hour| all.add(&hour.sent));
        Day { hours, all }
    }

    fn hours(&self) -> Vec<Hour> {
        let hour = |one: &SentHour| Hour {
            begin: one.begin,
            messages: one.sent.messages,
            recipients: one.sent.recipients,
            over_hour: one.sent.over_hour,
        };
        self.hours.iter().map(hour).collect()
    }
}

impl Sending {
    /// Whether an account may send a message now.
    ///
    /// # Errors
    /// Why not; [`Refusal::Temporary`] where that can't be found out.
    pub(crate) async fn may_send(
        &self,
        account: AccountId,
        network: IpAddr,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let limits = self.limits_of(account).await?;
        let day = self.day(account, now).await?;
        let over = limits::within(&limits, &day.hours(), (1, 1), now);
        match over {
            Ok(()) => Ok(()),
            Err(over) => Err(self.over(account, network, (limits, over), now).await),
        }
    }

    /// Counts a message that is about to be accepted.
    ///
    /// # Errors
    /// Why it may not be: it is counted no more then.
    pub(crate) async fn count(
        &self,
        account: AccountId,
        network: IpAddr,
        (recipients, sample): (u64, Sample),
        now: Timestamp,
    ) -> Result<Counted, Refusal> {
        let limits = self.limits_of(account).await?;
        let sent = Sent {
            network: Some(network),
            messages: 1,
            recipients,
            asked: recipients,
            samples: vec![sample],
            ..Sent::default()
        };
        self.journal.sent(account, sent.clone(), now);
        let counted = Counted {
            account,
            sent,
            at: now,
        };
        let refusal = match self.judge_counted(account, limits, now).await {
            Ok(None) => return Ok(counted),
            Ok(Some(over)) => {
                self.give_back(&counted);
                self.over(account, network, (limits, over), now).await
            }
            Err(refusal) => {
                self.give_back(&counted);
                refusal
            }
        };
        Err(refusal)
    }

    /// Which limit a message has passed that is counted already.
    async fn judge_counted(
        &self,
        account: AccountId,
        limits: Limits,
        now: Timestamp,
    ) -> Result<Option<Over>, Refusal> {
        let day = self.day(account, now).await?;
        if let Err(over) = limits::within(&limits, &day.hours(), (0, 0), now) {
            return Ok(Some(over));
        }
        match self.stop_if_due(account, day, now).await? {
            true => Err(Refusal::SendingLocked),
            false => Ok(None),
        }
    }

    /// Nothing came of a message that was counted.
    pub(crate) fn give_back(&self, counted: &Counted) {
        self.journal
            .unsent(counted.account, &counted.sent, counted.at);
    }

    /// An account named a recipient that nobody is here.
    pub(crate) async fn unknown_here(
        &self,
        account: AccountId,
        network: IpAddr,
        recipient: &Address,
        now: Timestamp,
    ) {
        let mut sent = Sent {
            network: Some(network),
            asked: 1,
            ..Sent::default()
        };
        sent.add_unknown(short_of(recipient));
        self.note_unknown(account, sent, now).await;
    }

    /// It turned out that nobody is one of these, to whom an account had sent: hosts elsewhere
    /// said so, or what was accepted here for nobody is given back.
    pub async fn unknown_elsewhere<'a>(
        &self,
        account: AccountId,
        recipients: impl IntoIterator<Item = &'a Address>,
        now: Timestamp,
    ) {
        let mut sent = Sent::default();
        for recipient in recipients {
            sent.add_unknown(short_of(recipient));
        }
        if sent.unknown() > 0 {
            self.note_unknown(account, sent, now).await;
        }
    }

    async fn note_unknown(&self, account: AccountId, sent: Sent, now: Timestamp) {
        self.journal.sent(account, sent, now);
        if let Err(error) = self.look_at(account, now).await {
            tracing::error!(%account, %error, "what an account sends could not be judged");
        }
    }

    async fn look_at(&self, account: AccountId, now: Timestamp) -> Result<bool, SendingError> {
        let day = self.day(account, now).await?;
        self.stop_if_due(account, day, now).await
    }

    /// Notes that a limit was met, and what is said of it.
    async fn over(
        &self,
        account: AccountId,
        network: IpAddr,
        (limits, over): (Limits, Over),
        now: Timestamp,
    ) -> Refusal {
        let is_hour = matches!(over, Over::Hour { .. });
        let met = Sent {
            network: Some(network),
            over_hour: u64::from(is_hour),
            over_day: u64::from(!is_hour),
            ..Sent::default()
        };
        self.journal.sent(account, met, now);
        match self.look_at(account, now).await {
            Ok(true) => return Refusal::SendingLocked,
            Ok(false) => {}
            Err(error) => return error.into(),
        }
        match over {
            Over::Hour { minutes } => Refusal::HourlyLimit {
                limit: limits.messages_per_hour,
                minutes,
            },
            Over::Day { minutes } => Refusal::DailyLimit {
                limit: limits.recipients_per_day,
                minutes,
            },
        }
    }

    async fn limits_of(&self, account: AccountId) -> Result<Limits, Refusal> {
        let own = self.directory.sending(account).await;
        let own = own.map_err(trouble::of_directory)?;
        if own.lock.is_some() {
            return Err(Refusal::SendingLocked);
        }
        let Limits {
            messages_per_hour,
            recipients_per_day,
        } = self.limits;
        Ok(Limits {
            messages_per_hour: own.messages_per_hour.map_or(messages_per_hour, u64::from),
            recipients_per_day: own.recipients_per_day.map_or(recipients_per_day, u64::from),
        })
    }

    async fn day(&self, account: AccountId, now: Timestamp) -> Result<Day, SendingError> {
        let hours = self.journal.sent_since(account, day_before(now)).await?;
        Ok(Day::of(hours))
    }

    /// Stops an account if there is a reason to. True if there is.
    async fn stop_if_due(
        &self,
        account: AccountId,
        day: Day,
        now: Timestamp,
    ) -> Result<bool, SendingError> {
        let (asked, unknown) = (day.all.asked, day.all.unknown());
        let trigger = if limits::reaches_limit_too_often(&day.hours()) {
            Trigger::LimitReached
        } else if limits::asks_for_too_many_unknown(asked, unknown) {
            Trigger::Unknown
        } else if day.all.recipients >= LEAST_STRANGE && self.is_unlike(account, &day, now).await? {
            Trigger::Unlike
        } else {
            return Ok(false);
        };
        self.stop(account, trigger, day.all, now).await?;
        Ok(true)
    }

    /// Whether an account sends as it never did, from where it never was. Of one that is new
    /// here nothing is known to compare with.
    async fn is_unlike(
        &self,
        account: AccountId,
        day: &Day,
        now: Timestamp,
    ) -> Result<bool, SendingError> {
        let begin = day_before(now);
        let known = self.journal.networks_before(account, begin).await?;
        if known.is_empty() {
            return Ok(false);
        }
        let is_strange = |one: &&SentHour| one.sent.network.is_none_or(|ip| !known.contains(&ip));
        let strange = day.hours.iter().filter(is_strange);
        let strange = strange.map(|one| one.sent.recipients).sum();
        if strange < LEAST_STRANGE {
            return Ok(false);
        }
        let since = begin.checked_sub((DAYS * 24).hours()).unwrap_or(begin);
        let earlier = self.journal.sent_since(account, since).await?;
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        for hour in earlier.iter().filter(|hour| hour.begin < begin) {
            let ago = begin.as_second() - hour.begin.as_second() - 1;
            *days.entry(ago / (24 * 60 * 60)).or_default() += hour.sent.recipients;
        }
        let days: Vec<u64> = days.into_values().filter(|sum| *sum > 0).collect();
        Ok(limits::is_unlike_itself(strange, &days))
    }

    /// Stops an account: it sends no more, and what it has in the queue is held.
    async fn stop(
        &self,
        account: AccountId,
        trigger: Trigger,
        did: Sent,
        now: Timestamp,
    ) -> Result<(), SendingError> {
        let why = trigger.name();
        if !self.directory.lock_sending(account, why, now).await? {
            return Ok(());
        }
        tracing::warn!(%account, why, "an account is kept from sending");
        // It is stopped, whatever comes of this; delivery holds what it meets as well.
        let held = self.queue.hold_all_of(account).await;
        let held = held.unwrap_or_else(|error| {
            tracing::error!(%account, %error, "not all that an account sent is held");
            0
        });
        let lock = Lock {
            trigger: why.to_owned(),
            messages: did.messages,
            recipients: did.recipients,
            unknown: did.unknown(),
            held,
            samples: did.samples,
        };
        self.journal.lock(account, change(Ok(lock), now), now);
        self.journal.flush().await?;
        Ok(())
    }
}

/// A short number for an address, that tells it from most others.
fn short_of(recipient: &Address) -> u32 {
    let text = recipient.folded().to_string();
    text.bytes().fold(0x811c_9dc5, |hash: u32, octet| {
        (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193)
    })
}

fn change(to: Result<Lock, Lifted>, now: Timestamp) -> LockChange {
    LockChange {
        at: now.as_second(),
        to,
    }
}

/// Notes that an account may send again.
pub(crate) async fn note_lifted(
    journal: &Journal,
    account: AccountId,
    by: Lifted,
    now: Timestamp,
) -> Result<(), JournalError> {
    journal.lock(account, change(Err(by), now), now);
    journal.flush().await
}

/// Sets an account's password, with all that ends by it: rights of those who are signed in, and
/// that it is kept from sending.
///
/// # Errors
/// As [`Directory::set_password`].
pub async fn set_password(
    directory: &Directory,
    journal: &Journal,
    (account, password): (AccountId, &Password),
    now: Timestamp,
) -> Result<(), DirectoryError> {
    let was_locked = directory.sending(account).await?.lock.is_some();
    directory.set_password(account, password, now).await?;
    if was_locked && let Err(error) = note_lifted(journal, account, Lifted::Password, now).await {
        tracing::error!(%account, %error, "that an account may send again was not noted");
    }
    Ok(())
}
