//! Reading messages: their records, envelopes and structures.

use address::AccountId;

use crate::intake::DETAILS_PARTS;
use crate::keys::{GoneKey, RecordKey};
use crate::reading::{Reading, key};
use crate::values::{DetailsValue, KeywordsValue, RecordValue, Stored};
use crate::{Details, Flags, MailboxId, Record, Result, Store, StoreError, Uid, UidSet, keys};

/// Which records are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Of these UIDs those that are there.
    pub uids: &'a UidSet,
    /// Those after this one: the last of the page before.
    pub after: Option<Uid>,
    /// So many at most.
    pub limit: usize,
    /// Also those that were removed less than [`crate::limits::GONE_GRACE`] ago, for a
    /// session that still shows them.
    pub include_gone: bool,
}

impl Store {
    /// Records of messages, ascending. An empty page is the end.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the mailbox was deleted.
    pub async fn records(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        page: Page<'_>,
    ) -> Result<Vec<Record>> {
        let reading = self.reading(account).await?;
        reading.summary(mailbox).await?;
        let found = reading.page(mailbox, page).await?;
        let keywords = if found.iter().any(|(_, record, _)| record.keywords != 0) {
            reading.keywords(mailbox).await?
        } else {
            KeywordsValue::default()
        };
        let records = found.into_iter();
        Ok(records
            .map(|(uid, value, gone)| record(uid, value, gone, &keywords))
            .collect())
    }

    /// The envelope and structure of a message, also of one that was removed less than
    /// [`crate::limits::GONE_GRACE`] ago; none if no such message is there. Where they
    /// were too long to be kept the message is read for it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the message had to be read and is no longer what
    /// came in.
    pub async fn details(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uid: Uid,
    ) -> Result<Option<Details>> {
        let reading = self.reading(account).await?;
        match reading.kept_details(mailbox, uid).await {
            Ok(None) => {}
            Err(StoreError::Damaged(what)) => {
                tracing::error!(%account, %mailbox, %uid, what, "a message is read again");
            }
            kept => return kept,
        }
        let Some(record) = reading.record(mailbox, uid).await? else {
            return Ok(None);
        };
        drop(reading);
        let scanned = self.rescan(&record.body).await?.scanned;
        Ok(Some(Details {
            envelope: scanned.envelope,
            structure: scanned.structure,
        }))
    }
}

fn record(uid: Uid, value: RecordValue, gone: bool, keywords: &KeywordsValue) -> Record {
    let flags = Flags {
        system: value.system,
        keywords: keywords.names(value.keywords),
    };
    Record {
        uid,
        modseq: value.modseq,
        flags,
        internal_date: value.internal_date(),
        size: value.size(),
        email_id: value.email_id,
        body: value.body,
        gone,
    }
}

/// A record, and whether it was removed.
type Found = (Uid, RecordValue, bool);

impl Reading {
    /// The record of a message, also of a removed one.
    async fn record(&self, mailbox: MailboxId, uid: Uid) -> Result<Option<RecordValue>> {
        let live = self
            .get::<RecordValue>(&RecordKey(mailbox, uid).encode())
            .await?;
        let found = match live {
            Some(record) => Some(record),
            None => self.get(&GoneKey(mailbox, uid).encode()).await?,
        };
        Ok(found.map(|(record, _)| record))
    }

    async fn kept_details(&self, mailbox: MailboxId, uid: Uid) -> Result<Option<Details>> {
        let rows = self
            .rows(keys::all_details(mailbox, uid), DETAILS_PARTS)
            .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let octets: Vec<u8> = rows
            .into_iter()
            .flat_map(|(_, value)| value.bytes)
            .collect();
        let DetailsValue {
            envelope,
            structure,
        } = DetailsValue::read(&octets)?;
        Ok(Some(Details {
            envelope,
            structure,
        }))
    }

    async fn page(&self, mailbox: MailboxId, page: Page<'_>) -> Result<Vec<Found>> {
        let mut found: Vec<Found> = Vec::new();
        for range in page.uids.after(page.after).ranges() {
            let room = page.limit - found.len();
            if room == 0 {
                break;
            }
            let start = found.len();
            for row in self.rows(RecordKey::range(mailbox, range), room).await? {
                let RecordKey(_, uid) = key(&row, RecordKey::decode)?;
                found.push((uid, RecordValue::read(&row.1.bytes)?, false));
            }
            if page.include_gone {
                for row in self.rows(GoneKey::range(mailbox, range), room).await? {
                    let GoneKey(_, uid) = key(&row, GoneKey::decode)?;
                    found.push((uid, RecordValue::read(&row.1.bytes)?, true));
                }
            }
            // Each of the two has its first ones, so the first of both are among them.
            if let Some(both) = found.get_mut(start..) {
                both.sort_unstable_by_key(|(uid, _, _)| *uid);
            }
            found.truncate(page.limit);
        }
        Ok(found)
    }
}
