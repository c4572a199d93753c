//! What the answers to our questions lead to.

use std::mem;

use events::{Event, Refusal};
use session::Moment;

use super::chunk::Chunks;
use super::message::Message;
use super::{Asked, Envelope, Since, Smtp, State};
use crate::question::Piece;
use crate::say::News;

impl Smtp {
    /// Takes the piece that answers the question.
    pub(super) fn take(&mut self, piece: Piece) {
        if let Piece::Judged(verdicts) = piece {
            return self.note(Event::Judged(verdicts));
        }
        if let State::Asking { answer, .. } = &mut self.state {
            *answer = Some(piece);
        }
    }

    /// The answer is complete. One that fits no question of ours is a failure of ours.
    pub(super) fn answered(&mut self, now: Moment) {
        self.silent_since = now;
        match mem::replace(&mut self.state, State::Ready) {
            State::Asking { asked, answer } => self.use_answer(asked, answer),
            state => self.state = state,
        }
    }

    fn use_answer(&mut self, asked: Asked, answer: Option<Piece>) {
        match (asked, answer) {
            (Asked::SignIn { name }, answer) => self.signed_in(name, answer),
            (Asked::Unsigned, _) => self.refuse(&Refusal::SignInRequired),
            (Asked::Forget { reply, close }, _) => {
                self.say(&reply);
                if close {
                    self.state = State::Closed;
                }
            }
            (Asked::Sender { smtputf8 }, Some(Piece::Granted)) => {
                self.envelope = Some(Envelope {
                    smtputf8,
                    recipients: 0,
                    refused: false,
                    chunks: Chunks::None,
                });
                self.news(&News::SenderFine);
            }
            (Asked::Recipient, Some(Piece::Granted)) => {
                self.count(|envelope| envelope.recipients += 1);
                self.news(&News::RecipientFine);
            }
            (Asked::Begin, Some(Piece::Granted)) => {
                self.state = State::Message(Message::new(self.settings.role));
                self.news(&News::BeginMessage);
            }
            (Asked::BeginChunk(chunk), answer) => self.chunk_begun(chunk, answer),
            (
                Asked::Accept,
                Some(Piece::Accepted {
                    id,
                    delivered,
                    queued,
                }),
            ) => {
                self.accepted(id, delivered, queued);
            }
            (asked, answer) => {
                if matches!(asked, Asked::Recipient) {
                    self.count(|envelope| envelope.refused = true);
                }
                match answer {
                    Some(Piece::Refused(refusal)) => self.refuse(&refusal),
                    _ => self.refuse(&Refusal::Temporary),
                }
            }
        }
    }

    fn count(&mut self, change: impl FnOnce(&mut Envelope)) {
        if let Some(envelope) = &mut self.envelope {
            change(envelope);
        }
    }

    fn accepted(&mut self, id: String, delivered: usize, queued: usize) {
        self.since = Since::default();
        if delivered > 0 {
            self.note(Event::Delivered {
                id: id.clone(),
                recipients: delivered,
            });
        }
        if queued > 0 {
            self.note(Event::Queued {
                id: id.clone(),
                recipients: queued,
            });
            self.news(&News::Queued { id });
        } else {
            self.news(&News::Delivered { id });
        }
    }
}
