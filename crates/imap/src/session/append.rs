//! APPEND. RFC 9051 section 6.3.12, RFC 4315 section 3.
//!
//! The message never stands in memory: its octets pass to the body that the question
//! began. Whatever is refused, the octets that come all the same are read to their real
//! end, so that none is taken for a command.

use events::Refusal;
use session::Step;

use super::core::Core;
use super::job::{After, Broken, Job, Tell, Verdict};
use super::refusal::Asked;
use crate::codec::command::{AppendHead, Tag};
use crate::codec::frame::{Frame, Framer, Literal};
use crate::codec::parse::{append_head, tag_of};
use crate::codec::write::{Code, Reply};
use crate::limits;
use crate::number::{Uid, UidValidity};
use crate::question::{Append, Piece, Question};

/// A message is on its way in.
pub(super) struct Receiving {
    /// `None` where the command had none that could be read; it is answered then.
    tag: Option<Tag>,
    /// Octets still to come.
    remaining: u64,
    fate: Fate,
}

/// What becomes of the octets that come.
enum Fate {
    Kept,
    /// They are thrown away, and this is the answer. `None`: it was given.
    Refused(Option<Reply>),
}

/// An APPEND begins.
pub(super) fn append(core: &mut Core, head: &[u8], message: Literal) -> After {
    let head = match append_head(head) {
        Ok(head) => head,
        Err(fault) => {
            let tag = fault.tag.clone();
            let after = core.fault(fault);
            return refused(tag, after, message);
        }
    };
    let AppendHead {
        tag,
        mailbox,
        flags,
        date,
    } = head;
    if !core.signed_in() {
        let after = core.bad(Some(tag.clone()), Reply::bad("Sign in first"));
        return refused(Some(tag), after, message);
    }
    if message.size == 0 {
        let reply = Reply::no("A message without a single octet can't be kept").with(Code::Cannot);
        let after = After::Answer(tag.clone(), reply, Tell::All);
        return refused(Some(tag), after, message);
    }
    core.bad = 0;
    let question = Question::Append(Append {
        mailbox,
        flags,
        date,
        size: message.size,
    });
    After::ask(
        question,
        Beginning {
            tag,
            message,
            verdict: Verdict::default(),
        },
    )
}

/// An APPEND is refused before its message. A client that waits need not send it; of
/// another it has to be read first.
fn refused(tag: Option<Tag>, after: After, message: Literal) -> After {
    if message.waits {
        return after;
    }
    let reply = match after {
        After::Answer(_, reply, _) => Some(reply),
        After::Nothing => None,
        other => return other,
    };
    if message.size > limits::SWALLOWED_MESSAGE {
        return After::Leave(tag.zip(reply), "That is more than can be read");
    }
    After::Receive(Receiving {
        tag,
        remaining: message.size,
        fate: Fate::Refused(reply),
    })
}

/// Whether the message may come is being asked.
struct Beginning {
    tag: Tag,
    message: Literal,
    verdict: Verdict,
}

impl Job for Beginning {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        let _ = self.verdict.take(piece);
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        if let Some(refusal) = self.verdict.refusal() {
            let after = core.refuse(self.tag.clone(), refusal, Asked::File);
            return Ok(refused(Some(self.tag), after, self.message));
        }
        if self.message.waits {
            core.write().syntax("+ Send the message").end_line();
        }
        let remaining = self.message.size;
        Ok(After::Receive(Receiving {
            tag: Some(self.tag),
            remaining,
            fate: Fate::Kept,
        }))
    }
}

/// What reading on came to.
pub(super) enum Progress {
    /// Nothing more has come.
    Waiting(Receiving),
    /// Some was handed on.
    More(Receiving),
    Over(After),
}

/// Hands on what has come of the message.
pub(super) fn receive(core: &mut Core, input: &mut Framer, mut this: Receiving) -> Progress {
    if this.remaining > 0 {
        let octets = input.octets(this.remaining);
        if octets.is_empty() {
            return Progress::Waiting(this);
        }
        this.remaining -= octets.len() as u64;
        if matches!(this.fate, Fate::Kept) {
            core.out.step(Step::Body(octets));
        }
        return Progress::More(this);
    }
    match input.after_message() {
        None => Progress::Waiting(this),
        Some(Frame::Flood) => Progress::Over(After::Leave(None, super::FLOOD)),
        Some(Frame::Command(_)) => Progress::Over(whole(core, this)),
        // One message is all that an APPEND takes here.
        Some(_) => Progress::Over(more_than_a_message(core, this)),
    }
}

fn whole(core: &mut Core, this: Receiving) -> After {
    match (this.tag, this.fate) {
        (Some(tag), Fate::Kept) => {
            let job = Ending {
                tag,
                kept: None,
                verdict: Verdict::default(),
            };
            After::ask(Question::AppendEnd, job)
        }
        (Some(tag), Fate::Refused(Some(reply))) => After::Answer(tag, reply, Tell::Nothing),
        (None, Fate::Refused(Some(reply))) => {
            core.write().reply(None, &reply);
            After::Nothing
        }
        (_, Fate::Refused(None) | Fate::Kept) => After::Nothing,
    }
}

fn more_than_a_message(core: &mut Core, this: Receiving) -> After {
    let reply = Reply::bad("Expected the end of the line after the message");
    match (this.tag, this.fate) {
        (Some(tag), Fate::Kept) => After::ask(Question::AppendCancel, Cancelling { tag, reply }),
        (tag, _) => core.bad(tag, reply),
    }
}

/// The message is being kept.
struct Ending {
    tag: Tag,
    kept: Option<(UidValidity, Uid)>,
    verdict: Verdict,
}

impl Job for Ending {
    fn piece(&mut self, _: &mut Core, piece: Piece) -> Result<(), Broken> {
        if let Some(Piece::Appended { validity, uid }) = self.verdict.take(piece) {
            self.kept = Some((validity, uid));
            self.verdict.done();
        }
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        Ok(match (self.verdict.refusal(), self.kept) {
            (None, Some((validity, uid))) => {
                let reply = Reply::ok("Kept").with(Code::AppendUid(validity, uid));
                After::Answer(self.tag, reply, Tell::All)
            }
            (refusal, _) => {
                core.refuse(self.tag, refusal.unwrap_or(Refusal::Temporary), Asked::File)
            }
        })
    }
}

/// The message is being forgotten.
struct Cancelling {
    tag: Tag,
    reply: Reply,
}

impl Job for Cancelling {
    fn piece(&mut self, _: &mut Core, _: Piece) -> Result<(), Broken> {
        Ok(())
    }

    fn end(self: Box<Self>, core: &mut Core) -> Result<After, Broken> {
        Ok(core.bad(Some(self.tag), self.reply))
    }
}

/// The answer to a command that was too long to be held.
pub(super) fn too_long(core: &mut Core, beginning: &[u8]) -> After {
    core.bad(tag_of(beginning), Reply::bad("That command is too long"))
}
