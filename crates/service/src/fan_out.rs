//! Mail for several accounts: from the one queue entry that made it durable into each
//! INBOX.
//!
//! Every delivery carries the entry's number as the key that makes it happen once, so it
//! may be tried again at any time: after a crash, or twice at the same time. What cannot
//! be delivered now stays in the queue; it is never dropped. Only when the account is gone
//! for good is its copy given up. What keeps one copy waiting (the account is over its
//! quota) is noted with it, and it is tried again every [`RETRY`]. When the service itself
//! has trouble (the database or the bucket is away), it says nothing about the copy: all is
//! tried again [`SOON`], and then ever less often up to every [`LATER`].
//!
//! Each node brings round what it accepted. What one that died has left behind, the others
//! take over: [`TAKEOVER`] after the queue has changed they look whether the latest mail is
//! still there. So a slow node may find its work done by another, which does no harm.

use std::sync::Arc;
use std::time::Duration;

use address::AccountId;
use blob::Hold;
use directory::{Account, Directory, DirectoryError};
use jiff::Timestamp;
use queue::{Destination, Entry, Queue, QueueError, QueueId, Recipient};
use store::{Delivery, DeliveryId, Flags, Incoming, MailboxId, Store, StoreError};
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;

/// How long mail waits that could not be delivered, before it is tried again.
pub const RETRY: Duration = Duration::from_secs(5 * 60);
/// How long after trouble of the service itself all is tried again, the first time.
pub const SOON: Duration = Duration::from_secs(1);
/// How long at most, when the trouble lasts.
pub const LATER: Duration = Duration::from_secs(60);
/// How long after a change of the queue it is looked through for mail that nobody has
/// brought round: many times what that takes.
pub const TAKEOVER: Duration = Duration::from_secs(5);
/// The queue is looked through from so long before the last full look on, in case another
/// node's clock, which gave the entries their place, is behind.
const CLOCKS: Duration = Duration::from_secs(5 * 60);
/// Messages that are fanned out as soon as they are accepted, at the same time. Others
/// wait their turn in the queue.
const AT_ONCE: usize = 16;
/// Entries of the queue that are read at once.
const ENTRIES: usize = 20;

/// Brings queued mail into the accounts here. A clone is another handle on the same.
#[derive(Clone)]
pub struct FanOut {
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
            None => store.take_up(&entry.body, self.hold.clone()).await?,
        };
        Ok(self.incoming.insert(taken_up))
    }
}

/// What became of one copy.
enum Outcome {
    /// It needs no more care: it was delivered, or given up.
    Settled,
    /// It has to wait, for this.
    Waits(String),
}

/// Which copies are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// All that wait.
    All,
    /// Those of which no attempt has failed.
    Untried,
}

/// Where entries begin that may have come since the queue was looked through at that time.
fn latest(now: Timestamp) -> QueueId {
    QueueId::new(now.checked_sub(CLOCKS).unwrap_or(now), 0)
}

/// How long to wait after the service has had trouble once more.
fn longer(pause: Option<Duration>) -> Duration {
    pause.map_or(SOON, |pause| LATER.min(pause * 2))
}

/// Ends after that time, if there is one.
async fn pass(pause: Option<Duration>) {
    match pause {
        Some(pause) => sleep(pause).await,
        None => std::future::pending().await,
    }
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
            store,
            queue,
            directory,
            clock,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            more: Arc::new(Notify::new()),
        }
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
        loop {
            let since = latest((self.clock)());
            // What a look with trouble has missed may be of any age.
            let since = self.resume().await.is_ok().then_some(since);
            // Ends when the next full look is due.
            let _ = tokio::time::timeout(RETRY, self.look_at_the_latest(since, &mut changes)).await;
        }
    }

    /// Looks at mail that came since then whenever there is reason to; without a time there
    /// has been trouble already.
    async fn look_at_the_latest(&self, since: Option<QueueId>, changes: &mut kv::Watch) {
        let mut pause = since.is_none().then_some(SOON);
        loop {
            tokio::select! {
                // What this node has accepted and had no turn for, or trouble with.
                () = self.more.notified() => {}
                () = some_time_after(changes) => {}
                () = pass(pause) => {}
            }
            let looked = self.bring_round(since, Which::Untried).await;
            pause = looked.is_err().then(|| longer(pause));
        }
    }

    /// Looks through the queue once and delivers all copies for accounts here that wait
    /// there. Done twice, it delivers nothing twice.
    ///
    /// # Errors
    /// The first trouble of the service. Trouble with a message keeps that one waiting and
    /// stops no other; what could be delivered is.
    pub async fn resume(&self) -> Result<(), FanOutError> {
        self.bring_round(None, Which::All).await
    }

    async fn bring_round(&self, after: Option<QueueId>, which: Which) -> Result<(), FanOutError> {
        let mut after = after;
        let mut result = Ok(());
        loop {
            let hold = Hold::from_now();
            let entries = self.queue.list(after, ENTRIES).await;
            let mut entries = entries.inspect_err(|error| {
                tracing::error!(%error, "the queue could not be read");
            })?;
            let Some(last) = entries.last() else {
                return result;
            };
            after = Some(last.id);
            for entry in &mut entries {
                if which == Which::Untried {
                    entry.recipients.retain(|one| one.trouble.is_none());
                }
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
            match self.copy(entry, account, &mut message).await? {
                Outcome::Settled => self.queue.settle(entry.id, recipient).await?,
                Outcome::Waits(why) => self.wait(entry.id, recipient, &why).await?,
            }
        }
        Ok(())
    }

    /// Notes why a copy waits, where that is news.
    async fn wait(&self, id: QueueId, recipient: &Recipient, why: &str) -> Result<(), QueueError> {
        if recipient.trouble.as_deref() == Some(why) {
            return Ok(());
        }
        tracing::warn!(%id, recipient = %recipient.address, why, "a copy has to wait");
        self.queue.defer(id, recipient, why).await
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
                return Ok(Outcome::Settled);
            }
            Err(error @ DirectoryError::Unreadable { .. }) => {
                return Ok(Outcome::Waits(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        match self.place(entry, &account, message).await {
            Ok(()) => Ok(Outcome::Settled),
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
            internal_date: entry.received.into(),
            once: Some(DeliveryId::new(entry.id.get())),
            quota: account.quota,
        };
        let now = (self.clock)();
        let store = &self.store;
        let placed = store.deliver(account.id, MailboxId::INBOX, incoming, &delivery, now);
        placed.await.map(|_| ())
    }
}
