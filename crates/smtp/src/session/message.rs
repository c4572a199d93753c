//! A message on its way in. RFC 5321 section 4.1.1.4.

use bytes::Bytes;
use events::{Event, Refusal};
use session::{Moment, Step};

use super::{Asked, Role, Smtp, State, wait};
use crate::data::{Decoder, LineEnds};
use crate::limits;
use crate::question::Question;
use crate::refusal;
use crate::reply::Reply;
use crate::say::End;

/// What has come of a message so far.
#[derive(Debug)]
pub(super) struct Message {
    decoder: Decoder,
    line_ends: LineEnds,
    /// Octets of it, decoded, whether kept or not.
    octets: u64,
}

impl Message {
    pub(super) fn new(role: Role) -> Message {
        let line_ends = match role {
            Role::Exchange => LineEnds::Strict,
            Role::Submission => LineEnds::Mend,
        };
        Message {
            decoder: Decoder::new(line_ends),
            line_ends,
            octets: 0,
        }
    }

    /// Why it can't be taken, however it goes on.
    fn fault(&self, limit: u64) -> Option<Refusal> {
        if self.line_ends == LineEnds::Strict && self.decoder.has_bare() {
            Some(Refusal::BareLineEnd)
        } else if self.octets > limit {
            Some(Refusal::TooLarge { limit })
        } else {
            None
        }
    }
}

impl Smtp {
    /// Takes what has come of the message, or waits for more.
    pub(super) fn go_on_with(&mut self, message: Message, now: Moment) -> Option<Step<Question>> {
        if let Some(end) = self.cut_off(now) {
            self.abandon(end.reply());
            return None;
        }
        let octets = self.inbox.octets();
        if !octets.is_empty() {
            self.silent_since = now;
            self.decode(message, octets);
            return None;
        }
        if self.deaf {
            self.abandon(End::CutShort.reply());
            return None;
        }
        self.state = State::Message(message);
        Some(wait(true, self.message_until()))
    }

    fn decode(&mut self, mut message: Message, octets: Bytes) {
        let limit = self.settings.max_octets;
        let decoded = message.decoder.push(octets);
        message.octets = message.octets.saturating_add(decoded.body.len() as u64);
        let fault = message.fault(limit);
        if fault.is_none() && !decoded.body.is_empty() {
            self.out.push_back(Step::Body(decoded.body));
        }
        if let Some(after) = decoded.after {
            self.inbox.put_back(&after);
            self.end_message(fault);
        } else if message.octets > limit.saturating_add(limits::EXCESS_OCTETS) {
            let refusal = Refusal::TooLarge { limit };
            self.note(Event::Refused(refusal.clone()));
            self.abandon(refusal::reply(&refusal));
        } else {
            self.state = State::Message(message);
        }
    }

    /// The message has come to its end.
    fn end_message(&mut self, fault: Option<Refusal>) {
        self.envelope = None;
        match fault {
            None => self.ask(Asked::Accept, Question::Accept),
            Some(refusal) => {
                self.note(Event::Refused(refusal.clone()));
                let reply = refusal::reply(&refusal);
                self.ask(
                    Asked::Forget {
                        reply,
                        close: false,
                    },
                    Question::Discard,
                );
            }
        }
    }

    /// Keeps nothing of the message, says this, and closes.
    fn abandon(&mut self, reply: Reply) {
        self.envelope = None;
        self.ask(Asked::Forget { reply, close: true }, Question::Discard);
    }

    /// Why the message can't come to its end. At shutdown it has a little time for it,
    /// so that the peer need not send it all again.
    fn cut_off(&self, now: Moment) -> Option<End> {
        let (end, since) = self.ending?;
        (end != End::Shutdown || now >= since + limits::SHUTDOWN_GRACE).then_some(end)
    }

    fn message_until(&self) -> Option<Moment> {
        let grace = self.ending.map(|(_, since)| since + limits::SHUTDOWN_GRACE);
        [self.silent_until(), grace].into_iter().flatten().min()
    }
}
