//! Commands that wait for an answer, and what comes after them.

use events::Refusal;

use super::append::Receiving;
use super::core::Core;
use super::idle::Idling;
use super::sign_in::Exchanging;
use crate::codec::command::Tag;
use crate::codec::write::Reply;
use crate::question::{Piece, Question};

/// A command whose question is out.
pub(super) trait Job: Send {
    /// Takes one piece of the answer.
    fn piece(&mut self, core: &mut Core, piece: Piece) -> Result<(), Broken>;

    /// The answer is complete.
    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken>;

    /// False while half a line has been sent, so that nothing else may be said.
    fn between_lines(&self) -> bool {
        true
    }
}

/// What was sent can't be made whole: nothing is left but to close the connection.
#[derive(Debug)]
pub(super) struct Broken;

/// What comes next.
pub(super) enum After {
    /// The next command.
    Nothing,
    /// Tell what happened in the selected mailbox, then answer.
    Answer(Tag, Reply, Tell),
    /// Have this answered.
    Ask(Question, Box<dyn Job>),
    /// The client speaks next, and not a command.
    SignIn(Exchanging),
    /// The client sends a message.
    Receive(Receiving),
    /// Wait in IDLE.
    Idle(Idling),
    /// Begin TLS.
    Secure,
    /// Answer, say goodbye and close.
    Leave(Option<(Tag, Reply)>, &'static str),
}

/// What may be told before the answer to a command. RFC 9051 section 7.5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// Nothing.
    Nothing,
    /// All but what changes numbers: the command and the next one speak in numbers.
    NoExpunges,
    /// All.
    All,
}

impl After {
    /// A job with its question.
    pub(super) fn ask(question: Question, job: impl Job + 'static) -> After {
        After::Ask(question, Box::new(job))
    }
}

/// Whether an answer vouches for success.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    done: bool,
    refusal: Option<Refusal>,
}

impl Verdict {
    /// Takes a piece that says how it went; gives back any other.
    pub(super) fn take(&mut self, piece: Piece) -> Option<Piece> {
        match piece {
            Piece::Done => self.done = true,
            Piece::Refused { refusal, .. } => self.refusal = Some(refusal),
            other => return Some(other),
        }
        None
    }

    /// Counts a piece as the word that it was done.
    pub(super) fn done(&mut self) {
        self.done = true;
    }

    /// Why it was not done; `None` when it was.
    pub(super) fn refusal(self) -> Option<Refusal> {
        match (self.refusal, self.done) {
            (None, true) => None,
            (refusal, _) => Some(refusal.unwrap_or(Refusal::Temporary)),
        }
    }
}
