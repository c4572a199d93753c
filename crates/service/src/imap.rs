//! Answers what IMAP sessions ask.
//!
//! [`Answers`] is one connection: who is signed in, which mailbox is open, and the message
//! that is coming in. Each question is a call of the store or two, and the words of the one
//! changed for those of the other.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `imap.rs` | the connection; questions that are one call |
//! | `imap/open.rs` | the open mailbox, and what happened in it |
//! | `imap/fetch.rs`, `imap/search.rs` | the two that read messages |
//! | `imap/sorted.rs` | what a reader says is unwanted, by putting it into Junk |
//! | `imap/convert.rs` | words for words |

mod convert;
mod fetch;
mod open;
mod search;
mod sorted;

use std::time::Duration;

use address::{AccountId, Password};
use bytes::Bytes;
use directory::Directory;
use events::Refusal;
use imap::{Append, Condition, Imap, MailboxName, Opened, Piece, Question, Status};
use jiff::Timestamp;
use journal::Journal;
use net::{Answerer, Pieces, Wake};
use session::RightEnd;
use store::{Delivery, Intake, MailboxId, Page, Store, StoreError, UidSet};

use crate::Line;
use crate::sign_in::Visitor;
use convert::{refusal, refused};
use open::{Mailbox, Messages};
use search::Search;

/// How often a client that waits is told that somebody is at it. Old devices give up
/// after a minute without a byte.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Records that SEARCH reads at once.
const RECORDS: usize = 500;

/// UIDs in one piece of an answer.
const UIDS: usize = 8 * 1024;

/// What IMAP connections have in common.
#[derive(Clone)]
pub struct Service {
    /// Where mail is.
    pub store: Store,
    /// Who may read it.
    pub directory: Directory,
    /// What happened.
    pub journal: Journal,
    /// Octets of the largest message that is taken.
    pub message_octets: u64,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

/// Answers the questions of one IMAP session.
pub struct Answers {
    service: Service,
    visitor: Visitor,
    /// Wakes when something in the account changes that is signed in.
    watch: Option<kv::Watch>,
    open: Option<Open>,
    taking: Option<Taking>,
}

/// The mailbox that is open.
#[derive(Clone, Copy)]
struct Open {
    id: MailboxId,
    read_only: bool,
}

/// A message that is coming in.
struct Taking {
    append: Append,
    /// What came of it so far. After a failure the rest of it is not looked at.
    intake: Result<Intake, StoreError>,
}

/// What most questions are answered with.
type Answer = Result<Vec<Piece>, Refusal>;

impl Answerer<Imap> for Answers {
    async fn answer(&mut self, question: Question, pieces: &mut Pieces<Piece>) {
        match self.reply(question, pieces).await {
            Ok(answer) => {
                for piece in answer {
                    pieces.send(piece).await;
                }
            }
            Err(refusal) => pieces.send(refused(refusal)).await,
        }
    }

    async fn body(&mut self, chunk: Bytes) {
        if let Some(taking) = &mut self.taking
            && let Ok(intake) = &mut taking.intake
            && let Err(error) = intake.write(&chunk).await
        {
            taking.intake = Err(error);
        }
    }

    fn right(&self) -> impl Future<Output = RightEnd> + Send + 'static {
        self.visitor.right()
    }

    async fn woken(&mut self) -> Wake {
        let changed = async {
            match &mut self.watch {
                Some(watch) => watch.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            why = self.visitor.ended() => Wake::RightEnded(why),
            () = changed => Wake::Notice,
        }
    }
}

/// Waits for something, and tells the client now and then that it is not forgotten.
async fn working<T>(pieces: &mut Pieces<Piece>, what: impl Future<Output = T>) -> T {
    let mut what = std::pin::pin!(what);
    loop {
        match tokio::time::timeout(SIGN_OF_LIFE, &mut what).await {
            Ok(done) => return done,
            Err(_) => pieces.send(Piece::Working).await,
        }
    }
}

impl Answers {
    /// For this connection.
    pub fn new(service: Service, line: Line) -> Answers {
        Answers {
            service,
            visitor: Visitor::new(line),
            watch: None,
            open: None,
            taking: None,
        }
    }

    async fn reply(&mut self, question: Question, pieces: &mut Pieces<Piece>) -> Answer {
        match question {
            Question::SignIn {
                name,
                password,
                encrypted,
            } => Ok(vec![
                working(pieces, self.sign_in(&name, &password, encrypted)).await,
            ]),
            Question::Append(append) => self.append(append).await,
            Question::AppendEnd => working(pieces, self.append_end()).await,
            Question::AppendCancel => {
                self.taking = None;
                done()
            }
            Question::Select { mailbox, read_only } => {
                working(pieces, self.select(&mailbox, read_only)).await
            }
            Question::Close { expunge } => {
                let answer = match expunge {
                    true => working(pieces, self.expunge(None)).await?,
                    false => vec![Piece::Done],
                };
                self.open = None;
                Ok(answer)
            }
            Question::Delete(mailbox) => working(pieces, self.delete(&mailbox)).await,
            Question::Fetch(wanted) => {
                let told = fetch::fetch(&self.mailbox()?, &wanted, pieces).await;
                told.map_err(|error| refusal(&error))?;
                done()
            }
            Question::Search(condition) => self.search(condition, pieces).await,
            question => working(pieces, self.reply_at_once(question)).await,
        }
    }

    /// Questions whose answer is one call of the store.
    async fn reply_at_once(&self, question: Question) -> Answer {
        match question {
            Question::Mailboxes => self.mailboxes().await,
            Question::Status(mailbox) => self.status(&mailbox).await,
            Question::Create(mailbox) => self.create(&mailbox).await,
            Question::Rename { from, to } => self.rename(&from, &to).await,
            Question::Subscribe { mailbox, on } => self.subscribe(&mailbox, on).await,
            Question::Changes(known) => {
                let changes = self.mailbox()?.changes(known).await;
                changes.map_err(|error| refusal(&error))
            }
            Question::Store { uids, change } => self.store_flags(&uids, &change).await,
            Question::Copy { uids, to } => self.copy(&uids, &to).await,
            Question::Move { uids, to } => self.move_messages(&uids, &to).await,
            Question::Expunge { only } => {
                self.expunge(only.as_ref().map(convert::stored_set).as_ref())
                    .await
            }
            // All others were taken before.
            _ => Err(Refusal::Temporary),
        }
    }

    fn now(&self) -> Timestamp {
        (self.service.clock)()
    }

    fn store(&self) -> &Store {
        &self.service.store
    }

    fn account(&self) -> Result<AccountId, Refusal> {
        self.visitor.account().map(|account| account.id)
    }

    /// The mailbox that is open.
    fn mailbox(&self) -> Result<Mailbox<'_>, Refusal> {
        let Open { id, read_only } = self.open.ok_or(Refusal::NoSuchMailbox)?;
        let (store, account, now) = (self.store(), self.account()?, self.now());
        Ok(Mailbox {
            store,
            account,
            id,
            read_only,
            now,
        })
    }

    /// The mailbox of a name.
    async fn named(&self, name: &MailboxName) -> Result<MailboxId, Refusal> {
        let found = self
            .store()
            .find_mailbox(self.account()?, name.as_str())
            .await;
        let found = found.map_err(|error| refusal(&error))?;
        found
            .map(|mailbox| mailbox.id)
            .ok_or(Refusal::NoSuchMailbox)
    }

    /// What the account may hold, as it is now.
    async fn quota(&self) -> Result<Option<u64>, Refusal> {
        match self.service.directory.account(self.account()?).await {
            Ok(Some(account)) => Ok(account.quota),
            Ok(None) => Err(Refusal::Temporary),
            Err(error) => {
                tracing::error!(%error, "a quota could not be looked up");
                Err(Refusal::Temporary)
            }
        }
    }

    async fn sign_in(&mut self, name: &str, password: &Password, encrypted: bool) -> Piece {
        let rooms = (&self.service.directory, &self.service.journal);
        let now = self.now();
        let who = (name, password);
        match self.visitor.sign_in(rooms, who, encrypted, now).await {
            Ok(account) => {
                self.watch = Some(self.service.store.watch(account.id));
                Piece::SignedIn {
                    address: account.address.to_string(),
                }
            }
            Err((refusal, failure)) => Piece::Refused {
                refusal,
                failure: Some(failure),
            },
        }
    }

    async fn mailboxes(&self) -> Answer {
        let account = self.account()?;
        let mailboxes = self
            .store()
            .mailboxes(account)
            .await
            .map_err(|error| refusal(&error))?;
        let subscriptions = self
            .store()
            .subscriptions(account)
            .await
            .map_err(|error| refusal(&error))?;
        let mailbox = |mailbox: store::Mailbox| imap::Mailbox {
            name: mailbox.name,
            special_use: mailbox.role.map(convert::special_use),
        };
        let mailboxes = mailboxes.into_iter().map(mailbox).collect();
        Ok(vec![
            Piece::Mailboxes(mailboxes),
            Piece::Subscriptions(subscriptions),
            Piece::Done,
        ])
    }

    async fn status(&self, mailbox: &MailboxName) -> Answer {
        let id = self.named(mailbox).await?;
        let summary = self.store().summary(self.account()?, id).await;
        let summary = summary.map_err(|error| refusal(&error))?;
        let validity = convert::validity(summary.uid_validity).ok_or(Refusal::Temporary)?;
        let uid_next = summary
            .uid_next
            .get()
            .try_into()
            .map_err(|_| Refusal::Temporary)?;
        Ok(vec![Piece::Status(Status {
            id: convert::mailbox_id(self.account()?, id).ok_or(Refusal::Temporary)?,
            messages: summary.exists,
            recent: summary.recent,
            unseen: summary.unseen,
            uid_next,
            validity,
        })])
    }

    async fn select(&mut self, mailbox: &MailboxName, read_only: bool) -> Answer {
        self.open = None;
        let id = self.named(mailbox).await?;
        let selected = self.store().select(self.account()?, id, !read_only).await;
        let selected = selected.map_err(|error| refusal(&error))?;
        let summary = &selected.summary;
        let opened = Opened {
            id: convert::mailbox_id(self.account()?, id).ok_or(Refusal::Temporary)?,
            validity: convert::validity(summary.uid_validity).ok_or(Refusal::Temporary)?,
            uid_next: summary
                .uid_next
                .get()
                .try_into()
                .map_err(|_| Refusal::Temporary)?,
            modseq: imap::Modseq(summary.highest_modseq.get()),
            first_unseen: selected.first_unseen.and_then(convert::uid),
            recent_from: convert::uid(selected.recent_from),
            keywords: convert::keywords(&selected.keywords),
            messages: u32::try_from(selected.uids.len()).unwrap_or(u32::MAX),
        };
        self.open = Some(Open { id, read_only });
        let runs = selected.uids.chunks(UIDS);
        let runs = runs.map(|run| Piece::Uids(convert::uids(run.iter().copied())));
        Ok([Piece::Selected(opened)]
            .into_iter()
            .chain(runs)
            .chain([Piece::Done])
            .collect())
    }

    async fn create(&self, mailbox: &MailboxName) -> Answer {
        let made = self
            .store()
            .create_mailbox(self.account()?, mailbox.as_str(), self.now())
            .await;
        let made = made.map_err(|error| refusal(&error))?;
        let id = convert::mailbox_id(self.account()?, made.id).ok_or(Refusal::Temporary)?;
        Ok(vec![Piece::Created(id)])
    }

    async fn delete(&mut self, mailbox: &MailboxName) -> Answer {
        let id = self.named(mailbox).await?;
        let deleted = self
            .store()
            .delete_mailbox(self.account()?, mailbox.as_str())
            .await;
        deleted.map_err(|error| refusal(&error))?;
        let selected = self.open.is_some_and(|open| open.id == id);
        if selected {
            self.open = None;
        }
        Ok(vec![Piece::Deleted { selected }])
    }

    async fn rename(&self, from: &MailboxName, to: &MailboxName) -> Answer {
        let (account, now) = (self.account()?, self.now());
        let renamed = self
            .store()
            .rename_mailbox(account, from.as_str(), to.as_str(), now)
            .await;
        renamed.map_err(|error| refusal(&error))?;
        done()
    }

    async fn subscribe(&self, mailbox: &MailboxName, on: bool) -> Answer {
        let set = self
            .store()
            .set_subscribed(self.account()?, mailbox.as_str(), on)
            .await;
        set.map_err(|error| refusal(&error))?;
        done()
    }

    /// A message wants to come in: refused before it is sent, if it can be known.
    async fn append(&mut self, append: Append) -> Answer {
        self.named(&append.mailbox).await?;
        let limit = self.service.message_octets;
        if append.size > limit {
            return Err(Refusal::TooLarge { limit });
        }
        let usage = self
            .store()
            .usage(self.account()?)
            .await
            .map_err(|error| refusal(&error))?;
        let room = |quota: u64| usage.bytes.saturating_add(append.size) <= quota;
        if !self.quota().await?.is_none_or(room) {
            return Err(Refusal::OverQuota { temporary: true });
        }
        let room = self.store().check_room(append.size);
        room.map_err(|error| refusal(&error))?;
        let intake = Ok(self.store().body());
        self.taking = Some(Taking { append, intake });
        done()
    }

    async fn append_end(&mut self) -> Answer {
        let Taking { append, intake } = self.taking.take().ok_or(Refusal::Temporary)?;
        let intake = intake.map_err(|error| refusal(&error))?;
        if intake.length() != append.size {
            return Err(Refusal::Temporary);
        }
        let incoming = intake.finish().await.map_err(|error| refusal(&error))?;
        let (account, now) = (self.account()?, self.now());
        let delivery = Delivery {
            flags: convert::stored_flags(&append.flags),
            internal_date: convert::stored_date(append.date, now),
            once: None,
            quota: self.quota().await?,
        };
        let id = self.named(&append.mailbox).await?;
        let placed = self
            .store()
            .deliver(account, id, &incoming, &delivery, now)
            .await;
        let placed = placed.map_err(|error| refusal(&error))?;
        let validity = convert::validity(placed.uid_validity).ok_or(Refusal::Temporary)?;
        let uid = convert::uid(placed.uid).ok_or(Refusal::Temporary)?;
        Ok(vec![Piece::Appended { validity, uid }])
    }

    async fn store_flags(&self, uids: &imap::UidSet, change: &imap::FlagChange) -> Answer {
        let mailbox = self.mailbox()?;
        let what = convert::stored_change(change);
        let marks = mailbox.set_flags(&convert::stored_set(uids), &what).await;
        let marks = marks.map_err(|error| refusal(&error))?;
        let piece = |marked: &store::Marked| {
            let of = convert::flags_of(&marked.marks)?;
            let before = imap::Modseq(marked.before.get());
            Some(Piece::Flags { of, before })
        };
        Ok(marks
            .iter()
            .filter_map(piece)
            .chain([Piece::Done])
            .collect())
    }

    async fn copy(&self, uids: &imap::UidSet, to: &MailboxName) -> Answer {
        let (from, to, quota) = (self.mailbox()?, self.named(to).await?, self.quota().await?);
        let uids = convert::stored_set(uids);
        let copied = self
            .store()
            .copy(from.account, from.id, &uids, to, quota, from.now)
            .await;
        self.note_sorted((from.id, to), copied_pieces(copied)?)
            .await
    }

    async fn move_messages(&self, uids: &imap::UidSet, to: &MailboxName) -> Answer {
        let (from, to) = (self.mailbox()?, self.named(to).await?);
        let uids = convert::stored_set(uids);
        let moved = self
            .store()
            .move_messages(from.account, from.id, &uids, to, from.now)
            .await;
        self.note_sorted((from.id, to), copied_pieces(moved)?).await
    }

    async fn expunge(&self, only: Option<&UidSet>) -> Answer {
        let mailbox = self.mailbox()?;
        let gone = self
            .store()
            .expunge(mailbox.account, mailbox.id, only, mailbox.now)
            .await;
        let gone = gone.map_err(|error| refusal(&error))?;
        let runs = gone
            .chunks(UIDS)
            .map(|run| Piece::Expunged(convert::uids(run.iter().copied())));
        Ok(runs.chain([Piece::Done]).collect())
    }

    async fn search(&self, condition: Condition, pieces: &mut Pieces<Piece>) -> Answer {
        let mailbox = self.mailbox()?;
        let messages = Messages::of(&mailbox);
        let search = Search::new(condition, mailbox.account);
        let within = search.within();
        let mut after = None;
        loop {
            let page = Page {
                uids: &within,
                after,
                limit: RECORDS,
                include_gone: false,
            };
            let flagged = working(pieces, mailbox.flags(page)).await;
            let flagged = flagged.map_err(|error| refusal(&error))?;
            let Some(last) = flagged.messages.last() else {
                return done();
            };
            after = Some(last.uid);
            let (mut found, open) = search.by_flags(&flagged);
            if !open.is_empty() {
                let page = Page {
                    uids: &open,
                    after: None,
                    limit: RECORDS,
                    include_gone: false,
                };
                let records = working(pieces, mailbox.records(page)).await;
                let records = records.map_err(|error| refusal(&error))?;
                let among = working(pieces, search.among(&records, &messages)).await;
                found.extend(among.map_err(|error| refusal(&error))?);
                found.sort_unstable();
            }
            if !found.is_empty() {
                pieces.send(Piece::Found(convert::uids(found))).await;
            }
        }
    }
}

fn done() -> Answer {
    Ok(vec![Piece::Done])
}

fn copied_pieces(copied: Result<store::Copied, StoreError>) -> Answer {
    let copied = copied.map_err(|error| refusal(&error))?;
    let validity = convert::validity(copied.uid_validity).ok_or(Refusal::Temporary)?;
    let runs = copied.pairs.chunks(UIDS).map(|run| {
        let pair =
            |&(from, to): &(store::Uid, store::Uid)| Some((convert::uid(from)?, convert::uid(to)?));
        Piece::Copied {
            validity,
            pairs: run.iter().filter_map(pair).collect(),
        }
    });
    Ok(runs.chain([Piece::Done]).collect())
}
