//! The mailbox that a session has open.

use std::ops::Range;

use address::AccountId;
use blob::{Ahead, BodyReader};
use imap::{Changes, Known, NewMessage, Piece};
use jiff::Timestamp;
use parking_lot::Mutex;
use store::{
    Details, FlagChange, Flagged, MailboxId, Marked, Page, Record, Store, StoreError, ThreadId,
    Uid, UidSet,
};

use super::convert;
use super::search::Source;

/// The mailbox that a session has open, as one question finds it.
pub(super) struct Mailbox<'a> {
    pub(super) store: &'a Store,
    pub(super) account: AccountId,
    pub(super) id: MailboxId,
    /// Opened by EXAMINE.
    pub(super) read_only: bool,
    pub(super) now: Timestamp,
}

/// Marks in one piece of an answer.
const MARKS: usize = 1000;

impl Mailbox<'_> {
    pub(super) async fn records(&self, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        self.store.records(self.account, self.id, page).await
    }

    pub(super) async fn flags(&self, page: Page<'_>) -> Result<Flagged, StoreError> {
        self.store.flags(self.account, self.id, page).await
    }

    pub(super) async fn details(&self, record: &Record) -> Result<Option<Details>, StoreError> {
        self.store.details(self.account, self.id, record).await
    }

    pub(super) async fn threads(&self, records: &[Record]) -> Result<Vec<ThreadId>, StoreError> {
        self.store.threads(self.account, records).await
    }

    pub(super) async fn set_flags(
        &self,
        uids: &UidSet,
        what: &FlagChange,
    ) -> Result<Vec<Marked>, StoreError> {
        self.store
            .set_flags(self.account, self.id, uids, what, self.now)
            .await
    }

    /// What happened beyond what is known, in pieces.
    pub(super) async fn changes(&self, known: Known) -> Result<Vec<Piece>, StoreError> {
        let since = store::Modseq::new(known.modseq.0);
        let uid_next = Uid::new(known.uid_next).unwrap_or(Uid::MAX);
        let changes = self
            .store
            .changes(self.account, self.id, since, uid_next, !self.read_only)
            .await?;
        let recent = |uid: Uid| uid >= changes.recent_from;
        let new = changes.new.iter().filter_map(|marks| {
            let uid = convert::uid(marks.uid)?;
            Some(NewMessage {
                uid,
                recent: recent(marks.uid),
            })
        });
        let marks = changes.changed.chunks(MARKS).map(|marks| {
            let changed = marks.iter().filter_map(convert::flags_of).collect();
            Piece::Changes(Changes {
                changed,
                ..Changes::default()
            })
        });
        let mut pieces: Vec<Piece> = marks.collect();
        pieces.push(Piece::Changes(Changes {
            new: new.collect(),
            changed: Vec::new(),
            vanished: convert::set(&changes.vanished),
            known: Some(Known {
                modseq: imap::Modseq(changes.summary.highest_modseq.get()),
                uid_next: changes.summary.uid_next.get(),
            }),
        }));
        pieces.push(Piece::Done);
        Ok(pieces)
    }
}

/// Its messages, one after the other.
pub(super) struct Messages<'a> {
    mailbox: &'a Mailbox<'a>,
    /// Held for a moment only.
    ahead: Mutex<Ahead>,
}

impl<'a> Messages<'a> {
    pub(super) fn of(mailbox: &'a Mailbox<'a>) -> Messages<'a> {
        Messages {
            ahead: Mutex::new(mailbox.store.ahead()),
            mailbox,
        }
    }
}

impl Source for Messages<'_> {
    async fn details(&self, record: &Record) -> Result<Option<Details>, StoreError> {
        self.mailbox.details(record).await
    }

    async fn threads(&self, records: &[Record]) -> Result<Vec<ThreadId>, StoreError> {
        self.mailbox.threads(records).await
    }

    fn expect<'r>(&self, records: impl Iterator<Item = &'r Record>) {
        self.ahead.lock().expect(records.map(|record| &record.body));
    }

    fn read(&self, record: &Record, range: Range<u64>) -> BodyReader {
        self.ahead.lock().read(&record.body, range)
    }
}
