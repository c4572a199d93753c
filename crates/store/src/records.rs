//! Reading messages: their records, envelopes and structures.

use address::AccountId;

use crate::intake::DETAILS_PARTS;
use crate::keys::DetailsKey;
use crate::mark::{Mark, RecordValue};
use crate::reading::Reading;
use crate::values::{DetailsValue, KeywordsValue, Stored, SummaryValue};
use crate::walk::{Place, Walk};
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
        let summary = reading.summary(mailbox).await?;
        let found = reading.page(mailbox, page, &summary).await?;
        let keywords = if found.iter().any(|(_, record)| record.mark.keywords != 0) {
            reading.keywords(mailbox).await?
        } else {
            KeywordsValue::default()
        };
        let records = found.into_iter();
        Ok(records
            .map(|(uid, value)| record(uid, value, &keywords))
            .collect())
    }

    /// The envelope and structure of a message that was read from this mailbox, also of
    /// one that was removed less than [`crate::limits::GONE_GRACE`] ago; none if it is
    /// gone for good. Where they were too long to be kept the message is read for it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the message had to be read and is no longer what
    /// came in.
    pub async fn details(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        record: &Record,
    ) -> Result<Option<Details>> {
        let reading = self.reading(account).await?;
        match reading.kept_details(mailbox, record).await {
            Ok(None) => {}
            Err(StoreError::Damaged(what)) => {
                let uid = record.uid;
                tracing::error!(%account, %mailbox, %uid, what, "a message is read again");
            }
            kept => return kept,
        }
        let only = [record.uid].into_iter().collect();
        let page = Page {
            uids: &only,
            after: None,
            limit: 1,
            include_gone: true,
        };
        let summary = reading.summary(mailbox).await?;
        if reading.page(mailbox, page, &summary).await?.is_empty() {
            return Ok(None);
        }
        drop(reading);
        let scanned = self.rescan(&record.body).await?.scanned;
        Ok(Some(Details {
            envelope: scanned.envelope,
            structure: scanned.structure,
        }))
    }
}

fn record(uid: Uid, value: RecordValue, keywords: &KeywordsValue) -> Record {
    let RecordValue { mark, fixed } = value;
    let flags = Flags {
        system: mark.system,
        keywords: keywords.names(mark.keywords),
    };
    Record {
        uid,
        modseq: mark.modseq,
        flags,
        internal_date: fixed.internal_date(),
        size: fixed.size(),
        email_id: fixed.email_id,
        body: fixed.body,
        gone: mark.gone.is_some(),
    }
}

impl Reading {
    async fn kept_details(&self, mailbox: MailboxId, record: &Record) -> Result<Option<Details>> {
        let email_id = record.email_id;
        let kept = DetailsKey::range(&(email_id..=email_id));
        let mut rows = self.rows(kept, DETAILS_PARTS).await?;
        if rows.is_empty() {
            let old = keys::all_old_details(mailbox, &(record.uid..=record.uid));
            rows = self.rows(old, DETAILS_PARTS).await?;
        }
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

    async fn page(
        &self,
        mailbox: MailboxId,
        page: Page<'_>,
        summary: &SummaryValue,
    ) -> Result<Vec<(Uid, RecordValue)>> {
        let uids = page.uids.after(page.after);
        let mut walk = Walk::new(self, mailbox, &uids, summary).await?;
        if page.include_gone {
            walk = walk.with_old_gone(summary);
        }
        let mut found = Vec::new();
        while found.len() < page.limit
            && let Some(place) = walk.next(self).await?
        {
            let block = match place {
                Place::Single(uid, record) => {
                    if page.include_gone || !record.mark.is_gone() {
                        found.push((uid, record));
                    }
                    continue;
                }
                Place::Block(block) => block,
            };
            let shown = |(uid, mark): &(Uid, Mark)| {
                uids.contains(*uid) && (page.include_gone || !mark.is_gone())
            };
            if !block.marks.0.iter().any(shown) {
                continue;
            }
            let fixeds = self.fixeds(mailbox, &block).await?;
            for (at, message) in block.marks.0.iter().enumerate() {
                if found.len() < page.limit && shown(message) {
                    let (uid, mark) = message.clone();
                    let fixed = fixeds.get(at)?;
                    found.push((uid, RecordValue { mark, fixed }));
                }
            }
        }
        Ok(found)
    }
}
