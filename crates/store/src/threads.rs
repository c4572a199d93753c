//! Threads: which messages belong to one conversation. RFC 8474 section 5.2.
//!
//! Each message belongs to one thread for ever, which is decided in the commit that brings
//! it. Its names lead there: for its `Message-ID`, and for each message that it says it
//! follows ([`message::Lineage`]), there is a small row ([`NamedKey`]) from a hash of that
//! name to the thread. So a message whose parent is known joins it, and a parent that comes
//! after its child joins that, in whatever order they come. What was once written for a name
//! stays until the thread has no message any more ([`crate::Store::sweep`]).
//!
//! * **A message joins the thread of the nearest name that is known**: its own, then that of
//!   its parent, then further up. Where its names lead to several threads those stay apart:
//!   what a client was told of a message never changes. Its own is first, so that the same
//!   message come twice (to a list and to oneself) is in one thread.
//! * **The subject plays no part.** RFC 8621 section 3 suggests that another one begins
//!   another thread, and leaves it to the server. A subject changes in honest ways (`AW:`,
//!   `TR:`, a list's tag, a typing error mended), and what was parted stays parted for ever,
//!   while a program that wants to part by subject still can.
//! * **A message costs the same little however many names are in it**, since `message`
//!   bounds them.
//! * **The hash** has eight octets: of a million names two are the same once in some tens of
//!   millions of accounts. It needs no key: who would join a thread without being asked need
//!   not look for a collision, but can name one of its messages; and what is told of an
//!   account is told to its owner alone.
//!
//! A thread has the number of the message that began it. Of any other message a row by its
//! number ([`ThreadKey`]) says which it is; of one that began a thread, and most do, nothing
//! need be said. These rows are not in a message's record, nor in its details: they are
//! ascending and tiny, so that the threads of a whole mailbox are a few short scans, and
//! messages that came before there were threads get theirs without a record being changed.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `old.rs` | messages that came before there were threads |
//! | `unused.rs` | clearing away what leads to threads that have no message any more |

mod old;
mod unused;

use std::ops::RangeInclusive;

use address::AccountId;
use message::{Lineage, MsgId};

use crate::change::Change;
use crate::keys::{NamedKey, ThreadKey};
use crate::reading::{Reading, key};
use crate::values::{AccountValue, Stored, ThreadValue};
use crate::{EmailId, Record, Result, Store, StoreError, ThreadId, keys};

/// Numbers between two messages that are read along, in one scan, although nobody asked for
/// theirs: about what another scan costs.
const GAP: u64 = 32;
/// Scans that are made at most: where messages lie further apart, each is looked up, all of
/// them in one trip to an engine that is elsewhere.
const STRETCHES: usize = 4;

/// The names that a message has of itself and its ancestors, nearest first, as they lead to
/// threads. None of them is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<NamedKey>);

impl Line {
    pub(crate) fn of(lineage: &Lineage) -> Line {
        let mut names = Vec::new();
        for id in lineage.own.iter().chain(&lineage.ancestors) {
            let name = named(id);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Line(names)
    }

    /// The keys that are read of it.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Vec<u8>> {
        self.0.iter().map(|name| name.encode())
    }
}

/// Where the name of a message is found.
pub(crate) fn named(id: &MsgId) -> NamedKey {
    let hash = blake3::hash(id.as_bytes());
    let mut short = [0; 8];
    short
        .iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(to, from)| *to = *from);
    NamedKey(u64::from_be_bytes(short))
}

impl Store {
    /// The threads of messages of one account, in the order of the records. They never
    /// change. The first time that this is asked of an account which had messages before
    /// there were threads, those are put into theirs.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the account is; [`StoreError::Damaged`].
    pub async fn threads(&self, account: AccountId, records: &[Record]) -> Result<Vec<ThreadId>> {
        let mut emails: Vec<EmailId> = records.iter().map(|record| record.email_id).collect();
        emails.sort_unstable();
        emails.dedup();
        let one_by_one = emails.chunk_by(are_near).count() > STRETCHES;
        let looked_up = emails.iter().filter(|_| one_by_one);
        let looked_up = looked_up.map(|email| ThreadKey(*email).encode());
        let named: Vec<Vec<u8>> = looked_up.chain([keys::account()]).collect();
        let mut reading = self.reading_for(account, named.clone()).await?;
        if reading.unthreaded().await? > 0 {
            drop(reading);
            self.thread_old(account).await?;
            reading = self.reading_for(account, named).await?;
        }
        let joined = if one_by_one {
            reading.joined_of(&emails).await?
        } else {
            reading.joined_near(&emails).await?
        };
        Ok(records
            .iter()
            .map(|record| thread(record.email_id, &joined))
            .collect())
    }
}

/// Whether what stands between two messages is read along with them.
fn are_near(one: &EmailId, other: &EmailId) -> bool {
    other.get().saturating_sub(one.get()) <= GAP
}

/// A message that did not begin its thread, and the thread.
type Joined = (EmailId, ThreadId);

/// The thread of a message, by what is known of those that did not begin theirs.
fn thread(email: EmailId, joined: &[Joined]) -> ThreadId {
    let found = joined.binary_search_by_key(&email, |(email, _)| *email);
    let found = found.ok().and_then(|at| joined.get(at));
    found.map_or(ThreadId::of(email), |(_, thread)| *thread)
}

impl Reading {
    /// [`AccountValue::unthreaded`].
    async fn unthreaded(&self) -> Result<u64> {
        let account = self.get::<AccountValue>(&keys::account()).await?;
        let (account, _) = account.ok_or(StoreError::Gone)?;
        Ok(account.unthreaded)
    }

    /// Those of these messages, ascending, that did not begin their threads.
    async fn joined_of(&self, emails: &[EmailId]) -> Result<Vec<Joined>> {
        let mut joined = Vec::new();
        for email in emails {
            let found = self.get::<ThreadValue>(&ThreadKey(*email).encode()).await?;
            joined.extend(found.map(|(value, _)| (*email, value.0)));
        }
        Ok(joined)
    }

    /// The same, with others that stand between them.
    async fn joined_near(&self, emails: &[EmailId]) -> Result<Vec<Joined>> {
        let mut joined = Vec::new();
        for stretch in emails.chunk_by(are_near) {
            if let (Some(first), Some(last)) = (stretch.first(), stretch.last()) {
                self.joined_within(&(*first..=*last), &mut joined).await?;
            }
        }
        Ok(joined)
    }

    /// Adds the messages with these numbers that did not begin their threads.
    async fn joined_within(
        &self,
        emails: &RangeInclusive<EmailId>,
        to: &mut Vec<Joined>,
    ) -> Result<()> {
        let mut scan = self.scan(ThreadKey::range(emails));
        while let Some(rows) = scan.page().await? {
            for row in &rows {
                let ThreadKey(email) = key(row, ThreadKey::decode)?;
                to.push((email, ThreadValue::read(&row.1.bytes)?.0));
            }
        }
        Ok(())
    }
}

impl Change {
    /// Puts a message into the thread where it belongs.
    pub(crate) async fn join_thread(&mut self, email: EmailId, line: &Line) -> Result<()> {
        // Two changes that add names must not be decided on the same state.
        self.touch_account().await?;
        let (mut found, mut unknown) = (None, Vec::new());
        for name in &line.0 {
            match self.led_to(*name).await? {
                Some(thread) => found = found.or(Some(thread)),
                None => unknown.push(*name),
            }
        }
        let own = ThreadId::of(email);
        let thread = found.unwrap_or(own);
        for name in unknown {
            self.names.insert(name, thread);
            self.operations.put(name.encode(), &ThreadValue(thread))?;
        }
        if thread != own {
            let key = ThreadKey(email).encode();
            self.operations.put(key, &ThreadValue(thread))?;
        }
        Ok(())
    }

    /// The thread that a name leads to, if it leads anywhere.
    async fn led_to(&self, name: NamedKey) -> Result<Option<ThreadId>> {
        if let Some(thread) = self.names.get(&name) {
            return Ok(Some(*thread));
        }
        match self.reading.get::<ThreadValue>(&name.encode()).await {
            Ok(found) => Ok(found.map(|(value, _)| value.0)),
            // No mail is refused for it: it is written anew.
            Err(StoreError::Damaged(what)) => {
                tracing::error!(what, "what led to a thread is damaged");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
