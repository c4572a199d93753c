//! A message that comes in chunks. RFC 3030 section 2.
//!
//! ```text
//!                    ┌── another chunk ──┐
//!                    v                   │
//! None ── BDAT ──> Open ── chunk ──> Open, or Refused until RSET
//!                    └── last chunk ──> accepted, or refused as after DATA
//! ```
//!
//! The octets of a chunk that is refused are read all the same: a peer that pipelines has sent
//! them. Once something of a message was refused nothing more of it is taken, lest its rest be
//! taken for the whole.

use bytes::Bytes;
use events::{Event, Refusal};
use session::{Moment, Step};

use super::message::Message;
use super::{Asked, Smtp, State, wait};
use crate::limits;
use crate::question::{Piece, Question};
use crate::refusal;
use crate::say::{End, Fault, News};
use crate::wire::Chunk;

/// What has come of an envelope's message, if that comes in chunks.
#[derive(Debug)]
pub(super) enum Chunks {
    None,
    /// The next chunk may come.
    Open(Message),
    Refused {
        /// Whether the service still has the envelope.
        held: bool,
    },
}

impl Chunks {
    pub(super) fn are_begun(&self) -> bool {
        !matches!(self, Chunks::None)
    }
}

/// Why a chunk is not taken.
#[derive(Debug)]
pub(super) enum Because {
    Fault(Fault),
    Refusal(Refusal),
}

/// A chunk that is coming in.
#[derive(Debug)]
pub(super) struct Coming {
    message: Message,
    chunk: Chunk,
    /// Octets of it that are still to come.
    left: u64,
}

impl Smtp {
    pub(super) fn bdat(&mut self, chunk: Chunk) {
        // Octets that will be read, whether they are wanted or not.
        let most = self
            .settings
            .max_octets
            .saturating_add(limits::EXCESS_OCTETS);
        let so_far = match &self.envelope {
            Some(envelope) => match &envelope.chunks {
                Chunks::Open(message) => message.octets(),
                _ => 0,
            },
            None => 0,
        };
        if so_far.saturating_add(chunk.octets) > most {
            return self.close_as_too_large();
        }
        if chunk.octets == 0 && !chunk.last {
            // It brings the message no nearer.
            return self.idle(|this| this.take_chunk(chunk));
        }
        self.take_chunk(chunk);
    }

    fn take_chunk(&mut self, chunk: Chunk) {
        let Some(envelope) = &mut self.envelope else {
            return self.skip_chunk(chunk, Because::Fault(Fault::SenderFirst));
        };
        match std::mem::replace(&mut envelope.chunks, Chunks::None) {
            Chunks::Open(message) => self.begin_chunk(message, chunk),
            refused @ Chunks::Refused { .. } => {
                envelope.chunks = refused;
                self.skip_chunk(chunk, Because::Fault(Fault::MessageRefused));
            }
            Chunks::None => match self.begin_message() {
                Ok(begin) => self.ask(Asked::BeginChunk(chunk), Question::Begin(begin)),
                Err(fault) => {
                    self.refuse_chunks(true);
                    self.skip_chunk(chunk, Because::Fault(fault));
                }
            },
        }
    }

    /// Whether the message may begin is known.
    pub(super) fn chunk_begun(&mut self, chunk: Chunk, answer: Option<Piece>) {
        let refusal = match answer {
            Some(Piece::Granted) => {
                let message = Message::in_chunks(self.settings.role);
                return self.begin_chunk(message, chunk);
            }
            Some(Piece::Refused(refusal)) => refusal,
            _ => Refusal::Temporary,
        };
        self.refuse_chunks(true);
        self.skip_chunk(chunk, Because::Refusal(refusal));
    }

    fn begin_chunk(&mut self, message: Message, chunk: Chunk) {
        self.state = State::Chunk(Coming {
            message,
            chunk,
            left: chunk.octets,
        });
    }

    /// Nothing more of the message is taken.
    fn refuse_chunks(&mut self, held: bool) {
        if let Some(envelope) = &mut self.envelope {
            envelope.chunks = Chunks::Refused { held };
        }
    }

    fn skip_chunk(&mut self, chunk: Chunk, because: Because) {
        self.state = State::Skipping {
            left: chunk.octets,
            because,
        };
    }

    /// Takes what has come of a chunk, or waits for more.
    pub(super) fn go_on_with_chunk(
        &mut self,
        mut coming: Coming,
        now: Moment,
    ) -> Option<Step<Question>> {
        if coming.left == 0 {
            self.end_chunk(coming);
            return None;
        }
        if let Some(end) = self.cut_off(now) {
            self.abandon(end.reply());
            return None;
        }
        match self.octets(&mut coming.left, now) {
            Some(octets) => {
                // A message in chunks ends in none of them.
                self.read(&mut coming.message, octets);
                self.state = State::Chunk(coming);
                None
            }
            None if self.deaf => {
                self.abandon(End::CutShort.reply());
                None
            }
            None => {
                self.state = State::Chunk(coming);
                Some(wait(true, self.message_until()))
            }
        }
    }

    fn end_chunk(&mut self, coming: Coming) {
        let (mut message, chunk) = (coming.message, coming.chunk);
        let limit = self.settings.max_octets;
        if chunk.last {
            self.read_end(&mut message);
            return self.end_message(message.fault(limit));
        }
        self.state = State::Ready;
        match message.fault(limit) {
            None => {
                if let Some(envelope) = &mut self.envelope {
                    envelope.chunks = Chunks::Open(message);
                }
                self.news(&News::ChunkFine {
                    octets: chunk.octets,
                });
            }
            Some(refusal) => {
                self.refuse_chunks(false);
                self.note(Event::Refused(refusal.clone()));
                let asked = Asked::Forget {
                    reply: refusal::reply(&refusal),
                    close: false,
                };
                self.ask(asked, Question::Discard);
            }
        }
    }

    /// Passes over a chunk that nobody wants.
    pub(super) fn skip(
        &mut self,
        mut left: u64,
        because: Because,
        now: Moment,
    ) -> Option<Step<Question>> {
        if left == 0 {
            self.state = State::Ready;
            match because {
                Because::Fault(fault) => self.fault(&fault),
                Because::Refusal(refusal) => self.refuse(&refusal),
            }
            return None;
        }
        if let Some((end, _)) = self.ending {
            self.say_and_close(&end.reply());
            return None;
        }
        if self.octets(&mut left, now).is_none() {
            if self.deaf {
                return None;
            }
            self.state = State::Skipping { left, because };
            return Some(wait(true, self.silent_until()));
        }
        self.state = State::Skipping { left, because };
        None
    }

    /// The next octets of a chunk, as far as they have come; none if none have.
    fn octets(&mut self, left: &mut u64, now: Moment) -> Option<Bytes> {
        let octets = self.inbox.at_most(*left);
        if octets.is_empty() {
            return None;
        }
        self.silent_since = now;
        *left -= octets.len() as u64;
        Some(octets)
    }

    /// So much follows that it is not worth to be read for the sake of what comes after.
    fn close_as_too_large(&mut self) {
        let limit = self.settings.max_octets;
        let refusal = Refusal::TooLarge { limit };
        self.note(Event::Refused(refusal.clone()));
        self.forget(refusal::reply(&refusal), true);
    }
}
