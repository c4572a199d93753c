//! The mailboxes of an account: listed, made, renamed, deleted, subscribed to.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::keys::{DoomedKey, NameKey, SubscriptionKey};
use crate::limits::{MAILBOXES, SUBSCRIPTIONS};
use crate::name::Name;
use crate::reading::{Reading, key};
use crate::values::{MarkValue, NameValue, Stored};
use crate::{
    Limit, Mailbox, MailboxId, Result, Role, Store, StoreError, UidSet, UidValidity, keys,
};

/// The mailboxes of an account by name.
type List = BTreeMap<Name, NameValue>;

impl Store {
    /// All mailboxes, INBOX first, then by name.
    pub async fn mailboxes(&self, account: AccountId) -> Result<Vec<Mailbox>> {
        let reading = self.reading(account).await?;
        let subscribed = reading.subscriptions().await?;
        let list = reading.list().await?;
        let (inbox, others): (Vec<_>, Vec<_>) =
            list.into_iter().partition(|(name, _)| name.is_inbox());
        let all = inbox.into_iter().chain(others);
        Ok(all
            .map(|(name, value)| mailbox(&name, &value, &subscribed))
            .collect())
    }

    /// Every name that is subscribed to, in order, also those of mailboxes that are not
    /// there (RFC 9051 section 6.3.9.1).
    pub async fn subscriptions(&self, account: AccountId) -> Result<Vec<String>> {
        Ok(self
            .reading(account)
            .await?
            .subscriptions()
            .await?
            .into_iter()
            .collect())
    }

    /// The mailbox of that name; `INBOX` in any case.
    pub async fn find_mailbox(&self, account: AccountId, name: &str) -> Result<Option<Mailbox>> {
        let Ok(name) = Name::new(name) else {
            return Ok(None);
        };
        let reading = self.reading(account).await?;
        let found = reading.get::<NameValue>(&name_key(&name)).await?;
        let Some((value, _)) = found else {
            return Ok(None);
        };
        let subscription = SubscriptionKey(name.as_str().to_owned()).encode();
        let subscribed = reading.get::<MarkValue>(&subscription).await?.is_some();
        let name = name.as_str().to_owned();
        Ok(Some(Mailbox {
            id: value.id,
            name,
            role: value.role,
            subscribed,
        }))
    }

    /// Makes a mailbox, and those that it lies within where they are not there (RFC 9051
    /// section 6.3.4). It is not subscribed to.
    ///
    /// # Errors
    /// [`StoreError::Exists`], [`StoreError::BadName`] or [`StoreError::TooMany`].
    pub async fn create_mailbox(
        &self,
        account: AccountId,
        name: &str,
        now: Timestamp,
    ) -> Result<Mailbox> {
        let name = Name::new(name)?;
        let mut turn = self.turn(account).await;
        turn.clear_doomed().await?;
        loop {
            let mut change = turn.begin().await?;
            let mut list = change.list().await?;
            if list.contains_key(&name) {
                return Err(StoreError::Exists);
            }
            change.make_parents(&name, &mut list, now).await?;
            let value = change.make(&name, &mut list, now).await?;
            let subscribed = change.reading.subscriptions().await?;
            if turn.commit(change).await? {
                return Ok(mailbox(&name, &value, &subscribed));
            }
        }
    }

    /// Gives a mailbox, and all that lies within it, another name. Subscriptions are
    /// names and stay. Renaming INBOX moves its messages to a new mailbox and leaves it
    /// empty (RFC 9051 section 6.3.6).
    ///
    /// # Errors
    /// [`StoreError::NoSuchMailbox`] for `from`; [`StoreError::Exists`],
    /// [`StoreError::BadName`] or [`StoreError::TooMany`] for what it would become, a
    /// place within itself being a bad name.
    pub async fn rename_mailbox(
        &self,
        account: AccountId,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<()> {
        let from = Name::new(from).map_err(|_| StoreError::NoSuchMailbox)?;
        let to = Name::new(to)?;
        if from.is_inbox() {
            let made = self.create_mailbox(account, to.as_str(), now).await?;
            let all = UidSet::all();
            self.move_messages(account, MailboxId::INBOX, &all, made.id, now)
                .await?;
            return Ok(());
        }
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            change.rename(&from, &to, now).await?;
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }

    /// Deletes a mailbox with all its messages, for good. Those that lie within it stay.
    ///
    /// # Errors
    /// [`StoreError::NoSuchMailbox`], or [`StoreError::BadName`] for INBOX.
    pub async fn delete_mailbox(&self, account: AccountId, name: &str) -> Result<()> {
        let name = Name::new(name).map_err(|_| StoreError::NoSuchMailbox)?;
        if name.is_inbox() {
            return Err(StoreError::BadName);
        }
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            let doomed = change.doom(&name).await?;
            // What a move took out has its details elsewhere: its rows must say so before
            // they are cleared away.
            if change.summary(doomed).await?.left.is_some() {
                turn.settle(doomed).await?;
            } else if turn.commit(change).await? {
                break;
            }
        }
        // It is deleted; what is left of it is taken up again by the next change of the
        // list.
        if let Err(error) = turn.clear_doomed().await {
            tracing::warn!(%account, %error, "a deleted mailbox is not yet cleared away");
        }
        Ok(())
    }

    /// Subscribes to a name, or no longer. The name need not be that of a mailbox
    /// (RFC 9051 section 6.3.7).
    ///
    /// # Errors
    /// [`StoreError::BadName`] or [`StoreError::TooMany`].
    pub async fn set_subscribed(
        &self,
        account: AccountId,
        name: &str,
        subscribed: bool,
    ) -> Result<()> {
        let key = SubscriptionKey(Name::new(name)?.as_str().to_owned());
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin().await?;
            change.account().await?.list_changes += 1;
            let names = change.reading.subscriptions().await?;
            if names.contains(&key.0) == subscribed {
                return Ok(());
            }
            if !subscribed {
                change.operations.delete(key.encode());
            } else if names.len() < SUBSCRIPTIONS {
                change.operations.put(key.encode(), &MarkValue)?;
            } else {
                return Err(StoreError::TooMany(Limit::Subscriptions));
            }
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }
}

pub(crate) fn name_key(name: &Name) -> Vec<u8> {
    NameKey(name.as_str().to_owned()).encode()
}

fn mailbox(name: &Name, value: &NameValue, subscribed: &BTreeSet<String>) -> Mailbox {
    let name = name.as_str().to_owned();
    Mailbox {
        id: value.id,
        role: value.role,
        subscribed: subscribed.contains(&name),
        name,
    }
}

impl Reading {
    async fn list(&self) -> Result<List> {
        let mut list = List::new();
        let mut scan = self.scan(NameKey::all());
        while let Some(rows) = scan.page().await? {
            for row in rows {
                let NameKey(name) = key(&row, NameKey::decode)?;
                list.insert(Name::new(&name)?, NameValue::read(&row.1.bytes)?);
            }
        }
        // Every account has an INBOX.
        if list.is_empty() {
            Err(StoreError::Gone)
        } else {
            Ok(list)
        }
    }

    async fn subscriptions(&self) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let mut scan = self.scan(SubscriptionKey::all());
        while let Some(rows) = scan.page().await? {
            for row in rows {
                names.insert(key(&row, SubscriptionKey::decode)?.0);
            }
        }
        Ok(names)
    }
}

impl Change {
    /// The list, on condition that nobody else changes it.
    async fn list(&mut self) -> Result<List> {
        self.account().await?.list_changes += 1;
        self.reading.list().await
    }

    /// Makes an empty mailbox. That the name is free is the caller's to know.
    pub(crate) async fn new_mailbox(
        &mut self,
        name: &Name,
        role: Option<Role>,
        now: Timestamp,
    ) -> Result<NameValue> {
        let account = self.account().await?;
        let id = MailboxId(account.next_mailbox);
        account.next_mailbox = account.next_mailbox.saturating_add(1);
        let uid_validity = later_uid_validity(account.last_uid_validity, now);
        account.last_uid_validity = uid_validity.get();
        self.new_summary(id, uid_validity);
        let value = NameValue { id, role };
        self.operations.put(name_key(name), &value)?;
        Ok(value)
    }

    async fn make(&mut self, name: &Name, list: &mut List, now: Timestamp) -> Result<NameValue> {
        if list.len() >= MAILBOXES {
            return Err(StoreError::TooMany(Limit::Mailboxes));
        }
        let value = self.new_mailbox(name, None, now).await?;
        list.insert(name.clone(), value.clone());
        Ok(value)
    }

    async fn make_parents(&mut self, name: &Name, list: &mut List, now: Timestamp) -> Result<()> {
        for parent in name.parents() {
            if !list.contains_key(&parent) {
                self.make(&parent, list, now).await?;
            }
        }
        Ok(())
    }

    async fn rename(&mut self, from: &Name, to: &Name, now: Timestamp) -> Result<()> {
        let mut list = self.list().await?;
        // A name that was deleted is still a name while others lie within it.
        if !list.keys().any(|name| name == from || name.is_within(from)) {
            return Err(StoreError::NoSuchMailbox);
        }
        if to.is_within(from) {
            return Err(StoreError::BadName);
        }
        if list.contains_key(to) {
            return Err(StoreError::Exists);
        }
        let mut moved = List::new();
        for (name, value) in &list {
            if let Some(new) = name.moved(from, to)? {
                self.operations.delete(name_key(name));
                moved.insert(new, value.clone());
            }
        }
        list.retain(|name, _| name != from && !name.is_within(from));
        if moved.keys().any(|name| list.contains_key(name)) {
            return Err(StoreError::Exists);
        }
        self.make_parents(to, &mut list, now).await?;
        for (name, value) in &moved {
            self.operations.put(name_key(name), value)?;
        }
        if list.len() + moved.len() > MAILBOXES {
            return Err(StoreError::TooMany(Limit::Mailboxes));
        }
        Ok(())
    }

    /// Takes a mailbox out of the list and marks what it holds to be cleared away.
    async fn doom(&mut self, name: &Name) -> Result<MailboxId> {
        let found = self.reading.get::<NameValue>(&name_key(name)).await?;
        let (value, _) = found.ok_or(StoreError::NoSuchMailbox)?;
        let summary = self.remove_summary(value.id).await?;
        let account = self.account().await?;
        account.list_changes += 1;
        account.bytes = account.bytes.saturating_sub(summary.bytes);
        account.messages = account.messages.saturating_sub(summary.exists.into());
        self.operations.delete(name_key(name));
        self.operations.delete(keys::keywords(value.id));
        self.operations
            .put(DoomedKey(value.id).encode(), &MarkValue)?;
        Ok(value.id)
    }
}

/// A UIDVALIDITY from the time of day, later than all that the account gave. It stays
/// below 2^31, as UIDs do; from the day in 2038 when the time passes that, it counts on.
pub(crate) fn later_uid_validity(last: u32, now: Timestamp) -> UidValidity {
    let time = i32::try_from(now.as_second())
        .unwrap_or(0)
        .max(1)
        .unsigned_abs();
    let next = NonZeroU32::MIN.saturating_add(last);
    UidValidity(NonZeroU32::new(time).map_or(next, |time| time.max(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uid_validity_grows_even_when_the_clock_does_not() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(
            later_uid_validity(0, at(1_800_000_000)).get(),
            1_800_000_000
        );
        assert_eq!(
            later_uid_validity(1_800_000_000, at(1_800_000_000)).get(),
            1_800_000_001
        );
        assert_eq!(
            later_uid_validity(1_800_000_000, at(5)).get(),
            1_800_000_001
        );
        assert_eq!(later_uid_validity(7, at(-5)).get(), 8);
        assert_eq!(later_uid_validity(7, at(1 << 37)).get(), 8);
        assert_eq!(later_uid_validity(0, at(0)).get(), 1);
    }
}
