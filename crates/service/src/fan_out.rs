//! Mail for several accounts: from the one queue entry that made it durable into each
//! INBOX, or where suspicious mail goes.
//!
//! Every delivery carries the entry's number as the key that makes it happen once, so it
//! may be tried again at any time: after a crash, or twice at the same time. What cannot
//! be delivered now stays in the queue; it is never dropped. Only when the account is gone
//! for good is its copy given up. What keeps one copy waiting (the account is over its
//! quota) is noted with it, and it is due again [`RETRY`] later. When the service itself
//! has trouble (the database or the bucket is away), it says nothing about the copy: all is
//! tried again [`SOON`], and then ever less often up to every [`LATER`].
//!
//! A sender who asked to be told of a delivery (RFC 3461) is: the report is put in the very commit
//! that settles the copy ([`Teller`]).
//!
//! Each node brings round what it accepted. What one that died has left behind, the others
//! take over: [`TAKEOVER`] after the queue has changed they look whether something is due
//! still. So a slow node may find its work done by another, which does no harm.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use address::{AccountId, ReversePath};
use blob::Hold;
use directory::{Account, Directory, DirectoryError};
use jiff::Timestamp;
use queue::{
    Concluded, Destination, Entry, Fate, Queue, QueueError, QueueId, Recipient, Status, Trouble,
};
use store::{Delivery, DeliveryId, Flags, Incoming, MailboxId, Store, StoreError};
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

use crate::junk::junk;

/// How long mail waits that could not be delivered, before it is tried again.
pub const RETRY: Duration = Duration::from_secs(5 * 60);
/// How long after trouble of the service itself all is tried again, the first time.
pub const SOON: Duration = Duration::from_secs(1);
/// How long at most, when the trouble lasts.
pub const LATER: Duration = Duration::from_secs(60);
/// How long after a change of the queue it is looked through for mail that nobody has
/// brought round: many times what that takes.
pub const TAKEOVER: Duration = Duration::from_secs(5);
/// How often it is looked through for what has become due.
const LOOK: Duration = Duration::from_secs(60);
/// Messages that are fanned out as soon as they are accepted, at the same time. Others
/// wait their turn in the queue.
const AT_ONCE: usize = 16;
/// Copies that are read at once.
const COPIES: usize = 100;
/// The mailbox has no room, or something else of it keeps a copy waiting. RFC 3463 section 3.3.
const MAILBOX_TROUBLE: Status = Status(4, 2, 0);

/// Makes the reports that senders asked for, of copies that were delivered (RFC 3461 section
/// 5.2.6). It is whoever makes all reports, and sits above.
pub trait Teller: Send + Sync {
    /// The report of one recipient; none if there is nobody to get it.
    fn delivered<'a>(&'a self, entry: &'a Entry, to: &'a Recipient) -> Telling<'a>;

    /// The report of one who has not got it by when its sender wanted; none if there is nobody
    /// to get it.
    fn late<'a>(&'a self, entry: &'a Entry, to: &'a Recipient) -> Telling<'a>;
}

/// A report that is being made.
pub type Telling<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Letter>, FanOutError>> + Send + 'a>>;

/// A report that is about to be queued.
#[derive(Debug)]
pub struct Letter {
    /// As it is queued.
    pub entry: Entry,
    /// Its octets.
    pub incoming: Incoming,
}

/// Brings queued mail into the accounts here. A clone is another handle on the same.
#[derive(Clone)]
pub struct FanOut {
    teller: Arc<OnceLock<Arc<dyn Teller>>>,
    store: Store,
    queue: Queue,
    directory: Directory,
    clock: fn() -> Timestamp,
    turns: Arc<Semaphore>,
    more: Arc<Notify>,
}

/// Trouble of the service itself: it is no fault of the mail that waits for it to pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FanOutError {
    /// The queue could not be read or written.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The accounts could not be asked for.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The mail could not be read or kept.
    #[error(transparent)]
    Store(StoreError),
    /// A report that was asked for can't be made now.
    #[error("the report that was asked for can't be made now")]
    Untold,
}

/// The message of an entry.
struct Message {
    /// From before the entry was read, which named the body then.
    hold: Hold,
    /// None until it is needed.
    incoming: Option<Incoming>,
}

impl Message {
    /// The message, read once.
    async fn taken_up(&mut self, store: &Store, entry: &Entry) -> Result<&Incoming, StoreError> {
        let taken_up = match self.incoming.take() {
            Some(incoming) => incoming,
            None => {
                let incoming = store.take_up(&entry.body, self.hold.clone()).await?;
                incoming.with_story(entry.story.clone())
            }
        };
        Ok(self.incoming.insert(taken_up))
    }
}

/// What became of one copy.
enum Outcome {
    Delivered,
    /// There is no account any more.
    GivenUp,
    /// It is too late to deliver it.
    Late,
    /// It has to wait, for this.
    Waits(String),
}

/// How long to wait after the service has had trouble once more.
fn longer(pause: Option<Duration>) -> Duration {
    pause.map_or(SOON, |pause| LATER.min(pause * 2))
}

async fn some_time_after(changes: &mut kv::Watch) {
    changes.changed().await;
    sleep(TAKEOVER).await;
}

impl FanOut {
    /// Between these.
    pub fn new(
        store: Store,
        queue: Queue,
        directory: Directory,
        clock: fn() -> Timestamp,
    ) -> FanOut {
        FanOut {
            teller: Arc::default(),
            store,
            queue,
            directory,
            clock,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            more: Arc::new(Notify::new()),
        }
    }

    /// Has reports made by this from now on. The first that is given stays.
    pub fn tell_by(&self, teller: Arc<dyn Teller>) {
        // A second one would make the same reports.
        let _ = self.teller.set(teller);
    }

    /// Delivers an entry that has just been put into the queue, in the background. When
    /// too many are on their way it is left to [`FanOut::run`].
    pub fn begin(&self, entry: Entry, incoming: Incoming) {
        let Ok(turn) = self.turns.clone().try_acquire_owned() else {
            self.more.notify_one();
            return;
        };
        let this = self.clone();
        let message = Message {
            hold: Hold::from_now(),
            incoming: Some(incoming),
        };
        tokio::spawn(async move {
            if let Err(error) = this.entry(&entry, message).await {
                tracing::error!(id = %entry.id, %error, "mail for several accounts has to wait");
                this.more.notify_one();
            }
            drop(turn);
        });
    }

    /// Keeps delivering what waits, now and for ever: it is run once, from the start of
    /// the service on, and dropped at its end.
    pub async fn run(&self) {
        let mut changes = self.queue.watch();
        let mut pause = None;
        loop {
            let looked = self.bring_round().await;
            pause = looked.is_err().then(|| longer(pause));
            tokio::select! {
                // What this node has accepted and had no turn for, or trouble with.
                () = self.more.notified() => {}
                () = some_time_after(&mut changes) => {}
                () = self.rest(pause) => {}
            }
        }
    }

    /// Until something may be due.
    async fn rest(&self, pause: Option<Duration>) {
        let now = (self.clock)();
        let next = match pause {
            Some(pause) => return sleep(pause).await,
            None => self.queue.next_here(now).await,
        };
        // Trouble with the queue shows when it is looked through.
        let until = next.ok().flatten().map(|due| due.duration_since(now));
        let until = until.and_then(|until| Duration::try_from(until).ok());
        sleep(until.map_or(LOOK, |until| until.max(SOON).min(LOOK))).await;
    }

    /// Looks through the queue once and delivers all copies for accounts here that are due.
    /// Done twice, it delivers nothing twice.
    ///
    /// # Errors
    /// The first trouble of the service. Trouble with a message keeps that one waiting and
    /// stops no other; what could be delivered is.
    pub async fn bring_round(&self) -> Result<(), FanOutError> {
        let until = (self.clock)();
        let mut after = None;
        let mut result = Ok(());
        loop {
            let hold = Hold::from_now();
            let copies = self.queue.here(until, after.as_ref(), COPIES).await;
            let (entries, last) = copies.inspect_err(|error| {
                tracing::error!(%error, "the queue could not be read");
            })?;
            let Some(last) = last else {
                return result;
            };
            after = Some(last);
            for entry in &entries {
                let message = Message {
                    hold: hold.clone(),
                    incoming: None,
                };
                if let Err(error) = self.entry(entry, message).await {
                    tracing::error!(id = %entry.id, %error, "a queued message has to wait");
                    result = result.and(Err(error));
                }
            }
        }
    }

    /// Delivers the local copies of one entry. The message is read again only if it has
    /// to be.
    async fn entry(&self, entry: &Entry, mut message: Message) -> Result<(), FanOutError> {
        for recipient in &entry.recipients {
            let Destination::Local(account) = recipient.to else {
                continue;
            };
            let now = (self.clock)();
            let outcome = match recipient.deliver_by.is_some_and(|by| by.is_over(now)) {
                true => Outcome::Late,
                false => self.copy(entry, account, &mut message).await?,
            };
            let (fate, letter) = match outcome {
                Outcome::Delivered => (Fate::Done, self.letter(entry, recipient).await?),
                Outcome::GivenUp => (Fate::Done, None),
                Outcome::Late => (Fate::Done, self.late(entry, recipient).await?),
                Outcome::Waits(why) => (self.wait(entry.id, recipient, why), None),
            };
            self.conclude(entry, (recipient.place, fate), letter)
                .await?;
        }
        Ok(())
    }

    /// The report of a copy that was delivered, if its sender asked for one.
    async fn letter(
        &self,
        entry: &Entry,
        recipient: &Recipient,
    ) -> Result<Option<Letter>, FanOutError> {
        // Whoever is named in a forged one has asked for nothing.
        if !recipient.notify().success || entry.from == ReversePath::Null || entry.is_suspect {
            return Ok(None);
        }
        let teller = self.teller.get().ok_or(FanOutError::Untold)?;
        teller.delivered(entry, recipient).await
    }

    /// The report of a copy that comes too late, unless its sender wants none.
    async fn late(
        &self,
        entry: &Entry,
        recipient: &Recipient,
    ) -> Result<Option<Letter>, FanOutError> {
        if !recipient.notify().failure || entry.from == ReversePath::Null {
            return Ok(None);
        }
        let teller = self.teller.get().ok_or(FanOutError::Untold)?;
        teller.late(entry, recipient).await
    }

    /// Writes down what became of a copy, with the report in the same commit.
    async fn conclude(
        &self,
        entry: &Entry,
        fate: (u32, Fate),
        letter: Option<Letter>,
    ) -> Result<(), FanOutError> {
        if let Some(letter) = &letter {
            letter.incoming.check().map_err(FanOutError::Store)?;
        }
        let notice = letter.as_ref().map(|letter| &letter.entry);
        let concluded = self.queue.conclude(entry.id, None, &[fate], notice).await?;
        // Stale, somebody else has told.
        if let (Concluded::Durably, Some(Letter { entry, incoming })) = (concluded, letter) {
            self.begin(entry, incoming);
        }
        Ok(())
    }

    fn wait(&self, id: QueueId, recipient: &Recipient, why: String) -> Fate {
        // Once is enough for the log.
        let known = recipient.trouble.as_ref();
        if known.is_none_or(|known| known.text != why) {
            tracing::warn!(%id, recipient = %recipient.address, why, "a copy has to wait");
        }
        let now = (self.clock)();
        let due = now.checked_add(RETRY).unwrap_or(now);
        let end = recipient
            .deliver_by
            .map(|by| by.at)
            .filter(|end| *end > now);
        Fate::Later {
            due: end.map_or(due, |end| end.min(due)),
            trouble: Trouble::ours(MAILBOX_TROUBLE, why),
            told: false,
        }
    }

    async fn copy(
        &self,
        entry: &Entry,
        id: AccountId,
        message: &mut Message,
    ) -> Result<Outcome, FanOutError> {
        let account = match self.directory.account(id).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                tracing::warn!(entry = %entry.id, account = %id, "a copy is given up: the account is gone");
                return Ok(Outcome::GivenUp);
            }
            Err(error @ DirectoryError::Unreadable { .. }) => {
                return Ok(Outcome::Waits(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        match self.place(entry, &account, message).await {
            Ok(()) => Ok(Outcome::Delivered),
            Err(error @ StoreError::Broken(_)) => Err(FanOutError::Store(error)),
            Err(error) => Ok(Outcome::Waits(error.to_string())),
        }
    }

    async fn place(
        &self,
        entry: &Entry,
        account: &Account,
        message: &mut Message,
    ) -> Result<(), StoreError> {
        let incoming = message.taken_up(&self.store, entry).await?;
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: entry.released().into(),
            once: Some(DeliveryId::new(entry.id.get())),
            quota: account.quota,
        };
        let now = (self.clock)();
        let store = &self.store;
        let mailbox = match entry.is_suspect {
            true => junk(store, account.id, now).await?,
            false => MailboxId::INBOX,
        };
        let placed = store.deliver(account.id, mailbox, incoming, &delivery, now);
        placed.await.map(|_| ())
    }
}
