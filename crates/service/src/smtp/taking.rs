//! A message on its way in, from its first octet until it is accepted.
//!
//! Our trace fields stand on top of it, in the one body that all its recipients share.
//! `Return-Path` belongs there at final delivery and nowhere else (RFC 5321 section 4.4):
//! so it is the very first, and what leaves for elsewhere begins behind it
//! ([`queue::Entry::outgoing`]).
//!
//! The header of a submission is put in order on the way, for all who get it. If some of them
//! are elsewhere, the domain it is from signs it: the signature stands on top of what leaves,
//! above the trace fields, and is kept with the queue's entry.

use address::AccountId;
use dkim::Read;
use events::{Refusal, Story, Verdicts};
use jiff::Timestamp;
use jiff::tz::Offset;
use message::trace::{Origin, Received, With, joint, return_path};
use message::{Additions, date};
use queue::{Entry, QueueId, Returned, TlsWish};
use smtp::dsn::Return;
use smtp::{Begin, Piece, Role};
use store::{Delivery, Flags, Incoming, Intake, MailboxId};

use super::believing::{self, Frame, Judged};
use super::envelope::Envelope;
use super::submission::{self, Submission};
use super::{Answers, Service, forged};
use crate::junk::junk;
use crate::sending::Counted;
use crate::story;
use crate::trouble;

/// `Received` fields from which a message is taken to go in circles, our own counted.
/// RFC 5321 section 6.3 asks for a large number, normally at least 100.
const RECEIVED_FIELDS: u32 = 100;

/// A message that is coming in.
pub(super) struct Taking {
    id: QueueId,
    received: Timestamp,
    way: Way,
    story: Story,
}

/// How it comes to its place.
enum Way {
    /// As it is.
    Straight(Box<Straight>),
    /// By way of being judged.
    Judged(Box<Judged>),
}

/// A message that has come to its end.
struct Taken {
    incoming: Incoming,
    /// If it was judged.
    verdicts: Option<Verdicts>,
    /// What is to be signed, if anything is.
    read: Option<Read>,
}

/// What is noted of a message in the queue beside its envelope.
struct Marks {
    /// Our signatures.
    on_top: String,
    /// It goes where unwanted mail is.
    is_suspect: bool,
}

/// A message that streams to its place.
struct Straight {
    /// What a submission passes through.
    submission: Option<Submission>,
    /// How it begins, until that tells what has to stand between it and our fields.
    head: Option<Vec<u8>>,
    /// What came of it so far. After a failure the rest of it is not looked at.
    intake: Result<Intake, Refusal>,
}

impl Taking {
    /// Takes the next octets of the message.
    pub(super) async fn write(&mut self, octets: &[u8]) {
        match &mut self.way {
            Way::Straight(straight) => straight.write(octets).await,
            Way::Judged(judged) => judged.write(octets).await,
        }
    }

    /// The message has come to its end.
    async fn finish(self) -> Result<Taken, Refusal> {
        match self.way {
            Way::Straight(straight) => straight.finish().await,
            Way::Judged(judged) => {
                let (incoming, verdicts) = judged.finish().await?;
                Ok(Taken {
                    incoming,
                    verdicts: Some(verdicts),
                    read: None,
                })
            }
        }
    }
}

impl Straight {
    async fn write(&mut self, octets: &[u8]) {
        match &mut self.submission {
            Some(submission) => {
                let octets = submission.push(octets);
                self.take(&octets).await;
            }
            None => self.take(octets).await,
        }
    }

    /// Takes octets that stay as they are.
    async fn take(&mut self, octets: &[u8]) {
        let Some(mut head) = self.head.take() else {
            return self.put(octets).await;
        };
        head.extend_from_slice(octets);
        match joint(&head, false) {
            Some(joint) => self.join(joint, &head).await,
            None => self.head = Some(head),
        }
    }

    async fn finish(mut self) -> Result<Taken, Refusal> {
        let mut read = None;
        if let Some(submission) = self.submission.take() {
            let (last, signed) = submission.finish();
            self.take(&last).await;
            read = signed;
        }
        if let Some(head) = self.head.take() {
            self.join(joint(&head, true).unwrap_or_default(), &head)
                .await;
        }
        let incoming = self.intake?.finish().await;
        Ok(Taken {
            incoming: incoming.map_err(trouble::of_store)?,
            verdicts: None,
            read,
        })
    }

    async fn join(&mut self, joint: &str, head: &[u8]) {
        self.put(joint.as_bytes()).await;
        self.put(head).await;
    }

    async fn put(&mut self, octets: &[u8]) {
        if let Ok(intake) = &mut self.intake
            && let Err(error) = intake.write(octets).await
        {
            self.intake = Err(trouble::of_store(error));
        }
    }
}

impl Answers {
    /// Opens the body and puts our trace fields on top.
    pub(super) async fn begin(&mut self, begin: &Begin) -> Result<(), Refusal> {
        let submitted = self.submitter()?.is_some();
        let envelope = self.envelope.as_ref().ok_or(Refusal::Temporary)?;
        let leaves = envelope.remote() > 0;
        let received = self.now();
        let id = QueueId::new(received, rand::random());
        let submission = submitted.then(|| self.submission(id, received, leaves));
        let above = return_path(&envelope.sender.path);
        let below = self.received(begin, envelope, id, received);
        let way = match self.is_judged() {
            true => Way::Judged(Box::new(
                self.judged(begin, envelope, received, above, below),
            )),
            false => Way::Straight(Box::new(
                self.straight(&(above + &below), submission).await?,
            )),
        };
        let story = Story {
            id: id.to_string(),
            peer: self.visitor.peer().to_canonical(),
            hello: begin.hello.name.clone(),
            tls: begin
                .encryption
                .as_ref()
                .map(|with| (with.version.name().to_owned(), with.suite.clone())),
            account: self.submitter()?.map(|account| account.address.to_string()),
            verdicts: None,
        };
        self.taking = Some(Taking {
            id,
            received,
            way,
            story,
        });
        Ok(())
    }

    /// Whether what this peer brings is judged: mail from another server that we do not
    /// trust.
    pub(super) fn is_judged(&self) -> bool {
        self.role == Role::Exchange && !self.service.believing.trusts(self.visitor.peer())
    }

    async fn straight(
        &self,
        top: &str,
        submission: Option<Submission>,
    ) -> Result<Straight, Refusal> {
        let mut straight = Straight {
            submission,
            head: Some(Vec::new()),
            intake: Ok(self.service.store.body()),
        };
        straight.put(top.as_bytes()).await;
        match straight.intake {
            Err(refusal) => Err(refusal),
            Ok(_) => Ok(straight),
        }
    }

    fn judged(
        &self,
        begin: &Begin,
        envelope: &Envelope,
        now: Timestamp,
        above: String,
        below: String,
    ) -> Judged {
        let origin = believing::Origin {
            peer: self.visitor.peer(),
            helo: begin.hello.name.clone(),
            listed: self
                .asking
                .as_ref()
                .map_or(Vec::new(), |asking| asking.known().to_vec()),
            from: envelope.sender.path.clone(),
            now,
        };
        let frame = Frame {
            host: self.service.host.clone(),
            above,
            below,
        };
        let Service {
            believing, store, ..
        } = &self.service;
        Judged::new(believing.clone(), store.clone(), origin, frame)
    }

    /// What a submission passes through.
    fn submission(&self, id: QueueId, received: Timestamp, leaves: bool) -> Submission {
        let date = date::format(received, Offset::UTC);
        let additions = Additions {
            date: format!("Date: {date}\r\n"),
            // The number is unique for as long as the message is anywhere.
            message_id: format!("Message-ID: <{id}@{}>\r\n", self.service.host),
        };
        Submission::new(additions, leaves)
    }

    fn received(
        &self,
        begin: &Begin,
        envelope: &Envelope,
        id: QueueId,
        received: Timestamp,
    ) -> String {
        let encryption = begin.encryption.as_ref();
        let client = Origin::Client {
            helo: &begin.hello.name,
            peer: self.visitor.peer(),
        };
        let field = Received {
            from: match self.role == Role::Submission && !self.service.name_clients {
                true => Origin::User,
                false => client,
            },
            by: &self.service.host,
            with: With {
                extended: begin.hello.extended,
                encrypted: encryption.is_some(),
                signed_in: begin.signed_in,
                utf8: begin.smtputf8,
            },
            tls: encryption.map(|with| (with.version.name(), with.suite.as_str())),
            id: &id.to_string(),
            recipient: envelope.only(),
            when: received,
            offset: Offset::UTC,
        };
        field.field()
    }

    /// Delivers or queues the message that has come, durably; with the verdicts, if it was
    /// judged.
    pub(super) async fn accept(&mut self) -> (Option<Verdicts>, Result<Piece, Refusal>) {
        // Both are used up, whatever comes of it.
        let (Some(taking), Some(mut envelope)) = (self.taking.take(), self.envelope.take()) else {
            return (None, Err(Refusal::Temporary));
        };
        let (id, received, mut story) = (taking.id, taking.received, taking.story.clone());
        match Box::pin(taking.finish()).await {
            Ok(mut taken) => {
                let verdicts = taken.verdicts.clone();
                story.verdicts.clone_from(&verdicts);
                taken.incoming = taken.incoming.with_story(story::write(&story));
                envelope.break_loops(&taken.incoming.scanned.delivered_to);
                let message_id = taken.incoming.scanned.envelope.message_id.clone();
                let accepted = self.place(id, received, &envelope, taken).await;
                if accepted.is_ok() {
                    self.note_tablet(&envelope, message_id.as_deref()).await;
                }
                (verdicts, accepted)
            }
            Err(refusal) => (None, Err(refusal)),
        }
    }

    async fn place(
        &self,
        id: QueueId,
        received: Timestamp,
        envelope: &Envelope,
        taken: Taken,
    ) -> Result<Piece, Refusal> {
        self.judge(&taken.incoming).await?;
        if envelope.recipients().is_empty() {
            return Err(Refusal::Loop);
        }
        let counted = self.count(envelope, &taken.incoming).await?;
        let placed = self.put(id, received, envelope, taken).await;
        if let (Err(_), Some(counted)) = (&placed, counted) {
            self.service.sending.give_back(&counted);
        }
        placed
    }

    /// Counts a submission, if it may be sent.
    async fn count(
        &self,
        envelope: &Envelope,
        incoming: &Incoming,
    ) -> Result<Option<Counted>, Refusal> {
        let Some(account) = self.submitter()? else {
            return Ok(None);
        };
        let (network, now) = (self.visitor.line().network(), self.now());
        let sample = submission::sample(&incoming.scanned);
        let message = (envelope.recipients().len() as u64, sample);
        let sending = &self.service.sending;
        let counted = sending.count(account.id, network, message, now).await?;
        Ok(Some(counted))
    }

    async fn put(
        &self,
        id: QueueId,
        received: Timestamp,
        envelope: &Envelope,
        taken: Taken,
    ) -> Result<Piece, Refusal> {
        let Taken {
            incoming,
            verdicts,
            read,
        } = taken;
        let is_suspect = verdicts.as_ref().is_some_and(Verdicts::is_suspect);
        let delivered = match envelope.held_until {
            Some(_) => 0,
            None => envelope.local(),
        };
        let accepted = Piece::Accepted {
            id: id.to_string(),
            delivered,
            queued: envelope.recipients().len() - delivered,
        };
        match envelope.only_account() {
            Some(account) => {
                self.deliver(account, &incoming, received, is_suspect)
                    .await?;
            }
            None => {
                let on_top = match &verdicts {
                    Some(verdicts) => self.seal(envelope, &incoming, verdicts).await?,
                    None => self.signatures(&incoming, read).await?,
                };
                let marks = Marks { on_top, is_suspect };
                self.queue(id, received, envelope, incoming, marks).await?;
            }
        }
        Ok(accepted)
    }

    async fn judge(&self, incoming: &Incoming) -> Result<(), Refusal> {
        let scanned = &incoming.scanned;
        if scanned.received_fields >= RECEIVED_FIELDS {
            return Err(Refusal::Loop);
        }
        match self.submitter()? {
            Some(account) => {
                forged::check(&self.service.directory, account, &scanned.senders).await
            }
            None => Ok(()),
        }
    }

    /// What signs a submission that leaves.
    async fn signatures(&self, incoming: &Incoming, read: Option<Read>) -> Result<String, Refusal> {
        let Some(read) = read else {
            return Ok(String::new());
        };
        let (directory, senders) = (&self.service.directory, &incoming.scanned.senders);
        submission::sign(directory, senders, read, self.now()).await
    }

    /// Puts a message for one account where it belongs.
    async fn deliver(
        &self,
        account: AccountId,
        incoming: &Incoming,
        received: Timestamp,
        is_suspect: bool,
    ) -> Result<(), Refusal> {
        let found = self.service.directory.account(account).await;
        // If it was removed meanwhile, the sender learns so at the next try.
        let found = found.map_err(trouble::of_directory)?;
        let quota = found.ok_or(Refusal::Temporary)?.quota;
        let delivery = Delivery {
            flags: Flags::default(),
            internal_date: received.into(),
            once: None,
            quota,
        };
        let (store, now) = (&self.service.store, self.now());
        let mailbox = match is_suspect {
            true => junk(store, account, now).await.map_err(trouble::of_store)?,
            false => MailboxId::INBOX,
        };
        let placed = store.deliver(account, mailbox, incoming, &delivery, now);
        placed.await.map_err(trouble::of_store)?;
        Ok(())
    }

    /// Makes a message for several durable at once; the copies for accounts here are
    /// made in the background.
    async fn queue(
        &self,
        id: QueueId,
        received: Timestamp,
        envelope: &Envelope,
        incoming: Incoming,
        marks: Marks,
    ) -> Result<(), Refusal> {
        let sender = &envelope.sender;
        let recipients = envelope.recipients().to_vec();
        let body = incoming.body.clone();
        let entry = Entry {
            submitted_by: self.submitter()?.map(|account| account.id),
            // An alias may lead to such an address from one that is plain.
            smtputf8: sender.smtputf8 || envelope.needs_smtputf8(),
            eight_bit: sender.eight_bit || incoming.scanned.eight_bit,
            tls: match (sender.require_tls, incoming.scanned.tls_waived) {
                // RFC 8689 section 3: whoever requires it waives nothing.
                (true, _) => TlsWish::Required,
                (false, true) => TlsWish::Waived,
                (false, false) => TlsWish::Usual,
            },
            on_top: marks.on_top,
            is_suspect: marks.is_suspect,
            story: incoming.story().to_vec(),
            envelope_id: sender.envelope_id.as_ref().map(ToString::to_string),
            returned: sender.ret.map(|ret| match ret {
                Return::Full => Returned::Full,
                Return::Headers => Returned::Header,
            }),
            ..Entry::new(id, sender.path.clone(), recipients, body, received)
        };
        incoming.check().map_err(trouble::of_store)?;
        let put = self.service.queue.put(&entry).await;
        put.map_err(trouble::of_queue)?;
        if envelope.local() > 0 && envelope.held_until.is_none() {
            self.service.fan_out.begin(entry, incoming);
        }
        Ok(())
    }
}
