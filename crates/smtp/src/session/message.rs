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
        let line_ends = line_ends(role);
        Message {
            decoder: Decoder::new(line_ends),
            line_ends,
            octets: 0,
        }
    }

    /// One that comes in chunks.
    pub(super) fn in_chunks(role: Role) -> Message {
        Message {
            decoder: Decoder::of_chunks(line_ends(role)),
            ..Message::new(role)
        }
    }

    /// Octets of it so far.
    pub(super) fn octets(&self) -> u64 {
        self.octets
    }

    /// Why it can't be taken, however it goes on.
    pub(super) fn fault(&self, limit: u64) -> Option<Refusal> {
        if self.line_ends == LineEnds::Strict && self.decoder.has_bare() {
            Some(Refusal::BareLineEnd)
        } else if self.octets > limit {
            Some(Refusal::TooLarge { limit })
        } else {
            None
        }
    }
}

fn line_ends(role: Role) -> LineEnds {
    match role {
        Role::Exchange => LineEnds::Strict,
        Role::Submission => LineEnds::Mend,
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
        let after = self.read(&mut message, octets);
        if let Some(after) = after {
            self.inbox.put_back(&after);
            self.end_message(message.fault(limit));
        } else if message.octets > limit.saturating_add(limits::EXCESS_OCTETS) {
            self.abandon_as_too_large();
        } else {
            self.state = State::Message(message);
        }
    }

    /// Hands on what these octets say of the message, unless it is at fault. Gives what came
    /// after its end.
    pub(super) fn read(&mut self, message: &mut Message, octets: Bytes) -> Option<Bytes> {
        let decoded = message.decoder.push(octets);
        self.hand_on(message, decoded.body);
        decoded.after
    }

    /// The last chunk has come.
    pub(super) fn read_end(&mut self, message: &mut Message) {
        let rest = message.decoder.finish();
        self.hand_on(message, Bytes::from_static(rest));
    }

    fn hand_on(&mut self, message: &mut Message, body: Bytes) {
        message.octets = message.octets.saturating_add(body.len() as u64);
        let is_good = message.fault(self.settings.max_octets).is_none();
        if is_good && !body.is_empty() {
            self.out.push_back(Step::Body(body));
        }
    }

    /// It is not worth the wait for its end.
    pub(super) fn abandon_as_too_large(&mut self) {
        let limit = self.settings.max_octets;
        let refusal = Refusal::TooLarge { limit };
        self.note(Event::Refused(refusal.clone()));
        self.abandon(refusal::reply(&refusal));
    }

    /// The message has come to its end.
    pub(super) fn end_message(&mut self, fault: Option<Refusal>) {
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
    pub(super) fn abandon(&mut self, reply: Reply) {
        self.envelope = None;
        self.ask(Asked::Forget { reply, close: true }, Question::Discard);
    }

    /// Why the message can't come to its end. At shutdown it has a little time for it,
    /// so that the peer need not send it all again.
    pub(super) fn cut_off(&self, now: Moment) -> Option<End> {
        let (end, since) = self.ending?;
        (end != End::Shutdown || now >= since + limits::SHUTDOWN_GRACE).then_some(end)
    }

    pub(super) fn message_until(&self) -> Option<Moment> {
        let grace = self.ending.map(|(_, since)| since + limits::SHUTDOWN_GRACE);
        [self.silent_until(), grace].into_iter().flatten().min()
    }
}
