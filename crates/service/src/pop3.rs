//! Answers what POP3 sessions ask: the INBOX of one account, listed, read, removed from.

use address::{AccountId, Password};
use bytes::Bytes;
use directory::Directory;
use events::Refusal;
use jiff::Timestamp;
use journal::Journal;
use net::{Answerer, Pieces, Wake};
use pop3::{Message, Piece, Pop3, Question};
use session::RightEnd;
use store::{MailboxId, Page, Record, Store, StoreError, Uid, UidSet};

use crate::Line;
use crate::sign_in::Visitor;
use crate::trouble;

/// Messages that are listed at once.
const RECORDS: usize = 1000;

/// What POP3 connections have in common.
#[derive(Clone)]
pub struct Service {
    /// Where mail is.
    pub store: Store,
    /// Who may read it.
    pub directory: Directory,
    /// What happened.
    pub journal: Journal,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

/// Answers the questions of one POP3 session.
pub struct Answers {
    service: Service,
    visitor: Visitor,
}

impl Answerer<Pop3> for Answers {
    async fn answer(&mut self, question: Question, pieces: &mut Pieces<Piece>) {
        let told = match question {
            Question::SignIn {
                name,
                password,
                encrypted,
            } => Ok(Some(self.sign_in(&name, &password, encrypted).await)),
            Question::Open => self.open(pieces).await,
            Question::Read { uid, from, octets } => self.read(uid, from, octets, pieces).await,
            Question::Remove { uids } => self.remove(&uids).await,
        };
        if let Some(last) = told.unwrap_or_else(|refusal| Some(Piece::Refused(refusal))) {
            pieces.send(last).await;
        }
    }

    /// No message comes in by POP3.
    async fn body(&mut self, _: Bytes) {}

    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        self.visitor.right()
    }

    async fn woken(&mut self) -> Wake {
        Wake::RightEnded(self.visitor.ended().await)
    }
}

/// The last piece, if it was not sent before.
type Answer = Result<Option<Piece>, Refusal>;

impl Answers {
    /// For this connection.
    pub fn new(service: Service, line: Line) -> Answers {
        Answers {
            service,
            visitor: Visitor::new(line),
        }
    }

    fn account(&self) -> Result<AccountId, Refusal> {
        self.visitor.account().map(|account| account.id)
    }

    async fn sign_in(&mut self, name: &str, password: &Password, encrypted: bool) -> Piece {
        let rooms = (&self.service.directory, &self.service.journal);
        let now = (self.service.clock)();
        let who = (name, password);
        match self.visitor.sign_in(rooms, who, encrypted, now).await {
            Ok(account) => Piece::SignedIn {
                address: account.address.to_string(),
            },
            Err((refusal, reason)) => Piece::NotSignedIn { refusal, reason },
        }
    }

    /// Tells the messages page by page; the first page is told even when it is empty.
    async fn open(&self, pieces: &mut Pieces<Piece>) -> Answer {
        let (store, account) = (&self.service.store, self.account()?);
        let summary = store.summary(account, MailboxId::INBOX).await;
        let validity = summary.map_err(trouble::of_store)?.uid_validity.get();
        let all = UidSet::all();
        let mut after = None;
        loop {
            let records = self.records(&all, after, RECORDS, false).await?;
            let last = records.last().map(|record| record.uid);
            if last.is_none() && after.is_some() {
                return Ok(None);
            }
            let message = |record: &Record| Message {
                uid: record.uid.get(),
                size: record.size,
            };
            let messages = records.iter().map(message).collect();
            pieces.send(Piece::Messages { validity, messages }).await;
            if last.is_none() {
                return Ok(None);
            }
            after = last;
        }
    }

    /// Reads also what another session has just removed, while it is still there.
    async fn read(&self, uid: u32, from: u64, octets: u64, pieces: &mut Pieces<Piece>) -> Answer {
        let only: UidSet = Uid::new(uid).into_iter().collect();
        let found = self.records(&only, None, 1, true).await?;
        let Some(record) = found.first() else {
            return Ok(Some(Piece::Gone));
        };
        let end = from.saturating_add(octets).min(record.size);
        let range = from.min(end)..end;
        let mut reader = self.service.store.read(&record.body, range);
        while let Some(chunk) = reader.next().await {
            let chunk = chunk.map_err(StoreError::from);
            pieces
                .send(Piece::Octets(chunk.map_err(trouble::of_store)?))
                .await;
        }
        Ok(None)
    }

    async fn remove(&self, uids: &[u32]) -> Answer {
        let uids: UidSet = uids.iter().copied().filter_map(Uid::new).collect();
        let (account, now) = (self.account()?, (self.service.clock)());
        let store = &self.service.store;
        let removed = store.remove(account, MailboxId::INBOX, &uids, now).await;
        let messages = removed.map_err(trouble::of_store)?.len();
        Ok(Some(Piece::Removed { messages }))
    }

    async fn records(
        &self,
        uids: &UidSet,
        after: Option<Uid>,
        limit: usize,
        include_gone: bool,
    ) -> Result<Vec<Record>, Refusal> {
        let page = Page {
            uids,
            after,
            limit,
            include_gone,
        };
        let (store, account) = (&self.service.store, self.account()?);
        let records = store.records(account, MailboxId::INBOX, page).await;
        records.map_err(trouble::of_store)
    }
}
