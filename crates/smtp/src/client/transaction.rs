//! One message: MAIL, RCPT, DATA, the message, its end. RFC 5321 section 3.3, RFC 2920.
//!
//! Where the peer pipelines, all up to DATA goes out at once. So DATA may be answered
//! `354` when every recipient was refused; then the end of an empty message is said, as
//! RFC 2920 section 3.1 has it, and nobody gets one.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use session::Moment;

use super::outcome::{At, Fate, Outcome, Trouble};
use super::stuffing::Stuffing;
use super::{Capabilities, Envelope, Reply, limits};

/// One message on its way.
#[derive(Debug)]
pub(super) struct Transaction {
    envelope: Envelope,
    /// What is decided of the recipients.
    fates: Vec<Option<Fate>>,
    dsn: bool,
    /// Commands that may be out at once.
    window: usize,
    next: Next,
    /// What was said and not yet answered.
    awaited: VecDeque<Command>,
    stage: Stage,
    /// Recipients that the peer takes, so far.
    taken: usize,
    mail: Mail,
    /// Since when the first reply is waited for.
    since: Moment,
    until: Moment,
}

/// What is to be said next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Reset,
    Mail,
    Recipient(usize),
    Data,
    /// The end of an empty message.
    NoMessage,
    Nothing,
}

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Reset,
    Mail,
    Recipient(usize),
    Data,
    End,
}

#[derive(Debug)]
enum Stage {
    Envelope,
    /// The message is going out.
    Message(Stuffing),
    /// Its end was said.
    Ended,
}

/// What became of MAIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mail {
    Unsaid,
    Said,
    Refused,
}

/// What a reply leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Goes,
    /// The connection is of no use any more.
    Fails(Trouble),
    /// The same, and nothing is unknown.
    Breaks,
}

impl Command {
    fn at(self) -> At {
        match self {
            Command::Reset => At::Reset,
            Command::Mail => At::Mail,
            Command::Recipient(_) => At::Recipient,
            Command::Data => At::Data,
            Command::End => At::End,
        }
    }

    /// How long its reply may take.
    fn patience(self) -> Duration {
        match self {
            Command::Reset => limits::COMMAND,
            Command::Mail => limits::MAIL,
            Command::Recipient(_) => limits::RCPT,
            Command::Data => limits::DATA,
            Command::End => limits::END,
        }
    }
}

impl Transaction {
    /// One that begins now. `untidy`: the peer still has something of the one before.
    pub(super) fn new(
        envelope: Envelope,
        peer: &Capabilities,
        untidy: bool,
        now: Moment,
    ) -> Transaction {
        let most = peer.rcpt_max.unwrap_or(usize::MAX);
        let obstacle = envelope.obstacle(peer);
        let begins = |at| match obstacle {
            Some(obstacle) => Some(Fate::Impossible(obstacle)),
            None => (at >= most).then_some(Fate::Untried),
        };
        let fates = (0..envelope.recipients.len()).map(begins).collect();
        let next = match obstacle {
            Some(_) => Next::Nothing,
            None if untidy => Next::Reset,
            None => Next::Mail,
        };
        Transaction {
            envelope,
            fates,
            dsn: peer.dsn,
            window: if peer.pipelining { limits::WINDOW } else { 1 },
            next,
            awaited: VecDeque::new(),
            stage: Stage::Envelope,
            taken: 0,
            mail: Mail::Unsaid,
            since: now,
            until: now + limits::MESSAGE,
        }
    }

    /// When the reply that is waited for is late; or the peer, with all of the message.
    pub(super) fn late(&self) -> Moment {
        let reply = self
            .awaited
            .front()
            .map(|first| self.since + first.patience());
        reply.map_or(self.until, |late| late.min(self.until))
    }

    /// No reply is waited for.
    pub(super) fn asks_nothing(&self) -> bool {
        self.awaited.is_empty()
    }

    /// The next octets of the message are to be given.
    pub(super) fn wants_body(&self) -> bool {
        matches!(self.stage, Stage::Message(_))
    }

    /// Nothing is left to be said or heard.
    pub(super) fn is_over(&self) -> bool {
        self.awaited.is_empty() && self.next == Next::Nothing && !self.wants_body()
    }

    /// MAIL was said.
    pub(super) fn said_mail(&self) -> bool {
        self.mail != Mail::Unsaid
    }

    /// The peer has nothing left of an envelope: it ended with its message.
    pub(super) fn is_tidy(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// The lines that may be said now.
    pub(super) fn say(&mut self, peer: &Capabilities, now: Moment) -> Bytes {
        if self.awaited.is_empty() {
            self.since = now;
        }
        let mut lines = String::new();
        while self.awaited.len() < self.window
            && let Some((command, line)) = self.command(peer)
        {
            self.awaited.push_back(command);
            lines.push_str(&line);
            lines.push_str("\r\n");
        }
        lines.into()
    }

    /// The next command.
    fn command(&mut self, peer: &Capabilities) -> Option<(Command, String)> {
        match self.next {
            Next::Nothing => None,
            Next::Reset => {
                self.next = Next::Mail;
                Some((Command::Reset, "RSET".to_owned()))
            }
            Next::Mail => {
                self.next = Next::Recipient(0);
                self.mail = Mail::Said;
                Some((Command::Mail, self.envelope.mail(peer)))
            }
            Next::Recipient(at) => match self.envelope.recipients.get(at) {
                // One that is not tried is followed by no others.
                Some(to) if self.fates.get(at).is_some_and(Option::is_none) => {
                    self.next = Next::Recipient(at + 1);
                    Some((Command::Recipient(at), self.envelope.rcpt(to, peer)))
                }
                _ => {
                    self.next = Next::Data;
                    self.command(peer)
                }
            },
            Next::Data => {
                self.next = Next::Nothing;
                let hopes = self.taken > 0 || !self.awaited.is_empty();
                hopes.then(|| (Command::Data, "DATA".to_owned()))
            }
            Next::NoMessage => {
                self.next = Next::Nothing;
                self.stage = Stage::Ended;
                Some((Command::End, ".".to_owned()))
            }
        }
    }

    /// Takes a reply.
    pub(super) fn take(&mut self, reply: &Reply, now: Moment) -> Progress {
        self.since = now;
        let Some(&command) = self.awaited.front() else {
            return self.unasked(reply);
        };
        let intermediate = reply.code / 100 == 3;
        if intermediate != (command == Command::Data) && !reply.is_refusal() {
            return Progress::Fails(Trouble::Unexpected(reply.clone()));
        }
        self.awaited.pop_front();
        match command {
            Command::Reset if reply.is_refusal() => {
                return Progress::Fails(Trouble::Unexpected(reply.clone()));
            }
            Command::Reset => {}
            Command::Mail if reply.is_refusal() => {
                self.decide(&Fate::refused(At::Mail, reply));
                self.mail = Mail::Refused;
                self.next = Next::Nothing;
            }
            Command::Mail => {}
            Command::Recipient(at) => self.recipient(at, reply),
            Command::Data => return self.data(reply),
            Command::End if reply.is_refusal() => self.decide(&Fate::refused(At::End, reply)),
            Command::End => self.decide(&Fate::Accepted(reply.clone())),
        }
        Progress::Goes
    }

    fn recipient(&mut self, at: usize, reply: &Reply) {
        if !reply.is_refusal() {
            self.taken += 1;
        } else if let Some(fate) = self.fates.get_mut(at) {
            fate.get_or_insert_with(|| Fate::refused(At::Recipient, reply));
        }
    }

    fn data(&mut self, reply: &Reply) -> Progress {
        if reply.is_refusal() {
            self.decide(&Fate::refused(At::Data, reply));
            return Progress::Goes;
        }
        match (self.taken, self.mail) {
            (0, _) => self.next = Next::NoMessage,
            // Recipients without a sender: an empty message might reach them.
            (_, Mail::Refused) => return Progress::Breaks,
            _ => self.stage = Stage::Message(Stuffing::new()),
        }
        Progress::Goes
    }

    /// A reply that nothing was asked for. In the middle of a message it is about that, and
    /// the peer will not hear the end; only closing tells it that there is none.
    fn unasked(&mut self, reply: &Reply) -> Progress {
        if !(self.wants_body() && reply.is_refusal()) {
            return Progress::Fails(Trouble::OutOfStep);
        }
        self.decide(&Fate::refused(At::Message, reply));
        Progress::Breaks
    }

    /// This becomes of all of whom nothing else did.
    fn decide(&mut self, fate: &Fate) {
        for undecided in self.fates.iter_mut().filter(|fate| fate.is_none()) {
            *undecided = Some(fate.clone());
        }
    }

    /// The next octets of the message, as they go out.
    pub(super) fn body(&mut self, octets: Bytes) -> Option<Bytes> {
        match &mut self.stage {
            Stage::Message(stuffing) => Some(stuffing.push(octets)),
            Stage::Envelope | Stage::Ended => None,
        }
    }

    /// What goes out at the end of the message.
    pub(super) fn end(&mut self, now: Moment) -> Option<&'static [u8]> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Message(stuffing) => {
                self.awaited.push_back(Command::End);
                self.since = now;
                Some(stuffing.finish())
            }
            stage @ (Stage::Envelope | Stage::Ended) => {
                self.stage = stage;
                None
            }
        }
    }

    /// The connection is lost.
    pub(super) fn lost(mut self, trouble: Trouble) -> Outcome {
        let at = match (self.awaited.front(), &self.stage) {
            (Some(command), _) => command.at(),
            (None, Stage::Message(_)) => At::Message,
            (None, Stage::Envelope) if self.said_mail() => At::Recipient,
            (None, Stage::Envelope) => At::Mail,
            (None, Stage::Ended) => At::End,
        };
        // A peer that closes with a reply says by that that it has not taken the message.
        let perhaps_accepted = at == At::End && !matches!(trouble, Trouble::Closing(_));
        self.decide(&Fate::Lost {
            at,
            trouble,
            perhaps_accepted,
        });
        self.outcome()
    }

    /// What became of the message, when it is over.
    pub(super) fn outcome(self) -> Outcome {
        let fates = self.fates.into_iter();
        Outcome {
            // None is undecided when it is over; if one were, it was not tried.
            fates: fates.map(|fate| fate.unwrap_or(Fate::Untried)).collect(),
            dsn: self.dsn,
        }
    }
}
