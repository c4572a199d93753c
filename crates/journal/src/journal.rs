//! The door: [`Journal`]. Noting, and writing down.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use address::AccountId;
use jiff::Timestamp;
use kv::{Kv, Operation, Outcome, Partition};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::stored::{self, Kind, Owner, bare, hour, key, seen_key, write, written_by};
use crate::{
    AN_HOUR, FLUSH, IN_MEMORY, JournalError, Record, Seen, Sent, SignIn, Sorted, Times, Unsigned,
};

/// Records that are written in one commit.
const WRITTEN: usize = 1000;
/// How long after a failure it is tried again to write.
const TROUBLE: Duration = Duration::from_secs(5);

/// What happened. A clone is another handle on the same.
#[derive(Clone)]
pub struct Journal {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) kv: Arc<dyn Kv>,
    pub(crate) noted: Mutex<Noted>,
    /// Held by whoever writes, so that an older sum never comes after a newer one.
    writing: tokio::sync::Mutex<()>,
    something: Notify,
}

/// What was noted and is still added to.
pub(crate) struct Noted {
    /// By their keys without who writes them.
    records: BTreeMap<Vec<u8>, InMemory>,
    /// How many of one kind an owner has in an hour.
    counts: HashMap<(Owner, Kind, u32), usize>,
    /// Who writes what is new: another number after anything has left memory.
    process: u64,
    /// What was not noted since there was too much.
    lost: u64,
}

struct InMemory {
    process: u64,
    record: Record,
    written: bool,
}

impl Journal {
    /// The journal in this index. `process` is a number that no other process has ever had,
    /// nor one near it: a random one.
    pub fn new(kv: Arc<dyn Kv>, process: u64) -> Journal {
        let noted = Noted {
            records: BTreeMap::new(),
            counts: HashMap::new(),
            process,
            lost: 0,
        };
        let inner = Inner {
            kv,
            noted: Mutex::new(noted),
            writing: tokio::sync::Mutex::new(()),
            something: Notify::new(),
        };
        Journal {
            inner: Arc::new(inner),
        }
    }

    /// Somebody signed in to an account, or was refused.
    pub fn sign_in(&self, account: AccountId, of: SignIn, now: Timestamp) {
        let record = Record::SignIn(of, Times::once(now));
        self.note(Owner::Account(account), now, record);
    }

    /// Somebody who reads mail is at this network, so that it is known whose device it is that
    /// tries to send from there.
    pub fn seen(&self, network: IpAddr, seen: Seen, now: Timestamp) {
        let key = seen_key(network, hour(now), seen.account);
        let counted = (Owner::Networks, Kind::Seen, hour(now));
        let mut noted = self.inner.noted.lock();
        // Who comes beyond the bound of memory is not known, which is no harm.
        noted.add(key, counted, Record::Seen(seen));
        drop(noted);
        self.inner.something.notify_one();
    }

    /// An account sent something, or was kept from it.
    pub fn sent(&self, account: AccountId, sent: Sent, now: Timestamp) {
        self.note(Owner::Account(account), now, Record::Sent(sent));
    }

    /// Takes back that messages were sent, to so many recipients: nothing came of it.
    pub fn unsent(&self, account: AccountId, sent: &Sent, now: Timestamp) {
        let owner = Owner::Account(account);
        let key = key(owner, hour(now), &Record::Sent(sent.clone()));
        let mut noted = self.inner.noted.lock();
        let any = stored::key(
            owner,
            hour(now),
            &Record::Sent(sent.clone()).of_any_network(),
        );
        let key = match noted.records.contains_key(&key) {
            true => key,
            false => any,
        };
        if let Some(InMemory {
            record: Record::Sent(kept),
            written,
            ..
        }) = noted.records.get_mut(&key)
        {
            kept.messages = kept.messages.saturating_sub(sent.messages);
            kept.recipients = kept.recipients.saturating_sub(sent.recipients);
            kept.asked = kept.asked.saturating_sub(sent.asked);
            *written = false;
        }
    }

    /// Somebody tried to send without signing in. It is kept for the network, and for the
    /// accounts that it is about: whose device that may be.
    pub fn unsigned(&self, about: &[AccountId], unsigned: &Unsigned, now: Timestamp) {
        let owners = about.iter().copied().map(Owner::Account);
        for owner in owners.chain([Owner::Networks]) {
            self.note(owner, now, Record::Unsigned(unsigned.clone()));
        }
    }

    /// An account was kept from sending, or no longer is.
    pub fn lock(&self, account: AccountId, change: crate::LockChange, now: Timestamp) {
        self.note(Owner::Account(account), now, Record::Lock(change));
    }

    /// A reader put a message into Junk, or took it out of there.
    pub fn sorted(&self, account: AccountId, sorted: Sorted, now: Timestamp) {
        self.note(Owner::Account(account), now, Record::Sorted(sorted));
    }

    fn note(&self, owner: Owner, now: Timestamp, record: Record) {
        let (kind, hour) = (Kind::of(&record), hour(now));
        let own = key(owner, hour, &record);
        let counted = (owner, kind, hour);
        let mut noted = self.inner.noted.lock();
        let is_known = noted.records.contains_key(&own);
        let count = noted.counts.get(&counted).copied().unwrap_or_default();
        if is_known || count < AN_HOUR || kind == Kind::Lock {
            noted.add(own, counted, record);
        } else {
            let record = record.of_any_network();
            noted.add(key(owner, hour, &record), counted, record);
        }
        drop(noted);
        self.inner.something.notify_one();
    }

    /// Writes down what was noted, durably.
    ///
    /// # Errors
    /// When the engine fails: all is then still there to be written another time.
    pub async fn flush(&self) -> Result<(), JournalError> {
        let _writing = self.inner.writing.lock().await;
        let noted = self.inner.noted.lock().unwritten()?;
        for some in noted.chunks(WRITTEN) {
            let operations = some.iter().map(|(key, process, value)| {
                Operation::Put(written_by(key, *process), value.clone())
            });
            let commit = self
                .inner
                .kv
                .commit(Partition::Journal, Vec::new(), operations.collect());
            match commit.await {
                Ok(Outcome::Committed) => {}
                Ok(Outcome::Conflict) => {
                    self.inner.noted.lock().not_written(&noted);
                    let why = "a commit without conditions met a conflict";
                    return Err(JournalError::Broken(why.to_owned()));
                }
                Err(error) => {
                    self.inner.noted.lock().not_written(&noted);
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Writes down, from time to time, what was noted. To be run once a process, for as long as
    /// anything is.
    pub async fn run(&self, clock: fn() -> Timestamp) {
        loop {
            self.inner.something.notified().await;
            sleep(FLUSH).await;
            if let Err(error) = self.flush().await {
                tracing::error!(%error, "what happened can't be written down");
                self.inner.something.notify_one();
                sleep(TROUBLE).await;
            }
            let lost = self.inner.noted.lock().leave(hour(clock()));
            if lost > 0 {
                tracing::warn!(lost, "more happened than could be noted");
            }
        }
    }

    /// What is in memory of some keys, as it is about to be written.
    pub(crate) fn in_memory(&self, range: &std::ops::Range<Vec<u8>>) -> Vec<(Vec<u8>, Record)> {
        let noted = self.inner.noted.lock();
        let some = noted.records.range(range.clone());
        some.map(|(key, one)| (written_by(key, one.process), one.record.clone()))
            .collect()
    }

    /// Forgets what is in memory of some keys.
    pub(crate) fn forget(&self, range: &std::ops::Range<Vec<u8>>) {
        let mut noted = self.inner.noted.lock();
        noted.records.retain(|key, _| !range.contains(key));
        noted.process = noted.process.wrapping_add(1);
    }
}

impl Noted {
    fn add(&mut self, key: Vec<u8>, counted: (Owner, Kind, u32), record: Record) {
        if let Some(known) = self.records.get_mut(&key) {
            known.record.add(record);
            known.written = false;
            return;
        }
        if self.records.len() >= IN_MEMORY {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        *self.counts.entry(counted).or_default() += 1;
        let one = InMemory {
            process: self.process,
            record,
            written: false,
        };
        self.records.insert(key, one);
    }

    /// What is to be written, by key and process; it is taken for written.
    #[expect(clippy::type_complexity, reason = "it is used in one place")]
    fn unwritten(&mut self) -> Result<Vec<(Vec<u8>, u64, Vec<u8>)>, JournalError> {
        let mut all = Vec::new();
        for (key, one) in &mut self.records {
            if !mem::replace(&mut one.written, true) {
                all.push((key.clone(), one.process, write(&one.record)?));
            }
        }
        Ok(all)
    }

    fn not_written(&mut self, all: &[(Vec<u8>, u64, Vec<u8>)]) {
        for (key, ..) in all {
            if let Some(one) = self.records.get_mut(key) {
                one.written = false;
            }
        }
    }

    /// Lets go of what nothing is added to any more: what is of an earlier hour and written.
    /// Where there is too much, of all that is written. Gives what was lost since the last time.
    pub(crate) fn leave(&mut self, now: u32) -> u64 {
        let is_full = self.records.len() >= IN_MEMORY / 2;
        let before = self.records.len();
        self.records.retain(|key, one| {
            let hour = stored::read_key(&written_by(key, one.process)).map(|(.., hour)| hour);
            !one.written || !is_full && hour.is_some_and(|hour| hour >= now)
        });
        if self.records.len() < before {
            // A sum that begins anew must not take the place of the one that is written.
            self.process = self.process.wrapping_add(1);
        }
        self.counts.retain(|(.., hour), _| *hour >= now);
        mem::take(&mut self.lost)
    }
}

/// The rows of some records, added up where they differ in nothing but who wrote them.
pub(crate) fn added_up(rows: BTreeMap<Vec<u8>, Record>) -> Vec<(Vec<u8>, Record)> {
    let mut sums: Vec<(Vec<u8>, Record)> = Vec::new();
    for (key, record) in rows {
        match sums.last_mut() {
            Some((last, sum)) if last.as_slice() == bare(&key) => sum.add(record),
            _ => sums.push((bare(&key).to_vec(), record)),
        }
    }
    sums
}
