//! Reading messages: their records, envelopes and structures.

use address::AccountId;

use crate::intake::DETAILS_PARTS;
use crate::keys::DetailsKey;
use crate::mark::{Mark, RecordValue};
use crate::reading::Reading;
use crate::values::{DetailsValue, KeywordsValue, Stored, SummaryValue};
use crate::walk::{Place, Walk, room};
use crate::{
    Details, Flags, Keyword, MailboxId, Modseq, Record, Result, Store, StoreError, SystemFlags,
    Uid, UidSet, keys,
};

/// Messages with what they are marked with.
#[derive(Clone, Debug)]
pub struct Flagged {
    /// The messages.
    pub messages: Vec<FlaggedMessage>,
    keywords: KeywordsValue,
}

/// One message of [`Flagged`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlaggedMessage {
    /// Its name in the mailbox.
    pub uid: Uid,
    /// When its flags last changed (or it arrived, or was removed).
    pub modseq: Modseq,
    /// The flags that the RFC names.
    pub system: SystemFlags,
    /// True when it was removed and is only kept for sessions that still show it.
    pub gone: bool,
    /// Bits of the keywords.
    keywords: u128,
}

impl Flagged {
    /// All flags of one of these messages.
    pub fn flags(&self, message: &FlaggedMessage) -> Flags {
        Flags {
            system: message.system,
            keywords: self.keywords.names(message.keywords),
        }
    }

    /// True if one of these messages is marked with this keyword.
    pub fn has_keyword(&self, message: &FlaggedMessage, keyword: &Keyword) -> bool {
        let bits = self.keywords.bits(std::slice::from_ref(keyword));
        message.keywords & bits != 0
    }
}

impl FlaggedMessage {
    fn new(uid: Uid, mark: &Mark) -> FlaggedMessage {
        FlaggedMessage {
            uid,
            modseq: mark.modseq,
            system: mark.system,
            gone: mark.is_gone(),
            keywords: mark.keywords,
        }
    }
}

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

    /// What messages are marked with, ascending, without the rest of their records: for
    /// looking at a whole mailbox. An empty page is the end.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the mailbox was deleted.
    pub async fn flags(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        page: Page<'_>,
    ) -> Result<Flagged> {
        let reading = self.reading(account).await?;
        let summary = reading.summary(mailbox).await?;
        let keywords = reading.keywords(mailbox).await?;
        let uids = page.uids.after(page.after);
        let walk = Walk::new(&reading, mailbox, &uids, &summary).await?;
        let mut walk = walk.expecting(page.limit);
        if page.include_gone {
            walk = walk.with_old_gone(&summary);
        }
        let mut messages = room(&summary, page.limit);
        while messages.len() < page.limit
            && let Some(place) = walk.next(&reading).await?
        {
            let mut show = |uid: Uid, mark: &Mark| {
                let shown = page.include_gone || !mark.is_gone();
                if shown && messages.len() < page.limit && uids.contains(uid) {
                    messages.push(FlaggedMessage::new(uid, mark));
                }
            };
            match place {
                Place::Block(block) => block
                    .marks
                    .0
                    .iter()
                    .for_each(|(uid, mark)| show(*uid, mark)),
                Place::Single(uid, record) => show(uid, &record.mark),
            }
        }
        Ok(Flagged { messages, keywords })
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
        let scanned = self.rescan(&record.body).await?;
        Ok(Some(Details {
            envelope: scanned.envelope,
            structure: scanned.structure,
            asked: scanned.asked,
            story: Vec::new(),
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
            asked,
            story,
        } = DetailsValue::read(&octets)?;
        Ok(Some(Details {
            envelope,
            structure,
            asked,
            story,
        }))
    }

    pub(crate) async fn page(
        &self,
        mailbox: MailboxId,
        page: Page<'_>,
        summary: &SummaryValue,
    ) -> Result<Vec<(Uid, RecordValue)>> {
        let uids = page.uids.after(page.after);
        let walk = Walk::new(self, mailbox, &uids, summary).await?;
        let mut walk = walk.expecting(page.limit);
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
            let marks = block.marks.0.iter().enumerate();
            let shown = marks.filter(|(_, message)| shown(message));
            let shown: Vec<_> = shown.take(page.limit - found.len()).collect();
            let (Some((first, _)), Some((last, _))) = (shown.first(), shown.last()) else {
                continue;
            };
            let fixeds = self.fixeds(mailbox, &block, *first..last + 1).await?;
            for (at, (uid, mark)) in shown {
                let (mark, fixed) = (mark.clone(), fixeds.get(at)?.clone());
                found.push((*uid, RecordValue { mark, fixed }));
            }
        }
        Ok(found)
    }
}
