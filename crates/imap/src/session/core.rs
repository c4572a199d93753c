//! What is known at any moment of a session, whatever it is doing.

use events::{Event, Refusal};
use session::Step;
use session::sasl::Cleartext;

use super::Settings;
use super::job::{After, Tell};
use super::output::Output;
use super::refusal::{self, Asked};
use super::view::View;
use crate::codec::command::{By, Tag};
use crate::codec::flag::{Flags, Keyword};
use crate::codec::parse::{Fault, FaultKind};
use crate::codec::write::{Code, Reply, Writer};
use crate::limits;
use crate::number::{Modseq, SequenceNumber, Uid};
use crate::question::Known;

/// The session without what it is doing.
pub(super) struct Core {
    pub(super) settings: Settings,
    pub(super) out: Output,
    pub(super) state: State,
    pub(super) encrypted: bool,
    /// The client is one that shows people nothing but the words of an ALERT.
    pub(super) shows_alerts_only: bool,
    /// Bad commands in a row.
    pub(super) bad: u32,
    /// Refused attempts to sign in.
    pub(super) attempts: u32,
}

/// Where the client is. RFC 9051 section 3; logout is no state but an end.
pub(super) enum State {
    NotAuthenticated,
    Authenticated,
    Selected(Box<Selected>),
}

/// The selected mailbox.
pub(super) struct Selected {
    pub(super) read_only: bool,
    pub(super) view: View,
    pub(super) known: Known,
    /// Keywords of which the client was told that they are in use here.
    pub(super) keywords: Vec<Keyword>,
    /// Changes that this session made since those it knows: it is not told of them again.
    own: Vec<Modseq>,
}

impl Selected {
    pub(super) fn new(read_only: bool, view: View, known: Known, keywords: Vec<Keyword>) -> Self {
        Self {
            read_only,
            view,
            known,
            keywords,
            own: Vec::new(),
        }
    }

    pub(super) fn made(&mut self, change: Modseq) {
        if self.own.last() != Some(&change) && self.own.len() < limits::OWN_CHANGES {
            self.own.push(change);
        }
    }

    pub(super) fn is_own(&self, change: Modseq) -> bool {
        self.own.contains(&change)
    }

    /// True for a change of another session of which the client has not been told.
    pub(super) fn is_news(&self, change: Modseq) -> bool {
        change > self.known.modseq && !self.is_own(change)
    }

    /// All up to there is known, so that own changes can't come up any more.
    pub(super) fn know(&mut self, known: Known) {
        self.known = known;
        self.own.retain(|&change| change > known.modseq);
    }

    /// Writes an untagged FETCH with a message's flags as a command asked for it: with the
    /// UID where it spoke of UIDs. Nothing for a message that the client does not know of.
    pub(super) fn write_flags(&mut self, to: &mut Writer, uid: Uid, flags: &Flags, by: By) {
        let Some(number) = self.view.number(uid) else {
            return;
        };
        self.name_keywords(to, flags);
        to.begin_fetch(number);
        if by == By::Uid {
            to.syntax("UID ").number(uid.get()).syntax(" ");
        }
        to.message_flags(flags, self.view.is_recent(uid))
            .syntax(")")
            .end_line();
    }

    /// The same for flags that another session changed, of which nobody asked: without the
    /// UID, as mbsync takes a FETCH that has one for a message of the list it is reading.
    pub(super) fn write_changed_flags(&mut self, to: &mut Writer, uid: Uid, flags: &Flags) {
        self.write_flags(to, uid, flags, By::Sequence);
    }

    /// Tells of keywords that were not named here before. RFC 3501 section 7.2.6.
    pub(super) fn name_keywords(&mut self, to: &mut Writer, flags: &Flags) {
        let new = |keyword: &&Keyword| !self.keywords.contains(keyword);
        let fresh: Vec<Keyword> = flags.keywords().iter().filter(new).cloned().collect();
        if fresh.is_empty() || self.keywords.len() + fresh.len() > limits::KEYWORDS_TOLD {
            return;
        }
        self.keywords.extend(fresh);
        to.mailbox_flags(&self.keywords);
        let kept = if self.read_only {
            None
        } else {
            Some(self.keywords.clone())
        };
        to.untagged_ok(Code::PermanentFlags(kept), "More keywords");
    }

    /// Writes what is to be told now.
    pub(super) fn tell(&mut self, out: &mut Output, expunges: bool) {
        let news = self.view.tell(expunges);
        match news.expunged.as_slice() {
            [] => {}
            [number] => out.write().expunge(*number),
            _ => out.run(super::output::pieces(
                news.expunged.into_iter(),
                |to: &mut Writer, number: SequenceNumber| to.expunge(number),
            )),
        }
        if let Some((messages, recent)) = news.grown {
            out.write().exists(messages);
            out.write().recent(recent);
        }
    }
}

impl Core {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            out: Output::default(),
            state: State::NotAuthenticated,
            encrypted: false,
            shows_alerts_only: false,
            bad: 0,
            attempts: 0,
        }
    }

    pub(super) fn write(&mut self) -> &mut Writer {
        self.out.write()
    }

    pub(super) fn note(&mut self, event: Event) {
        self.out.step(Step::Note(event));
    }

    /// The selected mailbox, and where to write about it.
    pub(super) fn selected(&mut self) -> Option<(&mut Selected, &mut Output)> {
        match &mut self.state {
            State::Selected(selected) => Some((selected, &mut self.out)),
            _ => None,
        }
    }

    pub(super) fn signed_in(&self) -> bool {
        !matches!(self.state, State::NotAuthenticated)
    }

    /// True when nobody may sign in before the connection is encrypted.
    pub(super) fn must_encrypt(&self) -> bool {
        !self.encrypted && self.settings.cleartext == Cleartext::Forbidden
    }

    /// The answer to a request that was declined, noted where it tells something about
    /// the account or the service.
    pub(super) fn refuse(&mut self, tag: Tag, refusal: Refusal, asked: Asked) -> After {
        let reply = refusal::reply(&refusal, asked, self.shows_alerts_only);
        // Devices ask for mailboxes that may not be there: that is no event.
        let ordinary = matches!(refusal, Refusal::NoSuchMailbox | Refusal::MailboxExists);
        if !ordinary && asked != Asked::SignIn {
            self.note(Event::Refused(refusal));
        }
        After::Answer(tag, reply, Tell::Nothing)
    }

    /// The answer to a command that could not be read.
    pub(super) fn fault(&mut self, fault: Fault) -> After {
        let reply = match fault.kind {
            FaultKind::Expected { what, at } => {
                Reply::bad(format!("Expected {what} at octet {at}"))
            }
            FaultKind::Unknown => Reply::bad("No such command"),
            FaultKind::BadCharset => {
                let reply = Reply::no("Search in US-ASCII or UTF-8").with(Code::BadCharset);
                return self.after_fault(fault.tag, reply);
            }
            FaultKind::Keyword => {
                let reply = Reply::no("That keyword can't be kept: use letters, digits and $");
                return self.after_fault(fault.tag, reply.with(Code::Cannot));
            }
        };
        self.bad(fault.tag, reply)
    }

    fn after_fault(&mut self, tag: Option<Tag>, reply: Reply) -> After {
        match tag {
            Some(tag) => After::Answer(tag, reply, Tell::Nothing),
            None => self.bad(None, reply),
        }
    }

    /// Answers a bad command; too many of them end the session.
    pub(super) fn bad(&mut self, tag: Option<Tag>, reply: Reply) -> After {
        self.note(Event::BadCommand);
        self.bad += 1;
        let most = if self.signed_in() {
            limits::BAD
        } else {
            limits::BAD_BEFORE_SIGN_IN
        };
        let leave = self.bad >= most;
        match (tag, leave) {
            (Some(tag), false) => After::Answer(tag, reply, Tell::Nothing),
            (Some(tag), true) => After::Leave(Some((tag, reply)), TOO_MANY_BAD),
            (None, leave) => {
                self.write().reply(None, &reply);
                if leave {
                    After::Leave(None, TOO_MANY_BAD)
                } else {
                    After::Nothing
                }
            }
        }
    }
}

const TOO_MANY_BAD: &str = "Too many bad commands";
