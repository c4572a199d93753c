//! The account in numbers, and mailboxes that have a name and no numbers.

use kv::tuple::after_key;

use super::{Done, Mending};
use crate::check::is_there;
use crate::keys::{GoneKey, MarksKey, PieceKey, RecordKey};
use crate::mailboxes::later_uid_validity;
use crate::reading::{Reading, key};
use crate::values::{NameValue, Stored, SummaryValue};
use crate::walk::Block;
use crate::{MailboxId, Number, Result, StoreError, Uid, Wrong, keys};

impl Mending<'_> {
    /// Raises what gives numbers above those that were found, and tells two mailboxes with
    /// the same UIDVALIDITY apart.
    pub(super) async fn raise(&mut self) -> Result<()> {
        let twins = self.mailboxes(|wrong| matches!(wrong, Wrong::SameUidValidity { .. }));
        let most = |which: &[Number]| {
            let numbers = self.faults.iter().filter_map(|fault| match &fault.wrong {
                Wrong::TooHigh { what, found, .. } if which.contains(what) => Some(*found),
                _ => None,
            });
            numbers.max()
        };
        let email = most(&[Number::EmailId, Number::Thread]);
        let mailbox = most(&[Number::Mailbox]);
        let validity = most(&[Number::UidValidity]);
        if twins.is_empty() && email.or(mailbox).or(validity).is_none() {
            return Ok(());
        }
        let small = |number: Option<u64>| u32::try_from(number.unwrap_or(0)).unwrap_or(u32::MAX);
        let mut turn = self.store.turn(self.account).await;
        loop {
            let mut change = turn.begin().await?;
            let account = change.account().await?;
            let next = email.map_or(0, |email| email.saturating_add(1));
            account.next_email = account.next_email.max(next);
            let next = small(mailbox.map(|mailbox| mailbox.saturating_add(1)));
            account.next_mailbox = account.next_mailbox.max(next);
            account.last_uid_validity = account.last_uid_validity.max(small(validity));
            let mut given = Vec::new();
            for twin in &twins {
                let account = change.account().await?;
                let other = later_uid_validity(account.last_uid_validity, self.now);
                account.last_uid_validity = other.get();
                change.summary(*twin).await?.uid_validity = other;
                given.push((*twin, other));
            }
            if turn.commit(change).await? {
                for (twin, other) in given {
                    self.note(Some(twin), Done::Renumbered(other));
                }
                return Ok(());
            }
        }
    }

    /// Gives a mailbox new numbers. Whoever reads it is told that it is another: what its
    /// UIDs and changes were, nobody knows.
    pub(super) async fn new_numbers(&mut self, mailbox: MailboxId) -> Result<()> {
        let mut turn = self.store.turn(self.account).await;
        loop {
            let mut change = turn.begin().await?;
            let key = keys::summary(mailbox);
            if change.reading.get::<SummaryValue>(&key).await?.is_some() {
                return Ok(());
            }
            // One whose name is gone by now was deleted.
            if !change.reading.mailbox_ids().await?.contains(&mailbox) {
                return Ok(());
            }
            let last = change.reading.last_uid(mailbox).await?;
            let old = is_there(&change.reading, keys::all_old(mailbox)).await?;
            let account = change.account().await?;
            let uid_validity = later_uid_validity(account.last_uid_validity, self.now);
            account.last_uid_validity = uid_validity.get();
            change.new_summary(mailbox, uid_validity);
            let summary = change.summary(mailbox).await?;
            summary.uid_next = last.map_or(Uid::MIN, |last| last.next().unwrap_or(Uid::MAX));
            // Nobody is told of old mail as new.
            summary.first_recent = summary.uid_next;
            summary.old = old;
            if turn.commit(change).await? {
                self.note(Some(mailbox), Done::Renumbered(uid_validity));
                return Ok(());
            }
        }
    }

    /// Counts what the account holds by what its mailboxes say.
    pub(super) async fn sums(&mut self) -> Result<()> {
        if self.faults.is_empty() {
            return Ok(());
        }
        let nameless = self.mailboxes(|wrong| *wrong == Wrong::NoName);
        let mut turn = self.store.turn(self.account).await;
        loop {
            let mut change = turn.begin().await?;
            let mut mailboxes = nameless.clone();
            let mut scan = change.reading.scan(keys::NameKey::all());
            while let Some(rows) = scan.page().await? {
                for row in rows {
                    mailboxes.insert(NameValue::read(&row.1.bytes)?.id);
                }
            }
            let (mut messages, mut octets) = (0u64, 0u64);
            for mailbox in mailboxes {
                match change.reading.summary(mailbox).await {
                    Ok(summary) => {
                        messages = messages.saturating_add(summary.exists.into());
                        octets = octets.saturating_add(summary.bytes);
                    }
                    // One that is only to be named was deleted, or is to get its numbers.
                    Err(StoreError::Gone) if nameless.contains(&mailbox) => {}
                    Err(error) => return Err(error),
                }
            }
            let account = change.account().await?;
            (account.messages, account.bytes) = (messages, octets);
            if turn.commit(change).await? {
                return Ok(());
            }
        }
    }
}

impl Reading {
    /// The last UID in a mailbox of which anything is there.
    async fn last_uid(&self, mailbox: MailboxId) -> Result<Option<Uid>> {
        let mut last = None;
        if let Some(row) = self.last_row(MarksKey::all(mailbox)).await? {
            last = last.max(Some(Block::read(&row)?.last()));
        }
        if let Some(row) = self.last_row(RecordKey::all(mailbox)).await? {
            last = last.max(Some(key(&row, RecordKey::decode)?.1));
        }
        if let Some(row) = self.last_row(GoneKey::all(mailbox)).await? {
            last = last.max(Some(key(&row, GoneKey::decode)?.1));
        }
        if let Some(row) = self.last_row(PieceKey::all(mailbox)).await? {
            last = last.max(Some(key(&row, PieceKey::decode)?.1));
        }
        Ok(last)
    }

    /// True if anything of a message is in a mailbox, or its numbers.
    pub(super) async fn is_mailbox(&self, mailbox: MailboxId) -> Result<bool> {
        let numbers = keys::summary(mailbox);
        let end = after_key(&numbers);
        let messages = [
            numbers..end,
            RecordKey::all(mailbox),
            GoneKey::all(mailbox),
            MarksKey::all(mailbox),
            PieceKey::all(mailbox),
        ];
        for range in messages {
            if is_there(self, range).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
