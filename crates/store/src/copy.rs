//! Copying and moving messages between the mailboxes of one account.

use address::AccountId;
use jiff::Timestamp;

use crate::change::Change;
use crate::intake::DETAILS_PARTS;
use crate::steps::{Records, Step};
use crate::values::RecordValue;
use crate::{Copied, Limit, MailboxId, Result, Store, StoreError, Uid, UidSet, keys};

/// From where to where.
#[derive(Clone, Copy)]
struct Way {
    from: MailboxId,
    to: MailboxId,
    /// Whether the messages stay where they were too.
    keep: bool,
}

impl Store {
    /// Copies those of these messages that are there, with their flags and dates.
    ///
    /// Many are copied in several steps, in order. If one fails, what was copied is
    /// removed again as far as that is possible (RFC 9051 section 6.4.7).
    ///
    /// # Errors
    /// [`StoreError::OverQuota`] before anything is copied; [`StoreError::Gone`] when
    /// either mailbox is.
    pub async fn copy(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &UidSet,
        to: MailboxId,
        quota: Option<u64>,
        now: Timestamp,
    ) -> Result<Copied> {
        if quota.is_some() {
            self.check_copies(account, from, uids, quota).await?;
        }
        let mut pairs = Vec::new();
        let way = Way {
            from,
            to,
            keep: true,
        };
        let copied = self.transfer(account, way, uids, now, &mut pairs).await;
        if copied.is_err() && !pairs.is_empty() {
            let copies: UidSet = pairs.iter().map(|(_, copy)| *copy).collect();
            if let Err(error) = self.remove(account, to, &copies, now).await {
                tracing::warn!(%account, %error, "half of a copy stays");
            }
        }
        copied.map(|uid_validity| Copied {
            uid_validity,
            pairs,
        })
    }

    /// Moves those of these messages that are there, with their flags and dates. Nothing
    /// grows by it, so that no quota is asked.
    ///
    /// Many are moved in several steps, in order; each message is at every moment in one
    /// place or the other (RFC 6851 section 3.3), and after an error the first of them
    /// may have moved.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when either mailbox is.
    pub async fn move_messages(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &UidSet,
        to: MailboxId,
        now: Timestamp,
    ) -> Result<Copied> {
        let mut pairs = Vec::new();
        let way = Way {
            from,
            to,
            keep: false,
        };
        let uid_validity = self.transfer(account, way, uids, now, &mut pairs).await?;
        Ok(Copied {
            uid_validity,
            pairs,
        })
    }

    /// Refuses a copy that would bring the account over its quota.
    async fn check_copies(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: &UidSet,
        quota: Option<u64>,
    ) -> Result<()> {
        let mut change = Change::new(self.reading(account).await?);
        let mut more = 0u64;
        let mut records = Records::new(from, uids);
        while let Some((_, record)) = records.next(&change).await? {
            more = more.saturating_add(record.size());
        }
        change.check_quota(quota, more).await
    }

    /// Copies or moves step by step; `pairs` says how far it came.
    async fn transfer(
        &self,
        account: AccountId,
        way: Way,
        uids: &UidSet,
        now: Timestamp,
        pairs: &mut Vec<(Uid, Uid)>,
    ) -> Result<crate::UidValidity> {
        // What arrives from now on is not meant, least of all the copies themselves.
        let end = self.summary(account, way.from).await?.uid_next;
        let mut done = None;
        loop {
            let mut turn = self.turn(account).await;
            let mut change = turn.begin().await?;
            change.collect_gone(way.from, now).await?;
            change.collect_gone(way.to, now).await?;
            let uid_validity = change.summary(way.to).await?.uid_validity;
            let step = change
                .transfer_step(way, &uids.after(done), end, now)
                .await?;
            if turn.commit(change).await? {
                pairs.extend(step.uids);
                match step.next {
                    Some(last) => done = Some(last),
                    None => return Ok(uid_validity),
                }
            }
        }
    }
}

impl Change {
    async fn transfer_step(
        &mut self,
        way: Way,
        uids: &UidSet,
        end: Uid,
        now: Timestamp,
    ) -> Result<Step<(Uid, Uid)>> {
        let mut pairs = Vec::new();
        let mut records = Records::new(way.from, uids);
        while let Some((uid, record)) = records.next(self).await? {
            if uid >= end {
                break;
            }
            let copy = self.copied(way, &record).await?;
            let details = self.details_of(way.from, uid).await?;
            pairs.push((uid, self.add(way.to, copy, details).await?));
            if !way.keep {
                self.remove(way.from, uid, record, now).await?;
            }
            if self.is_full() {
                return Ok(Step {
                    uids: pairs,
                    next: Some(uid),
                });
            }
        }
        Ok(Step {
            uids: pairs,
            next: None,
        })
    }

    /// The record as it is in the other mailbox. Of its keywords go along as many as
    /// that mailbox can still learn: no copy fails for them.
    async fn copied(&mut self, way: Way, record: &RecordValue) -> Result<RecordValue> {
        let mut copy = record.clone();
        if way.from != way.to {
            let keywords = self.flags(way.from, record).await?.keywords;
            copy.keywords = match self.keyword_bits(way.to, &keywords).await {
                Err(StoreError::TooMany(Limit::Keywords)) => {
                    self.known_keyword_bits(way.to, &keywords).await?
                }
                bits => bits?,
            };
        }
        Ok(copy)
    }

    /// A message's envelope and structure as they are kept.
    async fn details_of(&self, mailbox: MailboxId, uid: Uid) -> Result<Vec<Vec<u8>>> {
        let rows = self
            .reading
            .rows(keys::all_details(mailbox, uid), DETAILS_PARTS)
            .await?;
        Ok(rows.into_iter().map(|(_, value)| value.bytes).collect())
    }
}
