//! Putting a message into a mailbox.

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::intake::details;
use crate::keys::OnceAgeKey;
use crate::mark::{Fixed, Kept, Mark, RecordValue, offset_minutes};
use crate::threads::Line;
use crate::values::OnceValue;
use crate::{Delivery, Incoming, MailboxId, Placed, Result, Store, StoreError, keys};

impl Store {
    /// Puts a message into a mailbox: mail that arrives, or what APPEND brings. With
    /// [`Delivery::once`], a message that was put there already is not put again, and
    /// the answer is the first one's.
    ///
    /// # Errors
    /// [`StoreError::OverQuota`], [`StoreError::Full`], [`StoreError::Gone`] when the
    /// account or mailbox is, [`StoreError::TooMany`] keywords or UIDs, or what
    /// [`Incoming::check`] says.
    pub async fn deliver(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        incoming: &Incoming,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Placed> {
        let details = details(&incoming.scanned, incoming.story())?;
        let line = Line::of(&incoming.scanned.lineage);
        let keys = read_by(mailbox, delivery, &line);
        let mut turn = self.turn(account).await;
        loop {
            let mut change = turn.begin_with(keys.clone()).await?;
            if let Some(placed) = change.already(delivery).await? {
                return Ok(placed);
            }
            change
                .check_quota(delivery.quota, incoming.body.length())
                .await?;
            let record = change.arriving(mailbox, incoming, delivery).await?;
            let email_id = record.fixed.email_id;
            change.operations.put_details(email_id, details.clone());
            change.join_thread(email_id, &line).await?;
            let uid = change.give_uid(mailbox).await?;
            let summary = change.summary(mailbox).await?;
            summary.add(uid, record.mark.system, record.fixed.size());
            summary.singles = summary.singles.saturating_add(1);
            change.operations.put_single(mailbox, uid, &record)?;
            let account = change.account().await?;
            account.bytes = account.bytes.saturating_add(record.fixed.size());
            account.messages = account.messages.saturating_add(1);
            let uid_validity = change.summary(mailbox).await?.uid_validity;
            change
                .remember(delivery, OnceValue { uid_validity, uid }, now)
                .await?;
            incoming.check()?;
            if turn.commit_and_tend(change, now).await? {
                return Ok(Placed { uid_validity, uid });
            }
        }
    }
}

/// The keys that a delivery reads.
fn read_by(mailbox: MailboxId, delivery: &Delivery, line: &Line) -> Vec<Vec<u8>> {
    let mut read = vec![keys::account(), keys::summary(mailbox)];
    read.extend(line.keys());
    read.extend(delivery.once.map(|once| keys::once(once.get())));
    if !delivery.flags.keywords.is_empty() {
        read.push(keys::keywords(mailbox));
    }
    read
}

impl Change {
    /// Refuses what would bring the account over its quota.
    pub(crate) async fn check_quota(&mut self, quota: Option<u64>, more: u64) -> Result<()> {
        let held = self.account().await?.bytes;
        match quota {
            Some(quota) if held.saturating_add(more) > quota => Err(StoreError::OverQuota),
            _ => Ok(()),
        }
    }

    async fn arriving(
        &mut self,
        mailbox: MailboxId,
        incoming: &Incoming,
        delivery: &Delivery,
    ) -> Result<RecordValue> {
        let mark = Mark {
            modseq: self.modseq(mailbox).await?,
            system: delivery.flags.system,
            keywords: self.keyword_bits(mailbox, &delivery.flags.keywords).await?,
            kept: Kept::Own,
            gone: None,
        };
        let fixed = Fixed {
            seconds: delivery.internal_date.at.as_second(),
            offset_minutes: offset_minutes(delivery.internal_date.offset),
            email_id: self.give_email_id().await?,
            body: incoming.body.clone(),
        };
        Ok(RecordValue { mark, fixed })
    }

    /// Where an earlier try of this delivery was put.
    async fn already(&mut self, delivery: &Delivery) -> Result<Option<Placed>> {
        let Some(once) = delivery.once else {
            return Ok(None);
        };
        // An account that is gone has no memory either.
        self.account().await?;
        let found = self
            .reading
            .get::<OnceValue>(&keys::once(once.get()))
            .await?;
        Ok(found.map(|(value, _)| value.placed()))
    }

    async fn remember(
        &mut self,
        delivery: &Delivery,
        placed: OnceValue,
        now: Timestamp,
    ) -> Result<()> {
        let Some(once) = delivery.once else {
            return Ok(());
        };
        self.collect_once(now).await?;
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let age = OnceAgeKey {
            seconds,
            delivery: once.get(),
        };
        let operations = &mut self.operations;
        operations.put(age.encode(), &crate::values::MarkValue)?;
        operations.put(keys::once(once.get()), &placed)
    }
}
