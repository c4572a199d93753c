//! Whether an account may send, and how much.
//!
//! It is read for each message that somebody wants to send, so that a lock counts at once, on
//! every node.

use address::AccountId;
use jiff::Timestamp;
use kv::Partition;

use crate::edit::{Change, Edit, View};
use crate::keys::{AccountKey, Key, SendingKey};
use crate::records::{LockRecord, Record, SendingRecord};
use crate::{Directory, DirectoryError};

/// Whether an account may send, and how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sending {
    /// It is kept from sending: since when, and why.
    pub lock: Option<SendingLock>,
    /// How many messages it may send in an hour, where that is not as for all.
    pub messages_per_hour: Option<u32>,
    /// To how many recipients it may send in a day, where that is not as for all.
    pub recipients_per_day: Option<u32>,
    /// One of its devices keeps a message for ever of which a recipient was refused.
    pub old_tablet: bool,
}

/// That an account is kept from sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingLock {
    /// Since when, to the second.
    pub since: Timestamp,
    /// Why, in words for the operator.
    pub why: String,
}

/// How much an account may send, as it is to be; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendingChange {
    /// [`Sending::messages_per_hour`]; `Some(None)` is as for all.
    pub messages_per_hour: Option<Option<u32>>,
    /// [`Sending::recipients_per_day`]; `Some(None)` is as for all.
    pub recipients_per_day: Option<Option<u32>>,
}

impl Sending {
    fn from_record(record: SendingRecord) -> Sending {
        Sending {
            lock: record.lock.map(|lock| SendingLock {
                since: lock.since.into(),
                why: lock.why,
            }),
            messages_per_hour: record.messages_per_hour,
            recipients_per_day: record.recipients_per_day,
            old_tablet: record.old_tablet,
        }
    }
}

impl Directory {
    /// Whether an account may send, and how much.
    pub async fn sending(&self, id: AccountId) -> Result<Sending, DirectoryError> {
        let keys = vec![SendingKey(id).encode()];
        let values = self.inner.kv.values(Partition::Directory, keys).await?;
        match values.into_iter().next().flatten() {
            None => Ok(Sending::default()),
            Some(value) => Ok(Sending::from_record(SendingRecord::decode(&value.bytes)?)),
        }
    }

    /// Keeps an account from sending. False if it is kept from it already.
    pub async fn lock_sending(
        &self,
        id: AccountId,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, DirectoryError> {
        let lock = LockRecord {
            since: now.into(),
            why: why.to_owned(),
        };
        self.make(&Lock(id, lock)).await
    }

    /// Lets an account send again. False if it was not kept from it. A new password does so too
    /// ([`Directory::set_password`]).
    pub async fn unlock_sending(&self, id: AccountId) -> Result<bool, DirectoryError> {
        self.make(&Unlock(id)).await
    }

    /// Notes that an account has sent from an old tablet ([`Sending::old_tablet`]). It is noted for
    /// good: a device may lie in a drawer for a year, and whoever has none loses nothing by it.
    pub async fn note_old_tablet(&self, id: AccountId) -> Result<(), DirectoryError> {
        self.make(&NoteTablet(id)).await
    }

    /// Changes how much an account may send.
    pub async fn set_sending(
        &self,
        id: AccountId,
        change: SendingChange,
    ) -> Result<Sending, DirectoryError> {
        self.make(&SetSending(id, change)).await
    }
}

struct Lock(AccountId, LockRecord);

struct NoteTablet(AccountId);

impl Change for NoteTablet {
    type Done = ();

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<(), DirectoryError> {
        let note = |record: &mut SendingRecord| record.old_tablet = true;
        edit.sending(view, self.0, note).await.map(|_| ())
    }
}

impl Change for Lock {
    type Done = bool;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<bool, DirectoryError> {
        let Self(id, lock) = self;
        let mut locked = false;
        edit.sending(view, *id, |record| {
            locked = record.lock.is_none();
            record.lock.get_or_insert_with(|| lock.clone());
        })
        .await?;
        Ok(locked)
    }
}

struct Unlock(AccountId);

impl Change for Unlock {
    type Done = bool;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<bool, DirectoryError> {
        edit.unlock_sending(view, self.0).await
    }
}

struct SetSending(AccountId, SendingChange);

impl Change for SetSending {
    type Done = Sending;

    async fn plan(&self, view: &View, edit: &mut Edit) -> Result<Sending, DirectoryError> {
        let Self(id, change) = self;
        let record = edit
            .sending(view, *id, |record| {
                record.messages_per_hour =
                    change.messages_per_hour.unwrap_or(record.messages_per_hour);
                record.recipients_per_day = change
                    .recipients_per_day
                    .unwrap_or(record.recipients_per_day);
            })
            .await?;
        Ok(Sending::from_record(record))
    }
}

impl Edit {
    /// Changes the record of an account that is there.
    async fn sending(
        &mut self,
        view: &View,
        id: AccountId,
        change: impl FnOnce(&mut SendingRecord) + Send,
    ) -> Result<SendingRecord, DirectoryError> {
        let account = view.get(&AccountKey(id)).await?;
        let account = account.ok_or(DirectoryError::AccountGone { id })?;
        // So that nothing is left of an account that is removed meanwhile.
        self.unchanged(&AccountKey(id), &account);
        let seen = view.get(&SendingKey(id)).await?;
        let mut record = seen.as_ref().map(|seen| seen.record.clone());
        change(record.get_or_insert_default());
        let record = record.unwrap_or_default();
        match seen {
            None => self.create(&SendingKey(id), &record)?,
            Some(seen) => self.replace(&SendingKey(id), &seen, &record)?,
        }
        Ok(record)
    }

    /// Lets an account send again; false if it may.
    pub(crate) async fn unlock_sending(
        &mut self,
        view: &View,
        id: AccountId,
    ) -> Result<bool, DirectoryError> {
        let seen = view.get(&SendingKey(id)).await?;
        let Some(seen) = seen.filter(|seen| seen.record.lock.is_some()) else {
            return Ok(false);
        };
        let record = SendingRecord {
            lock: None,
            ..seen.record.clone()
        };
        self.replace(&SendingKey(id), &seen, &record)?;
        Ok(true)
    }

    /// Forgets an account's record.
    pub(crate) async fn forget_sending(
        &mut self,
        view: &View,
        id: AccountId,
    ) -> Result<(), DirectoryError> {
        if let Some(seen) = view.get(&SendingKey(id)).await? {
            self.remove(&SendingKey(id), &seen);
        }
        Ok(())
    }
}
