//! SMTP, the client's side, as a machine without socket or clock.
//!
//! For whoever hands mail over to another host. A [`Client`] speaks on one connection: it
//! is greeted, begins TLS where that is wanted and offered, signs in where it has
//! credentials (a smarthost), and then hands over one message after the other. It decides
//! nothing about where mail goes, nor when it is tried again: it tells what became of each
//! recipient ([`Outcome`]).
//!
//! # How it is driven
//!
//! * [`Client::next`] is called until it returns [`Step::Want`], [`Step::Ready`] or
//!   [`Step::Close`]. What it sends is to drain before [`Step::Body`] is answered; so a
//!   message of any size costs the memory of one piece.
//! * While it sends, the peer is read as well and what it says is given at once: two that
//!   only write wait for each other for ever.
//! * At [`Step::Ready`] a message is given ([`Client::send`]), or it is told to go
//!   ([`Client::quit`]).
//! * At [`Step::Secure`] the driver begins TLS as the client, and gives
//!   [`Input::Secured`]. Where that fails the connection is of no further use, and a client
//!   in the clear needs a new one.
//!
//! # How the files are cut
//!
//! | file | what it does |
//! | --- | --- |
//! | `opening` | from the greeting to the first message; `sign_in` is a part of it |
//! | `transaction` | one message |
//! | `envelope` | what MAIL and RCPT say |
//! | `stuffing` | a message as it goes out behind DATA, and why no other is smuggled in it |
//! | `reply`, `status`, `capabilities` | what the peer says |
//! | `outcome` | what became of it all |
//! | `limits` | every bound, with its source |
//!
//! # Invariants
//!
//! * Any octets of the peer's are replies or an end; memory is bounded whatever they are.
//! * No reply is taken for the answer to a command that was not yet said: where one is
//!   left over, the connection is given up.
//! * Nothing that was said in the clear is believed once TLS has begun (RFC 3207
//!   section 4.2).
//! * A password is said under TLS alone.
//! * Each recipient of a message has exactly one fate, and has been accepted only when the
//!   peer said so to the end of the message.
//!
//! # What it does not do
//!
//! It sends by DATA alone, also where BDAT is offered: DATA is pipelined with the envelope,
//! so chunks would save no round trip, and every server can do it. A message that only
//! BINARYMIME could carry is never taken in.

mod capabilities;
mod envelope;
pub mod limits;
mod opening;
mod outcome;
mod reply;
mod sign_in;
mod status;
mod stuffing;
#[cfg(test)]
mod tests;
mod transaction;

use std::collections::VecDeque;
use std::{io, mem};

use address::Domain;
use bytes::Bytes;
use session::{Encryption, Moment};

pub use capabilities::{Capabilities, Size};
pub use envelope::{Envelope, Obstacle, Recipient};
use opening::Opening;
pub use outcome::{At, Failure, Fate, Outcome, Trouble};
use reply::Reader;
pub use reply::Reply;
pub use sign_in::Credentials;
pub use status::Status;
use transaction::{Progress, Transaction};

/// How a connection is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our own name, for EHLO.
    pub hello: Domain,
    /// When to begin TLS.
    pub starttls: StartTls,
    /// Who we are to a host that takes mail from its users alone.
    pub credentials: Option<Credentials>,
}

/// When to begin TLS by STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// Never: it failed before, or is there from the first octet.
    Never,
    /// Where the peer offers it. RFC 7435.
    IfOffered,
    /// Nothing is said without it.
    Demanded,
}

/// One thing that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The peer said this.
    Bytes(Bytes),
    /// The peer says nothing more.
    EndOfStream,
    /// Nothing more goes out or comes in.
    Broken(io::ErrorKind),
    /// The peer takes nothing more, for [`limits::BLOCK`].
    Stuck,
    /// The connection is encrypted: from its first octet, or after [`Step::Secure`].
    Secured(Encryption),
    /// The moment of the last [`Step::Want`] has come.
    TimeUp,
    /// The next octets of the message, for [`Step::Body`].
    Body(Bytes),
    /// All of the message has been given.
    BodyEnd,
    /// The rest of the message can't be read.
    BodyLost,
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this.
    Send(Bytes),
    /// Give what comes; and [`Input::TimeUp`] at that moment if nothing did.
    Want {
        /// The moment.
        until: Moment,
    },
    /// Once all is sent, give the next octets of the message. What comes from the peer is
    /// given as well.
    Body {
        /// When all of it has taken too long: then [`Input::TimeUp`].
        until: Moment,
    },
    /// Send all, then begin TLS as the client.
    Secure,
    /// Nothing is to be done: give a message, or quit.
    Ready,
    /// The connection can't be opened.
    Failed(Failure),
    /// This became of the message.
    Done(Outcome),
    /// Close the connection.
    Close,
}

/// One connection to another host.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    state: State,
    reader: Reader,
    capabilities: Capabilities,
    encryption: Option<Encryption>,
    /// Steps that are decided and not yet taken.
    out: VecDeque<Step>,
    /// Why nothing more will be heard.
    gone: Option<Trouble>,
    /// When what is waited for is late, but for a message.
    late: Moment,
    /// MAIL commands so far.
    mails: usize,
    /// What the last message left at the peer has to be put away first.
    untidy: bool,
}

#[derive(Debug)]
enum State {
    Opening(Opening),
    Ready,
    Sending(Box<Transaction>),
    Quitting,
    Closed,
}

impl Client {
    /// One that has just been connected. Where TLS is there from the first octet,
    /// [`Input::Secured`] comes before anything else.
    pub fn new(settings: Settings) -> Client {
        Client {
            settings,
            state: State::Opening(Opening::Greeting),
            reader: Reader::new(),
            capabilities: Capabilities::default(),
            encryption: None,
            out: VecDeque::new(),
            gone: None,
            late: Moment::default() + limits::GREETING,
            mails: 0,
            untidy: false,
        }
    }

    /// What the peer offers; nothing before [`Step::Ready`].
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// What the connection is encrypted with.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// Whether a message can be given now.
    pub fn takes_more(&self) -> bool {
        let most = self.capabilities.mail_max;
        let room = most.is_none_or(|most| self.mails < most);
        let quiet = self.gone.is_none() && self.reader.is_empty();
        matches!(self.state, State::Ready) && quiet && room
    }

    /// Hands a message over. [`Step::Done`] tells what became of it; it comes at once if
    /// [`Client::takes_more`] said no.
    pub fn send(&mut self, now: Moment, envelope: Envelope) {
        if !self.takes_more() {
            let fates = envelope.recipients.iter().map(|_| Fate::Untried).collect();
            return self
                .out
                .push_back(Step::Done(Outcome { fates, dsn: false }));
        }
        let transaction = Transaction::new(envelope, &self.capabilities, self.untidy, now);
        self.state = State::Sending(Box::new(transaction));
    }

    /// Says goodbye, between messages.
    pub fn quit(&mut self, now: Moment) {
        if matches!(self.state, State::Ready) {
            self.say("QUIT");
            self.late = now + limits::QUIT;
            self.state = State::Quitting;
        }
    }

    /// Takes one input. `now` never goes back.
    pub fn receive(&mut self, now: Moment, input: Input) {
        match input {
            Input::Bytes(octets) => self.hear(&octets),
            Input::EndOfStream => self.lose(Trouble::Ended),
            Input::Broken(kind) => self.lose(Trouble::Broken(kind)),
            Input::Stuck => self.lose(Trouble::Stuck),
            Input::TimeUp => self.time_up(now),
            Input::Secured(encryption) => self.secured(encryption, now),
            Input::Body(octets) => self.body(octets),
            Input::BodyEnd => self.body_end(now),
            Input::BodyLost => self.lose(Trouble::BodyLost),
        }
    }

    /// The next thing to do.
    pub fn next(&mut self, now: Moment) -> Step {
        loop {
            if let Some(step) = self.out.pop_front() {
                return step;
            }
            if let Some(step) = self.advance(now) {
                return step;
            }
        }
    }

    /// Decides what comes next. `None` when it has put steps out or changed the state.
    fn advance(&mut self, now: Moment) -> Option<Step> {
        match self.heard() {
            Ok(Some(reply)) => self.obey(reply, now),
            Ok(None) => return self.go_on(now),
            Err(trouble) => self.fail(trouble),
        }
        None
    }

    /// The next reply; or the trouble, once there is nothing left to be read.
    fn heard(&mut self) -> Result<Option<Reply>, Trouble> {
        if matches!(self.state, State::Closed) {
            return Ok(None);
        }
        match (self.reader.next(), &self.gone) {
            (Ok(Some(reply)), _) => Ok(Some(reply)),
            (Err(_), _) => Err(Trouble::Nonsense),
            (Ok(None), Some(gone)) => Err(gone.clone()),
            (Ok(None), None) => Ok(None),
        }
    }

    /// Does what a reply leads to.
    fn obey(&mut self, reply: Reply, now: Moment) {
        // Whoever says so closes, whatever was asked. RFC 5321 section 3.8.
        if reply.code == 421 {
            return self.fail(Trouble::Closing(reply));
        }
        match mem::replace(&mut self.state, State::Closed) {
            State::Opening(opening) => self.opened(opening, reply, now),
            State::Sending(transaction) => self.answered(transaction, &reply, now),
            // Nothing was asked, or nothing but to close.
            State::Ready | State::Quitting | State::Closed => {}
        }
    }

    /// Nothing has come that would lead on.
    fn go_on(&mut self, now: Moment) -> Option<Step> {
        match &self.state {
            State::Closed => Some(Step::Close),
            State::Ready => Some(Step::Ready),
            State::Sending(_) => self.go_on_with_message(now),
            State::Opening(_) | State::Quitting => Some(Step::Want { until: self.late }),
        }
    }

    /// When what is waited for is late.
    fn late(&self) -> Moment {
        match &self.state {
            State::Sending(transaction) => transaction.late(),
            _ => self.late,
        }
    }

    /// It is over, in whatever state.
    fn fail(&mut self, trouble: Trouble) {
        match mem::replace(&mut self.state, State::Closed) {
            State::Opening(opening) => {
                let failure = Failure::Trouble(opening.at(), trouble);
                self.out.push_back(Step::Failed(failure));
            }
            State::Sending(transaction) => {
                let outcome = transaction.lost(trouble);
                self.out.push_back(Step::Done(outcome));
            }
            State::Ready | State::Quitting | State::Closed => {}
        }
    }

    fn hear(&mut self, octets: &Bytes) {
        if !matches!(self.state, State::Closed) {
            self.reader.push(octets);
        }
    }

    fn lose(&mut self, trouble: Trouble) {
        self.gone.get_or_insert(trouble);
    }

    fn time_up(&mut self, now: Moment) {
        let waits = match &self.state {
            State::Sending(transaction) if transaction.wants_body() => Trouble::Stuck,
            _ => Trouble::Silent,
        };
        if now >= self.late() {
            self.lose(waits);
        }
    }

    fn body(&mut self, octets: Bytes) {
        if let State::Sending(transaction) = &mut self.state
            && let Some(octets) = transaction.body(octets)
            && !octets.is_empty()
        {
            self.out.push_back(Step::Send(octets));
        }
    }

    fn body_end(&mut self, now: Moment) {
        let State::Sending(transaction) = &mut self.state else {
            return;
        };
        // A reply that has begun before the end was said is none to the end.
        if !self.reader.is_empty() {
            return self.fail(Trouble::OutOfStep);
        }
        if let Some(octets) = transaction.end(now) {
            self.out.push_back(Step::Send(Bytes::from_static(octets)));
        }
    }

    fn answered(&mut self, mut transaction: Box<Transaction>, reply: &Reply, now: Moment) {
        let progress = transaction.take(reply, now);
        self.state = State::Sending(transaction);
        match progress {
            Progress::Goes => {}
            Progress::Fails(trouble) => self.fail(trouble),
            Progress::Breaks => self.finish(false),
        }
    }

    /// Says what comes next of a message; waits once that is said.
    fn go_on_with_message(&mut self, now: Moment) -> Option<Step> {
        let State::Sending(transaction) = &mut self.state else {
            return None;
        };
        if transaction.is_over() {
            self.finish(true);
            return None;
        }
        if transaction.wants_body() {
            let until = transaction.late();
            return Some(Step::Body { until });
        }
        // A reply that has begun already is none to what is said now.
        if transaction.asks_nothing() && !self.reader.is_empty() {
            self.fail(Trouble::OutOfStep);
            return None;
        }
        let lines = transaction.say(&self.capabilities, now);
        if !lines.is_empty() {
            return Some(Step::Send(lines));
        }
        let until = transaction.late();
        (!transaction.is_over()).then_some(Step::Want { until })
    }

    /// Tells what became of a message.
    fn finish(&mut self, goes_on: bool) {
        let State::Sending(transaction) = mem::replace(&mut self.state, State::Closed) else {
            return;
        };
        self.mails += usize::from(transaction.said_mail());
        self.untidy |= transaction.said_mail();
        self.untidy &= !transaction.is_tidy();
        self.out.push_back(Step::Done(transaction.outcome()));
        if goes_on {
            self.state = State::Ready;
        }
    }

    fn say(&mut self, line: &str) {
        self.out
            .push_back(Step::Send(Bytes::from(format!("{line}\r\n"))));
    }
}
