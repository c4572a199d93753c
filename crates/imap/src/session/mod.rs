//! The server's side of one connection, as a machine.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `mod.rs` | [`Imap`]: what goes in, what comes out, when time is up |
//! | `core.rs` | what is known whatever the session is doing: state, mailbox, settings |
//! | `job.rs` | a command whose question is out, and what may come after one |
//! | `commands.rs` | which command may be given where, and where each begins |
//! | `view.rs` | which message has which number, and when that may change |
//! | `changes.rs` | telling the client what others did |
//! | `output.rs` | what is to be sent and done, in order |
//! | `refusal.rs`, `capability.rs`, `pattern.rs` | a table each |
//! | the rest | a command or a family of them |
//!
//! A command is a function that gives an [`After`](job::After). Most ask a question and
//! leave a [`Job`](job::Job) behind, which takes the pieces of the answer, writes what
//! follows from each at once, and at the end gives the next `After`.

mod append;
mod capability;
mod changes;
mod commands;
mod copy;
mod core;
mod expunge;
mod fetch;
mod idle;
mod job;
mod list;
mod mailboxes;
mod output;
mod pattern;
mod refusal;
mod search;
mod select;
mod sign_in;
mod store;
mod view;

use session::sasl::Cleartext;
use session::{Input, Moment, RightEnd, Session, Step, Want};

use self::append::{Progress, Receiving};
use self::changes::Then;
use self::core::Core;
use self::idle::Idling;
use self::job::{After, Broken, Job, Tell};
use self::sign_in::Exchanging;
use crate::codec::frame::{Frame, Framer, Line};
use crate::limits;
use crate::question::{Piece, Question};

/// What a session is told when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The host name that the greeting shows.
    pub host: String,
    /// Whether anybody may sign in unencrypted.
    pub cleartext: Cleartext,
}

/// An IMAP session as the server sees it.
///
/// On a port that is encrypted from the first byte, [`Input::Secured`] comes before the
/// first [`Session::next`], as the greeting tells what can be done.
pub struct Imap {
    core: Core,
    input: Framer,
    doing: Doing,
    /// The peer sends nothing more.
    ended: bool,
    /// Say this and close once the question that is out is answered.
    leaving: Option<&'static str>,
    /// When the client was last heard of, or had its last answer.
    heard: Moment,
    began: Option<Moment>,
}

/// What the session is doing.
enum Doing {
    /// About to speak first.
    Greeting,
    /// Waiting for a command.
    Ready,
    /// A question is out.
    Asking(Box<dyn Job>),
    /// AUTHENTICATE waits for a line.
    SigningIn(Exchanging),
    /// TLS is about to begin.
    Securing,
    /// A message comes in.
    Receiving(Receiving),
    /// IDLE.
    Idling(Idling),
    /// It is over.
    Closed,
}

/// What is said to a client that sends far more than it should.
const FLOOD: &str = "That is more than can be read";

impl Imap {
    /// A session that has not said a word yet.
    pub fn new(settings: Settings) -> Imap {
        Imap {
            core: Core::new(settings),
            input: Framer::default(),
            doing: Doing::Greeting,
            ended: false,
            leaving: None,
            heard: Moment::default(),
            began: None,
        }
    }

    fn bytes(&mut self, now: Moment, bytes: &[u8]) {
        self.heard = now;
        // What was sent before TLS is not believed; what comes after the end is not read.
        if !matches!(self.doing, Doing::Securing | Doing::Closed) {
            self.input.push(bytes);
        }
    }

    fn secured(&mut self) {
        self.core.encrypted = true;
        if matches!(self.doing, Doing::Securing) {
            self.input.clear();
            // RFC 9051 section 6.2.1: what was said in the clear is forgotten.
            self.core.shows_alerts_only = false;
            self.doing = Doing::Ready;
        }
    }

    fn piece(&mut self, piece: Piece) {
        let Doing::Asking(job) = &mut self.doing else {
            return;
        };
        let piece = match piece {
            Piece::Noted(event) => return self.core.note(*event),
            piece => piece,
        };
        if piece == Piece::Working {
            if job.between_lines() {
                self.core.write().syntax("* OK Still working").end_line();
            }
            return;
        }
        if let Err(Broken) = job.piece(&mut self.core, piece) {
            self.break_off();
        }
    }

    fn answer_end(&mut self, now: Moment) {
        let Doing::Asking(job) = std::mem::replace(&mut self.doing, Doing::Ready) else {
            return;
        };
        match job.end(&mut self.core) {
            Ok(after) => {
                // Whoever reads a long answer is not silent. In IDLE the news of others say
                // nothing about the client.
                if !matches!(after, After::Idle(_)) {
                    self.heard = now;
                }
                self.go_on(after);
            }
            Err(Broken) => self.break_off(),
        }
    }

    /// Does what comes after a command or a part of one.
    fn go_on(&mut self, after: After) {
        self.doing = match self.told_first(after) {
            After::Ask(question, job) => {
                self.core.out.step(Step::Ask(question));
                Doing::Asking(job)
            }
            After::Nothing => Doing::Ready,
            After::Answer(tag, reply, _) => {
                self.core.write().reply(Some(&tag), &reply);
                Doing::Ready
            }
            After::SignIn(exchanging) => Doing::SigningIn(exchanging),
            After::Receive(receiving) => Doing::Receiving(receiving),
            After::Idle(idling) => Doing::Idling(idling),
            After::Secure => {
                self.input.clear();
                self.core.out.step(Step::Secure);
                Doing::Securing
            }
            After::Leave(last, words) => {
                if let Some((tag, reply)) = last {
                    self.core.write().reply(Some(&tag), &reply);
                }
                if !words.is_empty() {
                    self.core.write().bye(words);
                }
                Doing::Closed
            }
        };
        if !matches!(self.doing, Doing::Asking(_) | Doing::Closed)
            && let Some(words) = self.leaving.take()
        {
            self.leave(words);
        }
    }

    /// Before a command is answered the client is told what happened in its mailbox.
    fn told_first(&mut self, after: After) -> After {
        match after {
            After::Answer(tag, reply, tell) => {
                match changes::ask(&mut self.core, tell, Then::Answer(tag, reply)) {
                    Err(Then::Answer(tag, reply)) => After::Answer(tag, reply, Tell::Nothing),
                    Err(Then::Idle(idling)) => After::Idle(idling),
                    Ok(after) => after,
                }
            }
            other => other,
        }
    }

    /// Says goodbye and closes.
    fn leave(&mut self, words: &'static str) {
        self.core.write().bye(words);
        self.doing = Doing::Closed;
    }

    /// Closes without a word: half a line stands on the wire.
    fn break_off(&mut self) {
        self.core.out.clear();
        self.doing = Doing::Closed;
    }

    fn right_ended(&mut self, why: RightEnd) {
        let words = match why {
            RightEnd::PasswordChanged => "The password was changed: sign in with the new one",
            RightEnd::AccountRemoved => "This address no longer exists here",
            RightEnd::OldDevicesOff => "This address may no longer be used without encryption",
        };
        // At once, whatever is going on: the right to it has ended.
        match &self.doing {
            Doing::Closed => {}
            Doing::Asking(job) if !job.between_lines() => self.break_off(),
            Doing::Securing => self.break_off(),
            _ => self.leave(words),
        }
    }

    fn shutdown(&mut self) {
        const WORDS: &str = "The service is restarting";
        match &self.doing {
            Doing::Closed => {}
            // A question that is out is answered first.
            Doing::Asking(_) => self.leaving = Some(WORDS),
            Doing::Securing => self.break_off(),
            _ => self.leave(WORDS),
        }
    }

    fn notice(&mut self) {
        match std::mem::replace(&mut self.doing, Doing::Ready) {
            Doing::Idling(idling) => {
                let after = idle::noticed(&mut self.core, idling);
                self.go_on(after);
            }
            other => self.doing = other,
        }
    }

    fn time_up(&mut self, now: Moment) {
        if now >= self.deadline() {
            match self.doing {
                Doing::Asking(_) | Doing::Closed => {}
                // Nothing may be said in the clear any more.
                Doing::Securing => self.break_off(),
                _ => self.leave("You have been silent for too long"),
            }
        } else if let Doing::Idling(idling) = &mut self.doing
            && now >= idling.still_here
        {
            idle::still_here(&mut self.core, now, idling);
        }
    }

    /// When patience with a silent client ends.
    fn deadline(&self) -> Moment {
        if self.core.signed_in() {
            return self.heard + limits::SILENT;
        }
        let began = self.began.unwrap_or_default();
        (self.heard + limits::SILENT_BEFORE_SIGN_IN).min(began + limits::SIGN_IN)
    }

    /// Uses what has come; false when there is nothing to be done with it.
    fn advance(&mut self, now: Moment) -> bool {
        match std::mem::replace(&mut self.doing, Doing::Ready) {
            Doing::Greeting => commands::greet(&mut self.core),
            Doing::Ready => return self.command(now),
            Doing::SigningIn(exchanging) => {
                // Room for the line end.
                let after = match self.input.line(session::sasl::LINE_OCTETS + 2) {
                    None => return self.wait(Doing::SigningIn(exchanging)),
                    Some(Line::Whole(line)) => {
                        sign_in::respond(&mut self.core, exchanging, Some(&line))
                    }
                    Some(Line::TooLong) => sign_in::respond(&mut self.core, exchanging, None),
                };
                self.go_on(after);
            }
            Doing::Receiving(receiving) => {
                match append::receive(&mut self.core, &mut self.input, receiving) {
                    Progress::Waiting(receiving) => return self.wait(Doing::Receiving(receiving)),
                    Progress::More(receiving) => self.doing = Doing::Receiving(receiving),
                    Progress::Over(after) => self.go_on(after),
                }
            }
            Doing::Idling(idling) => {
                let Some(line) = self.input.line(idle::DONE_LINE) else {
                    return self.wait(Doing::Idling(idling));
                };
                let after = idle::done(&mut self.core, idling, &line);
                self.go_on(after);
            }
            doing @ (Doing::Asking(_) | Doing::Securing | Doing::Closed) => {
                return self.wait(doing);
            }
        }
        true
    }

    fn wait(&mut self, doing: Doing) -> bool {
        self.doing = doing;
        false
    }

    fn command(&mut self, now: Moment) -> bool {
        let limit = match self.core.signed_in() {
            true => limits::COMMAND,
            false => limits::COMMAND_BEFORE_SIGN_IN,
        };
        let Some(frame) = self.input.next(limit) else {
            return false;
        };
        let after = match frame {
            Frame::Command(frame) => commands::obey(&mut self.core, now, &frame),
            Frame::Append { head, message } => commands::append(&mut self.core, &head, message),
            Frame::TooLong(beginning) => commands::too_long(&mut self.core, &beginning),
            Frame::Flood => After::Leave(None, FLOOD),
            Frame::Continue => {
                self.core.write().syntax("+ Go on").end_line();
                After::Nothing
            }
        };
        self.go_on(after);
        true
    }

    fn want(&self) -> Step<Question> {
        let (notice, until) = match &self.doing {
            Doing::Idling(idling) => {
                let selected = matches!(self.core.state, core::State::Selected(_));
                (selected, Some(self.deadline().min(idling.still_here)))
            }
            // It is not the client who is waited for.
            Doing::Asking(_) => (false, None),
            _ => (false, Some(self.deadline())),
        };
        let bytes = !matches!(self.doing, Doing::Asking(_) | Doing::Securing) && !self.ended;
        Step::Want(Want {
            bytes,
            notice,
            until,
        })
    }
}

impl Session for Imap {
    type Question = Question;
    type Piece = Piece;

    fn receive(&mut self, now: Moment, input: Input<Piece>) {
        match input {
            Input::Bytes(bytes) => self.bytes(now, &bytes),
            Input::EndOfStream => self.ended = true,
            Input::Secured(_) => self.secured(),
            Input::Piece(piece) => self.piece(piece),
            Input::AnswerEnd => self.answer_end(now),
            Input::Notice => self.notice(),
            Input::TimeUp => self.time_up(now),
            Input::Shutdown => self.shutdown(),
            Input::RightEnded(why) => self.right_ended(why),
        }
    }

    fn next(&mut self, now: Moment) -> Step<Question> {
        if self.began.is_none() {
            (self.began, self.heard) = (Some(now), now);
        }
        loop {
            if let Some(step) = self.core.out.next() {
                return step;
            }
            if matches!(self.doing, Doing::Closed) {
                return Step::Close;
            }
            if self.advance(now) {
                continue;
            }
            if self.ended && !matches!(self.doing, Doing::Asking(_)) {
                // Nobody is left who could say more.
                self.doing = Doing::Closed;
                continue;
            }
            return self.want();
        }
    }
}
